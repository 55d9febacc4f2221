//! Tells differences from noise. The runs are made up, with a p99 each.

use std::collections::BTreeMap;

use super::*;

fn runs(p99_ms: &[u64]) -> Vec<Figures> {
    let run = |&p99: &u64| {
        let times = Quantiles { count: 500, p99: Some(p99 * 1_000_000), ..Quantiles::default() };
        Figures {
            verdict: "good".to_owned(),
            exit_code: 0,
            sent: 500,
            delivered: 500,
            lost: 0,
            stale_views: p99,
            unnoticed: 2 * p99,
            too_early: 0,
            unmet: Vec::new(),
            delivered_per_second: p99 as f64,
            server_cpu_seconds_per_message: None,
            server_rss_bytes_per_connection: Some(1000.0),
            times: BTreeMap::from([("delivery".to_owned(), times)]),
            histograms: BTreeMap::new(),
        }
    };
    p99_ms.iter().map(run).collect()
}

fn judged(before: &[u64], after: &[u64], name: &str) -> Judgement {
    let rows = rows(&runs(before), &runs(after));
    rows.iter().find(|row| row.name == name).expect("a row").judge()
}

#[test]
fn ranges_that_overlap_are_noise_and_others_are_not() {
    let p99 = "delivery p99, ms";
    assert_eq!(judged(&[10, 14, 12], &[13, 16, 15], p99), Judgement::Noise);
    assert_eq!(judged(&[10, 14, 12], &[14, 16, 15], p99), Judgement::Noise, "they touch");
    assert_eq!(judged(&[10, 14, 12], &[15, 16, 17], p99), Judgement::Worse);
    assert_eq!(judged(&[15, 16, 17], &[10, 14, 12], p99), Judgement::Better);
    assert_eq!(judged(&[10, 11], &[12, 13], "delivered, /s"), Judgement::Better, "more is better");
    assert_eq!(judged(&[1, 2], &[3, 4], "stale views"), Judgement::Worse);
    assert_eq!(judged(&[3, 4], &[1, 2], "silent phones unnoticed"), Judgement::Better);
}

#[test]
fn a_single_run_proves_nothing() {
    assert_eq!(judged(&[10], &[99, 98], "delivery p99, ms"), Judgement::Unknown);
}

#[test]
fn what_one_side_has_not_measured_or_too_seldom_is_not_compared() {
    let rows = rows(&runs(&[1, 2]), &runs(&[1, 2]));
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert!(!names.contains(&"server CPU a message, µs"), "{names:?}");
    assert!(!names.contains(&"delivery p99.9, ms"), "500 messages have none: {names:?}");
    assert!(names.contains(&"server memory a connection, kB"), "{names:?}");
}

#[test]
fn the_change_is_that_of_the_medians() {
    let rows = rows(&runs(&[10, 20, 90]), &runs(&[25, 25, 25]));
    let row = rows.iter().find(|row| row.name == "delivery p99, ms").expect("a row");
    assert_eq!((row.before.median, row.change()), (20.0, Some(25.0)));
    assert!(rows.iter().all(|row| row.name != "lost"), "nothing was, on either side");
}

#[test]
fn the_chance_of_a_false_alarm_is_counted_out() {
    assert!((chance(3, 3) - 0.1).abs() < 1e-12);
    assert!((chance(5, 5) - 2.0 / 252.0).abs() < 1e-12);
}
