//! [`Target`]: the server to be tested, from its URL.

use std::net::{SocketAddr, ToSocketAddrs as _};

/// The server to be tested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    /// The address that it listens on.
    pub(crate) address: SocketAddr,
    /// Its name and port, as the URL has them: the value of `Host`.
    pub(crate) authority: String,
    /// What stands before `/ws/{mobile}` in the path; usually nothing.
    pub(crate) prefix: String,
}

impl Target {
    /// Reads `ws://HOST:PORT`, and looks the name up. Plain `http` and no scheme mean the same.
    ///
    /// # Errors
    ///
    /// One sentence on what is wrong.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let rest = match url.split_once("://") {
            Some(("ws" | "http", rest)) => rest,
            Some(("wss" | "https", _)) => {
                return Err("TLS is not spoken here: test the server behind it".to_owned());
            }
            Some(_) => return Err("it looks like ws://127.0.0.1:8080".to_owned()),
            None => url,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains(['?', '#', ' ']) || authority.contains(['?', '#', '@', ' ']) {
            return Err("only a path may follow the address: /ws/{mobile} is appended to it".into());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        // A name is looked up here, before there is a loop that this could delay.
        let found = with_port.to_socket_addrs().ok().and_then(|mut found| found.next());
        let address = found.ok_or("no such address; it looks like ws://127.0.0.1:8080")?;
        let prefix = path.trim_end_matches('/').to_owned();
        Ok(Target { address, authority: authority.to_owned(), prefix })
    }

    /// The server that listens here.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Target { address, authority: address.to_string(), prefix: String::new() }
    }

    /// The URL.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}{}", self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_every_way_to_write_it() {
        for (url, address, prefix) in [
            ("ws://127.0.0.1:8080", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1:8080/", "127.0.0.1:8080", ""),
            ("ws://127.0.0.1/chat/", "127.0.0.1:80", "/chat"),
            ("ws://[::1]:7000", "[::1]:7000", ""),
            ("ws://[::1]", "[::1]:80", ""),
            ("127.0.0.1:8080", "127.0.0.1:8080", ""),
            ("http://127.0.0.1:9/a/b", "127.0.0.1:9", "/a/b"),
        ] {
            let target = Target::parse(url).expect(url);
            assert_eq!((target.address.to_string().as_str(), &*target.prefix), (address, prefix));
        }
        let target = Target::parse("ws://127.0.0.1:8080/chat").expect("valid");
        assert_eq!(target.url(), "ws://127.0.0.1:8080/chat");
    }

    #[test]
    fn what_is_no_address_is_refused_in_a_sentence() {
        for url in [
            "",
            "wss://127.0.0.1",
            "ftp://127.0.0.1",
            "ws://",
            "ws://127.0.0.1:99999",
            "ws://127.0.0.1:80?x=1",
            "ws://u@127.0.0.1",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
