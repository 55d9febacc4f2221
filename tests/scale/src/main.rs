//! Measures what a connection costs the server, in memory and time, among a thousand and among a million
//! connections. It uses the real turn of the loop, with a network in memory. README.md beside this folder
//! says what each figure means, and has the results.

mod crowd;
mod hall;
mod scenes;
mod table;
mod words;

use std::io::{self, Write as _};
use std::process::{Command, ExitCode};

use clap::Parser;

use scenes::SCENES;
use table::Table;

/// Measures what a connection costs, among few and among many.
#[derive(Debug, Parser)]
struct Args {
    /// Connections; may be given several times
    #[arg(long, value_name = "N", default_values_t = [1_000, 10_000, 100_000, 1_000_000],
        value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    people: Vec<u32>,

    /// Times that everything is measured. The table shows medians
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,

    /// Only one scene: mobile, session or presence
    #[arg(long, value_name = "NAME")]
    scene: Option<String>,

    /// Measure once, in this process, and print no table
    #[arg(long, hide = true)]
    once: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "scale: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let wanted = |name: &str| args.scene.as_deref().is_none_or(|scene| scene == name);
    let mut table = Table::new(&args.people);
    for (name, scene) in SCENES.into_iter().filter(|(name, _)| wanted(name)) {
        for (column, &people) in args.people.iter().enumerate() {
            if args.once {
                for (figure, value) in scene(people as usize) {
                    writeln!(out, "{figure}\t{value}")?;
                }
                continue;
            }
            for _ in 0..args.rounds {
                for (figure, value) in apart(name, people)? {
                    table.add(&figure, column, value);
                }
            }
        }
    }
    if args.once { Ok(()) } else { table.write(&mut out) }
}

/// Runs a scene in a new process, and parses what it prints.
fn apart(scene: &str, people: u32) -> io::Result<Vec<(String, f64)>> {
    let people = people.to_string();
    let child = Command::new(std::env::current_exe()?)
        .args(["--once", "--scene", scene, "--people", &people])
        .output()?;
    if !child.status.success() {
        let said = String::from_utf8_lossy(&child.stderr);
        return Err(io::Error::other(format!("{scene} with {people}: {said}")));
    }
    let said = String::from_utf8_lossy(&child.stdout);
    let figure = |line: &str| {
        let (name, value) = line.split_once('\t')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    Ok(said.lines().filter_map(figure).collect())
}
