//! [`Record`]: what happened, in numbers: how long things took, what became of every message, how
//! connections ended, how punctual we were ourselves.
//!
//! It is told; it neither asks nor decides. Whether a run was good is for the report to say.

mod books;
mod series;
mod times;

pub(crate) use books::{Books, Fault, Receipt};
pub(crate) use series::{Second, Seen, Series, Totals};
pub(crate) use times::Times;

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard::timer::Moment;

use crate::client::Ending;

/// What happened in a run.
#[derive(Debug)]
pub(crate) struct Record {
    /// Connecting.
    pub(crate) connecting: Connecting,
    /// What became of every message.
    pub(crate) books: Books,
    /// From a message's planned moment to its arrival.
    pub(crate) delivery: Times,
    /// From the moment it really was sent.
    pub(crate) delivery_uncorrected: Times,
    /// From a ping to its pong.
    pub(crate) heartbeat: Times,
    /// How much later than planned messages were sent: our own fault.
    pub(crate) send_lag: Times,
    /// How long the turns of our own loop took in which messages arrived, once for each.
    pub(crate) loop_lag: Times,
    /// Messages sent later than planned by more than [`LATE`].
    pub(crate) late_sends: u64,
    /// Messages that could not be sent, because no two phones were connected.
    pub(crate) skipped_sends: u64,
    /// What else was heard.
    pub(crate) heard: Heard,
    /// How connections ended.
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// When a message last arrived.
    pub(crate) last_arrival: Moment,
    /// The run second by second.
    pub(crate) series: Series,
}

/// A message that is sent this much later than planned counts as late.
pub(crate) const LATE: Duration = Duration::from_millis(1);

/// How long connecting took, and its three parts.
#[derive(Debug, Default)]
pub(crate) struct Connecting {
    /// From the planned moment to the first frame.
    pub(crate) total: Times,
    /// From dialling to a connection.
    pub(crate) tcp: Times,
    /// From the request to a WebSocket.
    pub(crate) upgrade: Times,
    /// From there to the first frame.
    pub(crate) first_frame: Times,
}

/// What was heard beside messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// Bytes read from all sockets.
    pub(crate) bytes: u64,
    /// Bytes written to them.
    pub(crate) bytes_sent: u64,
    /// Presence lists, and the bytes of their JSON.
    pub(crate) lists: u64,
    pub(crate) list_bytes: u64,
    /// Bytes and numbers of the longest of them.
    pub(crate) longest_list_bytes: usize,
    pub(crate) longest_list_numbers: usize,
    /// Presence deltas, and the bytes of their JSON.
    pub(crate) deltas: u64,
    pub(crate) delta_bytes: u64,
    /// Heartbeats sent and answered.
    pub(crate) pings: u64,
    pub(crate) pongs: u64,
    /// First frames that were no list.
    pub(crate) strange_greetings: u64,
    /// Notices that a message could not be delivered.
    pub(crate) undelivered: u64,
    /// Notices that the server did not understand us.
    pub(crate) errors: u64,
    /// Frames that are SCA, but nothing that we know.
    pub(crate) other: u64,
    /// Frames that are no SCA.
    pub(crate) nonsense: u64,
}

impl Record {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Self {
        Record {
            connecting: Connecting::default(),
            books: Books::default(),
            delivery: Times::default(),
            delivery_uncorrected: Times::default(),
            heartbeat: Times::default(),
            send_lag: Times::default(),
            loop_lag: Times::default(),
            late_sends: 0,
            skipped_sends: 0,
            heard: Heard::default(),
            endings: BTreeMap::new(),
            last_arrival: Moment::START,
            series: Series::default(),
        }
    }

    /// A message has been sent.
    pub(crate) fn sent(&mut self, intended: Moment, now: Moment) {
        let lag = now.since(intended);
        self.send_lag.add(lag);
        self.late_sends += u64::from(lag > LATE);
    }

    /// A message has arrived, and is what it should be.
    pub(crate) fn delivered(&mut self, receipt: Receipt, now: Moment) {
        let time = now.since(receipt.intended);
        self.delivery.add(time);
        self.series.delivered(time);
        self.delivery_uncorrected.add(now.since(receipt.sent));
        self.last_arrival = now;
    }

    /// A second is over, in which we have used our CPU up to `own_cpu`.
    pub(crate) fn end_second(&mut self, now: Moment, own_cpu: Duration, seen: &Seen) {
        let totals = Totals {
            sent: self.books.sent(),
            delivered: self.books.delivered(),
            bytes_sent: self.heard.bytes_sent,
            bytes_received: self.heard.bytes,
            lists: self.heard.lists,
            deltas: self.heard.deltas,
            own_cpu,
        };
        self.series.close(now, totals, seen);
    }

    /// A connection has ended.
    pub(crate) fn ended(&mut self, ending: Ending) {
        *self.endings.entry(ending).or_default() += 1;
    }
}
