//! The check whether a web page of some origin may open a WebSocket here.
//!
//! A browser lets any page connect to any server, and names the page's origin in the request (RFC 6455
//! §10.2). Three kinds of requests are let in: those without `Origin` (apps send none), those from pages of
//! our own host, and those from origins that the operator lists.

/// Whether a request with these headers may upgrade. `allowed` are origins as browsers write them.
pub(super) fn is_allowed(origin: Option<&str>, host: Option<&str>, allowed: &[String]) -> bool {
    let Some(origin) = origin else { return true };
    if allowed.iter().any(|one| is_same(one, origin)) {
        // `null` is the origin of every page that was opened from a file or runs in a sandbox. It
        // identifies no page, so it is refused also if it is listed.
        return !origin.eq_ignore_ascii_case("null");
    }
    match (origin.split_once("://"), host) {
        (Some((scheme, authority)), Some(host)) => {
            let Some(port) = default_port(scheme) else { return false };
            with_port(authority, port).eq_ignore_ascii_case(&with_port(host, port))
        }
        _ => false,
    }
}

/// Whether two origins are the same. Browsers leave out the scheme's own port, other clients may not.
fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || matches!((one.split_once("://"), other.split_once("://")), (Some((scheme, a)), Some((also, b)))
        if scheme.eq_ignore_ascii_case(also) && default_port(scheme).is_some_and(|port| {
            with_port(a, port).eq_ignore_ascii_case(&with_port(b, port))
        }))
}

fn default_port(scheme: &str) -> Option<&'static str> {
    // The scheme of the page need not be ours: a proxy may end TLS before us. Only the host is compared.
    if scheme.eq_ignore_ascii_case("http") {
        Some("80")
    } else if scheme.eq_ignore_ascii_case("https") {
        Some("443")
    } else {
        None
    }
}

fn with_port(authority: &str, default: &str) -> String {
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    if authority[after_brackets..].contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:{default}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_without_an_origin_and_our_own_pages_are_let_in() {
        assert!(is_allowed(None, Some("chat.example"), &[]));
        assert!(is_allowed(Some("https://chat.example"), Some("chat.example"), &[]));
        assert!(is_allowed(Some("http://Chat.Example:80"), Some("chat.example"), &[]));
        assert!(is_allowed(Some("http://127.0.0.1:8080"), Some("127.0.0.1:8080"), &[]));
        assert!(is_allowed(Some("http://[::1]"), Some("[::1]:80"), &[]));
    }

    #[test]
    fn a_strange_origin_needs_to_be_listed() {
        let listed = ["https://app.example".to_owned()];
        assert!(is_allowed(Some("https://app.example"), Some("chat.example"), &listed));
        assert!(is_allowed(Some("https://app.example:443"), Some("chat.example"), &listed));
        for origin in ["https://evil.example", "http://app.example", "https://chat.example:8443"] {
            assert!(!is_allowed(Some(origin), Some("chat.example"), &listed), "{origin}");
        }
    }

    #[test]
    fn a_page_from_a_file_and_nonsense_are_refused() {
        let listed = ["null".to_owned()];
        for origin in ["null", "", "chat.example", "file://chat.example", "://chat.example"] {
            assert!(!is_allowed(Some(origin), Some("chat.example"), &listed), "{origin}");
        }
        assert!(!is_allowed(Some("https://chat.example"), None, &[]));
    }
}
