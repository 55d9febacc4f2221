//! Do both programs speak TLS, and with none but the server that is meant? The test has an authority of its own, and
//! a front that speaks TLS before a real server.

mod begun;
mod tls_front;

use std::io::Write as _;
use std::iter::repeat_with;
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, fs, process};

use begun::folder::Folder;
use begun::{Begun, chat, loadgen, serve, text};
use serde_json::Value;
use tls_front::{Authority, Flaw, Front};

/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(120);
const PLAN: &str = "--clients 4 --ramp 600ms --duration 500ms --rate 100 --settle 2s --quiet";

/// What came of a run.
struct Played {
    code: i32,
    stdout: String,
    stderr: String,
    report: Value,
}

/// Plays once. `None`: the machine was too busy to say something.
fn play_once(args: &str) -> Option<Played> {
    const INVALID: i32 = 4;
    let folder = Folder::new("tls");
    let args = format!("{args} --json {}", folder.path("a.json"));
    let Output { status, stdout, stderr } = Begun::new(loadgen(&args)).ends_within(PATIENCE);
    let (code, report) = (status.code().expect("no signal"), folder.report());
    let played = Played { code, stdout: text(&stdout), stderr: text(&stderr), report };
    (code != INVALID).then_some(played)
}

/// Plays until the machine was not too busy to say something.
fn until_valid<T>(play: impl FnMut() -> Option<T>) -> T {
    let mut plays = repeat_with(play).take(20);
    plays.find_map(|played| played).expect("this machine can measure something")
}

/// Plays against a front with this flaw, before a server of its own. Both are new ones each time, because some flaws begin
/// with a certain connection.
fn play_at(flaw: Flaw, flags: impl Fn(&Authority) -> String) -> (Played, Front) {
    until_valid(|| {
        let (authority, (_server, address)) = (Authority::new(), serve("127.0.0.1:0"));
        let front = Front::start(&authority, &address, flaw);
        let played = play_once(&format!("{} {PLAN} {}", front.url(), flags(&authority)))?;
        Some((played, front))
    })
}

#[test]
fn a_run_over_tls_is_measured_like_any_other_and_its_pages_are_fetched_over_tls_too() {
    let (authority, (_server, address)) = (Authority::new(), serve("127.0.0.1:0"));
    let front = Front::start(&authority, &address, Flaw::None);
    let metrics = front.url().replace("wss:", "https:");
    let args = format!("{} --metrics {metrics} {PLAN} {}", front.url(), authority.flag());
    let Played { code, stdout, report, .. } = until_valid(|| play_once(&args));
    assert_eq!(code, 0, "{stdout}");
    assert_eq!(report["messages"]["delivered"], 50);
    assert_eq!(report["plan"]["url"], front.url());
    assert_eq!(report["plan"]["certificates"], "checked");
    for part in ["tcp_ns", "tls_ns", "upgrade_ns"] {
        assert_eq!(report["connect"][part]["count"], 4, "{part}");
    }
    assert!(report["connect"]["tls_ns"]["p50"].as_u64() > Some(0));
    assert!(stdout.contains("books and ours agree") && stdout.contains("  tls  "), "{stdout}");
    assert!(!stdout.contains("not checked"), "{stdout}");
    // A phone says goodbye in TLS, too. That is lost if the front's own goodbye crosses it, and the socket is closed with
    // that unread (RFC 2525 §2.17): so not each is heard.
    let waits = (0..1000).take_while(|_| front.counts().1 == 0);
    waits.for_each(|_| std::thread::sleep(Duration::from_millis(10)));
    let (connections, goodbyes) = front.counts();
    assert!(connections > 4 && goodbyes > 0, "{goodbyes} of {connections}");
}

#[test]
fn a_certificate_that_is_not_good_ends_the_run_at_once_unless_it_is_not_looked_at() {
    let stranger = Authority::new();
    for (flaw, is_known, why) in [
        (Flaw::None, false, "the certificate's issuer is not known here: --ca FILE names it"),
        (Flaw::OtherName, true, "the certificate is for another name: --insecure"),
        (Flaw::Expired, true, "the certificate has expired: --insecure"),
        (Flaw::NotYet, true, "the certificate is not valid yet: --insecure"),
    ] {
        let flags = |own: &Authority| if is_known { own.flag() } else { stranger.flag() };
        let (Played { code, stderr, report, .. }, front) = play_at(flaw, flags);
        assert_eq!(code, 1, "{flaw:?}: {stderr}");
        let sentence = format!("no TLS with {}: {why}", front.url());
        assert!(stderr.contains(&sentence), "{flaw:?}: {stderr}");
        assert_eq!(report["verdict"], "failed");
        assert_eq!(front.counts().0, 1, "not one phone has called");
        let (Played { code, stdout, report, .. }, _) = play_at(flaw, |_| "--insecure".to_owned());
        assert_eq!(code, 0, "{flaw:?}: {stdout}");
        assert!(stdout.contains("certificates not checked: --insecure"), "{stdout}");
        assert_eq!(report["plan"]["certificates"], "not checked");
    }
}

#[test]
fn a_server_that_speaks_no_tls_or_says_nothing_is_named_and_not_waited_for() {
    for (flaw, why) in [
        (Flaw::NoTls, "the answer is no TLS"),
        (Flaw::SilentFrom(0), "the server does not answer the handshake"),
    ] {
        let (Played { code, stderr, .. }, front) = play_at(flaw, Authority::flag);
        assert_eq!(code, 1, "{flaw:?}: {stderr}");
        assert!(stderr.contains(&format!("no TLS with {}: {why}", front.url())), "{stderr}");
    }
    // One that stops answering later holds up its phones, and not the run. The probe and a page come first.
    let (Played { code, report, .. }, _) = play_at(Flaw::SilentFrom(4), Authority::flag);
    assert_eq!(code, 1, "{report}");
    let ending = "no first frame before the run was over";
    assert_eq!(report["connections"]["endings"][ending], 2, "{report}");
}

#[test]
fn an_end_without_goodbye_is_good_behind_a_close_frame_and_a_drop_before_it() {
    let (Played { code, stdout, .. }, _) = play_at(Flaw::NoGoodbye, Authority::flag);
    assert_eq!(code, 0, "{stdout}");
    for (flaw, ending) in [
        (Flaw::CutAfter(1500), "dropped by the server, without a close frame"),
        (Flaw::JunkAfter(1500), "TLS failed: "),
    ] {
        let (Played { code, report, .. }, _) = play_at(flaw, Authority::flag);
        assert_eq!(code, 1, "{report}");
        let endings = report["connections"]["endings"].as_object().expect("endings");
        let found = endings.iter().find(|(words, _)| words.starts_with(ending));
        assert!(found.is_some_and(|(_, count)| count.as_u64() >= Some(1)), "{flaw:?}: {endings:?}");
    }
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let file = env::temp_dir().join(format!("loadgen-no-pem-{}", process::id()));
    fs::write(&file, "no PEM").expect("the folder takes it");
    let no_pem = format!("wss://localhost:1 --ca {}", file.display());
    for (args, why) in [
        ("ws://localhost:1 --insecure", "only with wss://"),
        ("--ca x.pem", "only with wss://"),
        ("wss://localhost:1 --insecure --ca x.pem", "leave out --ca"),
        ("wss://localhost:1 --ca /nowhere/at/all", "--ca /nowhere/at/all: "),
        (&no_pem, "no certificate in PEM"),
    ] {
        let Output { status, stderr, .. } = Begun::new(loadgen(args)).ends_within(PATIENCE);
        assert_eq!(status.code(), Some(2), "{args}");
        assert!(text(&stderr).contains(why), "{args}: {}", text(&stderr));
    }
    fs::remove_file(&file).expect("it is ours");
}

#[test]
fn a_person_chats_over_tls_and_is_told_whose_certificate_is_not_believed() {
    let (authority, (_server, address)) = (Authority::new(), serve("127.0.0.1:0"));
    let front = Front::start(&authority, &address, Flaw::None);
    let say = |flags: &str| {
        let mut command = chat(&format!("{} 0012345678 --wait 60s {flags}", front.url()));
        command.stdin(Stdio::piped());
        let mut program = Begun::new(command);
        let (mut stdin, _stdout) = program.pipes();
        // To itself: it is online, and so the message is delivered.
        writeln!(stdin, "/to 0012345678\nHello over TLS").expect("it reads");
        drop(stdin);
        let output = program.ends_within(PATIENCE);
        (output.status.code(), text(&output.stderr))
    };
    let (code, _) = say(&format!("--give-up 60s {}", authority.flag()));
    assert_eq!(code, Some(0));
    assert_eq!(say("--give-up 60s --insecure").0, Some(0));
    assert_eq!(say("--give-up 1s").0, Some(3), "no connection");
}
