//! [`Sources`]: where variables come from beside the command line: the environment, and the settings file.
//! [`Origin`]: where one value has come from.
//!
//! A flag wins over its variable, the environment over the file, and the file over the default.

use std::ffi::OsStr;

use super::settings_file::SettingsFile;
use crate::environment::Variables;

/// Where a value has come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// The command line.
    Flag,
    /// The environment's variable with this name.
    Variable(String),
    /// A line of the settings file.
    File {
        /// The name of the variable.
        name: String,
        /// The file's name.
        path: String,
        /// The number of the line.
        line: usize,
    },
}

impl Origin {
    /// What a mistake begins with, so that the operator knows where to look.
    pub(super) fn before(&self) -> String {
        match self {
            Origin::Flag => String::new(),
            Origin::Variable(name) => format!("{name}: "),
            Origin::File { name, path, line } => format!("{path}, line {line}: {name}: "),
        }
    }

    /// The same for `--print-config`.
    pub(super) fn words(&self) -> String {
        match self {
            Origin::Flag => "flag".to_owned(),
            Origin::Variable(_) => "variable".to_owned(),
            Origin::File { path, line, .. } => format!("{path}, line {line}"),
        }
    }
}

/// All variables. Empty ones count as not set.
#[derive(Debug)]
pub(super) struct Sources<'v> {
    pub(super) environment: &'v Variables,
    pub(super) file: Option<SettingsFile>,
}

impl<'v> Sources<'v> {
    /// The value of a variable, and where it comes from.
    pub(super) fn find(&self, name: &OsStr) -> Option<(&OsStr, Origin)> {
        let found = self.variable(name);
        let word = name.to_string_lossy().into_owned();
        if let Some(value) = found {
            return Some((value, Origin::Variable(word)));
        }
        let file = self.file.as_ref()?;
        let variable = file.find(name.to_str()?)?;
        let origin = Origin::File { name: word, path: file.path.clone(), line: variable.line };
        Some((OsStr::new(&variable.value), origin))
    }

    /// The value of a variable of the environment, as text.
    pub(super) fn in_environment(&self, name: &str) -> Option<String> {
        self.variable(name.as_ref()).map(|value| value.to_string_lossy().into_owned())
    }

    fn variable(&self, name: &OsStr) -> Option<&OsStr> {
        let found = self.environment.iter().find(|(one, value)| one == name && !value.is_empty());
        found.map(|(_, value)| value.as_os_str())
    }
}
