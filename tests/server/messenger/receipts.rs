//! `message_status`: sent, delivered, read. Each is sent once, in order, and to the right people.

use super::{ANN, BEN, CLEO, all_news, patient, sleeper};
use crate::harness::Server;

#[test]
fn read_comes_after_delivered_and_only_once() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    for _ in 0..3 {
        ben.read("1");
    }
    // A second receipt is ignored, or it is an error. The sender hears nothing of it.
    assert!(all_news(&mut ben).iter().all(|answer| answer["type"] == "error"));
    for status in ["sent", "delivered", "read"] {
        ann.expect_status("1", status);
    }
    ann.expect_nothing();
}

#[test]
fn only_the_recipient_of_a_message_can_mark_it_read() {
    let server = Server::start(&[]);
    let (mut ann, mut ben, mut cleo) =
        (server.device(ANN), server.device(BEN), server.device(CLEO));
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ben.expect_message("1", ANN, "hello");
    cleo.read("1");
    let others = cleo.expect_error();
    cleo.read("2");
    assert_eq!(cleo.expect_error(), others, "nor can Cleo tell that it exists");
    ann.read("1");
    ann.expect_error();
    ann.expect_nothing();
    ben.read("1");
    ann.expect_status("1", "read");
}

#[test]
fn a_message_that_was_not_delivered_cannot_be_read() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "undelivered");
    let mut ben = server.device(BEN);
    ben.read("1");
    ben.expect_error();
    ann.expect_nothing();
}

#[test]
fn statuses_reach_all_devices_of_the_sender_once_each_in_order() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    let mut ben = server.device(BEN);
    phone.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    ben.read("1");
    tablet.expect_message("1", ANN, "hello");
    for device in [&mut phone, &mut tablet] {
        for status in ["sent", "delivered", "read"] {
            device.expect_status("1", status);
        }
        device.expect_nothing();
    }
}

#[test]
fn ids_of_different_senders_may_be_the_same() {
    let server = Server::start(&[]);
    let (mut ann, mut ben, mut cleo) =
        (server.device(ANN), server.device(BEN), server.device(CLEO));
    // The recipients differ, so the reader of a message tells which one is meant.
    ann.write("1", BEN, "from ann");
    ben.write("1", CLEO, "from ben");
    cleo.write("1", ANN, "from cleo");
    for (who, from, content) in
        [(&mut ben, ANN, "from ann"), (&mut cleo, BEN, "from ben"), (&mut ann, CLEO, "from cleo")]
    {
        let mut heard = 0;
        for _ in 0..3 {
            let frame = who.phone.json();
            if frame["type"] == "message_received" {
                assert_eq!(
                    (&frame["data"]["senderId"], &frame["data"]["content"]),
                    (&from.into(), &content.into())
                );
                heard += 1;
            }
        }
        assert_eq!(heard, 1);
        who.expect_nothing();
    }
    ben.read("1");
    ann.expect_status("1", "read");
    cleo.expect_nothing();
    cleo.read("1");
    ben.expect_status("1", "read");
    ann.expect_nothing();
}

#[test]
fn two_messages_with_one_id_to_one_reader_are_both_delivered() {
    let server = Server::start(&[]);
    let (mut ann, mut cleo, mut ben) =
        (server.device(ANN), server.device(CLEO), server.device(BEN));
    ann.write("1", BEN, "from ann");
    ben.expect_message("1", ANN, "from ann");
    cleo.write("1", BEN, "from cleo");
    ben.expect_message("1", CLEO, "from cleo");
    for sender in [&mut ann, &mut cleo] {
        sender.expect_status("1", "sent");
        sender.expect_status("1", "delivered");
    }
    // A message of another sender with the same id must not lose the first sender's receipt.
    ben.read("1");
    ben.read("1");
    all_news(&mut ben);
    ann.expect_status("1", "read");
}

#[test]
fn a_receipt_for_somebody_who_has_left_is_no_error() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.close();
    ben.expect_offline(ANN);
    ben.read("1");
    ben.expect_nothing();
}

#[test]
fn delivered_means_that_the_kernel_has_taken_it() {
    let server = patient(&["--outbox-bytes", "8MiB"]);
    let mut ann = server.device(ANN);
    let mut ben = sleeper(&server, BEN);
    const COUNT: usize = 100;
    let content = "x".repeat(60_000);
    let (mut sent, mut delivered) = (0, 0);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
        for news in all_news(&mut ann) {
            sent += usize::from(news["data"]["status"] == "sent");
            delivered += usize::from(news["data"]["status"] == "delivered");
        }
    }
    assert_eq!(sent, COUNT);
    assert!(delivered < COUNT, "the kernel does not take six megabytes for a device that sleeps");
    for n in 0..COUNT {
        let text = ben.text();
        assert!(text.contains(&format!(r#""id":"{n}""#)), "in order");
    }
    for _ in delivered..COUNT {
        assert_eq!(ann.hear("message_status")["status"], "delivered");
    }
    ann.expect_nothing();
}

#[test]
fn ten_thousand_unread_messages_cost_a_bounded_memory() {
    let server = patient(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    const COUNT: usize = 10_000;
    for n in 0..COUNT {
        ann.write(&format!("{n:0>200}"), BEN, "");
        if n % 100 == 99 {
            for _ in 0..100 {
                ben.hear("message_received");
            }
            for _ in 0..200 {
                ann.hear("message_status");
            }
        }
    }
    // The newest messages are known. A forgotten one is an error, and nothing more.
    ben.read(&format!("{:0>200}", COUNT - 1));
    ann.expect_status(&format!("{:0>200}", COUNT - 1), "read");
    // The oldest messages may be forgotten. That is an error, and nothing more.
    for n in 0..200 {
        ben.read(&format!("{n:0>200}"));
        assert!(all_news(&mut ben).iter().all(|answer| answer["type"] == "error"));
    }
    all_news(&mut ann);
}
