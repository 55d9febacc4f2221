//! [`Search`]: finds the highest load at which everything holds, by trying loads.
//!
//! It bisects in ratios: between 1,000 and 100,000 lies 10,000. When both sides of the edge are close, it tries each
//! of the two again until it has been tried several times, and the majority counts. If that moves the edge, it goes
//! on from there. It assumes that a server which holds a load also holds a lower one. Knows neither what a load is
//! nor what is tried: `find` plays it.

/// How a try went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Try {
    /// All expectations held, and no check failed.
    Held,
    /// One did not hold, or the server failed a check.
    Broke,
    /// The run says nothing about the server: loadgen or its machine was at its limit.
    Invalid,
}

/// The tries of one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) load: f64,
    pub(crate) held: u32,
    pub(crate) broke: u32,
    pub(crate) invalid: u32,
}

/// What lies above the highest load that holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limit {
    /// A load that the server does not hold.
    Server,
    /// A load that loadgen, or its machine, cannot play.
    Generator,
    /// The end of the range.
    Range,
}

/// What the tries have come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    /// The highest load that holds; `None` if the lowest one does not.
    pub(crate) best: Option<Load>,
    /// The lowest load above it that does not.
    pub(crate) above: Option<Load>,
    pub(crate) limit: Limit,
}

/// A search.
#[derive(Debug)]
pub(crate) struct Search {
    low: f64,
    high: f64,
    /// Whether loads are whole numbers.
    is_whole: bool,
    /// How often each side of the edge is tried.
    times: u32,
    loads: Vec<Load>,
}

/// Two loads are close if the higher one is at most this many times the lower one.
const CLOSE: f64 = 1.05;

impl Search {
    /// A search between two loads, both included.
    pub(crate) fn new(low: f64, high: f64, is_whole: bool, times: u32) -> Self {
        Search { low, high, is_whole, times, loads: Vec::new() }
    }

    /// The load that is to be tried next; `None` if the edge is found.
    pub(crate) fn next(&self) -> Option<f64> {
        // A run that says nothing is played again, before anything is concluded from its load.
        let is_open = |load: &&Load| !load.is_decided() && load.tries() < self.times;
        if let Some(open) = self.loads.iter().find(is_open) {
            return Some(open.load);
        }
        let edge = |load: &Load| (!load.is_settled(self.times)).then_some(load.load);
        let (best, above) = (self.best(), self.above());
        match (best, above) {
            (None, None) => Some(self.low),
            // Even the lowest load does not hold, if that is so.
            (None, Some(above)) if above.load > self.low => Some(self.low),
            (None, Some(above)) => edge(above),
            (Some(best), None) if best.load < self.high => Some(self.high),
            (Some(best), None) => edge(best),
            (Some(best), Some(above)) => {
                self.between(best.load, above.load).or_else(|| edge(best)).or_else(|| edge(above))
            }
        }
    }

    /// Notes how a try went.
    pub(crate) fn tell(&mut self, load: f64, how: Try) {
        let at = self.loads.partition_point(|one| one.load < load);
        if self.loads.get(at).is_none_or(|one| one.load != load) {
            self.loads.insert(at, Load { load, held: 0, broke: 0, invalid: 0 });
        }
        let one = &mut self.loads[at];
        match how {
            Try::Held => one.held += 1,
            Try::Broke => one.broke += 1,
            Try::Invalid => one.invalid += 1,
        }
    }

    /// What the tries so far come to.
    pub(crate) fn found(&self) -> Found {
        let (best, above) = (self.best().copied(), self.above().copied());
        let limit = match above {
            None => Limit::Range,
            Some(above) if above.is_decided() => Limit::Server,
            Some(_) => Limit::Generator,
        };
        Found { best, above, limit }
    }

    /// All loads that were tried, from the lowest.
    pub(crate) fn loads(&self) -> &[Load] {
        &self.loads
    }

    /// The lowest load that does not hold.
    fn above(&self) -> Option<&Load> {
        self.loads.iter().find(|load| !load.holds())
    }

    /// The highest load below it.
    fn best(&self) -> Option<&Load> {
        self.loads.iter().take_while(|load| load.holds()).last()
    }

    /// A load between these two; `None` if they are close.
    fn between(&self, low: f64, high: f64) -> Option<f64> {
        if high <= low * CLOSE {
            return None;
        }
        let middle = (low * high).sqrt();
        let middle = if self.is_whole { middle.round() } else { three_digits(middle) };
        (middle > low && middle < high).then_some(middle)
    }
}

impl Load {
    /// Whether most of its tries held. An invalid run shows neither: it may have been a moment of a busy machine.
    pub(crate) fn holds(&self) -> bool {
        self.held > self.broke
    }

    /// Whether a try has shown something.
    pub(crate) fn is_decided(&self) -> bool {
        self.held + self.broke > 0
    }

    /// How often it was tried.
    pub(crate) fn tries(&self) -> u32 {
        self.held + self.broke + self.invalid
    }

    /// Whether it was tried often enough; invalid tries are made up for, but not without end.
    fn is_settled(&self, times: u32) -> bool {
        let has_shown_nothing = !self.is_decided() && self.tries() >= times;
        self.held + self.broke >= times || self.tries() >= 2 * times || has_shown_nothing
    }
}

fn three_digits(value: f64) -> f64 {
    // A power of ten below one is no binary number, and its multiples would have sixteen digits.
    match 10_f64.powf(2.0 - value.log10().floor()) {
        digits if digits >= 1.0 => (value * digits).round() / digits,
        digits => (value * digits).round() * digits.recip().round(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches, and returns what was found and the number of tries.
    fn search(mut search: Search, mut play: impl FnMut(f64) -> Try) -> (Found, u32) {
        let mut tries = 0;
        while let Some(load) = search.next() {
            assert!((search.low..=search.high).contains(&load) && tries < 100, "{load}");
            search.tell(load, play(load));
            tries += 1;
        }
        (search.found(), tries)
    }

    fn edge_at(edge: f64) -> impl Fn(f64) -> Try {
        move |load| if load <= edge { Try::Held } else { Try::Broke }
    }

    #[test]
    fn a_run_that_says_nothing_counts_for_neither_side() {
        for (how, next) in [(Try::Held, Some(8.0)), (Try::Broke, Some(1.0))] {
            let mut search = Search::new(1.0, 8.0, true, 3);
            search.tell(1.0, Try::Invalid);
            assert_eq!(search.next(), Some(1.0), "it is played again");
            search.tell(1.0, how);
            assert_eq!(search.next(), next, "{how:?} is all that is known");
        }
    }

    #[test]
    fn the_edge_is_found_to_one_part_in_twenty_wherever_it_is() {
        for edge in [1000.0, 1001.0, 1777.0, 9_999.0, 10_000.0, 54_321.0, 199_000.0] {
            let (found, tries) = search(Search::new(1e3, 200e3, false, 3), edge_at(edge));
            let best = found.best.expect("the lowest load holds");
            assert!(best.load <= edge && best.load * CLOSE >= edge / 1.001, "{edge}: {found:?}");
            assert_eq!((best.held, best.broke, found.limit), (3, 0, Limit::Server));
            assert_eq!(found.above.map(|above| (above.held, above.broke)), Some((0, 3)));
            assert!(tries <= 14, "{edge}: {tries}");
        }
    }

    #[test]
    fn a_range_whose_end_holds_or_whose_beginning_does_not_is_said_to_be_so() {
        let (found, tries) = search(Search::new(10.0, 80.0, false, 3), edge_at(1e9));
        assert_eq!((found.best.map(|best| (best.load, best.held)), tries), (Some((80.0, 3)), 4));
        assert_eq!((found.above, found.limit), (None, Limit::Range));
        let (found, tries) = search(Search::new(10.0, 80.0, false, 3), edge_at(1.0));
        assert_eq!((found.best, found.limit, tries), (None, Limit::Server, 3));
    }

    #[test]
    fn whole_loads_are_told_apart_to_the_last_one() {
        for edge in 1..30 {
            let (found, _) = search(Search::new(1.0, 30.0, true, 1), edge_at(f64::from(edge)));
            assert_eq!(found.best.map(|best| best.load), Some(f64::from(edge)), "{found:?}");
        }
    }

    #[test]
    fn it_is_said_whether_the_server_or_the_generator_is_the_limit() {
        let play = |load| if load > 30e3 { Try::Invalid } else { Try::Held };
        let (found, _) = search(Search::new(1e3, 200e3, false, 3), play);
        assert_eq!(found.limit, Limit::Generator);
        assert!(found.best.is_some_and(|best| best.load > 28e3), "{found:?}");
        let play = |load| match load {
            load if load > 60e3 => Try::Invalid,
            load if load > 30e3 => Try::Broke,
            _ => Try::Held,
        };
        let (found, _) = search(Search::new(1e3, 200e3, false, 3), play);
        assert_eq!(found.limit, Limit::Server, "{found:?}");
    }

    #[test]
    fn a_moment_of_a_busy_machine_moves_no_edge() {
        for first in 0..4 {
            let mut count = first;
            let (found, _) = search(Search::new(1e3, 200e3, false, 3), |load| {
                count += 1;
                if count % 4 == 0 { Try::Invalid } else { edge_at(20e3)(load) }
            });
            let best = found.best.expect("the lowest load holds");
            assert!((19e3..=20e3).contains(&best.load) && best.held == 3, "{first}: {found:?}");
            assert_eq!(found.limit, Limit::Server);
        }
    }

    #[test]
    fn loads_have_three_digits_and_no_more() {
        for (value, text) in
            [(91.2999, "91.3"), (0.012345, "0.0123"), (12345.0, "12300"), (999.6, "1000")]
        {
            assert_eq!(three_digits(value).to_string(), text);
        }
    }

    #[test]
    fn one_unlucky_try_does_not_move_the_edge() {
        // Every fifth try breaks, whatever the load.
        for first in 0..5 {
            let mut count = first;
            let (found, _) = search(Search::new(1e3, 200e3, false, 5), |load| {
                count += 1;
                if count % 5 == 0 { Try::Broke } else { edge_at(20e3)(load) }
            });
            let best = found.best.expect("the lowest load holds");
            assert!((19e3..=20e3).contains(&best.load), "{first}: {found:?}");
        }
    }
}
