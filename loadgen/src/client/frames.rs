//! [`Frames`]: reads a server's frames. That is the work of the library's [`Reader`], but for one case: of a long text
//! whose end is still on its way, a [`Half`] is kept, together with those of other phones.
//!
//! The reader would keep each phone's half for itself. Called by `phone`.

use std::borrow::Cow;
use std::mem;

use switchboard::ws::{Item, Limits, Reader, Role, Violation};

use super::halves::{Half, Halves};

/// The longest message that is read. A list of a million phones has 16 MB.
const LIMITS: Limits = Limits { message_bytes: 32 << 20, binary: true };

/// A text is long if it has more bytes than this. Lists of some 300 phones have, and messages have not.
const SHORT: usize = 4096;

/// Reads the server's frames of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    reader: Reader,
    /// The long text that has begun. The reader stands in front of the next frame meanwhile.
    long: Option<Box<Long>>,
}

/// A long text that has begun.
#[derive(Debug)]
struct Long {
    half: Half,
    /// Bytes that have not come yet.
    missing: usize,
}

impl Frames {
    /// Nothing has come yet.
    pub(super) fn new() -> Self {
        Frames { reader: Reader::new(Role::Client), long: None }
    }

    /// Takes from the front of `input` what the next item needs, and moves `input` past it. `None`: all of `input` has
    /// been taken.
    pub(super) fn read<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        halves: &mut Halves,
    ) -> Result<Option<Item<'a>>, Violation> {
        // So ends nearly every input: with the end of a frame.
        if input.is_empty() {
            return Ok(None);
        }
        match self.long.is_some() || (self.reader.is_idle() && Long::header(input).is_some()) {
            false => self.reader.read(input, &LIMITS),
            true => self.read_long(input, halves),
        }
    }

    /// Reads on in a long text, or begins one. Apart from the rest, since nearly no frame comes here.
    #[cold]
    fn read_long(
        &mut self,
        input: &mut &mut [u8],
        halves: &mut Halves,
    ) -> Result<Option<Item<'static>>, Violation> {
        let begun = || {
            let (header, missing) = Long::header(input)?;
            take(input, header);
            Some(Box::new(Long { half: Half::default(), missing }))
        };
        let Some(mut long) = self.long.take().or_else(begun) else { return Ok(None) };
        let piece = take(input, long.missing);
        long.missing -= piece.len();
        if long.missing > 0 {
            halves.add(&mut long.half, piece);
            self.long = Some(long);
            return Ok(None);
        }
        match String::from_utf8(long.half.whole(piece)) {
            Ok(text) => Ok(Some(Item::Text(Cow::Owned(text)))),
            Err(_) => Err(Violation::TextNotUtf8),
        }
    }
}

impl Long {
    /// How many bytes the header of a long text has, and how many the text, if `input` begins with one and has not all of
    /// it. (RFC 6455 §5.2: an unmasked text in one frame, with its length in two bytes or in eight.)
    fn header(input: &[u8]) -> Option<(usize, usize)> {
        let (header, length, least) = match *input {
            [0x81, 126, a, b, ..] => (4, u64::from(u16::from_be_bytes([a, b])), SHORT + 1),
            [0x81, 127, a, b, c, d, e, f, g, h, ..] => {
                (10, u64::from_be_bytes([a, b, c, d, e, f, g, h]), 1 << 16)
            }
            // Or the header has not come as a whole: then the reader keeps the text for itself.
            _ => return None,
        };
        let length = usize::try_from(length).ok()?;
        let is_long = (least..=LIMITS.message_bytes).contains(&length);
        (is_long && input.len() - header < length).then_some((header, length))
    }
}

/// Takes up to `most` bytes from the front of `input`.
fn take<'a>(input: &mut &'a mut [u8], most: usize) -> &'a mut [u8] {
    let count = most.min(input.len());
    let (taken, rest) = mem::take(input).split_at_mut(count);
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use switchboard::ws::Frame;

    use super::*;

    /// What is read if the bytes come in pieces of this length, in words.
    fn read(
        bytes: &[u8],
        piece: usize,
        mut read: impl FnMut(&mut &mut [u8]) -> Said,
    ) -> Vec<String> {
        let mut said = Vec::new();
        for piece in bytes.chunks(piece) {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            loop {
                match read(&mut input) {
                    Ok(Some(word)) => said.push(word),
                    Ok(None) => break,
                    Err(violation) => return [said, vec![format!("{violation:?}")]].concat(),
                }
            }
            assert!(input.is_empty(), "all of it is taken");
        }
        said
    }

    type Said = Result<Option<String>, Violation>;

    fn word(item: Item<'_>) -> String {
        match item {
            Item::Text(text) => text.into_owned(),
            other => format!("{other:?}"),
        }
    }

    /// Frames of all kinds around long texts.
    fn stream() -> Vec<u8> {
        let mut out = Vec::new();
        for length in [5, SHORT, SHORT + 1, 65_535, 65_536, 100_000] {
            let text = "ä€".repeat(length / 5) + &"x".repeat(length % 5);
            assert_eq!(text.len(), length);
            Frame::Text(&text).encode(&mut out);
            Frame::Ping(b"?").encode(&mut out);
            Frame::Text("short").encode(&mut out);
        }
        // A text of three fragments, with a long one in the middle and a ping between two.
        out.extend_from_slice(b"\x01\x02ab\x00\x7e\x20\x00");
        out.extend_from_slice(&[b'c'; 0x2000]);
        out.extend_from_slice(b"\x89\x01!\x80\x01d");
        out
    }

    #[test]
    fn what_is_read_is_what_the_librarys_reader_reads_however_the_bytes_are_cut() {
        let bad = [b"\x81\x7e\x20\x00".to_vec(), vec![0xff; 0x2000]].concat();
        let endings: [&[u8]; 6] = [
            b"",
            &bad,
            // A length that should be in two bytes, one that is too long, and one that cannot be.
            b"\x81\x7f\x00\x00\x00\x00\x00\x00\x20\x00x",
            b"\x81\x7f\x00\x00\x00\x00\x02\x00\x00\x01x",
            b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00x",
            b"\x88\x02\x03\xe8\x81\x7e\x20\x00after the end",
        ];
        for ending in endings {
            let bytes = [&stream()[..], ending].concat();
            let whole = bytes.len();
            for piece in [1, 2, 7, 1000, 4096, 65_536, whole] {
                let mut reader = Reader::new(Role::Client);
                let expected =
                    read(&bytes, piece, |input| Ok(reader.read(input, &LIMITS)?.map(word)));
                let (mut frames, mut halves) = (Frames::new(), Halves::default());
                let found =
                    read(&bytes, piece, |input| Ok(frames.read(input, &mut halves)?.map(word)));
                assert!(found == expected, "pieces of {piece}: {} items", found.len());
            }
        }
    }

    #[test]
    fn phones_that_wait_for_the_end_of_the_same_text_keep_nothing_of_their_own() {
        let (mut bytes, mut halves) = (Vec::new(), Halves::default());
        Frame::Text(&"list".repeat(10_000)).encode(&mut bytes);
        let phones: Vec<_> = (0..100)
            .map(|cut| {
                let mut frames = Frames::new();
                let mut half = bytes[..20_000 + cut].to_vec();
                let read = frames.read(&mut &mut half[..], &mut halves);
                assert!(matches!(read, Ok(None)));
                frames
            })
            .collect();
        assert_eq!(halves.kept(), (1, 20_099 - 4), "what the last has, without the header");
        assert!(phones.iter().all(|frames| frames.reader.is_idle()));
    }
}
