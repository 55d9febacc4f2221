//! Reads the server's frames in `switchboard.v1`.

use std::borrow::Cow;

use serde_json::value::RawValue;
use switchboard::dialects::switchboard_v1::wire::{ConversationFields, ServerFields};

use crate::client::news::{Change, History, News, Online, Post, RoomEvent, Spot, Unread};
use crate::client::said::NoNews;

/// Reads a frame. `Err`: it is no news.
pub(super) fn read(json: &str) -> Result<News<'_>, NoNews> {
    let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
        return Err(NoNews::Nonsense);
    };
    let news = match fields.kind {
        "pong" => return Err(NoNews::Pong),
        "error" => return Err(NoNews::Error),
        "welcome" => fields.user.map(|user| News::Welcome { user }),
        "message" => post(fields).map(News::Post),
        "ack" => acknowledged(fields),
        "history" => history(fields),
        "typing" => typing(fields),
        "conversations" => fields.conversations.and_then(unread).map(News::Unread),
        "room" => room(fields),
        "online_users" => fields.users.map(|users| list(json.len(), users)),
        "presence" => change(json.len(), &fields),
        "read" | "receipt" | "signal" | "edited" | "deleted" | "rooms" | "room_members"
        | "users" => Some(News::Known),
        _ => return Err(NoNews::Other),
    };
    news.ok_or(NoNews::Nonsense)
}

fn spot<'a>(to: Option<Cow<'a, str>>, room: Option<&'a str>) -> Option<Spot<'a>> {
    match (to, room) {
        (None, None) => Some(Spot::Everyone),
        (Some(to), None) => Some(Spot::User(to)),
        (None, Some(room)) => Some(Spot::Room(room.into())),
        (Some(_), Some(_)) => None,
    }
}

fn post(fields: ServerFields<'_>) -> Option<Post<'_>> {
    Some(Post {
        mid: Some(fields.mid?.into()),
        reply_to: fields.reply_to.map(Cow::Borrowed),
        ..Post::new(fields.from?, spot(fields.to, fields.room)?, fields.text?)
    })
}

/// The second acknowledgement of a private message says that a socket of the recipient has it.
fn acknowledged(fields: ServerFields<'_>) -> Option<News<'_>> {
    let (id, mid) = (fields.id?, fields.mid?.into());
    match fields.status? {
        "stored" => Some(News::Acknowledged { id, mid }),
        "delivered" => Some(News::Known),
        _ => None,
    }
}

fn history(fields: ServerFields<'_>) -> Option<News<'_>> {
    let place = spot(fields.to, fields.room)?;
    let messages: Vec<&RawValue> = serde_json::from_str(fields.messages?.get()).ok()?;
    let posts = messages.into_iter().map(|raw| post(serde_json::from_str(raw.get()).ok()?));
    let posts: Vec<_> = posts.collect::<Option<_>>()?;
    // An empty page is the end, whatever it says: what is not shown is missing.
    let has_more = fields.more? && !posts.is_empty();
    Some(News::History(History { place, posts, has_more }))
}

fn list(bytes: usize, users: &RawValue) -> News<'_> {
    News::Online(Online { bytes, names: users.get().into(), change: None })
}

fn change<'a>(bytes: usize, fields: &ServerFields<'a>) -> Option<News<'a>> {
    let change = Change { left: fields.left?.get().into(), online: fields.online? };
    let names = fields.joined?.get().into();
    Some(News::Online(Online { bytes, names, change: Some(change) }))
}

fn room(fields: ServerFields<'_>) -> Option<News<'_>> {
    let event = match fields.event? {
        "created" => RoomEvent::Created,
        "deleted" => RoomEvent::Deleted,
        "added" => RoomEvent::Added,
        "removed" | "left" => RoomEvent::Gone,
        _ => return Some(News::Known),
    };
    Some(News::Room { room: fields.room?.into(), event })
}

fn typing(fields: ServerFields<'_>) -> Option<News<'_>> {
    let place = spot(fields.to, fields.room)?;
    Some(News::Typing { from: fields.from?, place, is_typing: fields.is_typing? })
}

fn unread(list: &RawValue) -> Option<Vec<Unread<'_>>> {
    let list: Vec<ConversationFields<'_>> = serde_json::from_str(list.get()).ok()?;
    let all = list
        .into_iter()
        .map(|one| Some(Unread { place: spot(one.to, one.room)?, count: one.unread }));
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(json: &str) -> News<'_> {
        read(json).unwrap_or_else(|said| panic!("{json} is {said:?}"))
    }

    #[test]
    fn every_frame_about_messages_is_understood_in_any_spelling() {
        let all = r#"{"type":"message","mid":"7","from":"ada","text":"Hi","ts":1,"reply_to":"5"}"#;
        let post = Post {
            mid: Some("7".into()),
            from: "ada".into(),
            from_id: None,
            place: Spot::Everyone,
            text: "Hi".into(),
            reply_to: Some("5".into()),
        };
        assert_eq!(news(all), News::Post(post.clone()));
        assert_eq!(
            news(&all.replace(':', ": ").replace("Hi", "\\u0048i")),
            News::Post(post.clone())
        );
        let private = all.replace("\"text\"", "\"to\":\"bob\",\"text\"");
        let place = Spot::User("bob".into());
        assert_eq!(news(&private), News::Post(Post { place, ..post.clone() }));
        let room = all.replace("\"text\"", "\"room\":\"r\",\"text\"");
        let place = Spot::Room("r".into());
        assert_eq!(news(&room), News::Post(Post { place: place.clone(), ..post.clone() }));

        let page = format!(r#"{{"type":"history","room":"r","messages":[{room}],"more":true}}"#);
        let posts = vec![Post { place: place.clone(), ..post }];
        assert_eq!(
            news(&page),
            News::History(History { place: place.clone(), posts, has_more: true })
        );
        let empty = r#"{"type":"history","room":"r","messages":[],"more":true}"#;
        assert_eq!(
            news(empty),
            News::History(History { place, posts: Vec::new(), has_more: false })
        );

        let ack = r#"{"type":"ack","id":"m","mid":"7","ts":1,"status":"stored"}"#;
        assert_eq!(news(ack), News::Acknowledged { id: "m".into(), mid: "7".into() });
        assert_eq!(news(&ack.replace("stored", "delivered")), News::Known);
    }

    #[test]
    fn what_is_said_of_users_and_places_is_understood() {
        let typing = r#"{"type":"typing","from":"ada","to":"bob","is_typing":true}"#;
        let place = Spot::User("bob".into());
        assert_eq!(news(typing), News::Typing { from: "ada".into(), place, is_typing: true });
        let list = concat!(
            r#"{"type":"conversations","conversations":[{"unread":2,"to":"bob","last":null,"#,
            r#""read_by_other":null},{"unread":0,"last":null,"read_by_other":null}]}"#
        );
        let unread = [(Spot::User("bob".into()), 2), (Spot::Everyone, 0)];
        let unread = unread.map(|(place, count)| Unread { place, count });
        assert_eq!(news(list), News::Unread(unread.to_vec()));
        assert_eq!(
            news(r#"{"type":"welcome","user":"ada","server":"1"}"#),
            News::Welcome { user: "ada".into() }
        );
        let online = r#"{"type":"online_users","users":["ada"]}"#;
        let (bytes, names) = (online.len(), r#"["ada"]"#.into());
        assert_eq!(news(online), News::Online(Online { bytes, names, change: None }));
        let delta = r#"{"type":"presence","joined":["ada"],"left":["b\u0062"],"online":1}"#;
        let News::Online(Online { names, change: Some(change), .. }) = news(delta) else {
            panic!("it is a delta")
        };
        let Change { left, online } = change;
        let named = |list| {
            let names: Vec<_> = Online::read(list).into_iter().map(|one| one.name).collect();
            names.join(",")
        };
        assert_eq!((named(&names), named(&left), online), ("ada".into(), "bb".into(), 1));
        let room =
            r#"{"type":"room","room":"r","name":"R","members":1,"event":"created","user":"ada"}"#;
        let event = RoomEvent::Created;
        assert_eq!(news(room), News::Room { room: "r".into(), event });
        assert_eq!(read(r#"{"type":"pong"}"#), Err(NoNews::Pong));
        assert_eq!(read(r#"{"type":"error","detail":"no","code":"busy"}"#), Err(NoNews::Error));
        assert_eq!(read(r#"{"type":"something_new"}"#), Err(NoNews::Other));
    }

    #[test]
    fn what_is_not_the_protocol_is_nonsense_and_never_a_panic() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"message","from":"ada","text":"no mid"}"#,
            r#"{"type":"message","mid":"7","from":"ada","to":"b","room":"r","text":"two places"}"#,
            r#"{"type":"ack","id":"m","mid":"7","status":"eaten"}"#,
            r#"{"type":"history","messages":[{"type":"message"}],"more":false}"#,
            r#"{"type":"history","messages":[],"to":"bob"}"#,
            r#"{"type":"conversations","conversations":[{"unread":-1}]}"#,
            r#"{"type":"typing","from":"ada","is_typing":"yes"}"#,
            r#"{"type":"online_users"}"#,
            r#"{"type":"presence","joined":[]}"#,
            r#"{"type":"presence","joined":[],"left":[]}"#,
        ] {
            assert_eq!(read(json), Err(NoNews::Nonsense), "{json}");
        }
    }
}
