//! Invitations: delivered at once or at the next `auth`. They are answered once, by the person invited,
//! or they expire.

use super::{ANN, BEN, CLEO};
use crate::harness::{Device, Server, befriend, eventually};

/// How many invitations are pending, according to `/stats`.
fn pending(server: &Server) -> u64 {
    server.get("/stats").json()["pendingInvitations"].as_u64().expect("a number")
}

/// Asserts that the next frame is an invitation with this id.
#[track_caller]
fn expect_invitation(who: &mut Device, id: &str) {
    assert_eq!(who.hear("invitation_received")["id"], id);
}

#[test]
fn an_invitation_reaches_a_person_online_at_once_and_its_answer_the_sender() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    ben.accept("1");
    let answer = ann.expect_response("1", "accepted");
    assert_eq!((&answer["senderId"], &answer["recipientId"]), (&ANN.into(), &BEN.into()));
    ann.expect_online(BEN);
    ben.expect_online(ANN);
    ann.expect_nothing();
    ben.expect_nothing();
}

#[test]
fn a_declined_invitation_makes_no_contacts() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    ben.decline("1");
    ann.expect_response("1", "declined");
    ben.expect_nothing();
    ben.close();
    eventually("the device is gone", || (server.connections() == 1).then_some(()));
    ann.expect_nothing();
    assert_eq!(pending(&server), 0);
}

#[test]
fn an_invitation_to_a_person_offline_waits_for_their_auth() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.invite("1", BEN);
    ann.invite("2", BEN);
    ann.expect_nothing();
    assert_eq!(pending(&server), 2);
    let mut ben = server.device(BEN);
    expect_invitation(&mut ben, "1");
    expect_invitation(&mut ben, "2");
    ben.expect_nothing();
}

#[test]
fn an_invitation_is_delivered_at_each_auth_until_it_is_answered() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    ann.invite("1", BEN);
    for _ in 0..3 {
        let mut ben = server.device(BEN);
        expect_invitation(&mut ben, "1");
        ben.close();
    }
    let mut ben = server.device(BEN);
    expect_invitation(&mut ben, "1");
    ben.decline("1");
    ann.expect_response("1", "declined");
    ben.close();
    server.device(BEN).expect_nothing();
}

#[test]
fn an_invitation_outlives_the_connection_of_its_sender() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    ann.invite("1", BEN);
    ann.close();
    let mut ben = server.device(BEN);
    expect_invitation(&mut ben, "1");
}

#[test]
fn an_answer_waits_for_the_next_auth_of_the_sender_and_is_told_once() {
    for answer in ["accepted", "declined"] {
        let server = Server::start(&["--contact-grace", "0s"]);
        let mut ann = server.device(ANN);
        ann.invite("1", BEN);
        ann.close();
        let mut ben = server.device(BEN);
        expect_invitation(&mut ben, "1");
        match answer {
            "accepted" => ben.accept("1"),
            _ => ben.decline("1"),
        }
        ben.expect_nothing();
        ben.close();
        let mut ann = server.device(ANN);
        let told = ann.expect_response("1", answer);
        assert_eq!(told["message"], "hello");
        ann.expect_nothing();
        ann.close();
        server.device(ANN).expect_nothing();
    }
}

#[test]
fn an_invitation_that_is_not_answered_expires_and_the_sender_is_told_at_once() {
    let server = Server::start(&["--invitation-ttl", "300ms"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    let told = ann.expect_response("1", "expired");
    assert_eq!((&told["recipientId"], &told["message"]), (&BEN.into(), &"hello".into()));
    ann.expect_nothing();
    assert_eq!(pending(&server), 0);
    ben.accept("1");
    loop {
        // The recipient may have been told as well.
        let frame = ben.phone.json();
        if frame["type"] == "error" {
            break;
        }
        assert_eq!(
            (&frame["type"], &frame["data"]["status"]),
            (&"invitation_response".into(), &"expired".into())
        );
    }
    ann.expect_nothing();
}

#[test]
fn an_invitation_that_expired_while_its_sender_was_away_is_told_at_the_next_auth() {
    let server = Server::start(&["--invitation-ttl", "2s", "--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    ann.invite("1", BEN);
    ann.close();
    eventually("it has expired", || (pending(&server) == 0).then_some(()));
    let mut ann = server.device(ANN);
    ann.expect_response("1", "expired");
    ann.expect_nothing();
    server.device(BEN).expect_nothing();
}

#[test]
fn an_answered_invitation_does_not_expire() {
    let server = Server::start(&["--invitation-ttl", "2s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    // A later one that nobody answers. When it has expired, the first would have, too.
    ann.invite("later", CLEO);
    ann.expect_response("later", "expired");
    ann.expect_nothing();
}

#[test]
fn nobody_answers_an_invitation_to_somebody_else() {
    let server = Server::start(&[]);
    let (mut ann, mut ben, mut cleo) =
        (server.device(ANN), server.device(BEN), server.device(CLEO));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    for other in [&mut ann, &mut cleo] {
        other.accept("1");
        other.expect_error();
        other.decline("1");
        other.expect_error();
    }
    ann.expect_nothing();
    ben.accept("1");
    ann.expect_response("1", "accepted");
}

#[test]
fn a_stranger_cannot_tell_an_invitation_of_others_from_one_that_does_not_exist() {
    let server = Server::start(&[]);
    let (mut ann, mut cleo) = (server.device(ANN), server.device(CLEO));
    ann.invite("1", BEN);
    ann.expect_nothing();
    cleo.accept("1");
    let others = cleo.expect_error();
    cleo.accept("2");
    assert_eq!(cleo.expect_error(), others);
}

#[test]
fn nobody_answers_twice() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    ben.decline("1");
    ann.expect_response("1", "declined");
    for _ in 0..2 {
        ben.accept("1");
        ben.expect_error();
        ben.decline("1");
        ben.expect_error();
    }
    ann.expect_nothing();
}

#[test]
fn no_person_can_invite_their_own_id() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.invite("1", ANN);
    ann.expect_error();
    assert_eq!(pending(&server), 0);
}

#[test]
fn an_id_that_is_pending_is_not_sent_again() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    ann.invite("1", BEN);
    ann.expect_error();
    ben.expect_nothing();
}

#[test]
fn two_senders_who_chose_the_same_id_are_both_heard() {
    let server = Server::start(&[]);
    let (mut ann, mut cleo, mut ben) =
        (server.device(ANN), server.device(CLEO), server.device(BEN));
    // Otherwise a person who guesses an id could block it for its owner.
    ann.invite("1", BEN);
    cleo.invite("1", ANN);
    expect_invitation(&mut ben, "1");
    expect_invitation(&mut ann, "1");
    ben.decline("1");
    ann.expect_response("1", "declined");
    ann.decline("1");
    cleo.expect_response("1", "declined");
}

#[test]
fn an_invitation_reaches_every_device_and_the_first_answer_counts() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let (mut phone, mut tablet) = (server.device(BEN), server.device(BEN));
    ann.invite("1", BEN);
    expect_invitation(&mut phone, "1");
    expect_invitation(&mut tablet, "1");
    phone.decline("1");
    phone.expect_nothing();
    tablet.accept("1");
    loop {
        // The tablet may have been told that the phone has answered.
        let frame = tablet.phone.json();
        if frame["type"] == "error" {
            break;
        }
        assert_eq!(frame["data"]["status"], "declined", "{frame}");
    }
    ann.expect_response("1", "declined");
    ann.expect_nothing();
}

#[test]
fn an_answer_reaches_every_device_of_the_sender() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    let mut ben = server.device(BEN);
    phone.invite("1", BEN);
    expect_invitation(&mut ben, "1");
    ben.accept("1");
    for device in [&mut phone, &mut tablet] {
        device.expect_response("1", "accepted");
        device.expect_online(BEN);
        device.expect_nothing();
    }
}
