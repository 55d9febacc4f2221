//! [`Editor`]: the line that is being typed: keys in, and the line, its cursor and finished lines out.
//!
//! The usual keys of a shell work: arrows, Home, End, Ctrl-A, E, B, F, U, K, W, Y, D, Alt-B, F, D, and the lines
//! typed before with Up and Down. What counts as one character is a grapheme cluster. Draws nothing: `screen`
//! does. rustyline was the alternative. It shows one prompt for as long as it reads a line, so the unread messages
//! could not stand there, and it keeps the terminal's reports of focus to itself.

use unicode_segmentation::UnicodeSegmentation as _;

use super::keys::Key;
use crate::chat::is_hidden;

/// The line that is being typed.
#[derive(Debug, Default)]
pub(super) struct Editor {
    line: String,
    /// A place in the line, between two clusters.
    cursor: usize,
    /// What was cut last.
    cut: String,
    history: Vec<String>,
    /// The place in the history that is shown, and the line that was being typed before.
    browsing: Option<(usize, String)>,
    completing: Option<Completing>,
}

/// A name that Tab has filled in, and may replace by the next one.
#[derive(Debug)]
struct Completing {
    /// The whole lines that there are to choose from.
    lines: Vec<String>,
    shown: usize,
}

/// What a key comes to, beyond the line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Action {
    /// The line is finished.
    Submit(String),
    /// Tab: what the line may become is to be looked up, and handed to [`Editor::complete`].
    Complete,
    /// Ctrl-C or Ctrl-D on an empty line.
    Quit,
    /// Ctrl-L.
    Clear,
    /// Ctrl-Z.
    Suspend,
    /// The window has come to the front, or gone from it.
    Focus(bool),
}

/// The most lines that are remembered.
const MOST_HISTORY: usize = 500;
/// The longest line, in bytes: somewhat more than the server takes.
const MOST_BYTES: usize = 20 * 1024;

impl Editor {
    /// The line.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// The part of the line before the cursor.
    pub(super) fn before(&self) -> &str {
        &self.line[..self.cursor]
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: Key) -> Option<Action> {
        let completing = self.completing.take();
        match key {
            Key::Char(character) if is_hidden(character) => {}
            Key::Char(character) => self.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.paste(&text),
            Key::Enter => return Some(self.submit()),
            Key::Tab => match completing {
                Some(completing) => self.complete_next(completing),
                None => return Some(Action::Complete),
            },
            Key::Backspace | Key::Ctrl('h') => self.remove(self.left(), self.cursor),
            Key::Delete => self.remove(self.cursor, self.right()),
            Key::Left | Key::Ctrl('b') => self.cursor = self.left(),
            Key::Right | Key::Ctrl('f') => self.cursor = self.right(),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = self.line.len(),
            Key::Up | Key::Ctrl('p') => self.browse(-1),
            Key::Down | Key::Ctrl('n') => self.browse(1),
            Key::Alt('b') => self.cursor = self.word_left(),
            Key::Alt('f') => self.cursor = self.word_right(),
            Key::Alt('d') => self.cut(self.cursor, self.word_right()),
            Key::Ctrl('w') | Key::Alt('\u{7f}') => self.cut(self.word_left(), self.cursor),
            Key::Ctrl('u') => self.cut(0, self.cursor),
            Key::Ctrl('k') => self.cut(self.cursor, self.line.len()),
            Key::Ctrl('y') => self.insert(&self.cut.clone()),
            Key::Ctrl('c' | 'd') if self.line.is_empty() => return Some(Action::Quit),
            Key::Ctrl('c') => self.set(String::new()),
            Key::Ctrl('d') => self.remove(self.cursor, self.right()),
            Key::Ctrl('l') => return Some(Action::Clear),
            Key::Ctrl('z') => return Some(Action::Suspend),
            Key::Focus(has_focus) => {
                self.completing = completing;
                return Some(Action::Focus(has_focus));
            }
            Key::Ctrl(_) | Key::Alt(_) => {}
        }
        None
    }

    /// The lines that this line may become. Tab again shows the next of them.
    pub(super) fn complete(&mut self, lines: Vec<String>) {
        if let Some(first) = lines.first() {
            self.set(first.clone());
            self.completing = Some(Completing { lines, shown: 0 });
        }
    }

    fn complete_next(&mut self, mut completing: Completing) {
        completing.shown = (completing.shown + 1) % completing.lines.len();
        self.set(completing.lines[completing.shown].clone());
        self.completing = Some(completing);
    }

    fn submit(&mut self) -> Action {
        let line = std::mem::take(&mut self.line);
        self.set(String::new());
        self.browsing = None;
        if !line.is_empty() && self.history.last() != Some(&line) {
            if self.history.len() >= MOST_HISTORY {
                self.history.remove(0);
            }
            self.history.push(line.clone());
        }
        Action::Submit(line)
    }

    /// A pasted text stays one message: its line ends are part of it.
    fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
        let is_fit = |c: &char| *c == '\n' || !(c.is_control() || is_hidden(*c));
        let text: String = text.chars().filter(is_fit).collect();
        self.insert(text.trim_end_matches('\n'));
    }

    fn insert(&mut self, text: &str) {
        if self.line.len() + text.len() <= MOST_BYTES {
            self.line.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
    }

    fn set(&mut self, line: String) {
        self.cursor = line.len();
        self.line = line;
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.line.replace_range(from..to, "");
        self.cursor = from;
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from < to {
            self.cut = self.line[from..to].to_owned();
            self.remove(from, to);
        }
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let next = self.line[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let before = self.before().trim_end();
        before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn word_right(&self) -> usize {
        let after = &self.line[self.cursor..];
        let word = after.len() - after.trim_start().len();
        let end = after[word..].find(char::is_whitespace).map_or(after.len(), |at| word + at);
        self.cursor + end
    }

    fn browse(&mut self, step: isize) {
        let (at, typed) = match self.browsing.take() {
            Some(browsing) => browsing,
            None => (self.history.len(), self.line.clone()),
        };
        let next = at.saturating_add_signed(step).min(self.history.len());
        self.set(self.history.get(next).unwrap_or(&typed).clone());
        if next < self.history.len() {
            self.browsing = Some((next, typed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Keys;
    use super::*;

    /// Types these bytes. Returns what came of them.
    fn types(editor: &mut Editor, bytes: &str) -> Vec<Action> {
        let mut keys = Keys::default();
        keys.push(bytes.as_bytes());
        std::iter::from_fn(|| keys.next()).filter_map(|key| editor.press(key)).collect()
    }

    /// The line after these bytes, with a bar where the cursor is.
    fn after(bytes: &str) -> String {
        let mut editor = Editor::default();
        types(&mut editor, bytes);
        format!("{}|{}", editor.before(), &editor.line()[editor.before().len()..])
    }

    #[test]
    fn the_keys_of_a_shell_do_what_they_do_there() {
        for (bytes, line) in [
            ("abc\x1b[D\x1b[DX", "aX|bc"),
            ("abc\x01X\x05Y", "XabcY|"),
            ("abc\x7f\x1b[D\x1b[3~", "a|"),
            ("one two\x17", "one |"),
            ("one two \x1bb\x1bb\x1bf", "one| two "),
            ("one two\x01\x1bd", "| two"),
            ("one two\x1bb\x0b\x01\x19", "two|one "),
            ("one\x15two", "two|"),
            ("one\x03", "|"),
            ("é👨\u{200d}👩\u{200d}👧x\x1b[D\x7f", "é|x"),
            ("a\u{301}b\x02\x02c", "c|a\u{301}b"),
            ("ab\x01\x04", "|b"),
            ("\x1b[200~a\r\nb\tc\x07\u{202e}\n\x1b[201~", "a\nb c|"),
        ] {
            assert_eq!(after(bytes), line, "{bytes:?}");
        }
    }

    #[test]
    fn lines_typed_before_come_back_and_the_one_being_typed_is_not_lost() {
        let mut editor = Editor::default();
        let done = types(&mut editor, "one\rtwo\rtwo\rthr");
        assert_eq!(done, ["one", "two", "two"].map(|line| Action::Submit(line.to_owned())));
        let mut shown = Vec::new();
        for key in ["\x1b[A", "\x1b[A", "\x1b[A", "\x1b[B", "\x1b[B", "\x1b[B"] {
            types(&mut editor, key);
            shown.push(editor.line().to_owned());
        }
        assert_eq!(shown, ["two", "one", "one", "two", "thr", "thr"]);
    }

    #[test]
    fn tab_fills_in_and_tab_again_fills_in_the_next_until_another_key_comes() {
        let mut editor = Editor::default();
        assert_eq!(types(&mut editor, "\t"), [Action::Complete]);
        editor.complete(vec!["/to 1 ".to_owned(), "/to 2 ".to_owned()]);
        assert_eq!(editor.line(), "/to 1 ");
        assert!(types(&mut editor, "\t\x1b[I\t\t").len() == 1, "only the report of focus");
        assert_eq!(editor.line(), "/to 2 ");
        assert_eq!(types(&mut editor, "x\t"), [Action::Complete]);
        editor.complete(vec![]);
        assert_eq!(editor.line(), "/to 2 x");
    }

    #[test]
    fn an_empty_line_is_left_and_a_line_with_text_is_cleared_first() {
        let mut editor = Editor::default();
        assert_eq!(types(&mut editor, "x\x03"), []);
        assert_eq!(types(&mut editor, "\x03"), [Action::Quit]);
        assert_eq!(types(&mut editor, "\x04"), [Action::Quit]);
        assert_eq!(types(&mut editor, "\x0c\x1a"), [Action::Clear, Action::Suspend]);
    }
}
