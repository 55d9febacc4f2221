//! The web client: what a browser finds at `/`, `/client.js`, `/sw.js` and below `/web/`, how much of it, and what
//! is there without it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::harness::{Response, Server};

/// The most bytes of the first load, compressed, in all: the page and everything that it names.
const FIRST_LOAD_BYTES: usize = 60_000;

const HTML: &str = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";
const GZIP: &str = "Accept-Encoding: gzip, deflate, br, zstd\r\n";

fn get(server: &Server, path: &str, lines: &str) -> Response {
    server.http(format!("GET {path} HTTP/1.1\r\nHost: switchboard\r\n{lines}\r\n"))
}

/// The page, and the build that its addresses name.
fn page(server: &Server) -> (String, String) {
    let page = get(server, "/", HTML).text();
    let (_, behind) = page.split_once("\"/web/").expect("the page names files");
    let build = behind.split('/').next().expect("a build").to_owned();
    (page, build)
}

/// What stands between a mark and the next end.
fn between<'t>(text: &'t str, mark: &str, end: char) -> impl Iterator<Item = &'t str> {
    text.split(mark).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// Everything that a browser loads with the page: the address of each file, and its plain text.
fn first_load(server: &Server) -> BTreeMap<String, String> {
    let (page, build) = page(server);
    let names = ["src=\"", "href=\""].into_iter().flat_map(|mark| between(&page, mark, '"'));
    let mut next: Vec<String> = names.map(str::to_owned).collect();
    let mut found = BTreeMap::from([("/".to_owned(), page.clone())]);
    while let Some(path) = next.pop() {
        if found.contains_key(&path) {
            continue;
        }
        assert!(path.starts_with(&format!("/web/{build}/")), "{path} is of another place");
        let file = get(server, &path, "");
        assert_eq!(file.status, 200, "{path}");
        let text = String::from_utf8_lossy(&file.body).into_owned();
        if path.ends_with(".js") {
            let imports = ["from './", "import './"].into_iter();
            let imports = imports.flat_map(|mark| between(&text, mark, '\''));
            next.extend(imports.map(|name| format!("/web/{build}/{name}")));
        }
        found.insert(path, text);
    }
    found
}

#[test]
fn a_browser_gets_the_page_and_any_other_client_json() {
    let server = Server::start(&[]);
    let answer = get(&server, "/", HTML);
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-cache"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept-Encoding, Accept, Cookie"),
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
            connect-src 'self' ws: wss:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
            form-action 'none'; frame-ancestors 'none'",
        ),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.text().starts_with("<!doctype html>"));
    for lines in ["", "Accept: */*\r\n", "Accept: application/json\r\n"] {
        let answer = get(&server, "/", lines);
        assert_eq!(answer.json()["status"], "Server is running", "{lines}");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie, Origin"), "{lines}");
    }
    let elsewhere = get(&server, "/index", HTML);
    assert_eq!((elsewhere.status, elsewhere.header("Location")), (307, Some("/")));
}

#[test]
fn the_first_load_is_small_and_each_file_of_it_is_there() {
    let server = Server::start(&[]);
    let loaded = first_load(&server);
    assert!(loaded.keys().any(|path| path.ends_with("/client.js")), "{:?}", loaded.keys());
    let bytes = |path: &String| get(&server, path, &[HTML, GZIP].concat()).body.len();
    let sizes: BTreeMap<_, _> = loaded.keys().map(|path| (path, bytes(path))).collect();
    let all: usize = sizes.values().sum();
    assert!(all < FIRST_LOAD_BYTES, "{all} bytes: {sizes:#?}");
}

#[test]
fn the_page_asks_no_other_host_and_makes_no_markup_of_text() {
    let server = Server::start(&[]);
    for (path, text) in first_load(&server) {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "DOMParser",
            "srcdoc",
            "createContextualFragment",
            "setHTMLUnsafe",
            "javascript:",
            "<style",
            " style=\"",
        ] {
            assert!(!text.contains(word), "{path} has {word}");
        }
        let hosts = text.split("://").skip(1).map(|rest| rest.split(['/', '"', '\'']).next());
        let strange: BTreeSet<_> = hosts.filter(|host| *host != Some("www.w3.org")).collect();
        // What a module puts together, `ws://${…}`, is not a host.
        let strange: Vec<_> = strange
            .into_iter()
            .flatten()
            .filter(|host| host.contains('.') && !host.contains('$'))
            .collect();
        assert_eq!(strange, [""; 0], "{path}");
    }
    let (page, _) = page(&server);
    assert_eq!(
        page.matches("<script").count(),
        page.matches("<script type=\"module\" src=").count()
    );
    let handlers = page.split(" on").skip(1).filter(|rest| {
        rest.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase()))
    });
    assert_eq!(handlers.count(), 0, "the page has a handler between its lines");
}

#[test]
fn a_browser_that_has_a_file_is_told_so_in_either_encoding() {
    let server = Server::start(&[]);
    let (_, build) = page(&server);
    for path in ["/", "/client.js", "/sw.js", &format!("/web/{build}/client.js")] {
        let mut etags = BTreeSet::new();
        for encoding in ["", GZIP, "Accept-Encoding: gzip;q=0\r\n"] {
            let lines = [HTML, encoding].concat();
            let answer = get(&server, path, &lines);
            let is_gzip = answer.header("Content-Encoding") == Some("gzip");
            assert_eq!(is_gzip, encoding == GZIP, "{path}");
            assert_eq!(answer.body.starts_with(&[0x1F, 0x8B]), is_gzip, "{path}");
            assert!(answer.header("Vary").expect("there is one").contains("Accept-Encoding"));
            let etag = answer.header("ETag").expect("it has one").to_owned();
            let again = get(&server, path, &format!("{lines}If-None-Match: W/{etag}\r\n"));
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("ETag"), Some(etag.as_str()), "{path}");
            etags.insert(etag);
        }
        assert_eq!(etags.len(), 2, "each encoding has an ETag of its own");
        let kept = if path.starts_with("/web/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(get(&server, path, HTML).header("Cache-Control"), Some(kept), "{path}");
        let head = format!("HEAD {path} HTTP/1.1\r\nHost: h\r\n{HTML}\r\n");
        let mut wire = server.wire();
        wire.send(head.as_bytes());
        let head = wire.response_to("HEAD");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
}

#[test]
fn files_of_another_build_are_gone_and_the_page_can_ask_for_the_build() {
    let server = Server::start(&[]);
    let (_, build) = page(&server);
    let answer = get(&server, "/web/build", "");
    assert_eq!((answer.status, answer.text()), (200, build.clone()));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    for path in [
        "/web/0123456789abcdef/client.js",
        "/web/-/client.js",
        "/web/client.js",
        "/web/",
        &format!("/web/{build}/nothing.js"),
        &format!("/web/{build}/../client.js"),
        &format!("/web/{build}/mod.rs"),
    ] {
        let answer = get(&server, path, "");
        assert_eq!(
            (answer.status, answer.header("Cache-Control")),
            (404, Some("no-store")),
            "{path}"
        );
    }
}

#[test]
fn the_module_for_other_clients_may_be_loaded_by_pages_of_every_origin() {
    let server = Server::start(&[]);
    let answer = get(&server, "/client.js", "Origin: https://app.example\r\n");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(answer.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    assert!(answer.text().contains("export class Switchboard"));
}

#[test]
fn the_service_worker_knows_all_files_of_the_page() {
    let server = Server::start(&[]);
    let worker = get(&server, "/sw.js", "").text();
    for path in first_load(&server).keys().filter(|path| path.as_str() != "/") {
        assert!(worker.contains(&format!("'{path}'")), "{path}");
    }
}

#[test]
fn where_the_page_is_not_at_the_front_its_service_worker_removes_itself() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("web-{}", std::process::id()));
    fs::create_dir_all(folder.join("templates")).expect("the target folder can be written to");
    fs::write(folder.join("templates/chat.html"), "the app's own").expect("it can be written to");
    let pages = ["--pages", folder.to_str().expect("a path in UTF-8")];
    for (flags, front, has_module) in
        [(&["--no-web"][..], "Server is running", false), (&pages, "the app's own", true)]
    {
        let server = Server::start(flags);
        assert!(get(&server, "/", HTML).text().contains(front), "{flags:?}");
        let worker = get(&server, "/sw.js", "");
        assert_eq!((worker.status, worker.header("Cache-Control")), (200, Some("no-cache")));
        assert_eq!(worker.header("Content-Type"), Some("text/javascript; charset=utf-8"));
        assert!(worker.text().contains("registration.unregister()"), "{flags:?}");
        let module = get(&server, "/client.js", "");
        assert_eq!(module.status, if has_module { 200 } else { 404 }, "{flags:?}");
        assert_eq!(get(&server, "/web/build", "").status, module.status, "{flags:?}");
    }
    let _ = fs::remove_dir_all(&folder);
    let server = Server::start(&[]);
    assert!(!get(&server, "/sw.js", "").text().contains("unregister"));
}
