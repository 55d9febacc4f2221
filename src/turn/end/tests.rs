//! Endings: what time somebody has, while time stands still for him and not for the server.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::turn::Limits;
use crate::turn::fake_sockets::{World, frame, upgrade};

/// Somebody comes and has asked for a WebSocket, all with the same number; nothing of that is read yet.
fn call(world: &mut World) -> ConnectionId {
    world.call(1, "127.0.0.1");
    world.run();
    let id = *world.sockets.here.last().expect("whoever has just come");
    world.ask(id, "03001234567", "");
    id
}

#[test]
fn the_time_to_close_begins_when_the_last_words_are_written_and_not_while_they_wait_for_us() {
    let mut limits = Limits::default();
    limits.budgets.writes = 1;
    let close_timeout = limits.close_timeout;
    let mut world = World::new(limits);

    let old = call(&mut world);
    world.run();
    // The newcomer's answer is the one write of this turn; the goodbye to the old one waits.
    let new = call(&mut world);
    world.run();
    assert!(world.take_words(new).starts_with("HTTP/1.1 101"));
    assert!(!world.take_words(old).contains("replaced"));

    // The server stands still, for longer than anybody may take to close.
    world.time += close_timeout * 2;
    world.run();
    assert!(world.take_words(old).ends_with("replaced by a newer connection"));
    assert!(world.sockets.here.contains(&old), "he has had no time to close");
    world.time += close_timeout / 2;
    world.run();
    assert!(world.sockets.here.contains(&old), "he has had half of the time to close");
    world.time += close_timeout;
    world.run();
    assert_eq!(world.sockets.here, [new], "he has had all the time to close");
}

/// Somebody comes and signs in to a session.
fn sign_in(world: &mut World, session: &str) -> ConnectionId {
    let id = world.newcomer();
    world.say(id, upgrade(0, "", "").replace("/ws/0000000000", "/ws"));
    world.say(id, frame(&format!(r#"{{"type":"auth","data":{{"sessionId":"{session}"}}}}"#)));
    world.settle();
    assert!(world.take_words(id).contains("authenticated"));
    id
}

/// One session writes to another; nothing of that is read yet.
fn write(world: &mut World, from: ConnectionId, to: &str, content: &str) {
    let data = format!(r#"{{"id":"{content}","recipientId":"{to}","content":"{content}"}}"#);
    world.say(from, frame(&format!(r#"{{"type":"message_send","data":{data}}}"#)));
}

#[test]
fn whoever_is_given_up_for_what_he_hears_of_one_who_was_lost_in_writing_is_given_up_in_that_turn() {
    let mut limits = Limits::default();
    limits.chat.messenger.contact_grace = Duration::ZERO;
    limits.outbox.each = 1;
    let mut world = World::new(limits);
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|session| sign_in(&mut world, session));
    write(&mut world, ann, "bob", "for contacts");
    world.run();
    assert!(world.take_words(bob).contains("for contacts"));

    // One frame fits always, whatever the cap is. The next one does not.
    world.block(bob);
    write(&mut world, cat, "bob", "all he holds");
    world.run();
    assert_eq!(world.sockets.here, [ann, bob, cat]);
    world.cut(ann);
    write(&mut world, cat, "ann", "too late");
    world.run();
    assert_eq!(world.sockets.here, [cat], "nothing else would wake the loop for him");
}

#[test]
fn a_session_that_a_drain_sends_home_gets_what_was_written_to_it_in_that_turn() {
    let mut world = World::new(Limits::default());
    let (ann, bob) = (sign_in(&mut world, "ann"), sign_in(&mut world, "bob"));
    write(&mut world, ann, "bob", "see you");
    world.turn.drain(world.now());
    world.run();
    let words = world.take_words(bob);
    let (message, goodbye) = (words.find("see you"), words.find("the server is shutting down"));
    assert!(message.is_some() && message < goodbye, "{words}");
    let words = world.take_words(ann);
    assert!(words.contains(r#""status":"sent""#), "{words}");
}
