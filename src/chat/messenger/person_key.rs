//! [`PersonKey`]: the key of a person. With it the files of this realm can name a person without its type.

/// A place in the directory. It is valid while its person is in there. Code that keeps a key makes sure
/// that the person stays: see [`Social::references`](super::person::Social::references).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct PersonKey(pub(super) u32);
