//! [`Headers`]: the header lines of one head, in their order, borrowed from the buffer.
//!
//! Names are compared without case. Values are bytes: the standard allows any above 0x7F, and a
//! value that were dropped for being no UTF-8 would look like one that was never sent. Knows the
//! meaning of no header. Used by requests and by the client's responses alike.

use std::fmt;

use httparse::Header;

/// The header lines of one head. Values come without the white space around them.
#[derive(Clone, Eq, PartialEq)]
pub struct Headers<'b>(Vec<Header<'b>>);

impl<'b> Headers<'b> {
    pub(super) fn new(lines: Vec<Header<'b>>) -> Self {
        Headers(lines)
    }

    /// The value of the first header of this name.
    pub fn first(&self, name: &str) -> Option<&'b [u8]> {
        self.all(name).next()
    }

    /// The values of all headers of this name, in their order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        self.0.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value)
    }

    /// Whether a header that is a comma-separated list of tokens contains `token`, in any case.
    ///
    /// Several headers of one name are one list (RFC 9110 §5.3). Quoted strings are not understood:
    /// ask only for headers without them, as `Connection` and `Upgrade` are.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The same for a list whose tokens differ if their case differs, as in `Sec-WebSocket-Protocol`.
    pub fn has_exact_token(&self, name: &str, token: &str) -> bool {
        self.elements(name).any(|element| element == token.as_bytes())
    }

    /// The elements of a comma-separated list, without the white space around them.
    fn elements(&self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        self.all(name).flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
    }
}

/// Values can be passwords and tokens: debug output shows the names only.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|header| header.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers<'b>(lines: &[(&'b str, &'b str)]) -> Headers<'b> {
        Headers(
            lines.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect(),
        )
    }

    #[test]
    fn names_are_found_in_any_case_and_in_order() {
        let headers = headers(&[("ACCEPT", "a"), ("Host", "h"), ("accept", "b")]);
        assert_eq!(headers.first("Accept"), Some(&b"a"[..]));
        assert_eq!(headers.all("Accept").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(headers.first("Accept-Language"), None);
    }

    #[test]
    fn a_token_is_found_anywhere_in_a_list_that_may_span_several_headers() {
        let headers =
            headers(&[("Connection", "keep-alive , \tUPGRADE"), ("connection", ",close")]);
        for token in ["keep-alive", "upgrade", "Close"] {
            assert!(headers.has_token("Connection", token), "{token}");
        }
    }

    #[test]
    fn a_token_may_be_wanted_in_its_own_case_only() {
        let headers = headers(&[("X", "a.v1 ,B"), ("x", "\tc")]);
        for token in ["a.v1", "B", "c"] {
            assert!(headers.has_exact_token("x", token), "{token}");
        }
        for token in ["A.v1", "b", "C", "a", "a.v1 ,B", ""] {
            assert!(!headers.has_exact_token("x", token), "{token}");
        }
    }

    #[test]
    fn part_of_a_token_is_not_the_token() {
        let headers =
            headers(&[("Connection", "not-upgrade, upgrades, up grade"), ("X", "upgrade")]);
        assert!(!headers.has_token("Connection", "upgrade"));
    }

    #[test]
    fn debug_output_does_not_give_a_value_away() {
        let headers = headers(&[("Authorization", "Bearer secret")]);
        assert_eq!(format!("{headers:?}"), r#"["Authorization"]"#);
    }
}
