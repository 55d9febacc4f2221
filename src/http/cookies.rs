//! Cookies (RFC 6265): [`cookie`] finds one in a request, [`SetCookie`] is one in a response.
//!
//! Cookies need no decoding: names and values are bytes without `;`. What a cookie means is its reader's
//! business. A browser sends it with each request, whatever page has caused the request; so where a cookie
//! says who the client is, the request's origin has to be checked, too. Every cookie of ours is `SameSite=Lax`:
//! other sites' pages can't send it with a request that changes something.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use httpdate::HttpDate;

use super::Headers;

/// The most cookies in the head of a request. A browser sends all that the host's pages have set.
pub const COOKIES: usize = 32;

/// A request has more than [`COOKIES`] cookies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyCookies;

/// The value of the cookie of this name. `None` if there is none, or if there are several that differ: a page
/// of a neighbouring host may have set one of them, and nothing says which.
///
/// # Errors
///
/// [`TooManyCookies`].
pub fn cookie<'r>(headers: &Headers<'r>, name: &str) -> Result<Option<&'r [u8]>, TooManyCookies> {
    let mut found = None;
    let mut differ = false;
    let pairs = headers.all("cookie").flat_map(|line| line.split(|&byte| byte == b';'));
    for (count, pair) in pairs.map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).enumerate() {
        if count == COOKIES {
            return Err(TooManyCookies);
        }
        let Some(at) = pair.iter().position(|&byte| byte == b'=') else { continue };
        let (key, value) = (pair[..at].trim_ascii_end(), pair[at + 1..].trim_ascii_start());
        // Names have a case, unlike those of headers.
        if key == name.as_bytes() {
            differ |= found.is_some_and(|other| other != value);
            found = Some(value);
        }
    }
    Ok(found.filter(|_| !differ))
}

/// A cookie that a response sets. It is sent back to every address of this host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetCookie {
    name: &'static str,
    value: Cow<'static, str>,
    /// Since the Unix epoch.
    expires: Duration,
    http_only: bool,
}

impl SetCookie {
    /// A cookie that scripts of pages can read. It ends at this time since the Unix epoch.
    ///
    /// # Panics
    ///
    /// If the value has a character that no cookie may have (RFC 6265 §4.1.1). No caller has such a value:
    /// what a person has chosen has to be encoded first.
    pub fn readable(name: &'static str, value: String, expires: Duration) -> Self {
        assert!(value.bytes().all(is_cookie_octet), "no value of a cookie");
        SetCookie { name, value: value.into(), expires, http_only: false }
    }

    /// A cookie that scripts can't read.
    ///
    /// # Panics
    ///
    /// As [`readable`](Self::readable).
    pub fn hidden(name: &'static str, value: String, expires: Duration) -> Self {
        SetCookie { http_only: true, ..Self::readable(name, value, expires) }
    }

    /// Removes a cookie: one that has ended already.
    pub fn removed(name: &'static str) -> Self {
        SetCookie { name, value: "".into(), expires: Duration::ZERO, http_only: false }
    }

    /// The value of the header `Set-Cookie`. A `secure` cookie is sent back over TLS only.
    pub(super) fn line(&self, secure: bool) -> String {
        let SetCookie { name, value, expires, http_only } = self;
        let expires = HttpDate::from(UNIX_EPOCH + (*expires).min(LAST));
        let hidden = if *http_only { "; HttpOnly" } else { "" };
        let secure = if secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Expires={expires}; SameSite=Lax{hidden}{secure}")
    }
}

/// The last second of the year 9999, since the Unix epoch: a date of HTTP has four digits for the year.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// Whether a byte may stand in a value that is not quoted (RFC 6265 §4.1.1).
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use httparse::Header;

    use super::*;

    fn find(lines: &[&str], name: &str) -> Result<Option<String>, TooManyCookies> {
        let header = |line: &&'static str| Header { name: "Cookie", value: line.as_bytes() };
        let lines: Vec<&'static str> = lines.iter().map(|line| &*line.to_string().leak()).collect();
        let headers = Headers::new(lines.iter().map(header).collect());
        let found = cookie(&headers, name)?;
        Ok(found.map(|value| String::from_utf8_lossy(value).into_owned()))
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name_wherever_it_stands() {
        for (lines, expected) in [
            (&["session=abc"][..], Some("abc")),
            (&["user_id=1; session=abc; username=YQ=="], Some("abc")),
            (&["a=b;session=abc"], Some("abc")),
            (&["a=b", "session=abc"], Some("abc")),
            (&[" ; ;session = abc ;;"], Some("abc")),
            (&["session="], Some("")),
            (&["Session=abc"], None),
            (&["xsession=abc; sessionx=abc; session"], None),
            (&["other=session=abc"], None),
            (&[], None),
        ] {
            assert_eq!(find(lines, "session"), Ok(expected.map(str::to_owned)), "{lines:?}");
        }
        assert_eq!(find(&["username=YQ=="], "username"), Ok(Some("YQ==".to_owned())));
    }

    #[test]
    fn two_cookies_of_one_name_that_differ_are_none() {
        assert_eq!(find(&["session=a; session=b"], "session"), Ok(None));
        assert_eq!(find(&["session=a", "session=b"], "session"), Ok(None));
        assert_eq!(find(&["session=a; session=b; session=a"], "session"), Ok(None));
        assert_eq!(find(&["session=a; session=a"], "session"), Ok(Some("a".to_owned())));
    }

    #[test]
    fn a_request_has_at_most_thirty_two_cookies() {
        let lines = |count: usize| vec!["a=b"; count].join("; ") + ";";
        assert_eq!(find(&[&lines(COOKIES)], "a"), Ok(Some("b".to_owned())));
        assert_eq!(find(&[&lines(COOKIES), "c=d"], "a"), Err(TooManyCookies));
    }

    /// What is cut off is no cookie, or a shorter one; never a longer one, or one of another name.
    #[test]
    fn wherever_a_line_is_cut_a_value_is_the_beginning_of_the_whole() {
        let line = "user_id=1; session=0123456789; username=YQ==";
        for cut in 0..=line.len() {
            let found = find(&[&line[..cut]], "session").expect("few cookies");
            let expected = line[..cut]
                .split_once("session=")
                .map(|(_, rest)| rest.split(';').next().unwrap_or_default().to_owned());
            assert_eq!(found, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_cookie_is_written_bare_with_its_attributes() {
        let time = Duration::from_secs(784_111_777);
        let attributes = "Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; SameSite=Lax";
        let name = SetCookie::readable("username", "YQ==".to_owned(), time);
        assert_eq!(name.line(false), format!("username=YQ==; {attributes}"));
        let session = SetCookie::hidden("session", "ab0".to_owned(), time);
        assert_eq!(session.line(true), format!("session=ab0; {attributes}; HttpOnly; Secure"));
        let removed = "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax";
        assert_eq!(SetCookie::removed("session").line(false), removed);
        let late = SetCookie::readable("a", String::new(), Duration::MAX).line(false);
        assert!(late.contains("Expires=Fri, 31 Dec 9999 23:59:59 GMT"), "{late}");
    }

    #[test]
    fn a_value_that_would_add_an_attribute_or_a_line_is_refused() {
        for value in ["a;b", "a b", "a\r\nb", "a\"", "a,b", "a\\", "ä", "\0"] {
            let made = std::panic::catch_unwind(|| {
                SetCookie::readable("a", value.to_owned(), Duration::ZERO)
            });
            assert!(made.is_err(), "{value:?}");
        }
    }
}
