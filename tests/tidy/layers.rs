//! Checks that loadgen keeps to its layers, the table in `loadgen/src/ARCHITECTURE.md`, and that no files of
//! a package name each other in a circle. `circles` says which names count.

use std::collections::BTreeSet;

use super::circles::Package;
use super::{Allowed, assert_none, dependencies_of, read, root, rows_of, rust_files};

/// The page with loadgen's table.
const PAGE: &str = "loadgen/src/ARCHITECTURE.md";

/// The rooms of loadgen that do no input or output, and get the time as an argument.
const SANS_IO: [&str; 6] = ["client", "workload", "schedule", "plan", "record", "chat"];
/// The modules of the standard library that touch the machine.
const MACHINE: [&str; 6] = ["env", "fs", "net", "os", "process", "thread"];

#[test]
fn a_room_of_loadgen_stands_on_those_above_it_in_the_table() {
    let mut above: BTreeSet<String> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (room, Allowed { rooms, .. }) in rows_of(PAGE) {
        let strange = rooms.iter().filter(|name| *name != "any" && !above.contains(*name));
        wrong.extend(strange.map(|name| format!("`{room}`: `{name}` is not above it")));
        above.insert(room);
    }
    assert_none(&wrong);
    let files = rust_files();
    let rooms: BTreeSet<&str> = files.iter().filter_map(|file| room_of(&file.path)).collect();
    assert_eq!(rooms, above.iter().map(String::as_str).collect());
}

#[test]
fn a_room_of_loadgen_names_only_what_its_row_allows() {
    let rows = rows_of(PAGE);
    let crates = dependencies_of("loadgen/Cargo.toml");
    let mut wrong = Vec::new();
    let mut named = 0;
    for file in rust_files() {
        let Some(room) = room_of(&file.path) else { continue };
        let Some((_, allowed)) = rows.iter().find(|(name, _)| name == room) else { continue };
        for path in file.paths_after(&["crate::"]) {
            let other = path.split("::").next().unwrap_or_default();
            let is_a_room = rows.iter().any(|(name, _)| name == other);
            named += usize::from(is_a_room);
            if is_a_room && other != room && !allowed.rooms.iter().any(|name| name == other) {
                wrong.push(format!("{}: `{room}` may not import `{path}`", file.path));
            }
        }
        let is_strange = |name: &&String| {
            *name != "switchboard" && file.names_crate(name) && !allowed.crates.contains(name)
        };
        for name in crates.iter().filter(is_strange).filter(|_| !file.is_test()) {
            wrong.push(format!("{}: `{room}` may not use the crate `{name}`", file.path));
        }
        if SANS_IO.contains(&room) {
            let touches = file
                .paths_after(&["std::"])
                .into_iter()
                .filter(|path| MACHINE.contains(&path.split("::").next().unwrap_or_default()));
            wrong.extend(touches.map(|path| format!("{}: std::{path} in `{room}`", file.path)));
        }
    }
    assert!(named > 100, "only {named} names of rooms were found");
    assert_none(&wrong);
}

#[test]
fn every_file_and_function_that_the_page_names_is_there() {
    let page = read(PAGE);
    let words = page.split('`').skip(1).step_by(2).filter(|word| word.contains(".rs"));
    let mut functions = 0;
    for word in words {
        let (path, function) = word.split_once(':').unwrap_or((word, ""));
        // Some files are named without their folder, or belong to the server.
        let places = [format!("loadgen/src/{path}"), path.to_owned()];
        let Some(place) = places.iter().find(|place| root().join(place).exists()) else {
            assert_eq!(path, "wire.rs", "there is no {word}");
            continue;
        };
        functions += usize::from(!function.is_empty());
        assert!(read(place).contains(&format!("fn {function}")), "there is no {word}");
    }
    assert!(functions > 10, "the table of steps is not all there");
}

#[test]
fn no_two_files_name_each_other_in_a_circle() {
    let files = rust_files();
    let mut wrong = Vec::new();
    for folder in ["src/", "loadgen/src/"] {
        // A program is a crate of its own to the compiler, and nothing names it.
        let is_inside = |path: &&str| *path != "main.rs" && !path.starts_with("bin/");
        let inside = files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(folder).filter(is_inside)?;
            Some((path, file.text.as_str()))
        });
        let package = Package::read(inside);
        let arrows = package.arrows();
        let count: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(count > 200, "only {count} files that name another were found in {folder}");
        for circle in package.circles() {
            for file in &circle {
                let others: Vec<_> = arrows[file].intersection(&circle).collect();
                wrong.push(format!("{folder}{file} names {others:?}, and is named by it"));
            }
        }
    }
    assert_none(&wrong);
}

/// The row of the table for a file of loadgen: `loadgen/src/net/run.rs` → `net`.
fn room_of(path: &str) -> Option<&str> {
    let path = path.strip_prefix("loadgen/src/")?;
    let first = path.split('/').next()?;
    let is_root = ["lib.rs", "main.rs"].contains(&first);
    Some(if is_root { first } else { first.trim_end_matches(".rs") })
}
