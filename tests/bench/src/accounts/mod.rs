//! Scenarios about the account realm: what is stored, and what the store costs everybody else.
//!
//! All of them run with `--only store`. They start the server with `--data`, in an empty folder of the disk
//! on which the server's binary is. `people` makes users, `disk` knows how fast that disk is, `messages`,
//! `rooms`, `pages` and `others` have the scenarios.

mod disk;
mod messages;
mod others;
mod pages;
mod people;
mod rooms;

use std::io::{self, ErrorKind};
use std::process::Command;

use super::server::{Recipe, target};
use super::{Args, Column, Scenario, build_c, folder, measure, relay};

/// With each durability, beside the bare fan-out, which stores nothing.
const DURABILITIES: &[(&str, Scenario)] = &[
    ("store pipelined", messages::pipelined),
    ("store 1k", messages::at_1k),
    ("store 5k", messages::at_5k),
    ("store 20k", messages::at_20k),
];
/// Beside the least that any server costs.
const FAN_OUT: &[(&str, Scenario)] = &[
    ("store fan-out to 100", messages::fan_out_100),
    ("store fan-out to 1,000", messages::fan_out_1000),
    ("store room of 1,000", rooms::fan_out),
];
/// The other realms, without and with `--data`.
const OTHER_REALMS: &[(&str, Scenario)] = &[
    ("store beside random pairs", relay::random_pairs),
    ("store beside sign in", relay::sign_in),
    ("store beside idle memory", relay::idle_memory),
];
const ALONE: &[(&str, Scenario)] = &[
    ("store idle", others::idle),
    ("store reconnects", others::reconnects),
    ("store asleep", others::asleep),
    ("store restart", others::restart),
    ("store pages", pages::polling),
];

/// Runs the wanted scenarios against this server.
pub(super) fn run(server: &Recipe, wanted: &dyn Fn(&str) -> bool, args: &Args) -> io::Result<()> {
    let power = with_data(server, "power", &[]);
    let process = with_data(server, "process", &["--durability", "process"]);
    let table = |scenarios: &[(&str, Scenario)], recipes: &[&Recipe]| {
        for &(name, scenario) in scenarios.iter().filter(|(name, _)| wanted(name)) {
            let column = |recipe| Column { name: column_name(recipe), recipe, scenario };
            let columns: Vec<_> = recipes.iter().map(|&recipe| column(recipe)).collect();
            measure(name, &columns, args)?;
        }
        io::Result::Ok(())
    };
    let fan = build_c("fan")?;
    table(DURABILITIES, &[&fan, &power, &process])?;
    table(FAN_OUT, &[&fan, &power])?;
    table(ALONE, &[&power])?;
    // Hashing is to have a core beside the loop's, as it has on any machine where it matters.
    table(&[("store logins", others::logins)], &[&Recipe { cores: &[0, 1], ..power.clone() }])?;
    table(OTHER_REALMS, &[server, &with_data(server, "with --data", &[])])?;
    if wanted("store peers") {
        table(&[("store peers", messages::peers)], &[&fastapi()?, &power])?;
    }
    Ok(())
}

fn column_name(recipe: &Recipe) -> &str {
    &recipe.name
}

fn with_data(server: &Recipe, name: &str, flags: &[&str]) -> Recipe {
    let mut command = server.command.clone();
    command.extend(["--data", "{data}"].iter().chain(flags).map(|&word| word.to_owned()));
    Recipe { name: name.to_owned(), command, cores: server.cores }
}

/// A server of ours for comparison, in Python; see `peers/fastapi_server.py`. Its packages are installed
/// once.
fn fastapi() -> io::Result<Recipe> {
    let home = target()?.join("bench-peers");
    let install = folder().join("peers/install");
    if !Command::new(install).arg(&home).status()?.success() {
        return Err(io::Error::new(ErrorKind::NotFound, "FastAPI could not be installed"));
    }
    let words = ["-m", "uvicorn", "fastapi_server:app", "--port", "{port}", "--log-level", "error"];
    // The clients of the bench answer no pings.
    let words = words.iter().chain(&["--ws-ping-interval", "600", "--app-dir"]);
    let mut command = vec![home.join("bin/python").to_string_lossy().into_owned()];
    command.extend(words.map(|&word| word.to_owned()));
    command.push(folder().join("peers").to_string_lossy().into_owned());
    // The program reads where its database is from the environment, which env(1) sets.
    let environment = ["env".to_owned(), "DATABASE={data}/chat.db".to_owned()];
    let command = environment.into_iter().chain(command).collect();
    Ok(Recipe { name: "FastAPI".to_owned(), command, cores: &[0] })
}
