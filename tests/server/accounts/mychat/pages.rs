//! What a browser finds at `/`, `/index`, `/chat/{user_id}`, `/static/*` and `/favicon/*`, with and without an
//! app's own pages; and which folders are refused at the start.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::client::Data;
use super::browser::{Browser, error, location};
use crate::harness::{Response, Server, binary};

const HTML: &str = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";

/// A folder with pages, which is removed when the test is over.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(files: &[(&str, &[u8])]) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pages-{}-{number}", std::process::id());
        let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(&folder.0).expect("the target folder can be written to");
        files.iter().for_each(|(name, bytes)| folder.write(name, bytes));
        folder
    }

    /// The pages of MyChat, as far as they matter here.
    pub(super) fn of_mychat() -> Folder {
        Folder::new(&[
            ("templates/login.html", b"<h1>Sign in {{ username }}</h1>"),
            ("templates/index.html", b"<p title=\"{{ username }}\">{{username}} {{ other }}</p>"),
            (
                "templates/chat.html",
                b"<p>{{ username }} with {{ target_name }} <i id=\"{{ target_id }}\"></i></p>",
            ),
            ("static/app.js", b"let x = '{{ username }}';"),
            ("static/css/a b.css", b"p { color: red }"),
            ("static/favicon/icon.png", b"\x89PNG"),
            ("static/.hidden", b"secret"),
            ("secret.txt", b"secret"),
        ])
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be written to");
        fs::write(path, bytes).expect("it can be written to");
    }

    pub(super) fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn visit(browser: &mut Browser, server: &Server, path: &str) -> Response {
    browser.send(server, ("GET", path), HTML, "")
}

/// Asserts that this is a page for its reader alone, with this text.
#[track_caller]
fn assert_page(answer: &Response, text: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (200, text));
    for (name, value) in [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "same-origin"),
        ("Vary", "Accept, Cookie"),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[test]
fn a_browser_finds_mychats_pages_and_is_led_between_them() {
    let (data, folder) = (Data::new(), Folder::of_mychat());
    let server = data.start_with(&["--pages", folder.path()]);
    let mut stranger = Browser::default();
    // It is not for the server to fill in who nobody is.
    assert_page(&visit(&mut stranger, &server, "/"), "<h1>Sign in {{ username }}</h1>");
    for path in ["/index", "/chat/x"] {
        assert_eq!(location(&visit(&mut stranger, &server, path)), (307, Some("/")), "{path}");
    }
    let [mut ada, bob] = ["ada", "Zoë"].map(|name| server.newcomer(name));
    let answer = visit(&mut ada, &server, "/");
    assert_eq!(location(&answer), (307, Some("/index")));
    assert_eq!(answer.header("Vary"), Some("Accept, Cookie"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let index = "<p title=\"ada\">ada {{ other }}</p>";
    assert_page(&visit(&mut ada, &server, "/index"), index);
    let head = ada.send(&server, ("HEAD", "/index"), HTML, "");
    let length = index.len().to_string();
    assert_eq!((head.status, head.header("Content-Length")), (200, Some(&*length)));
    let expected = format!("<p>ada with Zoë <i id=\"{}\"></i></p>", bob.id());
    assert_page(&visit(&mut ada, &server, &format!("/chat/{}", bob.id())), &expected);
    for unknown in ["x", "", "00000000-0000-4000-8000-000000000000"] {
        let answer = visit(&mut ada, &server, &format!("/chat/{unknown}"));
        assert_eq!(error(&answer, 404), "there is no such user", "{unknown}");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie"), "{unknown}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{unknown}");
    }
    // A session that has ended is none.
    let mut stale = Browser::default();
    stale.set_cookie("session", ada.cookie("session").expect("signed in"));
    ada.get(&server, "/logout");
    assert_eq!(visit(&mut stale, &server, "/").status, 200);
    assert_eq!(location(&visit(&mut stale, &server, "/index")), (307, Some("/")));
}

#[test]
fn without_html_the_front_page_is_json_and_an_upgrade_is_session_messenger() {
    let (data, folder) = (Data::new(), Folder::of_mychat());
    let server = data.start_with(&["--pages", folder.path(), "--admin-listen", "127.0.0.1:0"]);
    let mut ada = server.newcomer("ada");
    for lines in ["", "Accept: */*\r\n", "Accept: application/json\r\n", "Accept: text/htmlx\r\n"] {
        let answer = ada.send(&server, ("GET", "/"), lines, "");
        assert_eq!(answer.json()["status"], "Server is running", "{lines}");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie, Origin"), "{lines}");
    }
    let socket = super::browser::open(&server, "/", HTML);
    assert!(socket.is_ok(), "Session Messenger");
}

#[test]
fn with_the_page_of_websocket_chat_alone_that_page_is_the_front_page() {
    let data = Data::new();
    let folder = Folder::new(&[("templates/chat.html", b"<b>{{ username }}</b>")]);
    let server = data.start_with(&["--pages", folder.path()]);
    let mut ada = server.newcomer("ada");
    for browser in [&mut ada, &mut Browser::default()] {
        let answer = visit(browser, &server, "/");
        assert_eq!((answer.status, &*answer.text()), (200, "<b>{{ username }}</b>"), "as it is");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie"));
        assert_eq!(answer.header("Referrer-Policy"), Some("same-origin"));
        let etag = answer.header("ETag").expect("an ETag").to_owned();
        let lines = format!("{HTML}If-None-Match: {etag}\r\n");
        assert_eq!(browser.send(&server, ("GET", "/"), &lines, "").status, 304);
        assert_eq!(location(&visit(browser, &server, "/index")), (307, Some("/")));
        assert_eq!(visit(browser, &server, "/chat/x").status, 404);
    }
    let answer = ada.send(&server, ("GET", "/"), "Accept: */*\r\n", "");
    assert_eq!(answer.json()["status"], "Server is running");
}

#[test]
fn without_any_pages_the_front_page_is_json_for_everybody() {
    let data = Data::new();
    for server in [data.start_with(&["--no-web"]), Server::start(&["--no-web"])] {
        let mut browser = Browser::default();
        let answer = visit(&mut browser, &server, "/");
        assert_eq!(answer.json()["status"], "Server is running");
        assert_eq!(answer.header("Vary"), Some("Accept, Cookie, Origin"));
        assert_eq!(location(&visit(&mut browser, &server, "/index")), (307, Some("/")));
        for path in ["/chat/x", "/static/app.js", "/favicon/icon.png", "/static/"] {
            assert_eq!(visit(&mut browser, &server, path).status, 404, "{path}");
        }
    }
}

#[test]
fn a_static_file_has_a_type_and_an_etag() {
    let folder = Folder::of_mychat();
    let server = Server::start(&["--pages", folder.path()]);
    let mut browser = Browser::default();
    for (path, kind, bytes) in [
        ("/static/app.js", "text/javascript; charset=utf-8", &b"let x = '{{ username }}';"[..]),
        ("/static/css/a%20b.css", "text/css; charset=utf-8", b"p { color: red }"),
        ("/static/favicon/icon.png", "image/png", b"\x89PNG"),
        ("/favicon/icon.png", "image/png", b"\x89PNG"),
    ] {
        let answer = browser.get(&server, path);
        assert_eq!((answer.status, &*answer.body), (200, bytes), "{path}");
        assert_eq!(answer.header("Referrer-Policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("Content-Type"), Some(kind), "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("Cache-Control"), Some("no-cache"), "{path}");
        let etag = answer.header("ETag").expect("an ETag").to_owned();
        // What a browser has already is not sent again; the connection can go on.
        let mut wire = server.wire();
        for (tag, status) in [(etag.as_str(), 304), ("\"other\"", 200)] {
            wire.send(format!(
                "GET {path} HTTP/1.1\r\nHost: switchboard\r\nIf-None-Match: {tag}\r\n\r\n"
            ));
            let answer = wire.response();
            assert_eq!((answer.status, answer.header("ETag")), (status, Some(&*etag)), "{path}");
            assert_eq!(answer.header("Content-Length").is_some(), status == 200, "{path}");
        }
        let head = browser.send(&server, ("HEAD", path), "", "");
        let length = bytes.len().to_string();
        assert_eq!(head.header("Content-Length"), Some(&*length), "{path}");
    }
}

#[test]
fn the_files_are_those_of_the_start() {
    let folder = Folder::of_mychat();
    let server = Server::start(&["--pages", folder.path()]);
    folder.write("static/app.js", b"changed");
    folder.write("static/new.js", b"new");
    let mut browser = Browser::default();
    assert_eq!(browser.get(&server, "/static/app.js").body, b"let x = '{{ username }}';");
    assert_eq!(browser.get(&server, "/static/new.js").status, 404);
}

#[test]
fn a_large_file_arrives_whole() {
    let folder = Folder::of_mychat();
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    folder.write("static/large.bin", &large);
    let server = Server::start(&["--pages", folder.path()]);
    let answer = Browser::default().get(&server, "/static/large.bin");
    assert_eq!((answer.status, answer.body.len()), (200, large.len()));
    assert!(answer.body == large, "byte for byte");
}

/// What a start with this folder says. Its exit code is 2.
fn start_fails(folder: &Path) -> String {
    // First without a start: a server that should not start would run for ever.
    let [check, start] = [&["--check-config"][..], &["--listen", "127.0.0.1:0"]].map(|flags| {
        let mut command = binary();
        let output = command.arg("--pages").arg(folder).args(flags).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    });
    assert_eq!(check, start, "the check says the same");
    start
}

#[test]
fn a_folder_that_cannot_be_served_ends_the_start() {
    let folder = Folder::new(&[]);
    assert!(start_fails(&folder.0).contains("it has neither templates nor static"));
    assert!(start_fails(&folder.0.join("nowhere")).contains("No such file"));

    let folder = Folder::of_mychat();
    folder.write("templates/index.html", b"\xFF");
    assert!(start_fails(&folder.0).contains("a template must be text in UTF-8"));

    let folder = Folder::of_mychat();
    let files: Vec<String> = (0..251).map(|number| format!("static/{number}.txt")).collect();
    files[..250].iter().for_each(|name| folder.write(name, b"x"));
    // Six of its own that count, and 250.
    drop(Server::start(&["--pages", folder.path()]));
    folder.write(&files[250], b"x");
    assert!(start_fails(&folder.0).contains("there are more than 256 files"));

    let folder = Folder::of_mychat();
    folder.write("static/large.bin", &vec![0; 17 << 20]);
    assert!(start_fails(&folder.0).contains("the files have more than 16 MiB together"));

    let folder = Folder::of_mychat();
    nix::unistd::mkfifo(&folder.0.join("static/pipe"), nix::sys::stat::Mode::S_IRWXU)
        .expect("a pipe can be made");
    assert!(start_fails(&folder.0).contains("it is neither a file nor a folder"));
}

#[test]
fn a_link_that_leads_out_ends_the_start_and_one_that_stays_inside_does_not() {
    for (link, target) in [
        ("static/passwd", "/etc/passwd"),
        ("static/secret.txt", "../../outside.txt"),
        ("templates/login.html", "/etc/hostname"),
    ] {
        let folder = Folder::of_mychat();
        let _ = fs::remove_file(folder.0.join(link));
        let outside = folder.0.parent().expect("a folder").join("outside.txt");
        fs::write(&outside, "outside").expect("it can be written to");
        symlink(target, folder.0.join(link)).expect("a link can be made");
        let said = start_fails(&folder.0);
        assert!(said.contains("it is a link that leads out of the folder"), "{said}");
    }
    for target in ["/etc", "..", "."] {
        let folder = Folder::of_mychat();
        symlink(target, folder.0.join("static/folder")).expect("a link can be made");
        assert!(start_fails(&folder.0).contains("a folder must not be a link"), "{target}");
    }
    let folder = Folder::of_mychat();
    symlink("app.js", folder.0.join("static/latest.js")).expect("a link can be made");
    // The folder itself may be a link: the operator has named it.
    let link = folder.0.with_extension("link");
    symlink(&folder.0, &link).expect("a link can be made");
    let server = Server::start(&["--pages", link.to_str().expect("UTF-8")]);
    fs::remove_file(&link).expect("it is ours");
    let answer = Browser::default().get(&server, "/static/latest.js");
    assert_eq!((answer.status, &*answer.body), (200, &b"let x = '{{ username }}';"[..]));
}
