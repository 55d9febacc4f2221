//! Checks the documents: what they name exists, the README is short, and the words are plain (`words`).
//!
//! A path may stand in backquotes, in a link or in a command. A link is relative to the document's own
//! folder, as in a browser. Like the rest of the house check, this looks at text and knows no grammar.

use std::path::Path;

use super::words::forbidden_words;
use super::{File, assert_none, between, files, quoted, read, root};

/// The most lines of the README: a person reads it in three minutes.
const MOST_README_LINES: usize = 150;

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= MOST_README_LINES, "README.md has {lines} lines: move some beside the code");
}

#[test]
fn every_path_in_a_document_exists() {
    let mut wrong = Vec::new();
    let mut named = 0;
    for document in documents() {
        for word in document.text.split(|c| !is_part_of_a_path(c)).filter(|word| is_path(word)) {
            named += 1;
            if !exists(&document, word) {
                wrong.push(format!("{}: there is no {word}", document.path));
            }
        }
    }
    assert!(named > 100, "only {named} paths were found");
    assert_none(&wrong);
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut wrong = Vec::new();
    for document in documents() {
        for (at, _) in document.text.match_indices("](") {
            let link = document.text[at + 2..].split(')').next().unwrap_or_default();
            let is_code = document.path == "src/ARCHITECTURE.md" && link.contains("::");
            if !is_code && !link.contains("://") && !leads_somewhere(&document, link) {
                wrong.push(format!("{}: {link}", document.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_function_that_a_message_passes_is_where_the_map_says() {
    let page = read("src/ARCHITECTURE.md");
    let walk = between(&page, "## A message, step by step\n", "\n## ").expect("the map has it");
    let steps: Vec<_> =
        walk.lines().filter(|line| line.starts_with("| ")).flat_map(quoted).collect();
    let steps: Vec<_> = steps.iter().filter_map(|step| step.split_once(".rs:")).collect();
    assert!(steps.len() >= 15, "only {} steps", steps.len());
    for (file, function) in steps {
        let text = read(&format!("{file}.rs"));
        let is_there = ["(", "<"].iter().any(|end| text.contains(&format!("fn {function}{end}")));
        assert!(is_there, "there is no function {function} in {file}.rs");
    }
}

/// What the server says, in an answer, a log line or a document, names no flag that is not there.
#[test]
fn every_flag_that_the_server_names_exists() {
    // Flags of cargo, of clap itself, and of the tools.
    const OTHERS: [&str; 4] = ["--lib", "--test", "--help", "--stdin"];
    let page = read("src/config/FLAGS.md");
    let flags: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let flags: Vec<&str> = flags.iter().filter_map(|row| row.split([' ', '`']).next()).collect();
    assert!(flags.len() > 20, "only {} flags were found", flags.len());
    let mut wrong = Vec::new();
    // Tests misspell flags on purpose, and a style has names of its own that look like flags.
    let others = ["/tests.rs", ".css", ".js"];
    let is_said = |file: &&File| {
        file.path.starts_with("src/") && !others.iter().any(|end| file.path.ends_with(end))
    };
    for file in files().iter().filter(is_said) {
        let words = file.text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
        let named = words.filter(|word| word.strip_prefix("--").is_some_and(is_the_name_of_a_flag));
        let unknown = named.filter(|word| !flags.contains(word) && !OTHERS.contains(word));
        wrong.extend(unknown.map(|word| format!("{}: there is no {word}", file.path)));
    }
    assert_none(&wrong);
}

fn is_the_name_of_a_flag(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.len() > 1
}

#[test]
fn documents_are_in_plain_english() {
    let mut wrong = Vec::new();
    for document in documents() {
        let words = forbidden_words(&document.text);
        wrong.extend(words.map(|word| format!("{}: {word}", document.path)));
    }
    assert_none(&wrong);
}

fn documents() -> Vec<File> {
    let documents: Vec<File> =
        files().into_iter().filter(|file| file.path.ends_with(".md")).collect();
    assert!(documents.len() > 10, "only {} documents were found", documents.len());
    documents
}

fn is_part_of_a_path(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-./*".contains(character)
}

/// Whether a word is meant as a path of this project: into one of its folders, or with a known ending.
fn is_path(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let Some((folder, rest)) = word.split_once('/') else { return false };
    let is_ours = ["src", "tests", "loadgen", "systemd", ".ci"].contains(&folder);
    let is_file = [".rs", ".md", ".py"].iter().any(|kind| rest.ends_with(kind));
    !folder.is_empty() && !rest.starts_with('/') && (is_ours || is_file)
}

/// Whether a path exists, up to its first `*`. It may be relative to the project's folder, to the
/// document's folder, or to `src`.
fn exists(document: &File, word: &str) -> bool {
    let word = word.trim_end_matches('.').split('*').next().unwrap_or_default();
    let word =
        word.rsplit_once('/').filter(|_| word.ends_with('-')).map_or(word, |(folder, _)| folder);
    let from = [root().to_path_buf(), folder_of(document), root().join("src")];
    from.iter().any(|folder| folder.join(word).exists())
}

fn leads_somewhere(document: &File, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let file = match path {
        "" => root().join(&document.path),
        path => folder_of(document).join(path),
    };
    file.exists() && (heading.is_empty() || headings(&file).iter().any(|one| one == heading))
}

fn folder_of(document: &File) -> std::path::PathBuf {
    root().join(&document.path).parent().expect("it is in a folder").to_path_buf()
}

/// The headings of a page, as links name them.
fn headings(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
