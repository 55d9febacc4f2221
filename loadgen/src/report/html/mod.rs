//! [`page`]: the report as one page that needs no other file: charts are inline SVG, there is no script,
//! and nothing is fetched. It is light or dark as the reader's system is.
//!
//! This file has the head and the most important figures; `charts` and `tables` have the rest.

mod chart;
mod charts;
mod escape;
pub(super) mod found;
mod scale;
mod tables;
#[cfg(test)]
mod tests;
pub(super) mod trend;

use std::fmt::{self, Write as _};

use super::heading::VERSION;
use super::runs::{BrokenOff, Run, Runs};
use super::shape::{Plan, Summary};
use super::text::bytes;
use crate::origin::Origin;
pub(super) use escape::Escaped;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn page(runs: &Runs) -> String {
    let mut out = String::new();
    write_page(runs, &mut out).expect("a string takes everything");
    out
}

/// The page that says why there is no report.
pub(super) fn page_of_no_run(why: &str, origin: &Origin) -> String {
    let mut out = String::new();
    let _ = write_start("no report", &mut out);
    let _ = writeln!(out, "<header><h1>No report</h1><p>{}</p>", Escaped(why));
    let _ = write_origin(origin, None, &mut out);
    let _ = write!(out, "</header>\n{END}");
    out
}

/// When, where and by which command the report was made.
fn write_origin(origin: &Origin, server: Option<&str>, out: &mut String) -> fmt::Result {
    let server = server.map_or(String::new(), |version| format!(", server {version}"));
    writeln!(
        out,
        "<p class=\"soft\">{} by loadgen {VERSION}{}, on {}</p>\n<p><code>{}</code></p>",
        Escaped(&origin.date),
        Escaped(&server),
        Escaped(&origin.machine()),
        Escaped(&origin.command)
    )
}

const END: &str = "</main>\n</body>\n</html>\n";

fn write_page(runs: &Runs, out: &mut String) -> fmt::Result {
    let Some((at, run)) = runs.shown() else { return Ok(()) };
    write_start(run.summary.verdict, out)?;
    write_header(&run.summary, runs, out)?;
    out.write_str("<div class=\"tiles\">\n")?;
    write_tiles(&run.summary, out)?;
    out.write_str("</div>\n<div class=\"cards\">\n")?;
    charts::write_charts(run, out)?;
    tables::write_tables(runs, at, run, out)?;
    out.write_str("</div>\n")?;
    write_footer(run, out)?;
    out.write_str(END)
}

fn write_start(what: &str, out: &mut String) -> fmt::Result {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>loadgen: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Escaped(what)
    )
}

fn write_header(summary: &Summary, runs: &Runs, out: &mut String) -> fmt::Result {
    let (verdict, url) = (summary.verdict, Escaped(&summary.plan.url));
    let class = if verdict == "not as expected" { "unmet" } else { verdict };
    let whose = if summary.plan.own_server { "its own server" } else { "" };
    let place = if whose.is_empty() { url.to_string() } else { whose.to_owned() };
    write!(
        out,
        "<header><h1>loadgen against {place} <span class=\"verdict {class}\">{verdict}</span></h1>\n<p>{}</p>\n<p class=\"soft\">{}</p>\n",
        Escaped(&plan(&summary.plan)),
        Escaped(&details(summary))
    )?;
    let server = summary.server_version.as_deref().unwrap_or("of unknown version");
    write_origin(runs.origin(), Some(server), out)?;
    let beyond = summary.shard.as_ref().map(|part| vec![part.beyond().sentence()]);
    let merged = summary.shards.as_ref().map(|shards| shards.sentences().to_vec());
    for sentence in beyond.or(merged).into_iter().flatten() {
        writeln!(out, "<p class=\"soft\">{}.</p>", Escaped(&sentence))?;
    }
    if let Some(BrokenOff { why, .. }) = runs.broken_off() {
        let number = runs.figures().len() + 1;
        let why = Escaped(why);
        writeln!(out, "<ul class=\"why failed\"><li>run {number} was not played: {why}</li></ul>")?;
    }
    let lists =
        [("failed", &summary.failures), ("unmet", &summary.unmet), ("invalid", &summary.invalid)];
    for (class, sentences) in lists {
        if !sentences.is_empty() {
            write!(out, "<ul class=\"why {class}\">")?;
            for sentence in sentences {
                write!(out, "<li>{}</li>", Escaped(sentence))?;
            }
            out.write_str("</ul>\n")?;
        }
    }
    out.write_str("</header>\n")
}

fn plan(plan: &Plan) -> String {
    let (clients, ramp) = (grouped(plan.clients.into()), plan.ramp_seconds);
    let (pace, duration) = (plan.pace(), plan.duration_seconds);
    let phones = plan.people();
    format!("{clients} {phones} connected over {ramp} s, then wrote {pace} for {duration} s.")
}

fn details(summary: &Summary) -> String {
    let plan = &summary.plan;
    let every = |time: Option<f64>| time.map_or("off".to_owned(), |time| format!("every {time} s"));
    let early = match summary.ended {
        "as planned" => String::new(),
        how => format!(" The run ended early: {how}."),
    };
    let realm = match plan.realm_words() {
        Some(words) => words,
        None => format!("presence {}, refresh {}", plan.presence, every(plan.refresh_seconds)),
    };
    format!(
        "{} model, {} arrivals, texts of {} bytes, heartbeat {}, {realm}, seed {}{}.{early}",
        plan.model,
        plan.arrivals,
        plan.text_sizes,
        every(plan.heartbeat_seconds),
        plan.seed,
        plan.about_certificates()
    )
}

fn write_tiles(summary: &Summary, out: &mut String) -> fmt::Result {
    let mut tile = |value: &str, unit: &str, what: &str| {
        let (value, unit, what) = (Escaped(value), Escaped(unit), Escaped(what));
        writeln!(
            out,
            "<div class=\"tile\"><b>{value} <small>{unit}</small></b><span>{what}</span></div>"
        )
    };
    let (messages, times) = (&summary.messages, &summary.delivery.corrected_ns);
    tile(&time(times.p50), "ms", "delivery, median")?;
    tile(&time(times.p99), "ms", "delivery, 99 of 100")?;
    tile(&time(times.max), "ms", "delivery, the slowest")?;
    tile(
        &grouped(messages.delivered),
        &format!("of {}", grouped(messages.sent)),
        "messages delivered",
    )?;
    tile(&grouped(messages.delivered_per_second.round() as u64), "/s", "delivered a second")?;
    let connections = &summary.connections;
    let planned = format!("of {}", grouped(connections.planned));
    tile(&grouped(connections.peak), &planned, "phones connected at once")?;
    let Some(server) = &summary.server else { return Ok(()) };
    if let Some(cpu) = server.cpu_seconds_per_message {
        tile(&format!("{:.1}", cpu * 1e6), "µs", "server CPU a message")?;
    }
    if let Some(peak) = server.rss_peak_bytes {
        let size = bytes(peak);
        let (number, unit) = size.split_once(' ').unwrap_or((&size, ""));
        tile(number, unit, "server memory at most")?;
    }
    Ok(())
}

fn write_footer(run: &Run, out: &mut String) -> fmt::Result {
    let generator = &run.summary.generator;
    let share = generator.cpu_share.map_or("–".to_owned(), |it| format!("{:.0}", it * 100.0));
    writeln!(
        out,
        "<footer>loadgen used {share} % of one core while sending; 99 of 100 messages were sent within {} ms of \
         their planned moment. Corrected times count from that moment, uncorrected ones from the moment of \
         sending, and for delivery only of messages that were sent while no other was waited for.</footer>",
        time(generator.send_lag_ns.p99)
    )
}

/// Nanoseconds as milliseconds; a dash if there is nothing to tell.
fn time(nanos: Option<u64>) -> String {
    nanos.map_or("–".to_owned(), |nanos| millis(nanos as f64 / 1e6))
}

/// Milliseconds with three significant digits.
fn millis(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

/// A number with its thousands set apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
