//! What a server does wrong with copies and statuses, told to the record.

use std::time::Duration;

use super::*;
use crate::record::books::Way;
use crate::record::checks::Checks as _;
use crate::record::measure::Begun;
use crate::workload::{Persona, ServerId};

/// Two sessions; with two devices each, 2 and 3 are the second ones.
const ANN: PhoneId = PhoneId(0);
const BOB: PhoneId = PhoneId(1);

struct Chat {
    messenger: Messenger,
    books: Books,
    stamps: Vec<Stamp>,
}

impl Chat {
    /// A chat in which Ann has written `messages` times to Bob, from her first device. Bob reads on one device.
    fn new(devices: u32, messages: u64) -> Self {
        let devices = Devices::new(2, devices);
        let manners = Manners { receipts: true, read: 1.0, ..Manners::NONE };
        let mut messenger = Messenger::new(devices, &manners);
        let now = Moment::START;
        for device in (0..devices.phones()).map(PhoneId) {
            messenger.dialled(device, Persona::Chatter, ServerId::FIRST);
            messenger.came(device, Persona::Chatter, Begun::at(now), true, now);
        }
        let mut books = Books::default();
        let (from, to) = (messenger.party(ANN), messenger.party(BOB));
        let stamps = (0..messages).map(|_| books.send(from, to, Way::Within, now, now)).collect();
        let begun = Begun::at(now);
        let posted = Posted { from, to, begun, written_on: 0, read_on: Some(0) };
        (0..messages).for_each(|_| messenger.copies.send(posted));
        messenger.contacts.meet(ANN, BOB);
        Chat { messenger, books, stamps }
    }

    fn copy(&mut self, by: u32, message: usize, is_outgoing: bool) -> Option<Receipt> {
        let stamp = Some(self.stamps[message]);
        let arrival = Arrival { by: PhoneId(by), stamp, from: Some(ANN), is_outgoing };
        self.messenger.receive(&arrival, &mut self.books, Moment::from_nanos(9))
    }

    fn tell(&mut self, by: u32, words: &[Status]) {
        for &word in words {
            let now = Moment::from_nanos(5_000_000);
            self.messenger.hear_status(PhoneId(by), Some(0), word, &mut self.books, now);
        }
    }

    /// Everything is as it should be for the first message.
    fn go_well(&mut self) {
        let devices = self.messenger.devices.each();
        for place in 0..devices {
            self.copy(1 + place * 2, 0, false);
            if place > 0 {
                self.copy(place * 2, 0, true);
                self.tell(1 + place * 2, &[Status::Read]);
            }
            self.tell(place * 2, &[Status::Sent, Status::Delivered, Status::Read]);
        }
    }

    fn found(mut self) -> Vec<(&'static str, u64)> {
        self.messenger.finish(&mut self.books);
        let counts = Breach::ALL.map(|b| (b.word(), self.messenger.breaches.count(b)));
        counts.into_iter().filter(|&(_, count)| count > 0).collect()
    }
}

use Status::{Delivered, Read, Sent, Undelivered};

#[test]
fn messages_of_other_processes_have_numbers_and_nothing_comes_of_them() {
    let mut chat = Chat::new(2, 0);
    (chat.books, chat.stamps) = (Books::of_a_shard(), Vec::new());
    let now = Moment::START;
    let pass = |chat: &mut Chat| {
        chat.books.pass(Some((PhoneId(7), PhoneId(8))), now);
        chat.messenger.copies.pass();
    };
    pass(&mut chat);
    let (from, to) = (chat.messenger.party(ANN), chat.messenger.party(BOB));
    chat.stamps.push(chat.books.send(from, to, Way::Within, now, now));
    let begun = Begun::at(now);
    chat.messenger.copies.send(Posted { from, to, begun, written_on: 0, read_on: None });
    pass(&mut chat);
    assert_eq!((chat.stamps[0].number, chat.messenger.copies.under_way()), (1, 2));
    for (by, is_outgoing) in [(1, false), (3, false), (2, true)] {
        chat.copy(by, 0, is_outgoing);
    }
    for by in [0, 2] {
        for word in [Sent, Delivered] {
            chat.messenger.hear_status(PhoneId(by), Some(1), word, &mut chat.books, now);
        }
    }
    assert_eq!((chat.books.delivered(), chat.messenger.copies.under_way()), (1, 0));
    // What another process has sent is no news here.
    chat.messenger.hear_status(ANN, Some(2), Sent, &mut chat.books, now);
    assert_eq!(chat.found(), [("statuses_twice", 1)]);
}

#[test]
fn what_several_processes_have_seen_of_their_sessions_is_added_up() {
    let mut parts = Vec::new();
    for breaks in [false, true] {
        let mut chat = Chat::new(2, 1);
        chat.go_well();
        if breaks {
            chat.messenger.broke(Party { phone: ANN, generation: 1 });
            chat.messenger.breaches.add(Breach::Stranger);
        }
        let json = serde_json::to_string(&MessengerPart::of(&chat.messenger)).expect("it is data");
        parts.push(serde_json::from_str::<MessengerPart>(&json).expect("the same data"));
    }
    let merged = Messenger::merged(parts.iter(), Measure::default(), 8);
    let Tally { copies, mirrors, statuses, read } = merged.tally();
    assert_eq!((copies, mirrors, statuses, read), (4, 2, 14, 2));
    assert_eq!((merged.read.count(), merged.contacts.changes()), (2, 8));
    assert_eq!((merged.breaches.count(Breach::Stranger), merged.is_steady()), (1, false));
    let steady = Messenger::merged(parts[..1].iter(), Measure::default(), 4);
    assert!(steady.is_steady());
}

#[test]
fn a_device_that_hangs_up_misses_what_is_told_soon_after() {
    for (who, seconds, found) in [
        (2, 1, &[][..]),
        (3, 1, &[]),
        (2, 9, &[("mirrors_lost", 1), ("statuses_lost", 3)]),
        (3, 9, &[("mirrors_lost", 1), ("statuses_lost", 3)]),
    ] {
        let mut chat = Chat::new(2, 1);
        chat.copy(1, 0, false);
        chat.copy(3, 0, false);
        chat.tell(3, &[Status::Read]);
        chat.tell(0, &[Sent, Delivered, Read]);
        let left = Moment::from_nanos(seconds * 1_000_000_000);
        chat.messenger.went(PhoneId(who), Persona::Chatter, &mut chat.books, left);
        assert_eq!(chat.found(), found, "device {who} after {seconds} s");
    }
}

#[test]
fn a_message_that_goes_well_is_delivered_once_read_once_and_forgotten() {
    for devices in [1, 2, 16] {
        let mut chat = Chat::new(devices, 1);
        chat.go_well();
        assert_eq!((chat.books.delivered(), chat.messenger.copies.under_way()), (1, 0));
        assert_eq!(chat.messenger.read.count(), 1);
        assert!(chat.messenger.read.corrected.max() >= Duration::from_millis(5));
        assert_eq!(chat.books.count(Fault::Duplicated), 0);
        assert_eq!(chat.found(), [], "{devices} devices");
    }
}

#[test]
fn words_that_are_lost_doubled_swapped_or_made_up_are_named() {
    let cases: [(&[Status], &str, u64); 8] = [
        (&[Sent, Delivered], "statuses_lost", 1),
        (&[Sent, Read], "statuses_lost", 1),
        (&[Delivered, Read], "statuses_lost", 1),
        (&[Sent, Sent, Delivered, Read], "statuses_twice", 1),
        (&[Sent, Delivered, Read, Read], "statuses_twice", 1),
        (&[Delivered, Sent, Read], "statuses_out_of_order", 1),
        (&[Sent, Read, Delivered], "statuses_out_of_order", 1),
        (&[Sent, Delivered, Undelivered, Read], "statuses_out_of_order", 1),
    ];
    for (words, name, count) in cases {
        let mut chat = Chat::new(1, 1);
        chat.copy(1, 0, false);
        chat.tell(0, words);
        assert_eq!(chat.found(), [(name, count)], "{words:?}");
    }
    let mut chat = Chat::new(1, 1);
    chat.go_well();
    chat.tell(0, &[Delivered]);
    chat.tell(1, &[Sent]);
    let made_up = Some(7);
    chat.messenger.hear_status(ANN, made_up, Sent, &mut chat.books, Moment::START);
    chat.messenger.hear_status(ANN, None, Sent, &mut chat.books, Moment::START);
    assert_eq!(chat.found(), [("statuses_twice", 2), ("statuses_uncalled", 2)]);
}

#[test]
fn a_message_is_undelivered_only_to_somebody_who_was_away() {
    let mut chat = Chat::new(1, 1);
    chat.tell(0, &[Undelivered]);
    assert_eq!(chat.books.missing().lost, 0, "it was given back");
    assert_eq!(chat.found(), [("wrongly_undelivered", 1)]);
    let mut chat = Chat::new(1, 1);
    chat.tell(0, &[Sent, Undelivered]);
    chat.messenger.went(BOB, Persona::Chatter, &mut chat.books, Moment::START);
    assert_eq!(chat.found(), []);
    let mut chat = Chat::new(1, 1);
    chat.tell(0, &[Undelivered]);
    chat.messenger.went(BOB, Persona::Chatter, &mut chat.books, Moment::START);
    chat.copy(1, 0, false);
    assert_eq!(chat.books.count(Fault::Duplicated), 1, "it was settled");
}

#[test]
fn copies_and_mirrors_that_are_lost_doubled_or_wrong_are_named() {
    let with = |spoil: fn(&mut Chat)| {
        let mut chat = Chat::new(2, 1);
        spoil(&mut chat);
        let duplicated = chat.books.count(Fault::Duplicated);
        (duplicated, chat.found())
    };
    let all = |chat: &mut Chat, by: u32| chat.tell(by, &[Sent, Delivered, Read]);
    // The recipient's second device is 3, the sender's is 2.
    let (_, found) = with(|chat| {
        chat.copy(1, 0, false);
        chat.copy(2, 0, true);
        chat.tell(0, &[Sent, Delivered, Read]);
        chat.tell(2, &[Sent, Delivered, Read]);
    });
    assert_eq!(found, [("copies_lost", 1), ("statuses_lost", 1)], "and that it was read");
    let (duplicated, found) = with(|chat| {
        chat.go_well();
        chat.copy(3, 0, false);
    });
    assert_eq!((duplicated, found), (1, vec![]));
    let mut chat = Chat::new(2, 1);
    for by in [1, 3] {
        chat.copy(by, 0, false);
    }
    chat.tell(3, &[Read]);
    all(&mut chat, 0);
    all(&mut chat, 2);
    assert_eq!(chat.found(), [("mirrors_lost", 1)]);
    let (_, found) = with(|chat| {
        chat.copy(2, 0, false);
        chat.go_well();
    });
    assert_eq!(found, [("mirrors_twice", 1), ("mirrors_wrong", 1)], "as if it were another's");
    let (_, found) = with(|chat| {
        chat.copy(0, 0, true);
        chat.go_well();
    });
    assert_eq!(found, [("mirrors_wrong", 1)], "to the device that wrote it");
}

#[test]
fn a_later_message_that_overtakes_on_one_device_is_noticed() {
    let mut chat = Chat::new(2, 2);
    for (by, message) in [(1, 0), (1, 1), (3, 1), (3, 0)] {
        chat.copy(by, message, false);
    }
    assert_eq!(chat.books.count(Fault::Reordered), 1);
    assert_eq!(chat.books.delivered(), 2);
}

#[test]
fn where_a_connection_broke_nothing_is_called_missing() {
    let mut chat = Chat::new(2, 1);
    chat.copy(1, 0, false);
    let party = chat.messenger.broke(Party { phone: PhoneId(3), generation: 1 });
    chat.books.doubt(party);
    assert_eq!(chat.found(), []);
}

#[test]
fn a_quota_hogs_invitation_is_for_the_device_that_is_shown_it_and_can_only_expire() {
    let mut chat = Chat::new(1, 0);
    chat.messenger.show_hogs_invitation(BOB, Some(BOB));
    chat.messenger.hear_of_hogs_invitation(BOB, Some(BOB), Answer::Expired);
    let count = |chat: &Chat, breach| chat.messenger.breaches.count(breach);
    assert_eq!(Breach::ALL.map(|breach| count(&chat, breach)).iter().sum::<u64>(), 0);
    chat.messenger.show_hogs_invitation(BOB, Some(ANN));
    chat.messenger.show_hogs_invitation(BOB, None);
    chat.messenger.hear_of_hogs_invitation(BOB, Some(ANN), Answer::Expired);
    chat.messenger.hear_of_hogs_invitation(BOB, Some(BOB), Answer::Accepted);
    let wrong = [Breach::InvitationWrong, Breach::AnswerWrong].map(|breach| count(&chat, breach));
    assert_eq!(wrong, [2, 2]);
}
