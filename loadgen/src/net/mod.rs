//! The network: mio, sockets, the clock, signals, processes. The only room that has any of them.
//!
//! [`play`] is the loop itself: do what the plan says is due, sleep until something happens, hear
//! what the phones have been told. While messages are sent at short distances it sleeps until the next
//! is due, and hears then what has arrived meanwhile: `inbox` knows when that was. `run` knows how far the plan is, `due` does it, `exchange` is what
//! goes over the lines.

mod act;
mod alarm;
mod call;
mod clock;
mod cursor;
mod desk;
mod due;
mod errand;
mod exchange;
mod get;
mod inbox;
mod line;
mod lines;
mod messenger;
mod meter;
mod mobile;
mod probe;
mod progress;
mod run;

mod signals;
mod slot;
mod task;
mod tasks;
mod token;
mod usage;
mod watch;

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::prctl::set_timerslack;

use crate::plan::Plan;
use crate::record::Outcome;
use crate::target::Target;
use alarm::Alarm;
use progress::Progress;
use run::Run;
use watch::Watch;

pub(crate) use get::get;
pub(crate) use probe::probe;
pub(crate) use signals::Signals;
pub(crate) use usage::make_room;

/// No phone has these tokens: they count from 0.
const ALARM: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);

/// Events taken from the kernel at once. Few, so that what is due is never far away.
const EVENTS: usize = 128;

/// Plays the plan against a server; `pid` is its process and `metrics` its books, if we may look at them.
///
/// # Errors
///
/// Only if our own machine fails us. What the server does is in the outcome.
pub(crate) fn play(
    plan: &Plan,
    target: &Target,
    pid: Option<u32>,
    metrics: Option<&Target>,
    signals: &mut Signals,
) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    // Or the kernel would let us sleep for up to 50 µs longer, to save power (prctl(2), PR_SET_TIMERSLACK).
    set_timerslack(1)?;
    let registry = poll.registry();
    let mut alarm = Alarm::new()?;
    registry.register(&mut SourceFd(&alarm.as_raw_fd()), ALARM, Interest::READABLE)?;
    registry.register(&mut SourceFd(&signals.as_raw_fd()), SIGNALS, Interest::READABLE)?;
    let mut progress = Progress::new(plan.quiet);
    let mut events = Events::with_capacity(EVENTS);
    let mut run = Run::new(plan, target, Watch::start(pid, metrics), registry.try_clone()?);

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
            // What is due comes before what has arrived: that has its time already.
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
        let awake_since = run.now();
        for event in &events {
            match event.token() {
                ALARM => alarm.has_rung(),
                SIGNALS => {
                    while signals.next() {
                        run.interrupt();
                    }
                }
                token => run.happens(token::party(token), event),
            }
        }
        run.read_on();
        run.end_turn(awake_since);
    }
    progress.finish();
    // As it was: a server that is started for the next run would inherit it.
    set_timerslack(0)?;
    Ok(run.finish())
}
