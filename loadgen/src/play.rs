//! [`play_and_report`]: everything in its order: the files, the server, a first look at it, one or several
//! runs, and the report.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::args::Options;
use crate::client::Realm;
use crate::complain::{complain, tell};
use crate::enrolment::{self, DataFolder, new_names};
use crate::exposition;
use crate::net::{self, FOR_A_PAGE, Publisher, Refusal, TooLate};
use crate::own_server::{self, OwnServer};
use crate::pool::Pool;
use crate::record::{End, Outcome};
use crate::report::{Destinations, Outputs, Runs, Summary, Surroundings};
use crate::signals::Signals;
use crate::target::{Server, Target};

/// The server failed a check, or its books differ from loadgen's.
const FAILED: u8 = 1;
/// A value on the command line is wrong, the plan is impossible, or the report cannot be written.
pub(crate) const USAGE: u8 = 2;
/// The run says nothing about the server.
pub(crate) const INVALID: u8 = 4;

/// A signal came while a run was made ready.
const TOO_EARLY: &str = "interrupted before the run: nothing was measured";

/// How long the server may take to tell its version. It is not needed.
const FOR_THE_VERSION: Duration = Duration::from_secs(1);

/// Why there is no report.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) sentence: String,
    pub(crate) code: u8,
}

impl Failure {
    /// The plan is impossible.
    pub(crate) fn usage(sentence: String) -> Self {
        Failure { sentence, code: USAGE }
    }

    fn server(sentence: String) -> Self {
        Failure { sentence, code: FAILED }
    }

    fn ours(error: &io::Error) -> Self {
        Failure { sentence: format!("loadgen itself has failed: {error}"), code: INVALID }
    }

    /// The same if there were runs before: then something was measured.
    pub(crate) fn of_a_later_run(mut self) -> Self {
        if self.sentence == TOO_EARLY {
            "interrupted".clone_into(&mut self.sentence);
        }
        self
    }

    /// The same in a word.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.code {
            FAILED => "failed",
            INVALID => "invalid",
            _ => "none",
        }
    }
}

impl From<TooLate> for Failure {
    fn from(late: TooLate) -> Self {
        match late {
            TooLate::By(passed) => Failure::usage(format!(
                "--start-at was {:.1} s ago when the server had answered: name a later moment",
                passed.as_secs_f64()
            )),
            TooLate::Interrupted => Refusal::Interrupted.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Server(sentence) => Failure::server(sentence),
            Refusal::File(sentence) => Failure::usage(sentence),
            Refusal::Interrupted => Failure { sentence: TOO_EARLY.to_owned(), code: INVALID },
        }
    }
}

/// Takes the signals, and opens the files.
///
/// # Errors
///
/// The exit code. What is wrong was said.
pub(crate) fn begin(destinations: &Destinations) -> Result<(Signals, Outputs), u8> {
    // Before anything else, so that a signal during the start is not lost.
    let signals = Signals::open().map_err(|error| {
        let failure = Failure::ours(&error);
        complain(&failure.sentence);
        failure.code
    })?;
    let outputs = Outputs::open(destinations).map_err(|failures| {
        failures.iter().for_each(|sentence| complain(sentence));
        USAGE
    })?;
    Ok((signals, outputs))
}

/// Plays the plan and reports. Returns the exit code.
pub(crate) fn play_and_report(options: &Options) -> u8 {
    let (mut signals, outputs) = match begin(&options.destinations) {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let (code, failures) = match play_all(options, &mut signals) {
        Ok(runs) => {
            let failures = outputs.write(&runs, &signals);
            // One line each on stderr, also for a reader of stderr alone.
            for line in runs.unmet() {
                complain(&format!("not as expected: {line}"));
            }
            (runs.exit_code(), failures)
        }
        Err(failure) => {
            complain(&failure.sentence);
            let outcome = (failure.verdict(), failure.code);
            let origin = &options.origin;
            (failure.code, outputs.fail(outcome, &failure.sentence, origin, &signals))
        }
    };
    failures.iter().for_each(|sentence| complain(sentence));
    // What the run has shown stands, whether or not it could be written.
    if code == 0 && !failures.is_empty() { USAGE } else { code }
}

fn play_all(options: &Options, signals: &mut Signals) -> Result<Runs, Failure> {
    let mut runs = Runs::new(options.origin.clone());
    let mut publisher = publisher(options)?;
    let mut servers = look_up(options, signals)?;
    for _ in 0..options.repeat {
        let (summary, outcome) = match play(options, &mut servers, &mut publisher, signals) {
            Ok(played) => played,
            Err(failure) if runs.are_none() => return Err(failure),
            // What was measured before is not lost.
            Err(failure) => {
                let failure = failure.of_a_later_run();
                complain(&failure.sentence);
                let outcome = (failure.verdict(), failure.code);
                runs.break_off(outcome, failure.sentence);
                break;
            }
        };
        let is_over = outcome.end == End::Interrupted;
        runs.add(summary, outcome);
        if is_over {
            break;
        }
    }
    Ok(runs)
}

/// The servers and their `/metrics`, with the addresses of their names.
pub(crate) fn look_up(options: &Options, signals: &Signals) -> Result<Vec<Server>, Failure> {
    let mut servers = options.servers.clone();
    for server in &mut servers {
        for named in [Some(&mut server.target), server.metrics.as_mut()].into_iter().flatten() {
            net::look_up(named, signals)?;
        }
    }
    Ok(servers)
}

/// Begins to listen for those that ask for loadgen's own metrics, if that is wanted.
///
/// # Errors
///
/// If it cannot listen there.
pub(crate) fn publisher(options: &Options) -> Result<Option<Publisher>, Failure> {
    let Some(address) = options.listen else { return Ok(None) };
    let publisher = Publisher::open(address).map_err(|error| {
        Failure::usage(format!("--listen {address}: cannot listen there: {error}"))
    })?;
    tell(&format!("metrics at http://{}/metrics", publisher.address()));
    Ok(Some(publisher))
}

/// Plays the plan once. If loadgen starts the server, it starts a new one for each run. Of the addresses of
/// each target, the one that answers is kept.
pub(crate) fn play(
    options: &Options,
    servers: &mut [Server],
    publisher: &mut Option<Publisher>,
    signals: &mut Signals,
) -> Result<(Summary, Outcome), Failure> {
    let plan = &options.plan;
    let phones = plan.own_phones();
    let is_own = servers.is_empty();
    net::make_room(phones, is_own).map_err(Failure::usage)?;
    let skills = match plan.settings.protocol.dialect().realm() {
        Realm::Account(words) => Some(words.skills()),
        Realm::Mobile(_) | Realm::Messenger(_) => None,
    };
    let has_accounts = skills.is_some();
    let program = options.server_bin.as_deref();
    let data = (is_own && has_accounts).then(DataFolder::new).transpose()?;
    let own_users = match &data {
        None => String::new(),
        Some(data) => own_server::add_users(program, data.path(), new_names(phones))?,
    };
    let own = match is_own {
        false => None,
        true => {
            let data = data.as_ref().map(DataFolder::path);
            Some(OwnServer::start(program, data, &plan.times_of_the_server(), signals)?)
        }
    };
    if let Some(own) = &own {
        own.has_room(phones).map_err(Failure::usage)?;
    }
    let mut own_place: Vec<_> =
        own.iter().map(|server| Server::alone(Target::at(server.address()))).collect();
    let servers = if is_own { &mut own_place[..] } else { servers };

    let mut pool = match (&data, &options.accounts, skills) {
        (Some(_), ..) => Pool::read(&own_users).map_err(Refusal::Server)?,
        // Users are on one server only: `args` sees to that.
        (None, Some(path), Some(skills)) => {
            let (users, how) = ((plan.timing.clients, plan.shard), (skills, plan.quiet));
            enrolment::prepare(path, users, &servers[0].target, signals, how)?
        }
        (None, ..) => Pool::default(),
    };
    for server in &mut *servers {
        server.target.keep(net::probe(plan, &server.target, &pool, signals)?);
    }
    if has_accounts {
        // Users are on one server only.
        net::make_rooms(plan, &servers[0].target, &mut pool, signals)?;
        net::read_before(plan, &servers[0].target, &pool, signals)?;
    }
    let pool = Arc::new(pool);
    let before = pages(servers, signals)?;
    let versions = servers.iter().zip(&before);
    let versions =
        versions.map(|(server, page)| version(&server.target, page.as_deref(), signals)).collect();
    let pid = own.as_ref().map(OwnServer::pid);
    if let Some(start) = plan.start_at {
        net::wait_until(start, signals)?;
    }
    let outcome = net::play(plan, servers, &pool, pid, publisher.as_mut(), signals)
        .map_err(|error| Failure::ours(&error))?;
    if has_accounts && !is_own {
        net::delete_rooms(plan, &servers[0].target, &pool, signals);
    }
    let after = match pages(servers, signals) {
        Err(Refusal::Interrupted) => None,
        Err(Refusal::Server(sentence) | Refusal::File(sentence)) => Some(Err(sentence)),
        Ok(pages) => together(pages).map(Ok),
    };
    let stopped = own.and_then(|own| own.stop(signals));

    let metrics = together(before).zip(after);
    let around = Surroundings { servers, is_own, versions, metrics, stopped, of_shards: None };
    let summary = Summary::new(plan, &outcome, &around);
    if let Some(publisher) = publisher {
        publisher.run_is_over(summary.verdict, &outcome);
    }
    Ok((summary, outcome))
}

/// The `/metrics` of each server, where they are known.
fn pages(servers: &mut [Server], signals: &Signals) -> Result<Vec<Option<String>>, Refusal> {
    let mut pages = Vec::new();
    for server in servers {
        let page = server.metrics.as_mut().map(|metrics| {
            let (page, address) = page(metrics, signals)?;
            metrics.keep(address);
            Ok::<_, Refusal>(page)
        });
        pages.push(page.transpose()?);
    }
    Ok(pages)
}

/// One page of all, in which each name stands as often as there are servers: its value is the sum. `None` if one
/// is not known.
fn together(pages: Vec<Option<String>>) -> Option<String> {
    pages.into_iter().collect::<Option<Vec<_>>>().map(|pages| pages.concat())
}

fn page(metrics: &Target, signals: &Signals) -> Result<(String, std::net::SocketAddr), Refusal> {
    net::get(metrics, "/metrics", FOR_A_PAGE, Some(signals)).map_err(|refusal| match refusal {
        Refusal::Server(sentence) => Refusal::Server(format!("no /metrics: {sentence}")),
        other @ (Refusal::Interrupted | Refusal::File(_)) => other,
    })
}

/// The server's version, from its `/metrics` or its `/`, if it tells.
fn version(target: &Target, metrics: Option<&str>, signals: &Signals) -> Option<String> {
    metrics.and_then(exposition::version).or_else(|| {
        let (index, _) = net::get(target, "/", FOR_THE_VERSION, Some(signals)).ok()?;
        exposition::version_of_index(&index)
    })
}
