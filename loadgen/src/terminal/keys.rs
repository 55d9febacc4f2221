//! [`Keys`]: what a terminal sends, as keys: bytes in, [`Key`]s out, however the bytes are cut.
//!
//! Understands UTF-8, the control keys, the escape sequences of xterm's cursor keys (ECMA-48 §5.4), reports of
//! focus, and pasted text, which terminals put between two sequences so that it cannot act as keys. What it does
//! not know it leaves out. Knows no editor.

/// A key, or a report of the terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// A character.
    Char(char),
    /// Pasted text.
    Paste(String),
    /// A letter together with Ctrl, lower case.
    Ctrl(char),
    /// A letter together with Alt, lower case.
    Alt(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    /// The window has come to the front, or gone from it.
    Focus(bool),
}

/// The bytes that are not understood yet.
#[derive(Debug, Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
}

const ESC: u8 = 0x1b;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// The longest sequence that is waited for, and the longest pasted text.
const MOST_SEQUENCE: usize = 64;
const MOST_PASTED: usize = 64 * 1024;

impl Keys {
    /// Adds what the terminal has sent.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether bytes are left over that may be the beginning of a sequence, or the Escape key.
    pub(super) fn is_pending(&self) -> bool {
        self.bytes.first() == Some(&ESC)
    }

    /// Nothing has followed for a while: a lone Escape was the key, which has no meaning here.
    pub(super) fn give_up(&mut self) {
        if !self.bytes.starts_with(PASTE_BEGINS) {
            self.bytes.clear();
        }
    }

    /// The next key; `None` if more bytes are needed.
    pub(super) fn next(&mut self) -> Option<Key> {
        loop {
            let (key, length) = read(&self.bytes)?;
            self.bytes.drain(..length);
            if key.is_some() {
                return key;
            }
        }
    }
}

/// The first key, if it is one that is known, and its length.
fn read(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let key = match *bytes.first()? {
        ESC => return escape(bytes),
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        control @ 0..=0x1a => Key::Ctrl(char::from(control + b'`')),
        0x1c..=0x1f => return Some((None, 1)),
        _ => return character(bytes),
    };
    Some((Some(key), 1))
}

/// A character in UTF-8. A byte that cannot be part of one is left out.
fn character(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let length = match bytes[0] {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((None, 1)),
    };
    let head = &bytes[..length.min(bytes.len())];
    match str::from_utf8(head) {
        Ok(text) => {
            let character = text.chars().next().filter(|c| !c.is_control());
            Some((character.map(Key::Char), length))
        }
        Err(error) if error.error_len().is_none() => None,
        Err(_) => Some((None, 1)),
    }
}

fn escape(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    if bytes.starts_with(PASTE_BEGINS) {
        return pasted(bytes);
    }
    match *bytes.get(1)? {
        b'[' => sequence(bytes),
        // SS3: cursor keys in the mode for applications.
        b'O' => {
            let key = match *bytes.get(2)? {
                b'A' => Some(Key::Up),
                b'B' => Some(Key::Down),
                b'C' => Some(Key::Right),
                b'D' => Some(Key::Left),
                b'F' => Some(Key::End),
                b'H' => Some(Key::Home),
                b'M' => Some(Key::Enter),
                _ => None,
            };
            Some((key, 3))
        }
        ESC => Some((None, 1)),
        0x7f | 0x08 => Some((Some(Key::Alt('\u{7f}')), 2)),
        byte if byte.is_ascii_graphic() => {
            Some((Some(Key::Alt(char::from(byte.to_ascii_lowercase()))), 2))
        }
        _ => Some((None, 1)),
    }
}

/// CSI: parameters, and a final byte from `@` to `~`.
fn sequence(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let body = &bytes[2..];
    let Some(end) = body.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return (body.len() > MOST_SEQUENCE).then_some((None, bytes.len()));
    };
    let (parameters, last) = (&body[..end], body[end]);
    // The second parameter says which of Shift, Alt and Ctrl were held: a word at a time.
    let by_word = parameters.ends_with(b";5") || parameters.ends_with(b";3");
    let key = match (parameters, last) {
        (_, b'A') => Some(Key::Up),
        (_, b'B') => Some(Key::Down),
        (_, b'C') if by_word => Some(Key::Alt('f')),
        (_, b'D') if by_word => Some(Key::Alt('b')),
        (_, b'C') => Some(Key::Right),
        (_, b'D') => Some(Key::Left),
        (_, b'F') | (b"4" | b"8", b'~') => Some(Key::End),
        (_, b'H') | (b"1" | b"7", b'~') => Some(Key::Home),
        (b"3", b'~') => Some(Key::Delete),
        (b"", b'I') => Some(Key::Focus(true)),
        (b"", b'O') => Some(Key::Focus(false)),
        _ => None,
    };
    // A byte that no sequence has begins something else.
    let length = 2 + end + usize::from((0x40..=0x7e).contains(&last));
    Some((key, length))
}

fn pasted(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let body = &bytes[PASTE_BEGINS.len()..];
    let end = body.windows(PASTE_ENDS.len()).position(|window| window == PASTE_ENDS);
    let (text, length) = match end {
        Some(end) => (&body[..end], PASTE_BEGINS.len() + end + PASTE_ENDS.len()),
        None if body.len() > MOST_PASTED => (body, bytes.len()),
        None => return None,
    };
    Some((Some(Key::Paste(String::from_utf8_lossy(text).into_owned())), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8], piece: usize) -> Vec<Key> {
        let mut keys = Keys::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            keys.push(piece);
            found.extend(std::iter::from_fn(|| keys.next()));
        }
        found
    }

    #[test]
    fn keys_are_the_same_however_their_bytes_are_cut() {
        let bytes = "aé👍\r\t\x7f\x01\x1bb\x1b[A\x1b[1;5C\x1bOH\x1b[3~\x1b[I\x1b[O\x1b[200~x\x1b[A\ny\x1b[201~z";
        let expected = [
            Key::Char('a'),
            Key::Char('é'),
            Key::Char('👍'),
            Key::Enter,
            Key::Tab,
            Key::Backspace,
            Key::Ctrl('a'),
            Key::Alt('b'),
            Key::Up,
            Key::Alt('f'),
            Key::Home,
            Key::Delete,
            Key::Focus(true),
            Key::Focus(false),
            Key::Paste("x\x1b[A\ny".to_owned()),
            Key::Char('z'),
        ];
        for piece in 1..=bytes.len() {
            assert_eq!(keys(bytes.as_bytes(), piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn what_is_unknown_or_no_utf_8_is_left_out() {
        for bytes in [
            &b"\x1b[99;99Xa"[..],
            b"\x1b[?1;2ca",
            b"\xff\xfea",
            b"\x1ba",
            b"\x1b[12\x01",
            b"\xc3\x28",
            b"\x1c\x1f",
        ] {
            for piece in 1..=bytes.len() {
                let found = keys(bytes, piece);
                assert!(found.len() <= 1, "{bytes:?}: {found:?}");
            }
        }
    }

    #[test]
    fn a_lone_escape_waits_for_what_follows_and_is_given_up() {
        let mut keys = Keys::default();
        keys.push(b"\x1b");
        assert_eq!(keys.next(), None);
        assert!(keys.is_pending());
        keys.give_up();
        keys.push(b"b");
        assert_eq!(keys.next(), Some(Key::Char('b')));
    }

    #[test]
    fn a_paste_that_never_ends_is_taken_in_the_end() {
        let mut keys = Keys::default();
        keys.push(PASTE_BEGINS);
        keys.push(&vec![b'x'; MOST_PASTED + 1]);
        assert!(matches!(keys.next(), Some(Key::Paste(text)) if text.len() == MOST_PASTED + 1));
    }
}
