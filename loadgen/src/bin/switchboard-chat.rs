//! The program `switchboard-chat`: a person chats in a terminal. The room `terminal` is what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadgen::switchboard_chat()
}
