//! [`PhoneId`]: which of the plan's phones is meant. Everybody here speaks of phones by it; only the
//! workload knows their numbers.

/// A phone of the plan, counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct PhoneId(pub(crate) u32);

impl PhoneId {
    /// Its place in a list of all phones.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}
