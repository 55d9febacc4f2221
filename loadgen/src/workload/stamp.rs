//! [`Stamp`]: what a text says of itself, so that the phone which gets it can tell whether all is right.
//!
//! ```text
//! 5f3a09c2 1f 12c 7 8f0d180b zä€😀<&>abcdefghijklmnopqrstuvwxy-zä€😀…
//! └ run    │  │   │ │       └ filled up to the size that was asked for
//!          │  │   │ └ the planned moment, in nanoseconds since the run's start, and a check digit
//!          │  │   └ the recipient
//!          │  └ the sender
//!          └ the message's own number, from 0 in the order of sending; all in hexadecimal
//! ```
//!
//! Written and read by [`Texts`], which also checks the filling and the check digit: a server must not change a byte.
//! The filling has characters of each length in UTF-8, and what a careless server would escape for HTML. It has no space:
//! some protocols cut off white space at the end of a text.

use switchboard::timer::Moment;

use super::Sizes;
use crate::phone_id::PhoneId;

/// What a text says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stamp {
    /// The number of the message.
    pub(crate) number: u64,
    /// The phone that wrote it.
    pub(crate) sender: PhoneId,
    /// The phone that is to get it.
    pub(crate) recipient: PhoneId,
    /// The planned moment.
    pub(crate) intended: Moment,
}

/// Writes and reads the texts of one run.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The beginning of all texts of this run, which is another one in each run: eight digits and a space.
    run: String,
    seed: u64,
    sizes: Sizes,
    /// As long as the longest text. Behind the stamp, a text is the beginning of this.
    filling: String,
}

impl Texts {
    /// Texts of these sizes, of the run with this seed.
    pub(crate) fn new(sizes: Sizes, seed: u64) -> Self {
        let filling = FILLING.repeat(sizes.most().div_ceil(FILLING.len()));
        Texts { run: String::new(), seed, sizes, filling }
            .of_run(fastrand::Rng::with_seed(seed).u32(..))
    }

    /// The same, with this beginning: messages that are stored must not look like those of another run with
    /// the same seed.
    pub(crate) fn of_run(self, run: u32) -> Self {
        Texts { run: format!("{run:08x} "), ..self }
    }

    /// Whether a text begins as those of this run.
    pub(crate) fn begin(&self, text: &str) -> bool {
        text.starts_with(&self.run)
    }

    /// Writes a text in place of what `text` holds.
    pub(crate) fn write(&self, stamp: &Stamp, text: &mut String) {
        text.clear();
        let Stamp { number, sender, recipient, intended } = *stamp;
        text.push_str(&self.run);
        let checked = intended.as_nanos() << 4 | check_digit(stamp);
        for part in [number, sender.0.into(), recipient.0.into(), checked] {
            push_hex(part, text);
        }
        let size = self.sizes.of(number, self.seed);
        text.push_str(self.filling(size.saturating_sub(text.len())));
        (text.len()..size).for_each(|_| text.push(PADDING));
    }

    /// As much of the filling as this many bytes have room for. No character is cut.
    fn filling(&self, bytes: usize) -> &str {
        let most = bytes.min(self.filling.len());
        let is_whole = |&end: &usize| self.filling.is_char_boundary(end);
        let end = (0..=most).rev().find(is_whole).unwrap_or(0);
        &self.filling[..end]
    }

    /// Reads a text; `None` if it is none of ours, or not as it was written.
    pub(crate) fn read(&self, text: &str) -> Option<Stamp> {
        let mut rest = text.strip_prefix(&self.run)?.as_bytes();
        let number = take_hex(&mut rest)?;
        let mut phone = || take_hex(&mut rest).and_then(|id| u32::try_from(id).ok()).map(PhoneId);
        let (sender, recipient) = (phone()?, phone()?);
        let checked = take_hex(&mut rest)?;
        let intended = Moment::from_nanos(checked >> 4);
        let padding = rest.strip_prefix(self.filling(rest.len()).as_bytes());
        let is_whole = text.len() == self.sizes.of(number, self.seed)
            && padding
                .is_some_and(|padding| padding.iter().all(|&byte| char::from(byte) == PADDING));
        let stamp = Stamp { number, sender, recipient, intended };
        (is_whole && checked & 15 == check_digit(&stamp)).then_some(stamp)
    }
}

/// What texts are filled up with, again and again.
const FILLING: &str = "zä€😀<&>abcdefghijklmnopqrstuvwxy-";
/// What stands at the end where a character has no room.
const PADDING: char = '.';

/// The sum of all hexadecimal digits, from 0 to 15: it is another one if any of them is.
fn check_digit(stamp: &Stamp) -> u64 {
    let Stamp { number, sender, recipient, intended } = *stamp;
    let numbers = [number, sender.0.into(), recipient.0.into(), intended.as_nanos()];
    numbers.into_iter().map(sum_of_digits).sum::<u64>() & 15
}

/// Adds the digits in pairs, and then all pairs at once: the product has their sum in its highest byte.
fn sum_of_digits(number: u64) -> u64 {
    const EVERY_OTHER: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (number & EVERY_OTHER) + (number >> 4 & EVERY_OTHER);
    pairs.wrapping_mul(0x0101_0101_0101_0101) >> 56
}

/// The most digits that a number has.
const MOST_DIGITS: usize = 16;

/// Appends a number in hexadecimal, and a space. Each message has four numbers, and `write!` takes five times as long.
fn push_hex(number: u64, text: &mut String) {
    let count = number.checked_ilog2().map_or(1, |bits| bits as usize / 4 + 1);
    let mut digits = [b' '; MOST_DIGITS + 1];
    for (place, digit) in digits[..count].iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
    }
    text.push_str(str::from_utf8(&digits[..=count]).expect("digits are ASCII"));
}

/// Takes such a number and its space from the front of `text`; `None` if there is none.
fn take_hex(text: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (place, &byte) in text.iter().enumerate().take(MOST_DIGITS + 1) {
        match VALUES[usize::from(byte)] {
            value @ 0..=15 => number = number << 4 | u64::from(value),
            _ if byte == b' ' && place > 0 => {
                *text = &text[place + 1..];
                return Some(number);
            }
            _ => return None,
        }
    }
    None
}

/// What each digit is worth; 16: no digit.
const VALUES: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        number: 31,
        sender: PhoneId(300),
        recipient: PhoneId(7),
        intended: Moment::from_nanos(150_000_000),
    };

    fn text(texts: &Texts, stamp: &Stamp) -> String {
        let mut text = "what was there before".to_owned();
        texts.write(stamp, &mut text);
        text
    }

    #[test]
    fn a_text_has_its_size_and_says_what_was_put_in() {
        let largest = Stamp {
            number: u64::from(u32::MAX),
            sender: PhoneId(999_999),
            recipient: PhoneId(999_998),
            intended: Moment::from_nanos(1 << 47),
        };
        for size in [Sizes::LEAST_BYTES, 64, 1000, Sizes::MOST_BYTES] {
            let texts = Texts::new(Sizes::Fixed(size), 1);
            for stamp in [STAMP, largest] {
                let text = text(&texts, &stamp);
                assert_eq!(text.len(), size);
                assert_eq!(texts.read(&text), Some(stamp));
            }
        }
    }

    #[test]
    fn a_text_of_another_run_or_with_a_byte_changed_or_missing_is_not_ours() {
        let texts = Texts::new(Sizes::Between(60, 70), 1);
        let good = text(&texts, &STAMP);
        assert_eq!(Texts::new(Sizes::Between(60, 70), 2).read(&good), None);
        for end in (0..good.len()).filter(|&end| good.is_char_boundary(end)) {
            assert_eq!(texts.read(&good[..end]), None, "cut at {end}");
        }
        for at in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[at] = b'~';
            let changed = String::from_utf8_lossy(&changed);
            assert_eq!(texts.read(&changed), None, "changed at {at}");
            let mut capital = good.clone().into_bytes();
            capital[at].make_ascii_uppercase();
            let capital = String::from_utf8(capital).expect("letters stay letters");
            assert!(capital == good || texts.read(&capital).is_none(), "a capital at {at}");
        }
        // Another digit in place of a digit, too.
        for (at, old) in good.bytes().enumerate().filter(|(_, old)| old.is_ascii_hexdigit()) {
            for new in (*b"0123456789abcdef+ABCDEF").into_iter().filter(|&new| new != old) {
                let mut changed = good.clone().into_bytes();
                changed[at] = new;
                let changed = String::from_utf8(changed).expect("one letter for another");
                assert_eq!(texts.read(&changed), None, "{changed}");
            }
        }
        assert_eq!(texts.read(&format!("{good}!")), None);
        for (from, to) in [("ä", "a\u{308}"), ("€", "?"), ("<", "&lt;"), ("😀", "\u{fffd}")] {
            assert_eq!(texts.read(&good.replace(from, to)), None, "{from} became {to}");
        }
        // Nothing at its ends is cut off by a server that removes white space there.
        let texts = Texts::new(Sizes::Between(48, 300), 1);
        for number in 0..300 {
            let text = text(&texts, &Stamp { number, ..STAMP });
            assert_eq!(text.trim(), text);
            assert_eq!(texts.read(&text).map(|stamp| stamp.number), Some(number), "{text}");
        }
        let sums = [0, 0x1f, 0x9000_0000_0000_0001, u64::MAX].map(sum_of_digits);
        assert_eq!(sums, [0, 16, 10, 240]);
    }

    #[test]
    fn a_number_in_a_text_is_hexadecimal_and_ends_with_a_space() {
        let written = |number| {
            let mut text = String::new();
            push_hex(number, &mut text);
            let mut rest = text.as_bytes();
            assert_eq!((take_hex(&mut rest), rest), (Some(number), &b""[..]));
            text
        };
        assert_eq!(written(0), "0 ");
        assert_eq!(written(0x1f), "1f ");
        assert_eq!(written(0x1234_5678_9abc_def0), "123456789abcdef0 ");
        assert_eq!(written(u64::MAX), "ffffffffffffffff ");
        for other in ["", " ", "  ", "1f", "+1 ", "-1 ", "1F ", "g ", "é ", "0123456789abcdef0 "] {
            let mut rest = other.as_bytes();
            assert_eq!((take_hex(&mut rest), rest), (None, other.as_bytes()), "{other}");
        }
    }
}
