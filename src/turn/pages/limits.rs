//! The limits in effect, on the page of metrics: a figure near its limit means something else than one far from it,
//! and a measurement cannot be compared with one of a server that was set otherwise.
//!
//! Only numbers are told. No name, address, path or token is among the limits.

use crate::limiter::Rate;
use crate::metrics::{Exposition, Number};
use crate::turn::Turn;

/// A limit, by the name of its flag.
type Limit = (&'static str, Number);

impl Turn {
    /// The limits in effect. One that is off has no line.
    pub(super) fn describe_limits(&self, page: &mut Exposition) {
        let (limits, session) = (&self.limits, &self.limits.session);
        let caps = &limits.outbox;
        let mut all: Vec<Limit> = vec![
            ("max_message_bytes", session.ws.message_bytes.into()),
            ("outbox_bytes", caps.each.into()),
            ("outbox_total_bytes", caps.all.into()),
            ("inbox_total_bytes", limits.inbox_bytes.into()),
            ("presence_budget", limits.presence.bytes_per_second.into()),
            ("strikes", u64::from(session.strikes).into()),
            ("ping_timeout", limits.ping_timeout.into()),
            ("sweep_interval", limits.sweep_interval.into()),
            ("handshake_timeout", limits.handshake_timeout.into()),
            ("frame_timeout", limits.frame_timeout.into()),
            ("write_timeout", limits.write_timeout.into()),
        ];
        let each = limits.addresses.connections;
        all.extend(each.map(|most| ("max_connections_per_address", u64::from(most).into())));
        all.extend(rate("message_rate_burst", "message_rate_refill", &session.message_rate));
        all.extend(rate("byte_rate_burst", "byte_rate_refill", &session.byte_rate));
        let address = &limits.addresses.rate;
        let [burst, refill] =
            ["connection_rate_per_address_burst", "connection_rate_per_address_refill"];
        all.extend(rate(burst, refill, address));
        page.gauge_by(
            "switchboard_limit",
            "A limit in effect, by the name of its flag: a number, bytes or seconds. One that is off is left out.",
            "limit",
            all,
        );
    }
}

/// The two numbers of a rate: how much at once, and the time in which that much comes back.
fn rate(burst: &'static str, refill: &'static str, rate: &Rate) -> impl Iterator<Item = Limit> {
    let numbers = rate.burst().zip(rate.refill());
    numbers
        .map(|(at_once, time)| [(burst, at_once.into()), (refill, time.into())])
        .into_iter()
        .flatten()
}
