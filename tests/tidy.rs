//! Checks the house: which file imports which, how files begin, how long they are, what is left over.
//!
//! The rules stand where people read them: in the table of rooms in `src/ARCHITECTURE.md`. This test
//! reads the table, and fails if the code differs. It looks at text, line by line, and knows no Rust
//! grammar. That is enough for code in rustfmt's style. It needs no git: it walks the package's folder.

#[path = "tidy/documents.rs"]
mod documents;

#[path = "tidy/bugs.rs"]
mod bugs;
#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/minimal.rs"]
mod minimal;
#[path = "tidy/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The most lines of a file that are neither empty nor a comment.
const MOST_CODE_LINES: usize = 400;
const MOST_HEADER_LINES: usize = 15;

/// The modules of the standard library that touch the machine, and the rooms that may use them.
const MACHINE: [(&str, &[&str]); 6] = [
    ("net", &["net", "config", "ctl"]),
    ("os", &["net"]),
    ("fs", &["net"]),
    ("thread", &["net"]),
    ("process", &["net", "main.rs"]),
    ("env", &["net", "config", "main.rs"]),
];

#[test]
fn the_map_shows_every_room_and_no_other() {
    let entries = fs::read_dir(root().join("src")).expect("there is a src");
    let mut rooms: Vec<String> = entries
        .map(|entry| entry.expect("src can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    rooms.extend(["main.rs", "loadgen"].map(str::to_owned));
    rooms.sort();
    assert_eq!(rooms, map().into_keys().collect::<Vec<_>>());
}

#[test]
fn a_room_names_only_what_the_map_allows() {
    let map = map();
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for file in rust_files() {
        let Some(room) = room_of(&file.path) else { continue };
        let allowed = &map[room];
        // loadgen has its own rooms, and one of them is also called `net`.
        let prefixes: &[&str] = match room {
            "loadgen" => &["switchboard::"],
            _ => &["crate::", "super::", "switchboard::"],
        };
        for path in file.paths_after(prefixes) {
            let other = path.split("::").next().unwrap_or_default();
            let is_strange = map.contains_key(other) && other != room;
            // loadgen has a built-in server, and one of its files starts it.
            let is_server =
                file.path == "loadgen/src/serve.rs" && ["config", "net"].contains(&other);
            if is_strange && !is_server && !allowed.rooms.iter().any(|name| name == other) {
                wrong.push(format!("{}: `{room}` may not import `{path}`", file.path));
            }
            let is_wire = path.split("::").nth(2) == Some("wire");
            if room == "loadgen" && other == "dialects" && !is_wire {
                wrong.push(format!("{}: of the dialects only wire.rs: `{path}`", file.path));
            }
        }
        for name in dependencies.iter().filter(|name| file.names_crate(name)) {
            // If there is a file of that name, the name means that module, and not the crate.
            let is_module = root().join(format!("src/{room}/{name}.rs")).exists();
            let may = allowed.crates.iter().any(|one| one == name || one == "any");
            if !may && !is_module && !file.is_test() {
                wrong.push(format!("{}: `{room}` may not use the crate `{name}`", file.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn only_the_network_touches_the_machine() {
    let mut wrong = Vec::new();
    for file in rust_files().iter().filter(|file| file.path.starts_with("src/")) {
        let room = room_of(&file.path).unwrap_or_default();
        for path in file.paths_after(&["std::"]) {
            let module = path.split("::").next().unwrap_or_default();
            for (_, may) in
                MACHINE.iter().filter(|(name, may)| *name == module && !may.contains(&room))
            {
                wrong.push(format!("{}: std::{module} is for {may:?}", file.path));
            }
        }
        for clock in ["Instant", "SystemTime"].into_iter().filter(|clock| file.has_word(clock)) {
            if room != "net" {
                wrong.push(format!("{}: {clock} is for net", file.path));
            }
        }
        let names_it = file.paths_after(&["chat::"]).iter().any(|path| path == "Chat");
        if names_it && room != "turn" {
            wrong.push(format!("{}: the chat's state is the turn's alone", file.path));
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_structs_of_a_protocol_know_only_serde() {
    let mut wires = 0;
    for file in rust_files().iter().filter(|file| is_wire(&file.path)) {
        wires += 1;
        let paths = file.paths_after(&["crate::", "super::"]);
        assert!(paths.is_empty(), "{} names {paths:?}", file.path);
        for name in dependencies() {
            let is_serde = ["serde", "serde_json"].contains(&name.as_str());
            assert!(is_serde || !file.names_crate(&name), "{} names {name}", file.path);
        }
    }
    assert!(wires > 0, "no wire.rs was found");
}

#[test]
fn every_file_begins_with_what_it_is() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        // The map itself is the header of the crate.
        let has_map = file.text.starts_with("#![doc = include_str!(");
        let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
        if !has_map && !(1..=MOST_HEADER_LINES).contains(&lines) {
            wrong.push(format!("{}: {lines} lines of header", file.path));
        }
    }
    assert_none(&wrong);
}

#[test]
fn no_file_is_too_long_to_be_one_idea() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let lines = file.code().count();
        if lines > MOST_CODE_LINES {
            wrong.push(format!("{}: {lines} lines of code", file.path));
        }
    }
    assert_none(&wrong);
}

#[test]
fn nothing_is_left_lying_about() {
    // Each word is in two pieces. Otherwise this file would be the first to be found.
    let in_code = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("XX", "X"),
        concat!("#[ign", "ore"),
    ];
    let anywhere = ["work", "tmp", "home", "root", "Users"].map(|folder| format!("/{folder}/"));
    let mut wrong = Vec::new();
    for file in files() {
        for (at, line) in file.text.lines().enumerate() {
            let is_rust = file.is_rust();
            let leftover = in_code.iter().find(|word| is_rust && line.contains(*word));
            let place = anywhere.iter().find(|folder| line.contains(folder.as_str()));
            if leftover.is_some() || place.is_some() {
                wrong.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_exception_from_a_lint_states_its_reason() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let code = file.code().collect::<Vec<_>>().join("\n");
        for word in ["allow(", "expect("] {
            let starts = [format!("#[{word}"), format!("#![{word}")];
            let found = starts.iter().flat_map(|start| code.match_indices(start));
            for (at, _) in found {
                let attribute = code[at..].split(")]").next().unwrap_or_default();
                if !attribute.contains("reason = ") {
                    wrong.push(format!("{}: {attribute}", file.path));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_test_that_the_page_about_them_names_is_there() {
    let mut named = 0;
    for word in quoted(&read("tests/README.md")) {
        if let Some(test) = word.strip_prefix("server::") {
            let (module, name) = test.rsplit_once("::").unwrap_or((test, ""));
            let text = read(&format!("tests/server/{}.rs", module.replace("::", "/")));
            assert!(text.contains(&format!("fn {name}")), "there is no test {word}");
        } else if let Some(part) = word.strip_prefix("external/") {
            assert!(root().join("tests/external").join(part).exists(), "there is no {word}");
        } else {
            continue;
        }
        named += 1;
    }
    assert!(named >= 40, "the tables are not all there: {named}");
}

/// A text file of the project.
struct File {
    /// Its path in the project's folder, with `/` between the parts.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is a module of tests. Such a module may use any crate.
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Its lines of code, without the comments behind them.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .map(|line| line.split(" // ").next().unwrap_or(line))
    }

    /// The paths after any of these prefixes. Those in braces are returned one by one.
    fn paths_after(&self, prefixes: &[&str]) -> Vec<String> {
        let code: String = self.code().collect::<Vec<_>>().join(" ");
        let mut paths = Vec::new();
        for prefix in prefixes {
            for (at, _) in code.match_indices(prefix).filter(|(at, _)| begins_a_word(&code, *at)) {
                let rest = &code[at + prefix.len()..];
                match rest.strip_prefix('{') {
                    Some(group) => paths.extend(top_level_parts(group).map(leading_path)),
                    None => paths.push(leading_path(rest)),
                }
            }
        }
        paths
    }

    /// Whether it contains a path that begins with this crate.
    fn names_crate(&self, name: &str) -> bool {
        let prefix = format!("{name}::");
        self.code().any(|line| {
            let mut found = line.match_indices(&prefix);
            found.any(|(at, _)| begins_a_word(line, at) && !line[..at].ends_with("::"))
        })
    }

    fn has_word(&self, word: &str) -> bool {
        self.code().any(|line| {
            line.match_indices(word).any(|(at, _)| {
                let after = line[at + word.len()..].chars().next();
                begins_a_word(line, at) && !after.is_some_and(is_part_of_a_word)
            })
        })
    }
}

fn begins_a_word(line: &str, at: usize) -> bool {
    !line[..at].ends_with(is_part_of_a_word)
}

fn is_part_of_a_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// `a::b::{c, d}, e` → `a::b::`.
fn leading_path(text: &str) -> String {
    let text = text.trim_start();
    text.chars().take_while(|c| is_part_of_a_word(*c) || *c == ':').collect()
}

/// `a::{b, c}, d}; …` → `a::{b, c}` and `d`.
fn top_level_parts(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let end = group.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth < 0
    });
    let mut depth = 0;
    group[..end.unwrap_or(group.len())].split(move |c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0 && c == ','
    })
}

/// The rooms and crates that the map allows a room to name.
struct Allowed {
    rooms: Vec<String>,
    crates: Vec<String>,
}

/// The table of rooms.
fn map() -> BTreeMap<String, Allowed> {
    rows_of("src/ARCHITECTURE.md").into_iter().collect()
}

/// The rows of a page's table of rooms, in their order.
fn rows_of(page: &str) -> Vec<(String, Allowed)> {
    let page = read(page);
    let table = between(&page, "|---|---|---|---|\n", "\n\n").expect("the map has its table");
    let rows = table.lines().map(|line| {
        let cells: Vec<Vec<String>> = line.split('|').map(quoted).collect();
        let [_, room, _, rooms, crates, _] = &cells[..] else { panic!("four cells: {line}") };
        (room.concat(), Allowed { rooms: rooms.clone(), crates: crates.clone() })
    });
    rows.collect()
}

/// The words in backquotes. A cell without backquotes has all its words returned.
fn quoted(cell: &str) -> Vec<String> {
    match cell.contains('`') {
        true => cell.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
        false => cell.split_whitespace().map(str::to_owned).collect(),
    }
}

/// The row of the map for a file.
fn room_of(path: &str) -> Option<&str> {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["src", "lib.rs"] => None,
        ["src", room, ..] => Some(room),
        ["loadgen", ..] => Some("loadgen"),
        _ => None,
    }
}

/// The crates that the server depends on, as code names them.
fn dependencies() -> Vec<String> {
    dependencies_of("Cargo.toml")
}

fn dependencies_of(manifest: &str) -> Vec<String> {
    let manifest = read(manifest);
    let section = between(&manifest, "\n[dependencies]\n", "\n[").expect("it has dependencies");
    let lines = section.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default().replace('-', "_"))
        .collect()
}

/// Whether the file has the structs of a protocol. They stand in the dialect's folder.
fn is_wire(path: &str) -> bool {
    path.starts_with("src/dialects/") && path.ends_with("/wire.rs")
}

fn rust_files() -> Vec<File> {
    let files: Vec<File> = files().into_iter().filter(File::is_rust).collect();
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

/// All text files, except for build results and the files of tools.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read to its end").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_ours = name != "target" && (!name.starts_with('.') || name == ".ci");
            if path.is_dir() && is_ours {
                folders.push(path);
            } else if path.is_file()
                && is_ours
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(root()).expect("it was found below the root");
                files.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between `start` and the next `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(inside, _)| inside))
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}
