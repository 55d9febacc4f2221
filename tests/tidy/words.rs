//! Checks that code and scripts are in plain English: some words must not appear in them.
//!
//! It looks at comments, strings and names alike. A name counts as the words between its underscores, so
//! the names of tests are checked too. `documents` checks the same words in Markdown files.

use super::{File, assert_none, files};

/// The words that "Plain English" forbids. A client or a connection is a thing, and a number has a noun.
/// Each word is in two pieces. Otherwise this file would be the first to be found.
const WORDS: [&str; 7] = [
    concat!("who", "ever"),
    concat!("who", "m"),
    concat!("so ", "many"),
    concat!("h", "e"),
    concat!("h", "im"),
    concat!("h", "i", "s"),
    concat!("h", "im", "self"),
];

/// The folder of deliberate bugs. Its files have no ending.
const MUTANTS: &str = "tests/external/mutants/";

#[test]
fn code_and_scripts_are_in_plain_english() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in files().into_iter().filter(is_code) {
        checked += 1;
        wrong.extend(forbidden_words(&file.text).map(|word| format!("{}: {word}", file.path)));
    }
    assert!(checked > 500, "only {checked} files were found");
    assert_none(&wrong);
}

#[test]
fn a_forbidden_word_is_found_in_a_comment_over_two_lines_and_in_a_name() {
    let [_, _, both, pronoun, ..] = WORDS;
    let (so, many) = both.split_once(' ').expect("these are two words");
    for text in [
        format!("    /// There are {so}\n    /// {many} of them.\n    fn f() {{}}"),
        format!("# {so}\n# {many}"),
        format!("fn {so}_{many}_come() {{}}"),
        format!("let text = \"{pronoun} comes\";"),
    ] {
        assert_eq!(forbidden_words(&text).count(), 1, "{text}");
    }
    assert_eq!(forbidden_words("/// The other one, then there.").count(), 0);
}

/// Whether a file has code or settings with comments.
fn is_code(file: &File) -> bool {
    let endings = [".rs", ".py", ".c", ".toml", ".service", ".socket", ".conf"];
    let has_ending = endings.iter().any(|ending| file.path.ends_with(ending));
    has_ending || file.text.starts_with("#!") || file.path.starts_with(MUTANTS)
}

/// The forbidden words in a text, each with a few words before it.
pub(super) fn forbidden_words(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '#']));
    let text = lines.collect::<Vec<_>>().join(" ").replace('_', " ").to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = WORDS.iter().flat_map(|word| {
        text.match_indices(word).filter(|(at, _)| is_whole_word(&text, *at, word)).map(|(at, _)| {
            let start = text[..at].char_indices().rev().nth(30).map_or(0, |(start, _)| start);
            format!("…{}", &text[start..at + word.len()])
        })
    });
    found.collect::<Vec<_>>().into_iter()
}

fn is_whole_word(text: &str, at: usize, word: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + word.len()..].chars().next();
    ![before, after].iter().flatten().any(|character| character.is_alphanumeric())
}
