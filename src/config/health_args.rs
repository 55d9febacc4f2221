//! [`HealthArgs`]: the argument of `switchboard health`.

/// Say by the exit code whether a server is well
///
/// It asks for /health, as a load balancer does. Exit code 0: the server is well. 1: it is not, or there is none.
/// 2: the command is wrong.
#[derive(Debug, clap::Args)]
pub(super) struct HealthArgs {
    /// Server: what it has as --listen, or a URL such as http://127.0.0.1:8080/ready [default: 127.0.0.1:8080, or that port if PORT is set]
    #[arg(env = "SWITCHBOARD_LISTEN", value_name = "ADDRESS")]
    server: Option<String>,
}

impl HealthArgs {
    /// Where to ask: `HOST:PORT`, `unix:PATH` or `http://HOST:PORT/PAGE`. `port` is the variable `PORT`.
    ///
    /// # Errors
    ///
    /// One line: it is none of these.
    pub(super) fn server(self, port: Option<&str>) -> Result<String, String> {
        let server = self.server.unwrap_or_else(|| format!("127.0.0.1:{}", port.unwrap_or("8080")));
        let rest = server.strip_prefix("http://").unwrap_or(&server);
        let (authority, page) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_port = |(_, port): (&str, &str)| port.parse::<u16>().is_ok();
        let is_address = authority.rsplit_once(':').is_some_and(is_port);
        let is_page = page.is_empty() || rest.len() < server.len();
        // A page with a space or a line's end would be another request.
        let is_plain = server.bytes().all(|byte| byte.is_ascii_graphic());
        if server.starts_with("unix:") || (is_address && is_page && is_plain) {
            return Ok(server);
        }
        Err(format!("health: {server:?} is no ADDRESS:PORT, unix:PATH or http://ADDRESS:PORT/PAGE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Result<String, String> {
        HealthArgs { server: Some(text.to_owned()) }.server(None)
    }

    #[test]
    fn an_address_is_what_the_server_has_or_a_url() {
        for good in [
            "127.0.0.1:80",
            "[::1]:80",
            "a.b:80",
            "unix:/a b",
            "http://a:80",
            "http://[::1]:80/ready",
        ] {
            assert_eq!(server(good), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "a",
            "a:b",
            "https://a:80",
            "a:80/ready",
            "http://a/ready",
            "http://a:80/x y",
            "http://a:80/\r\nb",
        ] {
            assert!(server(bad).is_err_and(|line| line.starts_with("health: ")), "{bad}");
        }
    }

    #[test]
    fn without_an_address_it_is_the_servers_default() {
        let default = |port| HealthArgs { server: None }.server(port);
        assert_eq!(default(None), Ok("127.0.0.1:8080".to_owned()));
        assert_eq!(default(Some("90")), Ok("127.0.0.1:90".to_owned()));
    }
}
