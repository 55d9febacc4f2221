//! Devices: what they are told when, and what waits for the store. `tests/server/accounts/switchboard` has the
//! whole protocol over sockets.

use super::*;

impl World {
    /// Opens a WebSocket that speaks from the start.
    fn device(&mut self, slot: u32, name: &str) {
        let token = self.log_in(name);
        self.enter_as(slot, token, Role::Switchboard(PresenceMode::Delta));
    }

    fn say_with(&mut self, slot: u32, to: Option<&str>, text: &str, id: &str) {
        let (id, reply_to) = (Some(id.into()), None);
        self.handle(slot, &Command::Say { to: target(to), text: text.into(), id, reply_to });
    }

    fn ask_for(&mut self, slot: u32, what: Query<'_>) {
        self.handle(slot, &Command::Query { id: Some("q".into()), what });
    }
}

fn history() -> Query<'static> {
    Query::History { of: Target::Everybody, before: None, limit: 9 }
}

#[test]
fn a_device_is_welcomed_and_then_watches_the_names() {
    let mut world = World::new(Limits::default(), &["ada"]);
    world.device(1, "ada");
    assert_eq!(world.heard(), ["1: welcome ada", "1: watches names, Delta"]);
    world.handle(1, &Command::Presence(PresenceMode::None));
    world.handle(1, &Command::ListUsers);
    assert_eq!(world.heard(), ["1: watches None", "1: wants the list"]);
    assert_eq!((world.realm.watchers(), world.realm.name_watchers()), (0, 1));
}

#[test]
fn an_acknowledgement_follows_the_commit_and_stands_before_what_others_are_told() {
    let mut world = World::new(Limits::default(), &["ada", "bob"]);
    world.device(1, "ada");
    world.device(2, "bob");
    world.heard();
    world.say_with(1, Some("bob"), "hi", "a");
    assert!(world.heard().is_empty(), "nothing is told before the commit");
    world.settle();
    let expected = ["1: stored 1/1 #a", "2: ada to bob: hi", "1: delivered 1/1 #a"];
    assert_eq!(world.heard(), expected);
    world.say_with(1, Some("bob"), "hi", "a");
    world.settle();
    assert_eq!(world.heard(), ["1: stored 1/1 #a"]);
    world.store.failure = Some(Failure::Full);
    world.say_with(1, None, "lost", "b");
    world.settle();
    assert_eq!(world.heard(), ["1: Failed(Full) #b"]);
}

#[test]
fn what_a_device_asks_of_the_store_holds_it_back_as_its_messages_do() {
    let limits = Limits { unstored_per_seat: 2, unstored_messages: 3, ..Limits::default() };
    let mut world = World::new(limits, &["ada", "bob"]);
    world.device(1, "ada");
    world.device(2, "bob");
    world.ask_for(1, history());
    assert!(world.may_speak(1) && !world.realm.may_go(device(1)), "an answer is on its way");
    world.ask_for(1, Query::Conversations);
    assert!(!world.may_speak(1) && world.may_speak(2));
    world.say_with(2, None, "x", "a");
    assert!(!world.may_speak(2), "all together have their limit");
    world.leave(1);
    world.heard();
    world.settle();
    assert!(world.may_speak(2) && world.realm.may_go(device(2)));
    let heard = world.heard();
    assert!(heard.contains(&"2: stored 0/1 #a".to_owned()), "{heard:?}");
}

#[test]
fn a_member_that_was_removed_meanwhile_is_not_answered_with_the_history() {
    let mut world = World::new(Limits::default(), &["ada", "bob"]);
    let ada = world.log_in("ada");
    world.device(2, "bob");
    let room = world.room(ada, "garden");
    let bob = world.id("bob");
    world.ask(ada, Wants::AddMember(room, bob));
    world.heard();
    // The store removes the member first.
    let call = Call::ask(Some(ada), Wants::RemoveMember(room, bob));
    world.call_from(home(), &call);
    world.ask_for(2, Query::History { of: Target::Room(room), before: None, limit: 9 });
    world.settle();
    let heard = world.heard();
    assert_eq!(heard.last().map(String::as_str), Some("2: NotAMember #q"), "{heard:?}");
}
