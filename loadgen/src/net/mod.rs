//! The network: mio, sockets, the clock, signals, processes. Only this room has any of them.
//!
//! [`play`] is the loop: do what is due, sleep until something happens, let the phones hear what has
//! arrived. While messages are due at short intervals, the loop sleeps until the next is due, and then
//! reads what has arrived meanwhile: `inbox` knows when it arrived. `run` holds the state of the loop,
//! `due` and `tasks` do what is due, and `exchange` is what goes over the lines.

mod account;
mod act;
mod aftermath;
mod alarm;
mod app;
mod ask;
mod audit;
mod call;
mod clock;
mod commands;
mod cursor;
mod desk;
mod dial;
mod due;
mod enrol;
mod errand;
mod exchange;
mod get;
mod ghost;
mod global;
mod histories;
mod inbox;
mod line;
mod lines;
mod lookback;
mod messenger;
mod meter;
mod mobile;
mod patience;
mod probe;
mod progress;
mod published;
mod publisher;
mod reader;
mod roam;
mod rooms;
mod run;
mod scrape;
mod scrapes;
mod share;
mod slot;
mod talk;
mod task;
mod tasks;
mod token;
mod totals;
mod unread;
mod usage;
mod watch;

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::prctl::set_timerslack;

use crate::plan::Plan;
use crate::pool::Pool;
use crate::record::Outcome;
use crate::signals::Signals;
use crate::target::Server;
use alarm::Alarm;
use progress::Progress;
use run::{Patient, Run};
use scrapes::{LAST_SCRAPE, LISTENER, Scrapes};
use watch::Watch;

pub(crate) use clock::{TooLate, date, wait_until};
pub(crate) use dial::look_up;
pub(crate) use enrol::enrol;
pub(crate) use get::{FOR_A_PAGE, get};
pub(crate) use patience::Refusal;
pub(crate) use probe::probe;
pub(crate) use publisher::Publisher;
pub(crate) use rooms::{delete_rooms, make_rooms};
pub(crate) use unread::read_before;
pub(crate) use usage::make_room;

/// The tokens of phones count up from 0, and never get this far.
const ALARM: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);

/// The most events that are taken from the kernel at once. Few, so that the loop soon looks again at what
/// is due.
const EVENTS: usize = 128;

/// Plays the plan against servers, by their places in `Homes`. `pid` is the process of loadgen's own server.
/// Meanwhile a `publisher` answers those that ask how it goes.
///
/// # Errors
///
/// Only if loadgen's own machine fails. What the server does is in the outcome.
pub(crate) fn play(
    plan: &Plan,
    servers: &[Server],
    pool: &Arc<Pool>,
    pid: Option<u32>,
    publisher: Option<&mut Publisher>,
    signals: &mut Signals,
) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    // Otherwise the kernel may prolong each sleep by 50 µs, to save power (prctl(2), PR_SET_TIMERSLACK).
    set_timerslack(1)?;
    let registry = poll.registry();
    let mut alarm = Alarm::new()?;
    registry.register(&mut SourceFd(&alarm.as_raw_fd()), ALARM, Interest::READABLE)?;
    registry.register(&mut SourceFd(&signals.as_raw_fd()), SIGNALS, Interest::READABLE)?;
    let scrapes = publisher.map(|publisher| Scrapes::start(publisher, registry.try_clone()?));
    let mut scrapes = scrapes.transpose()?;
    let mut progress = Progress::new(plan.quiet);
    let mut events = Events::with_capacity(EVENTS);
    let watched = (servers, pid, Watch::start(pid, servers));
    let mut run = Run::new(plan, watched, pool, registry.try_clone()?);

    loop {
        run.do_what_is_due();
        if run.is_over() {
            break;
        }
        let now = run.now();
        if progress.is_due(now) {
            run.describe(now, &progress);
        }
        let next = run.next_deadline(now);
        let next = progress.next_deadline().map_or(next, |of_progress| next.min(of_progress));
        let timeout = if next <= now {
            Some(Duration::ZERO)
        } else if run.may_nap(next, now) {
            run.clock.sleep_until(next);
            // What is due comes first. What has arrived has its time already.
            run.do_what_is_due();
            Some(Duration::ZERO)
        } else {
            alarm.set(next, now)?;
            None
        };
        match poll.poll(&mut events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        let awake_since = run.begin_turn();
        for event in &events {
            match event.token() {
                ALARM => alarm.has_rung(),
                SIGNALS => {
                    while signals.next() {
                        if run.interrupt() == Patient::No {
                            signals.hurry();
                        }
                    }
                }
                token if (LAST_SCRAPE..=LISTENER).contains(&token) => {
                    if let Some(scrapes) = &mut scrapes {
                        run.desk.record.enter_times();
                        scrapes.happens(token, &run);
                    }
                }
                token => run.happens(token::party(token), event),
            }
        }
        run.read_on();
        run.end_turn(awake_since);
    }
    progress.finish();
    if let Some(scrapes) = scrapes {
        scrapes.stop();
    }
    run.read_histories(signals);
    run.check_unread(signals);
    // Back to the default: a server that is started for the next run would inherit it.
    set_timerslack(0)?;
    Ok(run.finish())
}
