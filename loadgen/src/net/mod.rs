//! The network: mio, sockets, the clock, signals, processes. The only room that has any of them.
//!
//! [`play`] is the loop itself: do what the plan says is due, sleep until something happens, hear
//! what the phones have been told. While messages are sent at short distances it sleeps until the next
//! is due, and hears then what has arrived meanwhile: `inbox` knows when that was. `run` knows how far the plan is, `due` does it, `exchange` is what
//! goes over the lines.

mod act;
mod alarm;
mod clock;
mod desk;
mod due;
mod errand;
mod exchange;
mod get;
mod inbox;
mod line;
mod messenger;
mod probe;
mod progress;
mod run;

mod signals;
mod slot;
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
use switchboard::timer::Moment;

use crate::client::{Address, Door, Pen, Phone, Protocol};
use crate::phone_id::PhoneId;
use crate::plan::{Plan, Settings};
use crate::record::Outcome;
use crate::target::Target;
use crate::workload::{Names, Numbers, Presence};
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
        let next = [next, progress.next_deadline()].into_iter().flatten().min();
        // Without anything to wait for, nothing would ever end. There is always something.
        let next = next.unwrap_or(now + Duration::from_secs(1));
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

/// Calls a phone's number, or its session's id.
fn call(
    plan: &Plan,
    target: &Target,
    (session, numbers, names): (PhoneId, &Numbers, &Names),
    now: Moment,
    pen: &mut Pen,
    out: &mut Vec<u8>,
) -> Phone {
    let Settings { protocol, presence, manners, .. } = &plan.settings;
    let (mut digits, id) = ([0; Numbers::DIGITS], names.session(session));
    let door = match protocol {
        Protocol::Sca => Door::Sca {
            number: numbers.digits(session, &mut digits),
            query: presence.query(),
            is_greeted: *presence != Presence::None,
        },
        Protocol::Session => Door::Session { id: id.as_str(), receipts: manners.receipts },
    };
    let address = Address { authority: &target.authority, prefix: &target.prefix, door };
    Phone::call(&address, now, pen, out)
}
