//! The listening sockets: those that systemd passed, or our own. Each is a [`Listening`] socket, of TCP or Unix.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};

use listenfd::ListenFd;
use mio::event::Source;
use mio::net as mio_net;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::unix_socket::{self, SocketFile};
use super::{Failure, ListenAddress};
use crate::turn::Peer;

/// Connections that the kernel keeps for us until we accept them. mio and std would take 128, which
/// a thousand phones that come back together overrun. The kernel caps it at `net.core.somaxconn`,
/// which is 4,096 by default. An operator who raises that need not change anything here.
const BACKLOG: i32 = 65_535;

/// Bytes that a socket's send buffer may hold unsent before the socket stops being writable.
///
/// Without it the kernel swallows over four megabytes for a client that never reads, before our
/// outbox notices anything; some hundreds of those exhaust the machine's memory for TCP (tcp(7)).
const NOTSENT_LOWAT: u32 = 128 * 1024;

/// The name that a socket unit gives the operator's socket by `FileDescriptorName=`.
const ADMIN_NAME: &str = "admin";

/// The sockets that listen.
#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) public: Listening,
    /// The operator's own socket, if there is one.
    pub(super) admin: Option<Listening>,
    /// Whether systemd owns the public socket, and keeps it open when this process ends. Then a client
    /// that connects meanwhile waits in the backlog for the next process.
    pub(super) outlive_us: bool,
}

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Listening {
    Tcp(mio_net::TcpListener),
    Unix {
        listener: mio_net::UnixListener,
        /// The file of the socket, unless systemd has made it.
        _file: Option<SocketFile>,
    },
}

impl Listening {
    /// Accepts the next connection of the backlog, without blocking.
    ///
    /// Both kinds of streams become the same type, which is no more than a descriptor. (An enum of two kinds was
    /// rejected: it would take eight bytes a connection instead of four, and a branch at each read and write.)
    pub(super) fn accept(&self) -> io::Result<(Socket, Peer)> {
        let (stream, peer): (OwnedFd, Peer) = match self {
            Listening::Tcp(listener) => {
                listener.accept().map(|(stream, peer)| (stream.into(), peer.ip().into()))?
            }
            Listening::Unix { listener, .. } => {
                listener.accept().map(|(stream, _)| (stream.into(), Peer::Unix))?
            }
        };
        Ok((stream.into(), peer))
    }

    /// The socket as a source of events.
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match self {
            Listening::Tcp(listener) => listener,
            Listening::Unix { listener, .. } => listener,
        }
    }

    /// Whether clients can come from other machines: directly, or through the proxy that a Unix socket is for.
    pub(super) fn is_public(&self) -> io::Result<bool> {
        match self {
            Listening::Tcp(listener) => {
                Ok(!listener.local_addr()?.ip().to_canonical().is_loopback())
            }
            Listening::Unix { .. } => Ok(true),
        }
    }

    /// Where it listens, for people: a URL, or the path of the socket.
    pub(super) fn place(&self) -> io::Result<String> {
        let address = self.address()?;
        Ok(match self {
            Listening::Tcp(_) => format!("http://{address}"),
            Listening::Unix { .. } => address,
        })
    }

    /// Where it listens, as `--listen` takes it. (The name of a socket without a file is shown, although we make none.)
    fn address(&self) -> io::Result<String> {
        let unix = match self {
            Listening::Tcp(listener) => return Ok(listener.local_addr()?.to_string()),
            Listening::Unix { listener, .. } => SockRef::from(listener).local_addr()?,
        };
        let path = unix.as_pathname().map(|path| path.display().to_string());
        let name = unix.as_abstract_namespace().map(|name| format!("@{}", name.escape_ascii()));
        Ok(format!("unix:{}", path.or(name).unwrap_or_default()))
    }
}

/// Returns the sockets that systemd passed (sd_listen_fds(3)). If it passed none, binds new ones to
/// these addresses. The files of Unix sockets get these permissions.
///
/// # Errors
///
/// The kernel's error, for example that the address is in use. Or what is wrong with the sockets that
/// systemd passed.
pub(super) fn open(
    public: &ListenAddress,
    admin: Option<&ListenAddress>,
    mode: u32,
) -> Result<Listeners, Failure> {
    let passed = Passed::take().map_err(Failure::Passed)?;
    let outlive_us = passed.public.is_some();
    Ok(Listeners {
        public: passed.public.map_or_else(|| bind(public, mode), Ok)?,
        admin: match (passed.admin, admin) {
            (Some(passed), _) => Some(passed),
            (None, Some(address)) => Some(bind(address, mode)?),
            (None, None) => None,
        },
        outlive_us,
    })
}

/// What systemd passed, of one kind: the sockets, or their addresses.
#[derive(Debug)]
pub struct Passed<T> {
    /// For clients.
    pub public: Option<T>,
    /// For the operator.
    pub admin: Option<T>,
}

/// The addresses of the sockets that systemd passed, as `--listen` takes them. The sockets are closed, so this is for a
/// process that serves nobody.
///
/// # Errors
///
/// What is wrong with the sockets.
pub fn passed_addresses() -> Result<Passed<String>, Failure> {
    let Passed { public, admin } = Passed::take().map_err(Failure::Passed)?;
    let address = |socket: Listening| socket.address();
    Ok(Passed { public: public.map(address).transpose()?, admin: admin.map(address).transpose()? })
}

impl Passed<Listening> {
    /// Takes the sockets, if the server can serve all of them. A client of a socket that is not served
    /// would wait for ever.
    fn take() -> Result<Self, String> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let names: Vec<&str> = names.split(':').collect();
        let mut passed = Passed { public: None, admin: None };
        let mut all = ListenFd::from_env();
        for index in 0..all.len() {
            let socket = take(&mut all, index)?;
            let is_admin = names.get(index) == Some(&ADMIN_NAME);
            let place = if is_admin { &mut passed.admin } else { &mut passed.public };
            if place.replace(socket).is_some() {
                return Err(
                    "there must be one, and one more with FileDescriptorName=admin".to_owned()
                );
            }
        }
        Ok(passed)
    }
}

/// Takes one of them: a stream socket of TCP or Unix.
fn take(all: &mut ListenFd, index: usize) -> Result<Listening, String> {
    // What is no Unix socket stays where it is, and is no TCP socket either if that fails, too.
    let socket = match all.take_unix_listener(index) {
        Ok(Some(unix)) if listens(&unix) => unix_listening(OwnedFd::from(unix).into(), None),
        Ok(_) => return Err("it does not listen (Accept=no)".to_owned()),
        Err(_) => match all.take_tcp_listener(index).map_err(|error| error.to_string())? {
            Some(tcp) if listens(&tcp) => prepare(tcp),
            Some(_) | None => return Err("it does not listen (Accept=no)".to_owned()),
        },
    };
    socket.map_err(|error| error.to_string())
}

fn listens(socket: &impl AsFd) -> bool {
    SockRef::from(socket).is_listener().unwrap_or(false)
}

fn bind(address: &ListenAddress, mode: u32) -> Result<Listening, Failure> {
    let listening = match address {
        ListenAddress::Tcp(address) => listen(*address).and_then(prepare),
        ListenAddress::Unix(path) => unix_socket::listen(path, mode, BACKLOG)
            .and_then(|(socket, file)| unix_listening(socket, Some(file))),
    };
    listening.map_err(|error| Failure::Listen(address.clone(), error))
}

fn unix_listening(socket: Socket, file: Option<SocketFile>) -> io::Result<Listening> {
    socket.set_nonblocking(true)?;
    Ok(Listening::Unix { listener: OwnedFd::from(socket).into(), _file: file })
}

fn prepare(listener: TcpListener) -> io::Result<Listening> {
    // Linux copies these options to every socket that is accepted. So they are set once, and cost no
    // system call for each connection.
    let socket = SockRef::from(&listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    listener.set_nonblocking(true)?;
    Ok(Listening::Tcp(mio_net::TcpListener::from_std(listener)))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // [::] also accepts clients that connect over IPv4.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};
    use std::time::Duration;

    use super::*;

    fn bound() -> (Listening, SocketAddr) {
        let address = ListenAddress::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listening = bind(&address, 0).expect("the loopback has free ports");
        let place = listening.place().expect("it is bound");
        let place = place.strip_prefix("http://").and_then(|place| place.parse().ok());
        (listening, place.expect("an address"))
    }

    /// The kernel completes these connections by itself, before anybody accepts them. So the test needs no
    /// waiting.
    #[test]
    fn more_may_wait_to_be_accepted_than_the_usual_backlog_holds() {
        let (_listening, address) = bound();
        let knock = |_| TcpStream::connect_timeout(&address, Duration::from_secs(10));
        let crowd: Result<Vec<TcpStream>, _> = (0..200).map(knock).collect();
        assert_eq!(crowd.expect("there is room for them").len(), 200);
    }

    #[test]
    fn an_accepted_connection_has_the_options_of_its_listener() {
        let (listening, address) = bound();
        let _caller = TcpStream::connect(address).expect("it listens");
        let (socket, peer) = listening.accept().expect("somebody waits");
        assert_eq!(peer.address(), address.ip());
        assert_eq!(socket.tcp_notsent_lowat().expect("it can be asked"), NOTSENT_LOWAT);
        assert!(socket.tcp_nodelay().expect("it can be asked"));
    }
}
