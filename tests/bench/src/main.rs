//! The bench compares the server with the floor, and with any other server of the protocol, in
//! alternating rounds. The server has one core, the clients the other. README.md beside this folder's
//! Cargo.toml says what each figure means.

mod accounts;
mod presence;
mod relay;
mod server;
mod swarm;
mod turns;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

use server::{Recipe, Server, target};
use swarm::Realm;

/// Measures the server against the floor, side by side.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds; each runs every server once. The table shows medians
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Run only the scenarios whose names contain this; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Another server to measure, as NAME=COMMAND; {port} in the command becomes a free port
    #[arg(long, value_name = "NAME=COMMAND")]
    other: Vec<String>,

    /// Where servers keep their data, such as a folder in memory; without it, beside this program
    #[arg(long, value_name = "DIR")]
    data_in: Option<PathBuf>,

    /// Idle connections whose memory is measured
    #[arg(long, default_value_t = 19_000)]
    idle: usize,
}

/// One figure from one run.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
}

pub(crate) fn figure(name: impl Into<String>, unit: &'static str, value: f64) -> Figure {
    Figure { name: name.into(), unit, value }
}

/// A function that puts load on one server, and returns what it measured.
type Scenario = fn(&Server, &Args) -> io::Result<Vec<Figure>>;

/// One column of a table: its head, the server, and the scenario.
struct Column<'r> {
    name: &'r str,
    recipe: &'r Recipe,
    scenario: Scenario,
}

/// Scenarios that the floor can play too; and those about presence, which the floor does not have.
const SHARED: &[(&str, Scenario)] = &[
    ("random pairs", relay::random_pairs),
    ("many to few", relay::many_to_few),
    ("open loop 5k", relay::open_loop_5k),
    ("open loop 40k", relay::open_loop_40k),
    ("sign in", relay::sign_in),
    ("idle memory", relay::idle_memory),
];
const OURS: &[(&str, Scenario)] = &[
    ("storm 1k", presence::storm_1k),
    ("storm 10k", presence::storm_10k),
    ("storm 10k delta", presence::storm_10k_delta),
    ("churn", presence::churn),
    ("hostile", relay::hostile),
];

/// The same scenario against the same server, in each realm; see [`relay::realm`].
const REALMS: &[(&str, Scenario)] = &[
    ("mobile", |server, args| relay::realm(Realm::Mobile, server, args)),
    ("session, quiet", |server, args| {
        relay::realm(Realm::Session { receipts: false }, server, args)
    }),
    ("mobile, acks", |server, args| relay::realm(Realm::MobileWithIds, server, args)),
    ("session", |server, args| relay::realm(Realm::Session { receipts: true }, server, args)),
];

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    raise_descriptor_limit()?;
    server::pin(&[1])?;
    server::keep_data_in(match &args.data_in {
        Some(folder) => folder.clone(),
        None => target()?,
    });
    let mut servers = vec![build_c("floor")?, build_switchboard()?];
    for other in &args.other {
        let (name, command) = other.split_once('=').ok_or(io::ErrorKind::InvalidInput)?;
        let command = command.split_whitespace().map(str::to_owned).collect();
        servers.push(Recipe { name: name.to_owned(), command, cores: &[0] });
    }
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|o| name.contains(o));
    for (name, scenario) in SHARED.iter().filter(|(name, _)| wanted(name)) {
        measure(name, &columns(&servers, *scenario), args)?;
    }
    for (name, scenario) in OURS.iter().filter(|(name, _)| wanted(name)) {
        measure(name, &columns(&servers[1..], *scenario), args)?;
    }
    if wanted("realms") {
        let column = |&(name, scenario)| Column { name, recipe: &servers[1], scenario };
        let columns: Vec<_> = REALMS.iter().map(column).collect();
        measure("realms", &columns, args)?;
    }
    accounts::run(&servers[1], &wanted, args)
}

fn columns(servers: &[Recipe], scenario: Scenario) -> Vec<Column<'_>> {
    servers.iter().map(|recipe| Column { name: &recipe.name, recipe, scenario }).collect()
}

/// Runs a scenario in alternating rounds, and prints its table.
fn measure(name: &str, columns: &[Column<'_>], args: &Args) -> io::Result<()> {
    let mut results: Vec<Vec<Vec<Figure>>> = columns.iter().map(|_| Vec::new()).collect();
    for _ in 0..args.rounds {
        for (column, runs) in columns.iter().zip(&mut results) {
            let figures = (column.scenario)(&Server::start(column.recipe)?, args);
            let blame = |error| io::Error::other(format!("{name}, {}: {error}", column.name));
            runs.push(figures.map_err(blame)?);
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "\n{name}")?;
    let heads: String = columns.iter().map(|column| format!("{:>15}", column.name)).collect();
    writeln!(out, "  {:<34}{heads}", "")?;
    for row in 0..results[0][0].len() {
        let sample = &results[0][0][row];
        let medians: Vec<f64> = results.iter().map(|runs| median(runs, row)).collect();
        write!(out, "  {:<34}", format!("{} [{}]", sample.name, sample.unit))?;
        for value in &medians {
            write!(out, "{value:>15.2}")?;
        }
        // The second column relative to the first: our server to the floor, or one realm to another.
        if medians.len() > 1 {
            let ratios: Vec<f64> = (results[1].iter().zip(&results[0]))
                .map(|(ours, floor)| ours[row].value / floor[row].value)
                .collect();
            let (low, middle, high) = spread(ratios);
            write!(out, "   ratio {middle:.2} ({low:.2} to {high:.2})")?;
        }
        writeln!(out)?;
    }
    out.flush()
}

fn median(runs: &[Vec<Figure>], row: usize) -> f64 {
    spread(runs.iter().map(|figures| figures[row].value).collect()).1
}

fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[0], values[values.len() / 2], values[values.len() - 1])
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles the C program of this name.
fn build_c(name: &str) -> io::Result<Recipe> {
    let binary = target()?.join(name);
    let source = folder().join(format!("{name}.c"));
    let built = Command::new("cc").args(["-O2", "-o"]).arg(&binary).arg(source).status()?;
    if !built.success() {
        return Err(io::Error::other(format!("{name}.c could not be compiled (cc)")));
    }
    let command = vec![binary.to_string_lossy().into_owned()];
    Ok(Recipe { name: name.to_owned(), command, cores: &[0] })
}

fn build_switchboard() -> io::Result<Recipe> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(folder().join("../.."))
        .args(["build", "--release", "--quiet", "--bin", "switchboard"])
        .status()?;
    if !built.success() {
        return Err(io::Error::other("the server could not be built"));
    }
    let binary = target()?.join("switchboard").to_string_lossy().into_owned();
    // A few clients send here what many clients would send. So the rates are on, but out of reach.
    let flags = ["--listen", "127.0.0.1:0", "--message-rate", "1000000", "--byte-rate", "1GiB"];
    let command = [binary].into_iter().chain(flags.map(str::to_owned)).collect();
    Ok(Recipe { name: "switchboard".to_owned(), command, cores: &[0] })
}

fn raise_descriptor_limit() -> io::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}
