//! [`look_up`]: the addresses of a name. [`dial`]: a connection to the first of them that answers.
//!
//! A name often has several addresses, and the server listens on only one of them: `localhost` is both `::1`
//! and `127.0.0.1`. All are tried in the resolver's order. The next one begins when the one before has failed,
//! or after a quarter of a second, so that an address which swallows everything delays nothing (RFC 8305 §5).

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use socket2::{Domain, Protocol, Socket, Type};

use super::patience::{Patience, Refusal};
use crate::signals::{Signals, Wait};
use crate::target::Target;

/// How long the resolver may take.
const LOOKUP: Duration = Duration::from_secs(10);
/// How often a lookup looks whether a signal has come.
const STEP: Duration = Duration::from_millis(20);
/// How long an address may take before the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(250);

/// Looks the target's name up, if that has not been done.
///
/// # Errors
///
/// If the name is not known, or the resolver takes too long.
pub(crate) fn look_up(target: &mut Target, signals: &Signals) -> Result<(), Refusal> {
    if target.addresses.is_empty() {
        let (host, port) = (target.host.clone(), target.port);
        let found = in_time(LOOKUP, signals, move || {
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)
        });
        let host = &target.host;
        target.addresses = match found? {
            Some(Ok(found)) if !found.is_empty() => found,
            Some(Ok(_) | Err(_)) => {
                return Err(format!("no such host: `{host}` has no address").into());
            }
            None => {
                return Err(format!("the resolver says nothing of `{host}` for {LOOKUP:?}").into());
            }
        };
    }
    Ok(())
}

/// Waits for what cannot be interrupted, such as the resolver of the system. It is left to itself, in its
/// own thread, if it takes too long: then there is no result.
fn in_time<T: Send + 'static>(
    time: Duration,
    signals: &Signals,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Refusal> {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    let mut waited = Duration::ZERO;
    loop {
        match result.recv_timeout(STEP) {
            Ok(result) => return Ok(Some(result)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if signals.is_hurried() => {
                return Err(Refusal::Interrupted);
            }
            Err(RecvTimeoutError::Timeout) if waited >= time => return Ok(None),
            Err(RecvTimeoutError::Timeout) => waited += STEP,
        }
    }
}

/// Connects to the first address that answers. The stream does not block.
///
/// # Errors
///
/// What became of each address, in one sentence.
pub(super) fn dial(
    target: &Target,
    patience: &Patience<'_>,
) -> Result<(TcpStream, SocketAddr), Refusal> {
    let mut rest = target.addresses.iter();
    let mut under_way: Vec<(SocketAddr, Socket)> = Vec::new();
    let mut failed: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        if let Some(&address) = rest.next() {
            match begin(address) {
                Ok(socket) => under_way.push((address, socket)),
                Err(error) => failed.push((address, error)),
            }
        } else if under_way.is_empty() {
            return Err(Refusal::Server(sentence(target, &failed)));
        }
        while !under_way.is_empty() {
            let step = if rest.len() > 0 { HEAD_START } else { patience.left() };
            let sockets: Vec<_> = under_way.iter().map(|(_, socket)| socket.as_fd()).collect();
            let waited = patience.wait(&sockets, PollFlags::POLLOUT, step);
            match waited.unwrap_or(Wait::Late) {
                Wait::Signal => return Err(Refusal::Interrupted),
                Wait::Ready(at) => {
                    let (address, socket) = under_way.remove(at);
                    match socket.take_error() {
                        Ok(None) => return Ok((socket.into(), address)),
                        Ok(Some(error)) | Err(error) => failed.push((address, error)),
                    }
                    if rest.len() > 0 {
                        break;
                    }
                }
                Wait::Late if patience.left().is_zero() => {
                    let late = |(address, _)| (address, ErrorKind::TimedOut.into());
                    failed.extend(under_way.into_iter().map(late));
                    return Err(Refusal::Server(sentence(target, &failed)));
                }
                Wait::Late => break,
            }
        }
    }
}

fn begin(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => Err(error),
        Ok(()) | Err(_) => Ok(socket),
    }
}

/// Names each address, unless the URL itself is the only one.
fn sentence(target: &Target, failed: &[(SocketAddr, io::Error)]) -> String {
    let url = target.url();
    match failed {
        [(address, error)] if address.ip().to_string() == target.host => {
            format!("cannot connect to {url}: {}", error.kind())
        }
        _ => {
            let each = failed.iter().map(|(address, error)| format!("{address}: {}", error.kind()));
            let each: Vec<String> = each.collect();
            format!("cannot connect to {url} ({})", each.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A target of this name with these addresses.
    fn target(addresses: &[SocketAddr]) -> Target {
        let mut target = Target::parse("ws://many.example:1").expect("valid");
        target.addresses = addresses.to_vec();
        target
    }

    fn closed() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound")
    }

    #[test]
    fn every_address_is_tried_and_the_error_names_each() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let open = listener.local_addr().expect("it is bound");
        let (one, other) = (closed(), closed());
        let patience = Patience::new(Duration::from_secs(5), None);
        let (_, found) = dial(&target(&[one, other, open]), &patience).expect("one is open");
        assert_eq!(found, open);
        let refused = dial(&target(&[one, other]), &patience).expect_err("none is open");
        let each = format!("({one}: connection refused; {other}: connection refused)");
        let sentence = format!("cannot connect to ws://many.example:1 {each}");
        assert_eq!(refused, Refusal::Server(sentence));
    }

    /// A listener whose backlog is full. The kernel drops what else asks for a connection.
    struct Full {
        address: SocketAddr,
        _sockets: Vec<Socket>,
    }

    fn full() -> Full {
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        full.listen(0).expect("it listens");
        let address = full.local_addr().ok().and_then(|found| found.as_socket()).expect("IPv4");
        let callers = (0..4).map(|_| begin(address).expect("the kernel takes it"));
        Full { address, _sockets: callers.chain([full.try_clone().expect("one more")]).collect() }
    }

    #[test]
    fn an_address_that_swallows_everything_delays_the_next_by_a_quarter_of_a_second() {
        let full = full();
        let silent = full.address;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let open = listener.local_addr().expect("it is bound");
        let patience = Patience::new(Duration::from_secs(5), None);
        let (_, found) = dial(&target(&[silent, open]), &patience).expect("one is open");
        let took = Duration::from_secs(5) - patience.left();
        assert!(found == open && took >= HEAD_START && took < Duration::from_secs(2), "{took:?}");
        let patience = Patience::new(Duration::from_millis(50), None);
        let Err(Refusal::Server(line)) = dial(&target(&[silent]), &patience) else {
            panic!("nothing answers")
        };
        assert!(line.ends_with("timed out)"), "{line}");
    }

    #[test]
    fn a_signal_ends_the_wait_for_a_resolver_and_for_a_connection() {
        let mut signals = Signals::open().expect("the kernel has them");
        signals.hurry();
        let stuck = in_time(LOOKUP, &signals, || thread::sleep(Duration::from_secs(3)));
        assert_eq!(stuck.expect_err("it takes too long"), Refusal::Interrupted);
        let full = full();
        let patience = Patience::new(Duration::from_secs(5), Some(&signals));
        let stuck = dial(&target(&[full.address]), &patience).expect_err("nothing answers");
        assert_eq!(stuck, Refusal::Interrupted);
    }
}
