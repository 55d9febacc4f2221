//! Finds out which file names items of which other file, and whether these names form a circle.
//!
//! A name counts for the file that defines the item: the check follows `pub use`. Three things do not
//! count: tests; a module that is only declared; and names of a module that contains the file itself
//! (`super::Turn` in `turn/send.rs`). The reason: a module and its children may know each other. So a
//! child that names its parent is no circle, but two children that name each other are one.
//!
//! It knows no Rust grammar except paths, `use` trees, comments and strings: enough for code that compiles.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module in its package: `["turn", "send"]`. The root's is empty.
type Place = Vec<String>;

/// The files of one package.
pub(super) struct Package {
    modules: BTreeMap<Place, Module>,
}

/// The names in a file.
struct Module {
    path: String,
    /// For each re-exported name: the path of its item.
    reexports: BTreeMap<String, Place>,
    /// The paths that it names.
    names: Vec<Place>,
}

impl Package {
    /// Reads files, given as their path below the package's `src/` and their text. Files of tests are left out.
    pub(super) fn read<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Self {
        let files: Vec<(Place, &str, &str)> = files
            .filter(|(path, _)| !path.ends_with("tests.rs") && !path.contains("/tests/"))
            .map(|(path, text)| (place_of(path), path, text))
            .collect();
        let places: BTreeSet<Place> = files.iter().map(|(place, ..)| place.clone()).collect();
        let module = |(place, path, text): (Place, &str, &str)| {
            let module = Module::read(&place, path, text, &places);
            (place, module)
        };
        Package { modules: files.into_iter().map(module).collect() }
    }

    /// For each file: the other files of which it names items, except for its own parents.
    pub(super) fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let arrows = self.modules.iter().map(|(place, module)| {
            let named = module.names.iter().filter_map(|path| self.find(place, path, 0));
            let others = named.filter(|other| !place.starts_with(other));
            (module.path.as_str(), others.map(|other| self.modules[other].path.as_str()).collect())
        });
        arrows.collect()
    }

    /// The circles. In a circle, each file can be reached from each other one.
    pub(super) fn circles(&self) -> Vec<BTreeSet<&str>> {
        let arrows = self.arrows();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            arrows.keys().map(|file| (*file, reachable(&arrows, file))).collect();
        let mut circles = BTreeSet::new();
        for (file, others) in &reached {
            if others.contains(file) {
                let is_back = |other: &&&str| reached[**other].contains(file);
                circles.insert(others.iter().filter(is_back).copied().collect::<BTreeSet<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// Follows a path from a place. Returns the module that it leads to, or the module of its item.
    fn find(&self, from: &[String], path: &[String], depth: usize) -> Option<&Place> {
        // A re-export of itself does not compile. But the test must end in any case.
        if depth > 20 {
            return None;
        }
        let mut place = from.to_vec();
        for (at, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => place.clear(),
                "self" => {}
                "super" => drop(place.pop()),
                name => {
                    place.push(name.to_owned());
                    if self.modules.contains_key(&place) {
                        continue;
                    }
                    place.pop();
                    let module = self.modules.get(&place)?;
                    return match module.reexports.get(name) {
                        Some(original) => self.find(&place, original, depth + 1),
                        // The first name of a path is a crate, if no module has it.
                        None if at == 0 => None,
                        None => self.modules.get_key_value(&place).map(|(place, _)| place),
                    };
                }
            }
        }
        // The path is a module. Another path names its items.
        None
    }
}

impl Module {
    fn read(place: &Place, path: &str, text: &str, places: &BTreeSet<Place>) -> Self {
        let tokens = tokens(text);
        let is_child = |name: &str| {
            let mut child = place.clone();
            child.push(name.to_owned());
            places.contains(&child)
        };
        let mut module =
            Module { path: path.to_owned(), reexports: BTreeMap::new(), names: vec![] };
        let mut aliases: BTreeMap<String, Place> = BTreeMap::new();
        let mut at = 0;
        // Imports are read first, because code may stand before them.
        while at < tokens.len() {
            if tokens[at] == "use" {
                let is_public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
                let mut found = Vec::new();
                at = use_tree(&tokens, at + 1, &[], &mut found);
                for (path, name) in found {
                    match is_public {
                        true => drop(module.reexports.insert(name, path)),
                        false => {
                            aliases.insert(name, path.clone());
                            module.names.push(path);
                        }
                    }
                }
            }
            at += 1;
        }
        at = 0;
        while at < tokens.len() {
            let is_start = at == 0 || !["::", "use"].contains(&tokens[at - 1].as_str());
            let end = path_end(&tokens, at);
            if is_start && end > at + 1 {
                let names: Place =
                    tokens[at..end].iter().filter(|token| *token != "::").cloned().collect();
                let first = names[0].as_str();
                if let Some(imported) = aliases.get(first) {
                    let rest = names[1..].iter().cloned();
                    module.names.push(imported.iter().cloned().chain(rest).collect());
                } else if ["crate", "super", "self"].contains(&first) || is_child(first) {
                    module.names.push(names);
                }
            }
            at = end.max(at + 1);
        }
        module
    }
}

fn place_of(path: &str) -> Place {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut place: Place = stem.split('/').map(str::to_owned).collect();
    if place.last().is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str())) {
        place.pop();
    }
    place
}

/// Parses what follows `use`: each path, and the name that it gets here. Returns the end.
fn use_tree(
    tokens: &[String],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(Place, String)>,
) -> usize {
    let mut path = before.to_vec();
    while at < tokens.len() {
        match tokens[at].as_str() {
            "::" => {}
            "{" => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    at = use_tree(tokens, at, &path, found);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => {
                found.push((path, tokens.get(at + 1).cloned().unwrap_or_default()));
                return at + 2;
            }
            "," | "}" | ";" => break,
            // `a::{self, B}`: the module itself.
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    let name = path.last().cloned().unwrap_or_default();
    found.push((path, name));
    at
}

/// The end of the path, such as `a::b::C`, that begins at `start`. It is `start`, if no path begins there.
fn path_end(tokens: &[String], start: usize) -> usize {
    let is_name = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|token| token.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    };
    if !is_name(start) {
        return start;
    }
    let mut end = start + 1;
    while tokens.get(end).is_some_and(|token| token == "::") && is_name(end + 1) {
        end += 2;
    }
    end
}

/// The words and signs of a file, up to its tests: without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        let (here, next) = (chars[at], chars.get(at + 1).copied().unwrap_or(' '));
        match here {
            '/' if next == '/' => {
                at += chars[at..].iter().take_while(|c| **c != '\n').count();
            }
            '"' => at = string_end(&chars, at + 1, 0),
            '\'' if next == '\\' => {
                at += 3;
                at += chars[at..].iter().take_while(|c| **c != '\'').count() + 1;
            }
            // A lifetime has no second quote.
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 3,
            'r' if raw_hashes(&chars, at + 1).is_some() => {
                let hashes = raw_hashes(&chars, at + 1).unwrap_or_default();
                at = string_end(&chars, at + 2 + hashes, hashes + 1);
            }
            ':' if next == ':' => {
                tokens.push("::".to_owned());
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let word: String =
                    chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                at += word.chars().count();
                tokens.push(word);
            }
            c if c.is_whitespace() => at += 1,
            sign => {
                tokens.push(sign.to_string());
                at += 1;
            }
        }
    }
    tokens
}

/// How many `#` there are before the quote of a raw string that begins here, behind its `r`.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars.get(at..)?.iter().take_while(|c| **c == '#').count();
    let is_string = chars.get(at + hashes) == Some(&'"');
    let is_word = at >= 2 && (chars[at - 2].is_alphanumeric() || chars[at - 2] == '_');
    (is_string && (!is_word || chars[at - 2] == 'b')).then_some(hashes)
}

/// Where a string ends. `raw`: one more than the number of its `#`; 0 if it has escapes.
fn string_end(chars: &[char], mut at: usize, raw: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' if raw == 0 => at += 1,
            '"' if raw == 0 => return at + 1,
            '"' if chars[at + 1..].iter().take(raw - 1).filter(|c| **c == '#').count()
                == raw - 1 =>
            {
                return at + raw;
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// All files that can be reached from a file. The file itself is one of them only if it is in a circle.
fn reachable<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(file) = left.pop() {
        for &other in arrows.get(file).into_iter().flatten() {
            if reached.insert(other) {
                left.push(other);
            }
        }
    }
    reached
}

#[test]
fn a_circle_is_found_through_signposts_and_a_parent_is_none() {
    let circles = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let package = Package::read(files.iter().copied());
        let circles = package.circles();
        circles
            .iter()
            .map(|circle| circle.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>())
            .collect()
    };
    let none: Vec<Vec<String>> = Vec::new();
    let lib = ("lib.rs", "mod a; mod b;");
    let sign = ("a/mod.rs", "mod one; mod two; pub(super) use one::One; fn f() {}");
    let two = ("a/two.rs", "use super::{f, One}; // super::two");
    // A child names its parent, and through it a sibling: no circle.
    let one = ("a/one.rs", "pub struct One; const NO: &str = \"super::two::Two\";");
    assert_eq!(circles(&[lib, sign, one, two]), none);
    // The sibling names it, too: by a path in the code, or in a tree of a `use`.
    for text in ["fn g(_: super::two::Two) {}", "use crate::{a::{two::{Two as T}}};"] {
        let circle = vec![vec!["a/one.rs".to_owned(), "a/two.rs".to_owned()]];
        assert_eq!(circles(&[lib, sign, ("a/one.rs", text), two]), circle, "{text}");
    }
    // A circle through another module, whose name is imported.
    let b = ("b.rs", "use crate::a; fn h() { a::One::new(); }");
    let one = ("a/one.rs", "use crate::b::h;");
    let circle = vec![vec!["a/one.rs".to_owned(), "b.rs".to_owned()]];
    assert_eq!(circles(&[lib, sign, one, two, b]), circle);
    let tests = ("a/one.rs", "pub struct One;\n#[cfg(test)]\nmod tests {\n use crate::b::h; }");
    assert_eq!(circles(&[lib, sign, tests, two, b]), none);
}
