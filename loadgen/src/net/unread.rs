//! After a run: how many messages the server says are unread, compared with what was not read.
//! [`Run::check_unread`] is the whole of it. In a protocol with pages, users mark conversations as read before the run
//! ([`read_before`]) and after it, over HTTP: then the server must count nothing, and say so on the start page.

use std::time::Duration;

use super::app::AppAsker;
use super::audit::GIVE_UP;
use super::desk::account::{ASKED, spot};
use super::patience::Refusal;
use super::reader::Reader;
use super::run::Run;
use crate::client::{AccountWords, News, Realm};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::record::Reset;
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Place;

/// The most users that mark a conversation as read in the end, and wait on the start page to be told so.
const RESET: usize = 10;
/// How long the server may take for that.
const FOR_A_RESET: Duration = Duration::from_secs(5);

/// Marks the conversations as read whose unread messages will be compared at the end: messages of earlier runs must
/// not count. In a shard nothing is compared.
///
/// # Errors
///
/// One sentence, if the server does not do it; or that a signal came first.
pub(crate) fn read_before(
    plan: &Plan,
    target: &Target,
    pool: &Pool,
    signals: &Signals,
) -> Result<(), Refusal> {
    if plan.shard.is_some() {
        return Ok(());
    }
    let mut app = AppAsker::new(target, signals);
    for user in plan.pages(&plan.rooms()).recipients().take(ASKED) {
        app.mark_read(pool, user, user.partner()).map_err(|failure| {
            failure.told(|| {
                let url = target.url();
                format!(
                    "{url}: the server does not mark a conversation as read (POST /api/mark_read/…)"
                )
            })
        })?;
    }
    Ok(())
}

impl Run<'_> {
    /// Asks users who have marked something as read how many messages are unread where they did. A signal ends it. Of
    /// a shard nobody is asked: phones of others may write meanwhile.
    pub(super) fn check_unread(&mut self, signals: &Signals) {
        let Realm::Account(words) = self.realm else { return };
        if self.plan.shard.is_some() {
            return;
        }
        if words.skills().has_pages {
            return self.check_unread_over_http(signals);
        }
        let Some(accounts) = self.desk.record.accounts() else { return };
        // Users in a row who got no answer.
        let mut failed = 0;
        for (user, places) in accounts.readers(ASKED) {
            let asked = match failed < GIVE_UP {
                true => self.ask_for_unread(words, (user, &places), signals),
                false => None,
            };
            if signals.is_hurried() {
                return;
            }
            let Some((accounts, _)) = self.desk.accounts() else { return };
            failed = if asked.is_some() { 0 } else { failed + 1 };
            let counts = asked.unwrap_or_else(|| vec![None; places.len()]);
            for (&place, count) in places.iter().zip(counts) {
                accounts.compare_unread(user, place, count);
            }
        }
    }

    /// How many messages are unread in these places of a user, as far as the server says so; `None`: it does not answer.
    fn ask_for_unread(
        &self,
        words: &dyn AccountWords,
        (user, places): (PhoneId, &[Place]),
        signals: &Signals,
    ) -> Option<Vec<Option<u64>>> {
        let (dialect, pool) = (self.plan.settings.protocol.dialect(), &self.desk.pool);
        let account = (user, pool.get(user)?);
        let mut reader =
            Reader::sign_in(dialect, self.lines.target(user), signals, account).ok()?;
        let asked = reader.ask(
            |pen, out| words.ask_for_unread(pen, out),
            |news| match news {
                News::Unread(all) => {
                    let of = |&place| {
                        let spot = spot(pool, place);
                        all.iter().find(|one| one.place == spot).map(|one| one.count)
                    };
                    Some(places.iter().map(of).collect())
                }
                _ => None,
            },
        );
        asked.ok()
    }

    fn check_unread_over_http(&mut self, signals: &Signals) {
        let mut app = AppAsker::new(self.lines.target(PhoneId(0)), signals);
        // What a hostile phone sends may be a message, too.
        let is_clear = |user: &PhoneId| !self.lines.slot(user.partner()).persona.is_hostile();
        let users: Vec<_> = self.desk.pages.recipients().take(ASKED).filter(is_clear).collect();
        // Users in a row who got no answer.
        let mut failed = 0;
        for &user in &users {
            let said = match failed < GIVE_UP {
                true => app.unread(&self.desk.pool, user, user.partner()).ok(),
                false => None,
            };
            if signals.is_hurried() {
                return;
            }
            let Some((accounts, _)) = self.desk.accounts() else { return };
            failed = if said.is_some() { 0 } else { failed + 1 };
            accounts.compare_unread(user, Place::Phone(user.partner()), said);
        }
        if failed >= GIVE_UP {
            return;
        }
        for user in users.into_iter().take(RESET) {
            let reset = self.reset(&mut app, user, signals);
            if signals.is_hurried() {
                return;
            }
            let Some((accounts, _)) = self.desk.accounts() else { return };
            accounts.compare_reset(reset);
            if reset == Reset::Untold {
                // One is proof, and the next would have to be waited for as well.
                return;
            }
        }
    }

    /// A user on the start page marks what the partner has written as read.
    fn reset(&self, app: &mut AppAsker<'_>, user: PhoneId, signals: &Signals) -> Reset {
        let (pool, other) = (&self.desk.pool, user.partner());
        let (Some(account), Some(partner)) = (pool.get(user), pool.get(other)) else {
            return Reset::Refused;
        };
        let (dialect, target) = (self.plan.settings.protocol.dialect(), self.lines.target(user));
        let Ok(mut start) = Reader::sign_in(dialect, target, signals, (user, account)) else {
            return Reset::Refused;
        };
        if app.mark_read(pool, user, other).is_err() {
            return Reset::Refused;
        }
        let is_it = |news: &News<'_>| matches!(news, News::UnreadReset { from_id } if *from_id == *partner.id);
        match start.count(FOR_A_RESET, is_it) {
            Ok(1) => {}
            Ok(0) | Err(_) => return Reset::Untold,
            Ok(_) => return Reset::Twice,
        }
        match app.unread(pool, user, other) {
            Ok(0) => Reset::Done,
            Ok(_) | Err(_) => Reset::Refused,
        }
    }
}
