//! [`Target`]: the server to be tested, from its URL.
//!
//! A URL is understood as people copy it: from the server's log, from a client's source, from a browser. What
//! cannot be understood is refused in a sentence with the correction in it. A name is not looked up here:
//! that may take its time, and `net` does it where a signal can end it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use crate::tls::Trust;

/// The server to be tested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    /// Whether TLS is spoken with it.
    pub(crate) is_secure: bool,
    /// Whose certificates are believed; needed if TLS is spoken.
    pub(crate) trust: Option<Trust>,
    /// Its name, or its address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Its name and port, as the URL has them: the value of `Host`.
    pub(crate) authority: String,
    /// What stands before `/ws/{mobile}` in the path; usually nothing.
    pub(crate) prefix: String,
    /// The addresses that it may listen on, in the order in which they are tried. Empty: the name has not
    /// been looked up.
    pub(crate) addresses: Vec<SocketAddr>,
}

/// A server of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Server {
    /// Where phones call it.
    pub(crate) target: Target,
    /// Its share of the phones, compared with the other servers.
    pub(crate) weight: NonZeroU32,
    /// Its `/metrics`, with its own books, if it is known.
    pub(crate) metrics: Option<Target>,
}

impl Server {
    /// The only server, which has its `/metrics` at its own address.
    pub(crate) fn alone(target: Target) -> Self {
        Server { metrics: Some(target.clone()), weight: NonZeroU32::MIN, target }
    }

    /// Reads `ws://HOST:PORT`, with or without `=WEIGHT` behind it.
    ///
    /// # Errors
    ///
    /// One sentence on what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const WEIGHT: &str = "a weight is a whole number from 1, such as ws://127.0.0.1:8080=2";
        let (url, weight) = match text.rsplit_once('=') {
            // It belongs to the query, which is refused.
            Some((url, _)) if url.contains('?') => (text, NonZeroU32::MIN),
            Some((url, weight)) => (url, weight.parse().map_err(|_| WEIGHT.to_owned())?),
            None => (text, NonZeroU32::MIN),
        };
        Ok(Server { target: Target::parse(url)?, weight, metrics: None })
    }
}

/// How an address looks, at the end of a sentence.
const LOOKS: &str = "it looks like ws://127.0.0.1:8080";
/// The ports of plain HTTP and of HTTP over TLS, if the URL has none.
const PORT: u16 = 80;
const SECURE_PORT: u16 = 443;
/// The length of a phone number in a path: what the protocol allows.
const DIGITS: RangeInclusive<usize> = 10..=32;
/// How people write "your number here": `{mobile}`, `<mobile>`, `:mobile`, `$NUMBER`, and `{mobile}` as a browser
/// copies it.
const PLACEHOLDERS: [&str; 5] = ["{", "<", ":", "$", "%7B"];
/// The schemes, as they look when their colon or a slash was lost.
const SCHEMES: [&str; 8] = ["ws", "ws:", "wss", "wss:", "http", "http:", "https", "https:"];
/// What other programs have as commands, and the flag that is meant.
const COMMANDS: [(&str, &str); 2] = [("help", "--help"), ("version", "--version")];

impl Target {
    /// Reads `ws://HOST:PORT`, or `wss://HOST:PORT` for TLS. `http` and no scheme mean `ws`, and `https` means `wss`.
    /// `/ws`, with or without a number, may stand at its end.
    ///
    /// # Errors
    ///
    /// One sentence on what is wrong.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        if let Some((command, flag)) = COMMANDS.iter().find(|(command, _)| *command == url) {
            return Err(format!("there is no command `{command}`: did you mean {flag}?"));
        }
        Target::read(url, |path| {
            let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
            let is_number =
                DIGITS.contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_digit());
            let is_caller = is_number || PLACEHOLDERS.iter().any(|start| last.starts_with(start));
            let path = if is_caller && before.ends_with("/ws") { before } else { path };
            path.strip_suffix("/ws").unwrap_or(path)
        })
    }

    /// The same for the server's `/metrics`, which may stand at the end of the URL.
    ///
    /// # Errors
    ///
    /// One sentence on what is wrong.
    pub(crate) fn parse_metrics(url: &str) -> Result<Self, String> {
        Target::read(url, |path| path.strip_suffix("/metrics").unwrap_or(path))
    }

    fn read(url: &str, prefix: impl Fn(&str) -> &str) -> Result<Self, String> {
        let url = url.trim();
        let (scheme, rest) = match url.split_once("//") {
            Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => (scheme, rest),
            Some(_) | None => ("", url),
        };
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "" | "ws:" | "http:" => false,
            "wss:" | "https:" => true,
            _ => return Err(LOOKS.to_owned()),
        };
        // A fragment never goes to a server.
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !query.is_empty() {
            return Err(
                "leave out the question mark and what follows it: it has no use here".into()
            );
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if let Some((_, host)) = authority.rsplit_once('@') {
            return Err(format!("leave out what stands before the @: ws://{host}{path}"));
        }
        let is_scheme = scheme.is_empty() && !path.is_empty() && SCHEMES.contains(&authority);
        if is_scheme || rest.contains(char::is_whitespace) {
            return Err(LOOKS.to_owned());
        }
        let usual = if is_secure { SECURE_PORT } else { PORT };
        let (host, port) = host_and_port(authority, usual)?;
        let prefix = prefix(path.trim_end_matches('/')).trim_end_matches('/').to_owned();
        let addresses =
            host.parse().map(|ip| SocketAddr::new(reachable(ip), port)).into_iter().collect();
        let authority = authority.to_owned();
        Ok(Target { is_secure, trust: None, host, port, authority, prefix, addresses })
    }

    /// The server that listens here.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Target {
            is_secure: false,
            trust: None,
            host: address.ip().to_string(),
            port: address.port(),
            authority: address.to_string(),
            prefix: String::new(),
            addresses: vec![address],
        }
    }

    /// The address that is used: the first.
    pub(crate) fn address(&self) -> SocketAddr {
        *self.addresses.first().expect("`net` has looked the name up")
    }

    /// This address answers: from now on only it is used.
    pub(crate) fn keep(&mut self, address: SocketAddr) {
        self.addresses = vec![address];
    }

    /// The URL.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.authority, self.prefix)
    }
}

fn host_and_port(authority: &str, usual: u16) -> Result<(String, u16), String> {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("an IPv6 address stands in brackets: ws://[{authority}]:8080"));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (ip, port) = rest.split_once(']').ok_or("a bracket is missing: ws://[::1]:8080")?;
            ip.parse::<Ipv6Addr>().map_err(|_| LOOKS.to_owned())?;
            (ip, port.strip_prefix(':').unwrap_or(port))
        }
        None => match authority.rsplit_once(':').unwrap_or((authority, "")) {
            (host, _) if host.contains(':') => return Err(LOOKS.to_owned()),
            both => both,
        },
    };
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A number alone would be looked up as an address of four bytes in one.
    if (host.is_empty() && is_port(port)) || (is_port(host) && port.is_empty()) {
        let port = if host.is_empty() { port } else { host };
        return Err(format!("the address is missing: ws://127.0.0.1:{port}"));
    }
    if host.is_empty() {
        return Err(LOOKS.to_owned());
    }
    let port = match port {
        "" => Ok(usual),
        port => port.parse().ok().filter(|&port| port > 0).ok_or(port),
    };
    let port = port.map_err(|port| format!("a port is a number from 1 to 65535, not `{port}`"))?;
    Ok((host.to_owned(), port))
}

/// A server that listens on all addresses says so in its log. Phones call it on the loopback.
const fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_in_every_way_in_which_people_copy_it() {
        for (url, address, prefix) in [
            ("ws://127.0.0.1:8080", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/", "127.0.0.1:8080", ""),
            ("WS://127.0.0.1:8080//", "127.0.0.1:8080", ""),
            ("Http://127.0.0.1:8080/ws", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/0612345678", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/491701234567", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/chat/ws/{mobile}", "127.0.0.1:8080", "/chat"),
            ("ws://127.0.0.1:8080/ws/<mobile>", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/:mobile/", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/${number}", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/%7Bmobile%7D", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws/ws", "127.0.0.1:8080", "/ws"),
            ("ws://127.0.0.1:8080/news", "127.0.0.1:8080", "/news"),
            ("ws://127.0.0.1:8080/ws?", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/ws#top", "127.0.0.1:8080", ""),
            (" //127.0.0.1:8080 ", "127.0.0.1:8080", ""),
            ("http://0.0.0.0:8080", "127.0.0.1:8080", ""),
            ("http://[::]:8080", "[::1]:8080", ""),
            ("ws://127.0.0.1/chat/", "127.0.0.1:80", "/chat"),
            ("ws://127.0.0.1:", "127.0.0.1:80", ""),
            ("ws://[::1]:7000", "[::1]:7000", ""),
            ("ws://[::1]", "[::1]:80", ""),
            ("127.0.0.1:8080/ws", "127.0.0.1:8080", ""),
            ("http://127.0.0.1:9/a/b", "127.0.0.1:9", "/a/b"),
            ("wss://127.0.0.1/chat/ws", "127.0.0.1:443", "/chat"),
            ("HTTPS://127.0.0.1:8443", "127.0.0.1:8443", ""),
        ] {
            let target = Target::parse(url).expect(url);
            assert_eq!((target.address().to_string().as_str(), &*target.prefix), (address, prefix));
        }
        let target = Target::parse("ws://127.0.0.1:8080/chat").expect("valid");
        assert_eq!(target.url(), "ws://127.0.0.1:8080/chat");
        let secure = Target::parse("https://127.0.0.1/").expect("valid");
        assert!(secure.is_secure && secure.url() == "wss://127.0.0.1");
        let metrics = Target::parse_metrics("http://127.0.0.1:8081/metrics").expect("valid");
        assert_eq!((metrics.port, &*metrics.prefix), (8081, ""));
        // A host may be called like a scheme.
        assert_eq!(Target::parse("ws://ws/chat").expect("valid").host, "ws");
        let named = Target::parse("localhost:8080").expect("valid");
        assert_eq!((&*named.host, named.port, named.addresses.len()), ("localhost", 8080, 0));
    }

    #[test]
    fn a_server_may_have_a_weight_and_a_wrong_one_is_refused() {
        let weight = |text: &str| Server::parse(text).map(|server| server.weight.get());
        assert_eq!(weight("ws://127.0.0.1:8080"), Ok(1));
        assert_eq!(weight("ws://127.0.0.1:8080/chat=12"), Ok(12));
        for wrong in ["ws://h=0", "ws://h=x", "ws://h=", "ws://h=-1", "ws://h=1.5"] {
            assert!(weight(wrong).expect_err(wrong).contains("ws://127.0.0.1:8080=2"), "{wrong}");
        }
        assert!(weight("ws://h/?a=1").expect_err("a query").contains("question mark"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_correction() {
        for (url, correction) in [
            ("", "ws://127.0.0.1:8080"),
            ("ws://", "ws://127.0.0.1:8080"),
            ("ftp://127.0.0.1", "ws://127.0.0.1:8080"),
            ("ws://127.0.0.1:99999", "1 to 65535"),
            ("ws://127.0.0.1:0", "1 to 65535"),
            ("ws://127.0.0.1:80?x=1", "leave out the question mark"),
            ("ws://u:p@127.0.0.1/a", "ws://127.0.0.1/a"),
            ("::1", "ws://[::1]:8080"),
            ("ws://[::1:8080", "bracket"),
            ("ws://[x]:8080", "ws://127.0.0.1:8080"),
            (":8080", "ws://127.0.0.1:8080"),
            ("8080", "ws://127.0.0.1:8080"),
            ("ws://a b", "ws://127.0.0.1:8080"),
            ("ws://a:b:c", "ws://127.0.0.1:8080"),
            ("ws//127.0.0.1:8080", "ws://127.0.0.1:8080"),
            ("http:/127.0.0.1:8080", "ws://127.0.0.1:8080"),
            ("help", "did you mean --help?"),
            ("version", "did you mean --version?"),
        ] {
            let line = Target::parse(url).expect_err(url);
            assert!(line.contains(correction), "{url}: {line}");
        }
    }
}
