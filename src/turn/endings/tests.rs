//! Endings: what time somebody has, while time stands still for him and not for the server.

use crate::chat::ConnectionId;
use crate::turn::Limits;
use crate::turn::street::World;

/// Somebody comes and has asked for a WebSocket, all with the same number; nothing of that is read yet.
fn call(world: &mut World) -> ConnectionId {
    world.call(1, "127.0.0.1");
    world.run();
    let id = *world.street.here.last().expect("whoever has just come");
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
    assert!(world.street.here.contains(&old), "he has had no time to close");
    world.time += close_timeout / 2;
    world.run();
    assert!(world.street.here.contains(&old), "he has had half of the time to close");
    world.time += close_timeout;
    world.run();
    assert_eq!(world.street.here, [new], "he has had all the time to close");
}
