//! [`write_bars`]: a histogram as text: how many values there are in steps of 1, 2, 5, 10.

use std::io::{self, Write};
use std::time::Duration;

use crate::record::Times;

/// The length of the longest bar, in characters.
const WIDTH: usize = 40;

/// Writes a line for each step between the shortest and the longest value; nothing if there are no values.
pub(super) fn write_bars(times: &Times, out: &mut impl Write) -> io::Result<()> {
    if times.count() == 0 {
        return Ok(());
    }
    let bars = bars(times);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    writeln!(out, "delivered within")?;
    let mut total = 0;
    for bar in bars {
        total += bar.count;
        let share = 100.0 * total as f64 / times.count() as f64;
        let line = draw(bar.count as f64 / most as f64);
        let count = bar.count;
        writeln!(out, "{:>10} ms {share:>8.3} %  {line} {count}", bar.up_to.as_secs_f64() * 1e3)?;
    }
    writeln!(out)
}

/// By step: how many values it has, above the step before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Bar {
    up_to: Duration,
    count: u64,
}

fn bars(times: &Times) -> Vec<Bar> {
    let mut bars: Vec<Bar> = steps().map(|up_to| Bar { up_to, count: 0 }).collect();
    for step in times.histogram().iter_recorded() {
        let time = Duration::from_nanos(step.value_iterated_to());
        let at = bars.partition_point(|bar| bar.up_to < time).min(bars.len() - 1);
        bars[at].count += step.count_at_value();
    }
    // Steps above the longest value and below the shortest one are left out.
    let last = bars.iter().rposition(|bar| bar.count > 0).unwrap_or(0);
    bars.truncate(last + 1);
    let first = bars.iter().position(|bar| bar.count > 0).unwrap_or(0);
    bars.split_off(first)
}

/// 10 µs, 20 µs, 50 µs, and so on up to more than an hour.
fn steps() -> impl Iterator<Item = Duration> {
    let decades = (0..9).map(|exponent| 10_u64.pow(exponent));
    decades.flat_map(|decade| [10, 20, 50].map(|step| Duration::from_micros(step * decade)))
}

/// A bar of eighths of a character. A value above zero is shown, however small it is.
pub(super) fn draw(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share * WIDTH as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_in_exactly_one_bar() {
        let mut times = Times::default();
        (1..=3000).for_each(|micros| times.add(Duration::from_micros(micros)));
        times.add(Duration::from_secs(7));
        let bars = bars(&times);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 3001);
        assert_eq!(bars[0].up_to, Duration::from_micros(10));
        let last = bars.last().expect("bars");
        assert_eq!((last.up_to, last.count), (Duration::from_secs(10), 1));
    }

    #[test]
    fn what_took_longer_than_can_be_told_apart_has_a_bar_too() {
        let mut times = Times::default();
        times.add(Duration::MAX);
        times.add(Duration::ZERO);
        let bars = bars(&times);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 2);
        let mut out = Vec::new();
        write_bars(&times, &mut out).expect("memory takes it");
        assert!(String::from_utf8(out).expect("UTF-8").contains("100.000 %"));
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_vanishes() {
        assert_eq!(draw(0.0), "");
        assert_eq!(draw(0.000_001), "▏");
        assert_eq!(draw(1.0), "█".repeat(WIDTH));
    }
}
