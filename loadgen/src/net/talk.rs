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

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    stream: TcpStream,
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
        Ok(Talk { stream, address, patience, step })
    }

    /// The server is there: from now on the conversation may take this long.
    pub(super) fn extend(&mut self, patience: Patience<'a>) {
        self.patience = patience;
    }

    /// Writes all of it.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
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

    /// Reads what comes next. Nothing: the server has closed.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.patience.wait_for(self.stream.as_fd(), PollFlags::POLLIN, self.step)?;
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Whether the time for the whole conversation is over.
    pub(super) fn is_over(&self) -> bool {
        self.patience.left().is_zero()
    }
}
