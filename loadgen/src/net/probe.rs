//! [`probe`]: one phone that calls before all others, to see whether there is a server, and whether it
//! speaks the protocol. So the two most common mistakes are one clear line, and not a thousand failures.
//!
//! The phone is the same as in the run, but has a blocking socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use switchboard::timer::Moment;

use super::call::call;
use super::clock::Clock;
use crate::client::{Ending, Event, Pen};
use crate::plan::Plan;
use crate::target::Target;
use crate::workload::{Names, Numbers};

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls, waits for the greeting, pings, and hangs up.
///
/// # Errors
///
/// One sentence that says what the server does not do.
pub(crate) fn probe(plan: &Plan, target: &Target) -> Result<(), String> {
    let (url, names) = (target.url(), plan.settings.protocol.dialect().names());
    let title = names.title;
    let mut stream = TcpStream::connect_timeout(&target.address, PATIENCE)
        .map_err(|error| format!("cannot connect to {url}: {}", error.kind()))?;
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("{url} does not speak {title}: it says nothing for {PATIENCE:?}")
        }
        kind => format!("{url} does not speak {title}: {kind}"),
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;

    let timing = &plan.timing;
    let (clients, seed) = (timing.clients, timing.seed);
    let (numbers, ids) = (Numbers::new(clients, seed), Names::new(clients, seed));
    let session = ids.session(numbers.probe());
    let who = (numbers.probe(), &session, &numbers);
    let (clock, mut pen, mut out) = (Clock::start(), Pen::new(seed), Vec::new());
    let mut phone = call(plan, target, who, clock.now(), &mut pen, &mut out);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        stream.write_all(&out).map_err(failed)?;
        out.clear();
        let count = stream.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return verdict(phone.hear_the_end(), &url, title);
        }
        // A server may send without end, but never what is waited for.
        if clock.now().since(Moment::START) > 4 * PATIENCE {
            return Err(format!("{url} does not speak {title}: it answers no ping"));
        }
        let mut input = &mut buffer[..count];
        while let Some(event) = phone.read(clock.now(), &mut input, &mut pen, &mut out) {
            match event {
                Event::Upgraded(_) if !phone.is_ready() => {}
                Event::Greeted { first, .. } if !first.is_greeting() => {
                    let what = names.bad_greeting;
                    return Err(format!("{url} does not speak {title}: its first frame {what}"));
                }
                Event::Greeted { .. } | Event::Upgraded(_) => {
                    let now = clock.now();
                    phone.ping(now, now, &mut pen, &mut out);
                }
                Event::Pong { .. } => {
                    phone.hang_up(&mut pen, &mut out);
                }
                Event::Said(_) => {}
                Event::Ended(ending) => return verdict(ending, &url, title),
            }
        }
    }
}

fn verdict(ending: Ending, url: &str, title: &str) -> Result<(), String> {
    if ending.is_clean() { Ok(()) } else { Err(format!("{url} does not speak {title}: {ending}")) }
}
