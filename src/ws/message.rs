//! [`PartialMessage`]: a message that arrives in pieces, be they fragments or mere reads.
//!
//! Text is validated as it arrives, so that the first wrong byte ends the matter, wherever the pieces
//! were cut: at most three bytes, the beginning of a character, wait for the next piece. Buffers grow
//! with what has arrived and not with what a header promises. Knows no frames; called by the reader.

use std::borrow::Cow;
use std::str::Utf8Error;

use super::header::DataKind;
use super::{Item, Violation};

/// The part of a message that has arrived.
pub(super) enum PartialMessage {
    Text(PartialText),
    Binary(Vec<u8>),
}

impl PartialMessage {
    pub(super) fn new(kind: DataKind) -> Self {
        match kind {
            DataKind::Text => PartialMessage::Text(PartialText::default()),
            DataKind::Binary => PartialMessage::Binary(Vec::new()),
        }
    }

    /// Bytes that have arrived.
    pub(super) fn len(&self) -> usize {
        match self {
            PartialMessage::Text(text) => text.len(),
            PartialMessage::Binary(bytes) => bytes.len(),
        }
    }

    /// Bytes held on the heap.
    pub(super) fn capacity(&self) -> usize {
        match self {
            PartialMessage::Text(text) => text.valid.capacity(),
            PartialMessage::Binary(bytes) => bytes.capacity(),
        }
    }

    /// Takes the next piece, unmasked, of a message that will have at most `at_most` bytes in all.
    pub(super) fn push(&mut self, piece: &[u8], at_most: usize) -> Result<(), Violation> {
        let wanted = wanted_capacity(self.capacity(), self.len() + piece.len(), at_most);
        match self {
            PartialMessage::Text(text) => {
                text.valid.reserve_exact(wanted - text.valid.len());
                text.push(piece)
            }
            PartialMessage::Binary(bytes) => {
                bytes.reserve_exact(wanted - bytes.len());
                bytes.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// The whole message, which is the caller's now: the reader keeps nothing of it.
    pub(super) fn finish(self) -> Result<Item<'static>, Violation> {
        match self {
            PartialMessage::Text(text) => Ok(Item::Text(Cow::Owned(text.finish()?))),
            PartialMessage::Binary(bytes) => Ok(Item::Binary(Cow::Owned(bytes))),
        }
    }
}

/// The capacity for `needed` bytes of a message that will have at most `at_most`.
///
/// A buffer that is too small makes room for as much again as has arrived, so that a message in a
/// thousand pieces is not copied a thousand times; but never for more than can still come.
fn wanted_capacity(capacity: usize, needed: usize, at_most: usize) -> usize {
    if needed <= capacity { capacity } else { needed.max(at_most.min(needed.saturating_mul(2))) }
}

/// The part of a text that has arrived: whole characters, and perhaps the beginning of one more.
#[derive(Default)]
pub(super) struct PartialText {
    valid: String,
    /// The beginning of a character (three bytes at most), with room for its end.
    carry: [u8; 4],
    carried: usize,
}

impl PartialText {
    fn len(&self) -> usize {
        self.valid.len() + self.carried
    }

    fn push(&mut self, mut piece: &[u8]) -> Result<(), Violation> {
        // A character that was cut goes first. It gets a byte at a time: it takes three at most, and
        // a wrong one shows at once.
        while self.carried > 0
            && let Some((&byte, rest)) = piece.split_first()
        {
            piece = rest;
            self.carry[self.carried] = byte;
            self.carried += 1;
            match str::from_utf8(&self.carry[..self.carried]) {
                Ok(character) => {
                    self.valid.push_str(character);
                    self.carried = 0;
                }
                Err(error) => only_unfinished(error)?,
            }
        }
        match str::from_utf8(piece) {
            Ok(text) => self.valid.push_str(text),
            Err(error) => {
                only_unfinished(error)?;
                let (whole, cut) = piece.split_at(error.valid_up_to());
                self.valid.push_str(str::from_utf8(whole).expect("valid up to here"));
                self.carry[..cut.len()].copy_from_slice(cut);
                self.carried = cut.len();
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<String, Violation> {
        if self.carried == 0 { Ok(self.valid) } else { Err(Violation::TextNotUtf8) }
    }
}

/// Lets a character pass whose end is missing, and no other mistake.
fn only_unfinished(error: Utf8Error) -> Result<(), Violation> {
    match error.error_len() {
        None => Ok(()),
        Some(_) => Err(Violation::TextNotUtf8),
    }
}
