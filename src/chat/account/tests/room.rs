//! A server with as many users as it may have.

use super::*;

fn full(names: &[&str]) -> World {
    World::new(Limits { users: names.len(), ..Limits::default() }, names)
}

#[test]
fn an_account_that_makes_room_is_gone_with_its_sockets_and_its_logins() {
    let mut world = full(&["ada", "bob"]);
    let (ada, bob) = (world.log_in("ada"), world.log_in("bob"));
    world.enter(1, ada);
    world.enter(2, bob);
    world.heard();
    // Users who are online stay.
    world.store.passing = vec!["ada", "bob"];
    assert_eq!(world.call(&register("eve", "secret")), "TooManyUsers");
    world.leave(2);
    world.pass(Limits::default().room_retry);
    let asker = world.call_from(home(), &register("eve", "secret"));
    // Bob comes back, too late: the store decides already.
    world.enter(3, bob);
    world.heard();
    world.settle();
    assert_eq!(world.reply_to(asker), "registered eve");
    assert_eq!(world.heard(), ["3: LoggedOut"]);
    assert_eq!(world.call(&Call::ask(Some(bob), Wants::Identity)), "NotSignedIn");
    assert_eq!(world.call(&log_in("bob", "secret of bob")), "WrongCredentials");
    assert_eq!(world.realm.counters.made_room, 1);
    world.say(1, None, "still here");
    world.settle();
    assert_eq!(world.heard(), ["1: ada: still here"]);
}

#[test]
fn while_all_stay_the_store_is_asked_once_in_a_while_and_nothing_is_hashed() {
    let mut world = full(&["ada"]);
    let jobs = |world: &mut World| {
        let asker = world.call_from(home(), &register("eve", "secret"));
        let mut jobs = 0;
        while world.step() {
            jobs += 1;
        }
        (world.reply_to(asker), jobs)
    };
    let refused = || "TooManyUsers".to_owned();
    assert_eq!(jobs(&mut world), (refused(), 1));
    assert_eq!(jobs(&mut world), (refused(), 0));
    world.pass(Duration::from_secs(60));
    assert_eq!(jobs(&mut world), (refused(), 1));
    // A user that the operator deletes makes room at once.
    world.store.delete("ada");
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    assert_eq!(jobs(&mut world).0, "registered eve");
}

#[test]
fn a_store_that_cannot_make_room_says_so_and_is_asked_again() {
    let mut world = full(&["ada"]);
    world.store.passing = vec!["ada"];
    world.store.failure = Some(Failure::Full);
    assert_eq!(world.call(&register("eve", "secret")), "Failed(Full)");
    assert_eq!(world.call(&register("eve", "secret")), "registered eve");
}
