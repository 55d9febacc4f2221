//! [`Wire`]: the socket of the connection, and the bytes that the kernel has not taken yet.

use std::io::{self, ErrorKind, Read as _, Write as _};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::tls::{RECORD_BYTES, Session};

/// Bytes of TLS that are read at once.
const WIRE_BYTES: usize = 16 * 1024;
/// A buffer for [`Wire::read`] has room for what they say.
pub(super) const BUFFER_BYTES: usize = WIRE_BYTES + RECORD_BYTES;

/// The socket.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// What stands between the socket and the chat, if the server was called over TLS.
    tls: Option<Box<Session>>,
    unsent: Vec<u8>,
}

impl Wire {
    /// Takes a stream that does not block, and its TLS after the handshake.
    pub(super) fn new(
        (stream, tls): (std::net::TcpStream, Option<Session>),
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::from_std(stream);
        // Both, edge-triggered, for the whole connection.
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Wire { stream, tls: tls.map(Box::new), unsent: Vec::new() })
    }

    /// Reads what there is. `None`: nothing now. 0: the stream is at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut wire = [0; WIRE_BYTES];
        loop {
            if self.tls.as_ref().is_some_and(|tls| tls.is_over) {
                return Ok(Some(0));
            }
            let read = match &mut self.tls {
                None => self.stream.read(buffer).map(|count| (count, count)),
                Some(tls) => self.stream.read(&mut wire).and_then(|count| {
                    let said = tls.receive(&wire[..count], buffer);
                    said.map(|said| (count, said))
                }),
            };
            match read {
                // Bytes of TLS itself: the next ones may say something.
                Ok((count, 0)) if count > 0 => {}
                Ok((_, said)) => return Ok(Some(said)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes these bytes, and what waits before them, as far as the kernel takes them.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.tls {
            None => {}
            Some(tls) if bytes.is_empty() => tls.flush(bytes),
            Some(tls) => tls.seal(bytes),
        }
        self.unsent.append(bytes);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
