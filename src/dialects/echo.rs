//! The echo dialect. It is the smallest possible dialect, and a reader can start here.
//!
//! Each message goes back as it was, text as text and binary as binary. A connection that speaks this
//! dialect is not in the chat, so the chat sends it no events. It serves to measure the event loop
//! alone, and to run the Autobahn test suite. The other dialects have the same row with the same two
//! functions, and a table of addresses. Called by [`Dialect`] and, for the addresses, by the session.

use super::{Allowance, Dialect, Enter, Entry, Incoming, Manners, Message};
use crate::chat::Event;
use crate::http::Route;

/// The address, which is there with `--echo` only.
pub(crate) const ROUTES: &[Route<Enter>] =
    &[Route::socket("/echo", Enter::AtOnce(|_| Ok(Entry::new(Dialect::Echo, None))))];

/// The dialect's row.
pub(super) static MANNERS: Manners = Manners {
    subprotocol: None,
    allowance: Allowance::Conformance,
    sign_in_sentence: None,
    tells_when_to_return: false,
    read,
    write: |event, _, out| write(event, out),
};

/// Decodes a message: it is to be sent back.
fn read(message: Message<'_>) -> Incoming<'_> {
    Incoming::Echo(message)
}

/// Encodes an event: this dialect has no frame for any.
fn write(_event: &Event<'_>, _out: &mut Vec<u8>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back_as_it_was() {
        for message in [Message::Text("{not json"), Message::Binary(&[0, 0xFF]), Message::Text("")]
        {
            assert_eq!(read(message), Incoming::Echo(message));
        }
    }

    #[test]
    fn it_has_no_words_for_what_happens_in_the_chat() {
        let mut out = Vec::new();
        write(&Event::Pong, &mut out);
        assert!(out.is_empty());
    }
}
