//! [`ETag`]: a short name for a content (RFC 9110 §8.8.3), by which a client asks whether it has changed.
//!
//! Called by the makers of responses whose content is fixed: an app's own pages, and the web client.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};

use super::Request;

/// The name of one content, quotes included. The same content has the same name after a restart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ETag(String);

impl ETag {
    /// The name of this content. It need not withstand an attack: only the operator has contents here.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        let mut etag = String::new();
        write!(etag, "\"{:016x}\"", hasher.finish()).expect("a String takes whatever is written");
        ETag(etag)
    }

    /// The name as the header `ETag` has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the client has this content already: its `If-None-Match` names it. The answer is then 304.
    pub fn is_known_to(&self, request: &Request<'_>) -> bool {
        request.headers.all("if-none-match").any(|line| self.is_in(line))
    }

    /// Whether a line `If-None-Match` names this content (RFC 9110 §13.1.2). A weak name counts, too.
    fn is_in(&self, line: &[u8]) -> bool {
        let mut tags = line.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        tags.any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == self.0.as_bytes())
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_found_in_a_list() {
        let etag = ETag::of(b"x");
        for (line, expected) in [
            (etag.to_string(), true),
            (format!("W/{etag}"), true),
            (format!("\"a\" , {etag},\"b\""), true),
            ("*".to_owned(), true),
            ("\"a\"".to_owned(), false),
            (String::new(), false),
            (etag.as_str().trim_matches('"').to_owned(), false),
        ] {
            assert_eq!(etag.is_in(line.as_bytes()), expected, "{line}");
        }
        assert_ne!(etag, ETag::of(b"y"));
    }
}
