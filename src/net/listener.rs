//! The listening sockets: those that systemd passed, or our own.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::Failure;

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
    pub(super) public: TcpListener,
    /// The operator's own socket, if there is one.
    pub(super) admin: Option<TcpListener>,
    /// Whether systemd owns the public socket, and keeps it open when this process ends. Then a client
    /// that connects meanwhile waits in the backlog for the next process.
    pub(super) outlive_us: bool,
}

/// Returns the sockets that systemd passed (sd_listen_fds(3)). If it passed none, binds new ones to
/// these addresses.
///
/// # Errors
///
/// The kernel's error, for example that the address is in use. Or what is wrong with the sockets that
/// systemd passed.
pub(super) fn open(public: SocketAddr, admin: Option<SocketAddr>) -> Result<Listeners, Failure> {
    let passed = Passed::take().map_err(Failure::Passed)?;
    let outlive_us = passed.public.is_some();
    Ok(Listeners {
        public: passed.public.map_or_else(|| bind(public), Ok)?,
        admin: match (passed.admin, admin) {
            (Some(passed), _) => Some(passed),
            (None, Some(address)) => Some(bind(address)?),
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

/// The addresses of the sockets that systemd passed. The sockets are closed, so this is for a process that serves
/// nobody.
///
/// # Errors
///
/// What is wrong with the sockets.
pub fn passed_addresses() -> Result<Passed<SocketAddr>, Failure> {
    let Passed { public, admin } = Passed::take().map_err(Failure::Passed)?;
    let address = |socket: TcpListener| socket.local_addr();
    Ok(Passed { public: public.map(address).transpose()?, admin: admin.map(address).transpose()? })
}

impl Passed<TcpListener> {
    /// Takes the sockets, if the server can serve all of them. A client of a socket that is not served
    /// would wait for ever.
    fn take() -> Result<Self, String> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let names: Vec<&str> = names.split(':').collect();
        let mut passed = Passed { public: None, admin: None };
        let mut all = ListenFd::from_env();
        for index in 0..all.len() {
            let socket = all.take_tcp_listener(index).map_err(|error| error.to_string())?;
            let Some(socket) = socket.filter(listens) else {
                return Err("it does not listen (Accept=no)".to_owned());
            };
            let is_admin = names.get(index) == Some(&ADMIN_NAME);
            let place = if is_admin { &mut passed.admin } else { &mut passed.public };
            let socket = prepare(socket).map_err(|error| error.to_string())?;
            if place.replace(socket).is_some() {
                return Err(
                    "there must be one, and one more with FileDescriptorName=admin".to_owned()
                );
            }
        }
        Ok(passed)
    }
}

fn listens(socket: &TcpListener) -> bool {
    SockRef::from(socket).is_listener().unwrap_or(false)
}

fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = listen(address).and_then(prepare);
    listener.map_err(|error| Failure::Listen(address, error))
}

fn prepare(listener: TcpListener) -> io::Result<TcpListener> {
    // Linux copies these options to every socket that is accepted. So they are set once, and cost no
    // system call for each connection.
    let socket = SockRef::from(&listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
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

    fn bound() -> TcpListener {
        bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("the loopback has free ports")
    }

    /// The kernel completes these connections by itself, before anybody accepts them. So the test needs no
    /// waiting.
    #[test]
    fn more_may_wait_to_be_accepted_than_the_usual_backlog_holds() {
        let listener = bound();
        let address = listener.local_addr().expect("it is bound");
        let knock = |_| TcpStream::connect_timeout(&address, Duration::from_secs(10));
        let crowd: Result<Vec<TcpStream>, _> = (0..200).map(knock).collect();
        assert_eq!(crowd.expect("there is room for them").len(), 200);
    }

    #[test]
    fn an_accepted_connection_has_the_options_of_its_listener() {
        let listener = bound();
        let address = listener.local_addr().expect("it is bound");
        let _caller = TcpStream::connect(address).expect("it listens");
        listener.set_nonblocking(false).expect("a socket");
        let (accepted, _) = listener.accept().expect("somebody waits");
        let socket = SockRef::from(&accepted);
        assert_eq!(socket.tcp_notsent_lowat().expect("it can be asked"), NOTSENT_LOWAT);
        assert!(socket.tcp_nodelay().expect("it can be asked"));
    }
}
