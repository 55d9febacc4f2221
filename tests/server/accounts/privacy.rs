//! What users write is in the database and on their sockets, and nowhere else. Passwords and tokens are not
//! even in the database: it has their hashes.

use std::fs;

use super::client::{Data, credentials};
use crate::harness::{Server, eventually};

const NAME: &str = "xyzzy-ada";
const PASSWORD: &str = "xyzzy-password";
const WRONG: &str = "xyzzy-wrong-password";
const TEXT: &str = "xyzzy-text";
const STRANGE: &str = "xyzzy-strange";

/// Users do many different things, with a secret in each of them. Returns the tokens, and what the server has
/// answered to those that proved nothing.
fn live(server: &Server) -> (Vec<String>, Vec<String>) {
    let right = credentials(NAME, PASSWORD);
    assert_eq!(server.post("/register", &right).status, 200);
    let login = || {
        let answer = server.post("/login", &right).json();
        answer["token"].as_str().expect("a token").to_owned()
    };
    let tokens = vec![login(), login()];
    let mut devices = [server.websocket_chat(&tokens[0]), server.chatterbox(&tokens[1])];
    devices[0].chat(None, TEXT);
    devices[0].expect_chat(NAME, None, TEXT);
    devices[1].expect_message(NAME, TEXT);
    devices[0].chat(Some(NAME), TEXT);
    devices[0].expect_chat_sent((NAME, NAME), TEXT, true);
    devices[0].typing(Some(NAME), true);
    devices[0].chat(Some(STRANGE), TEXT);
    devices[0].expect_chat_error(&format!("User {STRANGE} not found"));
    devices[0].send_text(&format!(r#"{{"type":"{STRANGE}","{STRANGE}":1}}"#));
    devices[0].expect_chat_error("Invalid message format");
    // Requests that are refused, each with secrets in another place.
    let strange_token = format!("{}{STRANGE}", &tokens[0]);
    let answers = [
        server.post("/login", &credentials(NAME, WRONG)),
        server.post("/login", &credentials(STRANGE, PASSWORD)),
        server.post("/register", &credentials("xyzzy<", PASSWORD)),
        server.post("/register", &credentials(NAME, PASSWORD)),
        server.post("/register", &format!("{{\"username\":\"{NAME}\",\"password\":{PASSWORD}}}")),
        server.post(&format!("/login?password={PASSWORD}"), STRANGE),
        server.as_bearer("GET", "/users", &strange_token),
        server.as_bearer("GET", "/users", &format!("Bearer {strange_token}")),
        server.as_bearer("DELETE", "/users", &format!("Bearer {}", tokens[0])),
        server.get(&format!("/messages/global?token={}", tokens[0])),
        server.get(&format!("/{STRANGE}?token={}", tokens[0])),
        server.get(&format!("/ws?token={}", tokens[0])),
    ];
    assert!(answers.iter().all(|answer| answer.status >= 400), "{answers:?}");
    let mut told: Vec<String> = answers.iter().map(crate::harness::Response::text).collect();
    for page in ["/", "/health", "/ready", "/stats"] {
        told.push(server.get(page).text());
    }
    for page in ["/metrics", "/trace", "/stats"] {
        told.push(server.admin_get(page).text());
    }
    // Connections end in several ways.
    let [websocket_chat, chatterbox] = devices;
    server.log_out(&tokens[0]);
    let mut websocket_chat = websocket_chat;
    websocket_chat.until_close(4001);
    chatterbox.close();
    eventually("all have gone", || (server.connections() == 0).then_some(()));
    (tokens, told)
}

#[track_caller]
fn assert_absent(secrets: &[&str], text: &[u8], place: &str) {
    for secret in secrets {
        let is_there = text.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!is_there, "{secret} in {place}: {}", String::from_utf8_lossy(text));
    }
}

#[test]
fn what_users_are_called_and_write_is_in_no_log_of_any_level_on_no_page_and_not_in_the_process_list()
 {
    for (level, format) in
        [("error", "text"), ("info", "json"), ("debug", "text"), ("debug", "json")]
    {
        let data = Data::new();
        let flags = ["--admin-listen", "127.0.0.1:0", "--log", level, "--log-format", format];
        // Every turn counts as slow, so that those lines are in the log as well.
        let server = data.start_with(&[&flags[..], &["--slow-turn", "1ns"]].concat());
        let (tokens, told) = live(&server);
        let secrets = ["xyzzy", &tokens[0], &tokens[1]];
        for text in told.iter().chain(&server.log()) {
            assert_absent(&secrets, text.as_bytes(), "what the server tells");
        }
        for file in ["cmdline", "environ", "comm"] {
            let path = format!("/proc/{}/{file}", server.pid());
            let bytes = fs::read(&path).unwrap_or_default();
            assert_absent(&secrets, &bytes, &path);
        }
    }
}

#[test]
fn the_files_of_the_database_have_the_messages_and_only_hashes_of_passwords_and_tokens() {
    let data = Data::new();
    let server = data.start_with(&["--admin-listen", "127.0.0.1:0"]);
    let (tokens, _) = live(&server);
    let raw: Vec<Vec<u8>> = tokens.iter().map(|token| from_hex(token)).collect();
    let secrets = [PASSWORD, WRONG, STRANGE, &tokens[0], &tokens[1]];
    let check = |when: &str| {
        let (mut texts, mut names) = (0, Vec::new());
        for entry in fs::read_dir(data.file("")).expect("it is there").flatten() {
            let bytes = fs::read(entry.path()).expect("it is ours");
            names.push(entry.file_name().into_string().expect("ASCII"));
            assert_absent(&secrets, &bytes, when);
            for token in &raw {
                assert!(!bytes.windows(32).any(|part| part == token), "a token {when}");
            }
            texts += bytes.windows(TEXT.len()).filter(|part| *part == TEXT.as_bytes()).count();
        }
        names.sort_unstable();
        assert!(texts >= 2, "the messages are there {when}: the search works");
        names
    };
    check("while the server runs");
    drop(server);
    let names = check("after its end");
    assert!(
        names.iter().all(|name| ["lock", "switchboard.db"].contains(&name.as_str())),
        "{names:?}"
    );
}

/// The bytes that hexadecimal digits stand for.
fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}
