//! Invitations are limited, for a sender, for a recipient and in all. The excess is refused with an error.

use serde_json::json;

use super::{ANN, BEN, all_news, patient};
use crate::harness::{Device, Server, raise_descriptor_limit};

fn refusals(device: &mut Device) -> Vec<String> {
    let news = all_news(device);
    news.iter()
        .filter(|frame| frame["type"] == "error")
        .map(|frame| frame["data"]["detail"].as_str().expect("a sentence").to_owned())
        .collect()
}

#[test]
fn a_thousand_invitations_to_ghosts_are_refused_when_it_is_enough() {
    let server = patient(&[]);
    let mut ann = server.device(ANN);
    for n in 0..1_000 {
        ann.invite(&format!("{n}"), &format!("ghost {n}"));
    }
    let refused = refusals(&mut ann);
    assert!(!refused.is_empty(), "one sender has a limit");
    assert!(refused.iter().all(|detail| *detail == refused[0]), "{:?}", refused[0]);
    let pending = server.get("/stats").json()["pendingInvitations"].as_u64().expect("a number");
    assert_eq!(pending, 1_000 - refused.len() as u64);
    // Refusals for Ann do not affect others.
    let mut ben = server.device(BEN);
    ben.invite("1", ANN);
    assert_eq!(ann.hear("invitation_received")["id"], "1");
}

#[test]
fn a_quota_is_free_again_when_invitations_are_answered() {
    let server = patient(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for round in 0..20 {
        for n in 0..20 {
            let id = format!("{round} {n}");
            ann.invite(&id, BEN);
            ben.hear("invitation_received");
            ben.decline(&id);
            ann.expect_response(&id, "declined");
        }
    }
}

#[test]
fn many_senders_do_not_bury_one_recipient_and_each_has_a_part() {
    const WAITING: usize = 100;
    raise_descriptor_limit();
    let server = Server::start(&[]);
    let mut refused = 0;
    for sender in 0..60 {
        let mut device = server.device(&format!("sender {sender}"));
        for n in 0..20 {
            device.invite(&format!("{sender} {n}"), BEN);
        }
        refused += refusals(&mut device).len();
    }
    assert!(refused > 0, "one recipient has a limit");
    let mut ben = server.device(BEN);
    let waiting = all_news(&mut ben);
    assert_eq!(waiting.len(), WAITING);
    assert!(waiting.iter().all(|frame| frame["type"] == "invitation_received"));
    let displaced =
        server.metrics()[r#"switchboard_invitations_answered_total{outcome="displaced"}"#];
    assert_eq!(displaced as usize, 60 * 20 - refused - WAITING);
}

const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

#[test]
fn a_stranger_that_fills_a_recipients_quota_keeps_nobody_else_from_inviting() {
    for (leaves, address) in [(true, HERE), (true, THERE), (false, HERE), (false, THERE)] {
        let server = patient(&[]);
        let mut ben = server.device(BEN);
        let mut eve = server.device_from(THERE, "eve");
        for n in 0..100 {
            eve.invite(&format!("eve {n}"), BEN);
        }
        assert_eq!(refusals(&mut eve), Vec::<String>::new());
        assert_eq!(all_news(&mut ben).len(), 100);
        let mut waits = Some(eve);
        if leaves {
            waits.take().expect("eve").close();
        }
        let mut ann = server.device_from(address, ANN);
        ann.invite("ann", BEN);
        // The oldest gives way. To those of the two that are here it seems expired.
        ben.expect_response("eve 0", "expired");
        assert_eq!(ben.hear("invitation_received")["id"], "ann");
        if let Some(mut eve) = waits {
            eve.expect_response("eve 0", "expired");
        }
        ben.accept("ann");
        ann.expect_response("ann", "accepted");
    }
}

#[test]
fn many_short_lived_ids_of_one_address_displace_each_other_and_no_other_address() {
    let server = patient(&[]);
    let mut ann = server.device_from(HERE, ANN);
    ann.invite("ann", BEN);
    assert_eq!(refusals(&mut ann), Vec::<String>::new());
    for n in 0..150 {
        let mut eve = server.device_from(THERE, &format!("eve {n}"));
        eve.invite(&format!("eve {n}"), BEN);
        assert_eq!(refusals(&mut eve), Vec::<String>::new(), "it has none, and so gets a place");
        eve.close();
    }
    ann.expect_nothing();
    let mut ben = server.device(BEN);
    let waiting = all_news(&mut ben);
    assert_eq!(waiting.len(), 100);
    assert_eq!(waiting[0]["data"]["id"], "ann");
    assert_eq!(waiting[1]["data"]["id"], "eve 51");
}

#[test]
fn a_crowd_of_strangers_that_write_pushes_out_no_contact_that_was_chosen() {
    const CONTACTS: usize = 1_000;
    let server = patient(&["--contact-grace", "0s", "--connection-rate-per-address", "off"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("ann", BEN);
    ben.hear("invitation_received");
    ben.accept("ann");
    ann.expect_response("ann", "accepted");
    ann.expect_online(BEN);
    ben.expect_online(ANN);
    for n in 0..=CONTACTS {
        let mut eve = server.device_from(THERE, &format!("eve {n}"));
        eve.write("1", BEN, "hello");
        ben.expect_message("1", &format!("eve {n}"), "hello");
        eve.expect_status("1", "sent");
        eve.expect_status("1", "delivered");
        eve.close();
        all_news(&mut ben);
    }
    ben.close();
    ann.expect_offline(BEN);
}

#[test]
fn sessions_of_one_address_that_leave_are_forgotten_before_those_of_others() {
    let flags = ["--contact-grace", "0s", "--max-remembered-sessions", "3"];
    let server = patient(&flags);
    let mut ben = server.device_from([127, 0, 0, 3], BEN);
    let befriend = |address, id: &str, ben: &mut Device| {
        let mut device = server.device_from(address, id);
        device.write("1", BEN, "hello");
        ben.expect_message("1", id, "hello");
        device.expect_status("1", "sent");
        device.expect_status("1", "delivered");
        device.close();
        ben.expect_offline(id);
    };
    befriend(HERE, ANN, &mut ben);
    for n in 0..10 {
        befriend(THERE, &format!("eve {n}"), &mut ben);
    }
    let _ann = server.device_from(HERE, ANN);
    ben.expect_online(ANN);
}

#[test]
fn invitations_are_bounded_by_bytes_and_not_only_by_number() {
    let server = patient(&[]);
    let message = "x".repeat(60_000);
    let rss = || server.metrics()["process_resident_memory_bytes"];
    let before = rss();
    let mut refused = 0;
    for sender in 0..100 {
        let mut ann = server.device(&format!("sender {sender}"));
        for n in 0..40 {
            let data = json!({ "id": n.to_string(), "recipientId": format!("{sender} {n}"), "message": message });
            ann.say("invitation_send", &data);
        }
        refused += refusals(&mut ann).len();
    }
    assert!(refused > 0, "240 MB of invitations are taken");
    // The memory is a rough sample. It only has to show that most invitations were not kept.
    assert!(rss() - before < 150e6, "{} bytes", rss() - before);
}

#[test]
fn answers_to_somebody_who_never_comes_back_are_bounded() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut ben = server.device(BEN);
    for round in 0..30 {
        let mut ghost = server.device(&format!("ghost {round}"));
        for n in 0..10 {
            ghost.invite(&format!("{round} {n}"), BEN);
            ben.hear("invitation_received");
        }
        ghost.close();
        for n in 0..10 {
            ben.decline(&format!("{round} {n}"));
        }
        assert_eq!(refusals(&mut ben), Vec::<String>::new());
    }
    // This sender comes back, and has lost none of its few answers.
    let mut ghost = server.device("ghost 29");
    for n in 0..10 {
        ghost.expect_response(&format!("29 {n}"), "declined");
    }
    ghost.expect_nothing();
}

#[test]
fn large_metadata_is_refused_and_small_is_not() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    let message = |bytes: usize| json!({ "id": "1", "recipientId": BEN, "content": "hello", "metadata": { "k": "x".repeat(bytes) } });
    ann.say("message_send", &message(1_000));
    ben.hear("message_received");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.say("message_send", &message(60_000));
    ann.expect_error();
    ann.say(
        "invitation_send",
        &json!({ "id": "1", "recipientId": BEN, "message": "m", "metadata": { "k": "x".repeat(60_000) } }),
    );
    ann.expect_error();
    ben.expect_nothing();
}
