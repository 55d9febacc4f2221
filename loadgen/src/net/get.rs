//! [`get`]: fetches a page over HTTP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use switchboard::http::{Limits, parse_response};

use super::patience::{Patience, Refusal};
use super::talk::Talk;
use crate::signals::Signals;
use crate::target::Target;

/// How long a server may take for a page that is needed.
pub(crate) const FOR_A_PAGE: Duration = Duration::from_secs(10);
/// The longest page that is read, in bytes.
const LONGEST: usize = 16 << 20;

/// Fetches a page, within this time. Returns it with the address that it came from.
///
/// # Errors
///
/// One sentence, if the server does not give the page, or if a signal comes first.
pub(crate) fn get(
    target: &Target,
    path: &str,
    time: Duration,
    signals: Option<&Signals>,
) -> Result<(String, SocketAddr), Refusal> {
    let patience = Patience::new(time, signals);
    let mut talk = Talk::begin(target, patience, time)?;
    let bytes = exchange(&mut talk, target, path).map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => Refusal::Interrupted,
        kind => Refusal::Server(format!("{}: {kind}", talk.address)),
    })?;
    let refuse = |what: String| {
        let scheme = if target.is_secure { "https" } else { "http" };
        Refusal::Server(format!("{scheme}://{}{}{path}: {what}", target.authority, target.prefix))
    };
    let (head, head_bytes) = match parse_response(&bytes, &Limits::default()) {
        Ok(Some(found)) => found,
        Ok(None) => return Err(refuse("the answer is incomplete".to_owned())),
        Err(error) => return Err(refuse(error.to_string())),
    };
    if head.status != 200 {
        return Err(refuse(format!("HTTP {}", head.status)));
    }
    let text = String::from_utf8(bytes[head_bytes..].to_vec());
    text.map(|text| (text, talk.address)).map_err(|_| refuse("it is not text".to_owned()))
}

fn exchange(talk: &mut Talk<'_>, target: &Target, path: &str) -> io::Result<Vec<u8>> {
    let Target { authority, prefix, .. } = target;
    // In HTTP/1.0 with this header, the page ends where the connection does, and is not chunked.
    let request =
        format!("GET {prefix}{path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    talk.write(request.as_bytes())?;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    while bytes.len() < LONGEST {
        match talk.read(&mut buffer)? {
            0 => break,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(bytes)
}
