//! The pool's file: an account a line, as JSON or separated by tabs.
//!
//! ```text
//! {"name":"ada","id":"0111…","password":"correct horse","token":"abab…"}     as loadgen writes it
//! ada<tab>0111…<tab>abab…<tab>2026-03-07T23:59:59Z                           as `switchboard user add --tokens` prints it
//! ```
//!
//! Empty lines, and lines that begin with a number sign, are passed over.

use serde::{Deserialize, Serialize};

use super::{Account, Pool};

/// A line of the file, as JSON.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Pool {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// One sentence with the number of the line that is none. It shows nothing of the line.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let lines = text.lines().enumerate();
        let mut accounts = Vec::new();
        for (index, line) in lines.filter(|(_, line)| is_account(line)) {
            let account = match line.trim_start().starts_with('{') {
                true => of_json(line),
                false => of_fields(line),
            };
            accounts.push(account.ok_or_else(|| {
                format!(
                    "line {} is no account: it has {{\"name\":…,\"token\":…}}, or NAME<tab>ID<tab>TOKEN",
                    index + 1
                )
            })?);
        }
        Ok(Pool::new(accounts))
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Account { name, id, password, token } in &self.accounts {
            let (name, id) = (name.clone(), id.clone());
            let line = Line { name, id, password: password.clone(), token: token.clone() };
            text += &serde_json::to_string(&line).expect("strings always have a JSON form");
            text.push('\n');
        }
        text
    }
}

fn is_account(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

fn of_json(line: &str) -> Option<Account> {
    let Line { name, id, password, token } = serde_json::from_str(line).ok()?;
    (!name.is_empty()).then_some(Account { name, id, password, token })
}

fn of_fields(line: &str) -> Option<Account> {
    let mut fields = line.split('\t');
    let (name, id, token) = (fields.next()?, fields.next()?, fields.next()?);
    let is_token = token.len() >= 16 && token.bytes().all(|byte| byte.is_ascii_graphic());
    (!name.is_empty() && is_token).then(|| Account {
        name: name.to_owned(),
        id: id.to_owned(),
        password: None,
        token: Some(token.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone_id::PhoneId;

    const TOKEN: &str = "abababababababababababababababababababababababababababababababab";

    #[test]
    fn both_kinds_of_lines_are_read_and_what_is_written_is_read_again() {
        let text = format!(
            "# a pool\n\nada\t0111\t{TOKEN}\t2026-03-07T23:59:59Z\n\
             {{\"name\":\"bob\",\"password\":\"correct \\\"horse\"}}\nada\t0112\t{TOKEN}x\n"
        );
        let pool = Pool::read(&text).expect("it is right");
        assert_eq!(pool.accounts().len(), 2, "a name counts once");
        assert_eq!(pool.find("ada"), Some(PhoneId(0)));
        assert_eq!(pool.accounts()[0].id, "0112", "the later line counts");
        assert_eq!(pool.accounts()[1].password.as_deref(), Some("correct \"horse"));
        assert_eq!(pool.find("cat"), None);
        let again = Pool::read(&pool.text()).expect("it was written here");
        assert_eq!(again.accounts(), pool.accounts());
        let first = again.of_first(1);
        let others = pool.accounts()[1..].iter().map(|one| first.find(&one.name));
        assert!(others.eq([None]), "who plays no phone is found as none");
    }

    #[test]
    fn what_is_no_account_is_named_by_its_line_and_not_shown() {
        for wrong in
            ["hunter2", "ada\thunter2", "{\"name\":7}", "{\"nmae\":\"ada\"}", "\t\thunter2"]
        {
            let error = Pool::read(&format!("# first\n{wrong}\n")).expect_err(wrong);
            assert!(
                error.starts_with("line 2 is no account") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn debug_output_has_neither_password_nor_token() {
        let pool = Pool::read(&format!("ada\t0111\t{TOKEN}\n")).expect("it is right");
        assert!(!format!("{pool:?}").contains("abab"));
    }
}
