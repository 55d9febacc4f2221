//! Users and their logins: made over HTTP, as people do it, or many at once, by SQL.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use rusqlite::{Connection, params};

use super::super::server::{Folder, Recipe, Server};

/// When everything in a filled database has happened, in milliseconds of Unix time.
const AT: i64 = 1_790_000_000_000;
/// When the logins in a filled database end: in the year 2100.
const EXPIRES: i64 = 4_100_000_000_000;

/// Registers this many users, and logs them in. Returns their tokens. `fan.c` knows no users, and takes
/// any token.
pub(super) fn register(server: &Server, count: usize) -> io::Result<Vec<String>> {
    (0..count)
        .map(|number| {
            if server.recipe.name == "fan" {
                return Ok(number.to_string());
            }
            post(server.address, "/register", number)?;
            log_in(server.address, number)
        })
        .collect()
}

/// Logs a user in that [`register`] has made. Returns the token.
pub(super) fn log_in(address: SocketAddr, number: usize) -> io::Result<String> {
    let page = post(address, "/login", number)?;
    let token = page.split_once(r#""token":""#).and_then(|(_, rest)| rest.split_once('"'));
    token.map(|(token, _)| token.to_owned()).ok_or_else(|| io::Error::other(page.clone()))
}

/// The tokens of `sockets` sockets, of which each user has `each`.
pub(super) fn shared(tokens: &[String], sockets: usize, each: usize) -> Vec<String> {
    (0..sockets).map(|socket| tokens[socket / each].clone()).collect()
}

fn post(address: SocketAddr, path: &str, number: usize) -> io::Result<String> {
    let body = format!(r#"{{"username":"person {number:06}","password":"correct horse"}}"#);
    let length = body.len();
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .as_bytes(),
    )?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    match page.starts_with("HTTP/1.1 200") {
        true => Ok(page),
        false => Err(io::Error::other(format!("POST {path}: {page}"))),
    }
}

/// A folder with a database of this many users, each with a login, and global messages. The server makes
/// the tables. Returns the folder and the tokens.
pub(super) fn filled(
    recipe: &Recipe,
    users: usize,
    messages: usize,
) -> io::Result<(Rc<Folder>, Vec<String>)> {
    let folder = Folder::new()?;
    drop(Server::start_on(recipe, Rc::clone(&folder))?);
    let counts = [users, messages].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    let tokens = fill(&folder, counts).map_err(io::Error::other)?;
    Ok((folder, tokens))
}

/// Makes rooms in a filled database: one for each list of members, by their numbers from 0, of which the first
/// has made it. Returns the ids of all users in the order of their numbers, and those of the rooms.
pub(super) fn add_rooms(
    folder: &Folder,
    rooms: &[Vec<usize>],
) -> io::Result<(Vec<String>, Vec<String>)> {
    insert_rooms(folder, rooms).map_err(io::Error::other)
}

fn insert_rooms(
    folder: &Folder,
    rooms: &[Vec<usize>],
) -> rusqlite::Result<(Vec<String>, Vec<String>)> {
    let mut database = Connection::open(folder.0.join("switchboard.db"))?;
    let transaction = database.transaction()?;
    let mut ids = Vec::new();
    for members in rooms {
        let mut id = [0_u8; 16];
        id.fill_with(|| fastrand::u8(..));
        ids.push(uuid(&id));
        let key: i64 = transaction.query_row(
            "INSERT INTO conversations(gone_seq) VALUES (0) RETURNING key",
            [],
            |row| row.get(0),
        )?;
        let keys: Vec<i64> = members.iter().map(|&number| number as i64 + 1).collect();
        let sql = "INSERT INTO rooms(key, id, name, description, creator, created) VALUES (?, ?, 'room', '', ?, ?)";
        transaction.execute(sql, params![key, id, keys[0], AT])?;
        for user in keys {
            let sql = "INSERT INTO members(room, user, added) VALUES (?, ?, ?)";
            transaction.prepare_cached(sql)?.execute(params![key, user, AT])?;
        }
    }
    let users = {
        let mut users = transaction.prepare("SELECT id FROM users ORDER BY key")?;
        let rows = users.query_map([], |row| row.get(0).map(|id: [u8; 16]| uuid(&id)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()?
    };
    transaction.commit()?;
    Ok((users, ids))
}

/// An id as clients write it (RFC 9562 §4).
fn uuid(id: &[u8; 16]) -> String {
    let digits: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn fill(folder: &Folder, [users, messages]: [i64; 2]) -> rusqlite::Result<Vec<String>> {
    let mut database = Connection::open(folder.0.join("switchboard.db"))?;
    let transaction = database.transaction()?;
    let mut tokens = Vec::new();
    for number in 1..=users {
        let (mut id, mut token) = ([0_u8; 16], [0_u8; 32]);
        id.fill_with(|| fastrand::u8(..));
        token.fill_with(|| fastrand::u8(..));
        let name = format!("person {number:06}");
        transaction
            .prepare_cached("INSERT INTO users(key, id, name, folded, password, created) VALUES (?, ?, ?3, ?3, ?, ?)")?
            .execute(params![number, id, name, "a hash that no password has", AT])?;
        let digest: [u8; 32] = Blake2b::<U32>::digest(token).into();
        transaction
            .prepare_cached(
                "INSERT INTO logins(token, user, created, expires) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![digest, number, AT, EXPIRES])?;
        tokens.push(token.iter().map(|byte| format!("{byte:02x}")).collect());
    }
    let text = "x".repeat(100);
    for seq in 1..=messages {
        transaction
            .prepare_cached("INSERT INTO messages(id, sender, at, text) VALUES (?, ?, ?, ?)")?
            .execute(params![seq, 1 + seq % users.max(1), AT, text])?;
    }
    transaction.commit()?;
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(tokens)
}
