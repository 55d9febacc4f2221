//! [`write_text`]: the summary as text for people.

use std::io::{self, Write};

use super::bars::write_bars;
use super::cast;
use super::named::{Named, named_times};
use super::quantiles::Quantiles;
use super::runs::Runs;
use super::server::Server;
use super::sessions::write_sessions;
use super::shape::{Figures, Summary};
use crate::record::Record;

/// Writes the run that is shown in full. If there are several, each of the others gets a line.
pub(super) fn write_text(runs: &Runs, out: &mut impl Write) -> io::Result<()> {
    let Some((shown, run)) = runs.shown() else { return Ok(()) };
    let (summary, record) = (&run.summary, &run.outcome.record);
    write_plan(summary, out)?;
    write_runs(runs.figures(), shown, out)?;
    write_times(record, out)?;
    write_bars(&record.delivery.corrected, out)?;
    write_counts(summary, out)?;
    write_costs(summary, out)?;
    write_ledger(summary, out)?;
    write_verdict(summary, out)
}

fn write_plan(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let plan = &summary.plan;
    let own = if plan.own_server { " (our own server)" } else { "" };
    let phones = if plan.sessions.is_some() { "sessions" } else { "phones" };
    writeln!(out, "plan         {} {phones} on {}{own}", plan.clients, plan.url)?;
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
    match &plan.sessions {
        Some(sessions) => writeln!(out, "             {}", sessions.words())?,
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

fn write_runs(figures: &[Figures], shown: usize, out: &mut impl Write) -> io::Result<()> {
    if figures.len() < 2 {
        return Ok(());
    }
    for (at, run) in figures.iter().enumerate() {
        let delivery = run.times.get("delivery").copied().unwrap_or_default();
        writeln!(
            out,
            "run {:<8} {}, delivery p50 {:.3} p99 {:.3} max {:.3} ms, {} lost{}",
            at + 1,
            run.verdict,
            delivery.p50 as f64 / 1e6,
            delivery.p99 as f64 / 1e6,
            delivery.max as f64 / 1e6,
            run.lost,
            if at == shown { "  <-- shown below" } else { "" },
        )?;
    }
    writeln!(out)
}

fn write_times(record: &Record, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "milliseconds           {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "count", "p50", "p90", "p99", "p99.9", "max"
    )?;
    // A part that was never measured is left out. A whole measure is not: that it is empty is news.
    let is_told = |named: &Named<'_>| named.times.count() > 0 || !named.is_part();
    for named in named_times(record).into_iter().filter(is_told) {
        write_quantiles(named.title, &Quantiles::of(named.times), out)?;
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
        "connections  {} phones planned; {} connections were ready, {} at once",
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
    if let Some(sessions) = &summary.sessions {
        write_sessions(sessions, out)?;
    }
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
        write_server(server, out)?;
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

fn write_server(server: &Server, out: &mut impl Write) -> io::Result<()> {
    let seconds = |time: Option<f64>| time.map_or("?".to_owned(), |time| format!("{time:.2}"));
    let micros =
        |time: Option<f64>| time.map_or("?".to_owned(), |time| format!("{:.1}", time * 1e6));
    let size = |count: Option<u64>| count.map_or("?".to_owned(), bytes);
    let ms =
        |nanos: Option<u64>| nanos.map_or("?".to_owned(), |n| format!("{:.3}", n as f64 / 1e6));
    if server.cpu_seconds.is_some() || server.rss_peak_bytes.is_some() {
        writeln!(
            out,
            "server       {} s CPU in all, {} µs a message",
            seconds(server.cpu_seconds),
            micros(server.cpu_seconds_per_message)
        )?;
        writeln!(
            out,
            "             memory {} before, {} connected, {} at most; {} a connection",
            size(server.rss_before_bytes),
            size(server.rss_connected_bytes),
            size(server.rss_peak_bytes),
            size(server.rss_bytes_per_connection)
        )?;
    }
    let Some(turns) = &server.turns else { return Ok(()) };
    writeln!(
        out,
        "its loop     {} turns, mean {:.3} ms, 99 in 100 within {} ms, all within {} ms",
        turns.count,
        turns.mean_ns as f64 / 1e6,
        ms(turns.p99_ns),
        ms(turns.max_ns)
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

/// A size in the unit that people would choose.
pub(super) fn bytes(count: u64) -> String {
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
