//! `switchboard ctl`: what people type and read.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use super::Operated;
use crate::harness::{ALICE, binary};

/// Runs `switchboard ctl` with these arguments, at this server.
pub(super) fn ctl(server: &Operated, args: &[&str]) -> (i32, String, String) {
    let mut command = binary();
    command.env("SWITCHBOARD_ADMIN_LISTEN", server.admin_address().to_string());
    command.env("SWITCHBOARD_ADMIN_TOKEN_FILE", &server.token_file);
    outcome(command.arg("ctl").args(args))
}

fn outcome(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary has been built");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    (status.code().expect("no signal ends it"), text(stdout), text(stderr))
}

#[test]
fn somebody_is_sent_away_from_the_command_line() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let said = ctl(&server, &["disconnect", "number", ALICE, "--reason", "bye"]);
    assert_eq!(said, (0, "1 connection sent away\n".to_owned(), String::new()));
    alice.expect_close(4005, "bye");
    let said = ctl(&server, &["disconnect", "number", ALICE]);
    assert_eq!(said, (0, "nobody was connected\n".to_owned(), String::new()));
    let (code, out, _) = ctl(&server, &["--json", "disconnect", "number", ALICE]);
    assert_eq!((code, &*out), (0, "{\"disconnected\":0}\n"));
}

#[test]
fn a_refusal_is_one_line_and_exit_code_1() {
    let server = Operated::start(&[]);
    let address = server.admin_address();
    let (code, out, err) = ctl(&server, &["disconnect", "number", "12"]);
    assert_eq!((code, &*out), (1, ""));
    assert_eq!(
        err,
        format!(
            "switchboard: {address}: 400: a mobile number has 10 to 32 digits and nothing else\n"
        )
    );
    // The public listener has no API, and a closed port no server.
    let public = server.address().to_string();
    let (code, _, err) = ctl(&server, &["--admin", &public, "disconnect", "number", ALICE]);
    assert!(code == 1 && err.contains("it has no operator's API there"), "{err}");
    // A web server that is not ours says 404 in its own words.
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = stranger.local_addr().expect("it is bound").to_string();
    let answer = thread::spawn(move || {
        let (mut stream, _) = stranger.accept().expect("it is asked");
        let mut head = [0; 4096];
        let _ = stream.read(&mut head);
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot here.")
    });
    let (code, _, err) = ctl(&server, &["--admin", &address, "status"]);
    assert!(code == 1 && err.contains("it has no operator's API there"), "{err}");
    answer.join().expect("it ends").expect("it is read");
    let (code, _, err) = ctl(&server, &["--admin", "127.0.0.1:1", "disconnect", "number", ALICE]);
    assert!(code == 1 && err.contains("nobody listens at 127.0.0.1:1"), "{err}");
    let wrong = server.token_file.with_extension("wrong");
    std::fs::write(&wrong, "open-barley").expect("the target folder can be written to");
    let file = wrong.to_str().expect("UTF-8");
    let (code, _, err) = ctl(&server, &["--token-file", file, "disconnect", "number", ALICE]);
    let _ = std::fs::remove_file(&wrong);
    assert!(code == 1 && err.contains("401: the operator's token is missing or wrong"), "{err}");
    assert!(!err.contains("barley"), "{err}");
    let (code, _, err) = ctl(&server, &["--token-file", file, "disconnect", "number", ALICE]);
    assert!(code == 1 && err.contains(file) && err.lines().count() == 1, "{err}");
}

#[test]
fn a_wrong_command_is_exit_code_2_and_asks_no_server() {
    for (args, says) in [
        (&["ctl"][..], "disconnect"),
        (&["ctl", "disconnect", "number", ALICE], "give the address of the operator's listener"),
        (
            &["ctl", "--admin", "127.0.0.1", "disconnect", "number", ALICE],
            "give the operator's token",
        ),
        (
            &["ctl", "--token-file", "x", "--admin", "nowhere", "disconnect", "number", ALICE],
            "nowhere is no ADDRESS:PORT",
        ),
        (&["ctl", "disconnect", "phone", ALICE], "invalid value 'phone'"),
        (&["ctl", "dance"], "unrecognized subcommand 'dance'"),
    ] {
        let (code, out, err) = outcome(binary().args(args));
        assert_eq!((code, &*out), (2, ""), "{args:?}: {err}");
        assert!(err.contains(says) && err.lines().count() == 1, "{args:?}: {err}");
    }
}
