//! [`Summary`]: what came of a run, in the shape in which it is published.
//!
//! The JSON is a contract: `schema` goes up when a field changes its meaning or disappears; new fields may
//! come at any time. Times are nanoseconds in fields that end in `_ns`, or seconds in fields that end in
//! `_seconds`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accounts::{Accounts, in_words};
use super::cast::{Convergence, Kinds, Notice};
use super::commands::Told;
use super::ledger::Row;
use super::quantiles::Quantiles;
use super::server::Server;
use super::servers::{self, OnWay};
use super::sessions::{SessionPlan, Sessions};
use super::shard::{ShardPart, Shards};
use crate::origin::Origin;
use crate::record::Second;
use crate::workload::Postings;

/// What `certificates` says.
pub(super) const CHECKED: &str = "checked";
pub(super) const NOT_CHECKED: &str = "not checked";

/// The same, of another report.
pub(super) fn certificates(told: &str) -> &'static str {
    if told == CHECKED { CHECKED } else { NOT_CHECKED }
}

/// The version of the JSON's shape.
pub(super) const SCHEMA: u32 = 2;
/// The oldest version that can be compared with this one. In version 1, times of nothing were 0.
pub(super) const OLDEST: u32 = 1;

/// The content of the JSON file: the figures of all runs, and one run in full.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    pub(super) schema: u32,
    pub(super) loadgen: &'static str,
    /// When, by which command, and on which machine.
    pub(super) origin: &'a Origin,
    /// `good`, `failed`, `not as expected` or `invalid`; `none` if there was no run at all.
    pub(super) verdict: &'static str,
    pub(super) exit_code: u8,
    /// Why there is no report, and then the file has nothing else; or why the last run could not be played.
    pub(super) error: Option<&'a str>,
    /// Which of `runs` is shown in full, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shown_run: Option<usize>,
    #[serde(flatten)]
    pub(super) shown: Option<&'a Summary>,
    #[serde(skip_serializing_if = "<[Figures]>::is_empty")]
    pub(super) runs: &'a [Figures],
}

/// The figures of one run that can be compared with those of another.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Figures {
    pub(super) verdict: String,
    pub(super) exit_code: u8,
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) lost: u64,
    /// Older reports do not have these three.
    #[serde(default)]
    pub(super) stale_views: u64,
    #[serde(default)]
    pub(super) unnoticed: u64,
    #[serde(default)]
    pub(super) too_early: u64,
    /// The expectations that were not met, one sentence each.
    #[serde(default)]
    pub(super) unmet: Vec<String>,
    pub(super) delivered_per_second: f64,
    pub(super) server_cpu_seconds_per_message: Option<f64>,
    pub(super) server_rss_bytes_per_connection: Option<f64>,
    pub(super) times: BTreeMap<String, Quantiles>,
    /// The histograms of `times`, in HdrHistogram's V2 format, compressed, in Base64.
    #[serde(default)]
    pub(super) histograms: BTreeMap<String, String>,
}

/// What came of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    #[serde(skip)]
    pub(crate) verdict: &'static str,
    #[serde(skip)]
    pub(crate) exit_code: u8,
    /// What the server did wrong, one sentence each.
    pub(super) failures: Vec<String>,
    /// Why the run says nothing, one sentence each.
    pub(super) invalid: Vec<String>,
    /// The expectations, and those that were not met, one sentence each.
    pub(super) expected: Vec<String>,
    pub(crate) unmet: Vec<String>,
    /// `as planned`, `interrupted`, `nobody left` or `overwhelmed`.
    pub(super) ended: &'static str,
    pub(super) plan: Plan,
    /// `null`: the server does not tell.
    pub(super) server_version: Option<String>,
    /// The limits in effect when the run was over, by the names of their flags, as the server's `/metrics` told them.
    pub(super) server_limits: BTreeMap<String, f64>,
    /// Each server; also if there is one only.
    pub(super) servers: Vec<servers::Told>,
    pub(super) connections: Connections,
    pub(super) connect: Connect,
    pub(super) messages: Messages,
    pub(super) delivery: Delivery,
    /// From the planned moment, and from the actual moment.
    pub(super) heartbeat_ns: Quantiles,
    pub(super) heartbeat_uncorrected_ns: Quantiles,
    pub(super) convergence: Convergence,
    pub(super) notice: Notice,
    pub(super) personas: Kinds,
    pub(super) presence: Presence,
    pub(super) traffic: Traffic,
    /// Only in the Session Messenger protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<Sessions>,
    /// Only in the protocols of users with accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accounts: Option<Accounts>,
    pub(super) generator: Generator,
    /// Only in a shard: what `merge` needs of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Box<ShardPart>>,
    /// Only in a merged report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shards: Option<Shards>,
    /// Only for loadgen's own server, or with the server's `/metrics`.
    pub(super) server: Option<Server>,
    /// Only with the server's `/metrics`.
    pub(super) ledger: Option<Vec<Row>>,
    /// Only with `--at`, and then also the deliveries that are around no command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery_apart_ns: Option<Quantiles>,
    /// Whether the server was restarted by a command: then its books begin anew, and are not compared.
    pub(super) server_restarted: bool,
    /// The run second by second.
    pub(super) series: Vec<Second>,
}

#[derive(Debug, Serialize)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) own_server: bool,
    /// `checked`, or `not checked` with `--insecure`; `null` without TLS.
    pub(super) certificates: Option<&'static str>,
    /// The word of `--protocol`.
    pub(super) protocol: &'static str,
    /// Only with sessions. `clients` is then the number of sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<SessionPlan>,
    /// Only with users with accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accounts: Option<Postings>,
    /// `open`: messages are due when the plan says, whatever the server does. `closed`: a phone waits
    /// for its last message before it writes the next.
    pub(super) model: &'static str,
    pub(super) clients: u32,
    pub(super) ramp_seconds: f64,
    pub(super) duration_seconds: f64,
    pub(super) rate: f64,
    pub(super) arrivals: &'static str,
    pub(super) seed: u64,
    /// The same as `clients`, `ramp_seconds`, `duration_seconds` and `rate`, in full.
    pub(super) stages: Vec<Stage>,
    /// The weight of each persona. Empty: all phones are chatters.
    pub(super) weights: BTreeMap<&'static str, u32>,
    /// How many phones each chatter writes to; `null`: any.
    pub(super) circle: Option<u32>,
    /// `null`: as long as the rate requires.
    pub(super) think_seconds: Option<f64>,
    /// The mean, and the text of the flag.
    pub(super) text_bytes: usize,
    pub(super) text_sizes: String,
    pub(super) presence: &'static str,
    /// `null`: off.
    pub(super) heartbeat_seconds: Option<f64>,
    pub(super) refresh_seconds: Option<f64>,
}

impl Plan {
    /// What stands behind the server's name if its certificate was not checked.
    pub(super) fn about_certificates(&self) -> &'static str {
        match self.certificates {
            Some(NOT_CHECKED) => " (certificates not checked: --insecure)",
            _ => "",
        }
    }

    /// What its clients are called.
    pub(super) fn people(&self) -> &'static str {
        match (&self.sessions, &self.accounts) {
            (Some(_), _) => "sessions",
            (None, Some(_)) => "users",
            (None, None) => "phones",
        }
    }

    /// What only its realm has, in words.
    pub(super) fn realm_words(&self) -> Option<String> {
        let sessions = self.sessions.as_ref().map(SessionPlan::words);
        sessions.or_else(|| self.accounts.as_ref().map(in_words))
    }

    /// What was written, in words that fit between "wrote" and "for 30 seconds".
    pub(super) fn pace(&self) -> String {
        // What is worked out from a number of phones has many digits.
        let rate = (self.rate * 10.0).round() / 10.0;
        let rate = if rate > 0.0 { rate } else { self.rate };
        match self.think_seconds {
            Some(think) if self.model == "closed" => {
                format!("a message each after thinking for {think} s")
            }
            _ if self.stages.len() != 2 => {
                format!("up to {rate} messages a second in {} stages", self.stages.len())
            }
            _ => format!("{rate} messages a second"),
        }
    }
}

/// A part of the plan, over which the numbers of phones and messages rise or fall in a straight line.
#[derive(Debug, Serialize)]
pub(super) struct Stage {
    pub(super) seconds: f64,
    /// The number of phones at its end.
    pub(super) clients: u32,
    pub(super) rate_before: f64,
    pub(super) rate: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Connections {
    pub(super) planned: u64,
    /// Connections that got their first frame.
    pub(super) ready: u64,
    /// The most that were ready at the same time.
    pub(super) peak: u64,
    /// Whether some phones were hostile: they count for `peak`, and not for `ready`.
    #[serde(skip)]
    pub(super) has_hostile: bool,
    /// How they ended, in words.
    pub(super) endings: BTreeMap<String, u64>,
    /// How they ended, by the server's close code; `none` if it sent no code, or no close frame.
    pub(super) closes: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Connect {
    /// From the planned moment to the first frame.
    pub(super) total_ns: Quantiles,
    /// From dialling.
    pub(super) total_uncorrected_ns: Quantiles,
    pub(super) tcp_ns: Quantiles,
    /// The handshake of TLS, if that is spoken.
    pub(super) tls_ns: Quantiles,
    pub(super) upgrade_ns: Quantiles,
    pub(super) first_frame_ns: Quantiles,
}

#[derive(Debug, Serialize)]
pub(super) struct Messages {
    pub(super) sent: u64,
    pub(super) delivered: u64,
    /// Never arrived, between two connections that were closed in good order.
    pub(super) lost: u64,
    /// Never arrived, where at least one of the two was not.
    pub(super) in_doubt: u64,
    /// Whether messages in doubt and skipped ones count against the server.
    #[serde(skip)]
    pub(super) is_steady: bool,
    pub(super) duplicated: u64,
    pub(super) misdelivered: u64,
    pub(super) reordered: u64,
    pub(super) misattributed: u64,
    pub(super) garbled: u64,
    /// Sent more than a millisecond later than planned.
    pub(super) late: u64,
    /// Not sent, because no two phones were connected.
    pub(super) skipped: u64,
    /// Of messages within one server, and across two; only with several servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) within: Option<OnWay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) across: Option<OnWay>,
    /// Notices of the server that a message could not be delivered.
    pub(super) undelivered_notices: u64,
    pub(super) error_notices: u64,
    pub(super) sending_seconds: f64,
    pub(super) sent_per_second: f64,
    pub(super) delivered_per_second: f64,
}

impl Messages {
    /// What messages in doubt are, in lines for people; none if there are none.
    pub(super) fn about_doubt(&self) -> &'static [&'static str] {
        match (self.in_doubt, self.is_steady) {
            (0, _) => &[],
            (_, true) => &[
                "in doubt: under way when a connection broke off; it cannot be known who has read them.",
                "No connection was to break off, so they count against the server",
            ],
            (_, false) => &[
                "in doubt: under way when a connection broke off; it cannot be known who has read them.",
                "The plan breaks connections off, so they are expected, and no fault of the server",
            ],
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Delivery {
    /// From the planned moment to the arrival.
    pub(super) corrected_ns: Quantiles,
    /// From the moment at which a message was really sent, and only of messages that were sent while no
    /// other was waited for. Most tools report this. It hides stalls.
    pub(super) uncorrected_ns: Quantiles,
    /// From the planned moment, within one server, and across two; only with several servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) within_ns: Option<Quantiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) across_ns: Option<Quantiles>,
}

#[derive(Debug, Serialize)]
pub(super) struct Presence {
    pub(super) lists: u64,
    pub(super) list_bytes: u64,
    pub(super) longest_list_bytes: usize,
    pub(super) longest_list_numbers: usize,
    /// Lists that name somebody twice.
    pub(super) listed_twice: u64,
    pub(super) deltas: u64,
    pub(super) delta_bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Traffic {
    pub(super) bytes_received: u64,
    pub(super) bytes_sent: u64,
    pub(super) pings: u64,
    pub(super) pongs: u64,
    pub(super) unanswered_pings: u64,
    /// Frames of the protocol that loadgen does not know, and frames that are not of the protocol.
    pub(super) unknown_frames: u64,
    pub(super) nonsense_frames: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Generator {
    pub(super) cpu_seconds: f64,
    /// While messages were sent: CPU time divided by time. 1.0 is all of the one core that loadgen can use.
    pub(super) cpu_share: Option<f64>,
    /// While messages were sent: CPU time divided by messages.
    pub(super) cpu_seconds_per_message: Option<f64>,
    /// How much later than planned messages were sent.
    pub(super) send_lag_ns: Quantiles,
    /// How long messages may have waited for us to read them.
    pub(super) loop_lag_ns: Quantiles,
    /// The ends of the seconds in which loadgen was overloaded while messages were sent.
    pub(super) saturated_seconds: Vec<u64>,
}
