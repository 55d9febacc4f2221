//! `switchboard health`: whether a server is well, as an exit code. For a container's `HEALTHCHECK`, and for scripts.

use std::time::Duration;

use super::client::Connection;

/// The page that is asked for if the address names none.
const PAGE: &str = "/health";
/// The time for the answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Asks a server for a page: `HOST:PORT`, `unix:PATH`, or `http://HOST:PORT/ready`. It is well if the answer's
/// status is 200.
///
/// # Errors
///
/// One line: there is no server, or it is not well.
pub fn health(server: &str) -> Result<(), String> {
    let (name, page) = match server.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or((rest, PAGE), |slash| rest.split_at(slash)),
        None => (server, PAGE),
    };
    let page = if page == "/" { PAGE } else { page };
    match Connection::open(name, ANSWER)?.status(page)? {
        200 => Ok(()),
        status => Err(format!("the server at {name} is not well: {page} has status {status}")),
    }
}
