//! Histories, at the end of a run and while others write.

use super::*;

/// Ann has written four messages to everyone, which nobody has heard yet.
fn after_four() -> (Accounts, Books, Vec<Stamp>) {
    let (mut accounts, mut books) = three();
    let all = (0..4).map(|_| send(&mut accounts, &mut books, ANN, Place::Everyone)).collect();
    (accounts, books, all)
}

#[test]
fn a_history_at_the_end_has_each_acknowledged_message_once_and_in_the_order_that_was_seen() {
    let stored = |order: &[usize], is_whole: bool| {
        let (mut accounts, mut books, all) = after_four();
        // The last one is in doubt: nobody hears it.
        all[..3].iter().for_each(|stamp| hear_all(&mut accounts, &mut books, stamp));
        let order: Vec<_> = order.iter().map(|&number| all[number]).collect();
        let has_all = accounts.has_all(EVERYONE, &kept(&order));
        accounts.compare(EVERYONE, &kept(&order), is_whole);
        let lapses = Lapse::ALL.into_iter().map(|lapse| (lapse, accounts.lapses.count(lapse)));
        let lapses: Vec<_> = lapses.filter(|&(_, count)| count > 0).collect();
        (lapses, accounts.stored.found, accounts.stored.out_of_reach, has_all)
    };
    assert_eq!(stored(&[0, 1, 2], true), (vec![], 3, 0, true));
    assert_eq!(stored(&[0, 1, 2, 3], true), (vec![], 3, 0, true), "in doubt, and stored");
    assert_eq!(stored(&[0, 2], true), (vec![(Lapse::StoredMissing, 1)], 2, 0, false));
    assert_eq!(stored(&[0, 2, 1], true), (vec![(Lapse::StoredOutOfOrder, 1)], 3, 0, true));
    assert_eq!(stored(&[0, 1, 1, 2], true), (vec![(Lapse::StoredTwice, 1)], 3, 0, true));
    assert_eq!(stored(&[0, 1, 2, 3, 3], true), (vec![(Lapse::StoredTwice, 1)], 3, 0, true));
    // A history that does not go back to the beginning.
    assert_eq!(stored(&[1, 2], false), (vec![], 2, 1, false));
    assert_eq!(stored(&[1], false), (vec![(Lapse::StoredMissing, 1)], 1, 1, false));
    assert_eq!(stored(&[], false), (vec![], 0, 3, false));
}

#[test]
fn a_history_that_is_asked_for_has_what_others_had_heard_by_then() {
    // Two messages were heard when it was asked for, a third meanwhile, and the fourth is still on its way.
    let shown = |order: &[usize], is_whole: bool| {
        let (mut accounts, mut books, all) = after_four();
        all[..2].iter().for_each(|stamp| hear_all(&mut accounts, &mut books, stamp));
        let known = accounts.known();
        hear_all(&mut accounts, &mut books, &all[2]);
        let order: Vec<_> = order.iter().map(|&number| all[number]).collect();
        // As often as it is asked for.
        accounts.look_back(EVERYONE, &kept(&order), known, is_whole);
        accounts.look_back(EVERYONE, &kept(&order), known, is_whole);
        hear_all(&mut accounts, &mut books, &all[3]);
        lapses(&mut accounts, &mut books)
    };
    for good in [&[0, 1][..], &[0, 1, 2], &[0, 1, 2, 3]] {
        assert_eq!(shown(good, true), [], "{good:?}");
    }
    assert_eq!(shown(&[1, 2], false), [], "the first is older than what is shown");
    assert_eq!(shown(&[], false), []);
    assert_eq!(shown(&[0], true), [(Lapse::HistoryWrong, 2)]);
    assert_eq!(shown(&[0, 2], true), [(Lapse::HistoryWrong, 2)]);
    assert_eq!(shown(&[0, 2], false), [(Lapse::HistoryWrong, 2)]);
    assert_eq!(shown(&[], true), [(Lapse::HistoryWrong, 4)]);
    assert_eq!(shown(&[1, 0], true), [(Lapse::StoredOutOfOrder, 2)]);
    assert_eq!(shown(&[0, 1, 1], true), [(Lapse::StoredTwice, 2)]);
}

#[test]
fn a_history_with_a_wrong_author_text_or_place_is_found() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let private = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
    hear_all(&mut accounts, &mut books, &one);
    let mut kept = kept(&[one, private]);
    kept[0].is_author_right = false;
    kept.push(Kept { stamp: None, ..kept[1] });
    accounts.compare(EVERYONE, &kept, true);
    assert_eq!(accounts.lapses.count(Lapse::StoredWrong), 3);
}
