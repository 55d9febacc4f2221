//! [`Clean`]: a text that a terminal can only show. Whatever a peer or the server has written, no byte of it
//! is a command to the terminal, and none changes the direction of the text around it.
//!
//! The screen takes only this type, so a raw text cannot get there: that would not compile. Control characters
//! become symbols, so a person sees that they were there. Knows no terminal.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

/// A text without control characters and without invisible marks.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Clean(String);

/// What stands for a character that has no symbol of its own.
const REPLACEMENT: char = '\u{fffd}';
/// What stands for the end of a line inside a text.
const LINE_END: char = '⏎';
/// The most bytes of one grapheme cluster. A flag or a family has less; a heap of accents, which paints over the
/// lines around it, has more.
const CLUSTER_BYTES: usize = 48;
/// The most clusters of a name that are shown.
const NAME_CLUSTERS: usize = 64;

impl Clean {
    /// All of a text in one line: its line ends become a symbol.
    pub(crate) fn line(text: &str) -> Self {
        let mut clean = String::with_capacity(text.len());
        for cluster in text.graphemes(true) {
            if cluster == "\r\n" {
                clean.push(LINE_END);
                continue;
            }
            let whole = cluster.len() <= CLUSTER_BYTES;
            let kept = if whole { cluster } else { REPLACEMENT_CLUSTER };
            clean.extend(kept.chars().filter_map(shown));
        }
        Clean(clean)
    }

    /// The lines of a text.
    pub(crate) fn lines(text: &str) -> impl Iterator<Item = Self> {
        text.split('\n').map(|line| Clean::line(line.strip_suffix('\r').unwrap_or(line)))
    }

    /// A name: one line, and not a long one.
    pub(crate) fn name(name: &str) -> Self {
        let clean = Clean::line(name).0;
        match clean.grapheme_indices(true).nth(NAME_CLUSTERS) {
            Some((at, _)) => Clean(format!("{}…", &clean[..at])),
            None => Clean(clean),
        }
    }

    /// A text of our own, with parts that are clean already.
    pub(crate) fn of(parts: fmt::Arguments<'_>) -> Self {
        Clean::line(&parts.to_string())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const REPLACEMENT_CLUSTER: &str = "\u{fffd}";

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is shown for a character; `None` if it is left out.
fn shown(character: char) -> Option<char> {
    match character {
        '\n' => Some(LINE_END),
        '\t' => Some(' '),
        // "Control Pictures" has a symbol for each of C0, in order, and one for DEL.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some('\u{2421}'),
        // C1: a terminal may take one of these for an escape sequence (ECMA-48 §5.3).
        '\u{80}'..='\u{9f}' => Some(REPLACEMENT),
        _ if is_hidden(character) => is_warned_of(character).then_some(REPLACEMENT),
        other => Some(other),
    }
}

/// Whether a character is invisible, or changes how others are shown, beyond its own place.
pub(crate) fn is_hidden(character: char) -> bool {
    is_warned_of(character)
        || matches!(character,
            // Soft hyphen, grapheme joiner, Hangul fillers, Mongolian separator.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{180e}'
            // Zero width space; marks of direction. The joiners U+200C and U+200D stay: emoji, Persian.
            | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            // Word joiner, invisible operators, deprecated format characters, byte order mark.
            | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Whether a character is one that no honest text has in a chat: a person should see that it was there.
fn is_warned_of(character: char) -> bool {
    matches!(character,
        // Separators of lines and paragraphs; embeddings, overrides and isolates of direction (UAX #9).
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Interlinear annotation; tags, which are an alphabet that nobody sees.
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What terminals have been attacked with, and what each must look like.
    const CORPUS: [(&str, &str); 34] = [
        // CSI: colours, clearing, moving the cursor, asking for the state of the terminal.
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b[2J\x1b[H", "␛[2J␛[H"),
        ("\x1b[1A\x1b[2K14:00 Ann: yes", "␛[1A␛[2K14:00 Ann: yes"),
        ("\x1b[6n", "␛[6n"),
        ("\x1b[c", "␛[c"),
        ("\x1b[21t", "␛[21t"),
        ("\x1b[?1049h", "␛[?1049h"),
        ("\x1b[?1004l", "␛[?1004l"),
        ("\x1b[201~rm -r", "␛[201~rm -r"),
        // OSC: the title, a link, the clipboard, colours of the palette; ended by BEL, ST, or C1's ST.
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]8;;http://a\x1b\\here\x1b]8;;\x1b\\", "␛]8;;http://a␛\\here␛]8;;␛\\"),
        ("\x1b]52;c;cm0=\x07", "␛]52;c;cm0=␇"),
        ("\x1b]4;1;?\u{9c}", "␛]4;1;?\u{fffd}"),
        // DCS, APC, PM, SOS; a reset; an answer that is asked for; another set of characters.
        ("\x1bP$q\"p\x1b\\", "␛P$q\"p␛\\"),
        ("\x1b_Gi=1\x1b\\", "␛_Gi=1␛\\"),
        ("\x1b^x\x1b\\", "␛^x␛\\"),
        ("\x1bXx\x1b\\", "␛Xx␛\\"),
        ("\x1bc", "␛c"),
        ("\x1bZ", "␛Z"),
        ("\x1b(0\x0e", "␛(0␎"),
        ("\x05", "␅"),
        // The same in C1, and what else one byte can do.
        ("\u{9b}31m", "\u{fffd}31m"),
        ("\u{9d}0;t\u{9c}", "\u{fffd}0;t\u{fffd}"),
        ("\u{90}q\u{98}\u{9e}\u{9f}\u{85}", "\u{fffd}q\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ("a\rb", "a␍b"),
        ("a\x08b\x7f", "a␈b␡"),
        ("a\x07\x0b\x0c\x00", "a␇␋␌␀"),
        ("a\r\nb\nc\td", "a⏎b⏎c d"),
        // Direction: override, isolate, embedding, mark.
        ("\u{202e}gpj.exe", "\u{fffd}gpj.exe"),
        ("\u{2066}a\u{2069}\u{202a}b\u{202c}", "\u{fffd}a\u{fffd}\u{fffd}b\u{fffd}"),
        ("a\u{200e}\u{200f}\u{61c}b", "ab"),
        // Invisible.
        ("0012\u{200b}345\u{feff}678\u{2060}", "0012345678"),
        ("a\u{e0041}\u{2028}\u{fff9}b", "a\u{fffd}\u{fffd}\u{fffd}b"),
        // What is honest stays: emoji of several characters, accents, both directions of writing.
        (
            "👨\u{200d}👩\u{200d}👧 é שלום می\u{200c}خواهم",
            "👨\u{200d}👩\u{200d}👧 é שלום می\u{200c}خواهم",
        ),
    ];

    /// What no text on a terminal may have in it.
    fn is_harmless(text: &str) -> bool {
        !text.chars().any(|c| c.is_control() || is_hidden(c))
    }

    #[test]
    fn no_sequence_of_the_corpus_is_a_command_in_a_text_or_in_a_name() {
        for (raw, clean) in CORPUS {
            assert_eq!(Clean::line(raw).as_str(), clean, "{raw:?}");
            assert!(is_harmless(Clean::line(raw).as_str()), "{raw:?}");
            assert!(is_harmless(Clean::name(raw).as_str()), "{raw:?}");
            assert!(Clean::lines(raw).all(|line| is_harmless(line.as_str())), "{raw:?}");
            // A sequence is as harmless if it is only a part.
            for (at, _) in raw.char_indices() {
                assert!(is_harmless(Clean::line(&raw[at..]).as_str()), "{raw:?} from {at}");
            }
        }
    }

    #[test]
    fn every_character_that_there_is_comes_out_harmless() {
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            assert!(is_harmless(Clean::line(&text).as_str()), "{:x}", u32::from(character));
        }
    }

    #[test]
    fn a_heap_of_accents_does_not_paint_over_other_lines() {
        let heap = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(Clean::line(&heap).as_str(), "\u{fffd}b");
    }

    #[test]
    fn a_name_is_short_and_has_no_line_ends() {
        let name = Clean::name(&format!("Ann\n14:00 Bob: {}", "x".repeat(500)));
        assert!(name.as_str().starts_with("Ann⏎14:00 Bob: xxx"), "{name}");
        assert_eq!(name.as_str().chars().count(), NAME_CLUSTERS + 1);
    }
}
