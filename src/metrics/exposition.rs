//! [`Exposition`]: one page of metrics in the Prometheus text format, version 0.0.4.
//!
//! A *family* is one metric name with its help, its type and one or more samples; a *sample* is one
//! line with a value. A family is written as a whole, so that its head can stand only once. Names are
//! ours, and checked in debug builds; texts may be anything. Knows nothing of what is counted.

use std::fmt::Write as _;

use super::{Histogram, Number};

/// What to say in `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of metrics, written family by family.
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    page: String,
}

impl Exposition {
    /// An empty page.
    pub fn new() -> Self {
        Exposition::default()
    }

    /// Writes something that only grows. The name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Into<Number>) -> &mut Self {
        self.head(name, help, Kind::Counter);
        self.sample(name, &[], value.into());
        self
    }

    /// Writes something that only grows, by the values of one label.
    pub fn counter_by<'v, N: Into<Number>>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (&'v str, N)>,
    ) -> &mut Self {
        self.family_by(name, help, Kind::Counter, label, samples)
    }

    /// Writes something that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Into<Number>) -> &mut Self {
        self.head(name, help, Kind::Gauge);
        self.sample(name, &[], value.into());
        self
    }

    /// Writes what is as it is, by the values of one label.
    pub fn gauge_by<'v, N: Into<Number>>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (&'v str, N)>,
    ) -> &mut Self {
        self.family_by(name, help, Kind::Gauge, label, samples)
    }

    /// Writes durations by their size. The name ends in `_seconds`.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> &mut Self {
        self.head(name, help, Kind::Histogram);
        self.buckets(name, None, histogram);
        self
    }

    /// Writes durations by their size, and by the values of one label.
    pub fn histogram_by<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        histograms: impl IntoIterator<Item = (&'v str, &'v Histogram)>,
    ) -> &mut Self {
        debug_assert!(is_name(label) && label != "le", "a label named {label}");
        self.head(name, help, Kind::Histogram);
        for (value, histogram) in histograms {
            self.buckets(name, Some((label, value)), histogram);
        }
        self
    }

    /// The page.
    pub fn finish(self) -> String {
        self.page
    }

    fn buckets(&mut self, name: &str, label: Option<(&str, &str)>, histogram: &Histogram) {
        let labels: Vec<(&str, &str)> = label.into_iter().collect();
        let bucket = format!("{name}_bucket");
        let bounded = |page: &mut Self, bound: &str, count| {
            page.sample(&bucket, &[&labels[..], &[("le", bound)]].concat(), Number::Count(count));
        };
        for (bound, count) in histogram.cumulative() {
            bounded(self, &Number::Seconds(bound).to_string(), count);
        }
        let count = histogram.count();
        bounded(self, "+Inf", count);
        self.sample(&format!("{name}_sum"), &labels, Number::Seconds(histogram.sum()));
        self.sample(&format!("{name}_count"), &labels, Number::Count(count));
    }

    fn family_by<'v, N: Into<Number>>(
        &mut self,
        name: &str,
        help: &str,
        kind: Kind,
        label: &str,
        samples: impl IntoIterator<Item = (&'v str, N)>,
    ) -> &mut Self {
        debug_assert!(is_name(label) && !label.starts_with("__"), "a label named {label}");
        self.head(name, help, kind);
        for (value, number) in samples {
            self.sample(name, &[(label, value)], number.into());
        }
        self
    }

    fn head(&mut self, name: &str, help: &str, kind: Kind) {
        debug_assert!(is_name(name) && kind.suits(name), "a {} named {name}", kind.word());
        debug_assert!(!self.page.contains(&format!("# TYPE {name} ")), "{name} stands twice");
        self.page.push_str("# HELP ");
        self.page.push_str(name);
        self.page.push(' ');
        // A quotation mark is escaped in a label only: in a help text `\"` would be two characters.
        escape(help, &['\\', '\n'], &mut self.page);
        line(&mut self.page, format_args!("\n# TYPE {name} {}", kind.word()));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: Number) {
        self.page.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.page.push(if at == 0 { '{' } else { ',' });
            self.page.push_str(label);
            self.page.push_str("=\"");
            escape(text, &['\\', '\n', '"'], &mut self.page);
            self.page.push('"');
        }
        if !labels.is_empty() {
            self.page.push('}');
        }
        line(&mut self.page, format_args!(" {value}"));
    }
}

/// The type of a family.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }

    /// Whether a name says what it must (prometheus.io, "Metric and label naming"): counters end in
    /// `_total` and nothing else does, and ours measure no histogram but of times.
    fn suits(self, name: &str) -> bool {
        match self {
            Kind::Counter => name.ends_with("_total"),
            Kind::Gauge => !name.ends_with("_total"),
            Kind::Histogram => name.ends_with("_seconds"),
        }
    }
}

/// Letters, digits and underscores, and no digit first. The format permits colons in a metric's
/// name, but keeps them for rules of the operator's own.
fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a String takes whatever is written");
    page.push('\n');
}

fn escape(text: &str, special: &[char], page: &mut String) {
    for character in text.chars() {
        if special.contains(&character) {
            page.push('\\');
        }
        // A line break would end the sample: it is written as a letter.
        page.push(if character == '\n' { 'n' } else { character });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_small_page() {
        let mut latency = Histogram::new(&[100_000, 5_000_000, 1_000_000_000]);
        for micros in [50, 100, 4_000, 30_000_000] {
            latency.record(Duration::from_micros(micros));
        }
        let mut page = Exposition::new();
        page.counter("messages_received_total", "Messages taken from a socket.", 12_u64)
            .gauge("connections", "Connections now open.", 3_usize)
            .gauge("uptime_seconds", "Time since the start.", Duration::from_millis(1_500))
            .counter_by("refused_total", "Refusals.", "reason", [("full", 1_u64), ("slow", 0)])
            .histogram("turn_seconds", "Duration of a turn.", &latency);
        assert_eq!(
            page.finish(),
            "# HELP messages_received_total Messages taken from a socket.\n\
             # TYPE messages_received_total counter\n\
             messages_received_total 12\n\
             # HELP connections Connections now open.\n\
             # TYPE connections gauge\n\
             connections 3\n\
             # HELP uptime_seconds Time since the start.\n\
             # TYPE uptime_seconds gauge\n\
             uptime_seconds 1.5\n\
             # HELP refused_total Refusals.\n\
             # TYPE refused_total counter\n\
             refused_total{reason=\"full\"} 1\n\
             refused_total{reason=\"slow\"} 0\n\
             # HELP turn_seconds Duration of a turn.\n\
             # TYPE turn_seconds histogram\n\
             turn_seconds_bucket{le=\"0.0001\"} 2\n\
             turn_seconds_bucket{le=\"0.005\"} 3\n\
             turn_seconds_bucket{le=\"1\"} 3\n\
             turn_seconds_bucket{le=\"+Inf\"} 4\n\
             turn_seconds_sum 30.00415\n\
             turn_seconds_count 4\n"
        );
    }

    #[test]
    fn a_histogram_by_a_label_has_its_buckets_for_each_value() {
        let mut short = Histogram::new(&[1_000_000_000]);
        short.record(Duration::from_secs(1));
        let mut page = Exposition::new();
        let never = Histogram::new(&[1_000_000_000]);
        page.histogram_by("t_seconds", "T.", "phase", [("a", &short), ("b", &never)]);
        assert_eq!(
            page.finish(),
            "# HELP t_seconds T.\n\
             # TYPE t_seconds histogram\n\
             t_seconds_bucket{phase=\"a\",le=\"1\"} 1\n\
             t_seconds_bucket{phase=\"a\",le=\"+Inf\"} 1\n\
             t_seconds_sum{phase=\"a\"} 1\n\
             t_seconds_count{phase=\"a\"} 1\n\
             t_seconds_bucket{phase=\"b\",le=\"1\"} 0\n\
             t_seconds_bucket{phase=\"b\",le=\"+Inf\"} 0\n\
             t_seconds_sum{phase=\"b\"} 0\n\
             t_seconds_count{phase=\"b\"} 0\n"
        );
    }

    #[test]
    fn texts_are_escaped_where_they_would_end_the_line_or_the_label() {
        let mut page = Exposition::new();
        page.counter_by("g_total", "a \\ b\nc \"d\"", "l", [("a \\ b\nc \"d\"", 1_u64)]);
        assert_eq!(
            page.finish(),
            "# HELP g_total a \\\\ b\\nc \"d\"\n\
             # TYPE g_total counter\n\
             g_total{l=\"a \\\\ b\\nc \\\"d\\\"\"} 1\n"
        );
    }

    #[test]
    fn a_name_is_letters_digits_and_underscores() {
        for name in ["a", "_a", "A1_b"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1a", "a-b", "a:b", "a b", "ä"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_name_says_its_kind() {
        for (kind, right, wrong) in [
            (Kind::Counter, "errors_total", "errors"),
            (Kind::Gauge, "connections", "connections_total"),
            (Kind::Histogram, "turn_seconds", "turn_millis"),
        ] {
            assert!(kind.suits(right), "{right}");
            assert!(!kind.suits(wrong), "{wrong}");
        }
    }
}
