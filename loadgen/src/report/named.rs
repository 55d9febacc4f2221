//! [`named_times`]: every histogram of a run, with its name. The text, the JSON, the page and the files for
//! plotters all use this list. So a new measure is added here and nowhere else.

use std::collections::BTreeMap;

use switchboard::timer::Moment;

use crate::record::{Record, Times};

/// A histogram with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// As a key, with a dot between the measure and its part.
    pub(super) key: &'static str,
    /// For people. The title of a part is indented.
    pub(super) title: &'static str,
    pub(super) times: &'a Times,
}

impl Named<'_> {
    /// Whether it is a part of the measure above it, or another way to count that.
    pub(super) fn is_part(&self) -> bool {
        self.title.starts_with(' ')
    }
}

/// All histograms about the server. Those about loadgen itself are not among them.
pub(super) fn named_times(record: &Record) -> Vec<Named<'_>> {
    let connecting = &record.connecting;
    let Record { delivery, heartbeat, notice, .. } = record;
    let convergence = record.convergence();
    let list = [
        ("connect", "connect", &connecting.total.corrected),
        ("connect.uncorrected", "  from actual dialling", &connecting.total.uncorrected),
        ("connect.tcp", "  tcp", &connecting.tcp),
        ("connect.tls", "  tls", &connecting.tls),
        ("connect.upgrade", "  upgrade", &connecting.upgrade),
        ("connect.first_frame", "  first frame", &connecting.first_frame),
        ("delivery", "delivery", &delivery.corrected),
        ("delivery.uncorrected", "  one at a time", &delivery.uncorrected),
        ("heartbeat", "heartbeat", &heartbeat.corrected),
        ("heartbeat.uncorrected", "  from actual sending", &heartbeat.uncorrected),
        ("convergence", "presence convergence", &convergence.corrected),
        ("convergence.uncorrected", "  from actual change", &convergence.uncorrected),
        ("notice", "silence noticed", &notice.corrected),
        ("notice.uncorrected", "  from actual silence", &notice.uncorrected),
    ];
    let mut list = list.to_vec();
    if let Some([within, across]) = &record.delivery_by_way {
        // Behind those of delivery.
        let ways = [
            ("delivery.within", "  within one server", within),
            ("delivery.across", "  across two servers", across),
        ];
        let at = list.iter().position(|(key, ..)| *key == "delivery").map_or(0, |at| at + 1);
        list.splice(at..at, ways);
    }
    if let Some(messenger) = record.messenger() {
        list.extend([
            ("read", "read", &messenger.read.corrected),
            ("read.uncorrected", "  from actual sending", &messenger.read.uncorrected),
            ("invitation", "invitation answered", &messenger.invitation),
        ]);
    }
    if let Some(accounts) = record.accounts() {
        let ack = &accounts.acknowledgement;
        list.extend([
            ("ack", "acknowledged", &ack.corrected),
            ("ack.uncorrected", "  from actual sending", &ack.uncorrected),
            ("history", "history shown", &accounts.history.corrected),
            ("history.uncorrected", "  from actual asking", &accounts.history.uncorrected),
        ]);
    }
    list.into_iter().map(|(key, title, times)| Named { key, title, times }).collect()
}

/// Every histogram of a run in its published form, by its name: those of [`named_times`], those about loadgen
/// itself, and those around the commands of `--at`.
pub(super) fn named_histograms(record: &Record) -> BTreeMap<String, String> {
    let named = named_times(record).into_iter().map(|one| (one.key.to_owned(), one.times));
    let own = [("send_lag", &record.send_lag), ("loop_lag", &record.loop_lag)];
    let own = own.map(|(key, times)| (key.to_owned(), times));
    let commands = record.commands.all();
    let apart =
        (!commands.is_empty()).then_some(("delivery.apart".to_owned(), &record.commands.apart));
    let around = commands.iter().map(|ran| {
        let seconds = ran.planned.since(Moment::START).as_secs_f64();
        (format!("delivery.around.{seconds}"), &ran.around)
    });
    let all = named.chain(own).chain(apart).chain(around);
    all.map(|(key, times)| (key, times.encoded())).collect()
}
