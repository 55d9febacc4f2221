//! [`find_and_report`]: plays one load after the other, as the search asks, and reports what was found.

use crate::args::{self, Axis, Finding, Options};
use crate::complain::complain;
use crate::play::{self, Failure, INVALID, USAGE};
use crate::record::End;
use crate::report::{Found, Trial, announce};
use crate::search::{Search, Try};
use crate::signals::Signals;

/// Searches and reports. Returns the exit code.
pub(crate) fn find_and_report(finding: &Finding) -> u8 {
    let options = match args::options_at(finding, finding.low) {
        Ok(options) => options,
        Err(line) => {
            complain(&line);
            return USAGE;
        }
    };
    let (mut signals, outputs) = match play::begin(&options.destinations) {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let (code, failures) = match search(finding, &options, &mut signals) {
        Ok(found) => (found.exit_code(), outputs.write_found(&found, &signals)),
        Err(failure) => {
            complain(&failure.sentence);
            let outcome = (failure.verdict(), failure.code);
            let origin = &options.origin;
            (failure.code, outputs.fail(outcome, &failure.sentence, origin, &signals))
        }
    };
    failures.iter().for_each(|sentence| complain(sentence));
    if code == 0 && !failures.is_empty() { USAGE } else { code }
}

fn search(finding: &Finding, first: &Options, signals: &mut Signals) -> Result<Found, Failure> {
    let mut publisher = play::publisher(first)?;
    let mut servers = play::look_up(first, signals)?;
    let is_whole = finding.axis == Axis::Clients;
    let (of, unit) = match finding.axis {
        Axis::Rate => ("rate", "messages/s"),
        Axis::Clients => ("clients", "phones"),
    };
    let mut search = Search::new(finding.low, finding.high, is_whole, finding.times);
    let (mut trials, mut ended) = (Vec::new(), None);
    while let Some(load) = search.next() {
        let options = args::options_at(finding, load).map_err(Failure::usage)?;
        let (summary, outcome) = match play::play(&options, &mut servers, &mut publisher, signals) {
            Ok(played) => played,
            Err(failure) if trials.is_empty() => return Err(failure),
            // What was found before is not lost.
            Err(failure) => {
                ended = Some(failure.of_a_later_run());
                break;
            }
        };
        if outcome.end == End::Interrupted {
            // Half a run shows nothing about its load.
            ended = Some(Failure { sentence: "interrupted".to_owned(), code: INVALID });
            break;
        }
        let trial = Trial::new(load, &summary);
        if !options.plan.quiet {
            announce(&trial, unit);
        }
        search.tell(
            load,
            match summary.exit_code {
                0 => Try::Held,
                INVALID => Try::Invalid,
                _ => Try::Broke,
            },
        );
        trials.push(trial);
    }
    let range = (finding.low, finding.high);
    let expected = first.plan.expectations.iter().map(ToString::to_string).collect();
    let result = (search.found(), search.loads().to_vec());
    let found = Found::new(first.origin.clone(), (of, unit), range, expected, result, trials);
    Ok(match ended {
        None => found,
        Some(Failure { sentence, code }) => {
            complain(&format!("the search is not finished: {sentence}"));
            found.unfinished(&sentence, code)
        }
    })
}
