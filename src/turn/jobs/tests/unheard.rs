//! Connections that may not speak: they are not read until there is room, and are not silent meanwhile.

use super::*;
use crate::chat::account::Changed;

/// A world in which one message that is not stored keeps a member from being read.
fn world_with_quiet_members() -> World {
    let mut limits = Limits::default();
    limits.chat.account.unstored_per_seat = 1;
    World::with_accounts(limits, users())
}

#[test]
fn a_connection_that_may_not_speak_is_not_read_and_not_silent_and_is_heard_when_it_may() {
    let mut world = world_with_quiet_members();
    let members = world.members(2);
    world.say(members[0], frame(SAY));
    world.settle();
    let first = world.last_ticket();
    world.say(members[0], frame(SAY));
    world.settle();
    assert_eq!(world.last_ticket(), first, "the second is not read");
    world.say(members[1], frame(SAY));
    world.settle();
    let other = world.last_ticket();
    assert_ne!(other, first, "nobody else waits for it");
    world.done(other, said(1));
    // Longer than a silent client has. It has said something: we have not read it.
    for _ in 0..10 {
        world.pass(Duration::from_secs(30));
        world.say(members[1], frame("{}"));
        assert_ne!(world.wait(), None);
    }
    assert_eq!(world.turn.websockets(), 2);
    // A result makes room. No event comes for what was said long ago.
    world.done(first, said(2));
    world.settle();
    assert_ne!(world.last_ticket(), other, "it is read now");
    let second = world.last_ticket();
    world.done(second, said(3));
    world.settle();
    for _ in 0..4 {
        world.pass(Duration::from_secs(50));
    }
    assert_eq!(world.turn.websockets(), 0, "and from then on it is silent like everybody");
}

#[test]
fn an_unheard_connection_that_ends_is_read_again_until_its_peer_closes() {
    let mut world = world_with_quiet_members();
    let members = world.members(2);
    for member in &members {
        world.say(*member, frame(SAY));
        world.settle();
        world.say(*member, frame(SAY));
        world.settle();
    }
    assert_eq!(world.turn.unheard.len(), 2);
    // News that the user was deleted ends it, though nothing of it is read.
    let others = users().users.split_off(1);
    world.done(Ticket::NEWS.0, Ok(Output::News(Changed { users: others, rooms: Vec::new() })));
    world.settle();
    let words = world.take_words(members[0]);
    assert!(words.ends_with("logged out"), "{words}");
    assert_eq!((world.turn.websockets(), world.sockets.here.len()), (1, 2));
    world.hang_up(members[0]);
    world.settle();
    assert_eq!(world.sockets.here, members[1..]);
    // And one whose peer is gone leaves nothing behind.
    world.cut(members[1]);
    world.turn.drain(world.now());
    world.settle();
    let jobs: Vec<Job> = world.jobs.batches.iter().flatten().cloned().collect();
    // The news have made the realm ask for the other login once more.
    let asked_again = jobs.last().expect("a job").ticket.0;
    world.done(asked_again, found(2));
    let messages = jobs.iter().filter(|job| matches!(job.work, Work::Say { .. }));
    messages.zip(1..).for_each(|(job, seq)| world.done(job.ticket.0, said(seq)));
    world.settle();
    world.pass(Duration::from_secs(10));
    assert!(world.turn.is_drained() && world.turn.unheard.is_empty());
    assert_eq!(world.turn.chat.audience_len(Audience::Accounts), 0);
}
