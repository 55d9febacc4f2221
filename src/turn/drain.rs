//! The drain: how the server shuts down and still delivers what it can.
//!
//! The listeners stay open, so that health checks get the answer "draining" rather than none. WebSockets are
//! closed in slices, at the pace of `--drain-rate`. The drain is over when the last connection is closed, or at
//! a deadline, and the pace is such that all clients are told before that.
//!
//! A close frame asks its client to come back only after a time: otherwise all clients would come back in the same
//! second, to a server that has just started, or to the next one. The times are spread over a *window* that is
//! as long as the number of clients needs at the rate of return.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::{Limits, Turn};
use crate::session::End;
use crate::timer::Moment;

/// How far apart clients are asked to come back if the operator sets no rate: 500 a second, a fraction of what one
/// core lets in.
const RETURN_INTERVAL: Duration = Duration::from_millis(2);

/// The longest window: nobody is asked to stay away for longer than this, and the rest of the drain.
const LONGEST_WINDOW: Duration = Duration::from_secs(300);

/// From the end of the drain until the first client is to come back: for the start of the next process.
const RETURN_GRACE: Duration = Duration::from_secs(1);

/// How much longer the drain is expected to take for each client. A client that is asleep or gone does not answer its
/// close frame, and the drain waits for it for `--close-timeout`. The more clients, the surer it is that one is.
const GRACE_PER_CLIENT: Duration = Duration::from_millis(1);

/// A drain that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    /// When the drain began.
    began: Moment,
    /// When the drain is over, whatever is left.
    until: Moment,
    /// When the first client is to come back.
    return_from: Moment,
    /// The time between two clients that are told.
    interval: Duration,
    /// The time over which the clients' returns are spread.
    window: Duration,
    /// The number of clients that were told.
    told: u32,
    /// When the next slice is due; `None` after the last slice.
    next_slice: Option<Moment>,
    /// The slot at which the next slice begins.
    slot: usize,
    /// The first slot whose client still waits to hear what became of its message. The slices come by
    /// again.
    left_behind: Option<usize>,
}

impl Drain {
    /// A drain of this number of clients, which begins now.
    fn new(limits: &Limits, clients: usize, now: Moment) -> Self {
        let clients = u32::try_from(clients).unwrap_or(u32::MAX).max(1);
        let wanted = limits.drain_rate.interval();
        // As fast as the slices go, unless the operator wants it slower. But all clients are told while there is
        // time left for their closing handshakes.
        let least = limits.budgets.drain_pause / u32::try_from(limits.budgets.drain).unwrap_or(1);
        let reserve = limits.close_timeout.min(limits.drain_timeout / 2);
        let interval = wanted.max(least).min((limits.drain_timeout - reserve) / clients);
        let apart = if wanted.is_zero() { RETURN_INTERVAL } else { wanted };
        Drain {
            began: now,
            until: now + limits.drain_timeout,
            return_from: now
                + interval.saturating_mul(clients)
                + GRACE_PER_CLIENT.saturating_mul(clients).min(reserve)
                + RETURN_GRACE,
            interval,
            window: apart.saturating_mul(clients).min(LONGEST_WINDOW),
            told: 0,
            next_slice: Some(now),
            slot: 0,
            left_behind: None,
        }
    }

    /// When the drain next has something to do.
    pub(super) fn deadline(&self) -> Moment {
        self.next_slice.unwrap_or(self.until).min(self.until)
    }

    /// How many clients may be told now, if slices come with these pauses: those who are due by the next slice.
    fn due(&self, now: Moment, pause: Duration) -> usize {
        let time = now.since(self.began).saturating_add(pause).as_nanos();
        let due = time / self.interval.as_nanos().max(1) + 1;
        usize::try_from(due).unwrap_or(usize::MAX).saturating_sub(self.told as usize)
    }

    /// How long the next client that is told is to stay away: until the drain is over, and then some part of
    /// the window.
    ///
    /// The parts are the multiples of the golden ratio, without their whole numbers. However many clients are
    /// told, their returns are spread evenly, and two that are told together come back far apart. (Random
    /// numbers were rejected: they leave gaps and clusters, and the turn has none.)
    fn retry_after(&self, now: Moment) -> Duration {
        /// 2³² divided by the golden ratio.
        const GOLDEN: u32 = 0x9E37_79B9;
        let part = f64::from(self.told.wrapping_mul(GOLDEN)) / f64::from(u32::MAX);
        self.return_from.since(now) + self.window.mul_f64(part)
    }
}

impl Turn {
    /// Begins a drain: no new WebSocket is let in, and all open ones are closed, slice by slice.
    pub fn drain(&mut self, now: Moment) {
        if self.drain.is_none() {
            self.drain = Some(Drain::new(&self.limits, self.websockets, now));
            self.tell_draining();
        }
    }

    /// Whether a drain is under way.
    pub fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    /// Whether the drain is over, so that the process may end.
    pub fn is_drained(&self) -> bool {
        match &self.drain {
            None => false,
            Some(drain) => {
                let all_gone = self.websockets == 0 && self.ending == 0;
                // The messages that came back from the last connections have to be counted, too.
                let all_told = !self.outboxes.any_returned();
                // A client that waits for a reply still gets it, and what is to be stored is stored.
                let all_done =
                    self.parked.len() == 0 && self.under_way.len() == 0 && self.asked.is_empty();
                all_gone && all_told && all_done || self.now.monotonic >= drain.until
            }
        }
    }

    /// Ends the WebSockets of the next slice, if it is due. Returns their number. Each slice goes on where
    /// the last one stopped: O(slots) over the whole drain, and again for each round in which a client
    /// waited for the store.
    pub(super) fn drain_slice(&mut self) -> usize {
        let now = self.now.monotonic;
        let Some(mut drain) = self.drain else { return 0 };
        let mut ended = 0;
        if drain.next_slice.is_some_and(|next| next <= now) {
            ended = self.tell_slice(&mut drain, now);
        }
        self.drain = Some(drain);
        ended
    }

    fn tell_slice(&mut self, drain: &mut Drain, now: Moment) -> usize {
        let pause = self.limits.budgets.drain_pause;
        let budget = self.limits.budgets.drain.min(drain.due(now, pause));
        let slots = self.connections.slots();
        let mut ended = 0;
        while drain.slot < slots && ended < budget {
            let connection = self.connections.in_slot(drain.slot);
            drain.slot += 1;
            let Some(connection) = connection.filter(|c| c.session.is_websocket()) else {
                continue;
            };
            if self.chat.may_go(connection.id) {
                let retry_after = drain.retry_after(now);
                self.end(connection.id, End::Draining { retry_after });
                drain.told += 1;
                ended += 1;
            } else {
                drain.left_behind.get_or_insert(drain.slot - 1);
            }
        }
        let is_left = drain.slot < slots;
        if !is_left {
            // Until all clients had their turn they could speak and be answered. The rest only hears what has
            // become of it.
            self.chat.drain();
            drain.slot = drain.left_behind.unwrap_or(drain.slot);
        }
        let again = is_left || drain.left_behind.take().is_some();
        let on_pace = drain.began + drain.interval.saturating_mul(drain.told);
        drain.next_slice = again.then_some(on_pace.max(now + pause));
        ended
    }
}
