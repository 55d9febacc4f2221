//! The operator's API, as its clients see it: raw requests at the operator's listener, and `switchboard ctl`.

mod bans;
mod ctl;
mod disconnect;
mod doors;
mod draining;
mod events;
mod lists;
mod notices;
mod sending;

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::{Response, Server, Wire};

/// The operator's token in these tests.
const TOKEN: &str = "sesame-sesame";

/// A server with an operator's listener and a token. Its file is removed with it.
pub(crate) struct Operated {
    server: Server,
    token_file: PathBuf,
}

impl Deref for Operated {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for Operated {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.token_file);
    }
}

impl Operated {
    pub(crate) fn start(flags: &[&str]) -> Operated {
        static SERVERS: AtomicUsize = AtomicUsize::new(0);
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("operator-{}-{number}", std::process::id());
        let token_file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&token_file, format!("{TOKEN}\n")).expect("the target folder can be written to");
        let only_ours = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&token_file, only_ours).expect("it is ours");
        let file = token_file.to_str().expect("a path in UTF-8");
        let own = ["--admin-listen", "127.0.0.1:0", "--admin-token-file", file];
        Operated { server: Server::start(&[&own, flags].concat()), token_file }
    }

    /// Sends an order with the operator's token, and returns the answer.
    fn post(&self, path: &str, body: &str) -> Response {
        self.request("POST", path, body)
    }

    /// Asks something with the operator's token, and returns the answer.
    fn ask(&self, path: &str) -> Response {
        self.request("GET", path, "")
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Response {
        let mut wire = self.admin_wire();
        wire.send(request(method, path, body));
        wire.response()
    }

    /// The answer to an order that is carried out.
    #[track_caller]
    pub(crate) fn order(&self, path: &str, body: &str) -> Value {
        let response = self.post(path, body);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    }
}

/// A request with the operator's token, after which the connection closes.
fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nAuthorization: Bearer {TOKEN}\r\n\
         Connection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Opens a WebSocket for a number, and reads nothing of it.
fn upgraded(server: &Server, mobile: &str) -> Wire {
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{mobile}?presence=none"));
    wire
}
