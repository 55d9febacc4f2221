//! The rates of one client, and the client that a trusted proxy names.

use super::*;

/// A session that has just been upgraded, with limits small enough to count by hand.
fn upgraded(message_rate: Rate, byte_rate: Rate) -> (Session, Recorder, Limits) {
    let limits = Limits { message_rate, byte_rate, ..limits() };
    let (mut session, mut host) = (Session::new(), Recorder::default());
    let mut request = UPGRADE.as_bytes().to_vec();
    assert_eq!(session.receive(&mut request, &limits, &mut host), Flow::Open);
    host.written.clear();
    (session, host, limits)
}

/// A frame for each letter: a good text (t), an odd text (x), a ping (i), an unasked pong (o); the
/// beginning of another text (b) and its empty continuation (c), which never ends.
fn some(letters: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for letter in letters.chars() {
        match letter {
            't' => Frame::Text(PING).encode_masked([1, 2, 3, 4], &mut bytes),
            'x' => Frame::Text("x").encode_masked([1, 2, 3, 4], &mut bytes),
            'b' => bytes.extend([0x01, 0x80, 1, 2, 3, 4]),
            'c' => bytes.extend([0x00, 0x80, 1, 2, 3, 4]),
            'i' => Frame::Ping(b"").encode_masked([1, 2, 3, 4], &mut bytes),
            _ => Frame::Pong(b"").encode_masked([1, 2, 3, 4], &mut bytes),
        }
    }
    bytes
}

const TOO_MANY: &str = "too many messages: slow down";

#[test]
fn frames_of_every_kind_count_and_their_sender_is_warned_once_before_it_ends() {
    let floods = ["tttttttttttt", "iiiiiiiiiiii", "oooooooooooo", "toitoitoitoi"];
    for letters in floods.into_iter().chain(["bccccccccccc", "tbccccicccco"]) {
        let (mut session, mut host, limits) = upgraded(Rate::per_second(4, 8), Rate::UNLIMITED);
        let said = |host: &Recorder| String::from_utf8_lossy(&host.written).into_owned();
        let mut frames = some(letters);
        let (within, excess) = (some(&letters[..8]).len(), some(&letters[..10]).len());
        assert_eq!(session.receive(&mut frames[..within], &limits, &mut host), Flow::Open);
        assert!(!said(&host).contains(TOO_MANY), "{letters}");
        let flow = session.receive(&mut frames[within..excess], &limits, &mut host);
        assert_eq!((flow, said(&host).matches(TOO_MANY).count()), (Flow::Open, 1), "{letters}");
        let flow = session.receive(&mut frames[excess..], &limits, &mut host);
        assert_eq!(flow, Flow::Finish(End::MessageRate), "{letters}");
        assert_eq!(said(&host).matches(TOO_MANY).count(), 1, "{letters}");
        let hits: u64 = host.limits_hit.iter().map(|(_, count)| count).sum();
        assert_eq!(hits, 1, "{letters}");
    }
}

/// The frame reader returns no item for a fragment. Fragments are counted all the same.
#[test]
fn fragments_count_however_they_are_cut_and_whatever_comes_after_them() {
    let endings: [&[u8]; 4] = [
        b"",
        b"\x80\x80\x01\x02\x03\x04",         // The end of the message.
        b"\x81\x80\x01\x02\x03\x04",         // A message in the message: a violation.
        b"\x88\x82\x00\x00\x00\x00\x03\xE8", // A close.
    ];
    for ending in endings {
        let frames = [&some("b"), &some(&"c".repeat(1_000))[..], ending].concat();
        for piece in [1, 7, frames.len()] {
            let (mut session, mut host, limits) = upgraded(Rate::per_second(4, 8), Rate::UNLIMITED);
            let ends = frames.chunks(piece).find_map(|piece| {
                let flow = session.receive(&mut piece.to_vec(), &limits, &mut host);
                (flow != Flow::Open).then_some(flow)
            });
            assert_eq!(ends, Some(Flow::Finish(End::MessageRate)), "{ending:?} by {piece}");
            let said = String::from_utf8_lossy(&host.written).into_owned();
            assert_eq!(said.matches(TOO_MANY).count(), 1);
        }
    }
}

#[test]
fn a_large_message_in_as_many_fragments_as_the_rate_allows_is_one_message() {
    let (mut session, mut host, limits) = upgraded(Rate::per_second(4, 8), Rate::UNLIMITED);
    let mut frames = vec![0x01, 0x80, 0, 0, 0, 0];
    let (bytewise, rest) = PING.as_bytes().split_at(6);
    bytewise.iter().for_each(|byte| frames.extend([0x00, 0x81, 0, 0, 0, 0, *byte]));
    frames.extend([0x80, 0x80 | rest.len() as u8, 0, 0, 0, 0]);
    frames.extend(rest);
    assert_eq!(session.receive(&mut frames, &limits, &mut host), Flow::Open);
    let said = String::from_utf8_lossy(&host.written).into_owned();
    assert!(said.contains(r#"{"type":"pong"}"#), "{said}");
    assert!(!said.contains(TOO_MANY));
}

#[test]
fn frames_over_the_rate_are_processed_until_the_connection_ends() {
    let (mut session, mut host, limits) = upgraded(Rate::per_second(4, 8), Rate::UNLIMITED);
    let mut frames = some(&"t".repeat(20));
    let flow = session.receive(&mut frames, &limits, &mut host);
    assert_eq!(flow, Flow::Finish(End::MessageRate));
    let answers = String::from_utf8_lossy(&host.written).matches(r#"{"type":"pong"}"#).count();
    assert_eq!(answers, 10);
}

#[test]
fn a_client_that_slows_down_goes_on_and_is_warned_again_the_next_time() {
    let (mut session, mut host, limits) = upgraded(Rate::per_second(4, 8), Rate::UNLIMITED);
    for round in 1..=3 {
        assert_eq!(session.receive(&mut some("ttttttttt"), &limits, &mut host), Flow::Open);
        let said = String::from_utf8_lossy(&host.written).into_owned();
        assert_eq!(said.matches(TOO_MANY).count(), round);
        host.time = host.time + Duration::from_secs(3);
        assert_eq!(session.receive(&mut some("t"), &limits, &mut host), Flow::Open);
    }
}

#[test]
fn bytes_count_however_few_frames_they_are() {
    let (mut session, mut host, limits) =
        upgraded(Rate::UNLIMITED, Rate::per_second(10_000, 20_000));
    let mut long = Vec::new();
    Frame::Text(&"x".repeat(20_500)).encode_masked([1, 2, 3, 4], &mut long);
    assert_eq!(session.receive(&mut long, &limits, &mut host), Flow::Open);
    assert!(String::from_utf8_lossy(&host.written).contains("too many bytes: slow down"));
    // A part of a frame does not count as a frame, but its bytes count.
    let mut drip = vec![0x81, 0xFE, 0xFF, 0x00, 1, 2, 3, 4];
    drip.resize(5_000, 0);
    assert_eq!(session.receive(&mut drip, &limits, &mut host), Flow::Finish(End::ByteRate));
}

#[test]
fn conformance_suites_and_close_frames_are_not_limited() {
    let (mut session, mut host, limits) = upgraded(Rate::per_second(1, 4), Rate::UNLIMITED);
    assert_eq!(session.receive(&mut some("ttttt"), &limits, &mut host), Flow::Open);
    let mut close = Vec::new();
    Frame::Close(Some((1000.into(), ""))).encode_masked([1, 2, 3, 4], &mut close);
    let flow = session.receive(&mut close, &limits, &mut host);
    assert_eq!(flow, Flow::Finish(End::ClosedByClient(Some(1000))));

    let mut echo = UPGRADE.replacen("/ws/1234567890", "/echo", 1).into_bytes();
    echo.extend(some(&"t".repeat(1_000)));
    let (mut session, mut host) = (Session::new(), Recorder::default());
    assert_eq!(session.receive(&mut echo, &limits, &mut host), Flow::Open);
}

#[test]
fn the_forwarded_client_is_read_only_if_there_is_a_trusted_proxy() {
    let request = UPGRADE.replacen("\r\n\r\n", "\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n", 1);
    let forwarded = |trusted_proxies| {
        let limits = Limits { trusted_proxies, ..limits() };
        let (mut session, mut host) = (Session::new(), Recorder::default());
        let _ = session.receive(&mut request.clone().into_bytes(), &limits, &mut host);
        host.forwarded.expect("it was let in")
    };
    assert_eq!(forwarded(Proxies::default()), Forwarded::Nameless);
    let network = crate::limiter::Network::parse("10.0.0.0/8").expect("a network");
    let client = Forwarded::Client("203.0.113.7".parse().expect("an address"));
    assert_eq!(forwarded(Proxies::new(vec![network])), client);
}
