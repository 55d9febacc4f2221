//! A WebSocket whose client says in its first frame who it is.

use super::*;

const AUTH: &str = r#"{"type":"auth","data":{"sessionId":"s-1","name":null}}"#;

/// A conversation that asks for a WebSocket at `/ws` and then sends these frames.
fn says_at_the_other_door(texts: &[&str], host: Recorder) -> (Recorder, Flow) {
    let mut sample = UPGRADE.replacen("/ws/1234567890", "/ws", 1).into_bytes();
    sample.extend(frames(texts));
    converse(host, [sample.as_slice()])
}

#[test]
fn a_client_that_signs_in_first_may_go_on() {
    let ping = r#"{"type":"ping"}"#;
    let (host, flow) = says_at_the_other_door(&[AUTH, ping], Recorder::default());
    assert_eq!(
        (flow, host.admitted.as_slice()),
        (Flow::Open, &[Entry::new(Dialect::Messenger, None)][..])
    );
    assert_eq!(host.signed_in.len(), 1);
    assert!(String::from_utf8_lossy(&host.written).ends_with("{\"type\":\"pong\"}\n"));
}

#[test]
fn a_client_whose_first_frame_is_no_sign_in_is_disconnected() {
    let no_id = r#"{"type":"auth","data":{"name":"x"}}"#;
    let early = r#"{"type":"message_read","data":{"messageId":"m"}}"#;
    for first in [PING, "nonsense", no_id, early] {
        let (host, flow) = says_at_the_other_door(&[first, AUTH], Recorder::default());
        assert_eq!(
            flow,
            Flow::Finish(End::NotSignedIn("say who you are first, with auth")),
            "{first}"
        );
        assert!(host.signed_in.is_empty() && host.commands.is_empty(), "{first}");
    }
}

#[test]
fn a_second_sign_in_is_an_error_and_the_connection_goes_on() {
    let (host, flow) = says_at_the_other_door(&[AUTH, AUTH], Recorder::default());
    assert_eq!((flow, host.signed_in.len()), (Flow::Open, 1));
    assert!(String::from_utf8_lossy(&host.written).contains("signed in already"));
}

#[test]
fn a_device_too_many_is_told_the_reason() {
    let host = Recorder { no_more_devices: true, ..Recorder::default() };
    let (host, flow) = says_at_the_other_door(&[AUTH], host);
    let Flow::Finish(end @ End::SignInRefused(sentence)) = flow else { panic!("{flow:?}") };
    assert_eq!(end.close_frame(), Some((Some(1008), sentence)));
    assert!(String::from_utf8_lossy(&host.written).contains(sentence));
}
