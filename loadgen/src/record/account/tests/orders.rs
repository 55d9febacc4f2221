//! The order of messages that cross, as a server stores them that does nothing wrong, and as others do.

use std::collections::{HashSet, VecDeque};

use super::*;

/// What the server in the play does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wrong {
    Nothing,
    /// One phone hears two messages in the wrong order, which somebody else hears, too.
    Live,
    /// The history has two messages in the wrong order that one phone has heard.
    Stored,
}

/// What is found, and how often.
type Found = (Vec<(Fault, u64)>, Vec<(Lapse, u64)>);

/// Four users, and a server that acknowledges when it likes, and tells each phone of messages when it likes.
struct Play {
    random: fastrand::Rng,
    accounts: Accounts,
    books: Books,
    /// By sender: what the server has not read yet.
    sent: Vec<VecDeque<Stamp>>,
    stored: Vec<Stamp>,
    /// By phone: what it will hear.
    to_hear: Vec<VecDeque<Stamp>>,
    to_acknowledge: Vec<Stamp>,
    is_here: [bool; PHONES as usize],
    /// What was sent over a connection that has ended since.
    late: HashSet<u64>,
}

const PHONES: u32 = 4;
/// Each is another play.
const SEEDS: u64 = 100;

impl Play {
    fn new(seed: u64) -> Self {
        let mut accounts = Accounts::new(PHONES);
        accounts.add_room([0, 1, 2].map(PhoneId).into_iter());
        (0..PHONES).for_each(|phone| come_at(&mut accounts, PhoneId(phone), at(0)));
        let queues = || (0..PHONES).map(|_| VecDeque::new()).collect();
        Play {
            random: fastrand::Rng::with_seed(seed),
            accounts,
            books: Books::default(),
            sent: queues(),
            stored: Vec::new(),
            to_hear: queues(),
            to_acknowledge: Vec::new(),
            is_here: [true; PHONES as usize],
            late: HashSet::new(),
        }
    }

    /// A phone goes, or comes back. What it has sent may be stored all the same.
    fn come_or_go(&mut self, phone: PhoneId) {
        let is_here = &mut self.is_here[phone.index()];
        *is_here = !*is_here;
        let comes = *is_here;
        let Play { accounts, books, .. } = self;
        if comes {
            return come_at(accounts, phone, at(3));
        }
        accounts.went(phone, Persona::Chatter, books, at(3));
        self.to_hear[phone.index()].clear();
        self.to_acknowledge.retain(|stamp| stamp.sender != phone);
        let sent = &mut self.sent[phone.index()];
        sent.truncate(self.random.usize(..=sent.len()));
        self.late.extend(sent.iter().map(|stamp| stamp.number));
    }

    fn phone(&mut self) -> PhoneId {
        PhoneId(self.random.u32(..PHONES))
    }

    fn members(stamp: &Stamp) -> Vec<PhoneId> {
        match Place::of(stamp.recipient) {
            Place::Everyone => (0..PHONES).map(PhoneId).collect(),
            Place::Room(_) => [0, 1, 2].map(PhoneId).into(),
            Place::Phone(to) => vec![stamp.sender, to],
        }
    }

    fn write(&mut self) {
        let (from, other) = (self.phone(), self.phone());
        if !self.is_here[from.index()] {
            return;
        }
        let place = match self.random.u8(..3) {
            0 => Place::Everyone,
            1 if from.0 < 3 => Place::Room(0),
            _ if from != other => Place::Phone(other),
            _ => Place::Everyone,
        };
        let stamp = send(&mut self.accounts, &mut self.books, from, place);
        self.sent[from.index()].push_back(stamp);
    }

    fn store(&mut self, by: PhoneId) {
        let Some(stamp) = self.sent[by.index()].pop_front() else { return };
        self.stored.push(stamp);
        for phone in Play::members(&stamp).into_iter().filter(|&phone| phone != stamp.sender) {
            if self.is_here[phone.index()] {
                self.to_hear[phone.index()].push_back(stamp);
            }
        }
        if self.is_here[by.index()] && !self.late.contains(&stamp.number) {
            self.to_acknowledge.push(stamp);
        }
    }

    fn tell(&mut self, by: PhoneId) {
        let Some(stamp) = self.to_hear[by.index()].pop_front() else { return };
        let Play { accounts, books, .. } = self;
        assert!(accounts.hear(by, &stamp, books, at(3)).is_some());
    }

    fn acknowledge(&mut self) {
        if self.to_acknowledge.is_empty() {
            return;
        }
        let stamp = self.to_acknowledge.swap_remove(self.random.usize(..self.to_acknowledge.len()));
        let Play { accounts, books, .. } = self;
        assert!(accounts.hear_stored(stamp.sender, &stamp, books, at(3)).is_some());
    }

    fn history(&self, (place, reader): (Place, PhoneId)) -> Vec<Stamp> {
        let is_in = |stamp: &&Stamp| match place {
            Place::Phone(other) => {
                let both = Play::members(stamp);
                both.len() == 2 && both.contains(&reader) && both.contains(&other)
            }
            place => Place::of(stamp.recipient) == place,
        };
        self.stored.iter().filter(is_in).copied().collect()
    }

    fn look_back(&mut self) {
        let places = self.accounts.places();
        let place = places[self.random.usize(..places.len())];
        let history = self.history(place);
        let most = self.random.usize(1..6);
        let page = &history[history.len().saturating_sub(most)..];
        let known = self.accounts.known();
        self.accounts.look_back(place, &kept(page), known, page.len() == history.len());
    }

    /// One thing happens. Phones come and go where nothing is wrong: who has just come may not know better.
    fn step(&mut self, wrong: Wrong) {
        let phone = self.phone();
        match self.random.u8(..100) {
            0..30 => self.write(),
            30..60 => self.store(phone),
            60..80 => self.tell(phone),
            80..90 => self.acknowledge(),
            90..98 => self.look_back(),
            _ if wrong == Wrong::Nothing => self.come_or_go(phone),
            _ => {}
        }
    }

    /// The server does what is left.
    fn end(&mut self) {
        for phone in (0..PHONES).map(PhoneId) {
            while !self.sent[phone.index()].is_empty() {
                self.store(phone);
            }
        }
        while self.to_hear.iter().any(|queue| !queue.is_empty()) {
            let phone = self.phone();
            self.tell(phone);
        }
        while !self.to_acknowledge.is_empty() {
            self.acknowledge();
        }
    }

    /// Two messages of a place change places in what is told to a phone, or in what is stored, if they are behind each
    /// other there. Returns whether there were two.
    fn swap(&mut self, wrong: Wrong) -> bool {
        let place = |stamp: &Stamp| Conversation::of(stamp.sender, Place::of(stamp.recipient));
        match wrong {
            Wrong::Nothing => false,
            Wrong::Live => self.to_hear.iter_mut().any(|queue| {
                let two = (1..queue.len()).find(|&at| place(&queue[at]) == place(&queue[at - 1]));
                two.inspect(|&at| queue.swap(at, at - 1)).is_some()
            }),
            Wrong::Stored => {
                let is_open = |one: &Stamp, other: &Stamp| {
                    let writers = [one.sender, other.sender];
                    let all = Play::members(one);
                    one.sender != other.sender && all.iter().all(|phone| writers.contains(phone))
                };
                let stored = &mut self.stored;
                let two = (1..stored.len()).find(|&at| {
                    let (one, other) = (&stored[at - 1], &stored[at]);
                    place(one) == place(other) && !is_open(one, other)
                });
                two.inspect(|&at| stored.swap(at, at - 1)).is_some()
            }
        }
    }

    /// What is found, in the end.
    fn found(mut self) -> Found {
        for place in self.accounts.places() {
            let history = self.history(place);
            self.accounts.compare(place, &kept(&history), true);
        }
        self.accounts.compare_the_rest(true);
        (faults(&self.books), lapses(&mut self.accounts, &mut self.books))
    }
}

/// Plays it with some hundred messages. `None`: nothing could be done wrong.
fn play(seed: u64, wrong: Wrong) -> Option<Found> {
    let mut play = Play::new(seed);
    (0..300).for_each(|_| play.step(wrong));
    if wrong == Wrong::Live && !play.swap(wrong) {
        return None;
    }
    play.end();
    if wrong == Wrong::Stored && !play.swap(wrong) {
        return None;
    }
    Some(play.found())
}

#[test]
fn a_server_may_acknowledge_when_it_likes_and_let_messages_cross_as_it_likes() {
    for seed in 0..SEEDS {
        assert_eq!(play(seed, Wrong::Nothing), Some((vec![], vec![])), "seed {seed}");
    }
}

#[test]
fn two_messages_in_another_order_than_any_phone_has_heard_are_found_also_if_acknowledgements_are_late()
 {
    let mut played = 0;
    for seed in 0..SEEDS {
        if let Some((faults, lapses)) = play(seed, Wrong::Stored) {
            let is_it =
                |lapses: &[(Lapse, u64)]| matches!(lapses, [(Lapse::StoredOutOfOrder, 1..)]);
            assert!(faults.is_empty() && is_it(&lapses), "seed {seed}: {faults:?}, {lapses:?}");
            played += 1;
        }
        if let Some((faults, lapses)) = play(seed, Wrong::Live) {
            assert!(!(faults.is_empty() && lapses.is_empty()), "seed {seed}");
            played += 1;
        }
    }
    assert!(played > SEEDS, "{played}");
}

#[test]
fn an_acknowledgement_that_comes_after_what_was_stored_later_is_no_fault() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let two = send(&mut accounts, &mut books, BOB, Place::Everyone);
    // Ann hears of the second one first, and Bob of the first one.
    accounts.hear(ANN, &two, &mut books, at(3));
    accounts.hear(BOB, &one, &mut books, at(3));
    for stamp in [&one, &two] {
        accounts.hear(CAT, stamp, &mut books, at(3));
        accounts.hear_stored(stamp.sender, stamp, &mut books, at(4));
    }
    assert_eq!(accounts.hear_stored(ANN, &one, &mut books, at(5)), None, "it is told twice");
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    accounts.compare(EVERYONE, &kept(&[two, one]), true);
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::StoredOutOfOrder, 1)], "Cat knows it");
}

#[test]
fn a_message_was_stored_before_it_was_acknowledged_and_so_before_all_that_is_sent_later() {
    let (mut accounts, mut books) = three();
    let mut say = |from, to| {
        let stamp = send(&mut accounts, &mut books, from, Place::Phone(to));
        accounts.hear(to, &stamp, &mut books, at(3));
        accounts.hear_stored(from, &stamp, &mut books, at(3));
        stamp
    };
    let (one, two) = (say(ANN, BOB), say(BOB, ANN));
    let lost = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
    accounts.hear_stored(ANN, &lost, &mut books, at(3));
    let mut found = |order: &[Stamp]| {
        let before = accounts.lapses.count(Lapse::StoredOutOfOrder);
        accounts.look_back((Place::Phone(BOB), ANN), &kept(order), 0, true);
        accounts.lapses.count(Lapse::StoredOutOfOrder) - before
    };
    assert_eq!(found(&[one, two, lost]), 0);
    assert_eq!(found(&[two, one, lost]), 1, "nobody has heard both");
    assert_eq!(found(&[one, lost, two]), 1, "and nobody has heard the last one at all");
}

#[test]
fn a_page_may_begin_between_two_messages_whose_order_is_open() {
    for page_begins_with in [0, 1] {
        let (mut accounts, mut books) = three();
        let one = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
        let two = send(&mut accounts, &mut books, BOB, Place::Phone(ANN));
        for (by, stamp) in [(BOB, &one), (ANN, &two)] {
            accounts.hear(by, stamp, &mut books, at(3));
            accounts.hear_stored(stamp.sender, stamp, &mut books, at(3));
        }
        let (known, place) = (accounts.known(), (Place::Phone(BOB), ANN));
        accounts.look_back(place, &kept(&[[one, two][page_begins_with]]), known, false);
        assert_eq!(lapses(&mut accounts, &mut books), []);
        accounts.look_back(place, &kept(&[one]), known, true);
        assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::HistoryWrong, 1)]);
    }
}

#[test]
fn every_phone_hears_two_messages_of_one_sender_in_order_also_the_first_one_that_does() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let two = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &two);
    hear_all(&mut accounts, &mut books, &one);
    assert_eq!(faults(&books), [(Fault::Reordered, 3)]);
}
