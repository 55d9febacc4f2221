//! [`Door`]: a listening socket that outlives each server, like one of systemd.
//!
//! It is passed to a server as a service manager passes it (sd_listen_fds(3)). The test keeps it open,
//! and so can see what the server has done with it.

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
        // std has a backlog of 128. Beyond it the kernel would not even answer a client.
        SockRef::from(&listener).listen(4096).expect("it listens already");
        Door { listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("it is bound")
    }

    /// Another descriptor for the same socket.
    pub(crate) fn descriptor(&self) -> OwnedFd {
        self.listener.try_clone().expect("a descriptor").into()
    }

    /// Starts a server with this listener.
    pub(crate) fn start(&self, flags: &[&str]) -> Server {
        Server::spawn(passing(self.descriptor()).args(flags))
    }

    /// Accepts the next client, in place of a server that is stopped.
    pub(crate) fn accept(&self) -> TcpStream {
        eventually("somebody comes", || self.listener.accept().ok()).0
    }
}

/// The command for a server that gets this descriptor as number 3. It also gets its own process id,
/// which only the process itself knows before it becomes the server.
pub(crate) fn passing(descriptor: OwnedFd) -> Command {
    const BECOME_IT: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ exec "$0" "$@""#;
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("LISTEN_FDS", "1").stdin(descriptor);
    command.args(["-c", BECOME_IT, env!("CARGO_BIN_EXE_switchboard")]);
    command
}
