//! What phones say: requests and frames, as bytes. `who` is somebody's place in the order of arrival.

/// Somebody's number. Neighbours' differ in all digits, as in life.
pub(crate) fn number(who: usize) -> u64 {
    // Prime to 10^9, so that no two are the same.
    1_000_000_000 + who as u64 * 387_420_489 % 1_000_000_000
}

/// Somebody's session id, as apps make them: a UUID.
fn session_id(who: usize) -> String {
    format!("5e551045-0000-4000-8000-{:012}", number(who))
}

/// The request for a WebSocket with a number.
pub(crate) fn upgrade(who: usize, presence: &str, out: &mut Vec<u8>) {
    request(&format!("/ws/{}?presence={presence}", number(who)), out);
}

/// The request for a WebSocket without one.
pub(crate) fn upgrade_session(out: &mut Vec<u8>) {
    request("/ws", out);
}

fn request(path: &str, out: &mut Vec<u8>) {
    out.extend(by_hand::upgrade(path, "scale", "").into_bytes());
}

/// A text of 64 bytes to a number.
pub(crate) fn message(to: usize, out: &mut Vec<u8>) {
    let to = number(to);
    say(&format!(r#"{{"type":"message","to":"{to}","text":"{:.<64}"}}"#, "hello"), out);
}

/// The same to a session, with an id of its own.
pub(crate) fn session_message(to: usize, out: &mut Vec<u8>) {
    let (id, to) = (fastrand::u64(..), session_id(to));
    let data = format!(r#"{{"id":"{id:020}","recipientId":"{to}","content":"{:.<64}"}}"#, "hello");
    say(&format!(r#"{{"type":"message_send","data":{data}}}"#), out);
}

/// Who one is in the messenger realm.
pub(crate) fn authenticate(who: usize, out: &mut Vec<u8>) {
    let id = session_id(who);
    let data = format!(r#"{{"sessionId":"{id}","name":"Somebody","profilePicture":null}}"#);
    say(&format!(r#"{{"type":"auth","data":{data}}}"#), out);
}

/// A sign of life.
pub(crate) fn ping(out: &mut Vec<u8>) {
    say(r#"{"type":"ping"}"#, out);
}

/// The wish to be told of changes.
pub(crate) fn delta_please(out: &mut Vec<u8>) {
    say(r#"{"type":"presence","mode":"delta"}"#, out);
}

fn say(text: &str, out: &mut Vec<u8>) {
    let mask = fastrand::u32(..).to_ne_bytes();
    by_hand::masked(by_hand::FINAL | by_hand::TEXT, text.as_bytes(), mask, out);
}
