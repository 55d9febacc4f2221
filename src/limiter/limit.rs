//! [`Limit`]: every limit that a client can hit, with its name in the metrics.
//!
//! The name is the flag's, if there is a flag. `LIMITS.md` has a table of all limits, and a test
//! compares the two. The code that enforces a limit reports each hit to the turn, which counts it.

/// A limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// WebSockets in all, and sockets in all.
    Connections,
    /// Connections from one address.
    ConnectionsPerAddress,
    /// New connections from one address.
    ConnectionRatePerAddress,
    /// Frames from one client.
    MessageRate,
    /// Bytes from one client.
    ByteRate,
    /// The size of one message.
    MessageBytes,
    /// Malformed frames.
    Strikes,
    /// The size of the head of an HTTP request.
    HttpHead,
    /// The time in which an HTTP request must arrive, and in which a client must sign in.
    HandshakeTimeout,
    /// The time in which a message must arrive.
    FrameTimeout,
    /// The time in which a client must read something.
    WriteTimeout,
    /// Bytes that wait for one client.
    OutboxBytes,
    /// Bytes that wait for all clients together.
    OutboxTotalBytes,
    /// Bytes of incomplete messages, of all clients together.
    InboxTotalBytes,
    /// How often a number may change hands.
    ReplacementRate,
    /// Requests that wait for a reply, of all clients together.
    ParkedRequests,
    /// The time in which the reply to a request must come.
    JobTimeout,
}

impl Limit {
    /// All limits, in the order of the table in `LIMITS.md`.
    pub const ALL: [Limit; 17] = [
        Limit::Connections,
        Limit::ConnectionsPerAddress,
        Limit::ConnectionRatePerAddress,
        Limit::MessageRate,
        Limit::ByteRate,
        Limit::MessageBytes,
        Limit::Strikes,
        Limit::HttpHead,
        Limit::HandshakeTimeout,
        Limit::FrameTimeout,
        Limit::WriteTimeout,
        Limit::OutboxBytes,
        Limit::OutboxTotalBytes,
        Limit::InboxTotalBytes,
        Limit::ReplacementRate,
        Limit::ParkedRequests,
        Limit::JobTimeout,
    ];

    /// The limit's name in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Limit::Connections => "max_connections",
            Limit::ConnectionsPerAddress => "max_connections_per_address",
            Limit::ConnectionRatePerAddress => "connection_rate_per_address",
            Limit::MessageRate => "message_rate",
            Limit::ByteRate => "byte_rate",
            Limit::MessageBytes => "max_message_bytes",
            Limit::Strikes => "strikes",
            Limit::HttpHead => "http_head",
            Limit::HandshakeTimeout => "handshake_timeout",
            Limit::FrameTimeout => "frame_timeout",
            Limit::WriteTimeout => "write_timeout",
            Limit::OutboxBytes => "outbox_bytes",
            Limit::OutboxTotalBytes => "outbox_total_bytes",
            Limit::InboxTotalBytes => "inbox_total_bytes",
            Limit::ReplacementRate => "replacement_rate",
            Limit::ParkedRequests => "parked_requests",
            Limit::JobTimeout => "job_timeout",
        }
    }
}

/// How often each limit was hit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Hits([u64; Limit::ALL.len()]);

impl Hits {
    /// Counts one hit.
    pub fn count(&mut self, limit: Limit) {
        self.0[limit as usize] += 1;
    }

    /// The name of every limit, and how often it was hit.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Limit::ALL.into_iter().map(|limit| (limit.name(), self.0[limit as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_counted_under_its_own_name() {
        for limit in Limit::ALL {
            let mut hits = Hits::default();
            hits.count(limit);
            let counted: Vec<_> = hits.iter().filter(|(_, count)| *count > 0).collect();
            assert_eq!(counted, [(limit.name(), 1)]);
        }
        let mut names: Vec<_> = Limit::ALL.map(Limit::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Limit::ALL.len());
    }
}
