//! [`write_text`]: the summary as text for people.

use std::io::{self, Write};

use super::accounts::write_accounts;
use super::bars::write_bars;
use super::cast;
use super::commands::write_commands;
use super::heading::write_heading;
use super::named::{Named, named_times};
use super::quantiles::Quantiles;
use super::runs::{BrokenOff, Runs};
use super::server::Server;
use super::servers;
use super::sessions::write_sessions;
use super::shape::{Connections, Summary};
use super::shard::write_shards;
use crate::record::Record;

/// Writes the run that is shown in full. If there are several, each of the others gets a line.
pub(super) fn write_text(runs: &Runs, out: &mut impl Write) -> io::Result<()> {
    let Some((shown, run)) = runs.shown() else { return Ok(()) };
    let (summary, record) = (&run.summary, &run.outcome.record);
    write_heading(summary, runs.origin(), out)?;
    write_runs(runs, shown, out)?;
    write_times(summary, record, out)?;
    write_bars(&record.delivery.corrected, out)?;
    write_shards(summary.shard.as_deref(), summary.shards.as_ref(), out)?;
    write_commands(&summary.commands, out)?;
    write_counts(summary, out)?;
    write_costs(summary, out)?;
    write_ledger(summary, out)?;
    write_verdict(summary, out)
}

fn write_runs(runs: &Runs, shown: usize, out: &mut impl Write) -> io::Result<()> {
    let figures = runs.figures();
    if figures.len() < 2 && runs.broken_off().is_none() {
        return Ok(());
    }
    for (at, run) in figures.iter().enumerate() {
        let delivery = run.times.get("delivery").copied().unwrap_or_default();
        writeln!(
            out,
            "run {:<8} {}, delivery p50 {} p99 {} max {} ms, {} lost{}",
            at + 1,
            run.verdict,
            ms(delivery.p50),
            ms(delivery.p99),
            ms(delivery.max),
            run.lost,
            if at == shown { "  <-- shown below" } else { "" },
        )?;
    }
    if let Some(BrokenOff { verdict, why, .. }) = runs.broken_off() {
        writeln!(out, "run {:<8} {verdict}, not played: {why}", figures.len() + 1)?;
    }
    writeln!(out)
}

fn write_times(summary: &Summary, record: &Record, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "milliseconds           {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "count", "p50", "p90", "p99", "p99.9", "max"
    )?;
    // A part that was never measured is left out. A whole measure is not: that it is empty is news.
    let is_told = |named: &Named<'_>| named.times.count() > 0 || !named.is_part();
    for named in named_times(record).into_iter().filter(is_told) {
        write_quantiles(named.title, &Quantiles::of(named.times), out)?;
        if named.key == "delivery" {
            for command in &summary.commands {
                write_quantiles(&command.title(), &command.delivery_ns, out)?;
            }
            if let Some(apart) = &summary.delivery_apart_ns {
                write_quantiles("  around no command", apart, out)?;
            }
        }
    }
    writeln!(out)
}

fn write_quantiles(name: &str, times: &Quantiles, out: &mut impl Write) -> io::Result<()> {
    let Quantiles { count, p50, p90, p99, p999, max, .. } = *times;
    let [p50, p90, p99, p999, max] = [p50, p90, p99, p999, max].map(ms);
    writeln!(out, "{name:<22} {count:>7} {p50:>9} {p90:>9} {p99:>9} {p999:>9} {max:>9}")
}

fn write_counts(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let (connections, messages) = (&summary.connections, &summary.messages);
    let Connections { planned, ready, peak, .. } = connections;
    match connections.has_hostile {
        true => writeln!(
            out,
            "connections  {planned} phones planned; {ready} connections were ready, without those of hostile phones\n\
             \x20            {peak} at once, with them"
        )?,
        false => writeln!(
            out,
            "connections  {planned} phones planned; {ready} connections were ready, {peak} at once"
        )?,
    }
    for (ending, count) in &connections.endings {
        writeln!(out, "             {count} {ending}")?;
    }
    cast::write_kinds(&summary.personas, out)?;
    writeln!(
        out,
        "messages     {} sent, {} delivered, {} lost, {} in doubt",
        messages.sent, messages.delivered, messages.lost, messages.in_doubt
    )?;
    for (what, way) in [("within", messages.within), ("across", messages.across)] {
        if let Some(way) = way {
            writeln!(out, "  {what}     {}", servers::words(way))?;
        }
    }
    for line in messages.about_doubt() {
        writeln!(out, "             {line}")?;
    }
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
    if let Some(accounts) = &summary.accounts {
        write_accounts(accounts, out)?;
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
        "loadgen      {:.2} s CPU in all, {} µs a message, {} % of a core while sending",
        generator.cpu_seconds,
        figure(generator.cpu_seconds_per_message.map(|seconds| seconds * 1e6), 1),
        figure(generator.cpu_share.map(|share| share * 100.0), 0)
    )?;
    let (send, own) = (&generator.send_lag_ns, &generator.loop_lag_ns);
    writeln!(
        out,
        "             send lag p50 {} p99 {} max {} ms, loop lag p99 {} max {} ms",
        ms(send.p50),
        ms(send.p99),
        ms(send.max),
        ms(own.p99),
        ms(own.max)
    )
}

fn write_server(server: &Server, out: &mut impl Write) -> io::Result<()> {
    let size = |count: Option<u64>| count.map_or(UNKNOWN.to_owned(), bytes);
    if server.cpu_seconds.is_some() || server.rss_peak_bytes.is_some() {
        writeln!(
            out,
            "server       {} s CPU in all, {} µs a message",
            figure(server.cpu_seconds, 2),
            figure(server.cpu_seconds_per_message.map(|seconds| seconds * 1e6), 1)
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
        "its loop     {} turns, mean {} ms, 99 in 100 within {} ms, all within {} ms",
        turns.count,
        ms(Some(turns.mean_ns)),
        ms(turns.p99_ns),
        ms(turns.max_ns)
    )
}

fn write_ledger(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    if summary.server_restarted {
        let what = "the server was restarted: its books begin anew, and are not compared";
        return writeln!(out, "ledger       {what}");
    }
    if let Some(why) = servers::missing_books(&summary.servers) {
        return writeln!(out, "ledger       {why}");
    }
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

/// What stands in the place of a figure that is not known: a 0 would look like one.
const UNKNOWN: &str = "-";

/// A figure with this many decimals.
fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or(UNKNOWN.to_owned(), |value| format!("{value:.decimals$}"))
}

/// Milliseconds.
pub(super) fn ms(nanos: Option<u64>) -> String {
    figure(nanos.map(|nanos| nanos as f64 / 1e6), 3)
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
    fn what_was_not_measured_is_a_dash_and_never_a_zero() {
        let mut out = Vec::new();
        write_quantiles("delivery", &Quantiles::default(), &mut out).expect("memory takes it");
        let line = String::from_utf8(out).expect("UTF-8");
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells, ["delivery", "0", "-", "-", "-", "-", "-"]);
        assert_eq!((figure(None, 1), ms(Some(1_500_000))), ("-".to_owned(), "1.500".to_owned()));
    }

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
