//! [`named_times`]: every histogram of a run, with its name. The text, the JSON, the page and the files for
//! plotters all go through this list, so that a measure is added here and nowhere else.

use crate::record::{Record, Times};

/// A histogram with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// As a key, with a dot between the measure and its part.
    pub(super) key: &'static str,
    /// For people.
    pub(super) title: &'static str,
    pub(super) times: &'a Times,
}

/// All histograms of the server; our own punctuality is not among them.
pub(super) fn named_times(record: &Record) -> Vec<Named<'_>> {
    let connecting = &record.connecting;
    let list = [
        ("connect", "connect", &connecting.total),
        ("connect.tcp", "  tcp", &connecting.tcp),
        ("connect.upgrade", "  upgrade", &connecting.upgrade),
        ("connect.first_frame", "  first frame", &connecting.first_frame),
        ("delivery", "delivery", &record.delivery),
        ("delivery.uncorrected", "  from actual sending", &record.delivery_uncorrected),
        ("heartbeat", "heartbeat", &record.heartbeat),
    ];
    list.map(|(key, title, times)| Named { key, title, times }).into()
}
