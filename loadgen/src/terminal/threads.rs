//! What blocks, in threads of its own: [`read_stdin`], and [`dial`], which asks the resolver, connects, and makes the
//! handshake of TLS.
//!
//! stdin may be a terminal, a pipe or a file. epoll takes no file (epoll_ctl(2), EPERM), and a terminal or pipe that
//! does not block would not block for other programs either, which share it. So a thread reads it. Each result goes
//! through a channel, and the waker ends the loop's wait.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

use super::clock::Clock;
use crate::target::Target;
use crate::tls::{Fault, RECORD_BYTES, Session};

/// How long one address may take to answer, and the handshake after that.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many pieces of input may wait. Then stdin is not read, and its writer has to wait.
const PIECES: usize = 4;
const PIECE_BYTES: usize = 4096;

/// What comes of a call: a stream that does not block, with its TLS if it has that, or one sentence on why there is
/// none.
pub(super) type Dialled = Result<(TcpStream, Option<Session>), String>;

/// Reads stdin. The channel closes at its end.
pub(super) fn read_stdin(waker: Arc<Waker>) -> Receiver<Vec<u8>> {
    let (pieces, input) = sync_channel(PIECES);
    thread::spawn(move || {
        // If it fails, it is at its end.
        let _ = pour(&pieces, &waker);
        drop(pieces);
        wake(&waker);
    });
    input
}

fn pour(pieces: &SyncSender<Vec<u8>>, waker: &Waker) -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    let mut buffer = [0; PIECE_BYTES];
    loop {
        match stdin.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                if pieces.send(buffer[..count].to_vec()).is_err() {
                    return Ok(());
                }
                wake(waker);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Connects to the first address of the server that answers. A name is looked up each time, because a laptop may
/// be in another network by now.
pub(super) fn dial(target: &Target, results: &Sender<Dialled>, waker: &Arc<Waker>) {
    let (target, results, waker) = (target.clone(), results.clone(), Arc::clone(waker));
    thread::spawn(move || {
        let url = target.url();
        let dialled = connect(&target.host, target.port)
            .map_err(|why| format!("cannot connect to {url}: {why}"))
            .and_then(|stream| {
                secured(stream, &target).map_err(|why| format!("no TLS with {url}: {why}"))
            });
        // Nobody waits for it any more if the program is about to end.
        let _ = results.send(dialled);
        wake(&waker);
    });
}

/// Makes the handshake of TLS, if the target is called over that. From then on the stream does not block.
fn secured(mut stream: TcpStream, target: &Target) -> Result<(TcpStream, Option<Session>), String> {
    let said = |error: io::Error| match (Fault::in_error(&error), error.kind()) {
        (Some(fault), _) => format!("{fault}{}", fault.advice()),
        (None, ErrorKind::WouldBlock | ErrorKind::TimedOut) => Fault::SILENCE.to_string(),
        (None, kind) => kind.to_string(),
    };
    let session = target.trust.as_ref().map(|trust| {
        let mut session = trust.call(&target.host)?;
        shake_hands(&mut stream, &mut session).map(|()| session)
    });
    let session = session.transpose().map_err(said)?;
    stream.set_nonblocking(true).map_err(said)?;
    Ok((stream, session))
}

fn shake_hands(stream: &mut TcpStream, session: &mut Session) -> io::Result<()> {
    let clock = Clock::start();
    let end = clock.now().monotonic + PATIENCE;
    let (mut wire, mut plain) = (vec![0; RECORD_BYTES], vec![0; 2 * RECORD_BYTES]);
    let mut said = Ok(0);
    loop {
        let mut out = Vec::new();
        session.flush(&mut out);
        let written = stream.write_all(&out);
        // Why we have ended it comes before why that cannot be said.
        said?;
        written?;
        if !session.is_shaking_hands() {
            return Ok(());
        }
        let left = end.since(clock.now().monotonic);
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        said = match stream.read(&mut wire) {
            Ok(0) => return Err(Fault::CUT_SHORT.into()),
            Ok(count) => session.receive(&wire[..count], &mut plain),
            // The process was stopped for a moment, and goes on (signal(7)).
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) => return Err(error),
        };
    }
}

fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.map_err(|_| format!("no such host: `{host}` has no address"))?;
    let mut why = format!("no such host: `{host}` has no address");
    for address in addresses {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match stream {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error.kind().to_string(),
        }
    }
    Err(why)
}

fn wake(waker: &Waker) {
    // It fails only if the kernel has no memory left; the loop then hears of it at its next turn.
    let _ = waker.wake();
}
