//! [`Tool`]: what the program can do instead of serving.

use super::data::{self, Tool as DataTool};
use super::token_tool::{self, TokenTool};

/// A tool, instead of the server.
#[derive(Clone, Debug)]
pub enum Tool {
    /// Looks after the data of the account realm.
    Data(DataTool),
    /// Makes keys and tokens.
    Token(TokenTool),
}

/// Runs a tool, and returns what it prints.
///
/// # Errors
///
/// A line that says what is wrong.
pub fn run_tool(tool: &Tool) -> Result<String, String> {
    match tool {
        Tool::Data(tool) => data::run_tool(tool),
        Tool::Token(tool) => token_tool::run(tool),
    }
}
