//! [`Inbox`]: the buffer that all phones read into, and the moment at which its bytes arrived.
//!
//! The kernel knows when bytes arrived: it notes the time of each segment (SO_TIMESTAMPNS,
//! Documentation/networking/timestamping.rst). So it does not matter when the loop reads them, and a
//! delivery does not get longer because the loop was busy or asleep. Of segments that are read together the
//! kernel gives the time of the last: the doubt counts against the server, never for it.
//!
//! Called by `line`. `run` naps only if the kernel gives these times.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use switchboard::timer::Moment;

use super::clock::Clock;
use crate::tls::{RECORD_BYTES, Session};

/// Bytes read at once. A list of 16,000 phones fits, and is then not copied.
const BYTES: usize = 256 * 1024;

/// What a read came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Read {
    /// The stream is at its end.
    End,
    /// The buffer has `count` bytes: perhaps none, if they were of TLS itself. `is_all`: the kernel has no more.
    Bytes { count: usize, is_all: bool },
}

/// Which buffer is read into.
#[derive(Clone, Copy, Debug)]
enum Whose {
    Plain,
    Sealed,
}

/// What was read last.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) bytes: Box<[u8]>,
    /// What was read of TLS, before it was opened. No bytes, if no phone speaks TLS.
    sealed: Box<[u8]>,
    /// Room for the kernel's notes.
    control: Vec<u8>,
    clock: Clock,
    /// When the run started, by the system's clock in this turn.
    unix_start: Duration,
    /// When the bytes arrived; or when they were read, if the kernel has not given the time.
    pub(super) arrived: Moment,
    /// Whether the kernel has given the time.
    pub(super) is_stamped: bool,
}

impl Inbox {
    /// An empty buffer.
    pub(super) fn new(clock: Clock) -> Self {
        let control = nix::cmsg_space!(TimeSpec);
        Inbox {
            bytes: vec![0; BYTES].into(),
            sealed: Box::default(),
            control,
            clock,
            unix_start: clock.unix_start(),
            arrived: Moment::START,
            is_stamped: false,
        }
    }

    /// Asks the kernel to note the times at this socket. If it cannot, `is_stamped` will say so.
    pub(super) fn note_arrivals(socket: &impl AsFd) {
        let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
    }

    /// A turn begins: compares the clock of the run with the system's clock, by which the kernel notes times. If that
    /// is set, the times of one turn are wrong. To compare them for each read would take 1 % of loadgen's time.
    pub(super) fn compare_clocks(&mut self) {
        self.unix_start = self.clock.unix_start();
    }

    /// Reads at most `most` bytes.
    pub(super) fn read(&mut self, socket: &impl AsRawFd, most: usize) -> io::Result<Read> {
        let most = most.min(self.bytes.len());
        let count = self.receive(socket, most, Whose::Plain)?;
        Ok(if count == 0 { Read::End } else { Read::Bytes { count, is_all: count < most } })
    }

    /// Reads at most `most` bytes of TLS, and opens them. They count from the moment at which the last byte that
    /// was needed to open them arrived.
    pub(super) fn read_sealed(
        &mut self,
        socket: &impl AsRawFd,
        most: usize,
        session: &mut Session,
    ) -> io::Result<Read> {
        if session.is_over {
            return Ok(Read::End);
        }
        if self.sealed.is_empty() {
            self.sealed = vec![0; BYTES - RECORD_BYTES].into();
        }
        let most = most.min(self.sealed.len());
        let sealed = self.receive(socket, most, Whose::Sealed)?;
        if sealed == 0 {
            return Ok(Read::End);
        }
        let count = session.receive(&self.sealed[..sealed], &mut self.bytes)?;
        // What closed the session may have come behind the last bytes.
        Ok(Read::Bytes { count, is_all: sealed < most && !session.is_over })
    }

    fn receive(&mut self, socket: &impl AsRawFd, most: usize, whose: Whose) -> io::Result<usize> {
        let buffer = match whose {
            Whose::Plain => &mut self.bytes[..most],
            Whose::Sealed => &mut self.sealed[..most],
        };
        let mut buffers = [IoSliceMut::new(buffer)];
        let control = Some(&mut self.control[..]);
        let read = recvmsg::<()>(socket.as_raw_fd(), &mut buffers, control, MsgFlags::empty())?;
        let stamp = read.cmsgs()?.find_map(|note| match note {
            ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
            _ => None,
        });
        if read.bytes > 0 {
            self.is_stamped = stamp.is_some();
        }
        self.arrived = match stamp {
            Some(stamp) => Moment::START + stamp.saturating_sub(self.unix_start),
            None => self.clock.now(),
        };
        Ok(read.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_arrived_while_nobody_looked_counts_from_its_arrival() {
        const NAP: Duration = Duration::from_millis(300);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let mut server = TcpStream::connect(address).expect("somebody listens");
        let (phone, _) = listener.accept().expect("somebody has called");
        let clock = Clock::start();
        let mut inbox = Inbox::new(clock);
        Inbox::note_arrivals(&phone);
        // It begins to do so a moment after it is asked, if it can (net_enable_timestamp() in net/core/dev.c).
        for _ in 0..100 {
            server.write_all(b"?").expect("the kernel takes it");
            inbox.read(&phone, 1).expect("it has arrived");
            if inbox.is_stamped {
                break;
            }
            clock.sleep_until(clock.now() + Duration::from_millis(10));
        }
        server.write_all(b"abcde").expect("the kernel takes it");
        let written = clock.now();
        clock.sleep_until(written + NAP);
        // As if the system's clock had been set since the last turn.
        inbox.unix_start -= NAP * 100;
        inbox.compare_clocks();
        let read = inbox.read(&phone, 2).expect("it has arrived");
        assert_eq!(read, Read::Bytes { count: 2, is_all: false }, "no more than was asked for");
        assert_eq!(&inbox.bytes[..2], b"ab");
        // On the loopback the bytes arrive before the write returns. On a kernel that gives no times, they
        // count from the read. The two clocks may differ a little.
        let waited = clock.now().since(inbox.arrived);
        assert_eq!(waited > NAP - Duration::from_millis(50), inbox.is_stamped, "{waited:?}");
    }
}
