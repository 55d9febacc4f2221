//! The plan: the same from the same seed, evenly spread, and neither early nor late.

use super::*;

const GRAIN: Duration = Duration::from_micros(500);

fn timing() -> Timing {
    let (ramp, duration) = (Duration::from_secs(2), Duration::from_secs(10));
    Timing::of(Stage::ramp_and_hold(100, ramp, duration, 250.0), Arrivals::Constant, GRAIN, 7)
}

fn random() -> Timing {
    Timing { arrivals: Arrivals::Exponential, ..timing() }
}

fn sends(timing: &Timing) -> Vec<Moment> {
    Sends::new(timing).collect()
}

fn stages(flags: &[&str]) -> Timing {
    let flags: Vec<_> = flags.iter().map(|flag| flag.parse().expect("a stage")).collect();
    Timing::of(Stage::from_flags(&flags, 100.0), Arrivals::Constant, GRAIN, 1)
}

fn second(seconds: u64) -> Moment {
    Moment::START + Duration::from_secs(seconds)
}

#[test]
fn the_same_seed_makes_the_same_plan_and_another_one_another() {
    assert_eq!(sends(&random()), sends(&random()));
    assert_ne!(sends(&random()), sends(&Timing { seed: 8, ..random() }));
}

#[test]
fn phones_connect_evenly_over_the_ramp() {
    let steps: Vec<_> = Steps::new(timing().stages).collect();
    assert_eq!(steps.len(), 100);
    assert_eq!(steps[0], Step { phone: PhoneId(0), at: second(0), comes: true });
    assert_eq!(steps[50], Step { phone: PhoneId(50), at: second(1), comes: true });
    assert!(steps.iter().all(|step| step.at < timing().messages_begin()));
    let at_once = Stage::ramp_and_hold(100, Duration::ZERO, Duration::from_secs(1), 1.0);
    assert!(Steps::new(at_once).all(|step| step.at == Moment::START));
}

#[test]
fn messages_keep_the_rate_and_stay_between_the_ramp_and_the_end() {
    for (timing, tolerance) in [(timing(), 0), (random(), 200)] {
        let sends = sends(&timing);
        assert!(sends.len().abs_diff(2500) <= tolerance, "{} messages", sends.len());
        assert!(sends.is_sorted());
        let planned = timing.messages_begin()..timing.messages_end();
        assert!(sends.iter().all(|at| planned.contains(at)));
    }
}

#[test]
fn messages_that_are_due_within_one_grain_are_due_together() {
    let timing = Timing { grain: Duration::from_millis(100), ..timing() };
    let sends = sends(&timing);
    assert_eq!(sends.len(), 2500);
    assert!(sends.iter().all(|at| at.as_nanos() % 100_000_000 == 0));
    assert!(sends.chunks(25).all(|grain| grain.iter().all(|at| *at == grain[0])));
}

#[test]
fn a_grain_that_does_not_divide_the_ramp_makes_no_message_due_in_it() {
    let timing = Timing { grain: Duration::from_millis(1500), ..timing() };
    let sends = sends(&timing);
    assert_eq!((sends.len(), sends[0]), (2500, timing.messages_begin()));
    assert!(sends.is_sorted());
}

#[test]
fn no_rate_means_no_messages() {
    let silent = Stage::ramp_and_hold(9, Duration::from_secs(1), Duration::from_secs(3), 0.0);
    for arrivals in [Arrivals::Constant, Arrivals::Exponential] {
        let timing = Timing::of(silent.clone(), arrivals, GRAIN, 1);
        assert!(sends(&timing).is_empty());
        assert_eq!((timing.messages_begin(), timing.messages_end()), (second(1), second(4)));
    }
}

#[test]
fn phones_come_and_go_in_stages_and_who_came_last_goes_first() {
    let timing = stages(&["10s:10", "5s:10", "4s:8", "1s:9"]);
    assert_eq!((timing.clients, timing.ramp), (10, Duration::from_secs(10)));
    let steps: Vec<_> = Steps::new(timing.stages).skip(10).collect();
    let step = |phone, at, comes| Step { phone: PhoneId(phone), at: second(at), comes };
    assert_eq!(steps, [step(9, 15, false), step(8, 17, false), step(8, 19, true)]);
}

#[test]
fn the_rate_rises_and_falls_in_straight_lines() {
    let timing = stages(&["0s:2", "10s:2:0", "10s:2:100", "0s:2:300", "10s:2:100"]);
    let sends = sends(&timing);
    let between = |from, to| {
        let time = second(from)..second(to);
        sends.iter().filter(|at| time.contains(at)).count()
    };
    assert_eq!(between(0, 10), 0);
    // 5, 15, 25 … 95, each to one message: no message is due in the first half of an interval.
    for (from, count) in [(10, 5), (14, 45), (19, 95), (20, 290), (25, 190), (29, 110)] {
        assert!(
            between(from, from + 1).abs_diff(count) <= 1,
            "{from}: {}",
            between(from, from + 1)
        );
    }
    assert_eq!((sends.len(), timing.rate), (2500, 300.0));
}

#[test]
fn nothing_is_handed_out_before_it_is_due_and_everything_after() {
    let mut schedule = Schedule::new(&timing(), true);
    let first = schedule.next_step(Moment::START);
    assert_eq!(first.map(|step| step.phone), Some(PhoneId(0)));
    assert_eq!(schedule.next_step(Moment::START), None);
    assert_eq!(schedule.next_send(timing().messages_begin()), None);
    assert_eq!(schedule.next_deadline(), Some(Moment::START + Duration::from_millis(20)));
    let end = timing().messages_end();
    while schedule.next_step(end).is_some() {}
    assert!(schedule.has_taken_all_steps());
    while schedule.next_send(end).is_some() {}
    assert_eq!(schedule.next_deadline(), None);
    assert_eq!(Schedule::new(&timing(), false).next_send(end), None);
}
