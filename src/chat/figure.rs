//! [`Figure`]: what a realm reports to `/metrics`, as plain data. A figure becomes one metric family.
//!
//! The realms know what they count, and the turn's pages know the format. Figures are made anew for each
//! request of that page. Such a request comes every few seconds, so their allocations do not matter.

/// One metric family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Figure {
    /// The published name. It never changes. The name of a counter ends in `_total`.
    pub name: &'static str,
    /// What is counted, and in what unit.
    pub help: &'static str,
    /// Whether it is a counter or a gauge.
    pub kind: FigureKind,
    /// The value now.
    pub value: FigureValue,
}

/// Whether a figure only grows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FigureKind {
    /// The value only grows, from 0 at the start.
    Counter,
    /// The value goes up and down.
    Gauge,
}

/// The value of a figure.
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
    /// Makes a counter with one number.
    pub(super) fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Figure { name, help, kind: FigureKind::Counter, value: FigureValue::One(value) }
    }

    /// Makes a counter with one number for each value of one label.
    pub(super) fn counters<const N: usize>(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        samples: [(&'static str, u64); N],
    ) -> Self {
        let value = FigureValue::By { label, samples: samples.into() };
        Figure { name, help, kind: FigureKind::Counter, value }
    }

    /// Makes a gauge with one number.
    pub(super) fn gauge(name: &'static str, help: &'static str, value: usize) -> Self {
        Figure { name, help, kind: FigureKind::Gauge, value: FigureValue::One(value as u64) }
    }
}
