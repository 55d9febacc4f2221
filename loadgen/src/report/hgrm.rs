//! [`write_hgrm`]: a histogram in the text format that HdrHistogram prints in Java, and that the usual
//! plotters read: its percentile distribution. Values are milliseconds.

use std::io::{self, Write};

use crate::record::Times;

/// Nanoseconds in a millisecond.
const MILLISECOND: f64 = 1e6;
/// Lines for each halving of the distance to 100 %, as in the original.
const TICKS: u32 = 5;

/// Writes the distribution.
pub(super) fn write_hgrm(times: &Times, out: &mut impl Write) -> io::Result<()> {
    let histogram = times.histogram();
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS) {
        total += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64 / MILLISECOND;
        let share = step.quantile_iterated_to();
        write!(out, "{value:>12.3} {share:2.12} {total:>10}")?;
        // The last column of the longest value would be infinite, and is left out.
        match share < 1.0 {
            true => writeln!(out, " {:>14.2}", 1.0 / (1.0 - share))?,
            false => writeln!(out)?,
        }
    }
    writeln!(
        out,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]",
        histogram.mean() / MILLISECOND,
        histogram.stdev() / MILLISECOND
    )?;
    let max = histogram.max() as f64 / MILLISECOND;
    writeln!(out, "#[Max     = {max:>12.3}, Total count    = {:>12}]", histogram.len())?;
    let (buckets, sub_buckets) = sizes(histogram.high());
    writeln!(out, "#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]")
}

/// How HdrHistogram in Java would divide this range with three digits. The footer says so; readers skip it.
fn sizes(longest: u64) -> (u32, u64) {
    const SUB_BUCKETS: u64 = 2048;
    let mut buckets = 1;
    let mut reach = SUB_BUCKETS;
    while reach <= longest {
        reach = reach.saturating_mul(2);
        buckets += 1;
    }
    (buckets, SUB_BUCKETS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn written(times: &Times) -> String {
        let mut out = Vec::new();
        write_hgrm(times, &mut out).expect("memory takes it");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_distribution_has_the_columns_and_the_footer_that_plotters_expect() {
        let mut times = Times::default();
        (1..=1000).for_each(|micros| times.add(Duration::from_micros(micros)));
        let text = written(&times);
        let mut lines = text.lines();
        let head = "       Value     Percentile TotalCount 1/(1-Percentile)";
        assert_eq!((lines.next(), lines.next()), (Some(head), Some("")));
        let rows: Vec<Vec<f64>> = lines
            .clone()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                line.split_whitespace().map(|cell| cell.parse().expect("a number")).collect()
            })
            .collect();
        let (last, others) = rows.split_last().expect("rows");
        assert!(others.iter().all(|row| row.len() == 4 && row[1] < 1.0), "{text}");
        assert_eq!((last.len(), last[1], last[2]), (3, 1.0, 1000.0));
        assert!(rows.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]));
        let median = rows.iter().find(|row| row[1] >= 0.5).expect("a median");
        assert!((median[0] - 0.5).abs() < 0.001 && median[3] >= 2.0, "{median:?}");
        let footer: Vec<&str> = lines.filter(|line| line.starts_with("#[")).collect();
        assert_eq!(footer[0], "#[Mean    =        0.501, StdDeviation   =        0.289]");
        assert_eq!(footer[1], "#[Max     =        1.000, Total count    =         1000]");
        assert!(footer[2].starts_with("#[Buckets ="));
    }

    #[test]
    fn nothing_measured_is_a_distribution_of_nothing() {
        let text = written(&Times::default());
        assert!(text.contains("Total count    =            0]") && !text.contains("NaN"), "{text}");
    }
}
