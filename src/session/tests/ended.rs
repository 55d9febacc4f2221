//! Sessions that end: by strikes, by a violation, by time.

use super::*;

#[test]
fn a_well_formed_frame_makes_up_for_a_strike_and_too_many_strikes_end_the_connection() {
    let mut mostly_bad = UPGRADE.as_bytes().to_vec();
    mostly_bad.extend(frames(&["x", "x", "x", PING, "x"]));
    assert_eq!(converse(Recorder::default(), [mostly_bad.as_slice()]).1, Flow::Open);
    mostly_bad.extend(frames(&["x"]));
    let (_, flow) = converse(Recorder::default(), [mostly_bad.as_slice()]);
    assert_eq!(flow, Flow::Finish(End::Strikes));
}

#[test]
fn binary_data_is_echoed_by_echo_and_unacceptable_to_sca() {
    let mut binary = Vec::new();
    Frame::Binary(b"abc").encode_masked([0; 4], &mut binary);
    let sca = [UPGRADE.as_bytes(), &binary];
    assert_eq!(converse(Recorder::default(), sca).1, Flow::Finish(End::Unacceptable));
    let echo = UPGRADE.replacen("/ws/1234567890", "/echo", 1);
    let (host, flow) = converse(Recorder::default(), [echo.as_bytes(), &binary]);
    assert_eq!(flow, Flow::Open);
    assert!(host.written.ends_with(b"\x82\x03abc"));
}

#[test]
fn bytes_after_a_violation_in_the_same_read_are_ignored() {
    // A frame without a mask, a frame with a reserved opcode, and a text that is not UTF-8.
    for violation in [b"\x81\x00".as_slice(), b"\x83\x80abcd", b"\x81\x81\0\0\0\0\xFF"] {
        let bytes = [UPGRADE.as_bytes(), violation, &frames(&[PING])].concat();
        let (host, flow) = converse(Recorder::default(), [bytes.as_slice()]);
        assert!(matches!(flow, Flow::Finish(End::Violation(..))), "{flow:?}");
        assert_eq!(host.commands, Vec::<String>::new());
    }
}

#[test]
fn an_ended_session_sends_its_close_frame_and_ignores_all_input() {
    let mut session = Session::new();
    let mut host = Recorder::default();
    let mut input = UPGRADE.as_bytes().to_vec();
    assert_eq!(session.receive(&mut input, &limits(), &mut host), Flow::Open);
    host.written.clear();
    session.finish(End::Replaced, &mut host);
    assert_eq!(host.written, b"\x88\x20\x0f\xa0replaced by a newer connection");
    let mut more = frames(&[PING]);
    host.written.clear();
    assert_eq!(session.receive(&mut more, &limits(), &mut host), Flow::Open);
    assert!(host.written.is_empty() && !session.is_websocket());
}

#[test]
fn a_late_request_is_answered_with_408_and_a_silent_client_is_not_answered() {
    let mut host = Recorder::default();
    let mut session = Session::new();
    assert_eq!(session.time_out(&mut host), End::RequestTimeout);
    assert!(host.written.is_empty());
    let mut half = b"GET / HT".to_vec();
    assert_eq!(session.receive(&mut half, &limits(), &mut host), Flow::Open);
    assert_eq!(session.time_out(&mut host), End::RequestTimeout);
    assert!(host.written.starts_with(b"HTTP/1.1 408 "));
}
