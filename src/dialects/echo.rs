//! The echo dialect: the smallest there can be, for a reader to start from.
//!
//! Whatever arrives goes back as it was, text as text and binary as binary. Nobody who speaks it
//! is in the chat, so that the chat has nothing to tell him. What is left is the bare machine,
//! which makes this the dialect to measure the event loop with, and to let the Autobahn test suite
//! at. The other dialects have the same two functions. Called by [`Dialect`](super::Dialect).

use super::{Incoming, Message};
use crate::chat::Event;

/// Understands a message: it is to be sent back.
pub(super) fn read(message: Message<'_>) -> Incoming<'_> {
    Incoming::Echo(message)
}

/// Puts an event into words, of which this dialect has none.
pub(super) fn write(_event: &Event<'_>, _out: &mut Vec<u8>) {}

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
