//! [`Figure`]: what a realm tells `/metrics`, as plain data. A figure becomes one metric family.
//!
//! The realms know what they count, and the turn's pages know the format. Figures are made anew for each
//! request of that page, which comes every few seconds: what they allocate does not matter.

/// One metric family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Figure {
    /// The published name. It never changes. A counter's ends in `_total`.
    pub name: &'static str,
    /// What is counted, and in what unit.
    pub help: &'static str,
    /// How it behaves.
    pub kind: FigureKind,
    /// What it is now.
    pub value: FigureValue,
}

/// How a figure behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FigureKind {
    /// It only grows, from 0 at the start.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What a figure is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FigureValue {
    /// One number.
    One(u64),
    /// One number for each value of a label.
    By {
        /// The name of the label.
        label: &'static str,
        /// The values of the label, each with its number.
        samples: Vec<(&'static str, u64)>,
    },
}

impl Figure {
    /// A number that only grows.
    pub(super) fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Figure { name, help, kind: FigureKind::Counter, value: FigureValue::One(value) }
    }

    /// Several numbers that only grow, by the values of one label.
    pub(super) fn counters<const N: usize>(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        samples: [(&'static str, u64); N],
    ) -> Self {
        let value = FigureValue::By { label, samples: samples.into() };
        Figure { name, help, kind: FigureKind::Counter, value }
    }

    /// A number of things that there are now.
    pub(super) fn gauge(name: &'static str, help: &'static str, value: usize) -> Self {
        Figure { name, help, kind: FigureKind::Gauge, value: FigureValue::One(value as u64) }
    }
}
