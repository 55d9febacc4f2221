//! The scenes: what is done to a server with N connections, and what is measured. Each runs in its own
//! process, so that it does not reuse memory that another scene has left.

use std::fs;
use std::time::Duration;

use switchboard::turn::{Budgets, Limits, PresenceLimits};

use crate::crowd::{AT_ONCE, Crowd, Effort};
use crate::words::{
    authenticate, delta_please, message, ping, session_message, upgrade, upgrade_session,
};

/// A result: a name with its unit, and the value.
pub(crate) type Figure = (&'static str, f64);

/// A function that measures a server with this number of connections.
type Scene = fn(usize) -> Vec<Figure>;

/// The scenes by their names.
pub(crate) const SCENES: [(&str, Scene); 3] =
    [("mobile", mobile), ("session", session), ("presence", presence)];

/// The least number of operations over which a cost is averaged.
const OPERATIONS: usize = 100_000;

/// The size of a small circle in a large crowd. Messages within it should cost as much as without the
/// crowd, because the same data is in the processor's cache.
const CIRCLE: usize = 1_000;

/// How many people watch all others come and go, with `presence=full`.
const WATCHERS: usize = 1_000;

/// The mobile realm without presence.
fn mobile(people: usize) -> Vec<Figure> {
    let mut crowd = Crowd::new(limits(people), people);
    let empty = resident_bytes();
    let joined = crowd.measure(|crowd| crowd.arrive(people, |who, out| upgrade(who, "none", out)));
    let full = resident_bytes();
    assert_eq!(crowd.turn.websockets(), people, "everybody is in");

    let [messages, circle] = messages(&mut crowd, people, message);
    let rounds = OPERATIONS.div_ceil(people);
    let pings = crowd.measure(|crowd| {
        for _ in 0..rounds {
            crowd.each_says(shuffled(people), |_, out| ping(out));
        }
    });
    // From now on no client sends anything.
    let swept = crowd.measure(|crowd| {
        crowd.pass(Duration::from_secs(600), |crowd| crowd.hall.closed == people);
    });
    assert_eq!(crowd.turn.connections(), 0, "everybody was removed");
    let left = resident_bytes();
    vec![
        ("memory a connection [bytes]", (full - empty) / people as f64),
        ("kept when all have gone [bytes]", (left - empty) / people as f64),
        ("join [µs]", joined.micros_each(people)),
        ("message [µs]", messages.micros_each(OPERATIONS)),
        ("message among 1,000 of them [µs]", circle.micros_each(OPERATIONS)),
        ("ping [µs]", pings.micros_each(rounds * people)),
        ("removal of a silent one [µs]", swept.micros_each(people)),
        ("longest turn, joining [ms]", joined.longest_ms()),
        ("longest turn, pings [ms]", pings.longest_ms()),
        ("longest turn, removal [ms]", swept.longest_ms()),
    ]
}

/// The same for the messenger realm, where people have ids, and hear what became of their messages.
fn session(people: usize) -> Vec<Figure> {
    let mut crowd = Crowd::new(limits(people), people);
    let empty = resident_bytes();
    let joined = crowd.measure(|crowd| {
        crowd.arrive(people, |who, out| {
            // No client waits for the answer to its upgrade before it signs in.
            upgrade_session(out);
            authenticate(who, out);
        });
    });
    let full = resident_bytes();
    assert_eq!(crowd.turn.websockets(), people, "everybody is in");
    let [messages, circle] = messages(&mut crowd, people, session_message);
    vec![
        ("memory a session [bytes]", (full - empty) / people as f64),
        ("session, join [µs]", joined.micros_each(people)),
        ("session, message [µs]", messages.micros_each(OPERATIONS)),
        ("session, message among 1,000 of them [µs]", circle.micros_each(OPERATIONS)),
        ("session, longest turn, joining [ms]", joined.longest_ms()),
    ]
}

/// The cost of presence.
fn presence(people: usize) -> Vec<Figure> {
    let mut figures = full_lists(people);
    figures.extend(deltas(people));
    figures
}

/// Some clients want the whole list after every change.
fn full_lists(people: usize) -> Vec<Figure> {
    const NEWCOMERS: usize = 20;
    const CHANGES: usize = 10;
    let watchers = WATCHERS.min(people / 2);
    let mut crowd = Crowd::new(limits(people), people + NEWCOMERS + CHANGES);
    crowd.arrive(people - watchers, |who, out| upgrade(who, "none", out));
    crowd.arrive(watchers, |who, out| upgrade(who, "full", out));
    crowd.pass(Duration::from_secs(1), |_| false);

    // One client at a time, so that each is a change of its own, and gets its own list.
    let newcomers = crowd.measure(|crowd| {
        for _ in 0..NEWCOMERS {
            crowd.arrive(1, |who, out| upgrade(who, "full", out));
        }
    });
    crowd.pass(Duration::from_secs(1), |_| false);
    let paced = crowd.measure(|crowd| {
        for _ in 0..CHANGES {
            crowd.arrive(1, |who, out| upgrade(who, "none", out));
            crowd.pass(Duration::from_millis(100), |_| false);
        }
    });
    vec![
        ("join with a list [µs]", newcomers.micros_each(NEWCOMERS)),
        ("lists for 1,000, a second with 10 changes [ms]", paced.cpu.as_secs_f64() * 1e3),
        ("the same [MB sent]", paced.written as f64 / 1e6),
        ("longest turn, lists [ms]", paced.longest_ms()),
    ]
}

/// All clients want deltas.
fn deltas(people: usize) -> Vec<Figure> {
    const HOUR: Duration = Duration::from_secs(3600);
    // Before the first delta each client needs a list. Those are not measured, and the budget must not
    // delay them.
    let endless =
        Budgets { list_bytes: usize::MAX, write_bytes: u64::MAX / 2, ..Budgets::default() };
    let rate = PresenceLimits { bytes_per_second: 1 << 60, ..PresenceLimits::default() };
    let limits = Limits { budgets: endless, presence: rate, ping_timeout: HOUR, ..limits(people) };
    let mut crowd = Crowd::new(limits, people + 1);
    crowd.arrive(people, |who, out| upgrade(who, "none", out));
    crowd.each_says(0..people, |_, out| delta_please(out));
    crowd.pass(Duration::from_secs(100), |_| false);

    let told = crowd.turn.counters().deltas;
    let all_told = told + people as u64;
    let one = crowd.measure(|crowd| {
        crowd.arrive(1, |who, out| upgrade(who, "none", out));
        crowd.pass(Duration::from_secs(200), |crowd| crowd.turn.counters().deltas == all_told);
    });
    assert_eq!(crowd.turn.counters().deltas, all_told, "everybody was told once");

    // After half an hour every second client sends something. After another half hour the others are
    // removed.
    crowd.pass(HOUR / 2, |_| false);
    crowd.each_says((0..people).step_by(2), |_, out| ping(out));
    let exodus = crowd.measure(|crowd| {
        crowd.pass(HOUR * 3 / 4, |_| false);
    });
    assert_eq!(crowd.turn.websockets(), people.div_ceil(2), "half of them are left");
    vec![
        ("delta, for each who gets it [µs]", one.micros_each(people)),
        ("longest turn, delta [ms]", one.longest_ms()),
        ("half leave: for each who leaves [µs]", exodus.micros_each(people / 2)),
        ("longest turn, half leave [ms]", exodus.longest_ms()),
    ]
}

/// The cost of messages between any two people, and between any two of a small circle.
fn messages(crowd: &mut Crowd, people: usize, words: fn(usize, &mut Vec<u8>)) -> [Effort; 2] {
    let efforts = [people, CIRCLE.min(people)].map(|circle| {
        write(crowd, circle, words);
        crowd.measure(|crowd| write(crowd, circle, words))
    });
    assert_eq!(crowd.turn.books().delivered, 4 * OPERATIONS as u64, "every message arrives");
    efforts
}

/// Sends messages between random people of a circle.
fn write(crowd: &mut Crowd, circle: usize, words: fn(usize, &mut Vec<u8>)) {
    let mut left = OPERATIONS;
    while left > 0 {
        let received = crowd.turn.books().received;
        let speakers: Vec<usize> =
            (0..left.min(AT_ONCE)).map(|_| fastrand::usize(..circle)).collect();
        crowd.each_says(speakers, |_, out| words(fastrand::usize(..circle), out));
        // A client that is drawn twice sends once.
        let said = crowd.turn.books().received - received;
        left -= usize::try_from(said).expect("as many as spoke");
    }
}

/// All people, in random order.
fn shuffled(people: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..people).collect();
    fastrand::shuffle(&mut order);
    order
}

/// The server's default limits, with room for `people` connections.
fn limits(people: usize) -> Limits {
    Limits { max_connections: people + WATCHERS, ..Limits::default() }
}

/// The memory of this process, in bytes (proc(5): smaps_rollup, which counts page by page).
fn resident_bytes() -> f64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").expect("this is Linux");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.expect("smaps_rollup has a line for Rss") * 1024.0
}
