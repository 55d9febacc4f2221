//! [`Pipe`]: the chat without a terminal: lines in, one JSON object a line out.
//!
//! Lines wait until the first connection stands, and then until there is room for another message. When the input
//! is at its end, the pipe waits for what is not delivered yet, and is done.

use std::io::{self, Write as _};
use std::time::Duration;

use switchboard::timer::{Moment, Now};

use super::json::json;
use crate::chat::{Client, Command, Notice};

/// The chat without a terminal.
#[derive(Debug)]
pub(super) struct Pipe {
    settings: Settings,
    /// Bytes of lines that wait.
    input: Vec<u8>,
    /// When the input was at its end.
    ended: Option<Moment>,
    /// Whether there has been a connection.
    was_connected: bool,
    /// Since when there is none.
    without_since: Option<Moment>,
    /// Whether the server has ended it for good, or none came about in time.
    is_refused: bool,
    /// Whether a message was refused, or a line was wrong.
    has_failed: bool,
    out: String,
}

/// What the flags say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Stay after the end of the input.
    pub(super) stay: bool,
    /// How long to wait after the end of the input for what is not delivered.
    pub(super) wait: Duration,
    /// How long to be without a connection.
    pub(super) give_up: Duration,
}

/// The longest line.
const MOST_BYTES: usize = 64 * 1024;

impl Pipe {
    /// A pipe that begins now.
    pub(super) fn new(settings: Settings, now: Moment) -> Self {
        Pipe {
            settings,
            input: Vec::new(),
            ended: None,
            was_connected: false,
            without_since: Some(now),
            is_refused: false,
            has_failed: false,
            out: String::new(),
        }
    }

    /// Whether more input may be handed over.
    pub(super) fn has_room(&self) -> bool {
        self.input.len() <= MOST_BYTES && !self.input.contains(&b'\n')
    }

    /// Takes input.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The input is at its end. A last line may have no end.
    pub(super) fn end(&mut self, now: Moment) {
        if self.ended.is_none() {
            self.ended = Some(now);
            if !self.input.is_empty() {
                self.input.push(b'\n');
            }
        }
    }

    /// Does what the lines say that can be done now, and leaves when it is time.
    pub(super) fn advance(&mut self, now: Now, client: &mut Client, out: &mut Vec<u8>) {
        while self.was_connected && !client.is_full() {
            let Some(line) = self.line() else { break };
            match line.and_then(|line| Command::parse(client.kind(), &line)) {
                Ok(Some(command)) => client.command(now.monotonic, command, out),
                Ok(None) => {}
                Err(why) => self.tell(&Notice::Mistake(why), now.monotonic),
            }
        }
        let is_late = self.deadline().is_some_and(|at| now.monotonic >= at);
        if self.without_since.is_some() && is_late {
            self.is_refused = true;
        }
        if self.is_refused
            || self.is_done(client) && (is_late || !client.is_waiting() && client.unanswered() == 0)
        {
            client.leave(now.monotonic, out);
        }
    }

    /// When it is time to give up, or to leave.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let give_up = self.without_since.map(|since| since + self.settings.give_up);
        let leave = self.ended.filter(|_| !self.settings.stay);
        let leave = leave.filter(|_| self.was_connected).map(|at| at + self.settings.wait);
        [give_up, leave].into_iter().flatten().min()
    }

    /// Tells the reader of the pipe.
    pub(super) fn tell(&mut self, notice: &Notice, now: Moment) {
        match notice {
            Notice::Connected { .. } => {
                self.was_connected = true;
                self.without_since = None;
                // What was written before has the whole time to be delivered.
                self.ended = self.ended.map(|_| now);
            }
            Notice::Disconnected { back_in, .. } => {
                self.without_since.get_or_insert(now);
                self.is_refused |= back_in.is_none();
            }
            Notice::Mistake(_) | Notice::Refused { .. } => self.has_failed = true,
            Notice::Message { .. }
            | Notice::Said { .. }
            | Notice::Stored { .. }
            | Notice::Delivered { .. }
            | Notice::Changed { .. }
            | Notice::History { .. }
            | Notice::Rooms(_)
            | Notice::Room { .. }
            | Notice::Members { .. }
            | Notice::PutOff { .. }
            | Notice::Read { .. }
            | Notice::Announced(_)
            | Notice::Warned { .. }
            | Notice::Presence { .. }
            | Notice::To { .. }
            | Notice::Who { .. }
            | Notice::Chats(_)
            | Notice::Discarded(_)
            | Notice::Help(_) => {}
        }
        self.out += &json(notice);
    }

    /// Writes everything to stdout.
    pub(super) fn show(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(std::mem::take(&mut self.out).as_bytes())?;
        stdout.flush()
    }

    /// Whether there was no connection to the end.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Whether a message was refused, or a line was wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether all lines are done, and no more will come.
    fn is_done(&self, client: &Client) -> bool {
        let is_at_its_end = self.ended.is_some() && self.input.is_empty();
        is_at_its_end && !self.settings.stay && client.is_connected()
    }

    /// The next line, without its end.
    fn line(&mut self) -> Option<Result<String, String>> {
        if let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
            return Some(match String::from_utf8(line.to_vec()) {
                Ok(line) => Ok(line),
                Err(_) => Err("a line is not UTF-8".to_owned()),
            });
        }
        if self.input.len() > MOST_BYTES {
            self.input.clear();
            return Some(Err(format!("a line is longer than {MOST_BYTES} bytes")));
        }
        None
    }
}
