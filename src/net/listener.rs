//! The listening socket: one that systemd passed, or one of our own.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Connections that the kernel keeps for us until we accept them. mio and std would take 128, which
/// a thousand phones that come back together overrun. The kernel caps it at `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Bytes that a socket's send buffer may hold unsent before the socket stops being writable.
///
/// Without it the kernel swallows over four megabytes for a client that never reads, before our
/// outbox notices anything; some hundreds of those exhaust the machine's memory for TCP (tcp(7)).
const NOTSENT_LOWAT: u32 = 128 * 1024;

/// The socket that systemd passed (sd_listen_fds(3)), if it did; else one bound to `address`.
///
/// # Errors
///
/// Whatever the kernel says, for instance that the address is in use.
pub(super) fn open(address: SocketAddr) -> io::Result<TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(passed) => prepare(passed),
        None => open_own(address),
    }
}

/// A socket bound to `address`, whatever systemd passed.
///
/// # Errors
///
/// As [`open`].
pub(super) fn open_own(address: SocketAddr) -> io::Result<TcpListener> {
    prepare(bind(address)?)
}

fn prepare(listener: TcpListener) -> io::Result<TcpListener> {
    // Linux copies these to every socket accepted from it: set once, and no system call each.
    let socket = SockRef::from(&listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
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
