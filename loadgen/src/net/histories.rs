//! Users who look back: while others write, the one who has heard the last message asks for the history of its place,
//! as who scrolls back does. What comes over a socket is heard in `desk/account.rs`.

use switchboard::timer::Moment;

use super::app;
use super::desk::account::{Look, spot};
use super::global;
use super::lines::Lines;
use super::lookback::{Question, Way};
use super::run::Run;
use crate::record::{Begun, Lapse};
use crate::workload::Place;

/// The most histories that are asked for and have not come. Beyond that nobody asks.
const MOST_UNDER_WAY: usize = 1000;

impl Run<'_> {
    /// Users ask for the histories that are due.
    pub(super) fn look_back(&mut self, now: Moment) {
        let end = self.plan.timing.messages_end();
        while let Some(due) = self.lookback.next.filter(|&due| due <= now && due < end) {
            self.lookback.next = Some(due + self.lookback.every);
            self.ask_for_history(due);
        }
    }

    fn ask_for_history(&mut self, due: Moment) {
        let Some((place, by)) = self.desk.last_heard else { return };
        let Some(account) = self.desk.pool.get(by).filter(|_| self.lines.slot(by).is_ready) else {
            return;
        };
        let place = match &self.lookback.way {
            Way::Http(http) if http.is_global => Place::Everyone,
            Way::Http(_) | Way::Socket(_) | Way::Nowhere => place,
        };
        let Some(accounts) = self.desk.record.accounts() else { return };
        let look = Look {
            at: (place, by),
            generation: self.lines.party(by).generation,
            known: accounts.known(),
            begun: Begun { planned: due, actual: self.clock.now() },
        };
        match &mut self.lookback.way {
            Way::Socket(words) if self.desk.looks.len() < MOST_UNDER_WAY => {
                let Lines { pen, out, .. } = &mut self.lines;
                words.ask_for_history(&spot(&self.desk.pool, place), None, pen, out);
                self.desk.looks.push_back(look);
                self.write(by);
            }
            Way::Http(http) if http.under_way.len() < MOST_UNDER_WAY => {
                let app = app::app_of(account);
                if http.is_global {
                    let headers = global::headers(app.token);
                    http.ask(look, Question { path: global::PATH.to_owned(), headers });
                } else if let Some(request) = app::history_request(&app, &self.desk.pool, place) {
                    http.ask(look, Question { path: request.path, headers: app.cookies() });
                }
            }
            Way::Socket(_) | Way::Http(_) | Way::Nowhere => {}
        }
    }

    /// Takes the histories that have come over HTTP.
    pub(super) fn take_histories(&mut self) {
        loop {
            let Way::Http(http) = &mut self.lookback.way else { return };
            let Some((look, answer, answered)) = http.next_answer() else { return };
            let read = match &answer {
                Ok(answer) if answer.status == 200 => match http.is_global {
                    true => global::read(&self.desk, &answer.body),
                    false => app::read_history(&self.desk, look.at.0, &answer.body),
                },
                // There is no such address.
                Ok(answer) if answer.status == 404 => {
                    self.lookback.next = None;
                    continue;
                }
                Ok(answer) if answer.is_too_early() => continue,
                // The server may be down because of a command.
                Err(_) if !self.plan.commands.is_empty() => continue,
                Ok(_) | Err(_) => None,
            };
            let Some((accounts, _)) = self.desk.accounts() else { return };
            match read {
                Some((kept, is_whole)) => {
                    accounts.history.add(look.begun, answered);
                    accounts.look_back(look.at, &kept, look.known, is_whole);
                }
                None => accounts.lapses.add(Lapse::Unread),
            }
        }
    }

    /// Whether a history may still come that was asked for.
    pub(super) fn waits_for_histories(&self, now: Moment) -> bool {
        self.open_histories().any(|look| !self.is_late(look, now))
    }

    /// Counts the histories that should have come by now.
    pub(super) fn miss_histories(&mut self, now: Moment) {
        let missing = self.open_histories().filter(|look| self.is_late(look, now)).count();
        if let Some((accounts, _)) = self.desk.accounts() {
            accounts.lapses.add_many(Lapse::Unread, missing as u64);
        }
    }

    /// The histories that were asked for and have not come.
    fn open_histories(&self) -> impl Iterator<Item = &Look> {
        // A question over a socket ends with its connection, or when the phone hangs up.
        let is_open = |look: &&Look| {
            let slot = self.lines.slot(look.at.1);
            slot.is_ready && slot.generation == look.generation
        };
        let over_http = match &self.lookback.way {
            Way::Http(http) => Some(&http.under_way),
            Way::Socket(_) | Way::Nowhere => None,
        };
        self.desk.looks.iter().filter(is_open).chain(over_http.into_iter().flatten())
    }

    fn is_late(&self, look: &Look, now: Moment) -> bool {
        now > look.begun.actual + self.plan.settle
    }
}
