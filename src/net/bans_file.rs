//! The file that `--bans-file` names: who is banned, one a line.
//!
//! ```text
//! number 0123456789                                 # called everybody names
//! session "two words" until=2026-12-01T00:00:00Z
//! account mallory until=2026-12-01
//! address 203.0.113.0/24
//! ```
//!
//! All of it is read, or nothing: a wrong line is a mistake, and with a mistake no ban changes. Two lines about the same
//! person are one ban, that of the later line.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use super::replace_file::{replace_file, sync_name};
use super::text_file;
use crate::chat::{Ban, Bans};
use crate::dialects::operator::ban_line;
use crate::turn::BanChange;

/// The most bytes of the file: 160 for each ban.
const FILE_BYTES: u64 = 16 << 20;

/// The most mistakes that are named. A file of another kind has one in each line.
const MISTAKES: usize = 20;

/// Reads the file.
///
/// # Errors
///
/// One line for each mistake. It names the file and the line, and nobody who is banned.
pub(super) fn read(path: &Path) -> Result<Bans, Vec<String>> {
    let shown = path.display();
    let text = text_file::read(path, FILE_BYTES)
        .map_err(|why| vec![format!("--bans-file {shown}: {why}")])?;
    parse(&text).map_err(|mistakes| {
        let all = mistakes.len();
        let line = |(line, why)| format!("{shown}, line {line}: {why}");
        let mut lines: Vec<String> = mistakes.into_iter().take(MISTAKES).map(line).collect();
        if all > MISTAKES {
            lines.push(format!("{shown}: {} more lines are wrong", all - MISTAKES));
        }
        lines
    })
}

fn parse(text: &str) -> Result<Bans, Vec<(usize, String)>> {
    let (mut bans, mut mistakes) = (Bans::default(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        match ban_line::read(line) {
            Ok(None) => {}
            Ok(Some(ban)) => {
                if let Err(full) = bans.add(ban) {
                    mistakes.push((number, full));
                    break;
                }
            }
            Err(why) => mistakes.push((number, why)),
        }
    }
    if mistakes.is_empty() { Ok(bans) } else { Err(mistakes) }
}

/// Changes lines of the file. All others stay as they are, comments and mistakes included. A reader finds the old file
/// or the new one, also after a power cut.
pub(super) fn edit(path: &Path, changes: &[BanChange]) -> Result<(), String> {
    let text = text_file::read(path, FILE_BYTES)?;
    // A symbolic link stays one: what it points to is replaced.
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    replace(&path, edited(&text, changes).as_bytes()).map_err(|error| error.to_string())
}

/// The text with the changes, of which the last one about each person counts. One pass over the text, however many
/// changes have waited: the file may have 100,000 lines, and a program may change as many bans.
fn edited(text: &str, changes: &[BanChange]) -> String {
    let (mut changed, mut added) = (HashSet::new(), Vec::new());
    for change in changes.iter().rev() {
        let is_last = changed.insert(change.who());
        if let (true, BanChange::Banned(ban)) = (is_last, change) {
            added.push(ban_line::write(ban));
        }
    }
    let is_other = |ban: Option<Ban>| ban.is_none_or(|ban| !changed.contains(&ban.who));
    let kept = text.lines().filter(|line| ban_line::read(line).map_or(true, is_other));
    kept.map(str::to_owned).chain(added.into_iter().rev()).map(|line| line + "\n").collect()
}

/// Replaces the file, which keeps its permissions. Afterwards it is on the disk, and so is its name in the folder.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    replace_file(path, content, |file| {
        file.set_permissions(permissions).and_then(|()| file.sync_all())
    })?;
    sync_name(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Banned;

    #[test]
    fn each_line_is_a_ban_with_its_term_and_remark() {
        let text = "# who\n\n number 0123456789\t # called names # often\r\n\
            session \"two \\\"words\\\" #1\" until=2026-12-01T00:00:00Z\naccount mallory until=2026-12-01 # x\n\
            address 203.0.113.0/24\nnumber 0123456789 until=2027-01-01\naccount \"Ada Lovelace\"#why\n";
        let bans = parse(text).expect("right").some(10);
        let shown: Vec<_> = bans
            .iter()
            .map(|ban| {
                (ban.who.shown().1, ban.term.until.map(|until| until.as_secs()), &*ban.term.why)
            })
            .collect();
        let december = Some(1_796_083_200);
        assert_eq!(
            shown,
            [
                ("Ada Lovelace".to_owned(), None, "why"),
                ("mallory".to_owned(), december, "x"),
                ("203.0.113.0/24".to_owned(), None, ""),
                ("0123456789".to_owned(), Some(1_798_761_600), ""),
                ("two \"words\" #1".to_owned(), december, ""),
            ]
        );
    }

    #[test]
    fn every_wrong_line_is_named_and_then_nothing_counts() {
        let text = "number 0123456789\nnumber\nperson x\nnumber 123\nsession \"open\naddress 10.0.0.1/8\n\
            account mallory until=soon\naccount mallory forever\naccount mallory until=2026-12-01 why\n\0\u{1}\n";
        let mistakes = parse(text).expect_err("wrong");
        let lines: Vec<usize> = mistakes.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10], "{mistakes:#?}");
        assert!(mistakes.iter().all(|(_, why)| !why.contains("mallory") && !why.contains("123 ")));
    }

    #[test]
    fn there_are_not_more_bans_than_may_be() {
        let text: String = (0..=Bans::MOST).map(|n| format!("number {n:010}\n")).collect();
        let mistakes = parse(&text).expect_err("too many");
        assert!(matches!(&mistakes[..], [(line, _)] if *line == Bans::MOST + 1), "{mistakes:?}");
    }

    #[test]
    fn an_edit_changes_the_lines_about_one_and_no_others() {
        let text = "# all\nnumber 0123456789 # a\nwrong\nnumber 0123456789 until=2026-12-01\naccount \"Ada L\"";
        let who = |kind, text| Banned::parse(kind, text).expect("right");
        let remove = BanChange::Lifted(who("number", "0123456789"));
        let rest = "# all\nwrong\naccount \"Ada L\"\n";
        assert_eq!(edited(text, std::slice::from_ref(&remove)), rest);
        let add = BanChange::Banned(Ban::new(who("session", "a b"), None, "x # y"));
        let once = edited(text, &[remove.clone(), add.clone()]);
        assert_eq!(once, format!("{rest}session \"a b\" # x # y\n"));
        assert_eq!(edited(&once, &[add.clone(), remove]), once);
        let later = BanChange::Banned(Ban::new(add.who().clone(), None, "later"));
        let lift = BanChange::Lifted(add.who().clone());
        let last = edited(&once, &[lift.clone(), add.clone(), later.clone()]);
        assert_eq!(last, format!("{rest}session \"a b\" # later\n"));
        assert_eq!(edited(&once, &[later, add, lift]), rest);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(number |session |address |until=|#|\"|\\\\|[0-9]|\\PC|\n){0,40}") {
            let _ = parse(&text);
        }
    }
}
