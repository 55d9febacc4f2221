//! What the account realm reports to `/metrics`. The names are published, and never change.

use super::ledger::{FAILURES, Refused, word_of};
use super::{Failure, Realm};
use crate::chat::Figure;

impl Realm {
    /// Each figure is one metric family.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = self.figures_of_users();
        figures.extend(self.figures_of_calls());
        figures.extend(self.figures_of_messages());
        figures
    }

    fn figures_of_users(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::gauge("switchboard_account_users", "Registered users.", self.users.len()),
            Figure::gauge("switchboard_account_online", "Users online.", self.online.len()),
            Figure::gauge("switchboard_account_sockets", "WebSockets of users.", self.seats.len()),
            Figure::gauge(
                "switchboard_account_logins_cached",
                "Logins in memory; all are in the store.",
                self.logins.len(),
            ),
            Figure::counters(
                "switchboard_account_presence_total",
                "Users who came online and who went offline.",
                "event",
                [("joined", counters.joins), ("left", counters.leaves)],
            ),
            Figure::counters(
                "switchboard_account_sockets_ended_total",
                "WebSockets that were ended because the login ended, the user was removed from the room, \
                 or a message failed without words for that, or turned away as too many.",
                "reason",
                [
                    ("login_ended", counters.seats_ended),
                    ("too_many", counters.seats_refused),
                    ("not_a_member", counters.seats_expelled),
                    ("message_failed", counters.seats_failed),
                ],
            ),
            Figure::gauge("switchboard_account_rooms", "Rooms.", self.rooms.len()),
            Figure::counters(
                "switchboard_account_rooms_total",
                "Rooms that were created and that were deleted.",
                "event",
                [("created", counters.rooms_created), ("deleted", counters.rooms_deleted)],
            ),
        ]
    }

    fn figures_of_calls(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::gauge(
                "switchboard_account_calls_under_way",
                "Requests that wait for the store or for a hash.",
                self.waiting.calls(),
            ),
            Figure::gauge(
                "switchboard_account_hashes_waiting",
                "Passwords that wait to be hashed.",
                self.hashes.waiting(),
            ),
            Figure::counters(
                "switchboard_account_logins_total",
                "Registrations, accounts that made room for another, and logins by how they ended.",
                "event",
                [
                    ("registered", counters.registered),
                    ("made_room", counters.made_room),
                    ("logged_in", counters.logins),
                    ("wrong", counters.wrong_credentials),
                    ("too_often", counters.too_often),
                    ("busy", counters.busy),
                ],
            ),
            Figure::counters(
                "switchboard_account_calls_failed_total",
                "Requests that failed because the store did.",
                "reason",
                by_failure(|why| counters.calls_failed(why)),
            ),
        ]
    }

    fn figures_of_messages(&self) -> Vec<Figure> {
        let ledger = self.ledger();
        vec![
            Figure::counter(
                "switchboard_account_messages_received_total",
                "Messages from users: refused + failed + unstored + stored.",
                ledger.received,
            ),
            Figure::counters(
                "switchboard_account_messages_refused_total",
                "Messages answered with an error.",
                "reason",
                Refused::ALL.map(|why| (why.word(), ledger.refused(why))),
            ),
            Figure::counters(
                "switchboard_account_messages_failed_total",
                "Messages that the store could not keep. Their senders were told.",
                "reason",
                by_failure(|why| ledger.failed(why)),
            ),
            Figure::counter(
                "switchboard_account_messages_stored_total",
                "Messages that are committed.",
                ledger.stored,
            ),
            Figure::gauge(
                "switchboard_account_messages_unstored",
                "Messages that wait for the store.",
                self.unstored(),
            ),
            Figure::gauge(
                "switchboard_account_unstored_bytes",
                "Bytes of the texts that wait for the store.",
                self.unstored_bytes,
            ),
            Figure::counters(
                "switchboard_account_typing_total",
                "Typing notices by whether anybody could be told.",
                "outcome",
                [
                    ("relayed", self.counters.typing_relayed),
                    ("dropped", self.counters.typing_dropped),
                ],
            ),
        ]
    }
}

fn by_failure(count: impl Fn(Failure) -> u64) -> [(&'static str, u64); FAILURES.len()] {
    FAILURES.map(|why| (word_of(why), count(why)))
}
