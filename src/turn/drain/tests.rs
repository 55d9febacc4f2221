//! The pace of a drain, and when the clients are asked to come back.

use std::time::Duration;

use crate::limiter::Rate;
use crate::turn::Limits;
use crate::turn::fake_sockets::{World, message};

const SECOND: Duration = Duration::from_secs(1);

/// When a client was told to leave, and when it is to come back, since the drain began.
#[derive(Clone, Copy, Debug)]
struct Goodbye {
    told: Duration,
    returns: Duration,
}

/// Drains a world of this many phones, whose clients close at once. Returns the goodbyes in the order of the phones.
fn goodbyes(count: u32, limits: Limits) -> Vec<Goodbye> {
    let until = limits.drain_timeout;
    let mut world = World::new(limits);
    let phones = world.phones(count);
    world.turn.drain(world.now());
    let mut goodbyes = vec![None; phones.len()];
    while !world.turn.is_drained() {
        world.settle();
        for (id, goodbye) in phones.iter().zip(&mut goodbyes) {
            if goodbye.is_none() && world.has_words(*id) {
                let words = world.take_words(*id);
                let (_, millis) = words.rsplit_once(" retry_after_ms=").expect(&words);
                let wait = Duration::from_millis(millis.parse().expect("a number"));
                *goodbye = Some(Goodbye { told: world.time, returns: world.time + wait });
                world.hang_up(*id);
            }
        }
        world.settle();
        assert!(world.time < until, "the drain does not end by itself");
        let wait = world.wait().unwrap_or(until);
        world.time += wait.max(Duration::from_millis(1));
    }
    goodbyes.into_iter().map(|goodbye| goodbye.expect("everybody is told")).collect()
}

fn paced(rate: Rate) -> Limits {
    Limits { drain_rate: rate, ..Limits::default() }
}

/// Asserts that the clients come back one after the other: in the whole window, and never many at once.
fn assert_spread(goodbyes: &[Goodbye], window: Duration) {
    let mut returns: Vec<Duration> = goodbyes.iter().map(|goodbye| goodbye.returns).collect();
    returns.sort_unstable();
    let last_told = goodbyes.iter().map(|goodbye| goodbye.told).max().expect("some");
    let first = returns[0];
    assert!(first >= last_told + SECOND, "{first:?} is too early, for {last_told:?}");
    let mean = window / u32::try_from(returns.len()).expect("a few");
    for (place, time) in (0..).zip(&returns) {
        let due = first + mean * place;
        // The slices are not told in the same millisecond, and the parts are not all equal.
        let error = time.abs_diff(due);
        assert!(error < window / 20, "number {place} comes back {error:?} away from its place");
    }
}

#[test]
fn without_a_rate_all_are_told_at_once_and_come_back_at_500_a_second() {
    let goodbyes = goodbyes(1_000, Limits::default());
    let first = goodbyes.iter().map(|goodbye| goodbye.returns).min().expect("some");
    assert!(first >= SECOND * 2, "a thousand clients keep a drain busy for longer than one");
    assert!(goodbyes.iter().all(|goodbye| goodbye.told < SECOND / 10), "four slices");
    assert_spread(&goodbyes, SECOND * 2);
}

#[test]
fn clients_are_told_and_come_back_at_the_operators_rate() {
    let goodbyes = goodbyes(100, paced(Rate::per_second(20, 1)));
    for second in 1..5 {
        let told = goodbyes.iter().filter(|goodbye| goodbye.told < SECOND * second).count();
        let due = 20 * second as usize;
        assert!((due - 1..=due + 1).contains(&told), "{told} in {second} seconds");
    }
    assert_spread(&goodbyes, SECOND * 5);
}

#[test]
fn all_are_told_in_time_for_their_closing_handshakes_however_slow_the_rate() {
    let limits = paced(Rate::new(1, SECOND * 10, 1));
    let in_time = limits.drain_timeout - limits.close_timeout;
    let goodbyes = goodbyes(60, limits);
    let last = goodbyes.iter().map(|goodbye| goodbye.told).max().expect("some");
    assert!(last > in_time * 9 / 10 && last <= in_time, "the last one was told after {last:?}");
    // They come back at the rate that was asked for, but nobody stays away for more than five minutes.
    assert_spread(&goodbyes, SECOND * 300);
}

#[test]
fn who_is_not_told_yet_goes_on_chatting() {
    let mut world = World::new(paced(Rate::new(1, SECOND * 10, 1)));
    let phones = world.phones(3);
    world.turn.drain(world.now());
    world.settle();
    assert!(world.take_words(phones[0]).contains("shutting down"));
    world.say(phones[1], message(2, "still there?"));
    world.settle();
    assert!(world.take_words(phones[2]).contains("still there?"));
}
