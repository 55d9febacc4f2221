//! [`Talk`]: one conversation with a server outside a run: the probe's, or a page that is fetched. It is
//! written for as if it blocked, but a signal ends each of its waits, and it has a deadline as a whole: a
//! server that sends a byte now and then cannot keep it going.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::PollFlags;

use super::dial::dial;
use super::patience::{Patience, Refusal};
use crate::target::Target;
use crate::tls::{Fault, RECORD_BYTES, Session};

/// Bytes of TLS that are read at once.
const WIRE_BYTES: usize = 16 * 1024;

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    stream: TcpStream,
    /// What stands between the stream and the conversation, if the server is called over TLS.
    tls: Option<Box<Session>>,
    /// The address that has answered.
    pub(super) address: SocketAddr,
    patience: Patience<'a>,
    /// How long the server may take for each step.
    step: Duration,
}

impl<'a> Talk<'a> {
    /// Connects.
    pub(super) fn begin(
        target: &Target,
        patience: Patience<'a>,
        step: Duration,
    ) -> Result<Self, Refusal> {
        let (stream, address) = dial(target, &patience)?;
        let mut talk = Talk { stream, tls: None, address, patience, step };
        if let Some(trust) = &target.trust {
            let session = trust.call(&target.host);
            let shaken = session.map_err(io::Error::from).and_then(|tls| talk.shake_hands(tls));
            shaken.map_err(|error| no_tls(target, &error))?;
        }
        Ok(talk)
    }

    /// Makes the handshake of TLS.
    fn shake_hands(&mut self, session: Session) -> io::Result<()> {
        self.tls = Some(Box::new(session));
        while self.tls.as_ref().is_some_and(|tls| tls.is_shaking_hands()) {
            self.write(&[])?;
            if self.read_some(&mut [0; RECORD_BYTES + WIRE_BYTES])? == Read::End {
                return Err(Fault::CUT_SHORT.into());
            }
        }
        // The last message of the handshake is ours.
        self.write(&[])
    }

    /// The server is there: from now on the conversation may take this long.
    pub(super) fn extend(&mut self, patience: Patience<'a>) {
        self.patience = patience;
    }

    /// Writes all of it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.write_plainly(bytes) };
        let mut sealed = bytes.to_vec();
        match sealed.is_empty() {
            true => tls.flush(&mut sealed),
            false => tls.seal(&mut sealed),
        }
        self.write_plainly(&sealed)
    }

    fn write_plainly(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.patience.wait_for(self.stream.as_fd(), PollFlags::POLLOUT, self.step)?;
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what comes next. Nothing: the server has closed. The buffer must be longer than a record of TLS.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.read_some(buffer)? {
                Read::Bytes(0) => {}
                Read::Bytes(count) => return Ok(count),
                Read::End => return Ok(0),
            }
        }
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        let mut wire = [0; WIRE_BYTES];
        loop {
            if self.tls.as_ref().is_some_and(|tls| tls.is_over) {
                return Ok(Read::End);
            }
            self.patience.wait_for(self.stream.as_fd(), PollFlags::POLLIN, self.step)?;
            let read = match &mut self.tls {
                None => self.stream.read(buffer).map(|count| (count, count)),
                Some(tls) => self.stream.read(&mut wire).and_then(|count| {
                    let plain = tls.receive(&wire[..count], buffer);
                    plain.map(|plain| (count, plain))
                }),
            };
            match read {
                Ok((0, _)) => return Ok(Read::End),
                Ok((_, count)) => return Ok(Read::Bytes(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    // The server is told why; if it does not want to hear that, there is nothing to be done.
                    let _ = self.write(&[]);
                    return Err(error);
                }
            }
        }
    }

    /// Whether the time for the whole conversation is over.
    pub(super) fn is_over(&self) -> bool {
        self.patience.left().is_zero()
    }
}

/// What a read came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Read {
    /// A number of bytes of the conversation: none, if they were of TLS itself.
    Bytes(usize),
    End,
}

/// Why TLS with this server has not come about.
fn no_tls(target: &Target, error: &io::Error) -> Refusal {
    let url = target.url();
    match (Fault::in_error(error), error.kind()) {
        (_, ErrorKind::Interrupted) => Refusal::Interrupted,
        (Some(fault), _) => {
            Refusal::Server(format!("no TLS with {url}: {fault}{}", fault.advice()))
        }
        (None, ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Refusal::Server(format!("no TLS with {url}: {}", Fault::SILENCE))
        }
        (None, kind) => Refusal::Server(format!("no TLS with {url}: {kind}")),
    }
}
