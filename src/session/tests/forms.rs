//! Forms, whole and cut at each byte; which origins may send one; and which cookies need TLS.

use super::*;
use crate::chat::account::{Call, Reply, Secret, UnixMs, User, UserId, UserKey, UserName};

const FORM: &str = "username=zo%C3%AB&password=p+q";

/// A request that posts a form, with these header lines.
fn post(path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: chat.example\r\n{lines}\
         Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn calls(host: &Recorder) -> Vec<&Call> {
    host.asked.iter().map(|(call, ..)| call).collect()
}

fn text(host: &Recorder) -> String {
    String::from_utf8_lossy(&host.written).into_owned()
}

#[test]
fn a_form_means_the_same_wherever_it_is_cut() {
    let (name, password) = ("zoë".into(), Secret::new("p q"));
    let expected = Call::LogIn { name, password };
    let sample = post("/login", "", FORM);
    for cut in 1..=sample.len() {
        let (first, second) = sample.as_bytes().split_at(cut);
        let (host, flow) = converse(Recorder::default(), [first, second]);
        assert_eq!((calls(&host), flow), (vec![&expected], Flow::Open), "cut at {cut}");
    }
    let (host, _) = converse(Recorder::default(), sample.as_bytes().chunks(1));
    assert_eq!(calls(&host), [&expected]);
}

#[test]
fn a_page_of_a_foreign_origin_may_not_send_a_form_whether_it_has_cookies_or_not() {
    for path in ["/login", "/register"] {
        for (lines, is_foreign) in [
            ("", false),
            ("Origin: http://chat.example\r\n", false),
            ("Origin: https://app.example\r\n", false),
            ("Origin: https://evil.example\r\n", true),
            ("Origin: https://evil.example\r\nCookie: session=x\r\n", true),
            ("Origin: https://chat.example.evil.example\r\n", true),
            ("Origin: null\r\n", true),
            ("Origin: \r\n", true),
            ("Origin: http://chat.example\r\nOrigin: http://chat.example\r\n", true),
            ("Origin: \u{e9}\r\n", true),
        ] {
            let allowed_origins = vec!["https://app.example".to_owned()];
            let limits = Limits { allowed_origins, ..limits() };
            let (mut session, mut host) = (Session::new(), Recorder::default());
            let mut input = post(path, lines, FORM).into_bytes();
            let flow = session.receive(&mut input, &limits, &mut host);
            let answer = text(&host);
            assert_eq!(answer.starts_with("HTTP/1.1 403 "), is_foreign, "{lines:?}: {answer}");
            assert_eq!(host.asked.is_empty(), is_foreign, "{lines:?}");
            let expected = if is_foreign { Flow::Finish(End::Http) } else { Flow::Open };
            assert_eq!(flow, expected, "the body of a refused form is not read");
            assert!(!answer.contains("Access-Control"), "{answer}");
        }
    }
}

/// JSON is no form: a browser asks first whether a foreign page may send it, and no cookie is set.
#[test]
fn json_may_come_from_every_origin() {
    let body = r#"{"username":"ada","password":"correct horse"}"#;
    let request = post("/login", "Origin: null\r\n", body).replacen(
        "application/x-www-form-urlencoded",
        "application/json",
        1,
    );
    let (host, _) = converse(Recorder::default(), [request.as_bytes()]);
    assert_eq!(host.asked.len(), 1, "{}", text(&host));
}

#[test]
fn cookies_need_tls_if_a_trusted_proxy_says_that_the_client_has_it() {
    let https = "X-Forwarded-Proto: https\r\n";
    for (from_proxy, lines, secure) in [
        (true, https, true),
        (true, "X-Forwarded-Proto: HTTPS\r\n", true),
        (true, "X-Forwarded-Proto: http\r\n", false),
        (true, "X-Forwarded-Proto: httpsx\r\n", false),
        (true, "", false),
        (false, https, false),
    ] {
        let (mut session, mut host) =
            (Session::new(), Recorder { from_proxy, ..Recorder::default() });
        let mut input = post("/login", lines, FORM).into_bytes();
        assert_eq!(session.receive(&mut input, &limits(), &mut host), Flow::Open);
        // The connection may belong to another client of the proxy when the reply comes.
        host.from_proxy = !from_proxy;
        let (_, wanted, _) = *host.asked.last().expect("a call");
        let user = User {
            key: UserKey(1),
            id: UserId([0xAB; 16]),
            name: UserName::registered("zoë"),
            created: UnixMs(0),
        };
        let token = calls::token_of(b'k');
        let reply = Reply::LoggedIn { user: &user, token, expires: UnixMs(86_400_000) };
        let resolution = wanted.of(&reply, &Zone::default());
        assert_eq!(session.resume(resolution, &limits(), &mut host), Flow::Open);
        let answer = text(&host);
        let end = if secure { "; Secure" } else { "" };
        let head = format!(
            "HTTP/1.1 303 See Other\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
             Cache-Control: no-store\r\nLocation: /index\r\n\
             Set-Cookie: session={}; Path=/; Expires=Fri, 02 Jan 1970 00:00:00 GMT; \
             SameSite=Lax; HttpOnly{end}\r\n\
             Set-Cookie: user_id=abababab-abab-abab-abab-abababababab; Path=/; \
             Expires=Fri, 02 Jan 1970 00:00:00 GMT; SameSite=Lax{end}\r\n\
             Set-Cookie: username=em/Dqw==; Path=/; Expires=Fri, 02 Jan 1970 00:00:00 GMT; \
             SameSite=Lax{end}\r\n\
             Content-Length: 0\r\n\r\n",
            "6b".repeat(32)
        );
        assert_eq!(answer, head, "{lines:?}");
    }
}

#[test]
fn a_form_without_a_name_or_a_password_goes_back_to_the_login_page() {
    for body in [
        "username=ada",
        "password=correct+horse",
        "username=ada&username=bob&password=correct+horse",
        "user=ada&password=correct+horse",
        "{}",
    ] {
        let (host, flow) = converse(Recorder::default(), [post("/login", "", body).as_bytes()]);
        let answer = text(&host);
        assert!(answer.starts_with("HTTP/1.1 303 ") && host.asked.is_empty(), "{body}: {answer}");
        assert!(answer.contains("\r\nLocation: /\r\n"), "{body}: {answer}");
        assert!(!answer.contains("Set-Cookie"), "{body}: {answer}");
        assert_eq!(flow, Flow::Open);
    }
    let many = vec!["a=b"; 17].join("&");
    let (host, _) = converse(Recorder::default(), [post("/login", "", &many).as_bytes()]);
    assert!(text(&host).starts_with("HTTP/1.1 400 "), "{}", text(&host));
}
