//! Values as people write them: `60s`, `64KiB`, `127.0.0.1:8080`, `unix:/run/switchboard/http.sock`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use humantime::DurationError as Error;

use crate::net::{self, ListenAddress};

/// The largest size that is accepted, in bytes. Lengths of frames are stored in 32 bits.
const MOST_BYTES: u64 = 1 << 30;

/// The smallest largest message that is accepted, in bytes. A session's `auth` frame with a UUID has 66.
const LEAST_MESSAGE: usize = 128;

/// The sizes of a head that are accepted, in bytes. A smaller one has no room for an upgrade. A head that
/// arrives in pieces is parsed again with each piece, which takes O(n²) in its size.
const HTTP_HEADS: std::ops::RangeInclusive<usize> = 1 << 10..=64 << 10;

/// The longest time that is accepted: more than any use needs, and two of them can still be added.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The smallest rate that is accepted, in bytes a second: six short presence lists.
const LEAST_RATE: u64 = 64 << 10;

/// Which log lines are written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// Parses a time, such as `60s`, `500ms` or `2min`: more than zero, and at most a year.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = time_or_none(text)?;
    if time.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(time) }
}

/// Parses a time, or `0s`: at most a year.
pub(super) fn time_or_none(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) => Err("it must not be longer than a year".to_owned()),
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("a time has a unit: write {text}s or {text}ms"))
        }
        // These two say what is wrong. The others count characters.
        Err(error @ (Error::UnknownUnit { .. } | Error::NumberOverflow)) => Err(error.to_string()),
        Err(_) => Err("a time looks like 60s, 500ms or 1.5h".to_owned()),
    }
}

/// Parses a size, whatever it is. The crate's own errors list its units.
fn size(text: &str) -> Result<u64, String> {
    let shape = |_| "a size looks like 64KiB, 1MB or 65536".to_owned();
    text.parse().map(|ByteSize(bytes)| bytes).map_err(shape)
}

/// Parses a number of bytes, such as `64KiB` or `1MB`: 1 byte to 1 GiB.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    match usize::try_from(bytes) {
        Ok(size) if (1..=MOST_BYTES).contains(&bytes) => Ok(size),
        _ => Err("it must be between 1 byte and 1GiB".to_owned()),
    }
}

/// Parses the size of the largest message, such as `64KiB`: 128 bytes to 1 GiB.
pub(super) fn message_bytes(text: &str) -> Result<usize, String> {
    match bytes(text) {
        Ok(size) if size < LEAST_MESSAGE => {
            Err(format!("it must be at least {LEAST_MESSAGE} bytes, or no client could sign in"))
        }
        other => other,
    }
}

/// Parses the size of the head of a request, such as `8KiB`: 1 KiB to 64 KiB.
pub(super) fn http_head(text: &str) -> Result<usize, String> {
    match bytes(text) {
        Ok(size) if HTTP_HEADS.contains(&size) => Ok(size),
        Ok(_) => Err("it must be between 1KiB and 64KiB".to_owned()),
        Err(error) => Err(error),
    }
}

/// Parses a number of bytes a second, such as `64MiB`: 64 KiB at least.
pub(super) fn byte_rate(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    if bytes < LEAST_RATE { Err("it must be at least 64KiB".to_owned()) } else { Ok(bytes) }
}

/// Parses a number of connections or sessions: 1 at least.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("it must be a whole number".to_owned()),
    }
}

/// Parses a number that may be 0, and is small.
pub(super) fn small_count(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("it must be a whole number, {} at most", u16::MAX))
}

/// Parses where to listen: an address, or `unix:` and the path of a socket.
pub(super) fn listen_address(text: &str) -> Result<ListenAddress, String> {
    match text.trim_start().strip_prefix("unix:") {
        Some(path) => unix_path(path).map(ListenAddress::Unix),
        None => address(text).map(ListenAddress::Tcp),
    }
}

fn unix_path(path: &str) -> Result<PathBuf, String> {
    if path.starts_with('@') {
        return Err("a name without a file has no permissions, so any program could connect: \
            write a path, such as unix:/run/switchboard/http.sock"
            .to_owned());
    }
    if path.is_empty() || path.ends_with('/') {
        return Err("write the path of a file, such as unix:/run/switchboard/http.sock".to_owned());
    }
    if path.len() > ListenAddress::PATH_BYTES {
        return Err(format!("a path has at most {} bytes there", ListenAddress::PATH_BYTES));
    }
    Ok(PathBuf::from(path))
}

/// Parses the permissions of a file, in octal digits, such as `0660`.
pub(super) fn file_mode(text: &str) -> Result<u32, String> {
    let is_octal = text.len() <= 4 && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    match u32::from_str_radix(text, 8) {
        Ok(mode) if is_octal && mode <= 0o777 && mode & 0o222 != 0 => Ok(mode),
        Ok(mode) if is_octal && mode <= 0o777 => Err(
            "to connect, a program has to be allowed to write: 0660 lets the owner and the group"
                .into(),
        ),
        _ => Err("permissions look like 0660: three octal digits, perhaps after a 0".to_owned()),
    }
}

/// Parses an address to listen on, such as `127.0.0.1:8080`, `[::]:8080` or `localhost:8080`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    // To look up a name may take long. It happens here, before the event loop begins.
    let is_name = text.parse::<SocketAddr>().is_err();
    let look_up = || text.to_socket_addrs();
    let found = if is_name { net::interruptible(look_up) } else { look_up() };
    let found = found.ok().and_then(|mut found| found.next());
    let address = found.ok_or_else(|| no_address(text))?;
    match is_of_a_host(address.ip()) || address.ip().is_unspecified() {
        true => Ok(address),
        false => Err("it is the address of a group, and nobody can connect to it".to_owned()),
    }
}

/// The error for what is no address, with what was probably meant.
fn no_address(text: &str) -> String {
    if let Ok(port) = text.trim_start_matches(':').parse::<u16>() {
        return format!(
            "write 127.0.0.1:{port} for this machine alone, or 0.0.0.0:{port} for every address of it"
        );
    }
    if text.starts_with(['/', '.']) || text.ends_with(".sock") {
        return format!("for a Unix socket write unix:{text}");
    }
    let meant = text.split_once("://").map_or(text, |(_, rest)| rest).trim().trim_end_matches('/');
    match meant.parse::<SocketAddr>() {
        Ok(address) => format!("an address has nothing before or behind it: write {address}"),
        Err(_) => "no such address; it looks like 127.0.0.1:8080".to_owned(),
    }
}

/// Whether a TCP connection can have this address: it is neither of a group (multicast, broadcast) nor
/// unspecified.
pub(super) fn is_of_a_host(address: IpAddr) -> bool {
    let address = address.to_canonical();
    !(address.is_multicast() || address.is_unspecified() || address == Ipv4Addr::BROADCAST)
}

/// Whether two listeners would be in each other's way. Port 0 means any free port.
pub(super) fn overlap(one: &ListenAddress, other: &ListenAddress) -> bool {
    let (one, other) = match (one, other) {
        (ListenAddress::Tcp(one), ListenAddress::Tcp(other)) => (one, other),
        (ListenAddress::Unix(one), ListenAddress::Unix(other)) => return one == other,
        (ListenAddress::Tcp(_), ListenAddress::Unix(_))
        | (ListenAddress::Unix(_), ListenAddress::Tcp(_)) => return false,
    };
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    // `[::]` also takes connections over IPv4, `0.0.0.0` only those.
    let covers = |a: IpAddr, b: IpAddr| a.is_unspecified() && (a.is_ipv6() || b.is_ipv4());
    one.port() != 0 && one.port() == other.port() && (a == b || covers(a, b) || covers(b, a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_people_write_them() {
        assert_eq!(time("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("1MB"), Ok(1_000_000));
        assert_eq!(byte_rate("64MiB"), Ok(64 << 20));
        assert_eq!(address("127.0.0.1:0").map(|a| a.port()), Ok(0));
        assert_eq!(address("[::1]:80").map(|a| a.is_ipv6()), Ok(true));
        assert_eq!(address("0.0.0.0:80").map(|a| a.port()), Ok(80));
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        assert!(["0s", "60", "", "soon", "366days"].iter().all(|text| time(text).is_err()));
        assert!(["0", "2GiB", "many", "-1"].iter().all(|text| bytes(text).is_err()));
        assert!(["0", "1KiB", "all"].iter().all(|text| byte_rate(text).is_err()));
        assert!(["", "8080", "127.0.0.1", "127.0.0.1:99999"].iter().all(|t| address(t).is_err()));
        for text in ["8080", ":8080"] {
            assert!(address(text).is_err_and(|error| error.contains("0.0.0.0:8080")), "{text}");
        }
        for text in ["http://127.0.0.1:8080/", " 127.0.0.1:8080", "ws://127.0.0.1:8080"] {
            assert!(address(text).is_err_and(|error| error.contains("write 127.0.0.1:8080")));
        }
        for text in ["224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80"] {
            assert!(address(text).is_err_and(|error| error.contains("a group")), "{text}");
        }
        assert!(["0", "x", "-3"].iter().all(|text| count(text).is_err()));
        assert!(message_bytes("127").is_err_and(|error| error.contains("at least 128 bytes")));
        assert_eq!(message_bytes("128"), Ok(128));
        assert!(["-1", "65536", "x"].iter().all(|text| small_count(text).is_err()));
        assert_eq!(small_count("0"), Ok(0));
    }

    #[test]
    fn a_unix_socket_is_a_path_behind_its_prefix() {
        let unix = |path: &str| Ok(ListenAddress::Unix(PathBuf::from(path)));
        assert_eq!(
            listen_address("unix:/run/switchboard/http.sock"),
            unix("/run/switchboard/http.sock")
        );
        assert_eq!(listen_address("unix:http.sock"), unix("http.sock"));
        let longest = "p".repeat(ListenAddress::PATH_BYTES);
        assert_eq!(listen_address(&format!("unix:{longest}")), unix(&longest));
        for (text, correction) in [
            (&*format!("unix:p{longest}"), "at most 107 bytes"),
            ("unix:", "write the path of a file"),
            ("unix:/run/switchboard/", "write the path of a file"),
            ("unix:@switchboard", "has no permissions"),
            ("/run/a.sock", "write unix:/run/a.sock"),
            ("./a.sock", "write unix:./a.sock"),
        ] {
            let error = listen_address(text).expect_err(text);
            assert!(error.contains(correction), "{text}: {error}");
        }
    }

    #[test]
    fn permissions_are_octal_and_let_somebody_connect() {
        assert_eq!(
            [file_mode("0660"), file_mode("600"), file_mode("0777")],
            [Ok(0o660), Ok(0o600), Ok(0o777)]
        );
        for text in ["", "0o660", "rw-rw----", "00660", "1777", "660x", "+660", "8"] {
            assert!(file_mode(text).is_err_and(|error| error.contains("look like 0660")), "{text}");
        }
        assert!(file_mode("0440").is_err_and(|error| error.contains("allowed to write")));
    }

    #[test]
    fn what_is_no_value_at_all_is_refused_with_the_form_of_one() {
        for text in ["off", "-1s", "1,5s", "\"60s\"", "", "soon", "s"] {
            let error = time(text).expect_err(text);
            assert!(error.contains("looks like 60s"), "{text}: {error}");
        }
        assert!(time("60").is_err_and(|error| error.contains("write 60s or 60ms")));
        assert!(time("90S").is_err_and(|error| error.contains("unknown time unit \"S\"")));
        for text in ["many", "-1", "64KiBs", "", "\"64KiB\""] {
            for error in [bytes(text).err(), byte_rate(text).err(), message_bytes(text).err()] {
                let error = error.expect(text);
                assert!(error.contains("looks like 64KiB"), "{text}: {error}");
            }
        }
    }

    #[test]
    fn two_listeners_are_in_each_others_way_on_one_port_of_one_address() {
        let is = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| listen_address(text).expect("an address"));
            assert_eq!(overlap(&one, &other), overlap(&other, &one));
            overlap(&one, &other)
        };
        for (one, other) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "127.0.0.1:8080"),
            ("[::]:8080", "0.0.0.0:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("[::ffff:127.0.0.1]:8080", "127.0.0.1:8080"),
            ("unix:/run/a.sock", "unix:/run/a.sock"),
        ] {
            assert!(is(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("127.0.0.1:8080", "127.0.0.1:8081"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("127.0.0.1:8080", "127.0.0.2:8080"),
            ("0.0.0.0:8080", "[::1]:8080"),
            ("127.0.0.1:8080", "[::1]:8080"),
            ("unix:/run/a.sock", "unix:/run/b.sock"),
            ("unix:/run/a.sock", "127.0.0.1:8080"),
        ] {
            assert!(!is(one, other), "{one} and {other}");
        }
    }
}
