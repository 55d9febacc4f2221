//! [`is_of_a_service`]: the variables that Kubernetes sets in every container for each Service of the
//! namespace, as Docker once did for linked containers.
//!
//! For a Service called `switchboard` all of them begin with `SWITCHBOARD_`, and for one called
//! `switchboard-web` with `SWITCHBOARD_WEB_`. They say where the Service is, and are no settings.

/// The protocols of a Service's port.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Whether a variable is one of these. `name` is its name without the program's own name before it, such as
/// `SERVICE_HOST`.
pub(super) fn is_of_a_service(name: &str, value: &str) -> bool {
    // A Service whose own name is longer has another word before these.
    let after = |word: &str| match name.strip_prefix(word) {
        Some(rest) => Some(rest),
        None => name.split_once(&format!("_{word}")).map(|(_, rest)| rest),
    };
    match (after("SERVICE_HOST"), after("SERVICE_PORT"), after("PORT")) {
        (Some(""), _, _) => true,
        // SERVICE_PORT, and SERVICE_PORT_HTTPS for a port that has a name.
        (_, Some(rest), _) if rest.is_empty() || rest.starts_with('_') => true,
        // A person who writes 8080 here means a setting.
        (_, _, Some("")) => is_link(value),
        (_, _, Some(rest)) => is_of_a_port(rest),
        _ => false,
    }
}

/// `tcp://10.0.0.1:8080`
fn is_link(value: &str) -> bool {
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| PROTOCOLS.iter().any(|one| scheme.eq_ignore_ascii_case(one)))
}

/// `_8080_TCP`, and that with `_PROTO`, `_PORT` or `_ADDR` behind it.
fn is_of_a_port(rest: &str) -> bool {
    let mut words = rest.split('_');
    words.next() == Some("")
        && words.next().is_some_and(|port| port.parse::<u16>().is_ok())
        && words.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol))
        && matches!((words.next(), words.next()), (None | Some("PROTO" | "PORT" | "ADDR"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_known() {
        for (name, value) in [
            ("SERVICE_HOST", "10.0.0.1"),
            ("SERVICE_PORT", "8080"),
            ("SERVICE_PORT_HTTP", "8080"),
            ("SERVICE_PORT_WEB_SOCKET", "8080"),
            ("PORT", "tcp://10.0.0.1:8080"),
            ("PORT", "udp://10.0.0.1:8080"),
            ("PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("PORT_8080_TCP_PROTO", "tcp"),
            ("PORT_8080_TCP_PORT", "8080"),
            ("PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("PORT_53_UDP_ADDR", "10.0.0.1"),
            ("PORT_9_SCTP", "sctp://10.0.0.1:9"),
            ("WEB_SERVICE_HOST", "10.0.0.1"),
            ("MY_WEB_PORT", "tcp://10.0.0.1:8080"),
            ("WEB_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ] {
            assert!(is_of_a_service(name, value), "{name}={value}");
        }
    }

    #[test]
    fn what_a_person_writes_is_not() {
        for (name, value) in [
            ("PORT", "8080"),
            ("PORT", "http://10.0.0.1:8080"),
            ("PORTS", "tcp://10.0.0.1:8080"),
            ("SERVICE", "1"),
            ("SERVICE_HOSTS", "1"),
            ("SERVICE_PORTS", "1"),
            ("PORT_8080", "1"),
            ("PORT_8080_HTTP", "1"),
            ("PORT_X_TCP", "1"),
            ("PORT_8080_TCP_NAME", "1"),
            ("PORT_8080_TCP_PORT_2", "1"),
            ("MESAGE_RATE", "10"),
            ("", ""),
        ] {
            assert!(!is_of_a_service(name, value), "{name}={value}");
        }
    }
}
