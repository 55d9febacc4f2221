//! [`Found`]: what `loadgen find` has come to, as text and as JSON. `html/found` has the page.

use std::io::{self, Write};

use serde::Serialize;

use super::bars::draw;
use super::heading::VERSION;
use super::quantiles::Quantiles;
use super::shape::{SCHEMA, Summary};
use super::text::ms;
use super::verdict::INVALID;
use crate::origin::Origin;
use crate::search::{self, Limit, Load};

/// One try of one load.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    pub(super) load: f64,
    pub(super) verdict: &'static str,
    pub(super) exit_code: u8,
    /// Delivery, corrected.
    pub(super) delivery_ns: Quantiles,
    pub(super) delivered_per_second: f64,
    /// What was wrong, one sentence each.
    pub(super) why: Vec<String>,
}

impl Trial {
    /// What a run with this load has come to.
    pub(crate) fn new(load: f64, summary: &Summary) -> Self {
        let why = match summary.exit_code {
            INVALID => &summary.invalid,
            3 => &summary.unmet,
            _ => &summary.failures,
        };
        Trial {
            load,
            verdict: summary.verdict,
            exit_code: summary.exit_code,
            delivery_ns: summary.delivery.corrected_ns,
            delivered_per_second: summary.messages.delivered_per_second,
            why: why.clone(),
        }
    }
}

/// A line of progress about a try, on stderr.
pub(crate) fn announce(trial: &Trial, unit: &str) {
    let Trial { load, verdict, delivery_ns, why, .. } = trial;
    let why = why.first().map_or(String::new(), |why| format!(": {why}"));
    let p99 = ms(delivery_ns.p99);
    // If stderr is closed, there is no other place to say so.
    let _ = writeln!(io::stderr(), "{load} {unit}: {verdict}, delivery p99 {p99} ms{why}");
}

/// What a search has come to.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    schema: u32,
    loadgen: &'static str,
    pub(super) origin: Origin,
    exit_code: u8,
    pub(super) find: Search,
}

/// The search itself.
#[derive(Debug, Serialize)]
pub(super) struct Search {
    /// `rate` or `clients`.
    of: &'static str,
    #[serde(skip)]
    pub(super) unit: &'static str,
    low: f64,
    high: f64,
    pub(super) expected: Vec<String>,
    /// The highest load that holds; `None` if the lowest one does not.
    pub(super) best: Option<f64>,
    /// The lowest load above it that does not; `None` if the highest one holds.
    above: Option<f64>,
    /// `server`, `loadgen` or `range`; `None` if the search is not finished.
    limit: Option<&'static str>,
    /// Why it is not finished; `None` if it is.
    ended: Option<String>,
    /// The result, in sentences.
    pub(super) told: Vec<String>,
    /// By load, from the lowest.
    pub(super) loads: Vec<Row>,
    /// In their order.
    pub(super) trials: Vec<Trial>,
}

/// All tries of one load.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) load: f64,
    pub(super) held: u32,
    pub(super) broke: u32,
    pub(super) invalid: u32,
    /// The medians of its tries.
    pub(super) p50_ns: Option<u64>,
    pub(super) p99_ns: Option<u64>,
}

impl Found {
    /// What the tries have come to.
    pub(crate) fn new(
        origin: Origin,
        (of, unit): (&'static str, &'static str),
        (low, high): (f64, f64),
        expected: Vec<String>,
        (found, loads): (search::Found, Vec<Load>),
        trials: Vec<Trial>,
    ) -> Self {
        let told = tell(&found, unit, (low, high), &trials);
        let worst = trials.iter().map(|trial| trial.exit_code).filter(|&code| code != 0).min();
        let exit_code = match (&found.best, found.limit) {
            (Some(_), _) => 0,
            (None, Limit::Generator) => INVALID,
            (None, Limit::Server | Limit::Range) => worst.unwrap_or(INVALID),
        };
        let rows = loads.iter().map(|load| Row::of(load, &trials)).collect();
        Found {
            schema: SCHEMA,
            loadgen: VERSION,
            origin,
            exit_code,
            find: Search {
                of,
                unit,
                low,
                high,
                expected,
                best: found.best.map(|best| best.load),
                above: found.above.map(|above| above.load),
                limit: Some(match found.limit {
                    Limit::Server => "server",
                    Limit::Generator => "loadgen",
                    Limit::Range => "range",
                }),
                ended: None,
                told,
                loads: rows,
                trials,
            },
        }
    }

    /// The same of a search that could not be finished, for this reason: what was found is only a beginning.
    pub(crate) fn unfinished(mut self, why: &str, exit_code: u8) -> Self {
        let find = &mut self.find;
        let so_far = |what: &str, load: Option<f64>| {
            load.map(|load| format!("{load} {} is the {what} so far", find.unit))
        };
        let highest = so_far("highest load that held", find.best);
        let lowest = so_far("lowest load that did not hold", find.above);
        let head = format!("the search is not finished: {why}");
        find.told = [Some(head), highest, lowest].into_iter().flatten().collect();
        find.limit = None;
        find.ended = Some(why.to_owned());
        self.exit_code = exit_code;
        self
    }

    /// 0 if a load holds; otherwise what a run of the lowest load ended with.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// The result, in sentences.
fn tell(
    found: &search::Found,
    unit: &str,
    (low, high): (f64, f64),
    trials: &[Trial],
) -> Vec<String> {
    let why = |load: &Load, is_asked_for: &dyn Fn(u8) -> bool| {
        let mut tries = trials.iter().filter(|trial| trial.load == load.load);
        let trial = tries.find(|trial| is_asked_for(trial.exit_code));
        trial.map_or_else(String::new, |trial| format!(": {}", trial.why.join("; ")))
    };
    let mut told = match &found.best {
        Some(best) => vec![
            format!(
                "{} {unit} is the highest load of {low} to {high} at which all holds",
                best.load
            ),
            format!("it held in {}", of_runs(best.held, best)),
        ],
        None => vec![format!("not even {low} {unit} holds")],
    };
    let above = found.above.as_ref();
    told.extend(above.map(|above| match above.is_decided() {
        true => format!("{} {unit} did not hold in {}", above.load, of_runs(above.broke, above)),
        false => format!("{} {unit}: all {} runs were invalid", above.load, above.invalid),
    }));
    told.push(match (found.limit, above) {
        (Limit::Server, Some(above)) => {
            format!("the server is the limit{}", why(above, &|code| code != 0 && code != INVALID))
        }
        (Limit::Generator, Some(above)) => {
            let why = why(above, &|code| code == INVALID);
            format!("loadgen or its machine is the limit, and not the server{why}")
        }
        (Limit::Range, _) | (_, None) => {
            "the range is the limit: the server may hold more".to_owned()
        }
    });
    told
}

/// This many of a load's runs. Invalid ones show nothing, and are named beside them.
fn of_runs(count: u32, load: &Load) -> String {
    let invalid = match load.invalid {
        0 => String::new(),
        invalid => format!("; {invalid} more invalid"),
    };
    format!("{count} of {} runs{invalid}", load.tries() - load.invalid)
}

impl Row {
    fn of(load: &Load, trials: &[Trial]) -> Self {
        let median = |of: fn(&Quantiles) -> Option<u64>| {
            // What an invalid run has measured is not the server's.
            let counts = |trial: &&Trial| trial.exit_code != INVALID || !load.is_decided();
            let tries = trials.iter().filter(|trial| trial.load == load.load).filter(counts);
            let mut values: Vec<u64> = tries.filter_map(|trial| of(&trial.delivery_ns)).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied()
        };
        let Load { load: of_load, held, broke, invalid } = *load;
        let (p50_ns, p99_ns) = (median(|times| times.p50), median(|times| times.p99));
        Row { load: of_load, held, broke, invalid, p50_ns, p99_ns }
    }

    /// Why it does not hold: the first sentence of the first run that shows it; empty if it holds.
    pub(super) fn why(&self, trials: &[Trial]) -> String {
        let shows = |trial: &&Trial| match self.word() {
            "breaks" => trial.exit_code != 0 && trial.exit_code != INVALID,
            "invalid" => trial.exit_code == INVALID,
            _ => false,
        };
        let mut tries = trials.iter().filter(|trial| trial.load == self.load);
        tries.find(shows).and_then(|trial| trial.why.first().cloned()).unwrap_or_default()
    }

    /// What most tries came to.
    pub(super) fn word(&self) -> &'static str {
        match () {
            () if self.held > self.broke => "holds",
            () if self.broke > 0 => "breaks",
            () => "invalid",
        }
    }
}

/// Writes the result and all loads. The bars are as long as the p99's place between the shortest and the longest one,
/// in ratios.
pub(super) fn write_found(found: &Found, out: &mut impl Write) -> io::Result<()> {
    let Found { origin, find, .. } = found;
    writeln!(out, "made         {} by loadgen {VERSION}", origin.date)?;
    writeln!(out, "             on {}", origin.machine())?;
    writeln!(out, "             {}", origin.command)?;
    writeln!(
        out,
        "\n{:>12} {:>10} {:>8} {:>10} {:>10}",
        find.unit, "held", "", "p50 ms", "p99 ms"
    )?;
    let p99s = || find.loads.iter().filter_map(|row| row.p99_ns).map(|nanos| nanos as f64);
    let (low, high) = (p99s().fold(f64::INFINITY, f64::min), p99s().fold(1.0, f64::max));
    for row in &find.loads {
        let Row { load, held, broke, p50_ns, p99_ns, .. } = row;
        let tries = held + broke;
        let share =
            p99_ns.map_or(0.0, |p99| (p99 as f64 / low * 1.2).ln() / (high / low * 1.2).ln());
        // Half as long as those of a histogram, so that 80 columns are enough.
        let (word, bar) = (row.word(), draw(share / 2.0));
        let (p50, p99, of) = (ms(*p50_ns), ms(*p99_ns), format!("{held} of {tries}"));
        writeln!(out, "{load:>12} {of:>10} {word:>8} {p50:>10} {p99:>10}  {bar}")?;
    }
    writeln!(out)?;
    for (at, line) in find.told.iter().enumerate() {
        let title = if at == 0 { "found" } else { "" };
        writeln!(out, "{title:<12} {line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(load: f64, exit_code: u8, p99_ms: u64) -> Trial {
        let delivery_ns =
            Quantiles { count: 9, p99: Some(p99_ms * 1_000_000), ..Quantiles::default() };
        let why = if exit_code == 0 { Vec::new() } else { vec![format!("because {exit_code}")] };
        Trial { load, verdict: "?", exit_code, delivery_ns, delivered_per_second: load, why }
    }

    fn found(best: Option<f64>, limit: Limit, trials: Vec<Trial>) -> Found {
        let load = |load, held, broke| Load { load, held, broke, invalid: 0 };
        let best = best.map(|best| load(best, 3, 0));
        let loads = best.into_iter().chain([load(200.0, 1, 2)]).collect();
        let above = (limit != Limit::Range).then(|| load(200.0, 1, 2));
        let result = (search::Found { best, above, limit }, loads);
        let expected = vec!["delivery.p99<50ms".to_owned()];
        Found::new(
            Origin::default(),
            ("rate", "messages/s"),
            (50.0, 900.0),
            expected,
            result,
            trials,
        )
    }

    #[test]
    fn the_result_says_how_sure_it_is_and_which_side_is_the_limit() {
        let trials = || vec![trial(100.0, 0, 5), trial(200.0, 4, 70), trial(200.0, 3, 90)];
        let server = found(Some(100.0), Limit::Server, trials());
        assert_eq!(
            (server.exit_code(), server.find.limit, server.find.best),
            (0, Some("server"), Some(100.0))
        );
        let told = [
            "100 messages/s is the highest load of 50 to 900 at which all holds",
            "it held in 3 of 3 runs",
            "200 messages/s did not hold in 2 of 3 runs",
            "the server is the limit: because 3",
        ];
        assert_eq!(server.find.told, told);
        let generator = found(Some(100.0), Limit::Generator, trials());
        let last = generator.find.told.last().expect("sentences");
        assert_eq!(last, "loadgen or its machine is the limit, and not the server: because 4");
        let range = found(Some(100.0), Limit::Range, trials());
        assert!(range.find.told.last().is_some_and(|line| line.contains("may hold more")));
        let mut text = Vec::new();
        write_found(&server, &mut text).expect("memory takes it");
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_search_that_was_broken_off_tells_what_it_had_found_and_claims_no_limit() {
        let trials = vec![trial(100.0, 0, 5), trial(200.0, 3, 90)];
        let cut = found(Some(100.0), Limit::Server, trials).unfinished("interrupted", INVALID);
        assert_eq!((cut.exit_code(), cut.find.limit, cut.find.trials.len()), (INVALID, None, 2));
        let told = [
            "the search is not finished: interrupted",
            "100 messages/s is the highest load that held so far",
            "200 messages/s is the lowest load that did not hold so far",
        ];
        assert_eq!(cut.find.told, told);
        let first = found(None, Limit::Range, Vec::new()).unfinished("no server", 1);
        assert_eq!((first.exit_code(), first.find.told.len()), (1, 1));
    }

    #[test]
    fn if_not_even_the_lowest_load_holds_the_exit_code_says_why() {
        let none = |limit, code| found(None, limit, vec![trial(200.0, code, 5)]).exit_code();
        assert_eq!(none(Limit::Server, 3), 3);
        assert_eq!(none(Limit::Server, 1), 1);
        assert_eq!(none(Limit::Generator, 4), 4);
    }
}
