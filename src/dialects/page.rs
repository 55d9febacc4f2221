//! What the tests of all dialects share: the examples in a dialect's PROTOCOL.md, which are compared with what
//! the dialect reads and writes, so the page cannot drift away from the code; and the text that it writes.

/// The pieces of JSON in the tables below a heading, in their order: what stands in backquotes, and begins
/// as an object or a list.
pub(super) fn examples<'p>(page: &'p str, heading: &str) -> Vec<&'p str> {
    let section = page.split("\n## ").find_map(|section| section.strip_prefix(heading));
    let rows = section.unwrap_or_else(|| panic!("there is no heading {heading}"));
    let rows = rows.lines().filter(|line| line.starts_with('|'));
    let pieces = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let examples: Vec<_> = pieces.filter(|piece| piece.starts_with(['{', '['])).collect();
    assert!(!examples.is_empty(), "there are no examples below {heading}");
    examples
}

/// The text that `write` appends. Asserts that it leaves alone what stands before it.
#[track_caller]
pub(super) fn appended(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = b"kept:".to_vec();
    write(&mut out);
    let text = String::from_utf8(out).expect("JSON is UTF-8");
    text.strip_prefix("kept:").expect("writing appends").to_owned()
}
