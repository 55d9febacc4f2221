//! Invitations: who hears of them, and what becomes of them.

use super::*;

const TTL: Duration = Duration::from_secs(3600);

fn limits() -> Limits {
    Limits { invitation_ttl: TTL, ..without_grace() }
}

#[test]
fn an_accepted_invitation_makes_two_contacts() {
    let mut world = World::of_two(limits());
    world.invite(1, "bob", "i1");
    assert_eq!(world.heard(), ["2: i1 invites, from ada (Anonymous)"]);
    assert_eq!(world.realm.pending_invitations(), 1);
    world.accept(2, "i1");
    assert_eq!(world.heard(), ["1: i1 accepted", "1: bob is on", "2: ada is on"]);
    assert_eq!((world.realm.invitations(), world.realm.conversations()), (0, 1));
    assert_eq!(world.realm.counters().invitations_accepted, 1);
}

#[test]
fn a_declined_invitation_makes_none() {
    let mut world = World::of_two(limits());
    world.invite(1, "bob", "i1");
    world.heard();
    world.decline(2, "i1");
    assert_eq!(world.heard(), ["1: i1 declined"]);
    assert_eq!((world.realm.invitations(), world.realm.conversations()), (0, 0));
    assert_eq!(world.realm.counters().invitations_declined, 1);
}

#[test]
fn it_waits_for_a_person_offline_and_each_of_their_devices_sees_it() {
    let mut world = World::new(limits());
    world.join(1, "ada");
    world.invite(1, "bob", "i1");
    world.invite(1, "bob", "i2");
    world.heard();
    let invited = ["i1 invites, from ada (Anonymous)", "i2 invites, from ada (Anonymous)"];
    for device in [2, 3] {
        world.join(device, "bob");
        let mut expected = vec![format!("{device}: in as bob")];
        expected.extend(invited.iter().map(|line| format!("{device}: {line}")));
        assert_eq!(world.heard(), expected);
    }
    world.accept(3, "i2");
    let expected =
        ["1: i2 accepted", "2: i2 accepted", "1: bob is on", "2: ada is on", "3: ada is on"];
    assert_eq!(world.heard(), expected, "the other device stops to show it");
}

#[test]
fn an_answer_waits_for_its_sender_and_is_told_once() {
    let mut world = World::of_two(limits());
    for id in ["i1", "i2", "i3"] {
        world.invite(1, "bob", id);
    }
    world.leave(1);
    world.accept(2, "i1");
    world.decline(2, "i2");
    assert_eq!((world.realm.pending_invitations(), world.realm.invitations()), (1, 3));
    world.heard();
    world.join(4, "ada");
    let expected =
        ["4: in as ada", "4: i1 accepted", "4: i2 declined", "4: bob is on", "2: ada is on"];
    assert_eq!(world.heard(), expected);
    world.join(5, "ada");
    assert_eq!(world.heard(), ["5: in as ada", "5: bob is on"]);
    assert_eq!(world.realm.invitations(), 1);
}

#[test]
fn it_expires_and_both_are_told() {
    let mut world = World::of_two(limits());
    world.invite(1, "bob", "i1");
    world.heard();
    world.pass(TTL - A_MOMENT);
    assert!(world.heard().is_empty());
    world.pass(A_MOMENT * 2);
    assert_eq!(world.heard(), ["1: i1 expired", "2: i1 expired"]);
    world.accept(2, "i1");
    assert_eq!(world.heard(), [refused(2, Refusal::NoSuchInvitation)]);
    assert_eq!(world.realm.counters().invitations_expired, 1);
}

#[test]
fn that_it_has_expired_waits_for_the_sender_and_not_for_ever() {
    for comes_back in [true, false] {
        let mut world = World::of_two(limits());
        world.invite(1, "bob", "i1");
        world.leave(1);
        world.leave(2);
        world.pass(TTL + A_MOMENT);
        assert_eq!((world.realm.pending_invitations(), world.realm.invitations()), (0, 1));
        if !comes_back {
            world.pass(TTL + A_MOMENT);
        }
        world.heard();
        world.join(3, "ada");
        let told = world.heard().contains(&"3: i1 expired".to_owned());
        assert_eq!(told, comes_back);
        assert_eq!(world.realm.counters().answers_forgotten, u64::from(!comes_back));
        assert_eq!(world.realm.invitations(), 0);
    }
}

#[test]
fn an_answer_needs_an_invitation_that_is_ones_own_and_pending() {
    let mut world = World::of_two(limits());
    world.join(3, "eve");
    world.invite(1, "bob", "i1");
    world.heard();
    for device in [1, 3] {
        world.accept(device, "i1");
        world.decline(device, "i1");
        let no = refused(device, Refusal::NoSuchInvitation);
        assert_eq!(world.heard(), [no.clone(), no], "neither the sender nor a stranger answers");
    }
    world.accept(2, "i1");
    world.heard();
    world.decline(2, "i1");
    assert_eq!(world.heard(), [refused(2, Refusal::NoSuchInvitation)], "nobody answers twice");
    assert_eq!(world.realm.counters().answers_refused, 5);
}

#[test]
fn a_person_invites_neither_themselves_nor_one_person_twice_with_one_id() {
    let mut world = World::of_two(limits());
    world.invite(1, "ada", "i1");
    assert_eq!(world.heard(), [refused(1, Refusal::OwnInvitation)]);
    world.invite(1, "bob", "i1");
    world.heard();
    world.invite(1, "bob", "i1");
    assert_eq!(world.heard(), [refused(1, Refusal::DuplicateInvitation)]);
    world.invite(1, "eve", "i1");
    assert!(world.heard().is_empty(), "to another it is another");
    world.decline(2, "i1");
    assert_eq!(world.realm.pending_invitations(), 1);
}

#[test]
fn a_sender_has_the_name_of_the_sign_in_else_that_of_the_frame_else_anonymous() {
    let mut world = World::of_two(limits());
    let says =
        Invite { sender_name: Some(Name::parse("Addie").expect("a name")), ..invite("bob", "i1") };
    world.handle(1, &Command::Invite(says.clone()));
    world.sign_in(3, "ada", Some("Ada"), true).expect("room");
    world.sign_in(4, "ada", None, true).expect("room");
    world.handle(4, &Command::Invite(Invite { id: item("i2"), ..says }));
    let heard = world.heard();
    assert_eq!(heard[0], "2: i1 invites, from ada (Addie)");
    assert_eq!(heard.last().expect("lines"), "2: i2 invites, from ada (Ada)");
}

#[test]
fn an_invitation_is_told_whole_also_after_it_has_waited() {
    struct Whole(Vec<Answer>);
    impl Sink for Whole {
        fn send(&mut self, _to: ConnectionId, event: &chat::Event<'_>) {
            let chat::Event::Messenger(
                Event::InvitationReceived(told) | Event::InvitationAnswered(told),
            ) = event
            else {
                return;
            };
            let expected = Invitation {
                id: "i1",
                from: "ada",
                from_name: "Anonymous",
                to: "bob",
                text: "\"come\"",
                answer: told.answer,
                created_at: Some("\"now\""),
                expires_at: Some("null"),
                metadata: Some("{}"),
                taken_at: Duration::from_secs(77),
                lasts: TTL,
            };
            assert_eq!(*told, expected);
            self.0.push(told.answer);
        }
        fn fan_out(&mut self, _to: &[ConnectionId], _event: &chat::Event<'_>) {}
        fn watch(&mut self, _by: ConnectionId, _what: Watch) {}
        fn list_changed(&mut self, _of: Audience) -> bool {
            false
        }

        fn ask(&mut self, job: crate::chat::account::Job) {
            panic!("this realm has no jobs: {job:?}");
        }

        fn reply(&mut self, to: crate::chat::account::Asker, _: &crate::chat::account::Reply<'_>) {
            panic!("this realm is asked nothing: {to:?}");
        }

        fn end(&mut self, id: ConnectionId, why: crate::chat::Farewell) {
            panic!("this realm ends no connection: {id:?} {why:?}");
        }
    }
    let mut world = World::of_two(limits());
    world.leave(2);
    world.now.unix = Duration::from_secs(77);
    let created_at = Some("\"now\"");
    let expires_at = Some("null");
    let sent = Invite { created_at, expires_at, metadata: Some("{}"), ..invite("bob", "i1") };
    world.handle(1, &Command::Invite(sent));
    let mut sink = Whole(Vec::new());
    let who = SignIn { id: PersonId::parse("bob").expect("an id"), name: None, receipts: true };
    assert_eq!(world.realm.sign_in(world.now, world.caller(5), &who, &mut sink), Ok(()));
    let accept = Command::Accept { invitation: item("i1") };
    world.realm.handle(world.now, world.caller(5), &accept, &mut sink);
    assert_eq!(sink.0, [Answer::Pending, Answer::Accepted]);
}
