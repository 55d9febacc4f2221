//! `switchboard health`: the exit code for a server that is well, for one that is not, and for none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use crate::harness::{Server, binary};

/// What it says on stderr, and its exit code.
fn health(change: impl FnOnce(&mut Command) -> &mut Command) -> (i32, String) {
    let mut command = binary();
    let Output { status, stdout, stderr } =
        change(command.arg("health")).output().expect("the binary has been built");
    assert!(stdout.is_empty(), "it has nothing to print");
    (status.code().expect("no signal ends it"), String::from_utf8(stderr).expect("it is text"))
}

#[test]
fn a_server_that_serves_is_well_and_one_that_is_gone_is_not() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    let port = server.address().port().to_string();
    let well = (0, String::new());
    assert_eq!(health(|command| command.arg(&address)), well);
    assert_eq!(health(|command| command.arg(format!("http://{address}/ready"))), well);
    // The settings of the server say where it is.
    assert_eq!(health(|command| command.env("SWITCHBOARD_LISTEN", &address)), well);
    assert_eq!(health(|command| command.env("PORT", &port)), well);
    assert_eq!(
        health(|command| command.env("SWITCHBOARD_LISTEN", format!("0.0.0.0:{port}"))),
        well
    );
    let (code, line) = health(|command| command.arg(format!("http://{address}/nowhere")));
    assert!(code == 1 && line.contains("/nowhere has status 404"), "{line}");
    drop(server);
    let (code, line) = health(|command| command.arg(&address));
    assert!(code == 1 && line.contains("nobody listens at"), "{line}");
}

#[test]
fn a_server_that_refuses_is_not_well_and_gets_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            request.extend(byte);
        }
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).expect("it reads");
        String::from_utf8(request).expect("it is text")
    });
    let (code, line) = health(|command| command.arg(&address));
    let request = server.join().expect("no panic");
    assert!(code == 1 && line.contains("is not well: /health has status 503"), "{line}");
    assert!(request.starts_with("GET /health HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("Authorization"), "{request}");
}

#[test]
fn a_wrong_address_is_a_wrong_command() {
    let (code, line) = health(|command| command.arg("https://a:1"));
    assert!(code == 2 && line.contains("is no ADDRESS:PORT"), "{line}");
}
