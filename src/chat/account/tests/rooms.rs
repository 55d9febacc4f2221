//! Rooms: who may do what, who hears what, and what those hear who have left.

use super::*;

/// Ada and Bob with their tokens, and Ada's room. Neither has a socket.
fn of_one_room() -> (World, [Token; 3], RoomId) {
    let mut world = World::new(Limits::default(), &["ada", "bob", "eve"]);
    let tokens = ["ada", "bob", "eve"].map(|name| world.log_in(name));
    let room = world.room(tokens[0], "den");
    (world, tokens, room)
}

#[test]
fn a_room_is_seen_by_its_members_only() {
    let (mut world, [ada, bob, eve], room) = of_one_room();
    let bobs = world.id("bob");
    assert_eq!(world.ask(ada, Wants::Rooms), "den of ada with 1");
    assert_eq!(world.ask(bob, Wants::Rooms), "");
    assert_eq!(world.ask(ada, Wants::AddMember(room, bobs)), "done");
    assert_eq!(world.ask(ada, Wants::AddMember(room, bobs)), "done", "twice is fine");
    assert_eq!(world.ask(bob, Wants::Rooms), "den of ada with 2");
    assert_eq!(world.ask(bob, Wants::Room(room)), "den of ada with 2");
    assert_eq!(world.ask(bob, Wants::Members(room)), "ada bob");
    assert_eq!(world.ask(bob, Wants::RoomHistory(room)), "");
    for wants in [Wants::Room(room), Wants::Members(room), Wants::RoomHistory(room)] {
        assert_eq!(world.ask(eve, wants), "NotAMember");
    }
    for wants in [Wants::Room, Wants::Members, Wants::RoomHistory, Wants::DeleteRoom] {
        assert_eq!(world.ask(ada, wants(RoomId([9; 16]))), "NoSuchRoom");
    }
}

#[test]
fn only_the_creator_changes_a_room_and_stays_in_it() {
    let (mut world, [ada, bob, eve], room) = of_one_room();
    let [adas, bobs, eves] = ["ada", "bob", "eve"].map(|name| world.id(name));
    world.ask(ada, Wants::AddMember(room, bobs));
    for (who, refused) in [(bob, "NotTheCreator"), (eve, "NotAMember")] {
        for wants in [
            Wants::AddMember(room, eves),
            Wants::RemoveMember(room, bobs),
            Wants::RemoveMember(room, adas),
            Wants::DeleteRoom(room),
        ] {
            assert_eq!(world.ask(who, wants), refused);
        }
    }
    assert_eq!(world.ask(ada, Wants::RemoveMember(room, adas)), "CreatorStays");
    assert_eq!(world.ask(ada, Wants::RemoveMember(room, eves)), "done", "she was none");
    let nobody = UserId([9; 16]);
    assert_eq!(world.ask(ada, Wants::AddMember(room, nobody)), "UnknownUser");
    assert_eq!(world.ask(ada, Wants::RemoveMember(room, nobody)), "UnknownUser");
    assert_eq!(world.ask(ada, Wants::Members(room)), "ada bob");
}

#[test]
fn a_request_that_says_to_be_from_another_user_is_refused() {
    let (mut world, [ada, ..], _) = of_one_room();
    let [adas, bobs] = ["ada", "bob"].map(|name| world.id(name));
    for (wants, reply) in [(Wants::Unread, ""), (Wants::Identity, "known 1")] {
        let mut call =
            |claims| world.call(&Call::Ask { token: Some(ada), claims, wants: wants.clone() });
        assert_eq!(call(Some(adas)), reply);
        assert_eq!(call(Some(bobs)), "NotYou");
        assert_eq!(call(Some(UserId([9; 16]))), "NotYou");
    }
    // Also if the store has to be asked first.
    world.realm = Realm::restore(Limits::default(), world.store.snapshot(), world.now.monotonic);
    let (token, claims) = (Some(ada), Some(bobs));
    assert_eq!(world.call(&Call::Ask { token, claims, wants: Wants::Rooms }), "NotYou");
    assert_eq!(world.ask(ada, Wants::Rooms), "den of ada with 1", "rooms survive a restart");
    assert_eq!(world.ask(ada, Wants::Profile(Some(bobs))), "ada and bob");
    assert_eq!(world.ask(ada, Wants::Profile(None)), "ada and nobody");
    assert_eq!(world.ask(ada, Wants::Profile(Some(UserId([9; 16])))), "UnknownUser");
}

#[test]
fn every_socket_of_a_room_hears_a_message_once_it_is_committed_and_no_other_does() {
    let (mut world, [ada, bob, eve], room) = of_one_room();
    world.ask(ada, Wants::AddMember(room, world.id("bob")));
    let other = world.room(bob, "other");
    for (slot, token) in [(1, ada), (2, bob), (3, bob)] {
        world.enter_as(slot, token, Role::Room(room));
    }
    world.enter_as(4, bob, Role::Room(other));
    world.enter(5, bob);
    world.enter(6, eve);
    world.heard();
    world.say_here(2, "  hi ");
    assert_eq!(world.heard(), Vec::<String>::new());
    world.settle();
    let hi = "in room 1: 2 bob: hi";
    assert_eq!(world.heard(), [1, 2, 3].map(|slot| format!("{slot}: {hi}")));
    let quote = Quote { sender_id: "2".into(), sender_name: "bob".into(), text: "hi".into() };
    world.handle(1, &Command::SayHere { text: "yes".into(), reply: Some(quote) });
    world.settle();
    assert_eq!(world.heard()[0], "1: in room 1: 1 ada: yes to hi");
    let history = "[1: 2 bob: hi] [1: 1 ada: yes to hi]";
    assert_eq!(world.ask(bob, Wants::RoomHistory(room)), history);
    assert_eq!(world.realm.ledger().stored, 2);
}

#[test]
fn a_member_who_is_removed_hears_nothing_that_is_committed_later() {
    let (mut world, [ada, bob, _], room) = of_one_room();
    let bobs = world.id("bob");
    world.ask(ada, Wants::AddMember(room, bobs));
    world.enter_as(1, ada, Role::Room(room));
    world.enter_as(2, bob, Role::Room(room));
    world.enter_as(3, bob, Role::Notices);
    world.heard();
    world.say_here(1, "before");
    let remove = Call::ask(Some(ada), Wants::RemoveMember(room, bobs));
    let asker = world.call_from(home(), &remove);
    world.say_here(1, "after");
    // Bob does not know yet, and the store decides.
    world.say_here(2, "too late");
    let history = world.call_from(home(), &Call::ask(Some(bob), Wants::RoomHistory(room)));
    world.settle();
    assert_eq!(
        world.heard(),
        [
            "1: in room 1: 1 ada: before",
            "2: in room 1: 1 ada: before",
            "2: NotAMember",
            "1: in room 1: 1 ada: after"
        ]
    );
    assert_eq!(world.reply_to(asker), "done");
    assert_eq!(world.reply_to(history), "NotAMember");
    assert_eq!(world.realm.ledger().refused(Refused::NotAMember), 1);
    assert_eq!(world.realm.ledger().stored, 2);
    world.enter_as(2, bob, Role::Room(room));
    assert_eq!(world.heard(), ["2: NotAMember"]);
}

#[test]
fn the_store_has_the_last_word_about_who_is_a_member() {
    let (mut world, [ada, ..], room) = of_one_room();
    world.enter_as(1, ada, Role::Room(room));
    world.enter_as(2, ada, Role::Room(room));
    // Another process has taken her out, and the news is not here yet.
    world.store.rooms[0].members.clear();
    world.say_here(1, "lost");
    world.settle();
    assert_eq!(world.heard(), ["1: NotAMember"]);
}

#[test]
fn everybody_in_a_room_that_is_deleted_is_sent_away() {
    let (mut world, [ada, bob, _], room) = of_one_room();
    world.ask(ada, Wants::AddMember(room, world.id("bob")));
    let kept = world.room(ada, "kept");
    world.enter_as(1, ada, Role::Room(room));
    world.enter_as(2, bob, Role::Room(room));
    world.enter_as(3, ada, Role::Room(kept));
    assert_eq!(world.ask(ada, Wants::DeleteRoom(room)), "done");
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, ["1: NotAMember", "2: NotAMember"]);
    assert_eq!(world.ask(ada, Wants::Rooms), "kept of ada with 1");
    assert_eq!(world.ask(bob, Wants::Room(room)), "NoSuchRoom");
    assert_eq!(world.ask(ada, Wants::DeleteRoom(room)), "NoSuchRoom");
}

#[test]
fn a_change_that_could_not_be_stored_changes_nothing() {
    let (mut world, [ada, bob, _], room) = of_one_room();
    world.ask(ada, Wants::AddMember(room, world.id("bob")));
    world.enter_as(2, bob, Role::Room(room));
    let (name, description) = ("none".into(), "".into());
    for wants in [
        Wants::RemoveMember(room, world.id("bob")),
        Wants::AddMember(room, world.id("eve")),
        Wants::DeleteRoom(room),
        Wants::CreateRoom { name, description },
        Wants::MarkRead(world.id("bob")),
    ] {
        world.store.failure = Some(Failure::Full);
        assert_eq!(world.ask(ada, wants), "Failed(Full)");
    }
    assert_eq!(world.heard(), Vec::<String>::new());
    assert_eq!(world.ask(ada, Wants::Rooms), "den of ada with 2");
    assert_eq!(world.ask(ada, Wants::Members(room)), "ada bob");
}

#[test]
fn a_room_passes_on_when_another_process_deletes_its_creator_and_the_rest_of_it_stays() {
    let (mut world, [ada, bob, eve], room) = of_one_room();
    world.ask(ada, Wants::AddMember(room, world.id("bob")));
    let alone = world.room(ada, "alone");
    world.enter_as(1, ada, Role::Room(alone));
    world.enter_as(2, bob, Role::Room(room));
    world.enter_as(3, ada, Role::Room(room));
    world.say_here(3, "mine");
    world.settle();
    world.heard();
    world.store.delete("ada");
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    world.settle();
    assert_eq!(world.heard(), ["1: LoggedOut", "3: LoggedOut"]);
    world.say_here(2, "still here");
    world.settle();
    assert_eq!(world.heard(), ["2: in room 1: 2 bob: still here"]);
    assert_eq!(world.ask(bob, Wants::Rooms), "den of bob with 1");
    let history = "[1: 1 ada: mine] [1: 2 bob: still here]";
    assert_eq!(world.ask(bob, Wants::RoomHistory(room)), history);
    assert_eq!(world.ask(bob, Wants::AddMember(room, world.id("eve"))), "done");
    // A member that another process takes out is sent away, too.
    world.enter_as(4, eve, Role::Room(room));
    world.store.rooms[0].members.truncate(1);
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    world.settle();
    assert_eq!(world.heard(), ["4: NotAMember"]);
}

#[test]
fn the_name_of_a_room_and_its_description_have_their_limits() {
    let (mut world, [ada, ..], _) = of_one_room();
    let mut create = |name: &str, description: &str| {
        let (name, description) = (name.into(), description.into());
        world.ask(ada, Wants::CreateRoom { name, description })
    };
    for name in ["", " \n ", &"ß".repeat(65), "a\u{202e}b", "a\nb"] {
        assert_eq!(create(name, ""), "RoomName(64)", "{name:?}");
    }
    assert_eq!(create("room", &"ß".repeat(513)), "RoomDescription(512)");
    assert_eq!(create("room", "a\0"), "RoomDescription(512)");
    let longest = "<ß>".repeat(21);
    let reply = create(&format!(" {longest} "), &"ß".repeat(512));
    assert_eq!(reply, format!("{longest} of ada with 1"));
}

#[test]
fn rooms_and_members_have_their_limits_also_while_others_are_being_made() {
    let limits = Limits {
        rooms: 5,
        rooms_per_creator: 2,
        rooms_per_user: 3,
        members_per_room: 2,
        ..Limits::default()
    };
    let mut world = World::new(limits, &["ada", "bob", "eve"]);
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|name| world.log_in(name));
    let create = |token| {
        let (name, description) = ("room".into(), "".into());
        Call::ask(Some(token), Wants::CreateRoom { name, description })
    };
    let mut all = |calls: &[Call]| -> Vec<String> {
        let askers: Vec<Asker> = calls.iter().map(|call| world.call_from(home(), call)).collect();
        world.settle();
        askers.into_iter().map(|asker| world.reply_to(asker)).collect()
    };
    let made = |name| format!("room of {name} with 1");
    let refused = || "TooManyRooms".to_owned();
    assert_eq!(
        all(&[create(ada), create(ada), create(ada)]),
        [made("ada"), made("ada"), refused()]
    );
    let created = all(&[create(bob), create(bob), create(eve), create(eve)]);
    assert_eq!(created, [made("bob"), made("bob"), made("eve"), refused()]);
    let rooms: Vec<RoomId> = world.store.rooms.iter().map(|room| room.id).collect();
    let [adas, bobs, eves] = ["ada", "bob", "eve"].map(|name| world.id(name));
    let mut all = |calls: &[(Token, RoomId, UserId)]| -> Vec<String> {
        let call = |(token, room, user)| Call::ask(Some(token), Wants::AddMember(room, user));
        let askers: Vec<Asker> =
            calls.iter().map(|&one| world.call_from(home(), &call(one))).collect();
        world.settle();
        askers.into_iter().map(|asker| world.reply_to(asker)).collect()
    };
    // A room has two members, and a user is in three rooms.
    let added = all(&[(ada, rooms[0], bobs), (ada, rooms[0], eves), (ada, rooms[1], bobs)]);
    assert_eq!(added, ["done", "TooManyMembers", "TooManyRooms"]);
    let added = all(&[(ada, rooms[0], bobs), (ada, rooms[1], eves), (bob, rooms[2], adas)]);
    assert_eq!(added, ["done", "done", "done"]);
    assert_eq!(all(&[(bob, rooms[3], adas), (bob, rooms[3], eves)]), ["TooManyRooms", "done"]);
}
