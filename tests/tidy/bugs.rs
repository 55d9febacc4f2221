//! The deliberate bugs of `tests/external/mutants`: each pitfall has one, and each can be put into the tree.

use std::fs;

use super::{between, quoted, read, root};

#[test]
fn every_pitfall_has_a_test_and_a_deliberate_bug() {
    let page = read("tests/README.md");
    let section = between(&page, "## Known pitfalls\n", "\n## ").expect("it has the section");
    let table = between(section, "|---|---|---|\n", "\n\n").expect("it has its table");
    let bugs = bugs();
    assert!(table.lines().count() >= 18, "the table is not all there");
    for row in table.lines() {
        let cells: Vec<Vec<String>> = row.split('|').map(quoted).collect();
        let [_, _, tests, names, _] = &cells[..] else { panic!("three cells: {row}") };
        assert!(!tests.is_empty() && !names.is_empty(), "no test or no bug: {row}");
        for name in names {
            let is_there =
                bugs.iter().any(|(bug, _)| bug.split_once('-').is_some_and(|it| it.1 == name));
            assert!(is_there, "there is no deliberate bug {name}");
        }
    }
}

/// A bug is put in by replacing text. Who changes a line that a bug replaces learns it here, in a second,
/// and not when the bugs are built.
#[test]
fn every_deliberate_bug_can_be_put_into_the_tree() {
    let (mut wrong, mut replaced) = (Vec::new(), 0);
    for (name, text) in bugs() {
        let finders = ["\nfound by: cargo test ", "\nfound by: bash tests/external/client-js/run "];
        let is_found = finders.iter().any(|finder| text.contains(finder));
        assert!(is_found, "{name}: which command finds it?");
        let (mut file, mut rest) = ("", text.as_str());
        while let Some((before, after)) = rest.split_once("<<<<\n") {
            file = before.lines().find_map(|line| line.strip_prefix("in: ")).unwrap_or(file);
            let (old, after) = after.split_once("====\n").expect("old text, ====, new text");
            let times = read(file).matches(old).count();
            if times != 1 {
                wrong.push(format!("{name}: stands {times} times in {file}:\n{old}"));
            }
            replaced += 1;
            rest = after.split_once(">>>>\n").expect("the new text ends").1;
        }
    }
    assert!(replaced >= 100, "the bugs are not all there: {replaced}");
    super::assert_none(&wrong);
}

/// The deliberate bugs: the name of each, and its file.
fn bugs() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("tests/external/mutants")).expect("there are some");
    let paths = folder.map(|bug| bug.expect("it can be read").path());
    paths
        .map(|path| {
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("it is text"))
        })
        .collect()
}
