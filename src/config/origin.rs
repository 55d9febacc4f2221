//! [`origin`]: parses a value of `--allow-origin` into the form in which browsers send it.
//!
//! A browser sends a page's origin in one form only (RFC 6454 §6.2): in lower case, without the scheme's own
//! port, the name in ASCII (Punycode), an IP address in its shortest form. The crate `url` knows these rules,
//! those of the URL standard. What no browser can ever send is refused, with the value that was probably
//! meant.

use std::net::Ipv6Addr;

use url::Url;

/// Parses an origin, such as `https://app.example:8443`.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains('*') {
        return Err("an origin has no wildcard: name each one, such as https://app.example".into());
    }
    if text.contains(';') || text.matches("://").count() > 1 {
        return Err("commas separate origins: write https://a.example,https://b.example".into());
    }
    let Some((scheme, rest)) = text.split_once("://") else { return Err(without_scheme(text)) };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {}
        "ws" => return Err(page_of("http", rest)),
        "wss" => return Err(page_of("https", rest)),
        "file" => return Err(OF_A_FILE.into()),
        "ftp" | "blob" => return Err(SHAPE.into()),
        // Apps in a web view and extensions of browsers have schemes of their own.
        _ => return of_an_app(text),
    }
    let url = Url::parse(text).map_err(|error| with_brackets(text).unwrap_or(error.to_string()))?;
    if url.port() == Some(0) {
        return Err("nothing can be at port 0".into());
    }
    let origin = url.origin().ascii_serialization();
    match bare(&url) {
        true => Ok(origin),
        false => Err(format!("a browser sends only scheme, host and port: write {origin}")),
    }
}

const SHAPE: &str = "an origin looks like https://app.example, without a path";
const OF_A_FILE: &str = "null is every page that is opened from a file: it cannot be allowed";

/// Whether it has neither an account, nor a path, nor anything behind that. A slash at the end is no path.
fn bare(url: &Url) -> bool {
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    is_anonymous
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
}

/// The error for a text without `://`.
fn without_scheme(text: &str) -> String {
    if text.eq_ignore_ascii_case("null") {
        return OF_A_FILE.into();
    }
    // `https:app.example` is a URL to browsers; `app.example:8443` could be one with the scheme `app.example`.
    let guesses = [text.to_owned(), format!("https://{text}")];
    let mut meant = guesses.iter().filter_map(|guess| Url::parse(guess).ok());
    match meant.find(|url| ["http", "https"].contains(&url.scheme())) {
        Some(url) => {
            let origin = url.origin().ascii_serialization();
            format!("a browser sends the scheme too: write {origin}")
        }
        None => SHAPE.into(),
    }
}

/// The error for an address of the server in place of a page's.
fn page_of(scheme: &str, rest: &str) -> String {
    match Url::parse(&format!("{scheme}://{rest}")) {
        Ok(url) => {
            let origin = url.origin().ascii_serialization();
            format!("it is where the page comes from, and not the WebSocket: write {origin}")
        }
        Err(_) => SHAPE.into(),
    }
}

/// The error for an IPv6 address without its brackets.
fn with_brackets(text: &str) -> Option<String> {
    let (scheme, host) = text.trim_end_matches('/').split_once("://")?;
    let address: Ipv6Addr = host.parse().ok()?;
    Some(format!("an IPv6 address stands in brackets: write {scheme}://[{address}]"))
}

/// `capacitor://localhost`, `chrome-extension://abcdef`
fn of_an_app(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|_| SHAPE.to_owned())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SHAPE)?;
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let origin = format!("{}://{host}{port}", url.scheme()).to_ascii_lowercase();
    match bare(&url) {
        true => Ok(origin),
        false => Err(format!("a browser sends only scheme, host and port: write {origin}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_what_a_browser_sends() {
        for (written, sent) in [
            ("https://app.example", "https://app.example"),
            ("https://app.example/", "https://app.example"),
            (" https://app.example ", "https://app.example"),
            ("HTTPS://App.Example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("http://app.example:80/", "http://app.example"),
            ("http://app.example:443", "http://app.example:443"),
            ("https://app.example:8443", "https://app.example:8443"),
            ("https://app.example:08443", "https://app.example:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://BÜCHER.example:443", "https://xn--bcher-kva.example"),
            ("https://faß.example", "https://xn--fa-hia.example"),
            ("https://例え.テスト:8443", "https://xn--r8jz45g.xn--zckzah:8443"),
            ("https://app。example", "https://app.example"),
            ("https://b%C3%BCcher.example", "https://xn--bcher-kva.example"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://[2001:DB8:0:0:0:0:0:1]:8080", "http://[2001:db8::1]:8080"),
            ("http://[::ffff:192.0.2.1]", "http://[::ffff:c000:201]"),
            ("http://0x7f.1:80", "http://127.0.0.1"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("Chrome-Extension://abcdef/", "chrome-extension://abcdef"),
            ("tauri://localhost:1420", "tauri://localhost:1420"),
        ] {
            assert_eq!(origin(written).as_deref(), Ok(sent), "{written}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused_with_what_was_meant() {
        for (written, correction) in [
            ("*", "name each one"),
            ("http://*.example.com", "name each one"),
            ("https://app.example:*", "name each one"),
            ("null", "it cannot be allowed"),
            ("file:///home", "it cannot be allowed"),
            ("app.example", "write https://app.example"),
            ("app.example:8443", "write https://app.example:8443"),
            ("//app.example", "write https://app.example"),
            ("https:app.example", "write https://app.example"),
            ("wss://app.example/ws", "write https://app.example"),
            ("ws://app.example:8080", "write http://app.example:8080"),
            ("https://app.example/chat", "write https://app.example"),
            ("https://app.example//", "write https://app.example"),
            ("https://app.example?x=1", "write https://app.example"),
            ("https://app.example/#top", "write https://app.example"),
            ("https://ann:secret@app.example:8443", "write https://app.example:8443"),
            ("http://2001:db8::1", "write http://[2001:db8::1]"),
            ("capacitor://localhost/app", "write capacitor://localhost"),
            ("ftp://app.example", "looks like"),
            ("https://", "empty host"),
            ("https://app.example:99999", "port"),
            ("https://app.example:0", "port 0"),
            ("https://a.example;https://b.example", "commas separate"),
            ("https://a.example https://b.example", "commas separate"),
            ("a.example;b.example", "commas separate"),
            ("https://app example", "invalid"),
            ("https://xn--a.example", "international"),
            ("", "looks like"),
        ] {
            let error = origin(written).expect_err(written);
            assert!(error.contains(correction), "{written}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
