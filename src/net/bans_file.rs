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

use std::path::Path;
use std::time::Duration;

use super::text_file;
use crate::chat::{Ban, Banned, Bans};

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
        match ban_in(line) {
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

/// The ban in a line. `None`: it is empty, or a comment.
fn ban_in(line: &str) -> Result<Option<Ban>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (kind, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (who, rest) = word(rest.trim_start())?;
    let who = Banned::parse(kind, &who)?;
    let rest = rest.trim_start();
    let (until, rest) = match rest.strip_prefix("until=") {
        None => (None, rest),
        Some(rest) => {
            let (time, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (Some(moment(time)?), rest.trim_start())
        }
    };
    let why = match rest.strip_prefix('#') {
        None if rest.is_empty() => "",
        None => return Err("behind the ban there is until=TIME, or a remark behind #".to_owned()),
        Some(why) => why.trim(),
    };
    Ok(Some(Ban::new(who, until, why)))
}

/// The next word, or what stands in quotes, and what is behind it.
fn word(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return Ok((word.to_owned(), rest));
    };
    let (mut word, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, one)) = chars.next() {
        match one {
            '"' => return Ok((word, &quoted[at + 1..])),
            '\\' => word.extend(chars.next().map(|(_, one)| one)),
            one => word.push(one),
        }
    }
    Err("the quote \" is not closed".to_owned())
}

/// A time, since 1970: `2026-12-01T18:30:00Z`, or a day, which begins at midnight in UTC.
pub(super) fn moment(text: &str) -> Result<Duration, String> {
    let day = format!("{text}T00:00:00Z");
    let time = humantime::parse_rfc3339(if text.len() == 10 { &day } else { text });
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
    let wrong = || "a time looks like 2026-12-01T18:30:00Z or 2026-12-01, in UTC".to_owned();
    time.ok().and_then(since).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_a_ban_with_its_term_and_remark() {
        let text = "# who\n\n number 0123456789\t # called names # often\r\n\
            session \"two \\\"words\\\" #1\" until=2026-12-01T00:00:00Z\naccount mallory until=2026-12-01 # x\n\
            address 203.0.113.0/24\nnumber 0123456789 until=2027-01-01\naccount \"Ada Lovelace\"#why\n";
        let bans = parse(text).expect("right").sorted();
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

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(number |session |address |until=|#|\"|\\\\|[0-9]|\\PC|\n){0,40}") {
            let _ = parse(&text);
        }
    }
}
