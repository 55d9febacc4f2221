//! The requests and frames of phones, as bytes. `who` is a phone's place in the order of arrival.

/// A phone's number. Two consecutive ones differ in all digits, as in real life.
pub(crate) fn number(who: usize) -> u64 {
    // The factor is coprime to 10^9, so no two numbers are equal.
    1_000_000_000 + who as u64 * 387_420_489 % 1_000_000_000
}

/// A person's session id, in the form that apps use: a UUID.
fn session_id(who: usize) -> String {
    format!("5e551045-0000-4000-8000-{:012}", number(who))
}

/// The upgrade for a phone number.
pub(crate) fn upgrade(who: usize, presence: &str, out: &mut Vec<u8>) {
    request(&format!("/ws/{}?presence={presence}", number(who)), out);
}

/// The upgrade for the messenger realm.
pub(crate) fn upgrade_session(out: &mut Vec<u8>) {
    request("/ws", out);
}

fn request(path: &str, out: &mut Vec<u8>) {
    out.extend(by_hand::upgrade(path, "scale", "").into_bytes());
}

/// A message with a text of 64 bytes to a phone number.
pub(crate) fn message(to: usize, out: &mut Vec<u8>) {
    let to = number(to);
    say(&format!(r#"{{"type":"message","to":"{to}","text":"{:.<64}"}}"#, "hello"), out);
}

/// The same message to a session, with an id.
pub(crate) fn session_message(to: usize, out: &mut Vec<u8>) {
    let (id, to) = (fastrand::u64(..), session_id(to));
    let data = format!(r#"{{"id":"{id:020}","recipientId":"{to}","content":"{:.<64}"}}"#, "hello");
    say(&format!(r#"{{"type":"message_send","data":{data}}}"#), out);
}

/// The first frame in the messenger realm: who the client is.
pub(crate) fn authenticate(who: usize, out: &mut Vec<u8>) {
    let id = session_id(who);
    let data = format!(r#"{{"sessionId":"{id}","name":"Somebody","profilePicture":null}}"#);
    say(&format!(r#"{{"type":"auth","data":{data}}}"#), out);
}

/// A sign of life.
pub(crate) fn ping(out: &mut Vec<u8>) {
    say(r#"{"type":"ping"}"#, out);
}

/// A frame that asks for deltas.
pub(crate) fn delta_please(out: &mut Vec<u8>) {
    say(r#"{"type":"presence","mode":"delta"}"#, out);
}

fn say(text: &str, out: &mut Vec<u8>) {
    let mask = fastrand::u32(..).to_ne_bytes();
    by_hand::masked(by_hand::FINAL | by_hand::TEXT, text.as_bytes(), mask, out);
}
