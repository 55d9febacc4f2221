//! The flag `--at TIME COMMAND`: [`joined`] makes one argument of the two, and [`checked`] looks whether a command is
//! run before messages end.

use std::ffi::OsString;

use crate::schedule::{Command, Timing, parse_time};

const FLAG: &str = "--at";

/// The arguments, in which the time and the command after `--at` are one argument. So the flag has one value here,
/// as in a plan file and in the variable.
pub(super) fn joined(args: &[OsString]) -> Vec<OsString> {
    let mut joined = Vec::with_capacity(args.len());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let time = match arg.to_str().and_then(|arg| arg.strip_prefix(FLAG)) {
            Some("") => rest.next(),
            Some(time) if time.starts_with('=') => Some(arg),
            Some(_) | None => None,
        };
        let Some(time) = time else {
            joined.push(arg.clone());
            continue;
        };
        let words = time.to_string_lossy();
        let words = words.strip_prefix("--at=").unwrap_or(&words);
        let mut value = OsString::from(format!("{FLAG}={words}"));
        if let (Ok(_), Some(command)) = (parse_time(words), rest.as_slice().first()) {
            value.push(" ");
            value.push(command);
            rest.next();
        }
        joined.push(value);
    }
    joined
}

/// In the order of their moments.
///
/// # Errors
///
/// One line, if one would be run after the last message.
pub(super) fn checked(mut commands: Vec<Command>, timing: &Timing) -> Result<Vec<Command>, String> {
    commands.sort_by_key(|command| command.at);
    let whole = timing.ramp + timing.duration;
    match commands.last().filter(|last| last.at >= whole) {
        None => Ok(commands),
        Some(last) => Err(format!(
            "--at {:?}: the plan takes {whole:?}, and a command must be run before its end",
            last.at
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_the_command_are_one_value_in_each_spelling() {
        for (args, one) in [
            (&["loadgen", "--at", "3s", "kill 1", "ws://h"][..], "loadgen|--at=3s kill 1|ws://h"),
            (&["--at=3s", "kill 1", "--quiet"], "--at=3s kill 1|--quiet"),
            (&["--at=3s kill 1", "ws://h"], "--at=3s kill 1|ws://h"),
            (&["--at", "3s kill 1", "--at", "5s", "--x"], "--at=3s kill 1|--at=5s --x"),
            (&["--at", "soon", "kill 1"], "--at=soon|kill 1"),
            (&["--at", "3s"], "--at=3s"),
            (&["--at"], "--at"),
        ] {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let joined: Vec<String> =
                joined(&args).iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
            assert_eq!(joined.join("|"), one);
        }
    }
}
