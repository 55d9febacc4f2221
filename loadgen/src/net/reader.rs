//! [`Reader`]: a socket on which a user reads histories, before a run or after it, or makes rooms: one question after the
//! other. And [`Failure`]: why there was no answer.

use std::io;
use std::time::Duration;

use switchboard::timer::Moment;

use super::clock::Clock;
use super::desk::Desk;
use super::patience::{Patience, Refusal};
use super::talk::Talk;
use crate::client::{
    Address, Caller, Dialect, Event, Halves, News, OpenPage, Pen, Phone, Presence, Realm, Said,
    Spot,
};
use crate::phone_id::PhoneId;
use crate::pool::Account;
use crate::record::Kept;
use crate::signals::Signals;
use crate::target::Target;

/// How long the server may take for a page, and to let a reader in.
const FOR_A_PAGE: Duration = Duration::from_secs(10);
/// Requests over one socket that follow each other at once, and the time between two of those after them: a
/// server limits how much one client may ask.
const AT_ONCE: u32 = 300;
const BETWEEN_PAGES: Duration = Duration::from_millis(10);

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Interrupted,
    /// The server does not have what is asked for.
    Unknown,
    /// It does not answer, or not rightly.
    Late,
}

impl Failure {
    /// What to tell, with this sentence if it is the server's fault.
    pub(super) fn told(self, sentence: impl FnOnce() -> String) -> Refusal {
        match self {
            Failure::Interrupted => Refusal::Interrupted,
            Failure::Unknown | Failure::Late => Refusal::Server(sentence()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Interrupted => Failure::Interrupted,
            Refusal::Server(_) | Refusal::File(_) => Failure::Late,
        }
    }
}

/// A place's messages of this run, the oldest first, and whether there are no older ones.
pub(super) type Read = Result<(Vec<Kept>, bool), Failure>;

/// A socket of a user.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) user: PhoneId,
    dialect: &'static dyn Dialect,
    talk: Talk<'a>,
    signals: &'a Signals,
    phone: Phone,
    halves: Halves,
    pen: Pen,
    clock: Clock,
    asked: u32,
}

/// A page, the oldest message first.
pub(super) struct Page {
    /// The messages of this run.
    pub(super) kept: Vec<Kept>,
    /// The server's id of the oldest message, of whichever run.
    pub(super) oldest: Option<String>,
    pub(super) has_more: bool,
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
        let halves = Halves::default();
        let mut reader =
            Reader { user, dialect, talk, signals, phone, halves, pen, clock, asked: 0 };
        reader.write(&out)?;
        while !reader.phone.is_ready() {
            reader.hear(|_| None::<()>)?;
        }
        Ok(reader)
    }

    /// Asks for a page, and waits for it.
    pub(super) fn page(
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

    /// Waits for at most this time until the server says what `is_it` knows, and counts how often it has said so by the
    /// time at which it answers a ping. 0: it has not.
    pub(super) fn count(
        &mut self,
        time: Duration,
        is_it: impl Fn(&News<'_>) -> bool,
    ) -> Result<u32, Failure> {
        self.talk.extend(Patience::new(time, Some(self.signals)));
        let (mut count, mut is_pinged, mut is_answered) = (0, false, false);
        while !is_answered {
            if count > 0 && !is_pinged {
                let mut out = Vec::new();
                self.pen.write_control_ping(&mut out);
                self.write(&out)?;
                is_pinged = true;
            }
            let read = self.read(|said| match said {
                Said::News(news) => count += u32::from(is_it(news)),
                said => is_answered |= is_pinged && *said == Said::Pong,
            });
            match read {
                Err(Failure::Late) => return Ok(count),
                read => read?,
            }
        }
        Ok(count)
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

    /// Reads once, and returns what `find` finds first in what was said.
    fn hear<T>(&mut self, find: impl Fn(&News<'_>) -> Option<T>) -> Result<Option<T>, Failure> {
        let mut found = None;
        self.read(|said| {
            if let (None, Said::News(news)) = (&found, said) {
                found = find(news);
            }
        })?;
        Ok(found)
    }

    /// Reads once, and shows `each` what was said.
    fn read(&mut self, mut each: impl FnMut(&Said<'_>)) -> Result<(), Failure> {
        let mut buffer = vec![0; 64 * 1024];
        let count = self.talk.read(&mut buffer).map_err(|error| failure(&error))?;
        if count == 0 || self.talk.is_over() {
            return Err(Failure::Late);
        }
        let (mut input, mut out) = (&mut buffer[..count], Vec::new());
        let now: Moment = self.clock.now();
        let Reader { phone, halves, pen, .. } = self;
        while let Some(event) = phone.read(now, &mut input, halves, pen, &mut out) {
            match event {
                // A server without this protocol selects no subprotocol, or has no such address.
                Event::Ended(ending) if self.asked == 0 && ending.is_of_another_protocol() => {
                    return Err(Failure::Unknown);
                }
                // An error in place of a page.
                Event::Said(Said::Error) | Event::Ended(_) => return Err(Failure::Late),
                Event::Said(said) => each(&said),
                Event::Upgraded(_) | Event::Greeted { .. } | Event::Pong { .. } => {}
            }
        }
        self.write(&out)
    }
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted => Failure::Interrupted,
        _ => Failure::Late,
    }
}
