//! [`Peer`]: who is at the other end of a connection, as far as the kernel knows.

use core::net::{IpAddr, Ipv4Addr};

/// The other end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Peer {
    /// A host with this address.
    Ip(IpAddr),
    /// A program on this machine, at a Unix socket. It has no address (unix(7)).
    Unix,
}

impl Peer {
    /// The address that the peer counts as. That of a Unix socket is 127.0.0.1: its peer is a program on this
    /// machine too, and what holds for those holds for it.
    pub fn address(self) -> IpAddr {
        match self {
            Peer::Ip(address) => address,
            Peer::Unix => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Peer::Ip(address)
    }
}
