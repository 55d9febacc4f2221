//! What the fuzzer has found worth keeping, once more: each input of the corpus goes through the
//! body that it was made for, in an ordinary test.
//!
//! A *body* is a function of bytes that panics when a rule is broken; `targets/` hands it to
//! libFuzzer, this file to `cargo test`. `Cargo.toml` beside it belongs to the former only.

pub mod bodies;

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn requests_are_judged_as_before() {
    replay("http", bodies::http::check);
}

#[test]
fn frames_are_read_as_tungstenite_reads_them() {
    replay("frames", bodies::frames::check);
}

#[test]
fn what_sca_understands_comes_back_verbatim() {
    replay("sca", bodies::sca::check);
}

#[test]
fn what_the_messenger_understands_comes_back_verbatim() {
    replay("messenger", bodies::messenger::check);
}

#[test]
fn what_users_write_is_understood_as_written() {
    replay("accounts", bodies::accounts::check);
}

#[test]
fn the_wheel_agrees_with_its_model() {
    replay("wheel", bodies::wheel::check);
}

#[test]
fn a_session_keeps_its_rules() {
    replay("session", bodies::session::check);
}

#[test]
fn every_target_has_a_body_a_corpus_and_a_test() {
    let folder = folder();
    let read = |path: &str| fs::read_to_string(folder.join(path)).expect("a text file");
    let (manifest, tests) = (read("Cargo.toml"), read("main.rs"));
    let targets = names_in(&folder.join("targets"));
    let targets: Vec<_> = targets.iter().map(|name| name.trim_end_matches(".rs")).collect();
    assert_eq!(targets, names_in(&folder.join("corpus")));
    for name in targets {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"targets/{name}.rs\"")));
        assert!(tests.contains(&format!("replay(\"{name}\", bodies::{name}::check)")));
    }
}

/// Shows a body all of its corpus, and fails with the name of the input that it did not like.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = folder().join("corpus").join(target);
    let names = names_in(&folder);
    assert!(!names.is_empty(), "{} is empty", folder.display());
    for name in names {
        let input = fs::read(folder.join(&name)).expect("a file of the corpus");
        // The harness shows this only if the body panics.
        eprintln!("{target}/{name}");
        body(&input);
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let mut names: Vec<_> = names.map(|name| name.expect("ASCII")).collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}
