//! [`Fault`]: everything that can go wrong, by name; [`Faults`]: how often each has in a run.
//!
//! A simulator whose dice never roll a fault proves nothing about it, and nobody would notice. So
//! each is counted where it strikes, and a run over many seeds fails unless all of them have. A
//! fault can be left out of a run by name: what then still fails needs one fault fewer.

use std::collections::BTreeSet;

/// Something that goes wrong: the network's faults, the machine's, the phones'.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fault {
    /// What a phone says arrives in pieces, cut anywhere.
    SplitRead,
    /// The kernel takes part of what it could take.
    ShortWrite,
    /// The kernel takes less than it is given, having no room.
    FullSocket,
    /// More have something to say than one poll returns.
    PartialPoll,
    /// A signal interrupts the wait.
    Interruption,
    /// A connection is said to be ready and is not.
    NoNews,
    /// Something is said about a connection that has gone.
    StaleNews,
    /// The process is stopped: the monotonic clock has jumped when it wakes up.
    Stall,
    /// The administrator sets the wall clock.
    ClockBack,
    ClockForward,
    /// The process is out of descriptors.
    NoDescriptors,
    /// There are as many connections as are allowed.
    FullHouse,
    /// A message comes back because its recipient's outbox was full, or he did not read for long.
    FullOutbox,
    Reset,
    /// A phone says nothing more and reads on.
    HalfClose,
    /// A phone is out of reach, without a word.
    Vanishing,
    /// A phone stops reading.
    Deafness,
    /// A phone stops in the middle of something.
    Muteness,
    /// All phones lose their connections in the same moment, and all come back.
    Storm,
    /// Two phones have the same number.
    Takeover,
    /// A session has as many devices as it may.
    FullSession,
    /// Somebody marks as read what was never sent to him.
    Prying,
    /// A frame that no protocol allows, of bytes that mean nothing.
    Garbage,
    /// A frame that WebSocket allows and the chat does not.
    Violation,
    /// A text that is not of the chat's protocol.
    Nonsense,
    /// A page is asked for in between.
    Page,
    /// The server shuts down.
    Drain,
}

const COUNT: usize = Fault::Drain as usize + 1;

impl Fault {
    pub(crate) const ALL: [Fault; COUNT] = [
        Fault::SplitRead,
        Fault::ShortWrite,
        Fault::FullSocket,
        Fault::PartialPoll,
        Fault::Interruption,
        Fault::NoNews,
        Fault::StaleNews,
        Fault::Stall,
        Fault::ClockBack,
        Fault::ClockForward,
        Fault::NoDescriptors,
        Fault::FullHouse,
        Fault::FullOutbox,
        Fault::Reset,
        Fault::HalfClose,
        Fault::Vanishing,
        Fault::Deafness,
        Fault::Muteness,
        Fault::Storm,
        Fault::Takeover,
        Fault::FullSession,
        Fault::Prying,
        Fault::Garbage,
        Fault::Violation,
        Fault::Nonsense,
        Fault::Page,
        Fault::Drain,
    ];

    /// Those that only strike if somebody rolls for them. The others follow from what happens.
    pub(crate) fn is_optional(self) -> bool {
        match self {
            Fault::FullSocket
            | Fault::PartialPoll
            | Fault::FullHouse
            | Fault::FullOutbox
            | Fault::Takeover
            | Fault::FullSession => false,
            Fault::SplitRead
            | Fault::ShortWrite
            | Fault::Interruption
            | Fault::NoNews
            | Fault::StaleNews
            | Fault::Stall
            | Fault::ClockBack
            | Fault::ClockForward
            | Fault::NoDescriptors
            | Fault::Reset
            | Fault::HalfClose
            | Fault::Vanishing
            | Fault::Deafness
            | Fault::Muteness
            | Fault::Storm
            | Fault::Prying
            | Fault::Garbage
            | Fault::Violation
            | Fault::Nonsense
            | Fault::Page
            | Fault::Drain => true,
        }
    }

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn by_name(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name().eq_ignore_ascii_case(name))
    }
}

/// How often each fault has struck, and which are left out.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    struck: [u64; COUNT],
    without: BTreeSet<Fault>,
}

impl Faults {
    pub(crate) fn without(without: &BTreeSet<Fault>) -> Self {
        Faults { struck: [0; COUNT], without: without.clone() }
    }

    /// Whether the fault is to strike, now that its time has come; if so, it is counted.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = !self.without.contains(&fault);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// Counts a fault that has come about by itself, so many times.
    pub(crate) fn count(&mut self, fault: Fault, times: u64) {
        self.struck[fault as usize] += times;
    }

    pub(crate) fn add(&mut self, other: &Faults) {
        for (sum, more) in self.struck.iter_mut().zip(other.struck) {
            *sum += more;
        }
    }

    /// Every fault, and how often it has struck.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Fault, u64)> {
        Fault::ALL.into_iter().map(|fault| (fault, self.struck[fault as usize]))
    }
}
