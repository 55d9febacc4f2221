//! [`Reload`]: reads the settings again when SIGHUP asks for it.
//!
//! A disk may be slow, and the loop must not wait for it. So a thread of its own reads the settings file and what it
//! names, and the loop takes the result between two turns: everything, or nothing if there is a mistake. A SIGHUP
//! during a reload asks for one more after it, so a storm of signals is two reloads. At most one thread runs at a time.

use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::background::{Background, Vanished};
use super::log::{Level, Log};
use super::{Driver, Settings, bans_file, check, key_file, secret, text_file};
use crate::auth::Keys;
use crate::chat::Bans;
use crate::session::AdminToken;
use crate::turn::{Limits, RunTimeLimits};

/// The most bytes of a settings file. One with every flag, and a comment for each, has a tenth of them.
const SETTINGS_FILE_BYTES: u64 = 64 * 1024;

/// Reads a settings file.
///
/// # Errors
///
/// Why it cannot be used: a few words that name neither the file nor its content.
pub fn read_settings_file(path: &Path) -> Result<String, String> {
    text_file::read(path, SETTINGS_FILE_BYTES)
}

/// Reads the settings again, or says what is wrong with them, one line each. Any thread may call it.
type ReadSettings = dyn Fn() -> Result<Settings, Vec<String>> + Send + Sync;

/// How the settings are read again.
#[derive(Clone)]
pub struct Reread(pub Arc<ReadSettings>);

impl fmt::Debug for Reread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reread")
    }
}

/// The value of a flag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The flag, such as `--strikes`.
    pub flag: String,
    /// The value as it was written, or the default. Empty if there is none.
    pub value: String,
    /// Whether a reload changes it.
    pub at_run_time: bool,
    /// Whether it is one that keeps people out, and is not given.
    pub missing_guard: bool,
}

/// What a reload has read, and the loop is to use from now on.
#[derive(Debug)]
struct Fresh {
    limits: RunTimeLimits,
    level: Level,
    slow_turn: Duration,
    /// `None`: there is no file with bans.
    bans: Option<Bans>,
    bans_file: Option<PathBuf>,
    token: Option<AdminToken>,
    keys: Option<Keys>,
    values: Vec<Setting>,
    warnings: Vec<String>,
}

impl Driver {
    /// Obeys a SIGHUP.
    pub(super) fn hang_up(&mut self, signal: u8) {
        let what = match (self.stop.is_asked(), &self.reload.reread) {
            (true, _) => "nothing is reloaded, the server is about to end",
            (false, None) => "nothing to reload",
            (false, Some(_)) => "reloading",
        };
        self.log.owed(Level::Info, format_args!("signal {signal}: {what}"));
        if !self.stop.is_asked() {
            self.begin_reload();
        }
    }

    /// Begins a reload, unless the bans file is being written: then it follows.
    pub(super) fn begin_reload(&mut self) {
        if self.ban_keeper.is_busy() {
            self.reload.again = true;
            return;
        }
        self.reload.again = false;
        if self.reload.begin(&mut self.log) {
            self.supervisor.reload_begins();
        }
    }

    /// Takes the result of a reload, if there is one: all of it, or nothing.
    pub(super) fn look_for_reload(&mut self) {
        let Some(read) = self.reload.look(&mut self.log) else { return };
        if let Ok(mut fresh) = read {
            // A level that the operator's API has set stays, unless --log has changed.
            if mem::replace(&mut self.reload.level, fresh.level) != fresh.level {
                self.log.set_level(fresh.level);
            }
            self.slow_turn = fresh.slow_turn;
            self.supervisor.set_drain_timeout(fresh.limits.drain_timeout());
            self.turn.reload(fresh.limits.clone());
            let has_bans = self.take_bans(&mut fresh);
            self.reload.finish(fresh, has_bans, &mut self.log);
        } else {
            self.turn.refuse_reload();
        }
        self.supervisor.reload_ends();
        if self.reload.again && !self.stop.is_asked() {
            self.begin_reload();
        }
    }

    /// Takes the bans of the file, and after them what the operator has changed and the file does not have yet. Without a
    /// file, those that the operator has made stay. Returns whether the log says so.
    fn take_bans(&mut self, fresh: &mut Fresh) -> bool {
        self.ban_keeper.set_path(fresh.bans_file.take());
        self.turn.keep_bans(self.ban_keeper.has_file());
        let Some(bans) = fresh.bans.take() else { return false };
        self.turn.set_bans(bans);
        self.turn.repeat_ban_changes(self.ban_keeper.waiting());
        match self.turn.count_bans() {
            1 => self.log.always(format_args!("reloaded: there is 1 ban")),
            count => self.log.always(format_args!("reloaded: there are {count} bans")),
        }
        true
    }
}

/// What is in effect, and the reload that is under way.
#[derive(Debug)]
pub(super) struct Reload {
    /// `None`: nothing can be read again.
    reread: Option<Reread>,
    waker: Arc<Waker>,
    under_way: Option<Background<Result<Fresh, Vec<String>>>>,
    /// Whether one more reload is to follow the one that is under way.
    again: bool,
    /// The settings in effect.
    values: Vec<Setting>,
    /// The level of `--log`. The operator's API may have set another one since.
    level: Level,
    /// The warnings that were logged already.
    warnings: Vec<String>,
    token: Option<AdminToken>,
    keys: Option<Keys>,
}

impl Reload {
    /// Remembers the settings that the server has started with, with what was read for them into the limits, and the
    /// warnings that they have caused. `waker` wakes the loop when it should call [`look`](Self::look).
    pub(super) fn new(
        settings: &Settings,
        limits: &Limits,
        warnings: &[String],
        waker: Arc<Waker>,
    ) -> Self {
        Reload {
            reread: settings.reread.clone(),
            waker,
            under_way: None,
            again: false,
            values: settings.values.clone(),
            level: settings.log.level,
            warnings: warnings.to_vec(),
            token: limits.session.admin_token.clone(),
            keys: limits.session.keys.clone(),
        }
    }

    /// Whether a thread reads.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether a reload is to begin once the file of bans is written.
    pub(super) fn is_postponed(&self) -> bool {
        self.again && self.under_way.is_none()
    }

    /// Begins a reload, or has one follow that which is under way. Returns whether one has begun.
    fn begin(&mut self, log: &mut Log) -> bool {
        let Some(reread) = &self.reread else { return false };
        if self.under_way.is_some() {
            self.again = true;
            return false;
        }
        let (reread, present) = (reread.clone(), self.token.clone());
        match Background::begin("reload", &self.waker, move || read(&reread, present)) {
            Ok(under_way) => self.under_way = Some(under_way),
            Err(error) => refuse(&[format!("no thread could be started: {error}")], log),
        }
        self.under_way.is_some()
    }

    /// Takes the result of the reload that was under way, once there is one. If something is wrong, that is logged,
    /// and nothing is to change.
    fn look(&mut self, log: &mut Log) -> Option<Result<Fresh, ()>> {
        let read = self.under_way.as_ref()?.result()?;
        let read = read.unwrap_or_else(|_| Err(vec![Vanished::WHY.to_owned()]));
        self.under_way = None;
        let read = read.and_then(|fresh| self.keeps_guards(&fresh).map(|()| fresh));
        Some(read.map_err(|mistakes| refuse(&mistakes, log)))
    }

    /// Whether each setting that keeps clients out still does so after the reload, perhaps with another value.
    fn keeps_guards(&self, fresh: &Fresh) -> Result<(), Vec<String>> {
        let both = self.values.iter().zip(&fresh.values);
        let lost = both.filter(|(old, new)| new.missing_guard && old.value != new.value);
        let line = |(old, new): (&Setting, &Setting)| {
            let (flag, was) = (&new.flag, &old.value);
            format!(
                "{flag} is no longer given (it is {was}): what keeps people out can go only with a restart"
            )
        };
        let lines: Vec<String> = lost.map(line).collect();
        if lines.is_empty() { Ok(()) } else { Err(lines) }
    }

    /// Logs what the reload has changed beside bans, and what it could not change, and remembers the new values.
    fn finish(&mut self, fresh: Fresh, has_bans: bool, log: &mut Log) {
        let mut changes = 0;
        for (old, new) in self.values.iter_mut().zip(fresh.values) {
            let (flag, was, is) = (&new.flag, shown(&old.value), shown(&new.value));
            if old.value == new.value {
                continue;
            } else if new.at_run_time {
                changes += 1;
                log.always(format_args!("reloaded: {flag} is {is} (it was {was})"));
                old.value = new.value;
            } else {
                log.owed(
                    Level::Warn,
                    format_args!("reload: {flag} is still {was}: {is} needs a restart"),
                );
            }
        }
        if fresh.token != self.token {
            changes += 1;
            log.always(format_args!("reloaded: the operator's token has changed"));
            self.token = fresh.token;
        }
        if fresh.keys != self.keys {
            changes += 1;
            log.always(format_args!("reloaded: the keys have changed"));
            self.keys = fresh.keys;
        }
        if changes == 0 && !has_bans {
            log.always(format_args!("reloaded: nothing has changed"));
        }
        for warning in fresh.warnings.iter().filter(|one| !self.warnings.contains(one)) {
            log.owed(Level::Warn, format_args!("{warning}"));
        }
        self.warnings = fresh.warnings;
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "not set" } else { value }
}

fn refuse(mistakes: &[String], log: &mut Log) {
    for mistake in mistakes {
        log.owed(Level::Error, format_args!("reload refused: {mistake}"));
    }
}

/// Reads everything again: what a start would refuse is a mistake here, too.
fn read(reread: &Reread, present: Option<AdminToken>) -> Result<Fresh, Vec<String>> {
    let settings = (reread.0)()?;
    let mut mistakes = Vec::new();
    let mut limits = settings.limits.clone();
    match check::room(&settings) {
        Ok(room) => {
            limits.max_connections = room.websockets;
            limits.spare_connections = room.spare;
        }
        Err(mistake) => mistakes.push(mistake),
    }
    let mut warnings = settings.warnings.clone();
    let token = match &settings.admin_token_file {
        None => None,
        // A token that came through a pipe cannot be read again.
        Some(path) if path.exists() && !path.is_file() => present,
        Some(path) => {
            warnings.extend(secret::exposure("--admin-token-file", path));
            secret::read_token(path).map_err(|mistake| mistakes.push(mistake)).ok()
        }
    };
    if let Some(path) = &settings.auth_key_file {
        match key_file::read(path, settings.auth_audience.as_deref()) {
            Ok((keys, about)) => {
                limits.session.keys = Some(keys);
                warnings.extend(about);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let bans = settings.bans_file.as_deref().map(bans_file::read).transpose();
    let bans = bans.map_err(|lines| mistakes.extend(lines)).ok().flatten();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    limits.session.admin_token.clone_from(&token);
    Ok(Fresh {
        limits: RunTimeLimits::of(&limits),
        level: settings.log.level,
        slow_turn: settings.slow_turn,
        bans,
        bans_file: settings.bans_file,
        token,
        keys: limits.session.keys,
        values: settings.values,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use mio::{Poll, Token};

    use super::*;
    use crate::net::clock::Clock;
    use crate::net::log::{Format, LogSettings};

    /// A reload whose thread waits for a permit each time, and then finds a mistake.
    #[test]
    fn signals_during_a_reload_are_one_more_and_at_most_one_thread_reads() {
        let poll = Poll::new().expect("epoll");
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("eventfd"));
        let (permit, permits) = sync_channel(0);
        let permits = Mutex::new(permits);
        let reread = Reread(Arc::new(move || {
            permits.lock().expect("one at a time").recv().expect("the test goes on");
            Err(vec!["wrong".to_owned()])
        }));
        let settings = LogSettings { level: Level::Error, format: Format::Text, journal: None };
        let log = &mut Log::new(&settings, Clock::start());
        let mut reload = Reload {
            reread: Some(reread),
            waker,
            under_way: None,
            again: false,
            values: Vec::new(),
            level: Level::Error,
            warnings: Vec::new(),
            token: None,
            keys: None,
        };
        assert!(reload.begin(log));
        for _ in 0..100 {
            assert!(!reload.begin(log), "one is under way");
            assert!(reload.look(log).is_none());
        }
        assert!(mem::take(&mut reload.again), "one more is to follow");
        permit.send(()).expect("the thread waits");
        let read = loop {
            if let Some(read) = reload.look(log) {
                break read;
            }
            thread::yield_now();
        };
        assert!(read.is_err() && reload.begin(log) && !reload.again);
        permit.send(()).expect("the second thread waits");
    }
}
