//! [`probe`]: one phone that calls before all others, to see whether there is a server, and whether it
//! speaks the protocol. So the two most common mistakes are one clear line, and not a thousand failures.
//!
//! The phone is the same as in the run. It also finds out which of the server's addresses answers.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use super::call::call;
use super::clock::Clock;
use super::patience::{Patience, Refusal};
use super::talk::Talk;
use crate::client::{Ending, Event, Halves, OpenPage, Pen};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::{Names, Numbers};

/// How long the server may take for each answer, and for all of them.
const PATIENCE: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);

/// Calls, waits for the greeting, pings, and hangs up. Returns the address that has answered.
///
/// # Errors
///
/// One sentence that says what the server does not do; or that a signal came first.
pub(crate) fn probe(
    plan: &Plan,
    target: &Target,
    pool: &Pool,
    signals: &Signals,
) -> Result<SocketAddr, Refusal> {
    let connecting = Patience::new(PATIENCE, Some(signals));
    let mut talk = Talk::begin(target, connecting, PATIENCE)?;
    talk.extend(Patience::new(WHOLE, Some(signals)));
    let address = talk.address;
    converse(plan, target, pool, talk).map(|()| address)
}

fn converse(plan: &Plan, target: &Target, pool: &Pool, mut talk: Talk<'_>) -> Result<(), Refusal> {
    let (url, names) = (target.url(), plan.settings.protocol.dialect().names());
    let title = names.title;
    // What the server has to say next.
    let mut next = "answer to the request for a WebSocket";
    let failed = |error: std::io::Error, next: &str| match error.kind() {
        ErrorKind::Interrupted => Refusal::Interrupted,
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            Refusal::Server(format!("{url} does not speak {title}: no {next} for {PATIENCE:?}"))
        }
        kind => Refusal::Server(format!("{url} does not speak {title}: {kind}")),
    };

    let timing = &plan.timing;
    let (clients, seed) = (timing.clients, timing.seed);
    let (numbers, ids) = (Numbers::new(clients, seed), Names::new(clients, seed));
    // Shards call at the same time, and none may take the number or the account of another.
    let first = PhoneId(plan.shard.map_or(0, |shard| shard.number - 1));
    let probe = PhoneId(numbers.probe().0 + first.0);
    let session = ids.session(probe);
    let who = (probe, &session, &numbers);
    // There are no rooms yet.
    let partner = pool.get(first.partner()).map_or("", |partner| &partner.id);
    let accounts = (pool.get(first), OpenPage::Conversation(partner));
    let (clock, mut pen, mut out) = (Clock::start(), Pen::new(seed), Vec::new());
    let mut phone = call(plan, target, who, accounts, clock.now(), &mut pen, &mut out);
    let (mut buffer, mut halves) = (vec![0; 64 * 1024], Halves::default());
    loop {
        talk.write(&out).map_err(|error| failed(error, next))?;
        out.clear();
        let count = match talk.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::TimedOut && talk.is_over() => 0,
            read => read.map_err(|error| failed(error, next))?,
        };
        if talk.is_over() {
            // It may have sent without end, but never what is waited for.
            return Err(format!("{url} does not speak {title}: no {next} for {WHOLE:?}").into());
        }
        if count == 0 {
            return verdict(phone.hear_the_end(), target, title);
        }
        let mut input = &mut buffer[..count];
        while let Some(event) = phone.read(clock.now(), &mut input, &mut halves, &mut pen, &mut out)
        {
            match event {
                Event::Upgraded(_) if !phone.is_ready() => next = "first frame",
                Event::Greeted { first, .. } if !first.is_greeting() => {
                    let what = names.bad_greeting;
                    return Err(
                        format!("{url} does not speak {title}: its first frame {what}").into()
                    );
                }
                Event::Greeted { .. } | Event::Upgraded(_) => {
                    let now = clock.now();
                    phone.ping(now, now, &mut pen, &mut out);
                    next = "answer to a ping";
                }
                Event::Pong { .. } => {
                    phone.hang_up(&mut pen, &mut out);
                    next = "answer to a close frame";
                }
                Event::Said(_) => {}
                Event::Ended(ending) => return verdict(ending, target, title),
            }
        }
    }
}

fn verdict(ending: Ending, target: &Target, title: &str) -> Result<(), Refusal> {
    let (url, Target { authority, prefix, .. }) = (target.url(), target);
    let advice = match &ending {
        ending if ending.is_clean() => return Ok(()),
        // People copy addresses of other pages: `/health`, `/metrics`.
        Ending::Refused(404) if !prefix.is_empty() => {
            format!(" for {prefix}/ws: leave {prefix} out: ws://{authority}")
        }
        _ => String::new(),
    };
    Err(format!("{url} does not speak {title}: {ending}{advice}").into())
}
