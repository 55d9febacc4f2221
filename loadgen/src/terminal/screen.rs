//! [`Screen`]: what is written to the terminal. Lines scroll by above, and the line being typed stays below them.
//!
//! All output goes through here, in one piece for each turn of the loop: the line being typed is erased, new lines
//! are written in its place, and it is drawn again below. So nothing tears it. It takes one row, and shows the part
//! around the cursor: then no width, and no terminal's own way to wrap, can put it into disorder. Texts are
//! [`Clean`], so no text can be a command to the terminal. Knows no terminal: it makes a string.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::editor::Editor;
use crate::chat::Clean;

/// What is to be written to the terminal.
#[derive(Debug)]
pub(super) struct Screen {
    /// Columns.
    width: usize,
    has_colours: bool,
    /// The row being typed, if it is on the screen.
    drawn: Option<Row>,
    out: String,
}

/// The row being typed, as it was drawn.
#[derive(Debug, Eq, PartialEq)]
struct Row {
    text: String,
    /// The column of the cursor.
    column: usize,
}

/// How a part of a line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    Plain,
    /// A name.
    Bold,
    /// What the program says.
    Dim,
    /// What went wrong.
    Red,
}

/// A line: its parts, each in a style.
pub(super) type Line = Vec<(Style, Clean)>;

/// From the start of the row to the end of the screen.
const ERASE: &str = "\r\x1b[J";

impl Screen {
    /// A screen of this many columns.
    pub(super) fn new(width: usize, has_colours: bool) -> Self {
        Screen { width: width.max(1), has_colours, drawn: None, out: String::new() }
    }

    /// Writes a line above the one being typed.
    pub(super) fn print(&mut self, line: &Line) {
        self.erase();
        for (style, text) in line {
            let start = match (self.has_colours, style) {
                (false, _) | (_, Style::Plain) => "",
                (true, Style::Bold) => "\x1b[1m",
                (true, Style::Dim) => "\x1b[2m",
                (true, Style::Red) => "\x1b[31m",
            };
            self.out += start;
            self.out += text.as_str();
            self.out += if start.is_empty() { "" } else { "\x1b[0m" };
        }
        self.out += "\r\n";
    }

    /// Rings.
    pub(super) fn ring(&mut self) {
        self.out.push('\x07');
    }

    /// Clears all.
    pub(super) fn clear(&mut self) {
        self.out += "\x1b[H\x1b[2J";
        self.drawn = None;
    }

    /// The terminal has another width now. Most wrap the row being typed anew when they become narrower, so the
    /// cursor may be in a later row than it was.
    pub(super) fn resize(&mut self, width: usize) {
        let width = width.max(1);
        let rows = self.drawn.as_ref().map_or(0, |row| row.column / width);
        if rows > 0 {
            self.out += &format!("\x1b[{rows}A");
        }
        self.width = width;
        self.erase();
    }

    /// Draws the line being typed below all others, behind the prompt. What is there already is not drawn again.
    pub(super) fn draw(&mut self, prompt: &Clean, editor: &Editor) {
        let prompt = start_of(prompt.as_str(), self.width / 2);
        // One column is left for the cursor behind the last character.
        let room = self.width.saturating_sub(prompt.width() + 1);
        let before = Clean::line(editor.before());
        let after = Clean::line(&editor.line()[editor.before().len()..]);
        let before = end_of(before.as_str(), room);
        let after = start_of(after.as_str(), room - before.width());
        let row = Row {
            text: format!("{prompt}{before}{after}"),
            column: prompt.width() + before.width(),
        };
        if self.drawn.as_ref() == Some(&row) {
            return;
        }
        self.erase();
        self.out += &row.text;
        if !after.is_empty() {
            self.out += "\r";
            if row.column > 0 {
                self.out += &format!("\x1b[{}C", row.column);
            }
        }
        self.drawn = Some(row);
    }

    /// Takes the line being typed off the screen.
    pub(super) fn erase(&mut self) {
        if self.drawn.take().is_some() {
            self.out += ERASE;
        }
    }

    /// What is to be written now.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }
}

/// As much from the start of a text as has room in this many columns.
fn start_of(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let end = text.grapheme_indices(true).find(|(_, cluster)| {
        taken += cluster.width();
        taken > columns
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// As much from its end.
fn end_of(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let start = text.grapheme_indices(true).rev().find(|(_, cluster)| {
        taken += cluster.width();
        taken > columns
    });
    &text[start.map_or(0, |(at, cluster)| at + cluster.len())..]
}

#[cfg(test)]
mod tests {
    use super::super::keys::{Key, Keys};
    use super::*;

    fn line(text: &str) -> Line {
        vec![(Style::Plain, Clean::line(text))]
    }

    fn typed(bytes: &str) -> Editor {
        let (mut keys, mut editor) = (Keys::default(), Editor::default());
        keys.push(bytes.as_bytes());
        while let Some(key) = keys.next() {
            editor.press(key);
        }
        editor
    }

    /// A row of a terminal after this output, with a bar at the cursor. It knows only what a row needs.
    fn row(out: &str) -> String {
        let mut cells: Vec<&str> = Vec::new();
        let mut column = 0;
        let mut rest = out.rsplit(ERASE).next().expect("the last part");
        while let Some(cluster) = rest.graphemes(true).next() {
            if let Some(after) = rest.strip_prefix("\r\x1b[") {
                let (number, after) = after.split_once('C').expect("to the right");
                (column, rest) = (number.parse().expect("a number"), after);
                continue;
            }
            rest = &rest[cluster.len()..];
            if cluster == "\r" {
                column = 0;
                continue;
            }
            let width = cluster.width();
            cells.resize(cells.len().max(column + width), "");
            cells[column] = cluster;
            column += width;
        }
        format!("{}|{}", cells[..column].concat(), cells[column..].concat())
    }

    #[test]
    fn lines_come_above_the_line_being_typed_and_never_into_it() {
        let mut screen = Screen::new(40, false);
        let editor = typed("half a li");
        let prompt = Clean::line("bob> ");
        screen.draw(&prompt, &editor);
        screen.take();
        screen.print(&line("one"));
        screen.print(&line("two"));
        screen.draw(&prompt, &editor);
        assert_eq!(screen.take(), format!("{ERASE}one\r\ntwo\r\nbob> half a li"));
    }

    #[test]
    fn what_is_there_already_is_not_drawn_again() {
        let mut screen = Screen::new(40, false);
        let mut editor = typed("abc");
        screen.draw(&Clean::line("> "), &editor);
        screen.take();
        screen.draw(&Clean::line("> "), &editor);
        assert_eq!(screen.take(), "");
        editor.press(Key::Left);
        screen.draw(&Clean::line("> "), &editor);
        assert!(!screen.take().is_empty(), "the cursor has moved");
    }

    #[test]
    fn the_part_around_the_cursor_is_shown_and_the_row_is_never_full() {
        for width in 1..60 {
            for keys in ["", "\x1b[D\x1b[D", "\x01"] {
                let editor = typed(&format!("ein längerer 漢字 👍 Text, der nicht passt{keys}"));
                let mut screen = Screen::new(width, false);
                screen.draw(&Clean::line("漢字 bob> "), &editor);
                let out = screen.take();
                let row = row(&out);
                assert!(row.width() <= width.max(1), "{width}: {row}");
                let (before, _) = row.split_once('|').expect("the bar");
                let shown = before.trim_start_matches("漢字 bob> ");
                assert!(width < 24 || editor.before().ends_with(shown), "{width}: {row}");
            }
        }
        let mut screen = Screen::new(12, false);
        let mut editor = typed("abcdefghijkl");
        screen.draw(&Clean::line("> "), &editor);
        assert_eq!(row(&screen.take()), "> defghijkl|");
        editor.press(Key::Home);
        screen.draw(&Clean::line("> "), &editor);
        assert_eq!(row(&screen.take()), "> |abcdefghi");
    }

    #[test]
    fn colours_end_with_their_part_and_can_be_off() {
        let line = vec![(Style::Bold, Clean::line("a")), (Style::Plain, Clean::line("b"))];
        let mut screen = Screen::new(40, true);
        screen.print(&line);
        assert_eq!(screen.take(), "\x1b[1ma\x1b[0mb\r\n");
        let mut screen = Screen::new(40, false);
        screen.print(&line);
        assert_eq!(screen.take(), "ab\r\n");
    }

    #[test]
    fn a_narrower_terminal_has_wrapped_the_row_and_all_of_it_is_erased() {
        let mut screen = Screen::new(40, false);
        screen.draw(&Clean::line("> "), &typed(&"x".repeat(30)));
        screen.take();
        screen.resize(10);
        assert_eq!(screen.take(), format!("\x1b[3A{ERASE}"));
    }
}
