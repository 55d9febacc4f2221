//! The outboxes: caps, gates, order, and what becomes of every message.

use std::iter;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::chat::{self, Mobile, Receipt, account};

const CAPS: Caps = Caps { each: 100, echo: 300, all: 250 };

fn id(slot: u32) -> ConnectionId {
    ConnectionId::new(slot, 7)
}

fn open(slots: u32) -> Outboxes {
    let mut outboxes = Outboxes::new(CAPS);
    for slot in 0..slots {
        outboxes.open(id(slot));
        outboxes.speak(id(slot), Dialect::Sca, false);
    }
    outboxes
}

fn mobile() -> Mobile {
    Mobile::parse(b"0123456789").expect("ten digits")
}

fn message() -> Kind {
    Kind::Message(Receipt::Mobile { from: mobile(), to: mobile() })
}

/// A parcel of `len` bytes, all of them `name`.
fn parcel(name: u8, len: usize, kind: Kind) -> Parcel {
    Parcel::new(&vec![name; len], len, kind)
}

/// The bytes that would be written, as runs of equal bytes.
fn waiting_bytes(outboxes: &Outboxes, id: ConnectionId) -> String {
    let mut slices = [IoSlice::new(&[]); 64];
    let (count, _) = outboxes.gather(id, &mut slices);
    slices[..count].iter().map(|slice| String::from_utf8_lossy(slice)).collect::<Vec<_>>().join(" ")
}

fn names(parcels: impl Iterator<Item = Parcel>) -> String {
    parcels.map(|parcel| char::from(parcel.frame()[0])).collect()
}

fn delivered(outboxes: &mut Outboxes) -> String {
    names(iter::from_fn(|| outboxes.next_delivered()))
}

fn returned(outboxes: &mut Outboxes, reason: Reason) -> String {
    names(iter::from_fn(|| {
        let (parcel, why) = outboxes.next_returned()?;
        assert_eq!(why, reason);
        Some(parcel)
    }))
}

#[test]
fn a_client_that_reads_may_be_sent_any_amount_in_one_turn() {
    let mut outboxes = open(1);
    for _ in 0..10 {
        outboxes.queue(id(0), parcel(b'a', 60, message()));
    }
    assert_eq!(outboxes.next_overflowed(), None);
    outboxes.advance(id(0), 600);
    assert_eq!(delivered(&mut outboxes), "aaaaaaaaaa");
}

#[test]
fn an_outbox_is_over_its_cap_when_the_kernel_refuses_bytes_and_not_before() {
    let mut outboxes = open(1);
    for name in [b'a', b'b', b'c'] {
        outboxes.queue(id(0), parcel(name, 60, message()));
    }
    outboxes.advance(id(0), 70);
    outboxes.block(id(0));
    assert_eq!(outboxes.next_overflowed(), Some((id(0), Limit::OutboxBytes)));
    outboxes.close(id(0), Reason::Slow);
    assert_eq!(delivered(&mut outboxes), "a");
    assert_eq!(returned(&mut outboxes, Reason::Slow), "bc");
}

#[test]
fn a_blocked_outbox_over_its_cap_is_reported_once_and_its_messages_come_back() {
    let mut outboxes = open(1);
    outboxes.block(id(0));
    for name in [b'a', b'b', b'c'] {
        outboxes.queue(id(0), parcel(name, 60, message()));
    }
    assert_eq!(returned(&mut outboxes, Reason::Slow), "bc");
    assert_eq!(outboxes.next_overflowed(), Some((id(0), Limit::OutboxBytes)));
    assert_eq!(outboxes.next_overflowed(), None);
    outboxes.check_invariants();
}

#[test]
fn one_parcel_always_fits_however_large_even_behind_the_handshake() {
    let mut outboxes = open(1);
    outboxes.queue(id(0), parcel(b'1', 30, Kind::ForConnection));
    outboxes.speak(id(0), Dialect::Sca, true);
    outboxes.queue_list(id(0), parcel(b'L', 200, Kind::ForConnection));
    outboxes.advance(id(0), 50);
    outboxes.block(id(0));
    assert_eq!(outboxes.next_overflowed(), None);
}

#[test]
fn a_list_of_20_000_users_may_exceed_the_cap_and_what_is_behind_it_has_the_whole_cap() {
    let names: Vec<String> =
        (0..20_000).map(|n| format!("a name of 32 characters    {n:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (news, at) = (account::News::Nothing, account::UnixMs(0));
    let mut frame = Vec::new();
    let event = chat::Event::Account(account::Event::Users { names: &names, news, at });
    Dialect::WebsocketChat.frame(&event, &crate::timer::Zone::default(), &mut frame);
    // As many sentences as there may be, each with the whole list.
    let list: Rc<[u8]> = frame.repeat(4).into();
    let cap = 1 << 20;
    assert!(list.len() > 2 * cap);
    let mut outboxes = Outboxes::new(Caps { each: cap, echo: cap, all: list.len() + 2 * cap });
    outboxes.open(id(0));
    outboxes.queue(id(0), parcel(b'1', 100, Kind::ForConnection));
    outboxes.queue_list(id(0), Parcel::list(&list));
    outboxes.queue(id(0), parcel(b'a', 100, message()));
    // The kernel takes half of the list, and then nothing more.
    outboxes.advance(id(0), 100 + list.len() / 2);
    outboxes.block(id(0));
    assert_eq!(outboxes.next_overflowed(), None);
    outboxes.queue(id(0), parcel(b'b', cap - 100, message()));
    assert_eq!(outboxes.next_overflowed(), None, "the cap is full, and not exceeded");
    outboxes.check_invariants();
    outboxes.queue(id(0), parcel(b'c', 1, message()));
    assert_eq!(outboxes.next_overflowed(), Some((id(0), Limit::OutboxBytes)));
}

#[test]
fn a_list_counts_in_full_against_what_waits_for_all() {
    let list: Rc<[u8]> = vec![b'L'; 200].into();
    let mut outboxes = Outboxes::new(Caps { each: 100, echo: 100, all: 399 });
    for slot in 0..2 {
        outboxes.open(id(slot));
        outboxes.queue_list(id(slot), Parcel::list(&list));
    }
    outboxes.block(id(0));
    assert_eq!(outboxes.next_overflowed(), Some((id(0), Limit::OutboxTotalBytes)));
}

#[test]
fn all_clients_that_do_not_read_share_one_cap() {
    let mut outboxes = open(4);
    for slot in 0..4 {
        outboxes.queue(id(slot), parcel(b'a', 90, message()));
    }
    for slot in 0..4 {
        outboxes.block(id(slot));
    }
    // All four were found to be over the cap before the first of them was closed.
    let limits = iter::from_fn(|| outboxes.next_overflowed()).map(|(_, limit)| limit);
    assert_eq!(limits.collect::<Vec<_>>(), [Limit::OutboxTotalBytes; 4]);
}

#[test]
fn an_echo_has_a_cap_of_its_own() {
    let mut outboxes = open(1);
    outboxes.speak(id(0), Dialect::Echo, false);
    outboxes.block(id(0));
    for _ in 0..2 {
        outboxes.queue(id(0), parcel(b'e', 100, Kind::ForConnection));
    }
    assert_eq!(outboxes.next_overflowed(), None);
    outboxes.queue(id(0), parcel(b'e', 101, Kind::ForConnection));
    assert_eq!(outboxes.next_overflowed(), Some((id(0), Limit::OutboxBytes)));
}

#[test]
fn only_the_handshake_precedes_the_list_and_both_are_one_write() {
    let mut outboxes = open(1);
    outboxes.queue(id(0), parcel(b'1', 3, Kind::ForConnection));
    outboxes.speak(id(0), Dialect::Sca, true);
    outboxes.queue(id(0), parcel(b'm', 2, message()));
    outboxes.queue(id(0), parcel(b'p', 1, Kind::ForConnection));
    assert_eq!(outboxes.next_waiting(), None);
    outboxes.queue_list(id(0), parcel(b'L', 4, Kind::ForConnection));
    assert_eq!(outboxes.next_waiting(), Some(id(0)));
    assert_eq!(waiting_bytes(&outboxes, id(0)), "111 LLLL mm p");
}

#[test]
fn a_message_is_delivered_with_its_last_byte_and_not_before() {
    let mut outboxes = open(1);
    for name in [b'a', b'b'] {
        outboxes.queue(id(0), parcel(name, 3, message()));
    }
    for (written, done, left) in [(2, "", "a bbb"), (2, "a", "bb"), (1, "", "b"), (1, "b", "")] {
        outboxes.advance(id(0), written);
        assert_eq!(delivered(&mut outboxes), done);
        assert_eq!(waiting_bytes(&outboxes, id(0)), left);
        outboxes.check_invariants();
    }
    assert_eq!(outboxes.messages(), 0);
}

#[test]
fn a_begun_parcel_is_finished_and_the_other_messages_come_back() {
    let mut outboxes = open(1);
    for name in [b'a', b'b', b'c'] {
        outboxes.queue(id(0), parcel(name, 3, message()));
    }
    outboxes.advance(id(0), 1);
    outboxes.queue(id(0), parcel(b'x', 1, Kind::ForConnection));
    outboxes.seal(id(0), true);
    assert_eq!(waiting_bytes(&outboxes, id(0)), "aa x");
    outboxes.queue(id(0), parcel(b'd', 3, message()));
    assert_eq!(returned(&mut outboxes, Reason::Offline), "bcd");
    outboxes.check_invariants();
}

#[test]
fn a_newer_connection_gets_the_parcels_that_the_older_one_has_not_begun() {
    let mut outboxes = open(2);
    for (name, kind) in [
        (b'a', message()),
        (b'b', message()),
        (b'p', Kind::ForConnection),
        (b'L', Kind::ForConnection),
        (b'k', Kind::ForPerson),
    ] {
        outboxes.queue(id(0), parcel(name, 2, kind));
    }
    outboxes.advance(id(0), 1);
    outboxes.queue(id(1), parcel(b'1', 1, Kind::ForConnection));
    outboxes.speak(id(1), Dialect::Sca, true);
    outboxes.hand_over(id(0), id(1));
    outboxes.queue_list(id(1), parcel(b'N', 1, Kind::ForConnection));
    assert_eq!(waiting_bytes(&outboxes, id(0)), "a pp LL");
    assert_eq!(waiting_bytes(&outboxes, id(1)), "1 N bb kk");
    outboxes.check_invariants();
}

#[test]
fn parcels_that_wait_for_a_list_move_to_the_newer_connection_too() {
    let mut outboxes = open(2);
    outboxes.speak(id(0), Dialect::Sca, true);
    outboxes.queue(id(0), parcel(b'm', 1, message()));
    outboxes.hand_over(id(0), id(1));
    assert_eq!(waiting_bytes(&outboxes, id(1)), "m");
    outboxes.check_invariants();
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Queue(u32, usize),
    List(u32),
    Write(u32, usize),
    Block(u32),
    Unblock(u32),
    HandOver(u32, u32),
    Seal(u32),
    Reopen(u32, bool),
}

const SLOTS: u32 = 3;

fn step() -> impl Strategy<Value = Step> {
    let slot = || 0..SLOTS;
    prop_oneof![
        4 => (slot(), 1..60usize).prop_map(|(slot, len)| Step::Queue(slot, len)),
        1 => slot().prop_map(Step::List),
        4 => (slot(), 0..90usize).prop_map(|(slot, bytes)| Step::Write(slot, bytes)),
        1 => slot().prop_map(Step::Block),
        1 => slot().prop_map(Step::Unblock),
        1 => (slot(), slot()).prop_map(|(old, new)| Step::HandOver(old, new)),
        1 => slot().prop_map(Step::Seal),
        1 => (slot(), any::<bool>()).prop_map(|(slot, gated)| Step::Reopen(slot, gated)),
    ]
}

proptest! {
    #[test]
    fn every_message_is_delivered_or_comes_back_or_waits(steps in prop::collection::vec(step(), 0..150)) {
        let mut outboxes = open(SLOTS);
        let mut tenants = [id(0).generation(); SLOTS as usize];
        let (mut sent, mut gone) = (0, 0);
        for step in steps {
            let id = |slot| ConnectionId::new(slot, tenants[slot as usize]);
            match step {
                Step::Queue(slot, len) => {
                    outboxes.queue(id(slot), parcel(b'm', len, message()));
                    sent += 1;
                }
                Step::List(slot) => outboxes.queue_list(id(slot), parcel(b'L', 9, Kind::ForConnection)),
                Step::Write(slot, bytes) => {
                    let mut slices = [IoSlice::new(&[]); 4];
                    let (_, waiting) = outboxes.gather(id(slot), &mut slices);
                    outboxes.advance(id(slot), bytes.min(waiting));
                }
                Step::Block(slot) => outboxes.block(id(slot)),
                Step::Unblock(slot) => outboxes.unblock(id(slot)),
                Step::HandOver(old, new) if old != new => outboxes.hand_over(id(old), id(new)),
                Step::HandOver(..) => {}
                Step::Seal(slot) => outboxes.seal(id(slot), true),
                Step::Reopen(slot, gated) => {
                    outboxes.close(id(slot), Reason::Offline);
                    tenants[slot as usize] += 1;
                    let id = ConnectionId::new(slot, tenants[slot as usize]);
                    outboxes.open(id);
                    outboxes.speak(id, Dialect::Sca, gated);
                }
            }
            outboxes.check_invariants();
            gone += delivered(&mut outboxes).len();
            gone += iter::from_fn(|| outboxes.next_returned()).count();
            prop_assert_eq!(outboxes.messages() as usize, sent - gone);
        }
        for slot in 0..SLOTS {
            outboxes.close(ConnectionId::new(slot, tenants[slot as usize]), Reason::Offline);
        }
        gone += iter::from_fn(|| outboxes.next_returned()).count();
        prop_assert_eq!((sent, outboxes.total_bytes()), (gone, 0));
    }
}

#[test]
fn an_idle_outbox_is_48_bytes_and_a_parcel_in_the_pool_64() {
    assert_eq!((size_of::<Option<super::Outbox>>(), size_of::<super::chain::Link>()), (48, 64));
}
