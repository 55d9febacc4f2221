//! [`Wire`]: the socket of the connection, and the bytes that the kernel has not taken yet.

use std::io::{self, ErrorKind, Read as _, Write as _};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// The socket.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl Wire {
    /// Takes a stream that does not block.
    pub(super) fn new(
        stream: std::net::TcpStream,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::from_std(stream);
        // Both, edge-triggered, for the whole connection.
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Wire { stream, unsent: Vec::new() })
    }

    /// Reads what there is. `None`: nothing now. 0: the stream is at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes these bytes, and what waits before them, as far as the kernel takes them.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
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
