//! [`App`]: what the app's pages do over HTTP, beside their sockets: requests, and what the answers to them say.
//! Sans-IO: `net/app` asks the server.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use switchboard::dialects::mychat::wire::Frame;

use super::read;
use crate::client::news::{Post, Spot};

/// The requests of a user who is signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct App<'a> {
    pub(crate) user_id: &'a str,
    /// The value of the cookie `session`.
    pub(crate) token: &'a str,
}

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AppRequest {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// JSON, or nothing.
    pub(crate) body: String,
}

impl App<'_> {
    /// The most messages that a history shows.
    pub(crate) const LAST: usize = 200;

    /// The header line that says who the user is, with its end of line.
    pub(crate) fn cookies(&self) -> String {
        format!("Cookie: session={}; user_id={}\r\n", self.token, self.user_id)
    }

    /// What a message in a room answers, as JSON: messages have no ids here, so the app quotes the author and the text.
    pub(crate) fn quote(sender_id: &str, sender_name: &str, text: &str) -> String {
        read::quote(sender_id, sender_name, text)
    }

    /// The body of `POST /register` and `POST /login`, which is a form.
    pub(crate) fn credentials(name: &str, password: &str) -> String {
        let fields = [("username", name), ("password", password)];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    }

    /// The session and the user's id in the cookies of the answer; `None`: the user is not signed in.
    pub(crate) fn read_cookies(cookies: &[(String, String)]) -> Option<(&str, &str)> {
        let find = |name| {
            let (_, value) = cookies.iter().find(|(key, _)| key == name)?;
            Some(value.trim_matches('"')).filter(|value| !value.is_empty())
        };
        find("session").zip(find("user_id"))
    }

    /// Every user may ask for it, and nobody else.
    pub(crate) fn rooms(&self) -> AppRequest {
        get("/api/rooms".to_owned())
    }

    pub(crate) fn make_room(&self, name: &str) -> AppRequest {
        let body = json!({"name": name, "description": "made by loadgen"});
        post("/api/rooms/create".to_owned(), body.to_string())
    }

    pub(crate) fn add_to_room(&self, room: &str, user_id: &str) -> AppRequest {
        let body = json!({ "user_id": user_id });
        post(format!("/api/rooms/{room}/add_user"), body.to_string())
    }

    pub(crate) fn delete_room(&self, room: &str) -> AppRequest {
        AppRequest { method: "DELETE", ..get(format!("/api/rooms/{room}")) }
    }

    pub(crate) fn room_history(&self, room: &str) -> AppRequest {
        get(format!("/api/rooms/{room}/history"))
    }

    /// The address that the app's page calls. `/api/history/…` is another one with the same answer.
    pub(crate) fn history(&self, other_id: &str) -> AppRequest {
        get(format!("/history/{}/{other_id}", self.user_id))
    }

    pub(crate) fn unread(&self) -> AppRequest {
        get(format!("/api/unread/{}", self.user_id))
    }

    /// Marks all messages of the conversation with a user as read.
    pub(crate) fn mark_read(&self, other_id: &str) -> AppRequest {
        post(format!("/api/mark_read/{}/{other_id}", self.user_id), String::new())
    }

    /// The id of the room that was made; `None`: the answer has none.
    pub(crate) fn read_room(body: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Room {
            id: String,
        }
        serde_json::from_str(body).ok().map(|Room { id }| id)
    }

    /// The messages of a room's history, the oldest first; `None`: it is no such history.
    pub(crate) fn read_room_history(body: &str) -> Option<Vec<Post<'_>>> {
        let frames: Vec<Frame<'_>> = serde_json::from_str(body).ok()?;
        let posts = frames.into_iter().map(read::post);
        posts.map(|post| post.filter(|post| matches!(post.place, Spot::Room(_)))).collect()
    }

    /// The messages of a conversation, the oldest first; `None`: it is no such history.
    pub(crate) fn read_history(body: &str) -> Option<Vec<Post<'_>>> {
        #[derive(Deserialize)]
        struct Line<'a> {
            #[serde(borrow)]
            sender: Cow<'a, str>,
            #[serde(borrow)]
            user: Cow<'a, str>,
            #[serde(borrow)]
            text: Cow<'a, str>,
            #[serde(borrow, rename = "time")]
            _time: Cow<'a, str>,
            #[serde(rename = "read")]
            _is_read: bool,
        }
        let lines: Vec<Line<'_>> = serde_json::from_str(body).ok()?;
        let posts = lines.into_iter().map(|line| Post {
            from_id: Some(line.sender),
            ..Post::new(line.user, Spot::Here, line.text)
        });
        Some(posts.collect())
    }

    /// How many messages of each other user are unread, by their ids; `None`: the answer does not say so.
    pub(crate) fn read_unread(body: &str) -> Option<HashMap<String, u64>> {
        serde_json::from_str(body).ok()
    }
}

fn get(path: String) -> AppRequest {
    AppRequest { method: "GET", path, body: String::new() }
}

fn post(path: String, body: String) -> AppRequest {
    AppRequest { method: "POST", path, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: App<'_> = App { user_id: "a", token: "secret" };

    #[test]
    fn requests_are_those_of_the_app() {
        let line = |AppRequest { method, path, body }| format!("{method} {path} {body}");
        for (request, expected) in [
            (ADA.add_to_room("r", "b"), r#"POST /api/rooms/r/add_user {"user_id":"b"}"#),
            (ADA.delete_room("r"), "DELETE /api/rooms/r "),
            (ADA.room_history("r"), "GET /api/rooms/r/history "),
            (ADA.history("b"), "GET /history/a/b "),
            (ADA.unread(), "GET /api/unread/a "),
            (ADA.mark_read("b"), "POST /api/mark_read/a/b "),
        ] {
            assert_eq!(line(request), expected);
        }
        let made = ADA.make_room("a \"garden\"");
        assert_eq!((made.method, &*made.path), ("POST", "/api/rooms/create"));
        assert!(made.body.contains(r#""name":"a \"garden\"""#), "{}", made.body);
        assert_eq!(ADA.cookies(), "Cookie: session=secret; user_id=a\r\n");
    }

    #[test]
    fn a_user_signs_in_by_a_form_and_is_known_by_cookies() {
        let form = App::credentials("a&b=c", "pass word+ü");
        assert_eq!(form, "username=a%26b%3Dc&password=pass+word%2B%C3%BC");
        let cookies = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let all = cookies(&[("username", "YWRh"), ("session", "s"), ("user_id", "\"u\"")]);
        assert_eq!(App::read_cookies(&all), Some(("s", "u")));
        for missing in [&[][..], &[("session", "s")], &[("session", ""), ("user_id", "u")]] {
            assert_eq!(App::read_cookies(&cookies(missing)), None);
        }
    }

    #[test]
    fn histories_say_who_wrote_what_and_anything_else_is_no_history() {
        let line = r#"[{"sender":"b","user":"bob","text":"Hi","time":"23:59","read":true}]"#;
        let post = Post {
            mid: None,
            from: "bob".into(),
            from_id: Some("b".into()),
            place: Spot::Here,
            text: "Hi".into(),
            reply_to: None,
        };
        assert_eq!(App::read_history(line), Some(vec![post.clone()]));
        assert_eq!(
            App::read_history(&line.replace("\"b\"", r#""\u0062""#)),
            App::read_history(line)
        );
        let frame = r#"[{"user":"bob","text":"Hi","time":"23:59","sender_id":"b","room_id":"r"}]"#;
        let in_room = Post { place: Spot::Room("r".into()), ..post };
        assert_eq!(App::read_room_history(frame), Some(vec![in_room]));
        assert_eq!(App::read_history("[]"), Some(Vec::new()));
        for wrong in ["", "{}", "[7]", r#"[{"sender":"b","user":"bob","text":"Hi"}]"#] {
            assert_eq!(App::read_history(wrong), None, "{wrong}");
            assert_eq!(App::read_room_history(wrong), None, "{wrong}");
        }
        assert_eq!(App::read_room_history(line), None, "that is one of a conversation");
        assert_eq!(App::read_history(frame), None, "that is one of a room");
    }

    #[test]
    fn unread_counts_and_new_rooms_are_read() {
        let unread = App::read_unread(r#"{"b":2,"c":1}"#).expect("counts");
        assert_eq!((unread.get("b"), unread.get("c"), unread.len()), (Some(&2), Some(&1), 2));
        assert_eq!(App::read_unread(r#"{"b":-1}"#), None);
        assert_eq!(App::read_room(r#"{"id":"r","name":"x"}"#), Some("r".to_owned()));
        assert_eq!(App::read_room(r#"{"name":"x"}"#), None);
    }
}
