//! The tables: all times, how connections ended, the ledger, and the runs if there were several.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::super::commands::Told;
use super::super::named::named_times;
use super::super::quantiles::Quantiles;
use super::super::runs::{Run, Runs};
use super::super::servers::{self, OnWay};
use super::super::shape::Summary;
use super::chart::{Width, more};
use super::escape::Escaped;
use super::{grouped, time};

/// Appends all tables.
pub(super) fn write_tables(runs: &Runs, shown: usize, run: &Run, out: &mut String) -> fmt::Result {
    write_times(run, out)?;
    write_commands(&run.summary, out)?;
    write_runs(runs, shown, out)?;
    write_servers(&run.summary, out)?;
    write_messages(&run.summary, out)?;
    write_sessions(&run.summary, out)?;
    write_accounts(&run.summary, out)?;
    write_views(&run.summary, out)?;
    write_personas(&run.summary, out)?;
    write_ledger(&run.summary, out)?;
    write_endings(&run.summary, out)?;
    write_limits(&run.summary, out)
}

fn write_limits(summary: &Summary, out: &mut String) -> fmt::Result {
    let limits = &summary.server_limits;
    if limits.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> =
        limits.iter().map(|(name, value)| ("", vec![name.clone(), value.to_string()])).collect();
    let note = "of the server, by the names of its flags; bytes, seconds or a number";
    Table { title: "Limits in effect", note, head: &["", "value"], is_wide: false }
        .write(&rows, out)
}

/// A table in a card of its own. Every cell is text.
pub(super) struct Table<'a> {
    pub(super) title: &'a str,
    pub(super) note: &'a str,
    pub(super) head: &'a [&'a str],
    pub(super) is_wide: bool,
}

/// A cell longer than this is a sentence, and may be broken into lines. In characters.
const LONGEST_WORD: usize = 40;

/// A row, and its CSS class.
pub(super) type Row = (&'static str, Vec<String>);

impl Table<'_> {
    /// Appends the table, with its title.
    pub(super) fn write(&self, rows: &[Row], out: &mut String) -> fmt::Result {
        let (wide, width) = if self.is_wide { (" wide", Width::Whole) } else { ("", Width::Half) };
        let (title, note, more) = (Escaped(self.title), Escaped(self.note), more(width));
        write!(
            out,
            "<section class=\"card{wide}\"><h2>{title}</h2><div class=\"keys\"><span>{note}</span>{more}</div>\
             <div class=\"scroll\" tabindex=\"0\"><table>"
        )?;
        // On paper the head is repeated on each page.
        out.write_str("<thead><tr>")?;
        // One long cell makes all cells of its column words, and words begin at the left.
        let is_words = |column: usize| {
            rows.iter()
                .any(|(_, cells)| cells.get(column).is_some_and(|cell| cell.len() > LONGEST_WORD))
        };
        for (column, cell) in self.head.iter().enumerate() {
            let class = if is_words(column) { " class=\"words\"" } else { "" };
            write!(out, "<th{class}>{}</th>", Escaped(cell))?;
        }
        out.write_str("</tr></thead>\n<tbody>")?;
        for (class, cells) in rows {
            write!(out, "<tr class=\"{class}\">")?;
            for (column, cell) in cells.iter().enumerate() {
                // An indented title belongs to the row above.
                let class = match is_words(column) {
                    _ if cell.starts_with("  ") => " class=\"part\"",
                    true => " class=\"words\"",
                    false => "",
                };
                write!(out, "<td{class}>{}</td>", Escaped(cell.trim()))?;
            }
            out.write_str("</tr>\n")?;
        }
        out.write_str("</tbody></table></div></section>\n")
    }
}

fn write_times(run: &Run, out: &mut String) -> fmt::Result {
    let row = |title: String, times: &Quantiles| -> Row {
        let values = [times.p50, times.p90, times.p99, times.p999, times.max];
        ("", [title, grouped(times.count)].into_iter().chain(values.map(time)).collect())
    };
    let mut rows = Vec::new();
    for named in named_times(&run.outcome.record) {
        if named.times.count() == 0 {
            continue;
        }
        rows.push(row(named.title.to_owned(), &Quantiles::of(named.times)));
        if named.key == "delivery" {
            let summary = &run.summary;
            rows.extend(summary.commands.iter().map(|one| row(one.title(), &one.delivery_ns)));
            let apart = summary.delivery_apart_ns.iter();
            rows.extend(apart.map(|apart| row("  around no command".to_owned(), apart)));
        }
    }
    let head = ["", "count", "p50", "p90", "p99", "p99.9", "max"];
    Table { title: "All times", note: "milliseconds", head: &head, is_wide: true }.write(&rows, out)
}

fn write_commands(summary: &Summary, out: &mut String) -> fmt::Result {
    if summary.commands.is_empty() {
        return Ok(());
    }
    let row = |one: &Told| -> Row {
        let class = if one.failed.is_some() { "differs" } else { "" };
        (class, vec![format!("{} s", one.at_seconds), one.command.clone(), one.fate()])
    };
    let rows: Vec<Row> = summary.commands.iter().map(row).collect();
    let note = "run by --at; the deliveries around each are in the table of all times";
    Table { title: "Commands", note, head: &["at", "command", ""], is_wide: true }.write(&rows, out)
}

fn write_runs(runs: &Runs, shown: usize, out: &mut String) -> fmt::Result {
    if runs.figures().len() < 2 {
        return Ok(());
    }
    let row = |(at, run): (usize, &super::super::shape::Figures)| -> Row {
        let delivery = run.times.get("delivery").copied().unwrap_or_default();
        let times = [delivery.p50, delivery.p99, delivery.max].map(time);
        let mark = if at == shown { " (this page)" } else { "" };
        let name = format!("{}{mark}", at + 1);
        let cells = [name, run.verdict.clone(), grouped(run.delivered), grouped(run.lost)];
        ("", cells.into_iter().chain(times).collect())
    };
    let rows: Vec<Row> = runs.figures().iter().enumerate().map(row).collect();
    let head = ["run", "verdict", "delivered", "lost", "p50", "p99", "max"];
    let note = "of one plan; delivery in milliseconds";
    Table { title: "All runs", note, head: &head, is_wide: true }.write(&rows, out)
}

fn write_servers(summary: &Summary, out: &mut String) -> fmt::Result {
    if summary.servers.len() < 2 {
        return Ok(());
    }
    let row = |one: &servers::Told| -> Row {
        let version = one.version.clone().unwrap_or_else(|| "–".to_owned());
        let metrics = if one.metrics { "read" } else { "not known" };
        let (weight, phones) = (one.weight.to_string(), grouped(one.phones.into()));
        ("", vec![one.url.clone(), weight, phones, version, metrics.to_owned()])
    };
    let rows: Vec<Row> = summary.servers.iter().map(row).collect();
    let head = ["", "weight", "phones", "version", "/metrics"];
    let note = "the books are compared with the sum of all /metrics";
    Table { title: "Servers", note, head: &head, is_wide: true }.write(&rows, out)?;
    let messages = &summary.messages;
    let ways = [("within one server", messages.within), ("across two servers", messages.across)];
    let rows = ways.into_iter().filter_map(|(what, way)| {
        let OnWay { sent, delivered, undelivered, missing } = way?;
        let counts = [sent, delivered, undelivered, missing].map(grouped);
        Some(("", [what.to_owned()].into_iter().chain(counts).collect()))
    });
    let rows: Vec<Row> = rows.collect();
    let head = ["", "sent", "delivered", "undelivered", "missing"];
    let note = "undelivered: the sender was told so";
    Table { title: "Within and across", note, head: &head, is_wide: true }.write(&rows, out)
}

fn write_messages(summary: &Summary, out: &mut String) -> fmt::Result {
    let messages = &summary.messages;
    let counts = [
        ("sent", messages.sent, false),
        ("delivered", messages.delivered, false),
        ("lost", messages.lost, true),
        ("in doubt", messages.in_doubt, messages.is_steady),
        ("duplicated", messages.duplicated, true),
        ("misdelivered", messages.misdelivered, true),
        ("reordered", messages.reordered, true),
        ("misattributed", messages.misattributed, true),
        ("garbled", messages.garbled, true),
        ("skipped", messages.skipped, messages.is_steady),
    ];
    let rows = counts.map(|(what, count, is_fault)| {
        let class = if is_fault && count > 0 { "differs" } else { "" };
        (class, vec![what.to_owned(), grouped(count)])
    });
    let note = match messages.about_doubt() {
        [] => "every one is checked".to_owned(),
        lines => format!("every one is checked; {}", lines.join(" ")),
    };
    Table { title: "Messages", note: &note, head: &["", "count"], is_wide: false }.write(&rows, out)
}

fn write_sessions(summary: &Summary, out: &mut String) -> fmt::Result {
    let Some(sessions) = &summary.sessions else { return Ok(()) };
    let counts = [
        ("copies", sessions.copies),
        ("mirrored", sessions.mirrors),
        ("words about messages", sessions.statuses),
        ("messages read", sessions.read),
        ("messages undelivered", sessions.undelivered),
        ("invitations", sessions.invitations_sent),
        ("accepted", sessions.invitations_accepted),
        ("declined", sessions.invitations_declined),
        ("typing to be seen", sessions.typing_sent),
        ("typing seen", sessions.typing_seen),
    ];
    let mut rows: Vec<Row> =
        counts.map(|(what, count)| ("", vec![what.to_owned(), grouped(count)])).into();
    let breaches = sessions.breaches.iter().filter(|&(_, &count)| count > 0);
    rows.extend(breaches.map(|(name, &count)| -> Row {
        ("differs", vec![name.replace('_', " "), grouped(count)])
    }));
    let note = "each device's is checked";
    Table { title: "Sessions", note, head: &["", "count"], is_wide: false }.write(&rows, out)
}

fn write_accounts(summary: &Summary, out: &mut String) -> fmt::Result {
    let Some(accounts) = &summary.accounts else { return Ok(()) };
    let stored = &accounts.stored;
    let counts = [
        ("deliveries", accounts.deliveries),
        ("acknowledged", accounts.acknowledged),
        ("of these in the histories", stored.found),
        ("older than what the server shows", stored.out_of_reach),
        ("histories read", stored.histories),
        ("typing to be seen", accounts.typing_sent),
        ("typing seen", accounts.typing_seen),
    ];
    let mut rows: Vec<Row> =
        counts.map(|(what, count)| ("", vec![what.to_owned(), grouped(count)])).into();
    let of_histories = [
        ("stored: missing", stored.missing),
        ("stored: twice", stored.twice),
        ("stored: out of order", stored.out_of_order),
        ("stored: wrong", stored.wrong),
        ("histories not given", stored.unread),
    ];
    let lapses = accounts.lapses.iter().map(|(&name, &count)| (name, count));
    rows.extend(lapses.chain(of_histories).map(|(name, count)| -> Row {
        (if count > 0 { "differs" } else { "" }, vec![name.replace('_', " "), grouped(count)])
    }));
    let note = "every acknowledged message must be in the history, once, in the order in which it was seen";
    Table { title: "Accounts", note, head: &["", "count"], is_wide: false }.write(&rows, out)
}

fn write_views(summary: &Summary, out: &mut String) -> fmt::Result {
    let (convergence, notice) = (&summary.convergence, &summary.notice);
    let counts = [
        ("comings and goings", u64::from(convergence.changes), false),
        ("views stale in the end", convergence.stale_views, true),
        ("silent phones given up", notice.times.corrected_ns.count, false),
        ("silent phones given up too early", notice.too_early, true),
        ("silent phones not given up in time", notice.unnoticed, true),
    ];
    let rows = counts.map(|(what, count, is_fault)| {
        let class = if is_fault && count > 0 { "differs" } else { "" };
        (class, vec![what.to_owned(), grouped(count)])
    });
    let note = "who knows who is online";
    Table { title: "Presence and silence", note, head: &["", "count"], is_wide: false }
        .write(&rows, out)
}

/// A table of personas, if there are several.
fn write_personas(summary: &Summary, out: &mut String) -> fmt::Result {
    if summary.personas.len() < 2 {
        return Ok(());
    }
    let list = |counts: &BTreeMap<String, u64>| {
        let counts = counts.iter().map(|(what, count)| format!("{} {what}", grouped(*count)));
        counts.collect::<Vec<_>>().join("; ")
    };
    let rows: Vec<Row> = summary
        .personas
        .iter()
        .map(|(name, kind)| {
            ("", vec![(*name).to_owned(), grouped(kind.connections), list(&kind.endings)])
        })
        .collect();
    let head = ["", "connections", "how they ended"];
    Table { title: "Personas", note: "", head: &head, is_wide: true }.write(&rows, out)
}

fn write_ledger(summary: &Summary, out: &mut String) -> fmt::Result {
    let Some(ledger) = &summary.ledger else { return Ok(()) };
    let rows: Vec<Row> = ledger
        .iter()
        .map(|row| {
            let class = if row.agrees { "" } else { "differs" };
            let counts = [row.ours, row.in_doubt, row.theirs].map(grouped);
            (class, [row.what.to_owned()].into_iter().chain(counts).collect())
        })
        .collect();
    let note = match ledger.iter().all(|row| row.agrees) {
        true if summary.messages.in_doubt > 0 => {
            "the server's books and ours agree: its figure may be ours, or more by up to what is in doubt"
        }
        true => "the server's books and ours agree",
        false => "the server's books differ from ours",
    };
    let head = ["", "ours", "in doubt", "server's"];
    Table { title: "Ledger", note, head: &head, is_wide: false }.write(&rows, out)
}

fn write_endings(summary: &Summary, out: &mut String) -> fmt::Result {
    let connections = &summary.connections;
    let row = |(what, count): (&String, &u64)| -> Row { ("", vec![what.clone(), grouped(*count)]) };
    let rows: Vec<Row> = connections.closes.iter().map(row).collect();
    let note = "none: no code, or no close frame";
    Table { title: "Closes by code", note, head: &["code", "connections"], is_wide: false }
        .write(&rows, out)?;
    let rows: Vec<Row> = connections.endings.iter().map(row).collect();
    let title = "How connections ended";
    Table { title, note: "", head: &["", "connections"], is_wide: false }.write(&rows, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_at_the_left_in_every_row_of_their_column() {
        let long = "3 dropped by us, as planned; 4 hung up (1000)";
        let rows: [Row; 2] = [
            ("", ["a", "1", "48 hung up"].map(Into::into).into()),
            ("", ["b", "2", long].map(Into::into).into()),
        ];
        let (mut out, head) = (String::new(), ["", "count", "how they ended"]);
        Table { title: "T", note: "", head: &head, is_wide: true }
            .write(&rows, &mut out)
            .expect("a string");
        for cell in [
            "<th class=\"words\">how they ended</th>",
            "<td class=\"words\">48 hung up</td>",
            "<th>count</th>",
            "<td>1</td>",
        ] {
            assert!(out.contains(cell), "{cell}: {out}");
        }
    }
}
