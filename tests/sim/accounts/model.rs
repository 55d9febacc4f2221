//! What the store must answer: each result of the real SQL is compared with what a plain list of all messages
//! says. It knows nothing of what the server does with a result.

use switchboard::chat::account::{
    Entry, MessageId, Most, Output, Place, ReplyTo, RoomKey, Stored, UnixMs, UserKey, Work,
};

use super::rows::{Row, Rows, seq};
use super::store::in_order;
use super::talk::Talk;

/// Checks what a job has brought, before it is noted.
pub(super) fn check(work: &Work, output: &Output, rows: &Rows, talk: &Talk) {
    match work {
        Work::Say { place, from, text, reply, client_id, .. } => {
            let id = client_id.as_deref();
            let before = id.and_then(|id| rows.with_id(*from, id));
            // The messages of a deleted room are deleted some time later, and their ids with them.
            let before = before.filter(|row| !is_gone(row, talk));
            said((in_order(*place), text), reply.as_ref(), (output, before), rows);
        }
        Work::Change { mid, by, text, .. } => {
            changed((*mid, *by, text.as_deref()), output, rows, talk);
        }
        Work::History { place, limit } => {
            let Output::History(history) = output else { unreachable!("{output:?}") };
            let all = rows.of(in_order(*place)).filter(|row| !row.is_deleted()).collect();
            same(&history.messages, &newest(all, usize::from(*limit)), *place, talk);
        }
        Work::Page { place, before, limit, bytes } => {
            paged(in_order(*place), (*before, usize::from(*limit), *bytes), output, (rows, talk));
        }
        Work::Inbox { user, rooms, most } => {
            let Output::Inbox(entries) = output else { unreachable!("{output:?}") };
            listed(*user, rooms, most, (entries, rows, talk));
        }
        Work::ReadUpTo { user, place, up_to } => {
            let place = in_order(*place);
            let is_here = rows.get(*up_to).is_some_and(|row| row.place == place);
            match output {
                Output::ReadUpTo { up_to: mark, .. } => {
                    let read = seq(*up_to).max(talk.has_read(*user, place));
                    assert_eq!(mark.map(seq), Some(read), "A11: a mark goes on, and not back");
                }
                Output::NoSuchMessage => assert!(!is_here, "A11: a message cannot be read"),
                other => unreachable!("{other:?}"),
            }
        }
        _ => {}
    }
}

fn is_gone(row: &Row, talk: &Talk) -> bool {
    matches!(row.place, Place::Room(room) if talk.is_deleted(room))
}

/// One id of a sender is one message for good.
fn said(
    (place, text): (Place, &str),
    reply: Option<&ReplyTo>,
    (output, before): (&Output, Option<&Row>),
    rows: &Rows,
) {
    let target = reply.and_then(ReplyTo::mid);
    let is_here =
        target.is_none_or(|target| rows.get(target).is_some_and(|target| target.place == place));
    match (output, before) {
        (Output::Said { .. }, _) => {
            assert!(before.is_none(), "A15: an id is stored twice");
            assert!(is_here, "A15: a reply to a message of another conversation");
        }
        (Output::SaidBefore { mid, at }, Some(row)) => {
            assert_eq!((*mid, *at), (row.mid, row.first().at), "A15: an id names another row");
            assert_eq!(row.place, place, "A15: a message is taken for one of another place");
            let may_be = row.versions.len() > 1 || row.text() == Some(text);
            assert!(may_be, "A15: a message is taken for another one");
        }
        (Output::IdReused, Some(row)) => {
            let is_same = row.place == place && row.first().text.as_deref() == Some(text);
            assert!(!is_same, "A15: a message that is repeated is refused");
        }
        (Output::SaidBefore { .. } | Output::IdReused, None) => {
            // It is one of a deleted room, or nobody knows it.
            let of_room = rows.all().iter().any(|row| matches!(row.place, Place::Room(_)));
            assert!(of_room, "A15: an id is known that nobody has used");
        }
        (Output::NoSuchMessage, _) => assert!(!is_here, "A15: a reply is refused"),
        _ => {}
    }
}

/// Whether a user sees a conversation now.
pub(super) fn sees(user: UserKey, place: Place, talk: &Talk) -> bool {
    match place {
        Place::Global => true,
        Place::Private(one, other) => user == one || user == other,
        Place::Room(room) => talk.is_member(room, user),
    }
}

fn changed(
    (mid, by, text): (MessageId, UserKey, Option<&str>),
    output: &Output,
    rows: &Rows,
    talk: &Talk,
) {
    let row = rows.get(mid).filter(|row| sees(by, row.place, talk));
    let row = row.filter(|row| text.is_none() || !row.is_deleted());
    match output {
        Output::Changed(now) => {
            let row =
                row.expect("A16: a message is changed that its author may not see, or is deleted");
            assert_eq!(row.from, by, "A16: a message is changed by another user than its author");
            assert_eq!((now.mid, now.is_deleted), (mid, text.is_none()), "A16");
            assert_eq!(&*now.text, text.unwrap_or_default(), "A16: the text after a change");
        }
        Output::NotYours => assert!(row.is_some_and(|row| row.from != by), "A16: not yours"),
        Output::NoSuchMessage => assert!(row.is_none(), "A16: a message cannot be changed"),
        other => unreachable!("{other:?}"),
    }
}

fn newest(mut rows: Vec<&Row>, limit: usize) -> Vec<&Row> {
    rows.split_off(rows.len().saturating_sub(limit))
}

/// Compares messages of a conversation with what they say now.
fn same(shown: &[Stored], rows: &[&Row], place: Place, talk: &Talk) {
    if matches!(place, Place::Room(room) if talk.is_deleted(room)) {
        return;
    }
    let shown = shown.iter().map(|one| (one.mid, one.from, &*one.text, one.reply_to));
    let rows = rows.iter().map(|row| {
        let text = row.text();
        (row.mid, row.from, text.unwrap_or_default(), row.reply_to.filter(|_| text.is_some()))
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        rows.collect::<Vec<_>>(),
        "A5: a history is not what was committed"
    );
}

fn paged(
    place: Place,
    (before, limit, bytes): (Option<MessageId>, usize, usize),
    output: &Output,
    (rows, talk): (&Rows, &Talk),
) {
    let is_here = before.is_none_or(|mid| rows.get(mid).is_some_and(|row| row.place == place));
    let Output::Page(messages, more) = output else {
        let is_missing = matches!(output, Output::NoSuchMessage) && !is_here;
        return assert!(is_missing, "A5: a history is refused: {output:?}");
    };
    let all = rows.of(place).filter(|row| before.is_none_or(|before| row.mid < before));
    let all: Vec<&Row> = all.collect();
    let (mut size, mut count) = (0, 0);
    for row in all.iter().rev().take(limit) {
        size += row.text().map_or(0, str::len);
        if size > bytes && count > 0 {
            break;
        }
        count += 1;
    }
    let has_more = count < all.len();
    same(messages, &newest(all, count), place, talk);
    let is_gone = matches!(place, Place::Room(room) if talk.is_deleted(room));
    assert!(is_gone || *more == has_more, "A5: whether there are older ones");
}

fn listed(
    user: UserKey,
    rooms: &[RoomKey],
    most: &Most,
    (entries, rows, talk): (&[Entry], &Rows, &Talk),
) {
    let mut places: Vec<Place> = rooms.iter().map(|&room| Place::Room(room)).collect();
    places.push(Place::Global);
    let is_own = |place: Place| matches!(place, Place::Private(..)) && sees(user, place, talk);
    for row in rows.all().iter().filter(|row| is_own(row.place)) {
        if !places.contains(&row.place) {
            places.push(row.place);
        }
    }
    let all = entries.iter().all(|entry| places.contains(&in_order(entry.place)));
    assert!(all && entries.len() == places.len(), "A11: the conversations of {user:?}");
    for entry in entries {
        let place = in_order(entry.place);
        if matches!(place, Place::Room(room) if talk.is_deleted(room)) {
            continue;
        }
        assert_eq!(entry.unread, unread(user, place, most.unread, (rows, talk)), "A11: {place:?}");
        let last = rows.of(place).rfind(|row| !row.is_deleted());
        let expected = last.map(|row| {
            let text: String = row.text().unwrap_or_default().chars().take(most.chars).collect();
            (row.mid, text)
        });
        let last = entry.last.as_ref().map(|last| (last.mid, last.text.to_string()));
        assert_eq!(last, expected, "A11: the last message of {place:?}");
        let other = match place {
            Place::Private(one, other) => Some(if one == user { other } else { one }),
            Place::Global | Place::Room(_) => None,
        };
        let read =
            other.filter(|&other| other != user).map_or(0, |other| talk.has_read(other, place));
        assert_eq!(entry.read_by_other.map_or(0, seq), read, "A11: read by the other");
    }
}

/// How many messages of others a user has not read.
fn unread(user: UserKey, place: Place, most: u32, (rows, talk): (&Rows, &Talk)) -> u32 {
    let read = talk.has_read(user, place);
    let counts = |row: &&Row, since: UnixMs| {
        row.from != user && !row.is_deleted() && row.first().at >= since
    };
    let since = match place {
        Place::Room(room) if read == 0 => talk.came(room, user),
        Place::Global | Place::Room(_) | Place::Private(..) => Some(UnixMs(0)),
    };
    let Some(since) = since else { return 0 };
    let behind = rows.of(place).filter(|row| row.seq() > read);
    let count = match place {
        Place::Private(..) => behind.filter(|row| counts(row, since)).count().min(most as usize),
        Place::Global | Place::Room(_) => {
            behind.rev().take(most as usize).filter(|row| counts(row, since)).count()
        }
    };
    count as u32
}
