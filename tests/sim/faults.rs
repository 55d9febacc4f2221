//! [`Fault`]: everything that can go wrong, by name. [`Faults`]: how often each fault struck in a run.
//!
//! If a fault never strikes, the simulator proves nothing about it, and nobody would notice. So each
//! fault is counted where it strikes, and a run over many seeds fails unless all faults have struck. A
//! fault can be left out of a run by name. If the run still fails, it does not need that fault.

use std::collections::BTreeSet;

/// Something that goes wrong: a fault of the network, of the machine, or of a phone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fault {
    /// The bytes of a phone arrive in pieces, cut anywhere.
    SplitRead,
    /// The kernel takes only a part, although it has room for more.
    ShortWrite,
    /// The kernel takes only a part, because its buffer is full.
    FullSocket,
    /// More connections are ready than one poll returns.
    PartialPoll,
    /// A signal interrupts the wait.
    Interruption,
    /// An event says that a connection is ready, and it is not.
    NoNews,
    /// An event is about a connection that has ended.
    StaleNews,
    /// The process is stopped for a while, and then the monotonic clock has jumped.
    Stall,
    /// The administrator sets the wall clock.
    ClockBack,
    ClockForward,
    /// The process is out of descriptors.
    NoDescriptors,
    /// There are as many connections as are allowed.
    FullHouse,
    /// A message is undelivered because its recipient's outbox was full, or the recipient did not read.
    FullOutbox,
    Reset,
    /// A phone half-closes its connection, and reads on.
    HalfClose,
    /// A phone's network is cut, and nobody is told.
    Vanishing,
    /// A phone stops reading.
    Deafness,
    /// A phone stops sending, even in the middle of a frame.
    Muteness,
    /// All phones lose their connections in the same moment, and connect again.
    Storm,
    /// Two phones have the same number.
    Takeover,
    /// A session has as many devices as it may.
    FullSession,
    /// A device marks a message as read that was never sent to it.
    Prying,
    /// A phone sends random bytes that are no frame.
    Garbage,
    /// A phone sends a frame that WebSocket allows and the chat does not.
    Violation,
    /// A phone sends a text that the chat's protocol does not have.
    Nonsense,
    /// A phone asks for a page.
    Page,
    /// The server shuts down.
    Drain,
    /// The store takes seconds for a batch.
    SlowStore,
    /// The store's disk is full for a while.
    FullDisk,
    /// The store's disk fails while it syncs.
    FailedSync,
    /// The server is killed, and started again.
    Crash,
}

const COUNT: usize = Fault::Crash as usize + 1;

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
        Fault::SlowStore,
        Fault::FullDisk,
        Fault::FailedSync,
        Fault::Crash,
    ];

    /// Whether the fault strikes only if the dice say so. The other faults follow from what happens.
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
            | Fault::Drain
            | Fault::SlowStore
            | Fault::FullDisk
            | Fault::FailedSync
            | Fault::Crash => true,
        }
    }

    /// Whether this build has worlds in which the fault can strike.
    pub(crate) fn can_strike(self) -> bool {
        cfg!(feature = "accounts") || self < Fault::SlowStore
    }

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn by_name(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name().eq_ignore_ascii_case(name))
    }
}

/// How often each fault has struck, and which faults are left out.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    struck: [u64; COUNT],
    without: BTreeSet<Fault>,
}

impl Faults {
    pub(crate) fn without(without: &BTreeSet<Fault>) -> Self {
        Faults { struck: [0; COUNT], without: without.clone() }
    }

    /// Whether the fault may strike now. If it may, it is counted.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = !self.without.contains(&fault);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// Counts a fault that has followed from what happened, `times` times.
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
