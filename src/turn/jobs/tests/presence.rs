//! Who is online in the account realm, from joins to frames: which sentences a client gets, and what the
//! lists of another realm cost it.

use super::*;
use crate::turn::fake_sockets::upgrade;

/// Bytes of lists a second. A short list is charged 10 KiB, so one list uses up a second.
const RATE: u64 = 10 * 1024;
const SECOND: Duration = Duration::from_secs(1);
const ASK: &str = r#"{"type":"request_user_list"}"#;

/// A world in which a list costs a second, and its first user, who speaks WebSocket Chat and has got the list.
fn world() -> (World, ConnectionId) {
    let mut limits = Limits::default();
    limits.presence.bytes_per_second = RATE;
    let mut world = World::with_accounts(limits, users_up_to(7));
    let watcher = world.member(1);
    world.say(watcher, frame(ASK));
    world.settle();
    rest(&mut world, watcher);
    (world, watcher)
}

/// Lets time pass until a list costs nothing that is owed, and drops what was told meanwhile.
fn rest(world: &mut World, id: ConnectionId) {
    world.pass(10 * SECOND);
    world.take_words(id);
}

/// The sentences of the lists in what a client was told. All have the same names.
#[track_caller]
fn sentences(words: &str, names: &[u32]) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|user| format!(r#""user{user}""#)).collect();
    let begin = format!(r#"{{"type":"user_list_update","users":[{}],"message":"#, names.join(","));
    let lists = words.matches("user_list_update").count();
    let told = words.split(&begin).skip(1).filter_map(|rest| rest.split(r#","timestamp":"#).next());
    let told: Vec<String> = told.map(|sentence| sentence.replace('"', "")).collect();
    assert_eq!(told.len(), lists, "all have the newest names: {words}");
    told
}

#[test]
fn up_to_four_changes_at_once_are_sentences_in_their_order_and_more_are_one_list_without() {
    for count in 1..=6 {
        let (mut world, watcher) = world();
        // The list that was asked for uses up the second.
        world.say(watcher, frame(ASK));
        world.settle();
        assert_eq!(sentences(&world.take_words(watcher), &[1]), ["null"]);
        let last = 1 + count;
        for user in 2..=last {
            world.pass(SECOND / 10);
            world.member(user);
            assert!(!world.has_words(watcher), "{user} of {count}: the second is not over");
        }
        world.pass(SECOND);
        let all: Vec<u32> = (1..=last).collect();
        let told = sentences(&world.take_words(watcher), &all);
        let each: Vec<String> =
            (2..=last).map(|user| format!("user{user} joined the chat")).collect();
        let expected = if count <= 4 { each } else { vec!["null".to_owned()] };
        assert_eq!(told, expected, "{count} at once");
        rest(&mut world, watcher);
        assert!(!world.has_words(watcher), "nothing is told twice");
    }
}

#[test]
fn who_comes_and_goes_at_once_is_told_in_two_sentences_and_is_in_neither_list() {
    let (mut world, watcher) = world();
    world.say(watcher, frame(ASK));
    world.settle();
    world.take_words(watcher);
    let guest = world.member(2);
    world.reset(guest);
    world.settle();
    assert!(!world.has_words(watcher));
    world.pass(SECOND);
    let told = sentences(&world.take_words(watcher), &[1]);
    assert_eq!(told, ["user2 joined the chat", "user2 left the chat"]);
}

#[test]
fn lists_of_phones_and_of_users_are_paid_for_from_one_budget() {
    let (mut world, watcher) = world();
    let phone = world.newcomer();
    world.say(phone, upgrade(0, "", ""));
    world.settle();
    rest(&mut world, phone);
    // While no list was published lately, a change is told at once.
    world.member(2);
    assert_eq!(sentences(&world.take_words(watcher), &[1, 2]), ["user2 joined the chat"]);
    rest(&mut world, watcher);
    world.say(phone, frame(r#"{"type":"get_online_users"}"#));
    world.settle();
    assert!(world.take_words(phone).contains("online_users"));
    world.member(3);
    assert!(!world.has_words(watcher), "the phone's list has used up the second");
    world.pass(SECOND);
    assert_eq!(sentences(&world.take_words(watcher), &[1, 2, 3]), ["user3 joined the chat"]);
    rest(&mut world, phone);
    // The other way round.
    world.say(watcher, frame(ASK));
    world.settle();
    assert!(world.has_words(watcher));
    let other = world.newcomer();
    world.say(other, upgrade(1, "?presence=none", ""));
    world.settle();
    assert!(!world.has_words(phone), "the user's list has used up the second");
    world.pass(SECOND);
    assert!(world.take_words(phone).contains(r#""0000000001""#));
}
