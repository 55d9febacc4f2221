//! What the report says of the commands of `--at`: the shape of the JSON, and the text.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use switchboard::timer::Moment;

use super::quantiles::Quantiles;
use crate::record::{Commands, Ended, Ran, Second};
use crate::secret;

/// A command, and the deliveries around it.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// The moment for which it was planned, since the start of the run.
    pub(super) at_seconds: f64,
    /// Without its secrets.
    pub(super) command: String,
    /// When it began; `None` if the run was over first.
    pub(super) began_seconds: Option<f64>,
    /// How long it took; `None` if it was still running in the end.
    pub(super) took_seconds: Option<f64>,
    /// How it failed; `None` if it ended well, or was still running.
    pub(super) failed: Option<String>,
    /// Phones that have lost their connection after it.
    pub(super) lost_phones: u64,
    /// Those among them whose close frame said when to come back.
    pub(super) asked_back_phones: u64,
    /// How long after the moment that it was asked for each of those was ready again.
    pub(super) return_lag_ns: Quantiles,
    /// The most phones that were ready again in one second.
    pub(super) most_returns_in_a_second: u64,
    /// The time from its beginning until all of them were back; `None` if none was lost, or if that never was.
    pub(super) recovered_seconds: Option<f64>,
    /// Deliveries planned from a second before it to five seconds after it, corrected.
    pub(super) delivery_ns: Quantiles,
}

/// All commands of a run.
pub(super) fn told(commands: &Commands) -> Vec<Told> {
    let seconds = |moment: Moment| moment.since(Moment::START).as_secs_f64();
    let one = |ran: &Ran| {
        let since = |moment: Moment| Some(moment.since(ran.began?).as_secs_f64());
        Told {
            at_seconds: seconds(ran.planned),
            command: secret::masked(&ran.text),
            began_seconds: ran.began.map(seconds),
            took_seconds: ran.ended.as_ref().and_then(|(moment, _)| since(*moment)),
            failed: match &ran.ended {
                Some((_, Ended::Badly(how))) => Some(how.clone()),
                Some((_, Ended::Well)) | None => None,
            },
            lost_phones: ran.lost_phones,
            asked_back_phones: ran.asked_back,
            return_lag_ns: Quantiles::of(&ran.return_lag),
            most_returns_in_a_second: ran.most_returns(),
            recovered_seconds: ran.recovered.and_then(since),
            delivery_ns: Quantiles::of(&ran.around),
        }
    };
    commands.all().iter().map(one).collect()
}

/// The rows of the series, each with the commands that began in it.
pub(super) fn marked(rows: &[Second], commands: &[Told]) -> Vec<Second> {
    let mut rows = rows.to_vec();
    for command in commands {
        let Some(began) = command.began_seconds else { continue };
        let Some(row) = rows.iter_mut().find(|row| row.at_seconds >= began) else { continue };
        row.commands = Some(match row.commands.take() {
            Some(others) => format!("{others}; {}", command.command),
            None => command.command.clone(),
        });
    }
    rows
}

impl Told {
    /// What the rows of its deliveries are called.
    pub(super) fn title(&self) -> String {
        format!("  around {} s", self.at_seconds)
    }

    /// What came of it.
    pub(super) fn fate(&self) -> String {
        let mut parts = Vec::new();
        match (&self.failed, self.took_seconds, self.began_seconds) {
            (Some(how), ..) => parts.push(format!("failed: {how}")),
            (None, Some(took), _) => parts.push(format!("took {took:.3} s")),
            (None, None, Some(_)) => parts.push("still running in the end".to_owned()),
            (None, None, None) => parts.push("not run: the run was over first".to_owned()),
        }
        match (self.lost_phones, self.recovered_seconds) {
            (0, _) => {}
            (lost, Some(time)) => {
                parts.push(format!(
                    "{lost} phones lost their connection, all back after {time:.3} s"
                ));
            }
            (lost, None) => {
                parts.push(format!("{lost} phones lost their connection, and not all came back"));
            }
        }
        if let Some(lag) = self.return_lag_ns.p99 {
            let lag = Duration::from_nanos(lag);
            parts.push(format!(
                "{} were asked back for a certain moment, and were ready {:.3} s after it (p99); at most {} in one second",
                self.asked_back_phones,
                lag.as_secs_f64(),
                self.most_returns_in_a_second
            ));
        }
        parts.join("; ")
    }
}

/// Writes what came of the commands; nothing if there are none.
pub(super) fn write_commands(commands: &[Told], out: &mut impl Write) -> io::Result<()> {
    for command in commands {
        let Told { at_seconds, command: text, .. } = command;
        writeln!(out, "command      at {at_seconds} s: {text}")?;
        writeln!(out, "             {}", command.fate())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_command_marks_the_row_in_which_it_began_and_shows_no_secret() {
        let mut commands = Commands::default();
        let at = |seconds| Moment::START + Duration::from_secs(seconds);
        let texts = [(1, "curl http://u:p@h"), (1, "b"), (9, "never")];
        commands.plan(texts.into_iter().map(|(moment, text)| (at(moment), text.to_owned())));
        commands.began(0, at(1) + Duration::from_millis(1));
        commands.began(1, at(1) + Duration::from_millis(2));
        commands.ended(1, at(3), Ended::Badly("exit status 7".to_owned()));
        let told = told(&commands);
        let rows = [1.0, 2.0, 3.0].map(|at_seconds| Second { at_seconds, ..Second::default() });
        let marks = marked(&rows, &told).into_iter().map(|row| row.commands).collect::<Vec<_>>();
        assert_eq!(marks, [None, Some("curl http://***@h; b".to_owned()), None]);
        let fates = told.iter().map(Told::fate).collect::<Vec<_>>();
        let first = ["still running in the end", "failed: exit status 7"];
        assert_eq!(fates[..2], first);
        assert!(fates[2].starts_with("not run"), "{fates:?}");
    }
}
