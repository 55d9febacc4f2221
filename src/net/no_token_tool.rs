//! What stands in for the tool `switchboard token` in a build without the feature `auth`: nothing.

/// There is nothing to make.
#[derive(Clone, Debug)]
pub enum TokenTool {}

/// Runs no tool.
///
/// # Errors
///
/// None.
pub(super) fn run(tool: &TokenTool) -> Result<String, String> {
    match *tool {}
}
