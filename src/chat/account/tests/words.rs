//! Events and replies as short lines, for tests to compare.

use super::super::*;

pub(super) fn texts(messages: &[Said<'_>]) -> String {
    messages.iter().map(|said| said.text).collect::<Vec<_>>().join(" ")
}

/// What a device is told.
pub(super) fn line(event: &Event<'_>) -> String {
    match event {
        Event::History(messages) => format!("history {}", texts(messages)),
        Event::Said(said) => said_line(said),
        Event::Sent { message, delivered } => {
            let (to, text) = (message.place.user().expect("a private message"), message.text);
            format!("sent to {to}: {text}{}", if *delivered { ", delivered" } else { "" })
        }
        Event::Typing { from, to: Spot::Room(room), is_typing } => {
            format!("{from} types {is_typing} in room {}", room.0[0])
        }
        Event::Typing { from, to, is_typing } => {
            format!("{from} types {is_typing} to {:?}", to.user())
        }
        Event::Users { names, news, .. } => format!("{} {news:?}", names.join(",")),
        Event::Notify { from_id, from, text, .. } => {
            format!("notice of {from} {}: {text}", number(*from_id))
        }
        Event::UnreadReset { from_id } => format!("has read {}", number(*from_id)),
        Event::Everyone(all) => {
            let all = all.iter();
            all.map(|(_, name, online)| marked(name, *online)).collect::<Vec<_>>().join(" ")
        }
        Event::Ping => "ping".to_owned(),
        Event::Refused { refusal, id } => format!("{refusal:?}{}", about(*id)),
        _ => device_line(event),
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

fn room_line(said: &Said<'_>) -> String {
    let Spot::Room(room) = said.place else { panic!("not in a room: {said:?}") };
    let quote = said.quote.map(|quote| format!(" to {}", quote.text)).unwrap_or_default();
    format!("{}: {} {}: {}{quote}", room.0[0], number(said.from_id), said.from, said.text)
}

fn said_line(said: &Said<'_>) -> String {
    let Said { from, text, .. } = said;
    match said.place {
        Spot::Everybody => format!("{from}: {text}"),
        Spot::User(to) => format!("{from} to {to}: {text}"),
        Spot::Room(_) => format!("in room {}", room_line(said)),
    }
}

/// What only a device is told. A `#` stands before the id of the command that is answered.
fn device_line(event: &Event<'_>) -> String {
    let mid = |mid: MessageId| format!("{}/{}", mid.conversation(), mid.seq().0);
    match event {
        Event::Welcome(name) => format!("welcome {name}"),
        Event::Stored { id, mid: stored, delivered, .. } => {
            format!("{} {} #{id}", if *delivered { "delivered" } else { "stored" }, mid(*stored))
        }
        Event::Edited { id, said, .. } => format!("edited {}{}", page_line(said), about(*id)),
        Event::Deleted { id, said, .. } => format!("deleted {}{}", page_line(said), about(*id)),
        Event::HasRead { from, place, up_to } => {
            format!("{from} has read {} up to {}", place_word(*place), mid(*up_to))
        }
        Event::Receipt { from, place, id } => {
            format!("receipt of {from} in {}: {id}", place_word(*place))
        }
        Event::Signal { from, place, data } => {
            format!("signal of {from} in {}: {data}", place_word(*place))
        }
        Event::Page { id, place, messages, more } => {
            let messages: Vec<String> = messages.iter().map(page_line).collect();
            let more = if *more { "… " } else { "" };
            format!("page of {}: {more}{}{}", place_word(*place), messages.join(" "), about(*id))
        }
        Event::Conversations { id, list } => {
            let line = |one: &Conversation<'_>| {
                let last = one.last.map_or("nothing", |last| last.text);
                let read = one.read_by_other.map(|up_to| format!(", read {}", mid(up_to)));
                let read = read.unwrap_or_default();
                format!("[{}: {last}, {} unread{read}]", place_word(one.place), one.unread)
            };
            let list: Vec<String> = list.iter().map(line).collect();
            format!("{}{}", list.join(" "), about(*id))
        }
        Event::UsersPage { id, users, more } => {
            let users: Vec<String> = users.iter().map(|(name, on)| marked(name, *on)).collect();
            format!("{}{}{}", users.join(" "), if *more { " …" } else { "" }, about(*id))
        }
        Event::Rooms { id, rooms } => {
            let rooms: Vec<String> = rooms.iter().map(view_line).collect();
            format!("rooms {}{}", rooms.join(", "), about(*id))
        }
        Event::RoomNews { id, room, what, user } => {
            format!("{}: {what:?} {user}{}", view_line(room), about(*id))
        }
        Event::RoomMembers { id, room, members } => {
            format!("members of {}: {}{}", room.0[0], members.join(" "), about(*id))
        }
        Event::UsersChanged { joined, left, online } => {
            format!("came {} went {} of {online}", joined.join(","), left.join(","))
        }
        other => panic!("a line is missing for {other:?}"),
    }
}

/// A message as a device sees it in a history.
fn page_line(said: &Said<'_>) -> String {
    let Said { mid, from, text, reply_to, edited, is_deleted, .. } = said;
    let reply = reply_to.map(|mid| format!(" re {}", mid.seq().0)).unwrap_or_default();
    let edited = if edited.is_some() { " edited" } else { "" };
    let deleted = if *is_deleted { " deleted" } else { "" };
    format!("[{} {from}: {text}{reply}{edited}{deleted}]", mid.seq().0)
}

fn place_word(place: Spot<'_>) -> String {
    match place {
        Spot::Everybody => "all".to_owned(),
        Spot::User(name) => name.to_owned(),
        Spot::Room(room) => format!("room {}", room.0[0]),
    }
}

fn about(id: Option<&str>) -> String {
    id.map(|id| format!(" #{id}")).unwrap_or_default()
}
