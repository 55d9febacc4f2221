//! Quotas that strangers share. Whatever one of them does, or many ids of one address do, the others still
//! get their share. Bob is invited and written to. The eves flood. Ada and Cem, each at another address,
//! must not suffer.

use super::*;
use crate::chat::messenger::invitations::cost;

const BOB: u32 = 2;
const ADA: u32 = 3;
const CEM: u32 = 4;
/// The first device of the eves.
const EVES: u32 = 10;
/// The address of the eves.
const THEIRS: u8 = 66;

/// A world with Bob, Ada and Cem, each at another address, and with `eves` eves, all at one address.
fn crowd(limits: Limits, eves: u32) -> World {
    let mut world = World::new(limits);
    for (device, who, address) in [(BOB, "bob", 2), (ADA, "ada", 3), (CEM, "cem", 4)] {
        world.place(device, address);
        world.join(device, who);
    }
    for eve in 0..eves {
        world.place(EVES + eve, THEIRS);
        world.join(EVES + eve, &format!("eve{eve}"));
    }
    world.heard();
    world
}

fn by_number(number: usize) -> Quota {
    Quota { number, bytes: usize::MAX }
}

fn invites(device: u32, id: &str, from: &str) -> String {
    format!("{device}: {id} invites, from {from} (Anonymous)")
}

fn wide() -> Limits {
    let wide = Quota { number: 1_000, bytes: usize::MAX };
    Limits {
        invitations_sent: wide,
        invitations_received: wide,
        invitations_in_all: wide,
        ..without_grace()
    }
}

#[test]
fn who_fills_a_recipients_quota_gives_way_to_others_whether_they_leave_or_stay() {
    for leaves in [true, false] {
        for address in [THEIRS, 77] {
            let mut world = crowd(Limits::default(), 1);
            for n in 0..100 {
                world.invite(EVES, "bob", &format!("e{n}"));
            }
            world.invite(EVES, "bob", "e100");
            assert_eq!(world.heard().last(), Some(&refused(EVES, Refusal::TooManySent)));
            if leaves {
                world.leave(EVES);
            }
            world.place(20, address);
            world.join(20, "dan");
            world.heard();
            world.invite(20, "bob", "d0");
            let mut expected = vec![format!("{EVES}: e0 expired"); usize::from(!leaves)];
            expected.extend(["2: e0 expired".to_owned(), invites(BOB, "d0", "dan")]);
            assert_eq!(world.heard(), expected, "from address {address}");
            let counters = world.realm.counters();
            assert_eq!(counters.invitations_displaced, 1);
            assert_eq!(counters.invitations_refused_recipient, 0);
        }
    }
}

#[test]
fn many_ids_of_one_address_have_the_share_of_one_address() {
    for received in [4, 1_000] {
        let in_all = if received == 4 { 1_000 } else { 4 };
        let (received, in_all) = (by_number(received), by_number(in_all));
        let limits =
            Limits { invitations_received: received, invitations_in_all: in_all, ..wide() };
        let mut world = crowd(limits, 6);
        for eve in 0..4 {
            world.invite(EVES + eve, "bob", &format!("e{eve}"));
            world.leave(EVES + eve);
        }
        world.heard();
        world.invite(ADA, "bob", "a0");
        world.invite(CEM, "bob", "c0");
        assert_eq!(
            world.heard(),
            [
                "2: e0 expired",
                &invites(BOB, "a0", "ada"),
                "2: e1 expired",
                &invites(BOB, "c0", "cem")
            ]
        );
        // An invitation at their own address displaces one of the eves who have left, and nothing more.
        world.invite(EVES + 4, "bob", "e4");
        world.invite(EVES + 4, "bob", "e5");
        assert_eq!(world.heard()[..2], ["2: e2 expired".to_owned(), invites(BOB, "e4", "eve4")]);
        world.heard();
        world.invite(EVES + 5, "bob", "e6");
        assert_eq!(world.heard(), ["2: e3 expired", &invites(BOB, "e6", "eve5")]);
    }
}

#[test]
fn at_one_address_who_has_left_gives_way_first_and_then_the_heaviest() {
    let limits = Limits { invitations_received: by_number(5), ..wide() };
    let mut world = crowd(limits, 5);
    for (eve, id) in [(0, "e0"), (1, "e1"), (2, "e2"), (1, "e3"), (1, "e4")] {
        world.invite(EVES + eve, "bob", id);
    }
    world.leave(EVES + 2);
    world.heard();
    for (newcomer, goes) in [(3, "2: e2 expired"), (4, "2: e1 expired")] {
        world.invite(EVES + newcomer, "bob", &format!("n{newcomer}"));
        assert!(world.heard().contains(&goes.to_owned()), "{goes}");
    }
    // Eve 1 has two left, and asks for a third one, at the cost of an eve with one.
    world.invite(EVES + 1, "bob", "e5");
    assert_eq!(world.heard(), [refused(EVES + 1, Refusal::TooManyReceived)]);
}

#[test]
fn who_has_no_more_than_others_loses_nothing_to_who_has_more() {
    let received = Limits { invitations_received: by_number(2), ..wide() };
    let in_all = Limits { invitations_in_all: by_number(2), ..wide() };
    for (limits, refusal) in [(received, Refusal::TooManyReceived), (in_all, Refusal::TooManyInAll)]
    {
        let mut world = crowd(limits, 0);
        world.invite(ADA, "bob", "a0");
        world.invite(CEM, "bob", "c0");
        world.heard();
        world.invite(ADA, "bob", "a1");
        assert_eq!(world.heard(), [refused(ADA, refusal)]);
        assert_eq!(world.realm.pending_invitations(), 2);
    }
}

#[test]
fn what_gives_way_is_forgotten_at_once_also_for_who_is_away() {
    let limits = Limits { invitations_received: by_number(1), ..wide() };
    let mut world = crowd(limits, 1);
    world.invite(EVES, "bob", "e0");
    world.leave(EVES);
    world.leave(BOB);
    world.invite(ADA, "bob", "a0");
    assert_eq!((world.realm.invitations(), world.realm.pending_invitations()), (1, 1));
    world.heard();
    world.join(EVES, "eve0");
    world.join(BOB, "bob");
    assert_eq!(world.heard(), ["10: in as eve0", "2: in as bob", &invites(BOB, "a0", "ada")]);
}

#[test]
fn answers_that_wait_give_way_in_silence_and_are_counted() {
    let mut world = crowd(Limits { invitations_in_all: by_number(2), ..wide() }, 1);
    for id in ["e0", "e1"] {
        world.invite(EVES, "bob", id);
    }
    world.leave(EVES);
    world.decline(BOB, "e0");
    world.decline(BOB, "e1");
    world.heard();
    world.invite(ADA, "bob", "a0");
    assert_eq!(world.heard(), [invites(BOB, "a0", "ada")]);
    assert_eq!(world.realm.counters().answers_displaced, 1);
    assert_eq!(world.realm.counters().invitations_displaced, 0);
    world.join(EVES, "eve0");
    assert_eq!(world.heard(), ["10: in as eve0", "10: e1 declined"]);
}

#[test]
fn bytes_weigh_too_and_a_large_invitation_moves_as_many_small_ones_as_it_takes() {
    let small = cost(&invite("bob", "a0"), "Anonymous");
    for house in [false, true] {
        let narrow = Quota { number: 1_000, bytes: 6 * small };
        let limits = match house {
            true => Limits { invitations_in_all: narrow, ..wide() },
            false => Limits { invitations_received: narrow, ..wide() },
        };
        let large = "x".repeat(2 * small);
        let large = |id| Command::Invite(Invite { text: &large, ..invite("bob", id) });
        let mut world = crowd(limits, 1);
        world.handle(EVES, &large("e0"));
        for id in ["a0", "a1"] {
            world.invite(ADA, "bob", id);
        }
        world.heard();
        // One invitation of Eve is heavier than Ada's two.
        world.invite(CEM, "bob", "c0");
        world.invite(CEM, "bob", "c1");
        let heard = [
            &invites(BOB, "c0", "cem"),
            "10: e0 expired",
            "2: e0 expired",
            &invites(BOB, "c1", "cem"),
        ];
        assert_eq!(world.heard(), heard, "house: {house}");
        // The large one of Cem is as heavy as the three that each of the others has then.
        world.invite(CEM, "bob", "c2");
        world.invite(ADA, "bob", "a2");
        world.heard();
        world.handle(EVES, &large("e1"));
        let heard = world.heard();
        let gone = heard.iter().filter(|line| line.starts_with("2: ") && line.ends_with("expired"));
        assert_eq!(gone.count(), 3, "house: {house}: {heard:?}");
        let left =
            |from| world.realm.people[world.realm.people.find(from).expect("here")].sent().len();
        assert!(left("ada") >= 1 && left("cem") >= 1, "not all from one of two equals");
        world.handle(EVES, &large("e2"));
        let refusal = if house { Refusal::TooManyInAll } else { Refusal::TooManyReceived };
        assert_eq!(world.heard(), [refused(EVES, refusal)]);
    }
}

#[test]
fn who_moves_takes_along_what_they_hold() {
    let mut world = crowd(Limits { invitations_in_all: by_number(4), ..wide() }, 1);
    for id in ["e0", "e1"] {
        world.invite(EVES, "bob", id);
    }
    world.invite(ADA, "bob", "a0");
    world.invite(CEM, "bob", "c0");
    // Eve is at Cem's address now, and there are three people there.
    world.leave(EVES);
    world.place(EVES, 4);
    world.join(EVES, "eve0");
    world.place(20, 20);
    world.join(20, "dan");
    world.heard();
    world.invite(20, "bob", "d0");
    assert!(world.heard().contains(&"2: e0 expired".to_owned()));
    world.invite(20, "bob", "d1");
    assert!(world.heard().contains(&"2: c0 expired".to_owned()), "of two with one the older");
}

/// Sends a message, and lets it arrive.
fn writes(world: &mut World, device: u32, to: (u32, &str), id: &str) {
    world.say(device, to.1, id);
    world.settle(to.0, Outcome::Delivered);
}

/// The devices that hear that Bob has gone.
fn contacts_of_bob(world: &mut World) -> Vec<u32> {
    world.heard();
    world.leave(BOB);
    let lines = world.heard();
    let mut devices: Vec<u32> = lines
        .iter()
        .filter_map(|line| line.strip_suffix(": bob is off"))
        .map(|device| device.parse().expect("a device"))
        .collect();
    devices.sort_unstable();
    world.join(BOB, "bob");
    world.heard();
    devices
}

#[test]
fn strangers_who_write_push_out_each_other_and_nobody_who_was_chosen() {
    let mut world = crowd(Limits { contacts_per_person: 4, ..without_grace() }, 8);
    world.befriend(ADA, BOB, "bob");
    writes(&mut world, CEM, (BOB, "bob"), "c0");
    for eve in 0..8 {
        writes(&mut world, EVES + eve, (BOB, "bob"), &format!("e{eve}"));
        assert_eq!(world.realm.books().delivered, u64::from(eve) + 2);
    }
    assert_eq!(contacts_of_bob(&mut world), [ADA, CEM, EVES + 6, EVES + 7]);
}

#[test]
fn who_is_answered_is_chosen() {
    let mut world = crowd(Limits { contacts_per_person: 2, ..without_grace() }, 3);
    writes(&mut world, EVES, (BOB, "bob"), "e0");
    writes(&mut world, BOB, (EVES, "eve0"), "b0");
    writes(&mut world, EVES + 1, (BOB, "bob"), "e1");
    writes(&mut world, EVES + 2, (BOB, "bob"), "e2");
    assert_eq!(contacts_of_bob(&mut world), [EVES, EVES + 2]);
}

#[test]
fn where_all_contacts_are_chosen_a_stranger_makes_none_and_is_heard_all_the_same() {
    let mut world = crowd(Limits { contacts_per_person: 1, ..without_grace() }, 1);
    world.befriend(ADA, BOB, "bob");
    world.say(EVES, "bob", "e0");
    assert_eq!(world.heard(), ["2: e0 from eve0", "10: e0 sent"]);
    world.settle(BOB, Outcome::Delivered);
    assert_eq!(world.heard(), ["10: e0 delivered"]);
    assert_eq!(world.realm.counters().contacts_refused, 1);
    assert_eq!(contacts_of_bob(&mut world), [ADA]);
    // A contact that Bob chooses now displaces the oldest one that Bob has chosen.
    writes(&mut world, BOB, (EVES, "eve0"), "b0");
    assert_eq!(contacts_of_bob(&mut world), [EVES]);
}

#[test]
fn in_a_house_full_of_contacts_the_heaviest_address_parts_with_its_oldest() {
    let mut world = crowd(Limits { contacts_in_all: 4, ..without_grace() }, 3);
    for (device, id) in [(EVES, "e0"), (EVES, "e1"), (EVES + 1, "e2")] {
        let to = if id == "e1" { (CEM, "cem") } else { (BOB, "bob") };
        writes(&mut world, device, to, id);
    }
    writes(&mut world, CEM, (BOB, "bob"), "c0");
    world.heard();
    writes(&mut world, ADA, (BOB, "bob"), "a0");
    let heard = world.heard();
    assert!(heard.contains(&"10: bob is off".to_owned()), "{heard:?}");
    assert_eq!(contacts_of_bob(&mut world), [ADA, CEM, EVES + 1]);
    // The eves still hold the most. A contact of one eve is at the cost of another eve.
    writes(&mut world, EVES + 2, (ADA, "ada"), "e3");
    assert!(world.heard().contains(&"11: bob is off".to_owned()));
    assert_eq!(world.realm.conversations(), 4);
    writes(&mut world, EVES + 2, (CEM, "cem"), "e4");
    assert_eq!(world.heard().last(), Some(&"12: e4 delivered".to_owned()));
    assert_eq!(world.realm.counters().contacts_refused, 1);
}

#[test]
fn who_is_written_to_gets_no_heavier() {
    let mut world = crowd(Limits { contacts_in_all: 3, ..without_grace() }, 3);
    for eve in 0..3 {
        writes(&mut world, EVES + eve, (BOB, "bob"), &format!("e{eve}"));
    }
    world.heard();
    writes(&mut world, BOB, (ADA, "ada"), "b0");
    let parted = "10: bob is off".to_owned();
    assert!(world.heard().contains(&parted), "Bob has three contacts, and has made none");
    writes(&mut world, ADA, (CEM, "cem"), "a0");
    assert!(!contacts_of_bob(&mut world).contains(&(EVES + 1)));
}

#[test]
fn of_people_who_are_offline_the_heaviest_address_is_forgotten_first() {
    let mut world = crowd(Limits { remembered_people: 3, ..without_grace() }, 4);
    world.befriend(ADA, BOB, "bob");
    world.befriend(CEM, BOB, "bob");
    world.leave(ADA);
    for eve in 0..4 {
        world.befriend(EVES + eve, BOB, "bob");
        world.leave(EVES + eve);
    }
    world.heard();
    for (device, who) in [(ADA, "ada"), (EVES + 1, "eve1"), (EVES + 2, "eve2"), (EVES + 3, "eve3")]
    {
        world.join(device, who);
        let is_known = world.heard().contains(&format!("{BOB}: {who} is on"));
        assert_eq!(is_known, device != EVES + 1, "{who}");
    }
}

#[test]
fn a_flood_of_messages_costs_nobody_else_their_read_marks() {
    let mut world = crowd(Limits { tracked_messages: 6, ..without_grace() }, 4);
    writes(&mut world, ADA, (BOB, "bob"), "a0");
    writes(&mut world, CEM, (BOB, "bob"), "c0");
    for n in 0..20 {
        let eve = if n < 10 { 0 } else { n % 4 };
        writes(&mut world, EVES + eve, (BOB, "bob"), &format!("e{n}"));
    }
    world.heard();
    for id in ["a0", "c0", "e15", "e19"] {
        world.read(BOB, id);
    }
    let no = refused(BOB, Refusal::NoSuchMessage);
    assert_eq!(
        world.heard(),
        ["3: a0 read".to_owned(), "4: c0 read".to_owned(), no, "13: e19 read".to_owned()]
    );
    assert_eq!(world.realm.counters().messages_forgotten, 16);
}

#[test]
fn strangers_who_guess_the_id_of_a_message_do_not_push_it_out() {
    let mut world = crowd(Limits { tracked_with_one_id: 3, ..without_grace() }, 6);
    for eve in 0..3 {
        writes(&mut world, EVES + eve, (BOB, "bob"), "m1");
        world.pass(A_MOMENT);
    }
    writes(&mut world, ADA, (BOB, "bob"), "m1");
    for eve in 3..6 {
        world.pass(A_MOMENT);
        writes(&mut world, EVES + eve, (BOB, "bob"), "m1");
    }
    world.heard();
    world.read(BOB, "m1");
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, ["14: m1 read", "15: m1 read", "3: m1 read"]);
}
