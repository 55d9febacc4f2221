//! The terminal client: `switchboard-chat`. A person chats on a terminal, or a program through a pipe.
//!
//! What a chat is stands in the room `chat`, sans-IO. Here are the socket, the clock, the terminal and the loop.
//! `keys`, `editor`, `screen` and `show` are pure, too: bytes become keys, keys become a line, notices become lines
//! on the screen. One function writes to the terminal, and all that it gets has gone through `screen`.

mod args;
mod clock;
mod editor;
mod json;
mod keys;
mod password;
mod pipe;
mod run;
mod screen;
mod show;
mod threads;
mod tty;
mod window;
mod wire;

use std::env;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use switchboard::journal::{Priority, Stderr};

use crate::chat::Pass;
use args::{Args, Parsed};

/// Wrong usage.
const USAGE: u8 = 2;
/// This machine failed.
const FAILED: u8 = 1;

/// The program as clap knows it.
pub(crate) fn program() -> clap::Command {
    <Args as clap::CommandFactory>::command()
}

/// What the program does.
pub(crate) fn main() -> ExitCode {
    let code = match args::parse(env::args_os()) {
        Parsed::Print(text) => written(tty::write(&text).map(|()| 0)),
        Parsed::Wrong(text) => {
            complain(text.trim_start_matches("error: ").trim_end());
            USAGE
        }
        Parsed::Chat(args) => match pass(&args) {
            Ok(pass) => written(run::chat(&args, pass)),
            Err(why) => {
                complain(&why);
                USAGE
            }
        },
    };
    ExitCode::from(code)
}

/// Who the person is.
fn pass(args: &Args) -> Result<Pass, String> {
    let Some(name) = &args.name else {
        let token = args.token_file.as_deref().map(password::token).transpose()?;
        return Ok(Pass::Number { number: args.number.clone().unwrap_or_default(), token });
    };
    let password = password::read(args.password_file.as_deref(), name)?;
    Ok(Pass::Name { name: name.clone(), password, is_new: args.register, token: None })
}

/// The exit code. A reader of stdout that has gone away has heard enough: that is no error.
fn written(result: io::Result<u8>) -> u8 {
    match result {
        Ok(code) => code,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(error) => {
            complain(&error.to_string());
            FAILED
        }
    }
}

fn complain(text: &str) {
    let stderr = Stderr::new("switchboard-chat", env::var("JOURNAL_STREAM").ok().as_deref());
    stderr.say(Priority::Error, text);
}
