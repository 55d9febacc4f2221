//! What people write, and who they are, is nobody's business: not the log's, not the metrics'.

use crate::harness::{Server, Wire, frame, message};

#[test]
fn no_number_and_no_text_appears_in_the_log_or_on_a_page() {
    const SECRET: &str = "xyzzy";
    let server = Server::start(&["--outbox-bytes", "64KiB"]);
    let numbers = ["4915112345678", "4915187654321"];
    let mut alice = server.connect(numbers[0]);
    let mut bob = server.connect(numbers[1]);
    alice.send(message(numbers[1], SECRET));
    alice.send(message("4915100000000", SECRET));
    alice.send(format!(r#"{{"type":"{SECRET}","{SECRET}":1}}"#));
    alice.send(format!(r#"{{"type":"message","to":"{SECRET}","text":"{SECRET}"}}"#));
    bob.send(SECRET);
    // Endings of several kinds, and requests that are refused.
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{}", numbers[0]));
    wire.send(frame(1, [SECRET.as_bytes(), b"\xFF"].concat()));
    wire.drain();
    let answers = [
        server.http(Wire::upgrade_request(&format!("/ws/{SECRET}"), "")),
        server.http(format!("GET /{SECRET} HTTP/1.1\r\n{SECRET}\r\n\r\n")),
        server.get(&format!("/{SECRET}?{SECRET}")),
        server.get("/metrics"),
        server.get("/health"),
        server.get("/"),
    ];
    bob.reset();
    alice.hang_up_half();
    let mut told: Vec<String> = answers.iter().map(|answer| answer.text()).collect();
    told.extend(server.log());
    for text in told {
        for personal in numbers.iter().copied().chain(["4915100000000", SECRET]) {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
}
