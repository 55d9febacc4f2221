//! The life of a page of WebSocket Chat, in the order in which the page asks for things.

use serde_json::{Value, json};

use super::client::{Data, Member, PASSWORD, credentials};
use crate::harness::Server;

/// A page of one person. The browser adds an origin to each request.
struct Page<'s> {
    server: &'s Server,
    token: String,
    socket: Member,
}

const LINES: &str = "Origin: null\r\nContent-Type: application/json\r\n";

impl<'s> Page<'s> {
    /// Logs in, and opens the WebSocket. The page asks for the list when it is open.
    fn open(server: &'s Server, name: &str) -> Page<'s> {
        let answer = server.post_with("/login", LINES, &credentials(name, PASSWORD));
        let body = answer.json();
        assert_eq!((answer.status, &body["message"]), (200, &json!("Login successful")));
        assert_eq!(body["user"]["username"], name);
        let token = body["session_token"].as_str().expect("a token").to_owned();
        let socket = server.websocket_chat(&token);
        Page { server, token, socket }
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.server.get_as(&self.token, path);
        assert_eq!(answer.status, 200, "{path}");
        answer.json()
    }

    fn users(&self) -> Vec<(String, bool)> {
        let users = self.get("/users");
        let users = users.as_array().expect("a list").iter();
        let entry = |user: &Value| {
            let name = user["username"].as_str().expect("a name").to_owned();
            (name, user["is_online"].as_bool().expect("yes or no"))
        };
        users.map(entry).collect()
    }

    fn history(&self) -> Vec<Value> {
        let messages = self.get("/messages/global");
        messages.as_array().expect("a list").iter().map(|one| one["content"].clone()).collect()
    }
}

#[test]
fn three_people_live_through_a_day_with_the_page() {
    let data = Data::new();
    let server = data.start();
    for name in ["ada", "bob", "eve"] {
        let answer = server.post_with("/register", LINES, &credentials(name, PASSWORD));
        assert_eq!((answer.status, answer.json()["user"]["username"].clone()), (200, json!(name)));
    }
    let mut ada = Page::open(&server, "ada");
    let mut bob = Page::open(&server, "bob");
    ada.socket.until_users(&["ada", "bob"], "bob joined the chat");
    let online = [("ada", true), ("bob", true), ("eve", false)];
    assert_eq!(ada.users(), online.map(|(name, is_online)| (name.to_owned(), is_online)));

    // To everybody, and then to one.
    ada.socket.chat(None, "Good morning");
    for page in [&mut ada, &mut bob] {
        page.socket.expect_chat("ada", None, "Good morning");
        assert_eq!(page.history(), ["Good morning"]);
    }
    bob.socket.typing(Some("ada"), true);
    let typing =
        json!({ "type": "typing", "username": "bob", "is_typing": true, "recipient": "ada" });
    ada.socket.expect(&typing);
    bob.socket.chat(Some("ada"), "Just you");
    bob.socket.expect_chat_sent(("bob", "ada"), "Just you", true);
    ada.socket.expect_chat("bob", Some("ada"), "Just you");
    bob.socket.chat(Some("eve"), "For later");
    bob.socket.expect_chat_sent(("bob", "eve"), "For later", false);
    assert_eq!(ada.history(), ["Good morning"], "private messages are in no public history");

    // The page is reloaded: the old WebSocket goes, the token stays.
    bob.socket.close();
    ada.socket.until_users(&["ada"], "bob left the chat");
    bob.socket = server.websocket_chat(&bob.token);
    ada.socket.until_users(&["ada", "bob"], "bob joined the chat");

    // A second tab logs in by itself. One tab logs out, and the other one stays.
    let mut tab = Page::open(&server, "bob");
    let answer = server.as_bearer("POST", "/logout", &format!("Bearer {}", bob.token));
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "message": "Logged out successfully" }))
    );
    bob.socket.expect_close(4001);
    assert_eq!(server.get_as(&bob.token, "/users").status, 401);
    tab.socket.chat(None, "Still here");
    for page in [&mut ada, &mut tab] {
        page.socket.expect_chat("bob", None, "Still here");
    }
    // Two tabs with one token: a logout in one closes the other one, too.
    let mut twin = server.websocket_chat(&tab.token);
    server.log_out(&tab.token);
    twin.expect_close(4001);
    tab.socket.expect_close(4001);
    ada.socket.until_users(&["ada"], "bob left the chat");
}
