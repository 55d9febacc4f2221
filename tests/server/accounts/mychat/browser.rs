//! [`Browser`]: what a browser does for MyChat's page: it keeps cookies, and sends them with each request.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::Value;

use super::super::client::PASSWORD;
use crate::harness::{Response, Server};

/// A browser with the cookies of one server.
#[derive(Default)]
pub(super) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Server {
    /// A browser whose user has just registered.
    #[track_caller]
    pub(super) fn newcomer(&self, name: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.submit(self, "/register", &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/index")), "{}", answer.text());
        browser
    }

    /// A browser whose user has just logged in.
    #[track_caller]
    pub(super) fn returner(&self, name: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.submit(self, "/login", &form(name, PASSWORD));
        assert_eq!(location(&answer), (303, Some("/index")), "{}", answer.text());
        browser
    }
}

impl Browser {
    /// Sends a request, and keeps the cookies of the answer.
    #[track_caller]
    pub(super) fn send(
        &mut self,
        server: &Server,
        (method, path): (&str, &str),
        lines: &str,
        body: &str,
    ) -> Response {
        let length = match method {
            "GET" | "HEAD" => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let cookies = self.line();
        let mut wire = server.wire();
        wire.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\
             {cookies}{length}{lines}\r\n{body}"
        ));
        let answer = wire.response_to(method);
        self.keep(&answer);
        answer
    }

    /// Submits a form.
    #[track_caller]
    pub(super) fn submit(&mut self, server: &Server, path: &str, body: &str) -> Response {
        let lines = "Content-Type: application/x-www-form-urlencoded\r\n\
            Origin: http://switchboard\r\nAccept: text/html\r\n";
        self.send(server, ("POST", path), lines, body)
    }

    #[track_caller]
    pub(super) fn get(&mut self, server: &Server, path: &str) -> Response {
        self.send(server, ("GET", path), "", "")
    }

    /// The header line with all cookies, empty if there are none.
    pub(super) fn line(&self) -> String {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("Cookie: {}\r\n", pairs.join("; ")) }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(super) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The user's id, as the page's scripts read it.
    #[track_caller]
    pub(super) fn id(&self) -> String {
        self.cookie("user_id").expect("signed in").to_owned()
    }

    /// The user's name, as the page's scripts read it.
    #[track_caller]
    pub(super) fn name(&self) -> String {
        let encoded = self.cookie("username").expect("signed in");
        let bytes = BASE64.decode(encoded.as_bytes()).expect("base64");
        String::from_utf8(bytes).expect("a name")
    }

    fn keep(&mut self, answer: &Response) {
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "Set-Cookie") {
            let (pair, attributes) = line.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("name=value");
            match attributes.contains("Expires=Thu, 01 Jan 1970") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

/// The body of a form.
pub(super) fn form(name: &str, password: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("username", name).append_pair("password", password).finish()
}

/// The status, and where the answer leads.
pub(super) fn location(answer: &Response) -> (u16, Option<&str>) {
    (answer.status, answer.header("Location"))
}

/// Asserts that this is MyChat's error with this status, which no cache may keep, and returns its sentence.
#[track_caller]
pub(super) fn error(answer: &Response, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    let Value::Object(fields) = &body else { panic!("not an object: {body}") };
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["detail", "error"], "{body}");
    assert_eq!(body["detail"], body["error"], "the same sentence twice");
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("WWW-Authenticate").is_some(), status == 401, "RFC 9110 §15.5.2");
    body["detail"].as_str().expect("a sentence").to_owned()
}
