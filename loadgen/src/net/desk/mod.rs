//! [`Desk`]: what the server says, entered into the record.

pub(super) mod account;
mod messenger;
mod mobile;

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Arc;

use switchboard::timer::Moment;

use super::errand::Errand;
use crate::client::{Presence, Realm, Said};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::record::{Checked, Conversation, Receipt, Record};
use crate::schedule::Timing;
use crate::workload::{Manners, Names, Numbers, Page, Pages, Place, Postings, Rooms, Texts};
use account::{ASKED, Look, Mark};

/// A server whose socket was full has sent at least this many bytes at once: no kernel has less room.
const CROWD: usize = 8 * 1024;

/// Enters into the record what phones hear.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) record: Record,
    pub(super) texts: Texts,
    pub(super) numbers: Numbers,
    /// Messages delivered since the last call of [`Desk::take_delivered`].
    delivered: u64,
    /// Messages delivered since the last call of [`Desk::take_receipts`]. Kept only in the closed model.
    receipts: Option<Vec<Receipt>>,
    /// The ids of sessions, and what sessions do beside writing.
    pub(super) names: Names,
    pub(super) manners: Manners,
    pub(super) seed: u64,
    /// The accounts of the phones; empty in the realms that have none.
    pub(super) pool: Arc<Pool>,
    /// Who is in which room.
    pub(super) rooms: Rooms,
    /// Which page of the app each phone has open.
    pub(super) pages: Pages,
    pub(super) postings: Postings,
    /// By conversation: the server's id of its newest message, if messages answer each other.
    pub(super) newest: HashMap<Conversation, String>,
    /// Whether phones are shown who comes and goes, and not everyone each time.
    hears_changes: bool,
    /// Whether the server has asked if the phone is there that has just heard something.
    is_pinged: bool,
    /// What the phone that has just heard something marks as read.
    pub(super) marks: Vec<Mark>,
    /// Where the last message was said that a user has heard, and who has.
    pub(super) last_heard: Option<(Place, PhoneId)>,
    /// Histories that were asked for over sockets, and have not come.
    pub(super) looks: VecDeque<Look>,
    /// Of the phone that hears something now: the generation of its connection, and since when it has been
    /// ready.
    pub(super) hearing: (u32, Moment),
    /// What the phone that has just heard something has to answer.
    pub(super) errands: Vec<Errand>,
}

/// Whether a list names a phone twice.
fn has_one_twice(list: &[PhoneId]) -> bool {
    let highest = list.iter().map(|phone| phone.index()).max().unwrap_or(0);
    let mut seen = vec![false; highest + 1];
    list.iter().any(|phone| mem::replace(&mut seen[phone.index()], true))
}

impl Desk {
    /// Nothing has been heard yet.
    pub(super) fn new(plan: &Plan, pool: Arc<Pool>, servers: usize) -> Self {
        let (settings, &Timing { clients, seed, .. }) = (&plan.settings, &plan.timing);
        let realm = settings.protocol.dialect().realm();
        let checked = Checked::new(realm, plan.devices(), &settings.manners, servers);
        let follows = match realm {
            Realm::Mobile(_) => settings.presence != Presence::None,
            Realm::Messenger(_) | Realm::Account(_) => true,
        };
        let texts = Texts::new(settings.sizes, seed);
        let (texts, ids) = match realm {
            Realm::Mobile(_) | Realm::Messenger(_) => (texts, seed),
            Realm::Account(_) => {
                let mut random = random_of_run(plan);
                (texts.of_run(random.u32(..)), random.u64(..))
            }
        };
        let mut record = Record::new(checked, follows);
        let rooms = plan.rooms();
        let pages = plan.pages(&rooms);
        if let (Realm::Account(words), Some(accounts)) = (realm, record.checked.accounts_mut()) {
            if words.skills().shows_online && settings.presence != Presence::None {
                accounts.show_online();
                for phone in (0..clients).map(PhoneId) {
                    let page = pages.of(phone);
                    if page.is_none_or(|page| page == Page::Status) {
                        accounts.is_shown_online(phone);
                    }
                    // In the app, a user is online whose notices have a socket.
                    if page.is_some_and(|page| page != Page::Start) {
                        accounts.may_be_hidden(phone);
                    }
                }
            }
            // Who has another page open hears nothing of a room.
            let is_open = |room, phone| pages.of(phone).is_none_or(|page| page == Page::Room(room));
            for room in 0..rooms.count() {
                accounts.add_room(rooms.members(room).filter(|&phone| is_open(room, phone)));
            }
            for phone in pages.on_start() {
                accounts.hears_by_notice(phone);
            }
            let readers = pages.recipients().take(ASKED).filter(|_| plan.shard.is_none());
            for reader in readers {
                accounts.mark_before(reader, Place::Phone(reader.partner()));
            }
        }
        record.is_closed = plan.is_closed;
        record.delivery_by_way = (servers > 1).then(Default::default);
        Desk {
            record,
            texts,
            numbers: Numbers::new(clients, seed),
            delivered: 0,
            receipts: plan.is_closed.then(Vec::new),
            names: Names::new(clients, ids),
            manners: settings.manners,
            seed,
            pool,
            rooms,
            pages,
            postings: settings.postings,
            newest: HashMap::new(),
            is_pinged: false,
            marks: Vec::new(),
            last_heard: None,
            looks: VecDeque::new(),
            hears_changes: settings.presence == Presence::Delta,
            hearing: (0, Moment::START),
            errands: Vec::new(),
        }
    }

    /// This many bytes have come to a phone at once.
    pub(super) fn get_bytes(&mut self, to: PhoneId, count: usize, now: Moment) {
        self.record.heard.bytes += count as u64;
        if let Some((accounts, _)) = self.accounts().filter(|_| count >= CROWD) {
            accounts.crowd(to, now);
        }
    }

    /// A sociable phone has heard something.
    pub(super) fn hear(&mut self, by: PhoneId, said: &Said<'_>, now: Moment) {
        let heard = &mut self.record.heard;
        match said {
            Said::Message(message) => {
                if let Some(receipt) = self.receive(by, message) {
                    self.deliver(&receipt, now);
                }
            }
            Said::List(list) => self.hear_list(by, list, now),
            Said::Delta(delta) => self.hear_delta(by, delta, now),
            Said::Told(told) => self.hear_told(by, told, now),
            Said::News(news) => self.hear_news(by, news, true, now),
            Said::Undelivered { to } => self.hear_undelivered(by, to.as_deref(), now),
            Said::Error => heard.errors += 1,
            // A pong that was not waited for counts as unknown.
            Said::Pong | Said::Other => heard.other += 1,
            Said::Nonsense => heard.nonsense += 1,
        }
    }

    /// A phone that is not sociable has heard something. Messages to it go into the books. How long they
    /// took is not measured, since it depends on the phone.
    pub(super) fn overhear(&mut self, by: PhoneId, said: &Said<'_>, now: Moment) {
        match said {
            Said::Message(message) => drop(self.receive(by, message)),
            Said::Told(told) => self.overhear_told(by, told, now),
            Said::News(news) => self.hear_news(by, news, false, now),
            Said::List(_)
            | Said::Delta(_)
            | Said::Undelivered { .. }
            | Said::Error
            | Said::Pong
            | Said::Other
            | Said::Nonsense => self.record.heard.by_hostile += 1,
        }
    }

    /// How many messages have been delivered since the last call.
    pub(super) fn take_delivered(&mut self) -> u64 {
        mem::take(&mut self.delivered)
    }

    /// Which messages have been delivered since the last call, if that is kept.
    pub(super) fn take_receipts(&mut self) -> Vec<Receipt> {
        self.receipts.as_mut().map(mem::take).unwrap_or_default()
    }

    /// A message has arrived for the first time, at a sociable phone.
    pub(super) fn deliver(&mut self, receipt: &Receipt, now: Moment) {
        self.record.delivered(receipt, now);
        self.delivered += 1;
    }

    /// A message has arrived for the first time.
    pub(super) fn keep(&mut self, receipt: &Receipt) {
        if let Some(receipts) = &mut self.receipts {
            receipts.push(*receipt);
        }
    }
}

/// What is stored outlives the run. So neither texts nor ids may be those of an earlier one. The shards of a run have the
/// same: no other begins at the same moment.
fn random_of_run(plan: &Plan) -> fastrand::Rng {
    match plan.shard.and(plan.start_at) {
        Some(start) => fastrand::Rng::with_seed(plan.timing.seed ^ start.as_nanos() as u64),
        None => fastrand::Rng::new(),
    }
}
