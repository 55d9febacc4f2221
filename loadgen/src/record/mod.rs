//! [`Record`]: what happened, in numbers: how long things took, what became of every message, how
//! connections ended, how punctual loadgen itself was.
//!
//! It is told everything; it neither asks nor decides. Whether a run was good is for the report to say.

mod account;
mod books;
mod checks;
mod commands;
mod figures;
mod lately;
mod measure;
mod messenger;
mod outcome;
mod part;
mod series;
mod tally;
mod times;
mod views;

pub(crate) use account::{Accounts, Arrival as Came, Conversation, Kept, Lapse, Reset};
pub(crate) use books::{Books, Fault, Missing, Party, Receipt, Way, WayTally};
pub(crate) use checks::Checked;
pub(crate) use commands::{Commands, Ended, Ran};
pub(crate) use figures::Running;
pub(crate) use measure::{Begun, Measure};
pub(crate) use messenger::{Arrival, Breach, Messenger, Posted, invitation_number};
pub(crate) use outcome::{End, Outcome, ProcessUse, Sample};
pub(crate) use part::{Across, Exchanged, Part};
pub(crate) use series::{Second, Seen, Series, Totals};
pub(crate) use tally::Tally;
pub(crate) use times::Times;

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use crate::client::Ending;
use crate::phone_id::PhoneId;
use crate::workload::{Persona, ServerId};
use books::Crossing;

/// What happened in a run.
#[derive(Debug)]
pub(crate) struct Record {
    /// How long connecting took.
    pub(crate) connecting: Connecting,
    /// What became of every message.
    pub(crate) books: Books,
    /// From sending a message to its arrival. The uncorrected time counts only messages that were sent while
    /// no other was waited for, as by a tool that sends one at a time.
    pub(crate) delivery: Measure,
    /// The same of messages that phones of other shards have sent.
    pub(crate) across: Across,
    /// Of these, by [`Way`], from the planned moment. Kept only if there are several servers.
    pub(crate) delivery_by_way: Option<[Times; Way::ALL.len()]>,
    /// Whether the model is closed: then loadgen is such a tool itself.
    pub(crate) is_closed: bool,
    /// The message that such a tool would be waiting for, and since when.
    waited_for: Option<(u64, Moment)>,
    /// From a ping to its pong.
    pub(crate) heartbeat: Measure,
    /// What is checked in the realm of this run.
    pub(crate) checked: Checked,
    /// Whether it still matters who is online. In the end all phones hang up, and no phone need hear of
    /// that.
    pub(crate) follows: bool,
    /// From a phone's last sign of life to the moment at which the server gives it up.
    pub(crate) notice: Measure,
    /// Silent phones that were not given up in time, and silent phones that were given up too early.
    pub(crate) unnoticed: u64,
    pub(crate) too_early: u64,
    /// How much later than planned messages were sent: loadgen's own fault.
    pub(crate) send_lag: Times,
    /// How long the turns of our own loop were, counted once for each message that arrived in them.
    pub(crate) loop_lag: Times,
    /// Messages sent later than planned by more than [`LATE`].
    pub(crate) late_sends: u64,
    /// Messages that could not be sent, because no two phones were connected.
    pub(crate) skipped_sends: u64,
    /// What was heard beside messages.
    pub(crate) heard: Heard,
    /// How connections ended.
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// By persona: how many connections there were, and how they ended.
    pub(crate) tallies: BTreeMap<Persona, Tally>,
    /// Phones that, in the end, believed something wrong about who is online.
    pub(crate) stale_views: u64,
    /// When the last message arrived.
    pub(crate) last_arrival: Moment,
    /// Times of this turn that are not in their histograms yet.
    fresh: Fresh,
    /// The run second by second.
    pub(crate) series: Series,
    /// What became of the commands of `--at`.
    pub(crate) commands: Commands,
}

/// Times that wait for the end of the turn ([`Record::enter_times`]). Nearly each time goes to another place of a histogram,
/// which the kernel has pushed out of the processor's cache since the last one. One after the other, they wait for
/// memory together.
#[derive(Debug, Default)]
struct Fresh {
    deliveries: Vec<Duration>,
    lags: Vec<Duration>,
}

/// A message that is sent later than planned by more than this counts as late.
pub(crate) const LATE: Duration = Duration::from_millis(1);

/// How long connecting took, and its parts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Connecting {
    /// From dialling to the first frame.
    pub(crate) total: Measure,
    /// From dialling to the TCP connection.
    pub(crate) tcp: Times,
    /// From the TCP connection to the end of the handshake of TLS, if that is spoken.
    pub(crate) tls: Times,
    /// From the request to the WebSocket.
    pub(crate) upgrade: Times,
    /// From the WebSocket to the first frame.
    pub(crate) first_frame: Times,
}

/// What was heard beside messages.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Heard {
    /// Bytes read from all sockets.
    pub(crate) bytes: u64,
    /// Bytes written to all sockets.
    pub(crate) bytes_sent: u64,
    /// Presence lists, and the bytes of their JSON.
    pub(crate) lists: u64,
    pub(crate) list_bytes: u64,
    /// Bytes and numbers of the longest list.
    pub(crate) longest_list_bytes: usize,
    pub(crate) longest_list_numbers: usize,
    /// Lists that name somebody twice. Equal lists that follow each other count once.
    pub(crate) listed_twice: u64,
    /// Presence deltas, and the bytes of their JSON.
    pub(crate) deltas: u64,
    pub(crate) delta_bytes: u64,
    /// Heartbeats sent and answered.
    pub(crate) pings: u64,
    pub(crate) pongs: u64,
    /// Heartbeats that were not answered until their phone hung up, although there was time for it.
    pub(crate) unanswered: u64,
    /// First frames that did not let the phone in: no list, or no welcome.
    pub(crate) strange_greetings: u64,
    /// Notices that a message could not be delivered, without those that the books have entered.
    pub(crate) undelivered: u64,
    /// Notices that the server did not understand a frame.
    pub(crate) errors: u64,
    /// Frames of the protocol that loadgen does not know, and does not expect.
    pub(crate) other: u64,
    /// Frames that are not of the protocol.
    pub(crate) nonsense: u64,
    /// Frames other than messages that came to hostile phones.
    pub(crate) by_hostile: u64,
}

#[cfg(test)]
impl Record {
    /// Nothing has happened yet to phones with numbers.
    pub(crate) fn of_numbers(clients: u32) -> Self {
        Record::new(Checked::Mobile(Box::new(views::Views::new(clients, 1))), true)
    }
}

impl Record {
    /// Nothing has happened yet.
    pub(crate) fn new(checked: Checked, follows: bool) -> Self {
        Record {
            connecting: Connecting::default(),
            books: Books::default(),
            delivery: Measure::default(),
            across: Across::default(),
            delivery_by_way: None,
            is_closed: false,
            waited_for: None,
            heartbeat: Measure::default(),
            checked,
            follows,
            notice: Measure::default(),
            unnoticed: 0,
            too_early: 0,
            send_lag: Times::default(),
            loop_lag: Times::default(),
            late_sends: 0,
            skipped_sends: 0,
            heard: Heard::default(),
            endings: BTreeMap::new(),
            tallies: BTreeMap::new(),
            stale_views: 0,
            last_arrival: Moment::START,
            fresh: Fresh::default(),
            series: Series::default(),
            commands: Commands::default(),
        }
    }

    /// A message has been sent. `is_timed`: its recipient reads at once, so that a tool could wait for it.
    pub(crate) fn sent(&mut self, number: u64, intended: Moment, now: Moment, is_timed: bool) {
        /// Even a patient tool gives up a lost message at some point.
        const PATIENCE: Duration = Duration::from_secs(5);
        let lag = now.since(intended);
        self.fresh.lags.push(lag);
        self.series.sent(lag);
        self.late_sends += u64::from(lag > LATE);
        if is_timed && self.waited_for.is_none_or(|(_, since)| now.since(since) > PATIENCE) {
            self.waited_for = Some((number, now));
        }
    }

    /// A message has arrived, and is as it should be.
    pub(crate) fn delivered(&mut self, receipt: &Receipt, now: Moment) {
        let time = now.since(receipt.intended);
        self.last_arrival = now;
        if receipt.is_of_another {
            self.across.add(receipt.intended, now);
            return self.series.delivered_across(time);
        }
        self.fresh.deliveries.push(time);
        if let Some(by_way) = &mut self.delivery_by_way {
            by_way[receipt.way as usize].add(time);
            self.series.delivered_on(receipt.way, time);
        }
        self.commands.delivered(receipt.intended, time);
        let was_waited_for = self.waited_for.take_if(|(number, _)| *number == receipt.number);
        if self.is_closed || was_waited_for.is_some() {
            self.delivery.uncorrected.add(now.since(receipt.sent));
        }
    }

    /// The times of this turn go into their histograms: at its end, or when somebody looks at them.
    pub(crate) fn enter_times(&mut self) {
        let Fresh { deliveries, lags } = &mut self.fresh;
        for time in deliveries.drain(..) {
            self.delivery.corrected.add(time);
            self.series.delivered(time);
        }
        lags.drain(..).for_each(|lag| self.send_lag.add(lag));
    }

    /// What was between shards, once the run is over; `None` if it is no shard.
    pub(crate) fn crossing(&self) -> Option<Crossing> {
        let mut crossing = self.books.crossing()?;
        if let Some(accounts) = self.accounts() {
            accounts.enter_crossing(&mut crossing);
        }
        Some(crossing)
    }

    /// This process plays a shard: these phones belong to others.
    pub(crate) fn be_a_shard(&mut self, of_others: impl Iterator<Item = PhoneId>) {
        self.books = Books::of_a_shard();
        self.series.keep_histograms();
        if let Some(views) = self.checked.views_mut() {
            of_others.for_each(|phone| views.ignore(phone));
        }
    }

    /// In a shard: a message of the plan concerns no phone of this process, or is not sent.
    pub(crate) fn pass(&mut self, pair: Option<(PhoneId, PhoneId)>, planned: Moment) {
        let stamp = self.books.pass(pair, planned);
        if let Some(accounts) = self.checked.accounts_mut() {
            accounts.pass(&stamp, &mut self.books);
        }
        if let Some(messenger) = self.checked.messenger_mut() {
            messenger.copies.pass();
        }
    }

    /// In a shard: a message of a user that is not sent, or that a phone of another shard should send.
    pub(crate) fn leave_to_others(
        &mut self,
        (sender, recipient): (PhoneId, PhoneId),
        planned: Moment,
        is_ours: bool,
    ) {
        let Some(accounts) = self.checked.accounts_mut() else { return };
        match is_ours {
            true => {
                self.skipped_sends += 1;
                let stamp = self.books.leave_out(sender, recipient, planned);
                accounts.pass(&stamp, &mut self.books);
            }
            false => {
                let stamp = self.books.pass(Some((sender, recipient)), planned);
                accounts.expect(&stamp, &mut self.books);
            }
        }
    }

    /// The server says that a message of this phone to another will not arrive. Returns its number, if it is one to
    /// another server. If it is not, the message counts as lost.
    pub(crate) fn give_back(&mut self, from: PhoneId, to: Option<PhoneId>) -> Option<u64> {
        let number = to.and_then(|to| self.books.give_back_oldest(from, to));
        match number {
            // A tool that sends one at a time would now send the next.
            Some(number) => drop(self.waited_for.take_if(|(waited, _)| *waited == number)),
            None => self.heard.undelivered += 1,
        }
        number
    }

    /// A second is over. `own_cpu` is our CPU time since the start of the process.
    pub(crate) fn end_second(&mut self, now: Moment, own_cpu: Duration, seen: &Seen) {
        self.enter_times();
        let totals = Totals {
            sent: self.books.sent(),
            delivered: self.books.delivered(),
            bytes_sent: self.heard.bytes_sent,
            bytes_received: self.heard.bytes,
            lists: self.heard.lists,
            deltas: self.heard.deltas,
            own_cpu,
        };
        let lately = self.checked.checks_mut().take_lately();
        self.series.close(now, totals, lately, seen);
    }

    /// From a coming or going to the moment at which another phone knows of it.
    pub(crate) fn convergence(&self) -> &Measure {
        self.checked.checks().convergence()
    }

    /// How often a phone has come or gone.
    pub(crate) fn changes(&self) -> u32 {
        self.checked.checks().changes()
    }

    /// A phone of this kind has dialled a server.
    pub(crate) fn dialled(&mut self, phone: PhoneId, persona: Persona, server: ServerId) {
        self.tallies.entry(persona).or_default().connections += 1;
        self.checked.checks_mut().dialled(phone, persona, server);
    }

    /// It is ready.
    pub(crate) fn came(&mut self, phone: PhoneId, persona: Persona, begun: Begun, now: Moment) {
        self.checked.checks_mut().came(phone, persona, begun, self.follows, now);
    }

    /// It hangs up, or its connection has ended.
    pub(crate) fn went(&mut self, phone: PhoneId, persona: Persona, now: Moment) {
        if self.follows {
            self.checked.checks_mut().went(phone, persona, &mut self.books, now);
        }
    }

    /// It has fallen silent: the server may give it up at any moment.
    pub(crate) fn fell_silent(&mut self, phone: PhoneId) {
        if self.follows {
            self.checked.checks_mut().may_leave(phone);
        }
    }

    /// Takes the silent phones that the server has given up, as other phones were told.
    pub(crate) fn take_gone(&mut self) -> Vec<PhoneId> {
        self.checked.checks_mut().take_gone()
    }

    /// Whether a phone waits at this moment for the answer of another.
    pub(crate) fn is_waiting_for_answers(&self) -> bool {
        self.checked.checks().is_waiting_for_answers()
    }

    /// Whether everything has come that is waited for; or nothing has come for as long as `settle`, counted
    /// from `since` at the earliest, and what is missing counts as lost.
    pub(crate) fn is_settled(&self, now: Moment, since: Moment, settle: Duration) -> bool {
        let checks = self.checked.checks();
        if checks.is_unsettled(now) {
            return false;
        }
        let is_complete = self.books.under_way() == 0 && checks.is_complete(self.follows);
        let quiet_since = self.last_arrival.max(checks.last_news()).max(since);
        is_complete || now.since(quiet_since) > settle
    }

    /// By now all phones should know who is online. What they hear from now on is of phones that hang up.
    pub(crate) fn stop_following(&mut self) {
        if mem::take(&mut self.follows) {
            self.stale_views = self.checked.checks().stale();
        }
    }

    /// The run is over.
    pub(crate) fn finish(&mut self) {
        self.enter_times();
        self.books.end_crossing();
        self.checked.checks_mut().finish(&mut self.books);
    }

    /// What happened among sessions, if they are this run's realm.
    pub(crate) fn messenger(&self) -> Option<&Messenger> {
        self.checked.messenger()
    }

    /// What became of the messages of users with accounts, if they are this run's realm.
    pub(crate) fn accounts(&self) -> Option<&Accounts> {
        self.checked.accounts()
    }

    /// The messages that have not arrived.
    pub(crate) fn missing(&self) -> Missing {
        self.accounts().map_or_else(|| self.books.missing(), Accounts::missing)
    }

    /// A connection was not closed in good order by both sides: messages under way over it are in doubt.
    pub(crate) fn doubt(&mut self, party: Party) {
        let broken = self.checked.checks_mut().broke(party);
        self.books.doubt(broken);
    }

    /// A connection has ended, as expected or not.
    pub(crate) fn ended(&mut self, persona: Persona, ending: Ending, is_expected: bool) {
        *self.endings.entry(ending).or_default() += 1;
        self.tallies.entry(persona).or_default().ended(ending, is_expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone_id::PhoneId;

    #[test]
    fn a_stall_is_in_many_corrected_times_and_in_one_uncorrected_one() {
        let at = |millis: u64| Moment::from_nanos(millis * 1_000_000);
        let mut record = Record::of_numbers(0);
        let mut under_way = Vec::new();
        // A message every millisecond; from 500 to 800 ms the server stands still.
        for millis in 0..2000 {
            record.sent(millis, at(millis), at(millis), true);
            under_way.push(millis);
            if !(500..800).contains(&millis) {
                for number in under_way.drain(..) {
                    let (intended, sent) = (at(number), at(number));
                    let is_of_another = false;
                    let (sender, way) = (PhoneId(0), Way::Within);
                    let receipt = Receipt { number, sender, way, intended, sent, is_of_another };
                    record.delivered(&receipt, at(millis));
                }
            }
        }
        record.enter_times();
        let Measure { corrected, uncorrected } = &record.delivery;
        assert!(corrected.quantile(0.9) > Duration::from_millis(100));
        assert!(uncorrected.quantile(0.99) < Duration::from_millis(1));
        assert!(uncorrected.max() > Duration::from_millis(290));
        assert_eq!((corrected.count(), uncorrected.count()), (2000, 1700));
    }
}
