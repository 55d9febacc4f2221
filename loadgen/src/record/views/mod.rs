//! [`Views`]: how long it takes until every phone has the right view of who is online.
//!
//! Each coming and going is a *change*, numbered from 1. A *view* is a list reduced to the one thing that
//! matters here: up to which change it is right. All phones get the same bytes as a list. So each distinct
//! list is judged once (`judge`), and a phone keeps only the number of its view. When its view moves on,
//! all changes in between have reached it, and are entered.
//!
//! With several servers, a phone is only expected to see those on its own server: whether servers tell each other
//! who is online is not known. To a phone, changes on another server are no changes.
//!
//! We are not the server. It may know of a coming before we do, since the first frame that tells us is
//! still on its way, and it may see two changes in another order. What a list says too early is noted in
//! its view as *early*. Knows neither sockets nor JSON.

mod checks;
mod early;
mod judge;
mod members;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use switchboard::timer::Moment;

use super::lately::Lately;
use super::measure::{Begun, Measure};
use crate::phone_id::PhoneId;
use crate::workload::ServerId;
use early::Early;
use judge::Recent;
use members::Members;

/// Which phones are online, and which phones know it.
#[derive(Debug)]
pub(crate) struct Views {
    /// By phone: what we know of it.
    truth: Vec<Truth>,
    /// By phone: the server that it is on, or was on last.
    places: Vec<ServerId>,
    /// By server: the phones that are online, as a set.
    online: Vec<Members>,
    changes: Vec<Change>,
    /// Comings and goings in other processes, if their records were merged into this one.
    elsewhere: u32,
    /// By phone: the number of its latest change, or 0.
    latest: Vec<u32>,
    views: Vec<View>,
    /// Those of them that nobody needs any more: others take their places.
    free: Vec<ViewId>,
    /// With this many views, it is time to look for free ones.
    most_views: usize,
    /// The views that are right as far as we know. There are few.
    right: Vec<ViewId>,
    /// By phone: what it has been shown.
    eyes: Vec<Eye>,
    /// Lists and deltas that came lately, and what they came to.
    recent: VecDeque<Recent>,
    /// When a phone last learned something new.
    last_news: Moment,
    /// Silent phones that a list no longer shows.
    gone: Vec<PhoneId>,
    /// From a change to the moment at which a phone has heard of it.
    convergence: Measure,
    /// The same since the last row of the series.
    lately: Lately,
}

/// What we know of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Truth {
    /// It is offline, and the server knows.
    Away,
    /// It is about to come, and the server may know that already.
    Coming,
    Online,
    /// It was online. The server may have given it up, or may be about to.
    Going,
    /// A roamer that was online is about to come back, here or from another server. Whether it is shown before that
    /// depends on what servers tell each other.
    Moving,
    /// Nothing is expected of lists about it, whatever it does.
    Ignored,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    phone: PhoneId,
    server: ServerId,
    begun: Begun,
}

/// The number of a view.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct ViewId(u32);

/// What phones have been shown.
#[derive(Debug)]
struct View {
    /// The server that has shown it.
    server: ServerId,
    /// It is right up to this change.
    version: u32,
    /// What it says beyond that change, by phone, and whether the phone is online: of phones that may come
    /// or go at any moment, and of phones whose latest change is a later one.
    early: Early,
    /// How many phones have this view.
    holders: u64,
}

/// What one phone has been shown.
#[derive(Clone, Copy, Debug, Default)]
struct Eye {
    view: Option<ViewId>,
    /// All changes up to this one have been entered.
    entered: u32,
}

/// So few views need not be looked through.
const FEW_VIEWS: usize = 64;

impl Views {
    /// Views of this many phones, none of which is online, on this many servers.
    pub(crate) fn new(clients: u32, servers: usize) -> Self {
        let clients = PhoneId(clients).index();
        Views {
            truth: vec![Truth::Away; clients],
            places: vec![ServerId::FIRST; clients],
            online: vec![Members::new(clients); servers],
            changes: Vec::new(),
            elsewhere: 0,
            latest: vec![0; clients],
            views: Vec::new(),
            free: Vec::new(),
            most_views: FEW_VIEWS,
            right: Vec::new(),
            eyes: vec![Eye::default(); clients],
            recent: VecDeque::new(),
            last_news: Moment::START,
            gone: Vec::new(),
            convergence: Measure::default(),
            lately: Lately::default(),
        }
    }

    /// Views of phones of several processes, whose runs are over.
    pub(super) fn merged(convergence: Measure, elsewhere: u32) -> Self {
        Views { convergence, elsewhere, ..Views::new(0, 1) }
    }

    /// A phone is about to come to this server. What has changed before is no news to it.
    fn expect(&mut self, phone: PhoneId, server: ServerId) {
        self.close(phone);
        if self.places[phone.index()] != server {
            self.online[self.places[phone.index()].index()].remove(phone);
            self.places[phone.index()] = server;
            // What was judged of the phone's old place does not hold for the new one.
            self.recent.clear();
        }
        self.truth[phone.index()] = match self.truth[phone.index()] {
            Truth::Ignored => Truth::Ignored,
            Truth::Online | Truth::Going | Truth::Moving => Truth::Moving,
            Truth::Away | Truth::Coming => Truth::Coming,
        };
        self.eyes[phone.index()] = Eye { view: None, entered: self.version() };
    }

    /// It is online.
    fn joined(&mut self, phone: PhoneId, begun: Begun, now: Moment) {
        if self.truth[phone.index()] == Truth::Ignored {
            return;
        }
        let was = std::mem::replace(&mut self.truth[phone.index()], Truth::Online);
        self.online[self.places[phone.index()].index()].insert(phone);
        if was == Truth::Moving {
            // Servers that tell each other have had it online all the time, and then show nothing new. From now on
            // they may not show a list without it.
            self.latest[phone.index()] = self.version();
            return;
        }
        self.change(phone, true, begun, now);
    }

    /// It has left, or was given up.
    fn left(&mut self, phone: PhoneId, begun: Begun, now: Moment) {
        let was = self.truth[phone.index()];
        self.close(phone);
        if was == Truth::Ignored {
            return;
        }
        self.online[self.places[phone.index()].index()].remove(phone);
        self.truth[phone.index()] = Truth::Away;
        let came = self.latest[phone.index()];
        if matches!(was, Truth::Online | Truth::Going) {
            self.change(phone, false, begun, now);
        }
        if was == Truth::Online {
            self.judge_again(phone, came, now);
        }
    }

    /// Whether a phone has been shown who is online since it came.
    pub(super) fn has_shown(&self, phone: PhoneId) -> bool {
        self.eyes[phone.index()].view.is_some()
    }

    /// Nothing is expected of this phone, nor of lists about it.
    pub(super) fn ignore(&mut self, phone: PhoneId) {
        self.truth[phone.index()] = Truth::Ignored;
    }

    fn version(&self) -> u32 {
        u32::try_from(self.changes.len()).expect("changes are fewer than four billion")
    }

    /// Enters a change. Views that foretold it stay right. It took no time for the phones that have one of
    /// those.
    fn change(&mut self, phone: PhoneId, is_online: bool, begun: Begun, now: Moment) {
        let server = self.places[phone.index()];
        self.changes.push(Change { phone, server, begun });
        let version = self.version();
        self.latest[phone.index()] = version;
        // The phone need not hear of itself.
        let own = self.eyes[phone.index()].view;
        let (views, convergence, lately) =
            (&mut self.views, &mut self.convergence, &mut self.lately);
        self.right.retain(|id| {
            let view = &mut views[id.0 as usize];
            if view.server != server {
                view.version = version;
                return true;
            }
            let is_foretold = view.holders > 0 && view.early.get(phone) == Some(is_online);
            if is_foretold {
                view.version = version;
                let others = view.holders - u64::from(own == Some(*id));
                convergence.add_many(begun, now, others);
                lately.add_many(now.since(begun.planned), others);
            }
            is_foretold
        });
    }

    /// Keeps a view, and gives it a number. A late server may have shown thousands of phones, and each view then has what
    /// is different from ours: so those go that no phone has any more, and that no list is known to come to.
    fn keep(&mut self, mut view: View) -> ViewId {
        view.early.shrink();
        if self.free.is_empty() && self.views.len() >= self.most_views {
            let mut is_needed: Vec<_> = self.views.iter().map(|view| view.holders > 0).collect();
            let recent = self.recent.iter().flat_map(|one| [Some(one.view), one.before]);
            recent.flatten().for_each(|id| is_needed[id.0 as usize] = true);
            self.right.retain(|id| is_needed[id.0 as usize]);
            let all = (0..).map(ViewId).zip(&is_needed);
            self.free.extend(all.filter(|(_, is_needed)| !**is_needed).map(|(id, _)| id));
            for id in &self.free {
                self.views[id.0 as usize].early = Early::default();
            }
            self.most_views = FEW_VIEWS.max(2 * (self.views.len() - self.free.len()));
        }
        match self.free.pop() {
            Some(id) => {
                self.views[id.0 as usize] = view;
                id
            }
            None => {
                self.views.push(view);
                ViewId(u32::try_from(self.views.len() - 1).expect("views are fewer than that"))
            }
        }
    }

    /// A phone has another view now: all changes up to that view have reached it.
    fn look(&mut self, phone: PhoneId, id: ViewId, now: Moment) {
        let eye = self.eyes[phone.index()];
        if eye.view == Some(id) {
            return;
        }
        self.close(phone);
        self.views[id.0 as usize].holders += 1;
        // What was foretold has been entered already.
        let entered = self.eyes[phone.index()].entered;
        let version = self.views[id.0 as usize].version;
        let place = self.places[phone.index()];
        for change in self.changes.get(entered as usize..version as usize).unwrap_or_default() {
            if change.phone != phone && change.server == place {
                self.convergence.add(change.begun, now);
                self.lately.add_many(now.since(change.begun.planned), 1);
            }
        }
        if version > entered {
            self.last_news = now;
        }
        self.eyes[phone.index()] = Eye { view: Some(id), entered: entered.max(version) };
    }

    /// A phone's view is taken away.
    fn close(&mut self, phone: PhoneId) {
        let eye = &mut self.eyes[phone.index()];
        if let Some(id) = eye.view.take() {
            let view = &mut self.views[id.0 as usize];
            view.holders -= 1;
            eye.entered = eye.entered.max(view.version);
        }
    }
}
