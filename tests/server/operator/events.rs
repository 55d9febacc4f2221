//! `GET /events`: what happens, as it happens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::{Operated, TOKEN, request, upgraded};
use crate::harness::{ALICE, BOB, PATIENCE, Wire, eventually, message};

/// A reader of events: a client of chunks that shares no code with the server.
struct Listener {
    stream: BufReader<TcpStream>,
    lines: std::collections::VecDeque<Value>,
}

impl Listener {
    /// Opens a stream, and reads its first line.
    fn open(server: &Operated) -> Listener {
        let mut listener = Listener::silent(server);
        assert_eq!(listener.next("listening")["connections"], server.connections());
        listener
    }

    /// Opens a stream, and reads only the head of the answer.
    fn silent(server: &Operated) -> Listener {
        // The kernel keeps little for it, so that a slow reader is soon slow.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("before connecting");
        socket.connect(&server.admin_address().into()).expect("the server listens");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        let mut asking = stream.try_clone().expect("a descriptor");
        let head =
            format!("GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        asking.write_all(head.as_bytes()).expect("the server reads");
        let mut listener =
            Listener { stream: BufReader::new(stream), lines: std::collections::VecDeque::new() };
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| line != "\r\n") {
            head.push(listener.text_line());
        }
        assert_eq!(head[0], "HTTP/1.1 200 OK\r\n");
        for line in [
            "Transfer-Encoding: chunked\r\n",
            "Content-Type: application/x-ndjson\r\n",
            "Cache-Control: no-store\r\n",
        ] {
            assert!(head.iter().any(|one| one == line), "{line} is missing: {head:?}");
        }
        listener
    }

    fn text_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server writes");
        line
    }

    /// The next line; `None` after the last chunk.
    fn line(&mut self) -> Option<Value> {
        while self.lines.is_empty() {
            let size = self.text_line();
            let size = usize::from_str_radix(size.trim_end(), 16).expect("the size of a chunk");
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).expect("the whole chunk");
            assert!(chunk.ends_with(b"\r\n"));
            if size == 0 {
                return None;
            }
            assert!(chunk[..size].ends_with(b"\n"), "a chunk ends with a line");
            let lines = std::str::from_utf8(&chunk[..size - 1]).expect("UTF-8").split('\n');
            self.lines.extend(lines.map(|line| serde_json::from_str(line).expect("JSON")));
        }
        self.lines.pop_front()
    }

    /// The next line, which is such an event.
    #[track_caller]
    fn next(&mut self, event: &str) -> Value {
        // Between any two lines there may be a sign of life: one comes every few seconds.
        let mut line = self.line().expect("the stream goes on");
        while line["event"] == "alive" {
            line = self.line().expect("the stream goes on");
        }
        assert_eq!(line["event"], event, "{line}");
        let time = line["time"].as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        line
    }
}

#[test]
fn who_comes_who_goes_and_what_is_undelivered_is_told() {
    let server = Operated::start(&[]);
    let mut events = Listener::open(&server);
    let mut alice = server.quiet(ALICE);
    let came = events.next("connected");
    assert_eq!((&came["realm"], &came["id"]), (&json!("mobile"), &json!(ALICE)));
    assert_eq!((&came["dialect"], &came["address"]), (&json!("sca"), &json!("127.0.0.1")));
    alice.send(message(BOB, "a secret text"));
    alice.expect(r#"{"type":"undelivered","to":"0000000002","reason":"offline"}"#);
    let lost = events.next("undelivered");
    assert_eq!(
        (&lost["from"], &lost["to"], &lost["reason"]),
        (&json!(ALICE), &json!(BOB), &json!("offline"))
    );
    let mut ada = server.device("ada");
    assert_eq!(events.next("connected")["id"], "ada");
    ada.write("1", "nobody", "a secret text");
    let lost = events.next("undelivered");
    assert_eq!((&lost["from"], &lost["to"]), (&json!("ada"), &json!("nobody")));
    server.order("/api/disconnect", &json!({"number": ALICE}).to_string());
    let went = events.next("disconnected");
    assert_eq!((&went["id"], &went["outcome"]), (&json!(ALICE), &json!("sent_away")));
    assert_eq!((&went["connection"], &went["who"]), (&came["connection"], &came["who"]));
    // A number that is taken over: the newer one comes, and the older one goes.
    let _bob = server.quiet(BOB);
    events.next("connected");
    let _newer = server.quiet(BOB);
    let pair = [events.line().expect("a line"), events.line().expect("a line")];
    let word = |one: &Value| one["event"].as_str().expect("a word").to_owned();
    let mut words = pair.iter().map(word).collect::<Vec<_>>();
    words.sort_unstable();
    assert_eq!(words, ["connected", "disconnected"]);
    assert!(pair.iter().all(|one| one["id"] == BOB), "{pair:?}");
}

#[test]
fn a_limit_that_is_hit_is_told() {
    let server = Operated::start(&["--max-connections", "1"]);
    let mut events = Listener::open(&server);
    let _alice = server.quiet(ALICE);
    events.next("connected");
    let mut bob = server.wire();
    bob.send(Wire::upgrade_request(&format!("/ws/{BOB}"), ""));
    assert_eq!(bob.response().status, 503);
    let hit = events.next("limit");
    assert_eq!((&hit["limit"], &hit["hits"]), (&json!("max_connections"), &json!(1)));
}

#[test]
fn a_slow_reader_loses_lines_and_is_told_how_many_while_another_hears_all() {
    let server = Operated::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut slow = Listener::silent(&server);
    let mut quick = Listener::open(&server);
    let mut alice = server.quiet(ALICE);
    quick.next("connected");
    // Each message is a line of some hundred bytes. The kernel's buffers take some megabytes of them.
    let total = 45_000;
    let to = "9".repeat(32);
    let mut heard = 0;
    for _ in 0..total / 300 {
        for _ in 0..300 {
            alice.send(message(&to, "x"));
        }
        for _ in 0..300 {
            alice.text();
            quick.next("undelivered");
            heard += 1;
        }
    }
    assert_eq!(heard, total);
    let (mut told, mut lost) = (0, 0);
    slow.next("listening");
    slow.next("connected");
    while told + lost < total {
        let line = slow.line().expect("the stream goes on");
        match line["event"].as_str().expect("a word") {
            "undelivered" => told += 1,
            "gap" => lost += line["lost"].as_u64().expect("a number") as usize,
            "alive" => {}
            other => panic!("{other}"),
        }
    }
    assert!(lost > 0 && told > 1000, "{told} lines, {lost} lost");
    assert_eq!(told + lost, total);
    // After the gap it hears again what happens.
    drop(alice);
    assert_eq!(slow.next("disconnected")["id"], ALICE);
}

#[test]
fn seven_may_listen_and_the_eighth_connection_is_free_for_orders() {
    let server = Operated::start(&[]);
    let mut readers: Vec<Listener> = (0..7).map(|_| Listener::open(&server)).collect();
    server.ask("/events").expect_error(503, "7 connections read events already, and no more may");
    // The connection that was refused closes first.
    eventually("there is a place", || (server.ask("/api/status").status == 200).then_some(()));
    // One that goes makes room.
    let gone = readers.pop().expect("there are seven");
    gone.stream.get_ref().shutdown(Shutdown::Both).expect("it is connected");
    eventually("there is room again", || {
        let mut wire = server.admin_wire();
        wire.send(request("GET", "/events", ""));
        (wire.response_to("HEAD").status == 200).then_some(())
    });
}

#[test]
fn a_stream_ends_well_with_the_drain() {
    let server = Operated::start(&[]);
    let mut events = Listener::open(&server);
    let mut alice = server.quiet(ALICE);
    events.next("connected");
    assert_eq!(server.post("/api/drain", "").status, 202);
    assert_eq!(events.next("draining")["connections"], 1);
    alice.expect_goodbye();
    assert_eq!(events.next("disconnected")["outcome"], "draining");
    assert_eq!(events.line(), None, "the last chunk is empty");
    let mut server = server;
    assert!(server.server.ended().success());
}

#[test]
fn a_stream_is_read_with_get_and_http_1_1() {
    let server = Operated::start(&[]);
    let mut wire = server.admin_wire();
    wire.send(request("HEAD", "/events", ""));
    assert_eq!(wire.response_to("HEAD").status, 400);
    let mut wire = server.admin_wire();
    wire.send(request("GET", "/events", "").replace("HTTP/1.1", "HTTP/1.0"));
    wire.response().expect_error(505, "events are sent in chunks, which HTTP/1.0 does not have");
}

/// What a reader sends is ignored, and neither kept nor answered.
#[test]
fn a_reader_that_talks_is_not_heard() {
    let server = Operated::start(&[]);
    let mut events = Listener::open(&server);
    let stream = events.stream.get_mut();
    stream.write_all(&vec![b'x'; 300_000]).expect("the server reads");
    let _alice = upgraded(&server, ALICE);
    assert_eq!(events.next("connected")["id"], ALICE);
    assert_eq!(server.admin_metrics()["switchboard_inbox_bytes"], 0.0);
}
