//! Does `switchboard-chat` chat through a pipe, with the real server on the other side of real sockets? The test
//! writes lines and reads JSON.

mod begun;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use begun::folder::Folder;
use begun::{Begun, chat, serve, text};
use nix::sys::signal::Signal;
use serde_json::Value;

const ANN: &str = "0012345678";
const BOB: &str = "0087654321";
/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chat through a pipe.
struct Pipe {
    program: Begun,
    stdin: Option<ChildStdin>,
    events: Receiver<Value>,
}

impl Pipe {
    fn open(args: &str) -> Self {
        let mut command = chat(args);
        command.stdin(Stdio::piped());
        let mut program = Begun::new(command);
        let (stdin, stdout) = program.pipes();
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("each line is JSON");
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Pipe { program, stdin: Some(stdin), events }
    }

    /// A chat that is connected.
    fn connected(args: &str) -> Self {
        let pipe = Pipe::open(args);
        pipe.hears("connected");
        pipe
    }

    fn types(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("it reads");
    }

    /// Waits for an event of this kind. Others are passed over.
    fn hears(&self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE);
            let event = event.unwrap_or_else(|error| panic!("no `{kind}`: {error}"));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Ends its input, and waits for its exit code.
    fn ends(mut self) -> i32 {
        self.stdin = None;
        self.code()
    }

    fn code(mut self) -> i32 {
        let Output { status, stderr, .. } = self.program.ends_within(PATIENCE);
        assert_eq!(text(&stderr), "");
        status.code().expect("no signal")
    }
}

#[test]
fn what_one_writes_the_other_reads_and_the_exit_code_says_that_it_was_delivered() {
    let (_server, address) = serve("127.0.0.1:0");
    let bob = Pipe::connected(&format!("{address} {BOB}"));
    let mut ann = Pipe::open(&format!("ws://{address} 0012-345-678 --to {BOB}"));
    ann.types("Hello? 👍");
    ann.types("//slash \u{1b}[2J");
    let message = bob.hears("message");
    assert_eq!((&message["from"], &message["text"]), (&ANN.into(), &"Hello? 👍".into()));
    assert_eq!(bob.hears("message")["text"], "/slash \u{1b}[2J", "a text is passed on as it is");
    assert_eq!(ann.ends(), 0);
    assert_eq!(bob.ends(), 0);
}

#[test]
fn what_is_for_an_absent_person_waits_and_if_they_do_not_come_the_exit_code_says_so() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut ann = Pipe::connected(&format!("{address} {ANN} --wait 60s"));
    ann.types(&format!("/to {BOB} one"));
    ann.types("two");
    assert_eq!(ann.hears("waiting")["to"], BOB);
    let bob = Pipe::open(&format!("{address} {BOB}"));
    assert_eq!(["one", "two"].map(|_| bob.hears("message")["text"].clone()), ["one", "two"]);
    assert_eq!(ann.ends(), 0);
    let mut ann = Pipe::open(&format!("{address} {ANN} --wait 0s"));
    ann.types("/to 0000000000 nobody");
    ann.hears("waiting");
    assert_eq!(ann.ends(), 1);
}

#[test]
fn wrong_lines_are_mistakes_and_the_others_still_count() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut ann = Pipe::open(&format!("{address} {ANN}"));
    for line in ["nobody to write to", "/to 12", "/nothing", "", "/who", "/chats", "/help"] {
        ann.types(line);
    }
    (0..3).for_each(|_| drop(ann.hears("mistake")));
    assert_eq!(ann.hears("who")["names"], serde_json::json!([ANN]));
    ann.hears("help");
    assert_eq!(ann.ends(), 1);
}

#[test]
fn a_number_that_is_taken_over_is_a_final_end_in_words() {
    let (_server, address) = serve("127.0.0.1:0");
    let first = Pipe::connected(&format!("{address} {ANN}"));
    let second = Pipe::connected(&format!("{address} {ANN}"));
    let end = first.hears("disconnected");
    assert_eq!((&end["code"], &end["back_in_ms"]), (&4000.into(), &Value::Null));
    assert!(end["reason"].as_str().is_some_and(|words| words.contains("somewhere else")), "{end}");
    assert_eq!(first.code(), 3);
    assert_eq!(second.ends(), 0);
}

#[test]
fn a_server_that_comes_back_is_found_again_and_what_was_written_meanwhile_arrives_once() {
    let (server, address) = serve("127.0.0.1:0");
    let bob = Pipe::connected(&format!("{address} {BOB} --give-up 1h"));
    let mut ann = Pipe::connected(&format!("{address} {ANN} --to {BOB} --give-up 1h --wait 60s"));
    ann.types("before");
    bob.hears("message");
    // It is killed, and says nothing.
    drop(server);
    assert!(bob.hears("disconnected")["back_in_ms"].is_u64());
    ann.hears("disconnected");
    ann.types("meanwhile");
    ann.hears("said");
    let (_server, _) = serve(&address);
    assert_eq!(bob.hears("message")["text"], "meanwhile");
    ann.types("after");
    assert_eq!(bob.hears("message")["text"], "after");
    assert_eq!(ann.ends(), 0);
}

#[test]
fn a_server_that_refuses_or_is_not_there_is_exit_code_3() {
    let (_server, address) = serve("127.0.0.1:0");
    // There is no chat below this path.
    let lost = Pipe::open(&format!("{address}/nowhere {ANN}"));
    let end = lost.hears("disconnected");
    assert!(end["reason"].as_str().is_some_and(|words| words.contains("no chat at this")), "{end}");
    assert_eq!(lost.code(), 3);
    let nobody = Pipe::open(&format!("127.0.0.1:1 {ANN} --give-up 0s"));
    assert_eq!(nobody.code(), 3);
}

#[test]
fn after_its_input_it_stays_if_it_is_told_to_and_a_signal_lets_it_leave_in_good_order() {
    let (_server, address) = serve("127.0.0.1:0");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut ann = Pipe::connected(&format!("{address} {ANN} --stay"));
        ann.stdin = None;
        let mut bob = Pipe::open(&format!("{address} {BOB} --to {ANN}"));
        bob.types("still there?");
        assert_eq!(ann.hears("message")["text"], "still there?");
        ann.program.signal(signal);
        assert_eq!(ann.code(), 0, "{signal}");
        assert_eq!(bob.ends(), 0);
    }
}

#[test]
fn hundreds_of_lines_at_once_arrive_in_order_and_each_once() {
    const LINES: usize = 300;
    let (_server, address) = serve("127.0.0.1:0");
    let bob = Pipe::connected(&format!("{address} {BOB}"));
    let mut ann = Pipe::open(&format!("{address} {ANN} --to {BOB} --wait 60s"));
    (0..LINES).for_each(|number| ann.types(&number.to_string()));
    for number in 0..LINES {
        assert_eq!(bob.hears("message")["text"], number.to_string());
    }
    (0..LINES).for_each(|_| drop(ann.hears("delivered")));
    assert_eq!(ann.ends(), 0);
}

/// Starts a server whose data are in this folder.
fn serve_in(folder: &Folder, listen: &str) -> (Begun, String) {
    serve(&format!("{listen} --data {}", folder.0.display()))
}

/// A chat of a user, whose password is in the first line of its input.
fn user(args: &str) -> Pipe {
    let mut pipe = Pipe::open(args);
    pipe.types("correct horse");
    pipe.hears("connected");
    pipe
}

#[test]
fn what_is_written_to_an_absent_user_is_stored_and_found_there_later() {
    let folder = Folder::new("stored");
    let (_server, address) = serve_in(&folder, "127.0.0.1:0");
    assert_eq!(user(&format!("{address} --name bob --register")).ends(), 0);
    let mut ada = user(&format!("{address} --name ada --register --to bob"));
    ada.types("are you there?");
    assert_eq!(ada.hears("stored")["to"], "bob");
    ada.types("/all hello, everyone");
    ada.types("/to bob");
    assert_eq!(ada.ends(), 0);
    let mut bob = user(&format!("{address} --name bob"));
    bob.types("/chats");
    // The newest first.
    let chats = bob.hears("chats")["chats"].clone();
    let unread = [0, 1].map(|at| (chats[at]["with"].clone(), chats[at]["unread"].clone()));
    assert_eq!(unread, [("everyone".into(), 1.into()), ("ada".into(), 1.into())], "{chats}");
    bob.types("/to ada");
    assert_eq!(bob.hears("history")["messages"][0]["text"], "are you there?");
    bob.types("/all");
    assert_eq!(bob.hears("history")["messages"][0]["text"], "hello, everyone");
    // What was shown is read, also for the next login. The program shows it first, and then tells the server.
    let mut again = user(&format!("{address} --name bob"));
    let mut are_read = || {
        again.types("/chats");
        let chats = again.hears("chats")["chats"].clone();
        [0, 1].map(|at| chats[at]["unread"].clone()) == [0, 0]
    };
    let mut waits = 0..1000;
    while !are_read() {
        waits.next().expect("what was shown is read");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((again.ends(), bob.ends()), (0, 0));
}

#[test]
fn a_room_has_members_who_hear_what_is_said_in_it() {
    let folder = Folder::new("room");
    let (_server, address) = serve_in(&folder, "127.0.0.1:0");
    let bob = user(&format!("{address} --name bob --register"));
    let mut ada = user(&format!("{address} --name ada --register"));
    ada.types("/create new ideas");
    assert_eq!(ada.hears("room")["change"], "created");
    ada.types("/add bob");
    assert_eq!(bob.hears("room")["place"], "#\"new ideas\"");
    ada.types("one more");
    let message = bob.hears("message");
    assert_eq!((&message["from"], &message["text"]), (&"ada".into(), &"one more".into()));
    ada.types("/members");
    assert_eq!(ada.hears("members")["members"], serde_json::json!(["ada", "bob"]));
    assert_eq!(ada.ends(), 0);
    // A later login knows the room by its name.
    let mut later = user(&format!("{address} --name ada"));
    later.types("/to #\"new ideas\" still here");
    assert_eq!(bob.hears("message")["text"], "still here");
    assert_eq!((later.ends(), bob.ends()), (0, 0));
}

#[test]
fn a_wrong_password_a_name_that_is_taken_and_a_server_without_accounts_are_refusals_in_words() {
    let folder = Folder::new("refused");
    let (_server, address) = serve_in(&folder, "127.0.0.1:0");
    let (_other, without) = serve("127.0.0.1:0");
    assert_eq!(user(&format!("{address} --name ada --register")).ends(), 0);
    for (args, password, words) in [
        (format!("{address} --name ada"), "wrong horse", "password is wrong"),
        (format!("{address} --name ada --register"), "correct horse", "already exists"),
        (format!("{without} --name ada"), "correct horse", "accounts are off"),
    ] {
        let mut pipe = Pipe::open(&args);
        pipe.types(password);
        let end = pipe.hears("disconnected");
        let reason = end["reason"].as_str().expect("words");
        assert!(reason.contains(words) && end["back_in_ms"].is_null(), "{reason}");
        assert_eq!(pipe.code(), 3);
    }
}

#[test]
fn a_user_is_found_again_after_a_restart_of_the_server_and_misses_nothing() {
    let folder = Folder::new("restart");
    let (server, address) = serve_in(&folder, "127.0.0.1:0");
    let bob = user(&format!("{address} --name bob --register --give-up 1h"));
    let arguments = format!("{address} --name ada --register --to bob --give-up 1h --wait 60s");
    let mut ada = user(&arguments);
    ada.types("before");
    bob.hears("message");
    ada.hears("stored");
    drop(server);
    ada.hears("disconnected");
    bob.hears("disconnected");
    ada.types("meanwhile");
    ada.hears("said");
    let (_server, _) = serve_in(&folder, &address);
    ada.hears("stored");
    bob.hears("connected");
    ada.types("after");
    while bob.hears("message")["text"] != "after" {}
    let mut later = user(&format!("{address} --name bob"));
    later.types("/to ada");
    let history = later.hears("history");
    let texts = [0, 1, 2].map(|at| history["messages"][at]["text"].clone());
    assert_eq!(texts, ["before", "meanwhile", "after"], "each once, in order");
    assert_eq!(later.ends(), 0);
    assert_eq!((ada.ends(), bob.ends()), (0, 0));
}

#[test]
fn a_reader_that_has_heard_enough_is_no_error() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut command = chat(&format!("{address} {ANN} --stay"));
    command.stdin(Stdio::piped());
    let mut program = Begun::new(command);
    let (mut stdin, stdout) = program.pipes();
    drop(stdout);
    stdin.write_all(b"/who\n").expect("it reads");
    let Output { status, stderr, .. } = program.ends_within(PATIENCE);
    assert_eq!((status.code(), &*text(&stderr)), (Some(0), ""));
}
