//! [`add_many`]: registers the users that standard input names, and logs them in, if that is asked for.
//!
//! A line is `NAME`, or `NAME<tab>PASSWORD`. A user without a password can only sign in with a token. All lines
//! are read before the first user is registered, so a wrong one changes nothing. A user who is there already
//! keeps the password: so the same input can be given again, for new tokens. Hashing takes 15 ms a password.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use super::super::clock::Clock;
use super::typed::{hash_of, name_of, password_of, words};
use super::{dice, unix_ms};
use crate::chat::account::{
    Job, JobResult, Output, PasswordHash, Secret, Ticket, Token, UnixMs, User, UserName, Work,
};
use crate::store::{Database, Hasher};

/// The jobs that the store does in one transaction.
const BATCH: usize = 256;
/// What is stored in place of a hash: no password has it.
const NO_PASSWORD: &str = "!";

/// Who is to be registered.
struct Line {
    name: UserName,
    password: Option<Secret>,
}

/// Registers the users of standard input. `token_ttl`: each gets a token for this time, and is printed as
/// `NAME<tab>ID<tab>TOKEN<tab>EXPIRY`; `None`: nobody gets one.
pub(super) fn add_many(
    database: &mut Database,
    token_ttl: Option<Duration>,
) -> Result<String, String> {
    let mut text = String::new();
    io::Read::read_to_string(&mut io::stdin().lock(), &mut text)
        .map_err(|error| format!("the users could not be read from standard input: {error}"))?;
    let lines = read(&text, token_ttl.is_some())?;
    let now = unix_ms(Clock::start().now());
    let added = register(database, &lines, now)?;
    let Some(ttl) = token_ttl else {
        let there = lines.len() - added;
        return Ok(format!("{added} users are registered, and {there} were there already\n"));
    };
    log_in(database, &lines, ttl, now)
}

fn read(text: &str, has_tokens: bool) -> Result<Vec<Line>, String> {
    let mut names = HashSet::new();
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| format!("line {} of standard input: {what}", index + 1);
        let (name, password) = match line.split_once('\t') {
            Some((name, password)) => (name, Some(password)),
            None => (line, None),
        };
        let name = name_of(name).map_err(|what| wrong(&what))?;
        if !names.insert(name.clone()) {
            return Err(wrong(&format!("{} is there twice", name.as_str())));
        }
        if password.is_none() && !has_tokens {
            return Err(wrong("there is no password; it follows the name and a tab"));
        }
        let password = password.map(password_of).transpose().map_err(|what| wrong(&what))?;
        lines.push(Line { name, password });
    }
    match lines.is_empty() {
        true => {
            Err("standard input names no user: NAME, or NAME<tab>PASSWORD, in each line".into())
        }
        false => Ok(lines),
    }
}

/// Registers those who are not there yet. Returns how many.
fn register(database: &mut Database, lines: &[Line], at: UnixMs) -> Result<usize, String> {
    let there = database.users().map_err(words)?;
    let there: HashSet<&UserName> = there.iter().map(|user| &user.name).collect();
    let new: Vec<&Line> = lines.iter().filter(|line| !there.contains(&line.name)).collect();
    let mut hasher = Hasher::new();
    let mut added = 0;
    for some in new.chunks(BATCH) {
        let jobs = some.iter().map(|line| {
            let hash = match &line.password {
                Some(password) => hash_of(&mut hasher, password),
                None => PasswordHash::new(NO_PASSWORD),
            };
            Work::Register { name: line.name.clone(), hash, at }
        });
        let jobs: Vec<Work> = jobs.collect();
        for (line, result) in some.iter().zip(carry_out(database, jobs, at)) {
            let name = line.name.as_str();
            match result.outcome.map_err(words)? {
                Output::Registered(Some(user)) => {
                    database.keep_user(&user.name).map_err(words)?;
                    added += 1;
                }
                _ => {
                    return Err(format!(
                        "{name} looks like a name that is taken; {added} users were registered before"
                    ));
                }
            }
        }
    }
    Ok(added)
}

/// Makes a token for each, and returns the lines to be printed.
fn log_in(
    database: &mut Database,
    lines: &[Line],
    ttl: Duration,
    at: UnixMs,
) -> Result<String, String> {
    let mut users = database.users().map_err(words)?;
    users.sort_unstable_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let find = |name: &UserName| -> Option<&User> {
        let at = users.binary_search_by(|user| user.name.as_str().cmp(name.as_str())).ok()?;
        users.get(at)
    };
    let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
    let expires = UnixMs(at.0.saturating_add(ttl_ms));
    let expiry = UNIX_EPOCH + Duration::from_millis(u64::try_from(expires.0).unwrap_or(0));
    let expiry = humantime::format_rfc3339_seconds(expiry);
    let users: Vec<&User> = lines.iter().filter_map(|line| find(&line.name)).collect();
    let mut printed = String::new();
    for some in users.chunks(BATCH) {
        let admit = |user: &&User| Work::Admit { user: user.key, at, expires, rehash: None };
        let jobs = some.iter().map(admit).collect();
        for (user, result) in some.iter().zip(carry_out(database, jobs, at)) {
            if let Output::Admitted { token, .. } = result.outcome.map_err(words)? {
                let name = user.name.as_str();
                writeln!(printed, "{name}\t{}\t{}\t{expiry}", user.id, hexadecimal(token))
                    .expect("writing to a string never fails");
            }
        }
    }
    Ok(printed)
}

fn carry_out(database: &mut Database, jobs: Vec<Work>, at: UnixMs) -> Vec<JobResult> {
    let jobs: Vec<Job> = jobs.into_iter().map(|work| Job { ticket: Ticket(0), work }).collect();
    let mut results = Vec::with_capacity(jobs.len());
    database.carry_out(&jobs, &mut dice, at, &mut results);
    results
}

fn hexadecimal(token: Token) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    token.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
