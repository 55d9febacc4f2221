//! A connection that changes its dialect: from Chatterbox to WebSocket Chat, once and for good.

use super::*;

/// Hands these texts to a connection that speaks Chatterbox. Returns the dialects that it has changed to, the
/// commands, and the number of texts that were answered with an error.
fn hear(texts: &[&str]) -> (Vec<Dialect>, Vec<String>, usize) {
    let (mut open, mut host) =
        (WebSocket::new(Entry::new(Dialect::Chatterbox, None)), Recorder::default());
    let flow = open.receive(&mut frames(texts), &limits(), &mut host, &mut false);
    assert_eq!(flow, Flow::Open);
    let errors = String::from_utf8(host.written).expect("texts").lines().count();
    assert_eq!(open.dialect, *host.spoken.last().unwrap_or(&Dialect::Chatterbox));
    (host.spoken, host.commands, errors)
}

#[test]
fn a_frame_that_shows_another_dialect_is_decoded_by_that_one() {
    let texts = [r#"{"content":"x"}"#, r#"{"type":"chat","content":"x","recipient":"bob"}"#];
    let heard = hear(&[texts[0], texts[1], r#"{"type":"request_user_list"}"#]);
    let commands = ["Account(Say)", "Account(Say)", "Account(ListUsers)"].map(str::to_owned);
    assert_eq!(heard, (vec![Dialect::WebsocketChat], commands.to_vec(), 0));
}

#[test]
fn a_connection_that_has_shown_it_does_not_go_back() {
    let heard = hear(&[r#"{"content":"x","recipient":"bob"}"#, r#"{"content":"x"}"#]);
    assert_eq!(heard, (vec![Dialect::WebsocketChat], vec![], 2));
    let heard = hear(&["{", r#"{"content":"x"}"#]);
    assert_eq!(heard, (vec![], vec!["Account(Say)".to_owned()], 1));
}
