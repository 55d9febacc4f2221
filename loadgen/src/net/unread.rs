//! After a run: how many messages the server says are unread, compared with what was not read.
//! [`Run::check_unread`] is the whole of it.

use super::audit::Reader;
use super::desk::account::spot;
use super::run::Run;
use crate::client::{News, Realm};
use crate::signals::Signals;

/// The most users that are asked. Each has to sign in for it.
const ASKED: usize = 100;

impl Run<'_> {
    /// Asks users who have marked something as read how many messages are unread where they did. A signal ends it.
    pub(super) fn check_unread(&mut self, signals: &Signals) {
        let Realm::Account(words) = self.realm else { return };
        let Some(accounts) = self.desk.record.accounts() else { return };
        let dialect = self.plan.settings.protocol.dialect();
        for (user, places) in accounts.readers(ASKED) {
            let Some(account) = self.desk.pool.get(user).cloned() else { return };
            let signed_in =
                Reader::sign_in(dialect, self.lines.target(user), signals, (user, &account));
            let pool = self.desk.pool.clone();
            let asked = signed_in.and_then(|mut reader| {
                reader.ask(
                    |pen, out| words.ask_for_unread(pen, out),
                    |news| match news {
                        News::Unread(all) => {
                            let of = |&place| {
                                let spot = spot(&pool, place);
                                all.iter().find(|one| one.place == spot).map(|one| one.count)
                            };
                            Some(places.iter().map(of).collect::<Vec<_>>())
                        }
                        _ => None,
                    },
                )
            });
            if signals.is_hurried() {
                return;
            }
            let Some((accounts, _)) = self.desk.accounts() else { return };
            let counts = asked.unwrap_or_else(|_| vec![None; places.len()]);
            for (&place, count) in places.iter().zip(counts) {
                accounts.compare_unread(user, place, count);
            }
        }
    }
}
