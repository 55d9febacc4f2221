//! All protocols of the account realm in one conversation: each pair of them plays a private message, one to
//! everybody, one in a room where both have rooms, typing, and presence.
//!
//! A *guest* is a user with a client of one protocol. What a protocol has no words for its client does not hear: a
//! test says so in the lists of who can say and hear what.

use serde_json::{Value, json};

use super::client::{Data, Member};
use super::mychat::browser::{Browser, Socket};
use super::switchboard::client::{Friend, in_room, to, to_all, with};
use crate::harness::Server;

/// The protocols.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Speech {
    WebsocketChat,
    Chatterbox,
    Mychat,
    Switchboard,
}

const ALL: [Speech; 4] =
    [Speech::WebsocketChat, Speech::Chatterbox, Speech::Mychat, Speech::Switchboard];

impl Speech {
    fn has_global(self) -> bool {
        self != Speech::Mychat
    }

    fn has_private(self) -> bool {
        self != Speech::Chatterbox
    }

    fn has_rooms(self) -> bool {
        matches!(self, Speech::Mychat | Speech::Switchboard)
    }

    fn has_typing(self) -> bool {
        matches!(self, Speech::WebsocketChat | Speech::Switchboard)
    }
}

/// The client of a user, or the sockets that a page of MyChat has open.
enum Client {
    WebsocketChat(Member),
    Chatterbox(Member),
    Mychat { pair: Socket, notices: Socket, room: Socket },
    Switchboard(Friend),
}

/// A user with a client.
struct Guest<'h> {
    name: &'static str,
    browser: &'h Browser,
    client: Client,
}

/// Two users who are in a room, in a server of their own.
struct House {
    _data: Data,
    server: Server,
    room: String,
    browsers: [Browser; 2],
}

/// The two users with their clients.
struct Party<'h> {
    server: &'h Server,
    room: &'h str,
    ada: Guest<'h>,
    bob: Guest<'h>,
}

impl House {
    fn new() -> House {
        let data = Data::new();
        let server = data.start();
        let mut browsers = ["ada", "bob"].map(|name| server.newcomer(name));
        let room = browsers[0].create_room(&server, "garden");
        let [ada, bob] = &mut browsers;
        ada.add(&server, &room, bob);
        House { _data: data, server, room, browsers }
    }

    fn party(&self, speeches: [Speech; 2]) -> Party<'_> {
        let House { server, room, browsers: [ada, bob], .. } = self;
        let guest = |name, speech, me, other| {
            let client = enter(server, speech, (me, other), room);
            Guest { name, browser: me, client }
        };
        let (one, other) =
            (guest("ada", speeches[0], ada, bob), guest("bob", speeches[1], bob, ada));
        Party { server, room, ada: one, bob: other }
    }
}

impl Client {
    /// Closes all connections. The server has noticed when this returns.
    fn close(self) {
        match self {
            Client::WebsocketChat(member) | Client::Chatterbox(member) => member.close(),
            Client::Switchboard(friend) => friend.close(),
            Client::Mychat { pair, notices, room } => {
                [pair, notices, room].into_iter().for_each(Socket::close);
            }
        }
    }
}

fn enter(server: &Server, speech: Speech, (me, other): (&Browser, &Browser), room: &str) -> Client {
    let token = me.cookie("session").expect("signed in").to_owned();
    match speech {
        Speech::WebsocketChat => Client::WebsocketChat(server.websocket_chat(&token)),
        Speech::Chatterbox => Client::Chatterbox(server.chatterbox(&token)),
        Speech::Switchboard => Client::Switchboard(server.friend(&token)),
        Speech::Mychat => Client::Mychat {
            pair: me.pair(server, other),
            notices: me.notices(server),
            room: me.room(server, room),
        },
    }
}

impl Guest<'_> {
    /// Says something to everybody, and takes what the sender itself is told.
    fn say_to_all(&mut self, text: &str) {
        match &mut self.client {
            Client::WebsocketChat(member) => {
                member.chat(None, text);
                member.expect_chat(self.name, None, text);
            }
            Client::Chatterbox(member) => {
                member.speak(text);
                member.expect_message(self.name, text);
            }
            Client::Switchboard(friend) => _ = friend.say(&to_all(), text),
            Client::Mychat { .. } => panic!("there is nothing for everybody"),
        }
    }

    fn hears_from_all(&mut self, from: &str, text: &str) {
        match &mut self.client {
            Client::WebsocketChat(member) => member.expect_chat(from, None, text),
            Client::Chatterbox(member) => member.expect_message(from, text),
            Client::Switchboard(friend) => _ = friend.expect_said(from, &to_all(), text),
            Client::Mychat { .. } => panic!("there is nothing for everybody"),
        }
    }

    /// Says something private to the other guest. `is_there`: whether a client with words for it hears it.
    fn say_to(&mut self, other: &str, text: &str, is_there: bool) {
        match &mut self.client {
            Client::WebsocketChat(member) => {
                member.chat(Some(other), text);
                member.expect_chat_sent((self.name, other), text, is_there);
            }
            Client::Switchboard(friend) if is_there => _ = friend.deliver(other, text),
            Client::Switchboard(friend) => _ = friend.say(&to(other), text),
            Client::Mychat { pair, .. } => {
                pair.say(text);
                pair.expect_said(self.name, text);
            }
            Client::Chatterbox(_) => panic!("there is nothing private"),
        }
    }

    fn hears_privately(&mut self, from: (&str, &str), text: &str) {
        match &mut self.client {
            Client::WebsocketChat(member) => member.expect_chat(from.0, Some(self.name), text),
            Client::Switchboard(friend) => _ = friend.expect_said(from.0, &to(self.name), text),
            Client::Mychat { pair, notices, .. } => {
                pair.expect_said(from.0, text);
                let mut notice = notices.hear();
                notice["time"] = Value::Null;
                let expected = json!({
                    "type": "notify", "from_id": from.1, "from_name": from.0, "text": text, "time": null,
                });
                assert_eq!(notice, expected);
            }
            // It has no words for it.
            Client::Chatterbox(_) => {}
        }
    }

    fn say_in_room(&mut self, room: &str, text: &str) {
        match &mut self.client {
            Client::Mychat { room: socket, .. } => {
                socket.say(text);
                assert_eq!(socket.hear()["text"], text);
            }
            Client::Switchboard(friend) => _ = friend.say(&in_room(room), text),
            Client::WebsocketChat(_) | Client::Chatterbox(_) => panic!("there are no rooms"),
        }
    }

    fn hears_in_room(&mut self, (from, from_id): (&str, &str), room: &str, text: &str) {
        match &mut self.client {
            Client::Mychat { room: socket, .. } => {
                let mut frame = socket.hear();
                frame["time"] = Value::Null;
                let expected = json!({
                    "user": from, "text": text, "time": null, "sender_id": from_id, "room_id": room,
                });
                assert_eq!(frame, expected);
            }
            Client::Switchboard(friend) => _ = friend.expect_said(from, &in_room(room), text),
            Client::WebsocketChat(_) | Client::Chatterbox(_) => panic!("there are no rooms"),
        }
    }

    fn types(&mut self, other: Option<&str>) {
        match &mut self.client {
            Client::WebsocketChat(member) => member.typing(other, true),
            Client::Switchboard(friend) => {
                let place = other.map_or_else(to_all, to);
                friend.send(&with(json!({ "type": "typing", "is_typing": true }), &place));
            }
            Client::Chatterbox(_) | Client::Mychat { .. } => panic!("there is no typing"),
        }
    }

    fn sees_typing(&mut self, from: &str, other: Option<&str>) {
        match &mut self.client {
            Client::WebsocketChat(member) => member.expect(&json!({
                "type": "typing", "username": from, "is_typing": true, "recipient": other,
            })),
            Client::Switchboard(friend) => {
                let typing = json!({ "type": "typing", "from": from, "is_typing": true });
                friend.expect(&with(typing, &other.map_or_else(to_all, to)));
            }
            Client::Chatterbox(_) | Client::Mychat { .. } => {}
        }
    }
}

/// Plays something for each pair of protocols, one after the other.
fn for_each_pair(play: impl Fn(Speech, Speech, &mut Party<'_>)) {
    let house = House::new();
    for ada in ALL {
        for bob in ALL {
            // A failure shows it.
            eprintln!("ada speaks {ada:?}, and bob {bob:?}");
            let mut party = house.party([ada, bob]);
            play(ada, bob, &mut party);
            party.ada.client.close();
            party.bob.client.close();
        }
    }
}

#[test]
fn a_message_to_everybody_is_heard_in_every_protocol_that_has_such() {
    for_each_pair(|one, other, Party { ada, bob, .. }| {
        if one.has_global() && other.has_global() {
            ada.say_to_all("hello");
            bob.hears_from_all("ada", "hello");
            bob.say_to_all("hi");
            ada.hears_from_all("bob", "hi");
        }
    });
}

#[test]
fn a_private_message_is_heard_in_every_protocol_that_has_such() {
    for_each_pair(|one, other, party| {
        let Party { ada, bob, .. } = party;
        if one.has_private() {
            ada.say_to("bob", "hello", other.has_private());
            bob.hears_privately(("ada", &ada.browser.id()), "hello");
        }
        if other.has_private() {
            bob.say_to("ada", "hi", one.has_private());
            ada.hears_privately(("bob", &bob.browser.id()), "hi");
        }
    });
}

#[test]
fn a_message_in_a_room_is_heard_by_pages_and_devices() {
    for_each_pair(|one, other, party| {
        let Party { ada, bob, room, .. } = party;
        if one.has_rooms() && other.has_rooms() {
            ada.say_in_room(room, "hello");
            bob.hears_in_room(("ada", &ada.browser.id()), room, "hello");
            bob.say_in_room(room, "hi");
            ada.hears_in_room(("bob", &bob.browser.id()), room, "hi");
        }
    });
}

#[test]
fn typing_is_seen_where_there_are_words_for_it() {
    for_each_pair(|one, other, Party { ada, bob, .. }| {
        if one.has_typing() {
            ada.types(Some("bob"));
            bob.sees_typing("ada", Some("bob"));
            ada.types(None);
            bob.sees_typing("ada", None);
        }
        // What comes next is no typing: nobody else has seen it.
        if one.has_global() && other.has_global() {
            bob.say_to_all("next");
            ada.hears_from_all("bob", "next");
        }
    });
}

#[test]
fn a_user_is_online_for_every_protocol_with_a_client_of_any() {
    for_each_pair(|_, other, party| {
        let Party { server, ada, .. } = party;
        let users = ada.browser.cookie("session").expect("signed in").to_owned();
        let page = server.get_as(&users, "/users").json();
        let online = |name: &str| {
            let all = page.as_array().expect("a list").iter();
            let mut one = all.filter(|user| user["username"] == name);
            one.next().expect("it is registered")["is_online"] == true
        };
        assert!(online("ada") && online("bob"), "{other:?}");
        let mut device = server.friend_at(&format!("/ws?token={users}"), &[]);
        device.expect(&json!({ "type": "online_users", "users": ["ada", "bob"] }));
        let mut member = server.chatterbox(&users);
        assert_eq!(member.ask_for_users(), ["ada", "bob"]);
        let mut status = ada.browser.open(server, "/ws/status");
        let all = status.hear();
        let names: Vec<&str> = all
            .as_array()
            .expect("a list")
            .iter()
            .map(|user| {
                assert_eq!(user["online"], true, "{user}");
                user["name"].as_str().expect("a name")
            })
            .collect();
        assert_eq!(names, ["ada", "bob"]);
    });
}

#[test]
fn a_reply_from_a_device_is_a_quote_on_a_page_and_a_mark_of_a_page_is_told_to_devices() {
    let house = House::new();
    let Party { server, room, mut ada, mut bob } =
        house.party([Speech::Mychat, Speech::Switchboard]);
    ada.say_in_room(room, "tomatoes?");
    let Client::Switchboard(friend) = &mut bob.client else { panic!("that is what bob speaks") };
    let question = friend.expect_said("ada", &in_room(room), "tomatoes?");
    let reply = json!({ "type": "message", "text": "yes", "reply_to": question, "room": room });
    assert_eq!(friend.ask(reply)["status"], "stored");
    let Client::Mychat { room: socket, pair, notices } = &mut ada.client else { panic!("a page") };
    let quote = json!({ "sender_id": ada.browser.id(), "sender_name": "ada", "text": "tomatoes?" });
    assert_eq!(socket.hear()["reply_to"], quote);
    let mut reader = server.returner("ada");
    let history = reader.read(server, &format!("/api/rooms/{room}/history"));
    assert_eq!(history[1]["reply_to"], quote);
    let mid = friend.deliver("ada", "secret");
    pair.expect_said("bob", "secret");
    notices.hear();
    let mark = format!("/api/mark_read/{}/{}", ada.browser.id(), bob.browser.id());
    assert_eq!(reader.post_nothing(server, &mark).status, 200);
    friend.expect(&json!({ "type": "read", "from": "ada", "to": "bob", "up_to": mid }));
    assert_eq!(notices.hear()["type"], "unread_reset");
    assert_eq!(friend.ask(json!({ "type": "delete", "mid": question }))["code"], "not_yours");
}
