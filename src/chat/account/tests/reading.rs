//! Tokens: what they open, and what ends with them.

use super::*;

#[test]
fn a_global_message_is_in_no_history_once_it_is_older_than_the_retention() {
    let retention = Some(Duration::from_secs(60));
    let mut world = World::of_two(Limits { retention, ..Limits::default() });
    let token = world.log_in("eve");
    let recent = Call::ask(Some(token), Wants::Recent);
    world.say(1, None, "old");
    world.settle();
    world.pass(Duration::from_secs(40));
    world.say(1, None, "young");
    world.settle();
    assert_eq!(world.call(&recent), "old young");
    world.pass(Duration::from_secs(40));
    assert_eq!(world.call(&recent), "young");
    world.heard();
    world.enter(9, token);
    assert_eq!(world.heard(), ["9: history young"]);
}

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_token_opens_the_lists_and_none_opens_nothing() {
    let mut world = World::of_two(Limits::default());
    world.say(1, None, "hi");
    world.settle();
    let token = Some(world.log_in("eve"));
    assert_eq!(world.call(&Call::ask(token, Wants::Users)), "ada+ bob+ eve");
    assert_eq!(world.call(&Call::ask(token, Wants::Recent)), "hi");
    assert_eq!(world.call(&Call::ask(token, Wants::Identity)), "known 3");
    for token in [None, Some(Token([99; 32]))] {
        for call in [
            Call::ask(token, Wants::Users),
            Call::ask(token, Wants::Recent),
            Call::ask(token, Wants::Identity),
        ] {
            assert_eq!(world.call(&call), "NotSignedIn");
        }
    }
}

#[test]
fn a_token_that_memory_does_not_know_is_asked_of_the_store_once() {
    let mut world = World::of_two(Limits::default());
    let token = world.log_in("eve");
    world.realm = Realm::restore(Limits::default(), world.store.snapshot(), world.now.monotonic);
    let asker = world.call_from(home(), &Call::ask(Some(token), Wants::Identity));
    assert!(world.sink.replies.is_empty(), "the store has to be asked");
    world.settle();
    assert_eq!(world.reply_to(asker), "known 3");
    let asker = world.call_from(home(), &Call::ask(Some(token), Wants::Identity));
    assert_eq!(world.reply_to(asker), "known 3", "it is known now");
}

#[test]
fn a_logout_ends_that_logins_sockets_before_the_reply_and_no_others() {
    let mut world = World::of_two(Limits::default());
    let token = world.join(3, "ada");
    world.enter(4, token);
    world.heard();
    assert_eq!(world.call(&Call::LogOut(Some(token))), "out");
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, ["3: LoggedOut", "4: LoggedOut"]);
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Users)), "NotSignedIn");
    world.say(2, None, "who is here?");
    world.settle();
    assert_eq!(world.heard().len(), 2, "the ended ones hear nothing more");
    assert_eq!(world.call(&Call::LogOut(Some(token))), "NotSignedIn", "again");
    assert_eq!(world.call(&Call::LogOut(None)), "NotSignedIn");
    assert_eq!(world.call(&Call::LogOutOfNothing), "out");
}

#[test]
fn a_logout_that_cannot_be_stored_ends_nothing() {
    let mut world = World::of_two(Limits::default());
    let token = world.join(3, "ada");
    world.heard();
    world.store.failure = Some(Failure::ReadOnly);
    assert_eq!(world.call(&Call::LogOut(Some(token))), "Failed(ReadOnly)");
    assert_eq!(world.heard(), Vec::<String>::new());
    assert_eq!(world.realm.counters.calls_failed(Failure::ReadOnly), 1);
}

#[test]
fn a_login_that_ended_after_it_was_looked_up_opens_no_socket() {
    let mut world = World::of_two(Limits::default());
    let token = world.log_in("eve");
    world.call(&Call::ask(Some(token), Wants::Identity));
    let guest = world.sink.guest.take().expect("it is known");
    world.call(&Call::LogOut(Some(token)));
    world.realm.enter(world.now, device(3), (guest, Role::Stream), &mut world.sink);
    world.check();
    assert_eq!(world.heard(), ["3: TryAgain"]);
}

#[test]
fn sockets_end_at_the_moment_at_which_their_login_expires() {
    let mut world = World::of_two(Limits::default());
    let token = world.join(3, "eve");
    world.heard();
    assert_eq!(world.realm.timers(), 3);
    world.pass(DAY * 7 - Duration::from_secs(1));
    assert_eq!(world.heard(), Vec::<String>::new());
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Identity)), "known 3");
    world.pass(Duration::from_secs(2));
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, ["1: Expired", "2: Expired", "3: Expired"]);
    assert_eq!((world.realm.timers(), world.realm.next_deadline()), (0, None));
    world.store.logins.clear();
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Identity)), "NotSignedIn");
}

#[test]
fn the_wall_clock_decides_whether_a_login_is_over() {
    let mut world = World::of_two(Limits::default());
    let token = world.log_in("eve");
    world.now.unix += DAY * 8;
    world.store.logins.clear();
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Identity)), "NotSignedIn", "set forward");
    world.now.unix -= DAY * 9;
    world.pass(DAY * 7 + Duration::from_secs(1));
    assert_eq!(world.heard(), Vec::<String>::new(), "set back: they last a day longer");
    world.pass(DAY);
    assert_eq!(world.heard().len(), 2);
}

#[test]
fn a_login_that_had_to_make_room_for_a_newer_one_ends_with_its_sockets() {
    let mut world = World::of_two(Limits::default());
    let old = world.join(3, "ada");
    world.heard();
    world.store.revokes = vec![old.digest()];
    world.log_in("ada");
    assert_eq!(world.heard(), ["3: LoggedOut"]);
    assert_eq!(world.call(&Call::ask(Some(old), Wants::Identity)), "NotSignedIn");
}

#[test]
fn news_ends_the_sockets_of_deleted_users_and_of_revoked_logins_and_no_others() {
    let mut world = World::of_two(Limits::default());
    let token = world.join(3, "eve");
    let second = world.join(4, "bob");
    world.heard();
    world.store.delete("ada");
    world.store.logins.remove(&second.digest().0);
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    world.check();
    assert_eq!(world.heard(), ["1: LoggedOut"], "the store is asked for the others");
    let asker = world.call_from(home(), &Call::ask(Some(token), Wants::Identity));
    assert!(world.sink.replies.is_empty(), "a doubtful login proves nothing");
    world.settle();
    assert_eq!(world.heard(), ["4: LoggedOut"]);
    assert_eq!(world.reply_to(asker), "known 3");
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Users)), "bob+ eve+");
}

#[test]
fn logins_without_a_socket_are_forgotten_beyond_a_number_the_oldest_first() {
    let mut world = World::new(Limits { tokens_cached: 2, ..Limits::default() }, &["ada"]);
    let tokens = [0; 3].map(|_| world.log_in("ada"));
    assert_eq!(world.realm.logins.len(), 2);
    let asker = world.call_from(home(), &Call::ask(Some(tokens[0]), Wants::Identity));
    assert!(world.sink.replies.is_empty(), "the first one was forgotten, and not by the store");
    world.settle();
    assert_eq!(world.reply_to(asker), "known 1");
}
