//! The files as they are sent, without a server.

use std::io::Read as _;

use super::files::FILES;
use super::*;
use crate::http::{Limits, parse};

#[test]
fn every_file_is_the_same_in_gzip() {
    let shell = shell::pack("number");
    let mut compressed = 0;
    for (name, file) in &shell.files {
        let Some(gzip) = &file.gzip else { continue };
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*gzip.bytes).read_to_end(&mut plain).expect("gzip");
        assert_eq!(plain, *file.plain.bytes, "{name}");
        assert_ne!(gzip.etag, file.plain.etag, "{name}");
        compressed += 1;
    }
    assert!(compressed >= 5, "only {compressed} files are compressed");
    assert_eq!(shell.files.len(), FILES.len(), "a name stands twice in the list");
}

#[test]
fn the_build_stands_wherever_a_file_names_another_one() {
    let shell = shell::pack("number");
    let all = shell
        .files
        .iter()
        .filter_map(|(name, file)| Some((name, str::from_utf8(&file.plain.bytes).ok()?)));
    for (name, text) in all {
        assert!(!text.contains("/web/-/"), "{name}");
    }
    let names = |name: &str, other: &str| {
        let text = String::from_utf8_lossy(&shell.files[name].plain.bytes).into_owned();
        assert!(text.contains(&format!("/web/{}/{other}", shell.build)), "{name}: {other}");
    };
    names("index.html", "style.css");
    names("manifest.webmanifest", "icon-192.png");
    names("sw.js", "client.js");
}

#[test]
fn gzip_is_for_clients_that_ask_for_it() {
    for (value, expected) in [
        ("gzip", true),
        ("br, GZIP", true),
        ("deflate, gzip;q=0.5", true),
        ("gzip ; q=0.001", true),
        ("gzip;q=0", false),
        ("gzip; Q=0.000, br", false),
        ("br", false),
        ("", false),
        ("x-gzipped", false),
        ("*", false),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: {value}\r\n\r\n");
        let (request, _) =
            parse(head.as_bytes(), &Limits::default()).expect("good").expect("whole");
        assert_eq!(takes_gzip(&request), expected, "{value}");
    }
}

#[test]
fn the_page_knows_the_doors_of_the_server() {
    for doors in ["number", "number token", "name", "number token name"] {
        let shell = shell::pack(doors);
        let page = String::from_utf8_lossy(&shell.files["index.html"].plain.bytes).into_owned();
        assert!(page.contains(&format!("data-doors=\"{doors}\"")), "{page}");
        assert!(!page.contains("/web/-/"), "{page}");
    }
}
