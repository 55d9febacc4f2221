//! [`read`]: a password, and [`token`]: a token. The password is from a file, from the keyboard without showing it, or from the first line of a pipe.
//!
//! It never comes from an argument or a variable: other users of the machine can read those (proc(5)).

use std::fs;
use std::io::{self, BufRead as _, ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr};

/// What the keyboard sends for Ctrl-C.
const CTRL_C: u8 = 3;

/// Reads a password: the first line of the file, if one is named, or else of stdin.
///
/// # Errors
///
/// One sentence on what is wrong.
pub(super) fn read(file: Option<&Path>, name: &str) -> Result<String, String> {
    let line = match file {
        Some(path) => fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        None if io::stdin().is_terminal() => {
            ask(name).map_err(|error| format!("no password: {error}"))?
        }
        None => {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            read.map_err(|error| format!("no password: {error}"))?;
            line
        }
    };
    match line.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        Some(_) | None => Err("no password: its line is empty".to_owned()),
    }
}

/// Reads a token: the first line of the file.
///
/// # Errors
///
/// One sentence on what is wrong.
pub(super) fn token(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    // It stands in a header, so nothing else may.
    match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(token.to_owned()),
        false => Err(format!("there is no token in the first line of {}", file.display())),
    }
}

/// Asks at the keyboard. Ctrl-C ends the line, so that the terminal is never left without its echo.
fn ask(name: &str) -> io::Result<String> {
    let before = tcgetattr(io::stdin())?;
    let mut hidden = before.clone();
    hidden.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
    hidden.control_chars[SpecialCharacterIndices::VEOL as usize] = CTRL_C;
    // This forgets what was typed before, so it has to come before the question.
    tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &hidden)?;
    let mut bytes = Vec::new();
    let mut stderr = io::stderr();
    let asked = write!(stderr, "Password of {}: ", name.escape_debug());
    // The terminal ends a line at either of them, and hands over nothing behind it.
    let read = asked.and_then(|()| stderr.flush()).and_then(|()| read_to_end_of_line(&mut bytes));
    tcsetattr(io::stdin(), SetArg::TCSADRAIN, &before)?;
    writeln!(stderr)?;
    read?;
    if bytes.contains(&CTRL_C) {
        return Err(ErrorKind::Interrupted.into());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::from(ErrorKind::InvalidData))
}

fn read_to_end_of_line(bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    loop {
        let part = stdin.fill_buf()?;
        let end = part.iter().position(|&byte| byte == b'\n' || byte == CTRL_C);
        let length = end.map_or(part.len(), |at| at + 1);
        bytes.extend_from_slice(&part[..length]);
        stdin.consume(length);
        if end.is_some() || length == 0 {
            return Ok(());
        }
    }
}
