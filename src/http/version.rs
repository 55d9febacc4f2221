//! [`Version`]: the versions of HTTP that the server answers.

/// A version of HTTP that can be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}
