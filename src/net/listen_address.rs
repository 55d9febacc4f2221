//! [`ListenAddress`]: where a listener listens, as the operator writes it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where a listener listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListenAddress {
    /// At a TCP port.
    Tcp(SocketAddr),
    /// At a Unix socket with this path. The path is short enough for the kernel.
    Unix(PathBuf),
}

impl ListenAddress {
    /// The most bytes in the path of a Unix socket (unix(7), `sun_path`, without the zero behind it).
    pub const PATH_BYTES: usize = 107;
}

/// Writes the address as on the command line.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp(address) => address.fmt(f),
            ListenAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
