//! Registrations and logins.

use super::*;
use crate::limiter::Rate;

fn block(last: u8) -> Block {
    Block::of([198, 51, 100, last].into())
}

#[test]
fn who_registers_can_log_in_and_write() {
    let mut world = World::new(Limits::default(), &[]);
    assert_eq!(world.call(&register("  ada ", "secret of ada")), "registered ada");
    world.join(1, "ada");
    world.say(1, None, "hello");
    world.settle();
    assert_eq!(world.heard(), ["1: history ", "1: ada: hello"]);
}

#[test]
fn who_joins_is_registered_and_logged_in_without_another_hash() {
    let mut world = World::new(Limits::default(), &["bob"]);
    let join = |name: &str, password: &str| Call::Join {
        name: name.into(),
        password: Secret::new(password),
    };
    let asker = world.call_from(home(), &join(" ada ", "secret of ada"));
    let mut jobs = 0;
    while world.step() {
        jobs += 1;
    }
    assert_eq!(jobs, 3, "a hash, the registration, the login");
    assert_eq!(world.reply_to(asker), "in as ada");
    assert_eq!(world.realm.waiting.calls(), 0);
    world.log_in("ada");
    for (name, password, refusal) in [
        ("bob", "secret", "UserExists"),
        ("ada", "secret", "UserExists"),
        ("al", "secret", "Name(TooShort)"),
        ("eve", "12345", "PasswordTooShort"),
    ] {
        assert_eq!(world.call(&join(name, password)), refusal, "{name}");
    }
}

/// Otherwise each new account would buy its address another guess at somebody's password.
#[test]
fn a_login_that_was_no_attempt_gives_no_attempt_back() {
    let mut world = World::new(Limits::default(), &["bob"]);
    let guess = |world: &mut World| world.call_from(block(1), &log_in("bob", "wrong"));
    let mut refusals = Vec::new();
    for number in 0..7 {
        let asker = guess(&mut world);
        world.settle();
        refusals.push(world.reply_to(asker));
        let (name, password) = (format!("user{number}").into(), Secret::new("secret"));
        let asker = world.call_from(block(1), &Call::Join { name, password });
        world.settle();
        assert!(world.reply_to(asker).starts_with("in as "));
    }
    // Five at once from one address for one name.
    let attempts = refusals.iter().filter(|refusal| *refusal == "WrongCredentials").count();
    assert_eq!(attempts, 5, "{refusals:?}");
    let attempts = |world: &mut World| {
        let mut count = 0;
        loop {
            let name = format!("nobody{count}");
            let asker = world.call_from(block(1), &log_in(&name, "wrong"));
            world.settle();
            if world.reply_to(asker) != "WrongCredentials" {
                return count;
            }
            count += 1;
        }
    };
    assert_eq!(attempts(&mut world), 13, "twenty from one address, seven of them spent");
}

#[test]
fn a_registration_is_refused_for_its_reason() {
    let mut world = World::new(Limits::default(), &["ada"]);
    for (name, password, refusal) in [
        ("al", "secret", "Name(TooShort)"),
        ("<script>", "secret", "Name(BadCharacter)"),
        ("eve", "12345", "PasswordTooShort"),
        ("eve", &"x".repeat(1_025), "PasswordTooLong"),
        ("ada", "secret", "UserExists"),
        ("Ada", "secret", "UserExists"),
    ] {
        assert_eq!(world.call(&register(name, password)), refusal, "{name}");
    }
    world.store.failure = Some(Failure::Full);
    assert_eq!(world.call(&register("eve", "secret")), "Failed(Full)");
    assert_eq!(world.call(&register("eve", "sécret")), "registered eve", "six characters");
}

#[test]
fn a_closed_server_registers_nobody_and_lets_its_users_in() {
    let limits = Limits { registration: Registration::Closed, ..Limits::default() };
    let mut world = World::new(limits, &["ada"]);
    assert_eq!(world.call(&register("eve", "secret")), "RegistrationClosed");
    world.log_in("ada");
}

#[test]
fn a_wrong_password_and_an_unknown_name_look_alike_and_take_the_same_jobs() {
    let mut world = World::new(Limits::default(), &["ada"]);
    for name in ["ada", "nobody"] {
        let asker = world.call_from(home(), &log_in(name, "wrong"));
        let mut jobs = 0;
        while world.step() {
            jobs += 1;
        }
        assert_eq!((world.reply_to(asker).as_str(), jobs), ("WrongCredentials", 2), "{name}");
    }
    let long = "x".repeat(2_000);
    assert_eq!(world.call(&log_in("ada", &long)), "WrongCredentials");
    assert_eq!(world.realm.counters.wrong_credentials, 3);
}

#[test]
fn a_login_replaces_a_hash_with_old_parameters() {
    let mut world = World::new(Limits::default(), &["ada"]);
    world.store.parameters = 7;
    world.log_in("ada");
    let asker = world.call_from(home(), &log_in("ada", "secret of ada"));
    world.step();
    let [Job { work: Work::Verify { hash: Some(hash), .. }, .. }] = &world.sink.jobs[..] else {
        panic!("the hash is compared: {:?}", world.sink.jobs);
    };
    assert_eq!(hash.reveal(), "7:secret of ada");
    world.settle();
    assert_eq!(world.reply_to(asker), "in as ada");
}

#[test]
fn guesses_are_limited_by_name_and_address_and_a_success_costs_nothing() {
    let mut world = World::new(Limits::default(), &["ada", "bob"]);
    for _ in 0..10 {
        world.log_in("ada");
    }
    for _ in 0..5 {
        assert_eq!(world.call(&log_in("ada", "wrong")), "WrongCredentials");
    }
    assert_eq!(world.call(&log_in("ada", "secret of ada")), "TooOften(10s)");
    world.log_in("bob");
    let elsewhere = world.call_from(block(1), &log_in("ada", "secret of ada"));
    world.settle();
    assert_eq!(world.reply_to(elsewhere), "in as ada", "another address has its own tokens");
    world.pass(Duration::from_secs(10));
    world.log_in("ada");
}

#[test]
fn attempts_are_limited_by_address_except_on_the_own_machine() {
    let limits = Limits {
        registrations: Rate::new(1, Duration::from_secs(60), 2),
        logins_per_address: Rate::new(1, Duration::from_secs(2), 3),
        ..Limits::default()
    };
    let own = Block::of([127, 0, 0, 1].into());
    for (from, refused) in [(home(), true), (own, false)] {
        let mut world = World::new(limits, &[]);
        let mut replies = Vec::new();
        for name in ["ann", "bea", "cat", "dot"] {
            for call in [register(name, "secret"), log_in(name, "wrong")] {
                let asker = world.call_from(from, &call);
                world.settle();
                replies.push(world.reply_to(asker));
            }
        }
        let refusals: Vec<&String> = replies.iter().filter(|one| one.starts_with("Too")).collect();
        let expected = ["TooOften(60s)", "TooOften(60s)", "TooOften(2s)"];
        assert_eq!(refusals, &expected[..if refused { 3 } else { 0 }], "{replies:?}");
    }
}

#[test]
fn the_queue_of_hashes_is_short_and_one_address_gets_few_places() {
    let limits = Limits { hashes_waiting: 8, hashes_per_address: 2, ..Limits::default() };
    let mut world = World::new(limits, &["ada"]);
    let busy = |world: &mut World, last| {
        let asker = world.call_from(block(last), &log_in("ada", "wrong"));
        let replies = std::mem::take(&mut world.sink.replies);
        replies.iter().any(|(to, reply)| *to == asker && reply == "Busy")
    };
    assert_eq!([1, 1, 1].map(|last| busy(&mut world, last)), [false, false, true]);
    assert_eq!([2, 3, 4].map(|last| busy(&mut world, last)), [false, false, true]);
    world.settle();
    assert_eq!([4, 4, 4].map(|last| busy(&mut world, last)), [false, false, true]);
}

#[test]
fn the_limit_of_users_counts_those_that_are_being_registered() {
    let mut world = World::new(Limits { users: 2, ..Limits::default() }, &["ada"]);
    let first = world.call_from(home(), &register("bob", "secret"));
    assert_eq!(world.call(&register("eve", "secret")), "TooManyUsers");
    assert_eq!(world.reply_to(first), "registered bob");
    assert_eq!(world.call(&register("eve", "secret")), "TooManyUsers");
}

#[test]
fn a_user_that_another_process_has_just_added_is_asked_to_come_again() {
    let mut world = World::new(Limits::default(), &["ada"]);
    world.store.register(UserName::registered("eve"), PasswordHash::new("0:secret of eve"));
    assert_eq!(world.call(&log_in("eve", "secret of eve")), "Busy");
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    world.log_in("eve");
}
