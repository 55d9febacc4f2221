//! [`SettingsFile`]: the file that `--config` names. It has the variables of the flags, one a line, as systemd's
//! `EnvironmentFile=` does (systemd.exec(5)).
//!
//! ```text
//! # The evening crowd types fast.
//! SWITCHBOARD_MESSAGE_RATE=300:600
//! SWITCHBOARD_PAGES="/srv/my pages"   # quotes are not part of the value
//! ```
//!
//! Unlike systemd, it refuses what is probably a mistake: a name that no flag has, a name that stands twice, a
//! line without `=`. It knows no disk: the caller passes the text.

use clap::Command;

use crate::environment;

/// The variables in the file, in their order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct SettingsFile {
    /// The file's name, as the operator wrote it.
    pub(super) path: String,
    variables: Vec<Variable>,
}

/// A line of the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    /// The number of the line, from 1 on.
    pub(super) line: usize,
}

/// What a line has to look like.
const SHAPE: &str = "a line looks like SWITCHBOARD_STRIKES=50";

/// The longest name that a mistake quotes, in bytes. Anything longer is no name.
const NAME_BYTES: usize = 64;

impl SettingsFile {
    /// Reads the text of a file. `command` knows all flags, and `prefix` is what the names begin with. What is
    /// wrong is added to the mistakes, one line each, and left out.
    pub(super) fn parse(
        path: String,
        text: &str,
        command: &Command,
        prefix: &str,
        mistakes: &mut Vec<String>,
    ) -> Self {
        let mut variables: Vec<Variable> = Vec::new();
        for (line, written) in (1..).zip(text.lines()) {
            let written = written.trim();
            if written.is_empty() || written.starts_with(['#', ';']) {
                continue;
            }
            let earlier = |name: &str| variables.iter().find(|one| one.name == name);
            let read = split(written).and_then(|(name, value)| {
                known(name, command, prefix)?;
                match earlier(name) {
                    Some(one) => Err(format!("{name} stands in line {} too", one.line)),
                    None => Ok(Variable { name: name.to_owned(), value: value_in(value)?, line }),
                }
            });
            match read {
                Ok(variable) => variables.push(variable),
                Err(why) => mistakes.push(format!("{path}, line {line}: {why}")),
            }
        }
        SettingsFile { path, variables }
    }

    /// The variable with this name, if it has a value. An empty one counts as not set.
    pub(super) fn find(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|one| one.name == name && !one.value.is_empty())
    }
}

/// `NAME=VALUE`
fn split(line: &str) -> Result<(&str, &str), String> {
    let (name, value) = line.split_once('=').ok_or(SHAPE)?;
    let name = name.trim();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match !name.is_empty() && name.len() <= NAME_BYTES && name.bytes().all(is_name) {
        true => Ok((name, value.trim())),
        false => Err(SHAPE.to_owned()),
    }
}

/// Refuses a name that is no flag's variable, or that of `--config` itself.
fn known(name: &str, command: &Command, prefix: &str) -> Result<(), String> {
    let arg = command.get_arguments().find(|arg| arg.get_env().is_some_and(|env| env == name));
    match arg {
        Some(arg) if arg.get_id() == "config" => {
            Err(format!("{name}: a settings file cannot name another one"))
        }
        Some(_) => Ok(()),
        None => {
            let alone = [(name.into(), "x".into())];
            let nearest = environment::unknown(prefix, command, &[], &alone);
            Err(match nearest.first() {
                Some(unknown) => unknown.to_string(),
                None => format!("there is no variable {name}: names begin with {prefix} here"),
            })
        }
    }
}

/// A value without its quotes, and without the comment behind it.
fn value_in(written: &str) -> Result<String, String> {
    let Some(quote) = written.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let comment = written.match_indices('#').find(|(at, _)| {
            *at == 0 || written[..*at].ends_with(|before: char| before.is_whitespace())
        });
        let value = written[..comment.map_or(written.len(), |(at, _)| at)].trim_end();
        return match value.ends_with('\\') {
            true => Err("a value ends with its line: it cannot go on in the next one".to_owned()),
            false => Ok(value.to_owned()),
        };
    };
    let (mut value, mut rest) = (String::new(), written.chars().skip(1));
    loop {
        match rest.next() {
            None => return Err(format!("the quote {quote} is not closed")),
            Some('\\') if quote == '"' => value.extend(rest.next()),
            Some(one) if one == quote => break,
            Some(one) => value.push(one),
        }
    }
    let behind: String = rest.collect();
    match behind.trim() {
        "" => Ok(value),
        comment if comment.starts_with('#') => Ok(value),
        _ => Err(format!("something stands behind the closing {quote}")),
    }
}

/// Writes a value so that [`SettingsFile::parse`] reads it as it is.
pub(super) fn quoted(value: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'\\#".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut text = String::from('"');
    for one in value.chars() {
        match one {
            '"' | '\\' => text.extend(['\\', one]),
            // A path may have a line break, and a line may not.
            one if one.is_control() => text.push('?'),
            one => text.push(one),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use clap::Arg;
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (SettingsFile, Vec<String>) {
        let flag = |name: &'static str, variable: &'static str| Arg::new(name).env(variable);
        let command = Command::new("x").args([
            flag("config", "SWITCHBOARD_CONFIG"),
            flag("log", "SWITCHBOARD_LOG"),
            flag("pages", "SWITCHBOARD_PAGES"),
        ]);
        let mut mistakes = Vec::new();
        let path = "a.conf".to_owned();
        let file = SettingsFile::parse(path, text, &command, "SWITCHBOARD_", &mut mistakes);
        (file, mistakes)
    }

    #[test]
    fn a_value_is_read_as_systemd_reads_it() {
        for (written, value) in [
            ("debug", Some("debug")),
            ("  debug  ", Some("debug")),
            ("\"two words\"", Some("two words")),
            ("'two \"words\"'", Some("two \"words\"")),
            ("\"a \\\"b\\\\ c\"", Some("a \"b\\ c")),
            ("debug # loud", Some("debug")),
            ("'a' # b", Some("a")),
            ("a#b", Some("a#b")),
            ("a=b", Some("a=b")),
            ("", None),
            ("# nothing", None),
            ("\"\"", None),
        ] {
            let text = format!("\r\n# a comment\n;another\n SWITCHBOARD_LOG = {written}\r\n");
            let (file, mistakes) = parsed(&text);
            assert!(mistakes.is_empty(), "{mistakes:?}");
            let found = file.find("SWITCHBOARD_LOG");
            assert_eq!(found.map(|one| (&*one.value, one.line)), value.map(|v| (v, 4)), "{text}");
        }
    }

    #[test]
    fn every_wrong_line_is_a_mistake_with_its_number() {
        let text = "SWITCHBOARD_LOG\nSWITCHBOARD_LOGS=debug\nTZ=UTC\nSWITCHBOARD_CONFIG=b\n\
            SWITCHBOARD_LOG=\"debug\nSWITCHBOARD_LOG='a' b\nSWITCHBOARD_LOG=a\\\nSWITCHBOARD_LOG=debug\n\
            SWITCHBOARD_LOG=info\n\u{1}\u{2}=3\nexport SWITCHBOARD_PAGES=x\n";
        let (file, mistakes) = parsed(text);
        let words = [
            "line 1: a line looks like",
            "line 2: there is no variable SWITCHBOARD_LOGS; the nearest is SWITCHBOARD_LOG",
            "line 3: there is no variable TZ",
            "line 4: SWITCHBOARD_CONFIG: a settings file cannot name another one",
            "line 5: the quote \" is not closed",
            "line 6: something stands behind the closing '",
            "line 7: a value ends with its line",
            "line 9: SWITCHBOARD_LOG stands in line 8 too",
            "line 10: a line looks like",
            "line 11: a line looks like",
        ];
        for (mistake, words) in mistakes.iter().zip(words) {
            assert!(mistake.starts_with(&format!("a.conf, {words}")), "{mistake}");
        }
        assert_eq!(mistakes.len(), words.len(), "{mistakes:#?}");
        assert_eq!(file.find("SWITCHBOARD_LOG").map(|one| &*one.value), Some("debug"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in "[ -~äß\u{a0}]{1,40}") {
            let (file, mistakes) = parsed(&format!("SWITCHBOARD_PAGES={}   # x", quoted(&value)));
            prop_assert!(mistakes.is_empty(), "{:?}", mistakes);
            let read = file.find("SWITCHBOARD_PAGES").map(|one| one.value.clone());
            prop_assert_eq!(read, Some(value));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            parsed(&text);
        }
    }
}
