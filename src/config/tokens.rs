//! [`Tokens`]: the arguments, and the variables as if they were arguments.
//!
//! clap stops at the first mistake. [`read`](Tokens::read) wants all of them: it takes what clap refuses out of the
//! tokens, and lets clap read the rest. Each token remembers its [`Origin`], so that a mistake names it.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, Resettable, TypedValueParser as _};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, Error};

use super::mistakes::Mistakes;
use super::sources::{Origin, Sources};

/// Why there is nothing to run.
#[derive(Debug)]
pub(super) enum Stop {
    /// This text was asked for: the help or the version.
    Print(String),
    /// What is wrong keeps us from reading the rest.
    Mistaken,
}

/// clap explains an error in several paragraphs. The first one says what is wrong, and perhaps one more
/// begins with a tip.
pub(super) fn one_line(error: &Error) -> String {
    let explanation = error.render().to_string();
    let paragraphs = explanation.split("\n\n").enumerate();
    let useful = paragraphs.filter(|(at, text)| *at == 0 || text.trim_start().starts_with("tip: "));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = useful.map(|(_, text)| words(text)).collect();
    lines.join("; ").trim_start_matches("error: ").to_owned()
}

/// The arguments without the program's name. A flag and its value are one token.
pub(super) struct Tokens {
    program: OsString,
    all: Vec<Token>,
}

struct Token {
    text: OsString,
    origin: Origin,
}

impl Tokens {
    /// The arguments alone. The first one is the program's name.
    pub(super) fn new(command: &Command, args: &[OsString]) -> Self {
        let mut args = args.iter().cloned();
        let mut tokens = Tokens { program: args.next().unwrap_or_default(), all: Vec::new() };
        let mut args = args.peekable();
        while let Some(mut text) = args.next() {
            let wants_value = command.get_arguments().any(|arg| {
                arg.get_action().takes_values() && long(arg).is_some_and(|flag| text == *flag)
            });
            let next = args.next_if(|next| wants_value && !next.to_string_lossy().starts_with('-'));
            if let Some(value) = next {
                text.push("=");
                text.push(value);
            }
            tokens.all.push(Token { text, origin: Origin::Flag });
        }
        tokens
    }

    /// The value of a flag, if it is given: the parts of a list with commas between them. And where it comes from.
    pub(super) fn value(&self, flag: &str) -> Option<(String, &Origin)> {
        let mut given = self.all.iter().filter(|token| token.is_of(flag)).peekable();
        let origin = &given.peek()?.origin;
        let values: Vec<String> = given.map(Token::value).collect();
        Some((values.join(","), origin))
    }

    /// Adds the variables of all flags that are not given, and reads the whole. What is wrong is left out, and
    /// added to the mistakes.
    pub(super) fn read(
        &mut self,
        command: &Command,
        sources: &Sources<'_>,
        mistakes: &mut Mistakes,
    ) -> Result<ArgMatches, Stop> {
        for arg in command.get_arguments() {
            self.add_variable(arg, sources, mistakes);
        }
        self.all.retain(|token| is_readable(command, token, mistakes));
        loop {
            // The help needs the names of the variables. What clap itself reads of them must not count.
            let without = command.clone().mut_args(|arg| arg.env(Resettable::Reset));
            let error = match without.try_get_matches_from(self.texts()) {
                Ok(matches) => return Ok(matches),
                Err(error) => error,
            };
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                let shown = command.clone().try_get_matches_from(self.texts());
                return Err(Stop::Print(shown.map_or_else(|e| e, |_| error).render().to_string()));
            }
            if !self.take_out(&error, mistakes) {
                mistakes.add(one_line(&error));
                return Err(Stop::Mistaken);
            }
        }
    }

    /// Adds the variable of a flag, if it is set, is not empty, and the flag is not given.
    fn add_variable(&mut self, arg: &Arg, sources: &Sources<'_>, mistakes: &mut Mistakes) {
        let (Some(flag), Some(name)) = (long(arg), arg.get_env()) else { return };
        let Some((value, origin)) = sources.find(name) else { return };
        if self.all.iter().any(|token| token.is_of(&flag)) {
            return;
        }
        let mut text = OsString::from(&flag);
        if arg.get_action().takes_values() {
            text.push("=");
            text.push(value);
        } else {
            match BoolishValueParser::new().parse_ref(&Command::default(), None, value) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => {
                    let line = format!("{}it is neither true nor false", origin.before());
                    return mistakes.add_to(&flag, line);
                }
            }
        }
        self.all.push(Token { text, origin });
    }

    fn texts(&self) -> impl Iterator<Item = &OsStr> {
        std::iter::once(&*self.program).chain(self.all.iter().map(|token| &*token.text))
    }

    /// Takes out what clap refuses, and adds it to the mistakes. Returns false if it cannot be found.
    fn take_out(&mut self, error: &Error, mistakes: &mut Mistakes) -> bool {
        let Some(named) = word(error, ContextKind::InvalidArg) else { return false };
        // `--listen <ADDRESS:PORT>` → `--listen`
        let flag = named.split([' ', '=']).next().unwrap_or(named);
        let value = word(error, ContextKind::InvalidValue).unwrap_or_default();
        let has_value =
            |token: &Token| token.is_of(flag) && token.parts().any(|part| part == value);
        let at = self.all.iter().position(has_value);
        let Some(at) = at.or_else(|| self.all.iter().position(|token| token.is_of(flag))) else {
            return false;
        };
        let token = self.all.remove(at);
        let mut line = one_line(error);
        if is_quoted(value) {
            line += "; the quotes are part of the value: leave them out";
        }
        mistakes.add_to(flag, format!("{}{line}", token.origin.before()));
        // Of a list only the wrong part is taken out. The others may be wrong, too.
        let rest: Vec<&str> = token.parts().filter(|part| *part != value).collect();
        if !rest.is_empty() && token.parts().count() > rest.len() {
            let text = format!("{flag}={}", rest.join(",")).into();
            self.all.insert(at, Token { text, origin: token.origin });
        } else if error.kind() == ErrorKind::UnknownArgument && flag.starts_with("--") {
            // What follows an unknown flag is its value.
            let is_value = |next: &Token| !next.text.to_string_lossy().starts_with('-');
            if self.all.get(at).is_some_and(is_value) {
                self.all.remove(at);
            }
        }
        true
    }
}

impl Token {
    /// Whether it is this flag, with or without a value.
    fn is_of(&self, flag: &str) -> bool {
        let text = self.text.to_string_lossy();
        text.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    }

    /// Its value, or `true` if it has none.
    fn value(&self) -> String {
        let text = self.text.to_string_lossy();
        text.split_once('=').map_or_else(|| "true".to_owned(), |(_, value)| value.to_owned())
    }

    /// The parts of its value, if that is a list; else the value alone.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let value = self.text.to_str().and_then(|text| text.split_once('='));
        value.into_iter().flat_map(|(_, value)| value.split(','))
    }
}

/// `--listen`
pub(super) fn long(arg: &Arg) -> Option<String> {
    arg.get_long().map(|long| format!("--{long}"))
}

fn word(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word),
        _ => None,
    }
}

/// Whether a value begins and ends with the same quote. A shell takes such quotes away. Docker's files
/// of variables keep them.
fn is_quoted(value: &str) -> bool {
    ['"', '\'']
        .iter()
        .any(|&quote| value.strip_prefix(quote).is_some_and(|rest| rest.ends_with(quote)))
}

/// Whether a token is text, or the path of a file, which need not be UTF-8. If it is not, it is a mistake.
fn is_readable(command: &Command, token: &Token, mistakes: &mut Mistakes) -> bool {
    let arg = command.get_arguments().find(|arg| long(arg).is_some_and(|flag| token.is_of(&flag)));
    let is_path =
        arg.is_some_and(|arg| arg.get_value_parser().type_id() == TypeId::of::<PathBuf>());
    if is_path || token.text.to_str().is_some() {
        return true;
    }
    let flag = arg.and_then(long).unwrap_or_else(|| "an argument".to_owned());
    let before = match &token.origin {
        Origin::Flag => format!("{flag}: "),
        other => other.before(),
    };
    mistakes.add_to(&flag, format!("{before}it is not UTF-8"));
    false
}
