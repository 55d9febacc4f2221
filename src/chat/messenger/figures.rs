//! What the messenger realm reports to `/metrics`, beside its books. The names are published, and never
//! change. They contain `session`, the name of the realm when they were published.

use super::Realm;
use crate::chat::Figure;

impl Realm {
    /// Each figure is one metric family.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = self.figures_of_people();
        figures.extend(self.figures_of_messages());
        figures.extend(self.figures_of_invitations());
        figures
    }

    fn figures_of_people(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::gauge("switchboard_sessions", "Sessions that are online.", self.online().len()),
            Figure::counter(
                "switchboard_session_joins_total",
                "Sessions that came online.",
                counters.joins,
            ),
            Figure::counter(
                "switchboard_session_leaves_total",
                "Sessions whose last device went offline.",
                counters.leaves,
            ),
            Figure::counters(
                "switchboard_session_devices_total",
                "Devices that signed in to a session, that went, and that were too many.",
                "event",
                [
                    ("joined", counters.devices_joined),
                    ("left", counters.devices_left),
                    ("refused", counters.devices_refused),
                ],
            ),
            Figure::gauge(
                "switchboard_session_contacts",
                "Pairs of contacts, the offline ones included.",
                self.conversations(),
            ),
            Figure::counters(
                "switchboard_session_contacts_total",
                "Pairs that became contacts, were forgotten, or found no room.",
                "event",
                [
                    ("made", counters.contacts_made),
                    ("forgotten", counters.contacts_forgotten),
                    ("refused", counters.contacts_refused),
                ],
            ),
        ]
    }

    fn figures_of_messages(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::counter(
                "switchboard_session_messages_read_total",
                "Messages that their recipient marked as read.",
                counters.messages_read,
            ),
            Figure::counters(
                "switchboard_session_reads_lost_total",
                "Notes that a message was read, when there was none to mark; messages forgotten before.",
                "reason",
                [("refused", counters.reads_refused), ("forgotten", counters.messages_forgotten)],
            ),
            Figure::counter(
                "switchboard_session_statuses_total",
                "Words about what became of a message, one for each device told.",
                counters.statuses,
            ),
            Figure::counters(
                "switchboard_session_typing_total",
                "Typing notices passed on, dropped, and ended by the server itself.",
                "event",
                [
                    ("relayed", counters.typing_relayed),
                    ("dropped", counters.typing_dropped),
                    ("ended", counters.typing_ended),
                ],
            ),
        ]
    }

    fn figures_of_invitations(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::gauge(
                "switchboard_invitations_pending",
                "Invitations that wait for an answer.",
                self.pending_invitations(),
            ),
            Figure::gauge(
                "switchboard_invitations",
                "Invitations in memory: pending ones, and answers that wait for their sender.",
                self.invitations(),
            ),
            Figure::counter(
                "switchboard_invitations_total",
                "Invitations taken.",
                counters.invitations_sent,
            ),
            Figure::counters(
                "switchboard_invitations_answered_total",
                "Invitations by outcome.",
                "outcome",
                [
                    ("accepted", counters.invitations_accepted),
                    ("declined", counters.invitations_declined),
                    ("expired", counters.invitations_expired),
                    ("displaced", counters.invitations_displaced),
                ],
            ),
            Figure::counters(
                "switchboard_invitations_refused_total",
                "Invitations answered with an error: to oneself, known already, or over a quota.",
                "reason",
                [
                    ("own", counters.invitations_refused_own),
                    ("duplicate", counters.invitations_refused_duplicate),
                    ("sender", counters.invitations_refused_sender),
                    ("recipient", counters.invitations_refused_recipient),
                    ("in_all", counters.invitations_refused_in_all),
                ],
            ),
            Figure::counters(
                "switchboard_invitation_answers_lost_total",
                "Answers to what was not there, and answers that nobody came to hear, and those that gave way to others.",
                "reason",
                [
                    ("refused", counters.answers_refused),
                    ("forgotten", counters.answers_forgotten),
                    ("displaced", counters.answers_displaced),
                ],
            ),
        ]
    }
}
