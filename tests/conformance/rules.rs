//! Every rule of `tests/CONFORMANCE.md` names a test, and every test named there exists.

use std::fs;
use std::path::Path;

#[test]
fn every_rule_has_a_test_that_exists() {
    let rules = rules();
    assert!(rules.len() > 80, "only {} rules were found", rules.len());
    for rule in rules {
        assert!(!rule.tests.is_empty(), "no test: {}", rule.line);
        for test in rule.tests {
            let (file, name) = test.split_once("::").expect("file::test");
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            let function = format!("fn {name}(");
            let Some(at) = text.find(&function) else { panic!("there is no {test}") };
            // proptest's macro adds the attribute by itself.
            let before = text[..at].trim_end();
            assert!(before.ends_with("#[test]"), "{test} is no test");
        }
    }
}

#[test]
fn the_rules_stand_in_the_order_of_their_sections() {
    let rules = rules();
    for pair in rules.windows(2).filter(|pair| pair[0].standard == pair[1].standard) {
        assert!(pair[0].section <= pair[1].section, "out of order: {}", pair[1].line);
    }
}

/// A row of the table.
struct Rule {
    /// The heading above the row.
    standard: String,
    section: Vec<u32>,
    tests: Vec<String>,
    line: String,
}

fn rules() -> Vec<Rule> {
    let page = fs::read_to_string(root().join("tests/CONFORMANCE.md")).expect("the table");
    let mut standard = String::new();
    let mut rules = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut standard);
        }
        let Some(row) = line.strip_prefix("| §") else { continue };
        let cells: Vec<&str> = row.trim_end_matches('|').split(" | ").collect();
        let [section, _rule, tests] = cells[..] else { panic!("three cells: {line}") };
        let section = section.split('.').map(|part| part.trim().parse().expect("a number"));
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let line = line.to_owned();
        rules.push(Rule { standard: standard.clone(), section: section.collect(), tests, line });
    }
    rules
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
