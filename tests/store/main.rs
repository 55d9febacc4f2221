//! The store's database, in memory and in files: against a model, on a disk that fills up or breaks, and
//! beside other processes.
//!
//! The model is a few hash maps. It knows no SQL, no batches and no disk.

mod changes;
mod disk;
mod import;
mod model;
mod old_files;
mod room;
mod rooms;
mod talk;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use switchboard::chat::account::{
    Job, JobResult, MessageId, Output, PasswordHash, Place, Seq, Ticket, UnixMs, UserKey, UserName,
    Work,
};
use switchboard::store::{Database, Found, Settings};

/// A folder for one test. It is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("store-{}-{number}", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).expect("nobody has that name");
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Opens the database `switchboard.db`, which begins empty.
    fn open(&self, settings: Settings) -> Database {
        let path = self.file("switchboard.db");
        fs::OpenOptions::new().append(true).create(true).open(&path).expect("it can be written");
        Found::open(&path).and_then(|found| found.migrate(settings)).expect("it is ours")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failure here does not matter to the test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Dice that never show the same twice.
fn dice() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            next += 1;
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Does one batch, and returns its results. The tickets are 0, 1, 2 and so on.
fn carry_out(
    database: &mut Database,
    works: impl IntoIterator<Item = Work>,
    dice: &mut impl FnMut(&mut [u8]),
    now: i64,
) -> Vec<JobResult> {
    let jobs = (0..).zip(works).map(|(ticket, work)| Job { ticket: Ticket(ticket), work });
    let jobs: Vec<Job> = jobs.collect();
    let mut results = Vec::new();
    database.carry_out(&jobs, dice, UnixMs(now), &mut results);
    let tickets: Vec<u32> = results.iter().map(|result| result.ticket.0).collect();
    assert_eq!(tickets, (0..jobs.len() as u32).collect::<Vec<_>>(), "each job once, in order");
    results
}

fn say(at: i64, text: &str) -> Work {
    say_in(Place::Global, 1, at, text)
}

fn say_in(place: Place, from: u32, at: i64, text: &str) -> Work {
    let (from, at, text) = (UserKey(from), UnixMs(at), Arc::from(text));
    Work::Say { place, from, at, text, reply: None, client_id: None }
}

/// What a message brings that is stored at this place of the conversation of everybody.
fn said(seq: u32) -> Output {
    Output::Said { mid: MessageId::of(0, Seq(seq)), quote: None }
}

fn register(name: &str) -> Work {
    let (name, hash) = (UserName::registered(name), PasswordHash::new("a hash"));
    Work::Register { name, hash, at: UnixMs(1) }
}

fn credentials(name: &str) -> Work {
    Work::Credentials { name: UserName::registered(name) }
}

/// The texts of the last global messages, oldest first.
fn texts(database: &Database) -> Vec<String> {
    let recent = database.snapshot().expect("it can be read").recent;
    recent.iter().map(|stored| stored.text.to_string()).collect()
}
