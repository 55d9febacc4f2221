//! [`Mistakes`]: everything that is wrong with the settings, one line each.
//!
//! A flag with a mistake is read as if it were not given. So what follows from it is no second mistake.

/// What is wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    lines: Vec<String>,
    /// The flags with a wrong value, such as `--listen`.
    flags: Vec<String>,
}

impl Mistakes {
    /// Adds a mistake that concerns no single flag.
    pub(super) fn add(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Adds a wrong value of a flag.
    pub(super) fn add_to(&mut self, flag: &str, line: String) {
        self.flags.push(flag.to_owned());
        self.lines.push(line);
    }

    /// Adds a contradiction between flags, unless one of them has a mistake of its own.
    pub(super) fn refuse(&mut self, is_wrong: bool, flags: [&str; 2], sentence: &str) {
        if is_wrong && !flags.iter().any(|flag| self.concern(flag)) {
            self.lines.push(format!("{} and {}: {sentence}", flags[0], flags[1]));
        }
    }

    /// Whether this flag has a wrong value.
    pub(super) fn concern(&self, flag: &str) -> bool {
        self.flags.iter().any(|one| one == flag)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
