//! Events and replies as short lines, for tests to compare.

use super::super::*;

pub(super) fn texts(messages: &[Said<'_>]) -> String {
    messages.iter().map(|said| said.text).collect::<Vec<_>>().join(" ")
}

/// What a device is told.
pub(super) fn line(event: &Event<'_>) -> String {
    match event {
        Event::History(messages) => format!("history {}", texts(messages)),
        Event::Said(Said { from, to: None, text, .. }) => format!("{from}: {text}"),
        Event::Said(Said { from, to: Some(to), text, .. }) => format!("{from} to {to}: {text}"),
        Event::Sent { message, delivered } => {
            let (to, text) = (message.to.expect("a private message"), message.text);
            format!("sent to {to}: {text}{}", if *delivered { ", delivered" } else { "" })
        }
        Event::Typing { from, to, is_typing } => format!("{from} types {is_typing} to {to:?}"),
        Event::Users { names, news, .. } => format!("{} {news:?}", names.join(",")),
        Event::Notify { from_id, from, text, .. } => {
            format!("notice of {from} {}: {text}", number(*from_id))
        }
        Event::UnreadReset { from_id } => format!("has read {}", number(*from_id)),
        Event::Everyone(all) => {
            let all = all.iter();
            all.map(|(_, name, online)| marked(name, *online)).collect::<Vec<_>>().join(" ")
        }
        Event::RoomSaid(said) => format!("in room {}", room_line(said)),
        Event::Ping => "ping".to_owned(),
        Event::Refused(refusal) => format!("{refusal:?}"),
    }
}

/// What a caller is told.
pub(super) fn reply_line(reply: &Reply<'_>) -> String {
    let list = |items: Vec<String>| items.join(" ");
    match reply {
        Reply::Registered(user) => format!("registered {}", user.name.as_str()),
        Reply::LoggedIn { user, .. } => format!("in as {}", user.name.as_str()),
        Reply::LoggedOut => "out".to_owned(),
        Reply::Users(users) => {
            list(users.iter().map(|(user, online)| marked(user.name.as_str(), *online)).collect())
        }
        Reply::Recent(recent) => texts(recent),
        Reply::Known(guest) => format!("known {}", guest.user.0),
        Reply::Profile { me, other } => {
            let other = other.map_or("nobody", |user| user.name.as_str());
            format!("{} and {other}", me.name.as_str())
        }
        Reply::Unread(all) => {
            list(all.iter().map(|(from, count)| format!("{}:{count}", number(*from))).collect())
        }
        Reply::Done => "done".to_owned(),
        Reply::History(lines) => {
            let line = |one: &Line<'_>| {
                let mark = if one.is_read { ", read" } else { "" };
                format!("[{} {}: {}{mark}]", number(one.from_id), one.from, one.text)
            };
            list(lines.iter().map(line).collect())
        }
        Reply::Rooms(rooms) => list(rooms.iter().map(view_line).collect()),
        Reply::Room(room) => view_line(room),
        Reply::Members(members) => {
            list(members.iter().map(|user| user.name.as_str().to_owned()).collect())
        }
        Reply::RoomHistory(messages) => {
            list(messages.iter().map(|said| format!("[{}]", room_line(said))).collect())
        }
        Reply::Refused(refusal) => format!("{refusal:?}"),
    }
}

/// In the tests, each byte of an id is the number of its user or room.
fn number(id: UserId) -> u8 {
    id.0[0]
}

fn marked(name: &str, online: bool) -> String {
    format!("{name}{}", if online { "+" } else { "" })
}

fn view_line(room: &RoomView<'_>) -> String {
    format!("{} of {} with {}", room.name, room.creator, room.members)
}

fn room_line(said: &RoomSaid<'_>) -> String {
    let quote = said.reply.map(|quote| format!(" to {}", quote.text)).unwrap_or_default();
    format!("{}: {} {}: {}{quote}", said.room.0[0], number(said.from_id), said.from, said.text)
}
