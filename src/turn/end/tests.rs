//! How connections end: the close deadline, overflows late in a turn, and the drain.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::turn::Limits;
use crate::turn::fake_sockets::{World, frame, upgrade};

/// A new connection that has sent a request for a WebSocket with always the same number. The next turn
/// reads it.
fn call(world: &mut World) -> ConnectionId {
    world.call(1, "127.0.0.1");
    world.run();
    let id = *world.sockets.here.last().expect("the connection that was just accepted");
    world.ask(id, "03001234567", "");
    id
}

#[test]
fn the_close_deadline_starts_when_the_last_frames_are_written_and_not_while_they_are_queued() {
    let mut limits = Limits::default();
    limits.budgets.writes = 1;
    let close_timeout = limits.close_timeout;
    let mut world = World::new(limits);

    let old = call(&mut world);
    world.run();
    // The only write of this turn is the answer to the new connection. The close frame for the old one
    // stays queued.
    let new = call(&mut world);
    world.run();
    assert!(world.take_words(new).starts_with("HTTP/1.1 101"));
    assert!(!world.take_words(old).contains("replaced"));

    // The server stands still, for longer than the close timeout.
    world.time += close_timeout * 2;
    world.run();
    assert!(world.take_words(old).ends_with("replaced by a newer connection"));
    assert!(world.sockets.here.contains(&old), "the client has had no time to close");
    world.time += close_timeout / 2;
    world.run();
    assert!(world.sockets.here.contains(&old), "the client has had half of the time to close");
    world.time += close_timeout;
    world.run();
    assert_eq!(world.sockets.here, [new], "the client has had all the time to close");
}

/// A new connection that has signed in as a person of the messenger realm.
fn sign_in(world: &mut World, session: &str) -> ConnectionId {
    let id = world.newcomer();
    world.say(id, upgrade(0, "", "").replace("/ws/0000000000", "/ws"));
    world.say(id, frame(&format!(r#"{{"type":"auth","data":{{"sessionId":"{session}"}}}}"#)));
    world.settle();
    assert!(world.take_words(id).contains("authenticated"));
    id
}

/// Sends a message from one person to another. The next turn reads it.
fn write(world: &mut World, from: ConnectionId, to: &str, content: &str) {
    let data = format!(r#"{{"id":"{content}","recipientId":"{to}","content":"{content}"}}"#);
    world.say(from, frame(&format!(r#"{{"type":"message_send","data":{data}}}"#)));
}

#[test]
fn a_connection_that_overflows_because_another_broke_in_the_send_phase_ends_in_the_same_turn() {
    let mut limits = Limits::default();
    limits.chat.messenger.contact_grace = Duration::ZERO;
    limits.outbox.each = 1;
    let mut world = World::new(limits);
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|session| sign_in(&mut world, session));
    write(&mut world, ann, "bob", "for contacts");
    world.run();
    assert!(world.take_words(bob).contains("for contacts"));

    // One frame always fits, whatever the cap is. The next one does not.
    world.block(bob);
    write(&mut world, cat, "bob", "fills the outbox");
    world.run();
    assert_eq!(world.sockets.here, [ann, bob, cat]);
    world.cut(ann);
    write(&mut world, cat, "ann", "too late");
    world.run();
    assert_eq!(world.sockets.here, [cat], "no later event would wake the loop for bob");
}

#[test]
fn a_drain_delivers_messages_that_were_sent_in_its_first_turn() {
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
