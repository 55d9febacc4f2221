//! [`PersonKey`]: by which the files of this realm name a person without knowing what a person is.

/// A person's place in the directory. It is good for as long as the person is there: code that keeps a key
/// takes care that the person stays (see [`Social::references`](super::person::Social::references)).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct PersonKey(pub(super) u32);
