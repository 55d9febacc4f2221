//! [`write_heading`]: the first lines of the text: where the report comes from, and what was played.

use std::io::{self, Write};

use super::servers::write_servers;
use super::shape::Summary;
use crate::origin::Origin;

/// loadgen's own version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes where the report comes from, and the plan.
pub(super) fn write_heading(
    summary: &Summary,
    origin: &Origin,
    out: &mut impl Write,
) -> io::Result<()> {
    let server = summary.server_version.as_deref().unwrap_or("of unknown version");
    writeln!(out, "made         {} by loadgen {VERSION}, server {server}", origin.date)?;
    writeln!(out, "             on {}", origin.machine())?;
    writeln!(out, "             {}", origin.command)?;
    write_plan(summary, out)
}

fn write_plan(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let plan = &summary.plan;
    let own = if plan.own_server { " (our own server)" } else { "" };
    let phones = plan.people();
    let unchecked = plan.about_certificates();
    writeln!(out, "plan         {} {phones} on {}{own}{unchecked}", plan.clients, plan.url)?;
    write_servers(&summary.servers, phones, out)?;
    writeln!(
        out,
        "             over {} s, then {} for {} s ({}, {} model)",
        plan.ramp_seconds,
        plan.pace(),
        plan.duration_seconds,
        plan.arrivals,
        plan.model
    )?;
    let every = |time: Option<f64>| time.map_or("off".to_owned(), |time| format!("{time} s"));
    writeln!(
        out,
        "             text {} B, heartbeat {}, seed {}",
        plan.text_sizes,
        every(plan.heartbeat_seconds),
        plan.seed
    )?;
    match plan.realm_words() {
        Some(words) => writeln!(out, "             {words}")?,
        None => {
            let refresh = every(plan.refresh_seconds);
            writeln!(out, "             presence {}, refresh {refresh}", plan.presence)?;
        }
    }
    if summary.ended != "as planned" {
        writeln!(out, "             ended early: {}", summary.ended)?;
    }
    writeln!(out)
}
