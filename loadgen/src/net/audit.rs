//! What is done when all phones have hung up: the histories are read that the server keeps, and held against
//! what phones have seen. [`Run::read_histories`] is the whole of it.
//!
//! It reads as a user would, over the protocol's own way to old messages, and if there is a better one in
//! [`Archive`], over that. A history is read backwards, page by page, until all is found that was acknowledged, or
//! to its beginning.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use super::app::AppAsker;
use super::ask::{Asker, Request};
use super::desk::Desk;
use super::desk::account::spot;
use super::global;
use super::reader::{Failure, Read, Reader};
use super::run::Run;
use crate::client::{Archive, Dialect, Realm};
use crate::phone_id::PhoneId;
use crate::record::Kept;
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Place;

/// How often a place is tried whose history does not come, and the time before the next attempt. A command may
/// just have restarted the server.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// A history is not asked for again if for this long none has come at all: then the server does not answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// After this many histories in a row that did not come, the server is not asked for more.
pub(super) const GIVE_UP: u32 = 3;
/// How often progress is shown.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Reads the histories of all places in which something was said. A signal ends it, and what was not read
    /// then counts as not read.
    pub(super) fn read_histories(&mut self, signals: &Signals) {
        let Realm::Account(words) = self.realm else { return };
        let Some(accounts) = self.desk.record.accounts() else { return };
        let places = accounts.places();
        let mut archives = words.archives().iter().copied();
        let Some(mut archive) = archives.next() else { return };
        let (target, is_quiet) = (self.lines.target(PhoneId(0)), self.plan.quiet);
        let (mut reader, mut app) = (None, AppAsker::new(target, signals));
        // Histories in a row that did not come, and whether all went back to the beginning.
        let (mut failed, mut all_whole) = (0, true);
        let mut next_line = self.clock.now() + BETWEEN_LINES;
        let mut patience_ends = self.clock.now() + PATIENCE;
        for (done, &at) in places.iter().enumerate() {
            if !is_quiet && self.clock.now() >= next_line {
                next_line = self.clock.now() + BETWEEN_LINES;
                tell(&format!("reading histories: {done} of {}", places.len()));
            }
            let mut attempt = 0;
            let read = loop {
                attempt += 1;
                let read = match archive {
                    Archive::Pages(dialect) => {
                        pages(&self.desk, &mut reader, (dialect, target, signals), at)
                    }
                    Archive::LastToEveryone => last_to_everyone(&self.desk, target, signals, at),
                    Archive::LastOfEach { older } => {
                        let from = (older, target, signals);
                        last_of_each(&self.desk, (&mut app, &mut reader), from, at)
                    }
                };
                match read {
                    Ok(read) => break Some(read),
                    Err(Failure::Interrupted) => break None,
                    // The server does not have this archive.
                    Err(Failure::Unknown) => match archives.next() {
                        Some(next) => archive = next,
                        None => break None,
                    },
                    Err(Failure::Late)
                        if attempt >= ATTEMPTS
                            || self.clock.now() >= patience_ends
                            || signals.pause(PAUSE) =>
                    {
                        break None;
                    }
                    Err(Failure::Late) => reader = None,
                }
            };
            let Some((accounts, _)) = self.desk.accounts() else { return };
            match read {
                Some((kept, is_whole)) => {
                    (failed, all_whole) = (0, all_whole && is_whole);
                    patience_ends = self.clock.now() + PATIENCE;
                    accounts.compare(at, &kept, is_whole);
                }
                None => {
                    (failed, all_whole) = (failed + 1, false);
                    accounts.could_not_read();
                }
            }
            if signals.is_hurried() || failed >= GIVE_UP {
                let rest = places.len() - done - 1;
                (0..rest).for_each(|_| accounts.could_not_read());
                all_whole &= rest == 0;
                break;
            }
        }
        if let Some((accounts, _)) = self.desk.accounts() {
            accounts.compare_the_rest(all_whole);
        }
    }
}

/// Reads all pages of a place. `reader` is the socket of the last one, which may be of the same user.
fn pages<'a>(
    desk: &Desk,
    reader: &mut Option<Reader<'a>>,
    (dialect, target, signals): (&'static dyn Dialect, &'a Target, &'a Signals),
    at: (Place, PhoneId),
) -> Read {
    let (place, user) = at;
    let spot = spot(&desk.pool, place);
    let socket = match reader.take().filter(|reader| reader.user == user) {
        Some(reader) => reader,
        None => {
            let account = desk.pool.get(user).ok_or(Failure::Unknown)?;
            Reader::sign_in(dialect, target, signals, (user, account))?
        }
    };
    let socket = reader.insert(socket);
    let (mut all, mut before) = (Vec::new(), None::<String>);
    let mut asked = HashSet::new();
    loop {
        let page = socket.page(&spot, before.as_deref(), desk)?;
        let is_ours = !page.kept.is_empty();
        let mut kept = page.kept;
        kept.append(&mut all);
        all = kept;
        let is_found = || desk.record.accounts().is_some_and(|accounts| accounts.has_all(at, &all));
        match page.oldest {
            Some(oldest) if page.has_more => {
                // A page without a message of this run is looked at, so that none is there twice unseen.
                if !is_ours && is_found() {
                    return Ok((all, true));
                }
                // A server that does not go back would be asked without end. What it has not shown is missing.
                if !asked.insert(oldest.clone()) {
                    return Ok((all, true));
                }
                before = Some(oldest);
            }
            Some(_) | None => return Ok((all, !page.has_more)),
        }
    }
}

/// Reads the last messages of a place over HTTP and, if the server has shown as many as it can, what is older from the
/// pages of another protocol.
fn last_of_each<'a>(
    desk: &Desk,
    (app, reader): (&mut AppAsker<'a>, &mut Option<Reader<'a>>),
    from: (&'static dyn Dialect, &'a Target, &'a Signals),
    at: (Place, PhoneId),
) -> Read {
    let (last, is_whole) = app.history(desk, at)?;
    if is_whole {
        return Ok((last, true));
    }
    match pages(desk, reader, from, at) {
        Ok((mut all, is_whole)) => {
            // What both show is taken as the app shows it.
            let number = |kept: &Kept| kept.stamp.map(|stamp| stamp.number);
            let first = last.first().map(number);
            let begin = all.iter().position(|kept| Some(number(kept)) == first);
            all.truncate(begin.unwrap_or(all.len().saturating_sub(last.len())));
            // The other protocol does not show what a message of the app quotes.
            all.iter_mut().for_each(|kept| kept.is_answer_right = true);
            Ok(([all, last].concat(), is_whole))
        }
        Err(Failure::Unknown) => Ok((last, false)),
        Err(failure) => Err(failure),
    }
}

/// Reads the last messages to everyone. Of other places this archive has nothing.
fn last_to_everyone(
    desk: &Desk,
    target: &Target,
    signals: &Signals,
    (place, user): (Place, PhoneId),
) -> Read {
    if place != Place::Everyone {
        return Ok((Vec::new(), false));
    }
    let token = desk.pool.get(user).and_then(|account| account.token.as_deref());
    let headers = global::headers(token.unwrap_or_default());
    let request = Request { method: "GET", path: global::PATH, headers: &headers, body: "" };
    let answer = Asker::new(target, Some(signals)).ask(&request)?;
    match answer.status {
        200 => global::read(desk, &answer.body).ok_or(Failure::Late),
        404 => Err(Failure::Unknown),
        _ => Err(Failure::Late),
    }
}

/// Shows how far it has come. On a terminal, a line takes the place of the one before.
pub(super) fn tell(line: &str) {
    let mut stderr = io::stderr();
    let line = match stderr.is_terminal() {
        true => format!("\r\x1b[K{line}"),
        false => format!("{line}\n"),
    };
    // If stderr is closed, there is no other place to say so.
    drop(stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush()));
}
