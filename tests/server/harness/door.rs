//! [`Door`]: a listening socket that outlives each server, as one of systemd's does.
//!
//! It is passed to a server as a service manager would (sd_listen_fds(3)). The test keeps it open, and
//! so can see what the server has made of it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;

use socket2::SockRef;

use super::{Server, eventually};

/// The listener.
pub(crate) struct Door {
    listener: TcpListener,
}

impl Door {
    pub(crate) fn open() -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // std lets 128 wait. For the other ones the kernel would not even answer.
        SockRef::from(&listener).listen(4096).expect("it listens already");
        Door { listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("it is bound")
    }

    /// One more descriptor of it.
    pub(crate) fn descriptor(&self) -> OwnedFd {
        self.listener.try_clone().expect("a descriptor").into()
    }

    /// A server that gets this listener.
    pub(crate) fn start(&self, flags: &[&str]) -> Server {
        Server::spawn(passing(self.descriptor()).args(flags))
    }

    /// Takes whoever is next, in the place of a server that is stopped.
    pub(crate) fn accept(&self) -> TcpStream {
        eventually("somebody comes", || self.listener.accept().ok()).0
    }
}

/// The server, with this descriptor passed to it as number 3, and with its own process id, which only
/// the process that becomes it can know before.
pub(crate) fn passing(descriptor: OwnedFd) -> Command {
    const BECOME_IT: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ exec "$0" "$@""#;
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("LISTEN_FDS", "1").stdin(descriptor);
    command.args(["-c", BECOME_IT, env!("CARGO_BIN_EXE_switchboard")]);
    command
}
