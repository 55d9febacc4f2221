//! Headers as proxies write them, whole and cut at each byte, and what is no header.

use proptest::prelude::*;

use super::*;

/// A header of version 2: version and command, family and transport, and what follows.
fn binary(command: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("it is short");
    [&SIGNATURE[..], &[command, kind], &length.to_be_bytes(), rest].concat()
}

/// Two addresses of IPv4 and two ports.
const FOUR: [u8; 12] = [203, 0, 113, 7, 192, 0, 2, 1, 0xC7, 0x38, 0x01, 0xBB];

fn six() -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv6Addr>().expect("an address").octets();
    [&address("2001:db8::7")[..], &address("2001:db8::1"), &[0xC7, 0x38, 0x01, 0xBB]].concat()
}

fn client(text: &str) -> ProxyHeader {
    ProxyHeader::Client(text.parse().expect("an address"))
}

/// Headers and what they say.
fn samples() -> Vec<(Vec<u8>, ProxyHeader)> {
    let line = |line: &str| line.as_bytes().to_vec();
    let longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
    let extensions = [&FOUR[..], &[0x02, 0, 4], b"host", &[0x20, 0, 1, 0]].concat();
    vec![
        (line("PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n"), client("203.0.113.7")),
        (line("PROXY TCP4 255.255.255.255 0.0.0.0 0 65535\r\n"), client("255.255.255.255")),
        (line("PROXY TCP6 2001:db8::7 2001:db8::1 51000 443\r\n"), client("2001:db8::7")),
        (line("PROXY TCP6 ::ffff:203.0.113.7 ::1 51000 443\r\n"), client("203.0.113.7")),
        (line(longest), client("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
        (line("PROXY UNKNOWN\r\n"), ProxyHeader::Unknown),
        (line("PROXY UNKNOWN 203.0.113.7 nonsense\r\n"), ProxyHeader::Unknown),
        (binary(0x21, 0x11, &FOUR), client("203.0.113.7")),
        (binary(0x21, 0x11, &extensions), client("203.0.113.7")),
        (binary(0x21, 0x21, &six()), client("2001:db8::7")),
        (binary(0x21, 0x31, &[b'/'; 216]), ProxyHeader::Unknown),
        (binary(0x21, 0x12, &FOUR), ProxyHeader::Unknown),
        (binary(0x21, 0x00, &[]), ProxyHeader::Unknown),
        (binary(0x20, 0x00, &[]), ProxyHeader::Local),
        (binary(0x20, 0x11, &FOUR), ProxyHeader::Local),
        (binary(0x20, 0xFF, &[7; V2_BYTES]), ProxyHeader::Local),
    ]
}

#[test]
fn a_header_is_read_when_its_last_byte_has_come_whatever_follows_it() {
    for (bytes, header) in samples() {
        for cut in 0..bytes.len() {
            assert_eq!(parse(&bytes[..cut]), Ok(None), "{cut} bytes of {header:?}");
        }
        assert_eq!(parse(&bytes), Ok(Some((header, bytes.len()))));
        for after in ["GET / HTTP/1.1\r\n", "PROXY TCP4 ", "\r\n", "\0"] {
            let both = [&bytes[..], after.as_bytes()].concat();
            assert_eq!(parse(&both), Ok(Some((header, bytes.len()))), "{after}");
        }
    }
}

#[test]
fn the_longest_line_has_107_bytes_and_no_line_is_waited_for_longer() {
    let longest =
        samples().iter().filter(|(bytes, _)| bytes[0] == b'P').map(|(b, _)| b.len()).max();
    assert!(longest.is_some_and(|longest| longest <= V1_BYTES));
    let endless = [b"PROXY UNKNOWN ", &[b'x'; 200][..]].concat();
    assert_eq!(parse(&endless[..V1_BYTES - 1]), Ok(None));
    assert_eq!(parse(&endless[..V1_BYTES]), Err(BadProxyHeader::TooLong));
    let with_end = |length: usize| [&endless[..length - 2], b"\r\n"].concat();
    assert_eq!(parse(&with_end(V1_BYTES)), Ok(Some((ProxyHeader::Unknown, V1_BYTES))));
    assert_eq!(parse(&with_end(V1_BYTES + 1)), Err(BadProxyHeader::TooLong));
}

#[test]
fn what_is_not_written_exactly_so_is_refused() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 203.0.113.7 192.0.2.1 51000 443\r\n",
        "PROXY tcp4 203.0.113.7 192.0.2.1 51000 443\r\n",
        "PROXY TCP4  203.0.113.7 192.0.2.1 51000 443\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000 443 \r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000 443 1\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000 65536\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 +1 443\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 01 443\r\n",
        "PROXY TCP4 203.0.113.07 192.0.2.1 51000 443\r\n",
        "PROXY TCP4 203.0.113 192.0.2.1 51000 443\r\n",
        "PROXY TCP4 2001:db8::7 192.0.2.1 51000 443\r\n",
        "PROXY TCP4 203.0.113.7 somewhere 51000 443\r\n",
        "PROXY TCP6 203.0.113.7 192.0.2.1 51000 443\r\n",
        "PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r \r\n",
    ] {
        assert_eq!(parse(line.as_bytes()), Err(BadProxyHeader::Malformed), "{line}");
    }
    let not_utf8 = [&b"PROXY UNKNOWN \xFF\r\n"[..], b""].concat();
    assert_eq!(parse(&not_utf8), Err(BadProxyHeader::Malformed));
    for (command, kind, rest) in [
        (0x11, 0x11, &FOUR[..]),
        (0x22, 0x11, &FOUR),
        (0x31, 0x11, &FOUR),
        (0x21, 0x13, &FOUR),
        (0x21, 0x41, &FOUR),
        (0x21, 0x11, &FOUR[..11]),
        (0x21, 0x21, &six()[..35]),
        (0x21, 0x11, &[]),
    ] {
        let bytes = binary(command, kind, rest);
        assert_eq!(parse(&bytes), Err(BadProxyHeader::Malformed), "{bytes:x?}");
    }
    let long = binary(0x21, 0x11, &[0; V2_BYTES + 1]);
    assert_eq!(parse(&long[..FIXED]), Err(BadProxyHeader::TooLong), "it is not waited for");
}

#[test]
fn what_begins_like_no_header_is_refused_at_its_first_wrong_byte() {
    for (bytes, right) in [
        (&b"GET / HTTP/1.1\r\n"[..], 0),
        (b"proxy TCP4", 0),
        (b"PROXYTCP4", 5),
        (b"PRI * HTTP/2.0\r\n", 2),
        (b"\r\nGET / HTTP/1.1\r\n", 2),
        (b"\r\n\r\n\0\r\nQUIT\r", 11),
        (b"\x16\x03\x01", 0),
    ] {
        assert_eq!(parse(&bytes[..right]), Ok(None), "{bytes:?}");
        assert_eq!(parse(&bytes[..=right]), Err(BadProxyHeader::Missing), "{bytes:?}");
        assert_eq!(parse(bytes), Err(BadProxyHeader::Missing), "{bytes:?}");
    }
}

/// Bytes that are often nearly a header.
fn near() -> impl Strategy<Value = Vec<u8>> {
    let sample = prop::sample::select(samples()).prop_map(|(bytes, _)| bytes);
    (sample, any::<prop::sample::Index>(), any::<u8>(), any::<Vec<u8>>()).prop_map(
        |(mut bytes, place, byte, more)| {
            let place = place.index(bytes.len());
            bytes[place] = byte;
            bytes.extend(more);
            bytes
        },
    )
}

proptest! {
    #[test]
    fn what_was_decided_stays_decided_when_more_comes(bytes in near()) {
        let mut before = Ok(None);
        for end in 0..=bytes.len() {
            let now = parse(&bytes[..end]);
            prop_assert!(before == Ok(None) || before == now, "{before:?}, then {now:?}");
            if let Ok(Some((_, length))) = now {
                prop_assert!(length <= end && length <= FIXED + V2_BYTES);
            }
            before = now;
        }
    }
}
