//! Single messages that phones hear, and what their senders are told of them.

use super::*;

#[test]
fn a_private_message_that_is_not_announced_on_another_page_has_a_name_of_its_own() {
    let (mut accounts, mut books) = three();
    accounts.hears_by_notice(BOB);
    for to in [BOB, CAT] {
        let lost = send(&mut accounts, &mut books, ANN, Place::Phone(to));
        accounts.hear(ANN, &lost, &mut books, at(3));
        let comes = send(&mut accounts, &mut books, ANN, Place::Phone(to));
        for by in [ANN, to] {
            accounts.hear(by, &comes, &mut books, at(4));
        }
    }
    assert_eq!((accounts.counts.deliveries, accounts.counts.notices), (2, 1));
    let found = lapses(&mut accounts, &mut books);
    assert_eq!(found, [(Lapse::DeliveryLost, 1), (Lapse::NoticeLost, 1)]);
}

#[test]
fn nobody_can_have_a_message_of_which_its_sender_was_told_that_nobody_was_told() {
    // Bob has it first, or the word comes first; or Bob was not there when it was sent.
    for (bob_hears_first, is_new, found) in [(true, false, 1), (false, false, 1), (false, true, 0)]
    {
        let (mut accounts, mut books) = three();
        let stamp = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
        if is_new {
            accounts.went(BOB, Persona::Chatter, &mut books, at(3));
            come_at(&mut accounts, BOB, at(3));
        }
        if bob_hears_first {
            accounts.hear(BOB, &stamp, &mut books, at(4));
        }
        accounts.hear_stored(ANN, &stamp, &mut books, at(4));
        accounts.deny_delivery(&stamp);
        if !bob_hears_first {
            accounts.hear(BOB, &stamp, &mut books, at(4));
        }
        let count = accounts.lapses.count(Lapse::DeliveryDenied);
        assert_eq!(count, found, "{bob_hears_first}, {is_new}");
    }
}
