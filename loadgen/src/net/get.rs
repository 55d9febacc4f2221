//! [`get`]: fetches a page over plain HTTP, by calls that block.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use switchboard::http::{Limits, parse_response};

use crate::target::Target;

/// How long a server may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest page that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// Fetches a page.
///
/// # Errors
///
/// One sentence, if the server does not give the page.
pub(crate) fn get(target: &Target, path: &str) -> Result<String, String> {
    let bytes = exchange(target, path).map_err(|error| format!("{}: {error}", target.address))?;
    let (head, head_bytes) = match parse_response(&bytes, &Limits::default()) {
        Ok(Some(found)) => found,
        Ok(None) => return Err("the answer is incomplete".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    if head.status != 200 {
        return Err(format!("HTTP {}", head.status));
    }
    String::from_utf8(bytes[head_bytes..].to_vec()).map_err(|_| "it is not text".to_owned())
}

fn exchange(target: &Target, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&target.address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Target { authority, prefix, .. } = target;
    // In HTTP/1.0 with this header, the page ends where the connection does, and is not chunked.
    write!(
        stream,
        "GET {prefix}{path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
