//! Makes the files ready to be sent: puts the build into them, and compresses them. Called at the start.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::files::{FILES, Source};
use super::{ETag, File, Form, Shell};

/// What stands in the sources in place of the build.
const PLACE: &str = "/web/-/";
/// Where the service worker has the list of all files of the page.
const LIST: &str = "const FILES = []";
/// Where the page has the doors that lead in.
const DOORS: &str = "data-doors=\"number\"";
/// Files that are compressed already.
const COMPRESSED: &str = ".png";

/// All files, ready to be sent.
pub(super) fn pack(doors: &str) -> Shell {
    let build = build();
    let place = format!("/web/{build}/");
    let files = FILES.iter().map(|&(name, bytes)| (name, ready(name, bytes, &place, doors)));
    let files: HashMap<_, _> = files.collect();
    Shell { build, files }
}

/// A name for all sources together.
fn build() -> String {
    let all: Vec<u8> = FILES.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    ETag::of(&all).as_str().trim_matches('"').to_owned()
}

fn ready(name: &str, source: &'static [u8], place: &str, doors: &str) -> File {
    let bytes = match str::from_utf8(source) {
        Ok(text) if name == "sw.js" => filled(&text.replace(LIST, &list()), place),
        Ok(text) if name == "index.html" => {
            filled(&text.replace(DOORS, &DOORS.replace("number", doors)), place)
        }
        Ok(text) if text.contains(PLACE) => filled(text, place),
        Ok(_) | Err(_) => Cow::Borrowed(source),
    };
    let gzip = (!name.ends_with(COMPRESSED)).then(|| compressed(&bytes));
    let gzip = gzip.filter(|gzip| gzip.len() < bytes.len());
    File {
        gzip: gzip.map(|bytes| Form { etag: ETag::of(&bytes), bytes: bytes.into() }),
        plain: Form { etag: ETag::of(&bytes), bytes },
    }
}

fn filled(text: &str, place: &str) -> Cow<'static, [u8]> {
    Cow::Owned(text.replace(PLACE, place).into_bytes())
}

/// The addresses of all files that the page loads, as JavaScript.
fn list() -> String {
    let is_loaded = |(name, _): &&Source| !["index.html", "sw.js"].contains(name);
    let names = FILES.iter().filter(is_loaded).map(|(name, _)| format!("'{PLACE}{name}'"));
    LIST.replace("[]", &format!("[{}]", names.collect::<Vec<_>>().join(", ")))
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a Vec takes whatever is written");
    encoder.finish().expect("a Vec takes whatever is written")
}
