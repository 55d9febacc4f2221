//! Numbers that need a token: which tokens let a phone in, when it has to leave, and that no token is told to
//! anybody. Tokens for HS256 are signed here, by hand; the others are those of `switchboard token`.

use std::path::{Path, PathBuf};
use std::process::{self, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{ALICE, BOB, Response, Server, Wire, binary, eventually, frame, message};

/// The bytes of the secret.
const SECRET: [u8; 32] = [0x5A; 32];
/// How long a token counts after its end, in seconds.
const LEEWAY: f64 = 30.0;
/// In this time, in seconds, a token expires that has to be shown before. A busy machine may take half of it.
const SOON: f64 = 2.0;

/// A file of the test's own, which is removed at its end.
struct File(PathBuf);

impl File {
    fn new(content: &str) -> Self {
        let file = File::none();
        fs::write(&file.0, content).expect("nobody else has that file");
        file
    }

    /// The name of a file that is not there yet.
    fn none() -> Self {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        File(env::temp_dir().join(format!("switchboard-keys-{}-{number}", process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn secret_key() -> Value {
    json!({"kty": "oct", "alg": "HS256", "kid": "s", "k": BASE64URL_NOPAD.encode(&SECRET)})
}

/// A server with the secret.
fn guarded(flags: &[&str]) -> (Server, File) {
    let file = File::new(&secret_key().to_string());
    let server = Server::start(&[&["--auth-key-file", file.path()], flags].concat());
    (server, file)
}

#[expect(clippy::disallowed_methods, reason = "a token says until when it is valid")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("later than 1970").as_secs_f64()
}

/// Signs a token with the secret.
fn signed(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let message = format!("{}.{}", encode(header), encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(&SECRET).expect("a secret");
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// A token for a number. It ends after this many seconds.
fn token(number: &str, seconds: f64) -> String {
    signed(&json!({"alg": "HS256"}), &json!({"sub": number, "exp": now() + seconds}))
}

fn ask(server: &Server, path: &str, more: &str) -> Response {
    server.http(Wire::upgrade_request(path, more))
}

#[track_caller]
fn expect_refused(response: &Response, sentence: &str, challenge: &str) {
    response.expect_error(401, sentence);
    assert_eq!(response.header("WWW-Authenticate"), Some(challenge));
    assert_eq!(response.header("Connection"), Some("close"), "another guess is another connection");
}

const INVALID: &str = "Bearer error=\"invalid_token\"";
const MISSING: &str =
    "this number needs a token: send Authorization: Bearer, or ?token= in the address";

#[test]
fn a_phone_with_a_token_for_its_number_comes_in_and_others_do_not() {
    let (server, _file) = guarded(&[]);
    let path = format!("/ws/{ALICE}");
    let good = token(ALICE, 60.0);
    for (path, more) in [
        (format!("{path}?token={good}"), String::new()),
        (format!("{path}?presence=none&token={good}&pings=server"), String::new()),
        (path.clone(), format!("Authorization: Bearer {good}\r\n")),
        (path.clone(), format!("authorization: bearer  {good} \r\n")),
        // A proxy in front may have a password of its own.
        (format!("{path}?token={good}"), "Authorization: Basic YTpi\r\n".to_owned()),
    ] {
        assert_eq!(ask(&server, &path, &more).status, 101, "{path} {more}");
    }
    for (path, more) in [
        (path.clone(), ""),
        (format!("{path}?token="), ""),
        (path.clone(), "Authorization: Basic YTpi\r\n"),
        (path.clone(), "Authorization: Bearer\r\n"),
        (path.clone(), "Sec-WebSocket-Protocol: secret\r\n"),
        (path.clone(), "Cookie: token=secret\r\n"),
    ] {
        expect_refused(&ask(&server, &path, more), MISSING, "Bearer");
    }
    let metrics = server.metrics();
    assert_eq!(metrics["switchboard_upgrades_refused_total{reason=\"token_missing\"}"], 6.0);
    assert_eq!(metrics["switchboard_tokens_accepted_total"], 5.0);
}

#[test]
fn a_token_that_is_no_good_one_is_refused_with_the_reason() {
    let (server, _file) = guarded(&[]);
    let path = format!("/ws/{ALICE}");
    let good = token(ALICE, 60.0);
    let twice = "a request has one token, in the header or in the address";
    let header = format!("Authorization: Bearer {good}\r\n");
    for (path, more) in [
        (format!("{path}?token={good}&token={good}"), String::new()),
        (format!("{path}?token={good}"), header.clone()),
        (path.clone(), header.repeat(2)),
    ] {
        expect_refused(&ask(&server, &path, &more), twice, "Bearer error=\"invalid_request\"");
    }
    let claims = |claims: Value| signed(&json!({"alg": "HS256"}), &claims);
    let no_jwt = "the token is no signed JWT with the claims sub and exp";
    let no_key = "no key of this server has signed this token";
    for (token, sentence) in [
        (token(BOB, 60.0), "the token is for another number"),
        (token(ALICE, -LEEWAY - 1.0), "the token has expired"),
        (
            claims(json!({"sub": ALICE, "exp": 2e10, "nbf": now() + 90.0})),
            "the token is not valid yet",
        ),
        (
            claims(json!({"sub": ALICE, "exp": 2e10, "aud": "x"})),
            "the token is for another audience",
        ),
        (claims(json!({"sub": ALICE})), no_jwt),
        (claims(json!({"sub": 1, "exp": 2e10})), no_jwt),
        (signed(&json!({"alg": "none"}), &json!({"sub": ALICE, "exp": 2e10})), no_jwt),
        (signed(&json!({"alg": "RS256"}), &json!({"sub": ALICE, "exp": 2e10})), no_key),
        (signed(&json!({"alg": "HS256", "kid": "x"}), &json!({"sub": ALICE, "exp": 2e10})), no_key),
        (good.replace('.', "A."), "the token is no signed JWT with the claims sub and exp"),
        (format!("{}A", &good[..good.len() - 2]), "the signature of the token is wrong"),
        ("x".repeat(4097), "a token has at most 4096 bytes"),
        ("%F0%9F%98%80".to_owned(), no_jwt),
    ] {
        let answer = ask(&server, &format!("{path}?token={token}"), "");
        expect_refused(&answer, sentence, INVALID);
    }
    // What is wrong with a number is said first, and a plain request needs a token, too.
    assert_eq!(ask(&server, "/ws/123", "").status, 400);
    let plain = |token: &str| {
        server.http(format!("GET {path}?token={token} HTTP/1.1\r\nHost: switchboard\r\n\r\n"))
    };
    assert_eq!((plain("x").status, plain(&good).status), (401, 426));
    // The others need none.
    assert_eq!(ask(&server, "/ws", "").status, 101);
    let metrics = server.metrics();
    let count = |reason: &str| {
        metrics[&format!("switchboard_upgrades_refused_total{{reason=\"{reason}\"}}")]
    };
    let counts =
        ["missing", "invalid", "expired", "subject"].map(|word| count(&format!("token_{word}")));
    assert_eq!(counts, [0.0, 15.0, 1.0, 1.0]);
    assert_eq!(metrics["switchboard_tokens_accepted_total"], 0.0);
}

#[test]
fn a_connection_ends_with_its_token() {
    let (server, _file) = guarded(&[]);
    let mut bob = server.visit(&format!("/ws/{BOB}?presence=none&token={}", token(BOB, 3600.0)));
    let mut alice = server.wire();
    alice.upgrade(&format!("/ws/{ALICE}?presence=none&token={}", token(ALICE, SOON - LEEWAY)));
    alice.expect_close(4001, "the token has expired");
    eventually("she is offline", || (server.connections() == 1).then_some(()));
    let metrics = server.metrics();
    assert_eq!(metrics["switchboard_connections_ended_total{outcome=\"token_expired\"}"], 1.0);
    bob.send(message(ALICE, "gone?"));
    bob.expect(&format!(r#"{{"type":"undelivered","to":"{ALICE}","reason":"offline"}}"#));
}

#[test]
fn a_newer_token_keeps_the_connection() {
    let (server, _file) = guarded(&[]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none&token={}", token(ALICE, SOON - LEEWAY)));
    let show = |token: &str| frame(1, json!({"type": "token", "token": token}).to_string());
    wire.send(show(&token(ALICE, 3600.0)));
    wire.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(wire.text(), r#"{"type":"pong"}"#, "a good token has no answer");
    // The last good one counts, also if it ends sooner.
    let mut other = server.wire();
    other.upgrade(&format!("/ws/{BOB}?presence=none&token={}", token(BOB, SOON - LEEWAY)));
    other.expect_close(4001, "the token has expired");
    wire.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(wire.text(), r#"{"type":"pong"}"#, "the older token's end has passed");
    wire.send(show(&token(ALICE, SOON - LEEWAY)));
    wire.expect_close(4001, "the token has expired");
}

#[test]
fn a_bad_newer_token_is_an_error_and_the_older_one_still_counts() {
    let (server, _file) = guarded(&["--strikes", "5"]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none&token={}", token(ALICE, 3600.0)));
    for (field, code) in [
        (json!(token(BOB, 60.0)), "token_subject"),
        (json!(token(ALICE, -60.0)), "token_expired"),
        (json!("x"), "token_malformed"),
        (json!(7), "bad_token"),
        (Value::Null, "bad_token"),
    ] {
        wire.send(frame(1, json!({"type": "token", "token": field}).to_string()));
        let error: Value = serde_json::from_str(&wire.text()).expect("JSON");
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)));
    }
    // Each is a malformed frame, so guesses come to an end.
    wire.send(frame(1, r#"{"type":"token","token":"x"}"#));
    assert!(wire.text().contains("token_malformed"));
    wire.expect_close(1008, "too many malformed frames");
}

#[test]
fn a_phone_that_takes_over_a_number_has_its_own_token() {
    let (server, _file) = guarded(&[]);
    let path = |token: &str| format!("/ws/{ALICE}?presence=none&token={token}");
    let mut old = server.wire();
    old.upgrade(&path(&token(ALICE, SOON - LEEWAY)));
    let mut new = server.wire();
    new.upgrade(&path(&token(ALICE, 3600.0)));
    old.expect_close(4000, "replaced by a newer connection");
    let mut other = server.wire();
    other.upgrade(&format!("/ws/{BOB}?presence=none&token={}", token(BOB, SOON + 0.5 - LEEWAY)));
    other.expect_close(4001, "the token has expired");
    new.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(new.text(), r#"{"type":"pong"}"#, "the end of the older token is not its own");
}

#[test]
fn without_keys_no_token_is_looked_at() {
    let server = Server::start(&[]);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none&token=x&token=y"));
    wire.send(frame(1, r#"{"type":"token","token":"x"}"#));
    wire.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(wire.text(), r#"{"type":"pong"}"#);
    let log = server.log().join("\n");
    assert!(log.contains("numbers are NOT verified"), "{log}");
}

#[test]
fn a_token_and_a_key_are_told_to_nobody() {
    let flags = ["--log", "debug", "--slow-turn", "1ns", "--admin-listen", "127.0.0.1:0"];
    let (server, _file) = guarded(&flags);
    let (good, late, wrong) = (token(ALICE, 60.0), token(ALICE, -60.0), token(BOB, 60.0));
    let mut told = vec![String::new()];
    for token in [&good, &late, &wrong] {
        let path = format!("/ws/{ALICE}?token={token}");
        told.push(ask(&server, &path, "").text());
        told.push(ask(&server, &format!("/nowhere?token={token}"), "").text());
        told.push(
            ask(&server, &format!("/ws/{ALICE}"), &format!("Authorization: Bearer {token}\r\n"))
                .text(),
        );
    }
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none&token={good}"));
    let newer = token(ALICE, SOON - LEEWAY);
    for token in [&wrong, &late, &newer] {
        wire.send(frame(1, json!({"type": "token", "token": token}).to_string()));
    }
    told.extend([wire.text(), wire.text()]);
    wire.expect_close(4001, "the token has expired");
    let ended = "outcome=token_expired";
    eventually("its end is logged", || {
        server.log().iter().any(|line| line.contains(ended)).then_some(())
    });
    told.extend([server.admin_get("/metrics").text(), server.admin_get("/trace").text()]);
    told.extend(server.log());
    let parts =
        [&good, &late, &wrong, &newer].into_iter().flat_map(|token| token.split('.').skip(1));
    let secret = BASE64URL_NOPAD.encode(&SECRET);
    for part in parts.chain([secret.as_str(), ALICE, BOB]) {
        assert!(part.len() >= 10 && !told.iter().any(|text| text.contains(part)), "{part}");
    }
}

fn tool(arguments: &[&str]) -> Output {
    binary().arg("token").args(arguments).output().expect("it runs")
}

#[track_caller]
fn made(arguments: &[&str]) -> String {
    let output = tool(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).expect("text");
    line.strip_suffix('\n').expect("a line").to_owned()
}

#[test]
fn keys_and_tokens_of_the_tool_let_a_phone_in() {
    for algorithm in ["HS256", "EdDSA", "es256"] {
        let private = File::none();
        let said = made(&["--new-key", "--alg", algorithm, "--out", private.path()]);
        assert!(said.contains(private.path()), "{said}");
        let mode = fs::metadata(&private.0).expect("it is there").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
        let again = tool(&["--new-key", "--out", private.path()]);
        assert!(!again.status.success(), "no key is replaced");
        let for_the_server = match algorithm {
            "HS256" => fs::read_to_string(&private.0).expect("a key"),
            _ => made(&["--public", "--key-file", private.path()]),
        };
        let file = File::new(&for_the_server);
        let flags = ["--auth-key-file", file.path(), "--auth-audience", "chat"];
        let server = Server::start(&flags);
        let log = server.log().join("\n");
        assert!(
            log.to_lowercase().contains(&format!("signed with {}", algorithm.to_lowercase())),
            "{log}"
        );
        let token = |audience: &[&str]| {
            made(
                &[&["--key-file", private.path(), "--sub", ALICE, "--ttl", "1min"], audience]
                    .concat(),
            )
        };
        let status = |token: &str| ask(&server, &format!("/ws/{ALICE}?token={token}"), "").status;
        assert_eq!(status(&token(&["--audience", "chat"])), 101, "{algorithm}");
        assert_eq!(status(&token(&["--audience", "shop"])), 401);
        assert_eq!(status(&token(&[])), 401);
    }
}

#[test]
fn the_tool_says_what_is_wrong_in_one_line() {
    let secret = File::new(&secret_key().to_string());
    for (arguments, part) in [
        (vec![], "required"),
        (vec!["--new-key", "--public"], "cannot be used"),
        (vec!["--new-key", "--alg", "RS256"], "RS256"),
        (vec!["--public"], "--key-file"),
        (vec!["--public", "--key-file", secret.path()], "no public part"),
        (vec!["--sub", ALICE], "--key-file"),
        (vec!["--sub", "12", "--key-file", secret.path()], "10 to 32 digits"),
        (vec!["--sub", ALICE, "--key-file", "/nowhere/at/all"], "/nowhere/at/all"),
        (vec!["--sub", ALICE, "--key-file", secret.path(), "--ttl", "60"], "60s"),
    ] {
        let output = tool(&arguments);
        let line = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(line.contains(part) && line.lines().count() == 1, "{part}: {line}");
        assert!(!line.contains(&BASE64URL_NOPAD.encode(&SECRET)), "{line}");
    }
}

#[test]
fn a_wrong_key_file_ends_the_start_with_one_line() {
    let weak = json!({"kty": "oct", "k": BASE64URL_NOPAD.encode(&SECRET[..31])}).to_string();
    let long = " ".repeat(65 * 1024);
    for (content, part) in [
        ("", "no JSON"),
        ("{}", "neither kty nor keys"),
        (&weak, "k is too short"),
        (&long, "more than 65536 bytes"),
        ("\u{0}", "not a text"),
    ] {
        let file = File::new(content);
        for check in [&["--check-config"][..], &[]] {
            let mut command = binary();
            command.args(["--listen", "127.0.0.1:0", "--auth-key-file", file.path()]).args(check);
            let output = command.output().expect("it runs");
            let line = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{line}");
            assert!(line.contains(part) && line.contains(file.path()), "{part}: {line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
    let no_file = Path::new("/nowhere/keys.jwk");
    let output = binary().arg("--auth-key-file").arg(no_file).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let output = binary().args(["--auth-audience", "chat"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("without keys no token is looked at"));
}

#[test]
fn a_private_key_where_the_public_part_would_do_is_taken_with_a_warning() {
    let private = File::new(&made(&["--new-key"]));
    let server = Server::start(&["--auth-key-file", private.path()]);
    let warned = eventually("the warning is logged", || {
        server.log().into_iter().find(|line| line.contains("is private"))
    });
    assert!(
        warned.contains("level=warn") && warned.contains("switchboard token --public"),
        "{warned}"
    );
}

#[test]
fn other_keys_are_read_while_the_server_runs() {
    let file = File::new(&secret_key().to_string());
    let settings = File::new("");
    let flags = ["--config", settings.path(), "--auth-key-file", file.path()];
    let server = Server::start(&flags);
    let path = format!("/ws/{ALICE}?presence=none&token=");
    let mut old = server.wire();
    old.upgrade(&format!("{path}{}", token(ALICE, 3600.0)));
    let reload = |words: &str| {
        let lines = || server.log().iter().filter(|line| line.contains(words)).count();
        let before = lines();
        server.signal(nix::sys::signal::Signal::SIGHUP);
        eventually(words, || (lines() > before).then_some(()));
    };
    reload("reloaded: nothing has changed");
    let another = made(&["--new-key", "--alg", "HS256"]);
    fs::write(&file.0, "{}").expect("it is ours");
    reload("neither kty nor keys");
    let with_old = |number: &str| token(number, 60.0);
    let ask = |token: &str| ask(&server, &format!("/ws/{BOB}?token={token}"), "").status;
    assert_eq!(ask(&with_old(BOB)), 101, "a wrong file changes nothing");
    fs::write(&file.0, &another).expect("it is ours");
    reload("reloaded: the keys have changed");
    assert_eq!(ask(&with_old(BOB)), 401);
    assert_eq!(ask(&made(&["--key-file", file.path(), "--sub", BOB])), 101);
    // Who is in stays, until the token ends.
    old.send(frame(1, r#"{"type":"ping"}"#));
    assert_eq!(old.text(), r#"{"type":"pong"}"#);
}
