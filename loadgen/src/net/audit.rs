//! What is done when all phones have hung up: the histories are read that the server keeps, and held against
//! what phones have seen. [`Run::read_histories`] is the whole of it.
//!
//! It reads as a user would, over the protocol's own way to old messages, and if there is a better one in
//! [`Archive`], over that. A history is read backwards, page by page, until all is found that was acknowledged, or
//! to its beginning.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use serde::Deserialize;
use switchboard::timer::Moment;

use super::app::AppAsker;
use super::ask::{Asker, Request};
use super::clock::Clock;
use super::desk::Desk;
use super::desk::account::spot;
use super::patience::{Patience, Refusal};
use super::run::Run;
use super::talk::Talk;
use crate::client::{
    Address, Archive, Caller, Dialect, Event, News, OpenPage, Pen, Phone, Post, Presence, Realm,
    Said, Spot,
};
use crate::phone_id::PhoneId;
use crate::pool::Account;
use crate::record::Kept;
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Place;

/// How long the server may take for a page, and to let a reader in.
const FOR_A_PAGE: Duration = Duration::from_secs(10);
/// How often a place is tried whose history does not come, and the time before the next attempt. A command may
/// just have restarted the server.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// After this many histories in a row that did not come, the server is not asked for more.
const GIVE_UP: u32 = 3;
/// Requests over one socket that follow each other at once, and the time between two of those after them: a
/// server limits how much one client may ask.
const AT_ONCE: u32 = 300;
const BETWEEN_PAGES: Duration = Duration::from_millis(10);
/// The most messages that `GET /messages/global` shows.
const LAST: usize = 50;
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
                    Err(Failure::Late) if attempt >= ATTEMPTS || signals.pause(PAUSE) => {
                        break None;
                    }
                    Err(Failure::Late) => reader = None,
                }
            };
            let Some((accounts, _)) = self.desk.accounts() else { return };
            match read {
                Some((kept, is_whole)) => {
                    (failed, all_whole) = (0, all_whole && is_whole);
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

/// Why there is no history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Interrupted,
    /// The server does not have what is asked for.
    Unknown,
    /// It does not answer, or not rightly.
    Late,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Interrupted => Failure::Interrupted,
            Refusal::Server(_) => Failure::Late,
        }
    }
}

/// A place's messages of this run, the oldest first, and whether there are no older ones.
pub(super) type Read = Result<(Vec<Kept>, bool), Failure>;

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
            Ok(([all, last].concat(), is_whole))
        }
        Err(Failure::Unknown) => Ok((last, false)),
        Err(failure) => Err(failure),
    }
}

/// A socket on which a user reads histories.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    user: PhoneId,
    dialect: &'static dyn Dialect,
    talk: Talk<'a>,
    signals: &'a Signals,
    phone: Phone,
    pen: Pen,
    clock: Clock,
    asked: u32,
}

/// A page, the oldest message first.
struct Page {
    /// The messages of this run.
    kept: Vec<Kept>,
    /// The server's id of the oldest message, of whichever run.
    oldest: Option<String>,
    has_more: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn sign_in(
        dialect: &'static dyn Dialect,
        target: &'a Target,
        signals: &'a Signals,
        (user, account): (PhoneId, &Account),
    ) -> Result<Self, Failure> {
        let talk = Talk::begin(target, Patience::new(FOR_A_PAGE, Some(signals)), FOR_A_PAGE)?;
        let (clock, mut pen, mut out) = (Clock::start(), Pen::new(fastrand::u64(..)), Vec::new());
        let address = Address { authority: &target.authority, prefix: &target.prefix };
        let caller = Caller {
            number: "",
            session: "",
            proof: None,
            user: &account.name,
            user_id: &account.id,
            page: OpenPage::Start,
            token: account.token.as_deref().unwrap_or_default(),
            presence: Presence::None,
            receipts: false,
        };
        let phone = Phone::call(dialect, &address, &caller, clock.now(), &mut pen, &mut out);
        let mut reader = Reader { user, dialect, talk, signals, phone, pen, clock, asked: 0 };
        reader.write(&out)?;
        while !reader.phone.is_ready() {
            reader.hear(|_| None::<()>)?;
        }
        Ok(reader)
    }

    /// Asks for a page, and waits for it.
    fn page(
        &mut self,
        spot: &Spot<'_>,
        before: Option<&str>,
        desk: &Desk,
    ) -> Result<Page, Failure> {
        let Realm::Account(words) = self.dialect.realm() else { return Err(Failure::Unknown) };
        let ask = |pen: &mut Pen, out: &mut Vec<u8>| words.ask_for_history(spot, before, pen, out);
        self.ask(ask, |news| match news {
            News::History(history) if history.place == *spot => Some(Page {
                kept: desk.kept(&history.posts),
                oldest: history.posts.first().and_then(|post| Some(post.mid.as_ref()?.to_string())),
                has_more: history.has_more,
            }),
            _ => None,
        })
    }

    /// Asks for something, and waits for what `find` finds in the answer.
    pub(super) fn ask<T>(
        &mut self,
        write: impl FnOnce(&mut Pen, &mut Vec<u8>),
        find: impl Fn(&News<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        self.asked += 1;
        if self.asked > AT_ONCE && self.signals.pause(BETWEEN_PAGES) {
            return Err(Failure::Interrupted);
        }
        let mut out = Vec::new();
        write(&mut self.pen, &mut out);
        self.talk.extend(Patience::new(FOR_A_PAGE, Some(self.signals)));
        self.write(&out)?;
        self.find_in_news(find)
    }

    /// Waits for at most this time for what `find` finds in what is said.
    pub(super) fn wait_for<T>(
        &mut self,
        time: Duration,
        find: impl Fn(&News<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        self.talk.extend(Patience::new(time, Some(self.signals)));
        self.find_in_news(find)
    }

    fn find_in_news<T>(&mut self, find: impl Fn(&News<'_>) -> Option<T>) -> Result<T, Failure> {
        loop {
            if let Some(found) = self.hear(&find)? {
                return Ok(found);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.talk.write(bytes).map_err(|error| failure(&error))
    }

    /// Reads once, and returns what `find` finds in what was said.
    fn hear<T>(&mut self, find: impl Fn(&News<'_>) -> Option<T>) -> Result<Option<T>, Failure> {
        let mut buffer = vec![0; 64 * 1024];
        let count = self.talk.read(&mut buffer).map_err(|error| failure(&error))?;
        if count == 0 || self.talk.is_over() {
            return Err(Failure::Late);
        }
        let (mut input, mut out, mut found) = (&mut buffer[..count], Vec::new(), None);
        let now: Moment = self.clock.now();
        while let Some(event) = self.phone.read(now, &mut input, &mut self.pen, &mut out) {
            match event {
                Event::Said(Said::News(news)) => found = found.or_else(|| find(&news)),
                // A server without this protocol selects no subprotocol, or has no such address.
                Event::Ended(ending) if self.asked == 0 && ending.is_of_another_protocol() => {
                    return Err(Failure::Unknown);
                }
                // An error in place of a page.
                Event::Said(Said::Error) | Event::Ended(_) => return Err(Failure::Late),
                Event::Said(_)
                | Event::Upgraded(_)
                | Event::Greeted { .. }
                | Event::Pong { .. } => {}
            }
        }
        self.write(&out)?;
        Ok(found)
    }
}

/// Reads the last messages to everyone. Of other places this archive has nothing.
fn last_to_everyone(
    desk: &Desk,
    target: &Target,
    signals: &Signals,
    (place, user): (Place, PhoneId),
) -> Read {
    #[derive(Deserialize)]
    struct Message {
        content: String,
        sender: String,
    }
    if place != Place::Everyone {
        return Ok((Vec::new(), false));
    }
    let token = desk.pool.get(user).and_then(|account| account.token.as_deref());
    let headers = format!("Authorization: Bearer {}\r\n", token.unwrap_or_default());
    let request = Request { method: "GET", path: "/messages/global", headers: &headers, body: "" };
    let answer = Asker::new(target, signals).ask(&request)?;
    match answer.status {
        200 => {}
        404 => return Err(Failure::Unknown),
        _ => return Err(Failure::Late),
    }
    let messages: Vec<Message> = serde_json::from_str(&answer.body).map_err(|_| Failure::Late)?;
    let posts: Vec<Post<'_>> = messages
        .iter()
        .map(|one| Post {
            mid: None,
            from_id: None,
            from: one.sender.as_str().into(),
            place: Spot::Everyone,
            text: one.content.as_str().into(),
            reply_to: None,
        })
        .collect();
    Ok((desk.kept(&posts), posts.len() < LAST))
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted => Failure::Interrupted,
        _ => Failure::Late,
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
