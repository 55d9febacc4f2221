//! [`Window`]: the chat on a terminal: keys become commands, notices become lines.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use switchboard::timer::Now;

use super::args::Bell;
use super::clock::Clock;
use super::editor::{Action, Editor};
use super::keys::Keys;
use super::screen::{Line, Screen, Style};
use super::show::{self, counted};
use super::tty::{self, Tty};
use crate::chat::{Clean, Client, Command, Ending, Notice, commands};

/// The chat on a terminal.
#[derive(Debug)]
pub(super) struct Window {
    tty: Tty,
    keys: Keys,
    editor: Editor,
    screen: Screen,
    clock: Clock,
    bell: Bell,
    has_focus: bool,
    /// Why the connection has ended. That is not said again for each attempt that fails likewise.
    ended: Option<Ending>,
}

/// The most names that Tab offers.
const OFFERED: usize = 100;

impl Window {
    /// Takes the terminal over.
    pub(super) fn open(bell: Bell, clock: Clock) -> io::Result<Self> {
        let tty = Tty::open()?;
        // https://no-color.org: any value but the empty one.
        let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let mut screen = Screen::new(tty.width(), has_colours);
        screen.print(&note("/help shows the commands, Tab names who wrote last, Ctrl-D leaves"));
        let (keys, editor) = (Keys::default(), Editor::default());
        Ok(Window { tty, keys, editor, screen, clock, bell, has_focus: true, ended: None })
    }

    /// Takes what the terminal has sent.
    pub(super) fn take(&mut self, bytes: &[u8], now: Now, client: &mut Client, out: &mut Vec<u8>) {
        self.keys.push(bytes);
        while let Some(key) = self.keys.next() {
            match self.editor.press(key) {
                None => {}
                Some(Action::Submit(line)) => self.submit(&line, now, client, out),
                Some(Action::Complete) => {
                    let lines = completions(self.editor.line(), client);
                    self.editor.complete(lines);
                }
                Some(Action::Quit) => client.leave(now.monotonic, out),
                Some(Action::Clear) => self.screen.clear(),
                Some(Action::Suspend) => self.suspend(),
                Some(Action::Focus(has_focus)) => {
                    self.has_focus = has_focus;
                    client.watch(has_focus, out);
                }
            }
        }
    }

    /// Whether the Escape key may have been pressed, or a sequence is incomplete.
    pub(super) fn is_pending(&self) -> bool {
        self.keys.is_pending()
    }

    /// Nothing has followed.
    pub(super) fn give_up(&mut self) {
        self.keys.give_up();
    }

    /// Tells a person.
    pub(super) fn tell(&mut self, notice: &Notice, now: Now) {
        if let Notice::Disconnected { ending, .. } = notice {
            if self.ended.replace(ending.clone()).as_ref() == Some(ending) {
                return;
            }
        } else if let Notice::Connected { .. } = notice {
            self.ended = None;
        }
        let now = i64::try_from(now.unix.as_millis()).unwrap_or(i64::MAX);
        for line in show::lines(notice, now, &|at| self.clock.wall(at)) {
            self.screen.print(&line);
        }
        let is_loud = match self.bell {
            Bell::Background => !self.has_focus,
            Bell::Always => true,
            Bell::Never => false,
        };
        if is_loud && matches!(notice, Notice::Message { .. }) {
            self.screen.ring();
        }
    }

    /// Draws the line being typed, and writes everything to the terminal.
    pub(super) fn show(&mut self, client: &Client) -> io::Result<()> {
        self.screen.draw(&prompt(client), &self.editor);
        tty::write(&self.screen.take())
    }

    /// The terminal has another size, or belongs to this program again.
    pub(super) fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if signal == Signal::SIGCONT {
            self.tty.enter()?;
        }
        self.screen.resize(self.tty.width());
        Ok(())
    }

    /// Leaves the terminal, with a last line for what was not delivered.
    pub(super) fn close(mut self, unanswered: usize) -> io::Result<()> {
        self.screen.erase();
        if unanswered > 0 {
            let line = format!("{} not delivered", counted(unanswered, "message"));
            self.screen.print(&vec![(Style::Red, Clean::line(&line))]);
        }
        tty::write(&self.screen.take())
    }

    fn submit(&mut self, line: &str, now: Now, client: &mut Client, out: &mut Vec<u8>) {
        match Command::parse(client.kind(), line) {
            Ok(Some(Command::Clear)) => self.screen.clear(),
            Ok(Some(command)) => client.command(now.monotonic, command, out),
            Ok(None) => {}
            Err(why) => self.tell(&Notice::Mistake(why), now),
        }
    }

    /// Stops this program and those of its group, as the terminal's own Ctrl-Z does. When they go on, SIGCONT says
    /// so.
    fn suspend(&mut self) {
        self.screen.erase();
        // If the terminal is gone, the next write says so.
        let _ = tty::write(&self.screen.take());
        self.tty.leave();
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    }
}

fn note(text: &str) -> Line {
    vec![(Style::Dim, Clean::line(text))]
}

/// What stands before the line being typed.
fn prompt(client: &Client) -> Clean {
    let state = if client.is_connected() { "" } else { "(no connection) " };
    let to = client.current().map(|label| Clean::name(&label)).unwrap_or_default();
    let unread = match client.unread_elsewhere() {
        0 => String::new(),
        count => format!("[{count} unread]"),
    };
    let space = if to.as_str().is_empty() || unread.is_empty() { "" } else { " " };
    Clean::of(format_args!("{state}{to}{space}{unread}> "))
}

/// What a line may become when Tab is pressed.
fn completions(line: &str, client: &Client) -> Vec<String> {
    let Some(command) = line.strip_prefix('/') else {
        // It goes to the person who wrote last.
        return client.goals().take(OFFERED).map(|goal| format!("/to {goal} {line}")).collect();
    };
    match command.split_once(' ') {
        None => {
            let words = commands(client.kind()).map(|(word, ..)| word);
            let mut words: Vec<_> = words.filter(|word| word.starts_with(line)).collect();
            words.dedup();
            words.into_iter().map(|word| format!("{word} ")).collect()
        }
        Some(("to", part)) => {
            let goals = client.goals().filter(|goal| goal.starts_with(part)).take(OFFERED);
            goals.map(|goal| format!("/to {goal} ")).collect()
        }
        Some(_) => vec![],
    }
}
