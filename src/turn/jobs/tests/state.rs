//! What an operator is told of the store: the pages `/ready`, `/health` and `/metrics`. The store is the test
//! itself, and says in its reports how it is.

use super::*;
use crate::chat::account::{Commit, StoreReport};

/// Asks for one of the server's own pages, and returns the status and what follows.
fn page(world: &mut World, path: &str) -> (u16, String) {
    let id = world.newcomer();
    world.say(id, format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    world.settle();
    let words = world.take_words(id);
    let status = words.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), words)
}

/// A report has come.
fn report(world: &mut World, report: StoreReport) {
    world.done(Ticket::NEWS.0, Ok(Output::Report(report)));
    world.settle();
}

fn with_trouble(trouble: Option<Failure>) -> StoreReport {
    StoreReport { trouble, ..StoreReport::default() }
}

/// The states of the StateSet that are 1.
fn states(metrics: &str) -> Vec<&str> {
    let series = metrics.lines().filter_map(|line| line.strip_prefix("switchboard_store_state{"));
    let series: Vec<&str> = series.collect();
    assert_eq!(series.len(), 5, "each state has its series: {series:?}");
    series.iter().filter(|line| line.ends_with(" 1")).filter_map(|s| s.split('"').nth(1)).collect()
}

#[test]
fn a_store_that_does_not_write_is_not_ready_says_why_and_is_ready_when_it_has_healed() {
    let mut world = World::with_accounts(Limits::default(), users());
    let troubles =
        [(Failure::Full, "full"), (Failure::ReadOnly, "read-only"), (Failure::Io, "failed")];
    for (failure, word) in troubles {
        report(&mut world, with_trouble(Some(failure)));
        let (status, ready) = page(&mut world, "/ready");
        let fields = [r#""status":"store""#.to_owned(), format!(r#""store":"{word}""#)];
        assert_eq!(status, 503);
        assert!(fields.iter().all(|field| ready.contains(field)), "{ready}");
        let (status, health) = page(&mut world, "/health");
        assert!(status == 200 && health.contains(&fields[1]), "the loop is well: {health}");
        assert_eq!(states(&page(&mut world, "/metrics").1), [word]);
        report(&mut world, with_trouble(None));
        let (status, ready) = page(&mut world, "/ready");
        assert!(status == 200 && ready.contains(r#""store":"ok""#), "{ready}");
    }
}

#[test]
fn a_store_whose_oldest_job_has_waited_for_a_second_is_slow_and_a_turn_runs_to_say_so() {
    let (mut world, _) = world_that_waits(Limits::default(), 1);
    let second = Duration::from_secs(1);
    assert_eq!(world.wait(), Some(second), "no event comes at that moment");
    world.pass(second - Duration::from_millis(1));
    assert_eq!(world.turn.store_state(), Some(crate::turn::StoreState::Ok));
    world.pass(Duration::from_millis(1));
    assert_eq!(world.turn.store_state(), Some(crate::turn::StoreState::Slow));
    assert!(world.wait() > Some(second), "from then on the loop sleeps as before");
    let (status, health) = page(&mut world, "/health");
    assert!(status == 200 && health.contains(r#""store":"slow""#), "{health}");
    let (status, ready) = page(&mut world, "/ready");
    assert!(status == 200 && ready.contains(r#""store":"slow""#), "{ready}");
    world.pass(second);
    let metrics = page(&mut world, "/metrics").1;
    assert_eq!(states(&metrics), ["slow"]);
    assert!(metrics.contains("\nswitchboard_store_jobs_waiting 1\n"));
    assert!(metrics.contains("\nswitchboard_store_oldest_job_seconds 2\n"));
    world.done(0, found(1));
    world.settle();
    let metrics = page(&mut world, "/metrics").1;
    assert_eq!(states(&metrics), ["ok"]);
    assert!(metrics.contains("\nswitchboard_store_jobs_waiting 0\n"));
}

#[test]
fn the_figures_of_the_store_come_with_its_results_and_reports() {
    let (mut world, _) = world_that_waits(Limits::default(), 4);
    let commit = |jobs, millis| Some(Commit { jobs, time: Duration::from_millis(millis) });
    let sizes = StoreReport { database_bytes: 8_192, log_bytes: 4_152, ..StoreReport::default() };
    world.done(0, found(1));
    world.done(1, found(2));
    report(&mut world, StoreReport { commit: commit(2, 3), ..sizes });
    world.done(2, found(3));
    report(&mut world, StoreReport { commit: commit(1, 40), ..sizes });
    world.done(3, Err(Failure::ReadOnly));
    report(&mut world, StoreReport { trouble: Some(Failure::ReadOnly), ..sizes });
    let metrics = page(&mut world, "/metrics").1;
    for line in [
        r#"switchboard_store_bytes{file="database"} 8192"#,
        r#"switchboard_store_bytes{file="log"} 4152"#,
        "switchboard_store_jobs_total 4",
        r#"switchboard_store_jobs_failed_total{reason="full"} 0"#,
        r#"switchboard_store_jobs_failed_total{reason="read-only"} 1"#,
        r#"switchboard_store_jobs_failed_total{reason="failed"} 0"#,
        "switchboard_store_jobs_committed_total 3",
        r#"switchboard_store_commit_seconds_bucket{le="0.005"} 1"#,
        r#"switchboard_store_commit_seconds_bucket{le="+Inf"} 2"#,
        "switchboard_store_commit_seconds_sum 0.043",
        "switchboard_store_commit_seconds_count 2",
    ] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{line} is not in {metrics}");
    }
}

#[test]
fn a_server_without_accounts_says_nothing_of_a_store() {
    let mut world = World::new(Limits::default());
    for path in ["/ready", "/health"] {
        assert!(!page(&mut world, path).1.contains("store"), "{path}");
    }
    assert!(!page(&mut world, "/metrics").1.contains("switchboard_store_"));
}
