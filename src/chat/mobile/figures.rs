//! What the `mobile` realm reports to `/metrics`, beside its books. The names are published, and never
//! change.

use super::Realm;
use crate::chat::Figure;

impl Realm {
    /// Each figure is one metric family.
    pub fn figures(&self) -> Vec<Figure> {
        let counters = &self.counters;
        vec![
            Figure::gauge(
                "switchboard_numbers_online",
                "Numbers that are online.",
                self.online().len(),
            ),
            Figure::counter("switchboard_joins_total", "Numbers that came online.", counters.joins),
            Figure::counter(
                "switchboard_leaves_total",
                "Numbers that went offline.",
                counters.leaves,
            ),
            Figure::counter(
                "switchboard_replacements_total",
                "Connections that took over a number from an older one.",
                counters.replacements,
            ),
            Figure::counter(
                "switchboard_replacements_refused_total",
                "Connections refused because a number changed hands too often.",
                counters.replacements_refused,
            ),
            Figure::counter(
                "switchboard_tokens_accepted_total",
                "Tokens that have proved whose number it is, at sign-in or later.",
                counters.proofs,
            ),
            Figure::counters(
                "switchboard_relayed_total",
                "Typing notices, receipts and signals passed on.",
                "kind",
                [
                    ("typing", counters.typing.relayed),
                    ("receipt", counters.receipts.relayed),
                    ("signal", counters.signals.relayed),
                ],
            ),
            Figure::counters(
                "switchboard_relay_dropped_total",
                "The same, dropped because the recipient was offline.",
                "kind",
                [
                    ("typing", counters.typing.dropped),
                    ("receipt", counters.receipts.dropped),
                    ("signal", counters.signals.dropped),
                ],
            ),
        ]
    }
}
