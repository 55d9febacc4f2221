//! [`PhoneId`]: one of the plan's phones. All rooms name phones by it; only the workload knows their
//! numbers and ids.

/// A phone of the plan, counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct PhoneId(pub(crate) u32);

impl PhoneId {
    /// Its index in a list of all phones.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The phone that it talks to, in protocols in which phones talk in pairs.
    pub(crate) const fn partner(self) -> PhoneId {
        PhoneId(self.0 ^ 1)
    }
}
