//! [`write_text`]: the summary for people.

use std::io::{self, Write};

use super::cast;
use super::shape::{Quantiles, Summary};

/// Writes the summary as text.
pub(crate) fn write_text(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    write_plan(summary, out)?;
    write_times(summary, out)?;
    write_counts(summary, out)?;
    write_costs(summary, out)?;
    write_ledger(summary, out)?;
    write_verdict(summary, out)
}

fn write_plan(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let plan = &summary.plan;
    let own = if plan.own_server { " (our own server)" } else { "" };
    writeln!(out, "plan         {} phones on {}{own}", plan.clients, plan.url)?;
    writeln!(
        out,
        "             over {} s, then {} messages a second for {} s ({}, {} model)",
        plan.ramp_seconds, plan.rate, plan.duration_seconds, plan.arrivals, plan.model
    )?;
    let every = |time: Option<f64>| time.map_or("off".to_owned(), |time| format!("{time} s"));
    writeln!(
        out,
        "             text {} B, presence {}, heartbeat {}, refresh {}, seed {}",
        plan.text_sizes,
        plan.presence,
        every(plan.heartbeat_seconds),
        every(plan.refresh_seconds),
        plan.seed
    )?;
    if summary.ended != "as planned" {
        writeln!(out, "             ended early: {}", summary.ended)?;
    }
    writeln!(out)
}

fn write_times(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "milliseconds           {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "count", "p50", "p90", "p99", "p99.9", "max"
    )?;
    for (name, times) in [
        ("connect", &summary.connect.total_ns),
        ("  from actual dialling", &summary.connect.total_uncorrected_ns),
        ("  tcp", &summary.connect.tcp_ns),
        ("  upgrade", &summary.connect.upgrade_ns),
        ("  first frame", &summary.connect.first_frame_ns),
        ("delivery", &summary.delivery.corrected_ns),
        ("  one at a time", &summary.delivery.uncorrected_ns),
        ("heartbeat", &summary.heartbeat_ns),
        ("  from actual sending", &summary.heartbeat_uncorrected_ns),
        ("presence convergence", &summary.convergence.times.corrected_ns),
        ("  from actual change", &summary.convergence.times.uncorrected_ns),
        ("silence noticed", &summary.notice.times.corrected_ns),
    ] {
        write_quantiles(name, times, out)?;
    }
    writeln!(out)
}

fn write_quantiles(name: &str, times: &Quantiles, out: &mut impl Write) -> io::Result<()> {
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let Quantiles { count, p50, p90, p99, p999, max, .. } = *times;
    if count == 0 {
        return writeln!(out, "{name:<22} {count:>9}");
    }
    let (p50, p90, p99, p999, max) = (ms(p50), ms(p90), ms(p99), ms(p999), ms(max));
    writeln!(out, "{name:<22} {count:>9} {p50:>9.3} {p90:>9.3} {p99:>9.3} {p999:>9.3} {max:>9.3}")
}

fn write_counts(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let (connections, messages) = (&summary.connections, &summary.messages);
    writeln!(
        out,
        "connections  {} planned, {} ready, {} at once",
        connections.planned, connections.ready, connections.peak
    )?;
    for (ending, count) in &connections.endings {
        writeln!(out, "             {count} {ending}")?;
    }
    cast::write_kinds(&summary.personas, out)?;
    writeln!(
        out,
        "messages     {} sent, {} delivered, {} lost, {} in doubt",
        messages.sent, messages.delivered, messages.lost, messages.in_doubt
    )?;
    writeln!(
        out,
        "             {} duplicated, {} misdelivered, {} reordered, {} misattributed, {} garbled",
        messages.duplicated,
        messages.misdelivered,
        messages.reordered,
        messages.misattributed,
        messages.garbled
    )?;
    writeln!(
        out,
        "             {:.1} sent and {:.1} delivered a second; {} late, {} skipped",
        messages.sent_per_second, messages.delivered_per_second, messages.late, messages.skipped
    )?;
    let presence = &summary.presence;
    writeln!(
        out,
        "presence     {} lists ({}), the longest of {} numbers; {} deltas ({})",
        presence.lists,
        bytes(presence.list_bytes),
        presence.longest_list_numbers,
        presence.deltas,
        bytes(presence.delta_bytes)
    )?;
    cast::write_views(&summary.convergence, &summary.notice, out)?;
    let traffic = &summary.traffic;
    writeln!(
        out,
        "traffic      {} received, {} sent; {} pings, {} pongs",
        bytes(traffic.bytes_received),
        bytes(traffic.bytes_sent),
        traffic.pings,
        traffic.pongs
    )
}

fn write_costs(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    if let Some(server) = &summary.server {
        writeln!(
            out,
            "server       {:.2} s CPU in all, {:.1} µs a message",
            server.cpu_seconds,
            server.cpu_seconds_per_message * 1e6
        )?;
        writeln!(
            out,
            "             memory {} before, {} connected, {} at most; {} a connection",
            bytes(server.rss_before_bytes),
            bytes(server.rss_connected_bytes),
            bytes(server.rss_peak_bytes),
            bytes(server.rss_bytes_per_connection)
        )?;
    }
    let generator = &summary.generator;
    writeln!(
        out,
        "loadgen      {:.2} s CPU in all, {:.1} µs a message, {:.0} % of a core while sending",
        generator.cpu_seconds,
        generator.cpu_seconds_per_message * 1e6,
        generator.cpu_share * 100.0
    )?;
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let (send, own) = (&generator.send_lag_ns, &generator.loop_lag_ns);
    writeln!(
        out,
        "             send lag p50 {:.3} p99 {:.3} max {:.3} ms, loop lag p99 {:.3} max {:.3} ms",
        ms(send.p50),
        ms(send.p99),
        ms(send.max),
        ms(own.p99),
        ms(own.max)
    )
}

fn write_ledger(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let Some(rows) = &summary.ledger else { return Ok(()) };
    if rows.iter().all(|row| row.agrees) {
        return writeln!(out, "ledger       the server's books and ours agree");
    }
    writeln!(out)?;
    writeln!(out, "{:<22} {:>9} {:>9} {:>9}", "ledger", "ours", "in doubt", "server's")?;
    for row in rows {
        let mark = if row.agrees { "" } else { "  <-- differs" };
        writeln!(
            out,
            "{:<22} {:>9} {:>9} {:>9}{mark}",
            row.what, row.ours, row.in_doubt, row.theirs
        )?;
    }
    Ok(())
}

fn write_verdict(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    for failure in &summary.failures {
        writeln!(out, "FAILED       {failure}")?;
    }
    for line in &summary.unmet {
        writeln!(out, "EXPECTED     {line}")?;
    }
    for reason in &summary.invalid {
        writeln!(out, "INVALID      {reason}")?;
    }
    if !summary.invalid.is_empty() {
        writeln!(out, "INVALID      the latencies above are not the server's")?;
    }
    writeln!(out, "verdict      {}", summary.verdict)
}

/// A size as people read it.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1e3;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1e3;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_right() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1500, "1.5 kB"),
            (2_000_000, "2.0 MB"),
            (7_000_000_000_000_000, "7000.0 TB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
