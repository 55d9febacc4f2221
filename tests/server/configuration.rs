//! Settings that surprise nobody: `--check-config`, misspelt and empty variables, files that are wrong, and
//! lines in systemd's journal.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, iter};

use nix::sys::signal::Signal;

use crate::harness::{ALICE, Door, Server, binary, eventually, passing};

/// A file of the test's own, which is removed at its end.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    pub(crate) fn new(content: &str) -> Self {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("switchboard-settings-{}-{number}", process::id()));
        fs::write(&path, content).expect("nobody else has that file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
        Temporary(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn check(command: &mut Command) -> Output {
    command.arg("--check-config").output().expect("it runs")
}

#[track_caller]
fn expect_fine(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the configuration is fine\n");
}

/// Asserts that a check has found as many mistakes as there are words, and that each has its line.
#[track_caller]
fn expect_mistakes(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty(), "nothing is fine");
    for word in words {
        let is_it = |line: &&str| line.starts_with("switchboard: ") && line.contains(word);
        assert_eq!(said.lines().filter(is_it).count(), 1, "{word}: {said}");
    }
    assert_eq!(said.lines().count(), words.len(), "{said}");
}

#[test]
fn a_check_says_that_all_is_well_and_opens_and_writes_nothing() {
    let server = Server::start(&["--admin-listen", "127.0.0.1:0"]);
    let (public, admin) = (server.address().to_string(), server.admin_address().to_string());
    let token = Temporary::new("secret\n");
    let trace = token.path().with_extension("trace");
    let mut command = binary();
    // Both addresses are in use. A check that opened them would find that out.
    command.args(["--listen", &public, "--admin-listen", &admin]);
    command.args(["--admin-token-file", token.text()]).arg("--trace-file").arg(&trace);
    expect_fine(&check(&mut command));
    assert!(!trace.exists());
    assert_eq!(server.get("/health").status, 200);
    expect_fine(&check(&mut binary()));
}

#[test]
fn a_check_names_every_mistake_of_flags_variables_and_files() {
    let empty = Temporary::new(" \n");
    let mut command = binary();
    command.args([
        "--ping-timeout",
        "60",
        "--frobnicate",
        "--allow-origin",
        "http://*.example.com",
    ]);
    command.env("SWITCHBOARD_MESSAGE_RATE", "lots").env("SWITCHBOARD_MESAGE_RATE", "10");
    command
        .env("SWITCHBOARD_TRUSTED_PROXY", "nginx")
        .env("SWITCHBOARD_OUTBOX_TOTAL_BYTES", "512KiB");
    command.env("SWITCHBOARD_ADMIN_TOKEN_FILE", empty.path()).env("PORT", "http");
    command.env("SWITCHBOARD_MAX_CONNECTIONS", "16777216");
    command.args(["--trace-file", "/"]);
    let output = check(&mut command);
    expect_mistakes(
        &output,
        &[
            "'--ping-timeout <TIME>'",
            "--frobnicate",
            "http://*.example.com",
            "SWITCHBOARD_MESSAGE_RATE: ",
            "the nearest is SWITCHBOARD_MESSAGE_RATE",
            "SWITCHBOARD_TRUSTED_PROXY: ",
            "--outbox-total-bytes and --outbox-bytes: ",
            "PORT must be a port number",
            "--admin-token-file ",
            "--max-connections 16777216",
            "--trace-file /: it is a folder",
        ],
    );
}

#[test]
fn a_file_for_traces_that_a_trace_would_spoil_is_refused() {
    let token = Temporary::new("secret\n");
    let link = token.path().with_extension("link");
    std::os::unix::fs::symlink(token.path(), &link).expect("nobody else has that file");
    let below = token.path().join("trace.json");
    for (trace, why) in [
        (Path::new("/dev/null"), "a device or a pipe"),
        (&below, "is a file"),
        (token.path(), "would replace the token"),
        (&link, "would replace the token"),
    ] {
        let mut command = binary();
        command.args(["--listen", "127.0.0.1:0", "--admin-token-file", token.text()]);
        command.arg("--trace-file").arg(trace);
        let started = command.output().expect("it ends by itself");
        assert_eq!(started.status.code(), Some(2), "{}", trace.display());
        expect_mistakes(&check(&mut command), &[why]);
    }
    fs::remove_file(&link).expect("it is ours");
    let nowhere = token.path().with_extension("folder").join("trace.json");
    expect_fine(&check(binary().arg("--trace-file").arg(nowhere)));
}

#[test]
fn a_check_says_what_a_start_would_warn_of() {
    let output = check(binary().args(["--trusted-proxy", "0.0.0.0/0"]));
    expect_fine(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--trusted-proxy 0.0.0.0/0: each client chooses"), "{said}");
}

#[test]
fn a_check_refuses_what_a_start_refuses_and_nothing_else() {
    let (empty, two, good) =
        (Temporary::new(""), Temporary::new("one\ntwo\n"), Temporary::new("one\n"));
    let files = [empty.text(), two.text(), "/nowhere/at/all", "/"];
    for file in files {
        let mut command = binary();
        command.args(["--listen", "127.0.0.1:0", "--admin-token-file", file]);
        let started = command.output().expect("it ends by itself");
        assert_eq!(started.status.code(), Some(2), "{file}");
        expect_mistakes(&check(&mut command), &[file]);
    }
    let mut command = binary();
    command.args(["--listen", "127.0.0.1:0", "--admin-token-file", good.text()]);
    expect_fine(&check(&mut command));
}

#[test]
fn a_file_that_becomes_wrong_does_not_harm_a_server_that_runs() {
    let token = Temporary::new("secret\n");
    let server = Server::start(&["--admin-token-file", token.text()]);
    let mut phone = server.quiet(ALICE);
    fs::write(token.path(), "").expect("it is ours");
    expect_mistakes(&check(binary().args(["--admin-token-file", token.text()])), &["a token is"]);
    server.signal(Signal::SIGHUP);
    eventually("the server refuses it", || {
        let is_it =
            |line: &String| line.contains("reload refused: ") && line.contains("a token is");
        server.log().iter().any(is_it).then_some(())
    });
    let mut wire = server.wire();
    wire.send("GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n");
    assert_eq!(wire.response().status, 200);
    phone.expect_nothing();
}

#[test]
fn a_token_that_every_account_may_read_is_a_warning() {
    let token = Temporary::new("secret\n");
    fs::set_permissions(token.path(), Permissions::from_mode(0o644)).expect("it is ours");
    let output = check(binary().args(["--admin-token-file", token.text()]));
    expect_fine(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("chmod 600"));
    let server = Server::start(&["--admin-token-file", token.text()]);
    eventually("the server warns", || {
        let is_it = |line: &String| line.contains("level=warn") && line.contains("chmod 600");
        server.log().iter().any(is_it).then_some(())
    });
}

#[test]
fn a_misspelt_variable_is_a_warning_with_the_nearest_name_and_never_its_value() {
    let mut command = binary();
    command.env("SWITCHBOARD_MESAGE_RATE", "a-secret").args(["--listen", "127.0.0.1:0"]);
    let server = Server::spawn(&mut command);
    let warning = "level=warn msg=\"there is no variable SWITCHBOARD_MESAGE_RATE; the nearest is SWITCHBOARD_MESSAGE_RATE\"";
    eventually("the server warns", || {
        server.log().iter().any(|line| line.ends_with(warning)).then_some(())
    });
    let output = check(&mut command);
    expect_mistakes(&output, &["SWITCHBOARD_MESAGE_RATE"]);
    let said = format!("{}{}", server.log().concat(), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("a-secret"), "{said}");
}

#[test]
fn what_kubernetes_sets_for_a_service_of_our_name_is_no_setting() {
    let mut command = binary();
    command.args(["--listen", "127.0.0.1:0"]);
    for (name, value) in [
        ("SWITCHBOARD_PORT", "tcp://10.0.0.1:8080"),
        ("SWITCHBOARD_SERVICE_HOST", "10.0.0.1"),
        ("SWITCHBOARD_SERVICE_PORT", "8080"),
        ("SWITCHBOARD_SERVICE_PORT_HTTP", "8080"),
        ("SWITCHBOARD_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("SWITCHBOARD_PORT_8080_TCP_PROTO", "tcp"),
        ("SWITCHBOARD_PORT_8080_TCP_PORT", "8080"),
        ("SWITCHBOARD_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("SWITCHBOARD_ADMIN_SERVICE_HOST", "10.0.0.2"),
    ] {
        command.env(name, value);
    }
    let mut server = Server::spawn(&mut command);
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    let log = eventually("the log is complete", || {
        Some(server.log()).filter(|log| log.iter().any(|line| line.contains("drained")))
    });
    assert!(!log.iter().any(|line| line.contains("level=warn")), "{log:?}");
    expect_fine(&check(&mut command));
}

#[test]
fn every_variable_that_is_empty_counts_as_not_set() {
    let help = binary().arg("--help").output().expect("it runs").stdout;
    let help = String::from_utf8(help).expect("text");
    let names = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    let names: Vec<&str> = names.chain(["PORT", "JOURNAL_STREAM", "NOTIFY_SOCKET"]).collect();
    assert!(names.len() > 30, "{names:?}");
    let mut command = binary();
    command.envs(names.iter().zip(iter::repeat(""))).args(["--listen", "127.0.0.1:0"]);
    let server = Server::spawn(&mut command);
    assert_eq!(server.get("/echo").status, 404, "--echo is off");
    expect_fine(&check(&mut command));
    // Each by itself, with no flag that would hide it.
    for name in names {
        expect_fine(&check(binary().env(name, "")));
    }
}

#[test]
fn only_a_path_may_be_something_else_than_utf_8() {
    let value = OsStr::from_bytes(b"x\xFF");
    expect_fine(&check(binary().env("SWITCHBOARD_TRACE_FILE", value)));
    expect_mistakes(
        &check(binary().env("SWITCHBOARD_LISTEN", value)),
        &["SWITCHBOARD_LISTEN: it is not UTF-8"],
    );
}

/// Runs this with its stderr as the journal's: a file whose name in `JOURNAL_STREAM` is right.
fn in_the_journal(command: &mut Command, journal: &Temporary) {
    let file = File::options().append(true).open(journal.path()).expect("it is ours");
    let named = file.metadata().expect("it is open");
    command.env("JOURNAL_STREAM", format!("{}:{}", named.dev(), named.ino())).stderr(file);
}

fn lines_of(journal: &Temporary) -> Vec<String> {
    let text = fs::read_to_string(journal.path()).expect("it is ours");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_keeps_the_server_from_starting_is_an_error_in_the_journal() {
    let server = Server::start(&[]);
    let taken = server.address().to_string();
    let cases: [(&[&str], i32, usize); 5] = [
        (&["--message-rate", "lots"], 2, 1),
        (&["--message-rate", "lots", "--log", "loud", "--frobnicate"], 2, 3),
        (&["--admin-token-file", "/nowhere/at/all", "--listen", "127.0.0.1:0"], 2, 1),
        (&["--listen", &taken], 1, 1),
        (&["--check-config", "--listen", "nowhere", "--strikes", "x"], 2, 2),
    ];
    for (args, code, count) in cases {
        let journal = Temporary::new("");
        let mut command = binary();
        in_the_journal(command.args(args), &journal);
        assert_eq!(command.status().expect("it runs").code(), Some(code), "{args:?}");
        let lines = lines_of(&journal);
        assert_eq!(lines.len(), count, "{lines:?}");
        assert!(lines.iter().all(|line| line.starts_with("<3>switchboard: ")), "{lines:?}");
    }
}

#[test]
fn every_line_in_the_journal_has_its_priority_also_as_json() {
    for format in ["text", "json"] {
        let journal = Temporary::new("");
        let mut command = binary();
        command.env("SWITCHBOARD_MESAGE_RATE", "10");
        command.args(["--listen", "127.0.0.1:0", "--log-format", format]);
        in_the_journal(&mut command, &journal);
        let mut process = command.spawn().expect("it has been built");
        let has = |what: &str| lines_of(&journal).iter().any(|line| line.contains(what));
        eventually("the server warns", || has("MESAGE").then_some(()));
        let pid = i32::try_from(process.id()).expect("it is small");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM).expect("it runs");
        assert!(process.wait().expect("it ends").success());
        for line in lines_of(&journal) {
            let number = if line.contains("MESAGE") { "<4>" } else { "<6>" };
            let begins = if format == "json" { "{\"time\":" } else { "msg=" };
            assert!(line.strip_prefix(number).is_some_and(|l| l.starts_with(begins)), "{line}");
        }
    }
}

/// `--print-config` with these flags: its lines.
fn printed(command: &mut Command) -> Vec<String> {
    let output = command.arg("--print-config").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Asserts that one line has this assignment, and behind it this origin.
#[track_caller]
fn expect_setting(lines: &[String], assignment: &str, origin: &str) {
    let is_it = |line: &&String| {
        line.strip_prefix(assignment).is_some_and(|rest| rest.trim() == format!("# {origin}"))
    };
    assert_eq!(lines.iter().filter(is_it).count(), 1, "{assignment}: {lines:#?}");
}

#[test]
fn the_settings_in_effect_are_printed_and_no_secret_is() {
    let token = Temporary::new("hunter2\n");
    let file = Temporary::new("SWITCHBOARD_STRIKES=9\nSWITCHBOARD_LOG=debug\n");
    let mut command = binary();
    command.args(["--config", file.text(), "--admin-token-file", token.text()]);
    command.args(["--max-connections", "40"]).env("SWITCHBOARD_LOG", "warn");
    let lines = printed(&mut command);
    expect_setting(&lines, "SWITCHBOARD_MAX_CONNECTIONS=40", "flag");
    expect_setting(&lines, "SWITCHBOARD_LOG=warn", "variable");
    expect_setting(&lines, "SWITCHBOARD_STRIKES=9", &format!("{}, line 1", file.text()));
    expect_setting(&lines, "SWITCHBOARD_LISTEN=127.0.0.1:8080", "default");
    expect_setting(&lines, &format!("SWITCHBOARD_ADMIN_TOKEN_FILE={}", token.text()), "flag");
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{lines:#?}");
    // The whole is a settings file.
    let whole = Temporary::new(&(lines.join("\n") + "\n"));
    expect_fine(&check(binary().args(["--config", whole.text()])));
    let again = printed(binary().args(["--config", whole.text()]));
    assert!(again.iter().any(|line| line.starts_with("SWITCHBOARD_LOG=warn ")), "{again:#?}");
    // A value that follows from the machine is shown, too.
    let most = printed(&mut binary());
    let most = most.iter().find_map(|line| line.strip_prefix("SWITCHBOARD_MAX_CONNECTIONS="));
    let number = most.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(number.is_some_and(|number| number > 0), "{most:?}");
}

#[test]
fn a_socket_of_systemds_is_where_the_server_listens_and_print_config_says_so() {
    let door = Door::open();
    let lines = printed(&mut passing(door.descriptor()));
    expect_setting(&lines, &format!("SWITCHBOARD_LISTEN={}", door.address()), "systemd");
}

#[test]
fn print_config_ends_with_2_where_a_start_would() {
    let file = Temporary::new("SWITCHBOARD_STRIKES=many\nSWITCHBOARD_ECHO\n");
    let mut command = binary();
    let output =
        command.args(["--print-config", "--config", file.text()]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let place = |line: usize| format!("switchboard: {}, line {line}: ", file.text());
    assert!(said.contains(&(place(1) + "SWITCHBOARD_STRIKES: ")), "{said}");
    assert!(said.contains(&(place(2) + "a line looks like")), "{said}");
}

#[test]
fn a_settings_file_that_cannot_be_read_is_one_clear_line() {
    let huge = Temporary::new(&"# 34567890123456789\n".repeat(4000));
    let binary_file = Temporary::new("SWITCHBOARD_LOG=\0\0\n");
    for (path, why) in [
        ("/nowhere/at/all", "No such file"),
        ("/", "it is a folder"),
        ("/dev/zero", "it is a pipe or a device"),
        (huge.text(), "it has more than 65536 bytes"),
        (binary_file.text(), "it is not a text"),
    ] {
        let line = format!("--config {path}: {why}");
        expect_mistakes(&check(binary().args(["--config", path])), &[&line]);
        let started = binary().args(["--config", path]).output().expect("it ends by itself");
        assert_eq!(started.status.code(), Some(2), "{path}");
    }
}
