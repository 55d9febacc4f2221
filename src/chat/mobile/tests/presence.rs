//! Presence in the realm: when its list has changed, which connections watch it, and what a delta holds.

use super::*;

/// The content of a delta: who joined, who left, and how many numbers are online.
#[derive(Debug, PartialEq)]
struct Delta {
    joined: Vec<Mobile>,
    left: Vec<Mobile>,
    online: usize,
}

/// Takes the delta that is due now.
fn delta(realm: &mut Realm) -> Delta {
    let mut told = None;
    realm.changes(|event| {
        let Event::PresenceChanged { joined, left, online } = event else {
            panic!("not a delta: {event:?}")
        };
        told = Some(Delta { joined: joined.to_vec(), left: left.to_vec(), online });
    });
    told.expect("there is always something to tell, if only a number")
}

/// Admits a connection with a number, which may be online at another one.
fn admit(realm: &mut Realm, index: u32, number: u8, sink: &mut Recorder) {
    let admitted =
        realm.admit(at(1), (connection(index), home()), mobile(number), PresenceMode::Full, sink);
    assert!(admitted.is_ok());
}

#[test]
fn the_list_and_its_form_are_wishes_passed_on_to_the_world() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(2), &Command::ListOnline, &mut sink);
    realm.handle(connection(2), &Command::Presence(PresenceMode::Delta), &mut sink);
    assert_eq!(sink.take(), ["2/0: Ask", "2/0: Switch(Delta)"]);
}

#[test]
fn the_list_changes_when_a_number_comes_or_goes_and_a_replacement_changes_nothing() {
    let (mut realm, mut sink) = two_people();
    let mut admit = |realm: &mut Realm, index, number, mode| {
        let admitted =
            realm.admit(at(0), (connection(index), home()), mobile(number), mode, &mut sink);
        admitted.map(|it| (it.replaces, it.awaits_list))
    };
    assert_eq!(admit(&mut realm, 3, 3, PresenceMode::Delta), Ok((None, true)));
    let replaced = Ok((Some(connection(1)), false));
    assert_eq!(admit(&mut realm, 4, 1, PresenceMode::None), replaced);
    for index in [1, 3, 3] {
        realm.depart(connection(index), &mut sink);
    }
    let expected = [
        "Mobile has changed",
        "3/0: Begin(Mobile, Delta)",
        "1/0: End",
        "4/0: Begin(Mobile, None)",
        "3/0: End",
        "Mobile has changed",
    ];
    assert_eq!(sink.take(), expected);
}

#[test]
fn a_delta_names_each_number_that_came_or_went_once_with_its_state_at_the_end() {
    let (mut realm, _) = two_people();
    let mut sink = Recorder { a_delta_will_tell: true, ..Recorder::default() };
    for number in [5, 4, 3] {
        admit(&mut realm, number.into(), number, &mut sink);
    }
    // 2 leaves and comes back, 4 came before and leaves, a newer connection takes over 1.
    realm.depart(connection(2), &mut sink);
    admit(&mut realm, 7, 2, &mut sink);
    realm.depart(connection(4), &mut sink);
    admit(&mut realm, 8, 1, &mut sink);
    let joined = [2, 3, 5].map(mobile).to_vec();
    assert_eq!(delta(&mut realm), Delta { joined, left: vec![mobile(4)], online: 4 });
    let nothing = Delta { joined: vec![], left: vec![], online: 4 };
    assert_eq!(delta(&mut realm), nothing, "all has been told");
}

#[test]
fn nothing_is_remembered_for_a_delta_that_nobody_gets() {
    let (mut realm, _) = two_people();
    let mut sink = Recorder { a_delta_will_tell: true, ..Recorder::default() };
    realm.depart(connection(1), &mut sink);
    assert_eq!(realm.touched.len(), 1);
    sink.a_delta_will_tell = false;
    for number in 10..90 {
        admit(&mut realm, number.into(), number, &mut sink);
        assert_eq!(realm.touched.len(), 0, "it would grow for ever");
    }
    assert_eq!(delta(&mut realm), Delta { joined: vec![], left: vec![], online: 81 });
}
