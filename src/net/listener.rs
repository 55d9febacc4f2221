//! The listening socket: one that systemd passed, or one of our own.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::Failure;

/// Connections that the kernel keeps for us until we accept them. mio and std would take 128, which
/// a thousand phones that come back together overrun. The kernel caps it at `net.core.somaxconn`,
/// which is 4,096 by default: whoever raises that shall not have to raise this as well.
const BACKLOG: i32 = 65_535;

/// Bytes that a socket's send buffer may hold unsent before the socket stops being writable.
///
/// Without it the kernel swallows over four megabytes for a client that never reads, before our
/// outbox notices anything; some hundreds of those exhaust the machine's memory for TCP (tcp(7)).
const NOTSENT_LOWAT: u32 = 128 * 1024;

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) socket: TcpListener,
    /// Whether it is systemd's, and goes on listening when we do not: then whoever comes while we
    /// end waits in its queue for the next process.
    pub(super) outlives_us: bool,
}

/// The socket that systemd passed (sd_listen_fds(3)), if it did; else one bound to `address`.
///
/// # Errors
///
/// Whatever the kernel says, for instance that the address is in use; or what is wrong with that
/// which was passed.
pub(super) fn open(address: SocketAddr) -> Result<Opened, Failure> {
    match passed().map_err(Failure::Passed)? {
        Some(passed) => Ok(Opened { socket: prepare(passed)?, outlives_us: true }),
        None => Ok(Opened { socket: open_own(address)?, outlives_us: false }),
    }
}

/// A socket bound to `address`, whatever systemd passed.
///
/// # Errors
///
/// As [`open`].
pub(super) fn open_own(address: SocketAddr) -> Result<TcpListener, Failure> {
    bind(address).and_then(prepare).map_err(|error| Failure::Listen(address, error))
}

fn prepare(listener: TcpListener) -> io::Result<TcpListener> {
    // Linux copies these to every socket accepted from it: set once, and no system call each.
    let socket = SockRef::from(&listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The one socket that was passed, if it is one that we can serve. Whoever connects to another would
/// wait there for ever, so more than one is a mistake.
fn passed() -> Result<Option<TcpListener>, String> {
    let mut all = ListenFd::from_env();
    if all.len() > 1 {
        return Err(format!("{} were passed, and one is expected (ListenStream=)", all.len()));
    }
    let Some(socket) = all.take_tcp_listener(0).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    match SockRef::from(&socket).is_listener() {
        Ok(true) => Ok(Some(socket)),
        Ok(false) => Err("it does not listen (Accept=no)".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // [::] means everybody, those who come by IPv4 included.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
