//! [`Scale`]: where values lie on an axis, and where its ticks are.

/// How values lie on an axis.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    kind: Kind,
    /// The values at both ends.
    low: f64,
    high: f64,
    /// The values that have a tick.
    pub(super) ticks: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Even,
    /// Whether the axis is logarithmic: equal ratios are equal distances.
    Logarithmic,
}

impl Scale {
    /// From zero to a round number that is at least `high`, with about five ticks.
    pub(super) fn from_zero(high: f64) -> Self {
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        let step = round_up(high / 4.0);
        let steps = (high / step - 1e-9).ceil().max(1.0);
        let ticks = (0..=steps as u32).map(|at| f64::from(at) * step).collect();
        Scale { kind: Kind::Even, low: 0.0, high: steps * step, ticks }
    }

    /// From zero exactly to `high`, for time.
    pub(super) fn time(high: f64) -> Self {
        const STEPS: [f64; 16] = [
            0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
            3600.0, 7200.0,
        ];
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        let step =
            STEPS.into_iter().find(|step| high / step <= 8.0).unwrap_or(round_up(high / 8.0));
        let ticks = (0..).map(|at| f64::from(at) * step).take_while(|&at| at <= high).collect();
        Scale { kind: Kind::Even, low: 0.0, high, ticks }
    }

    /// From 1 to this number, for things that are counted.
    pub(super) fn numbers(count: usize) -> Self {
        /// The most ticks.
        const TICKS: usize = 12;
        let step = count.div_ceil(TICKS).max(1);
        let ticks = (1..=count).step_by(step).map(|at| at as f64).collect();
        // A single thing stands at the left.
        Scale { kind: Kind::Even, low: 1.0, high: (count as f64).max(2.0), ticks }
    }

    /// From a round number below `low` to one above `high`, logarithmic.
    pub(super) fn ratios(low: f64, high: f64) -> Self {
        let low = if low.is_finite() && low > 0.0 { low } else { 1.0 };
        let high = if high.is_finite() && high > low { high } else { low * 2.0 };
        let mut marks = marks(low.log10().floor() as i32, high.log10().ceil() as i32);
        let first = marks.iter().rposition(|&mark| mark <= low).unwrap_or(0);
        let last = marks.iter().position(|&mark| mark >= high).unwrap_or(marks.len() - 1);
        marks.truncate(last + 1);
        let marks = marks.split_off(first);
        let (low, high) = (marks[0], marks[marks.len() - 1]);
        // Over many decades only the decades and both ends get a tick.
        let are_many = marks.len() > 8;
        let is_decade = |mark: f64| (mark.log10() - mark.log10().round()).abs() < 1e-6;
        let is_tick = |&mark: &f64| !are_many || is_decade(mark) || mark == low || mark == high;
        let ticks = marks.into_iter().filter(is_tick).collect();
        Scale { kind: Kind::Logarithmic, low, high, ticks }
    }

    /// For quantiles, up to the one that is exceeded by one value in `count`: 90 %, 99 % and 99.9 % lie at
    /// equal distances. The axis' values are 1 / (1 - share).
    pub(super) fn shares(count: u64) -> Self {
        let high = (count as f64).max(10.0);
        let decades =
            (0..).map(|exponent| 10_f64.powi(exponent)).take_while(|&at| at <= high * 1.001);
        Scale { kind: Kind::Logarithmic, low: 1.0, high, ticks: decades.collect() }
    }

    /// Where a value lies: 0 is the low end, 1 the high end. A value beyond an end lies at that end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match self.kind {
            Kind::Even => (value - self.low) / (self.high - self.low),
            Kind::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The smallest of 1, 2, 5, 10 and so on that is at least this.
fn round_up(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let rounded = [1.0, 2.0, 5.0].into_iter().map(|step| step * decade);
    rounded.into_iter().find(|&step| step >= value * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// 1, 2 and 5 in each decade, and the end of the last.
fn marks(first: i32, last: i32) -> Vec<f64> {
    let decades = first..=last;
    decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(decade))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_axis_begins_at_zero_and_ends_at_a_round_number() {
        assert_eq!(Scale::from_zero(930.0).ticks, [0.0, 500.0, 1000.0]);
        assert_eq!(Scale::from_zero(1000.0).ticks, [0.0, 500.0, 1000.0]);
        assert_eq!(Scale::from_zero(38.0).ticks, [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Scale::from_zero(40.0).place(20.0), 0.5);
        for strange in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Scale::from_zero(strange).ticks.len() >= 2, "{strange}");
        }
    }

    #[test]
    fn things_are_counted_from_one_and_not_every_one_has_a_tick() {
        assert_eq!(Scale::numbers(3).ticks, [1.0, 2.0, 3.0]);
        assert_eq!((Scale::numbers(3).place(1.0), Scale::numbers(3).place(3.0)), (0.0, 1.0));
        assert_eq!(Scale::numbers(1).place(1.0), 0.0);
        assert!(Scale::numbers(1000).ticks.len() <= 12 && Scale::numbers(0).ticks.is_empty());
    }

    #[test]
    fn time_ends_where_it_ends_and_is_marked_as_clocks_are() {
        let scale = Scale::time(41.5);
        assert_eq!(scale.ticks, [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(scale.place(41.5), 1.0);
        assert!(Scale::time(200_000.0).ticks.len() < 12);
    }

    #[test]
    fn ratios_are_distances_and_the_ends_enclose_all() {
        let scale = Scale::ratios(0.13, 1.9);
        assert_eq!(scale.ticks.first(), Some(&0.1));
        assert!((scale.ticks.last().expect("ticks") - 2.0).abs() < 1e-9);
        let wide = Scale::ratios(0.013, 900.0);
        assert!(wide.ticks.len() <= 7, "{:?}", wide.ticks);
        assert!(
            (wide.place(1.0) - wide.place(0.1) - (wide.place(10.0) - wide.place(1.0))).abs() < 1e-9
        );
        for (low, high) in [(0.0, 0.0), (1.0, 1.0), (f64::NAN, 2.0), (10.0, 10.0)] {
            let scale = Scale::ratios(low, high);
            assert!(scale.place(low) >= 0.0 && scale.low < scale.high, "{low} {high}");
        }
    }

    #[test]
    fn each_further_nine_is_as_far_as_the_one_before() {
        let scale = Scale::shares(1_000_000);
        assert_eq!(scale.ticks.len(), 7);
        assert!((scale.place(1000.0) - 0.5).abs() < 1e-9);
        assert_eq!(Scale::shares(0).ticks.len(), 2);
    }
}
