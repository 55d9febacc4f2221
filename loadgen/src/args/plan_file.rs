//! [`arguments`]: reads a plan file, and returns the arguments that it stands for.
//!
//! ```toml
//! clients = 5000              # the keys are the flags
//! expect = ["lost == 0"]      # what may be given several times is an array
//! [persona]                   # and this is --persona lurker=80
//! lurker = 80
//! ```
//!
//! It knows no flag. The parser of the command line says whether there is such a flag, and whether its
//! value is right.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// The file's content, as arguments.
///
/// # Errors
///
/// One line that says what is wrong with the file.
pub(super) fn arguments(path: &Path) -> Result<Vec<OsString>, String> {
    let wrong = |what: String| format!("--plan {}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    read(&text).map_err(wrong)
}

fn read(text: &str) -> Result<Vec<OsString>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        format!("line {line}: {}", error.message())
    })?;
    let mut arguments = Vec::new();
    for (key, value) in &table {
        if key == "plan" {
            return Err("a plan cannot name another plan".to_owned());
        }
        add(key, value, &mut arguments)?;
    }
    Ok(arguments)
}

fn add(key: &str, value: &Value, arguments: &mut Vec<OsString>) -> Result<(), String> {
    let mut flag = |value: String| match key {
        "url" => arguments.push(value.into()),
        key => arguments.push(format!("--{key}={value}").into()),
    };
    match value {
        Value::Boolean(true) => arguments.push(format!("--{key}").into()),
        Value::Boolean(false) => {}
        Value::Array(values) => {
            values.iter().try_for_each(|value| add(key, value, arguments))?;
        }
        Value::Table(table) => {
            for (name, value) in table {
                flag(format!("{name}={}", plain(key, value)?));
            }
        }
        value => flag(plain(key, value)?),
    }
    Ok(())
}

fn plain(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            Err(format!("`{key}` is no text and no number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_flags() {
        let text = "url = 'ws://h:1'\nclients = 5\nrate = 0.5\nclosed = true\nquiet = false\n\
                    stage = ['1s:5', '2s:5:9']\n[persona]\nlurker = 80\nslow-reader = 1\n";
        let arguments = read(text).expect("valid");
        let mut arguments: Vec<_> =
            arguments.iter().map(|argument| argument.to_str().expect("UTF-8")).collect();
        arguments.sort_unstable();
        let mut expected = [
            "ws://h:1",
            "--clients=5",
            "--rate=0.5",
            "--closed",
            "--stage=1s:5",
            "--stage=2s:5:9",
            "--persona=lurker=80",
            "--persona=slow-reader=1",
        ];
        expected.sort_unstable();
        assert_eq!(arguments, expected);
    }

    #[test]
    fn what_is_no_plan_is_one_line() {
        for wrong in ["clients", "clients =", "a = 5\na = 6", "plan = 'x'", "a = [{b = []}]"] {
            let line = read(wrong).expect_err(wrong);
            assert!(!line.contains('\n'), "{line}");
        }
        let error = arguments(Path::new("/nowhere/at/all")).expect_err("no file");
        assert!(error.starts_with("--plan /nowhere/at/all: "), "{error}");
    }
}
