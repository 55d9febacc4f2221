//! [`ImportTool`]: `switchboard import` on the command line. It finds the old files, reads times in a zone, and
//! words what was taken over. The work itself is the store's.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::clock::Clock;
use super::{Settings, dice, folder, unix_ms};
use crate::chat::account::{Failure, UnixMs};
use crate::store::{
    Count, Database, Import, ImportError, Means, OldFile, Report, Settings as StoreSettings,
    Source, TakenNames,
};

/// What `switchboard import` is given.
#[derive(Clone, Debug)]
pub struct ImportTool {
    /// The app, and where its files are.
    pub app: OldApp,
    /// What becomes of users whose names are taken.
    pub taken_names: TakenNames,
    /// The time zone of times that name none. `None`: the machine's.
    pub zone: Option<String>,
    /// Leave out rows that do not fit.
    pub skips: bool,
    /// Change nothing.
    pub is_dry_run: bool,
}

/// An app that this server replaces.
#[derive(Clone, Debug)]
pub enum OldApp {
    /// MyChat: a folder with its three files.
    MyChat(PathBuf),
    /// WebSocket Chat: its file.
    WebSocketChat(PathBuf),
    /// Chatterbox: its file.
    Chatterbox(PathBuf),
}

/// Takes over what the app has left. Returns what was taken over.
///
/// # Errors
///
/// Lines that say why nothing was.
pub(super) fn run(data: &Path, tool: &ImportTool) -> Result<String, String> {
    let zone = zone(tool)?;
    let source = source(&tool.app)?;
    let _lock;
    let mut database = if tool.is_dry_run {
        _lock = folder::lock(data)?;
        let store = StoreSettings::default();
        match folder::database(data).exists() {
            true => folder::look_into(data)?.join(store),
            // What would be made is looked at in memory.
            false => Database::in_memory(store),
        }
        .map_err(|error| folder::about(data, &error))?
    } else {
        let (lock, database) =
            folder::open(&Settings { folder: data.to_owned(), store: StoreSettings::default() })?;
        _lock = lock;
        database
    };
    let import = Import {
        source,
        taken_names: tool.taken_names.clone(),
        skips: tool.skips,
        is_dry_run: tool.is_dry_run,
        now: unix_ms(Clock::start().now()),
    };
    let progress = &mut show_progress;
    let means = Means { time: &|text| time(text, &zone), dice: &mut dice, progress };
    let report = database.import(&import, means);
    database.close();
    match report {
        Ok(report) => Ok(words_of(&report, tool, &zone)),
        Err(error) => Err(why_not(&error, data)),
    }
}

/// The zone in which times are read that name none.
fn zone(tool: &ImportTool) -> Result<TimeZone, String> {
    match (&tool.app, &tool.zone) {
        (OldApp::WebSocketChat(_), _) => Ok(TimeZone::UTC),
        (OldApp::MyChat(_) | OldApp::Chatterbox(_), Some(name)) => TimeZone::get(name)
            .or_else(|_| TimeZone::posix(name))
            .map_err(|_| format!("there is no time zone {name}")),
        (OldApp::MyChat(_) | OldApp::Chatterbox(_), None) => {
            TimeZone::try_system().map_err(|error| {
                format!(
                    "the local time zone is unknown; give the old server's with --zone: {error}"
                )
            })
        }
    }
}

/// A time as the apps write it: ISO 8601, with a `T` or a space, in most cases without a zone. When clocks are
/// set back, an hour happens twice: it is the first. One that they skip is read as if they had not.
fn time(text: &str, zone: &TimeZone) -> Option<UnixMs> {
    let at = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>().and_then(|time| zone.to_timestamp(time)));
    at.ok().map(|at| UnixMs(at.as_millisecond()))
}

/// Looks for the files of an app.
fn source(app: &OldApp) -> Result<Source, String> {
    let must_be = |path: PathBuf| {
        let name = path.display().to_string();
        old_file(path)?.ok_or_else(|| format!("there is no file {name}"))
    };
    Ok(match app {
        OldApp::MyChat(folder) => Source::MyChat {
            users: must_be(folder.join("users.db"))?,
            messages: old_file(folder.join("chathistory.db"))?,
            rooms: old_file(folder.join("rooms.db"))?,
        },
        OldApp::WebSocketChat(file) => Source::WebSocketChat(must_be(file.clone())?),
        OldApp::Chatterbox(file) => Source::Chatterbox(must_be(file.clone())?),
    })
}

/// `None`: there is no such file.
fn old_file(path: PathBuf) -> Result<Option<OldFile>, String> {
    let mut header = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(20).read_to_end(&mut header));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    }
    // Two bytes of the header say whether the file is in WAL mode (SQLite's file format, §1.3.3).
    let is_in_wal_mode = header.get(18..20) == Some(&[2, 2]);
    let is_at_rest = is_in_wal_mode && !folder::log_of(&path).exists();
    Ok(Some(OldFile { path, is_at_rest }))
}

/// Hashing takes 15 ms a password. A person who looks on sees that it goes on.
fn show_progress(done: usize, all: usize) {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() {
        let end = if done == all { "\n" } else { "" };
        // It is for a person to see, and nothing depends on it.
        let _ = write!(stderr, "\rpasswords hashed: {done} of {all}{end}");
    }
}

fn words_of(report: &Report, tool: &ImportTool, zone: &TimeZone) -> String {
    let from = match &tool.app {
        OldApp::MyChat(path) | OldApp::WebSocketChat(path) | OldApp::Chatterbox(path) => path,
    };
    let mut words = match tool.is_dry_run {
        true => {
            format!("nothing was changed; an import would take over from {}:\n", from.display())
        }
        false => format!("taken over from {}:\n", from.display()),
    };
    let counts = [("users", report.users), ("rooms", report.rooms), ("messages", report.messages)];
    for (what, Count { new, known }) in counts {
        let _ = write!(words, "{what:>10}: {new}");
        let _ = match known {
            0 => writeln!(words),
            known => writeln!(words, ", and {known} that were here already"),
        };
    }
    if let OldApp::MyChat(folder) = &tool.app {
        for name in ["chathistory.db", "rooms.db"] {
            if !folder.join(name).exists() {
                let _ = writeln!(words, "there is no {name}");
            }
        }
    }
    if let OldApp::MyChat(_) | OldApp::Chatterbox(_) = tool.app {
        let name = zone.iana_name().or(tool.zone.as_deref()).unwrap_or("the local time zone");
        let _ = writeln!(words, "times without a zone were read as {name}");
    }
    match report.left_out.count() {
        0 => {}
        1 => words += "1 row did not fit, and is left out:\n",
        count => {
            let _ = writeln!(words, "{count} rows did not fit, and are left out:");
        }
    }
    words + &report.left_out.to_string()
}

fn why_not(error: &ImportError, data: &Path) -> String {
    match error {
        ImportError::Source(file, error) => {
            format!("{file} cannot be read as this app's: {}", error)
        }
        ImportError::Store(failure) => {
            let words = match failure {
                Failure::Full => "the disk is full",
                Failure::ReadOnly => "is read-only, or another program holds its lock",
                Failure::Io => "cannot be written, or is damaged",
            };
            folder::about(data, &words)
        }
        ImportError::Misfits(misfits) => {
            let (rows, them) = match misfits.count() {
                1 => ("1 row does not fit".to_owned(), "it"),
                count => (format!("{count} rows do not fit"), "them"),
            };
            let advice = match misfits.taken_names() {
                0 => format!("--skip would leave {them} out"),
                _ => {
                    "--rename or --same-people says what becomes of names that are taken".to_owned()
                }
            };
            format!("{misfits}nothing was taken over: {rows}; {advice}")
        }
    }
}
