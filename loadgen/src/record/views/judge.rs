//! What a list or a delta comes to: up to which change it is right.
//!
//! A list is compared with the truth: it is right up to the change before the earliest one that it does not
//! show. A delta only says what is different, so the result depends on the view before it. Results are
//! remembered by the bytes for a while, since the next thousand phones get the same bytes.

use switchboard::timer::Moment;

use super::early::Early;
use super::members::Members;
use super::{Change, Truth, View, ViewId, Views};
use crate::phone_id::PhoneId;
use crate::workload::ServerId;

/// A list or a delta that came lately, and the view that it came to.
#[derive(Debug)]
pub(super) struct Recent {
    bytes: Box<[u8]>,
    /// The server that it came from.
    server: ServerId,
    /// Of a delta: the view that it was applied to.
    pub(super) before: Option<ViewId>,
    /// The phones that it names: those that are online, and in a delta also those that have gone.
    says: Says,
    /// The number of changes at the moment when it was judged.
    judged: u32,
    pub(super) view: ViewId,
}

#[derive(Debug)]
enum Says {
    List(Members),
    Delta(Vec<(PhoneId, bool)>),
}

/// How many lists and deltas are remembered.
const RECENT: usize = 8;

impl View {
    /// A view of this server that is right up to this change, and that nobody has.
    fn at(server: ServerId, version: u32) -> Self {
        View { server, version, early: Early::default(), holders: 0 }
    }
}

impl Views {
    /// A phone is shown a list. `numbers` finds the phones in it, and is called only if the bytes are new.
    pub(crate) fn see_list<N: Iterator<Item = PhoneId>>(
        &mut self,
        phone: PhoneId,
        bytes: &[u8],
        numbers: impl FnOnce() -> N,
        now: Moment,
    ) {
        let server = self.places[phone.index()];
        let recent = self.recall(bytes, server, None).unwrap_or_else(|| {
            let mut members = Members::new(self.truth.len());
            numbers().for_each(|phone| members.insert(phone));
            self.remember(bytes, server, None, Says::List(members))
        });
        self.show(phone, recent, now);
    }

    /// A phone is shown a delta: the phones that have come, and those that have gone.
    pub(crate) fn see_delta(
        &mut self,
        phone: PhoneId,
        bytes: &[u8],
        touched: impl FnOnce() -> Vec<(PhoneId, bool)>,
        now: Moment,
    ) {
        // Without a list before it, a delta says nothing.
        let Some(before) = self.eyes[phone.index()].view else { return };
        let server = self.places[phone.index()];
        let recent = self
            .recall(bytes, server, Some(before))
            .unwrap_or_else(|| self.remember(bytes, server, Some(before), Says::Delta(touched())));
        self.show(phone, recent, now);
    }

    /// The result for these bytes, if they came lately. It moves to the front, where it is found first next
    /// time.
    fn recall(&mut self, bytes: &[u8], server: ServerId, before: Option<ViewId>) -> Option<Recent> {
        let is_it = |recent: &Recent| {
            recent.before == before && recent.server == server && *recent.bytes == *bytes
        };
        let place = self.recent.iter().position(is_it)?;
        let mut recent = self.recent.remove(place)?;
        // The same list may be right again, after a phone has left and come back.
        if recent.judged != self.version() {
            (recent.view, recent.judged) = (self.judge(&recent), self.version());
        }
        Some(recent)
    }

    fn remember(
        &mut self,
        bytes: &[u8],
        server: ServerId,
        before: Option<ViewId>,
        says: Says,
    ) -> Recent {
        self.recent.truncate(RECENT - 1);
        let (bytes, judged) = (bytes.into(), self.version());
        let mut recent = Recent { bytes, server, before, says, judged, view: ViewId(0) };
        recent.view = self.judge(&recent);
        recent
    }

    fn show(&mut self, phone: PhoneId, recent: Recent, now: Moment) {
        self.look(phone, recent.view, now);
        self.recent.push_front(recent);
    }

    fn judge(&mut self, recent: &Recent) -> ViewId {
        let view = match &recent.says {
            Says::List(members) => self.judge_list(recent.server, members),
            Says::Delta(touched) => self.judge_delta(recent.server, recent.before, touched),
        };
        // The view may be equal to one of those that are right.
        let version = view.version;
        let is_same = |id: &&ViewId| {
            let other = &self.views[id.0 as usize];
            other.version == version && other.server == view.server && other.early == view.early
        };
        if let Some(&same) = self.right.iter().find(is_same) {
            return same;
        }
        let id = self.keep(view);
        if version == self.version() {
            self.right.push(id);
        }
        id
    }

    fn judge_list(&mut self, server: ServerId, members: &Members) -> View {
        let mut view = View::at(server, self.version());
        for (phone, is_listed) in members.difference(&self.online[server.index()]) {
            match self.disagrees(server, phone, is_listed) {
                Disagreement::None => {}
                Disagreement::Early => view.early.insert(phone, is_listed),
                Disagreement::Stale { latest } => {
                    view.version = view.version.min(latest.saturating_sub(1));
                }
            }
        }
        // What the list shows already will not be repeated by a delta.
        let changes = &self.changes[view.version as usize..];
        for change in changes.iter().filter(|change| change.server == server) {
            let is_listed = members.contains(change.phone);
            if is_listed == self.online_now(change.phone) {
                view.early.insert(change.phone, is_listed);
            }
        }
        self.notice_gone(&view);
        view
    }

    fn judge_delta(
        &mut self,
        server: ServerId,
        before: Option<ViewId>,
        touched: &[(PhoneId, bool)],
    ) -> View {
        let mut view = View::at(server, 0);
        let Some(before) = before.map(|id| &self.views[id.0 as usize]) else { return view };
        let mut least = u32::MAX;
        view.early.clone_from(&before.early);
        for &(phone, is_online) in touched {
            if let Disagreement::Stale { latest } = self.disagrees(server, phone, is_online) {
                least = least.min(latest.saturating_sub(1));
            }
            view.early.insert(phone, is_online);
        }
        // Goes on change by change, as long as each is shown, or was foretold and has come true.
        let is_shown = |change: &&Change| {
            change.server != server
                || view.early.get(change.phone) == Some(self.online_now(change.phone))
        };
        let later = &self.changes[before.version as usize..];
        let shown = later.iter().take_while(is_shown).count();
        view.version = least.min(before.version + u32::try_from(shown).expect("of a u32"));
        view.early.retain(|phone, is_online| {
            self.latest[phone.index()] > view.version
                || matches!(self.disagrees(server, phone, is_online), Disagreement::Early)
        });
        self.notice_gone(&view);
        view
    }

    /// A phone has gone, and nothing has foretold it: the server has ended its connection, and may have told others before.
    /// What has come since `came`, the change by which it came, and shows it as gone is judged again: it may be right now.
    /// O(phones) for each such list or delta.
    pub(super) fn judge_again(&mut self, gone: PhoneId, came: u32, now: Moment) {
        let place = self.places[gone.index()];
        for number in 0..self.recent.len() {
            let recent = &self.recent[number];
            let is_shown = match &recent.says {
                Says::List(members) => !members.contains(gone),
                Says::Delta(touched) => touched.contains(&(gone, false)),
            };
            let before = recent.view;
            let has_holders = self.views[before.0 as usize].holders > 0;
            let is_later = recent.server == place && recent.judged >= came;
            if !is_later || !is_shown || !has_holders {
                continue;
            }
            let Some(mut recent) = self.recent.remove(number) else { return };
            (recent.view, recent.judged) = (self.judge(&recent), self.version());
            let after = recent.view;
            self.recent.insert(number, recent);
            for phone in (0..).map(PhoneId).take(self.eyes.len()) {
                if self.eyes[phone.index()].view == Some(before) {
                    self.look(phone, after, now);
                }
            }
        }
    }

    pub(super) fn online_now(&self, phone: PhoneId) -> bool {
        matches!(self.truth[phone.index()], Truth::Online | Truth::Going | Truth::Moving)
    }

    /// Whether it is wrong if a server says this of a phone.
    fn disagrees(&self, server: ServerId, phone: PhoneId, is_online: bool) -> Disagreement {
        if self.places[phone.index()] != server {
            return Disagreement::None;
        }
        let latest = self.latest[phone.index()];
        match (self.truth[phone.index()], is_online) {
            (Truth::Ignored | Truth::Moving, _) => Disagreement::None,
            (Truth::Online | Truth::Going, true) => Disagreement::None,
            (Truth::Away | Truth::Coming, false) => Disagreement::None,
            (Truth::Coming, true) | (Truth::Going, false) => Disagreement::Early,
            (Truth::Away, true) | (Truth::Online, false) => Disagreement::Stale { latest },
        }
    }

    fn notice_gone(&mut self, view: &View) {
        let is_gone = |&(phone, is_online): &(PhoneId, bool)| {
            let is_here = self.places[phone.index()] == view.server;
            !is_online && is_here && self.truth[phone.index()] == Truth::Going
        };
        self.gone.extend(view.early.iter().filter(is_gone).map(|(phone, _)| phone));
    }
}

/// How a list's word about a phone differs from the truth.
enum Disagreement {
    /// Not at all.
    None,
    /// The server may know before we do.
    Early,
    /// It does not know of the phone's latest change.
    Stale { latest: u32 },
}
