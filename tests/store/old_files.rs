//! The databases of the apps that this server replaces, as these apps make them. The rows are the test's.

use std::path::Path;

use rusqlite::Connection;

/// Anna's, Bert's and Carl's ids in MyChat.
pub(crate) const ANNA: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const BERT: &str = "bbbbbbbb-0000-4000-8000-000000000002";
pub(crate) const CARL: &str = "cccccccc-0000-4000-8000-000000000003";

/// "correct horse" as MyChat stores it, with small parameters. Argon2's reference implementation made it.
pub(crate) const PHC: &str = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA";

/// "correct horse" as Chatterbox stores it. Python's hashlib made it.
pub(crate) const SHA256: &str = "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631";

/// "correct horse" as WebSocket Chat stores it, with the bytes from 0 to 31 as the salt. Python's hashlib made it.
pub(crate) const PBKDF2: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh/rbVyN5fzIULqUgYamVIdM8+VqaDKByV79JGA6DnKQig==";

const MYCHAT_USERS: &str = "CREATE TABLE users(id TEXT PRIMARY KEY, name TEXT UNIQUE, password_hash TEXT, online INTEGER);";

const MYCHAT_MESSAGES: &str =
    "CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT,
    receiver TEXT, text TEXT, timestamp TEXT, read INTEGER DEFAULT 0);";

const MYCHAT_ROOMS: &str = "CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT,
    creator_id TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE room_members(room_id TEXT, user_id TEXT, added_at TEXT, PRIMARY KEY(room_id, user_id));
CREATE TABLE room_messages(id INTEGER PRIMARY KEY AUTOINCREMENT, room_id, sender_id, sender_name, text,
    timestamp, reply_to_sender_id, reply_to_sender_name, reply_to_text);";

const CHATTERBOX: &str = "
CREATE TABLE users(id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE NOT NULL,
    password_hash TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL, content TEXT NOT NULL,
    timestamp TEXT NOT NULL);";

const WEBSOCKET_CHAT: &str = "
CREATE TABLE users(id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE NOT NULL,
    password_hash TEXT NOT NULL, created_at TIMESTAMP, last_login TIMESTAMP, is_online INTEGER);
CREATE TABLE user_sessions(id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, session_token TEXT UNIQUE,
    created_at TIMESTAMP, expires_at TIMESTAMP, is_active INTEGER);
CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL, sender_id INTEGER NOT NULL,
    recipient_id INTEGER NULL, is_global INTEGER, created_at TIMESTAMP);";

/// MyChat's `users.db`, `chathistory.db` and `rooms.db`, each with the rows that this SQL puts in.
pub(crate) fn mychat(folder: &Path, users: &str, messages: &str, rooms: &str) {
    make(&folder.join("users.db"), MYCHAT_USERS, users);
    make(&folder.join("chathistory.db"), MYCHAT_MESSAGES, messages);
    make(&folder.join("rooms.db"), MYCHAT_ROOMS, rooms);
}

pub(crate) fn chatterbox(file: &Path, rows: &str) {
    make(file, CHATTERBOX, rows);
}

pub(crate) fn websocket_chat(file: &Path, rows: &str) {
    make(file, WEBSOCKET_CHAT, rows);
}

/// Adds to a file, or begins it. `@PHC` and so on in the rows stand for the hashes above.
fn make(file: &Path, schema: &str, rows: &str) {
    let is_new = !file.exists();
    let connection = Connection::open(file).expect("it can be written");
    // No power is cut here, and some tests make many.
    connection.pragma_update(None, "synchronous", false).expect("it can be set");
    if is_new {
        connection.execute_batch(schema).expect("it is SQL");
    }
    let words = [("@PHC", PHC), ("@SHA256", SHA256), ("@PBKDF2", PBKDF2)];
    let people = [("@ANNA", ANNA), ("@BERT", BERT), ("@CARL", CARL)];
    let rows = words
        .into_iter()
        .chain(people)
        .fold(rows.to_owned(), |rows, (word, value)| rows.replace(word, value));
    connection.execute_batch(&rows).expect("it is SQL");
}
