//! The flags about users with accounts, and those about tokens.

use std::{env, fs, process};

use super::parsed;
use crate::workload::Postings;

/// The arguments, split at spaces.
fn postings(args: &str) -> Result<Postings, String> {
    let args: Vec<_> = args.split_whitespace().collect();
    parsed(&args).map(|options| options.plan.settings.postings)
}

#[test]
fn a_wrong_value_is_one_clear_line() {
    let share = "it must be a share, from 0 to 1, such as 0.1";
    for flag in ["--private", "--room-share", "--replies", "--marks", "--typing"] {
        for value in ["1.1", "-0.1", "half", "nan", "inf", "50%", ""] {
            let args = ["--protocol", "v1", "--rooms", "2", &format!("{flag}={value}")];
            let line = parsed(&args).expect_err("wrong");
            let is_clear = line.contains(flag) && line.contains(share) && !line.contains('\n');
            assert!(is_clear, "{args:?}: {line}");
        }
    }
    for value in ["-1", "201", "1.5", "many", "1M"] {
        let line = postings(&format!("--protocol v1 --rooms={value}")).expect_err("wrong");
        assert!(line.contains("--rooms") && line.contains("from 0 to 200"), "{value}: {line}");
    }
}

#[test]
fn a_flag_of_another_protocol_is_refused_with_all_that_have_it() {
    for (args, says) in [
        ("--rooms 2", "--rooms means something only with --protocol"),
        ("--protocol chatterbox --rooms 2", "--rooms means something only with --protocol"),
        ("--protocol websocket-chat --room-share 0.5", "--room-share means something only"),
        ("--protocol websocket-chat --replies 0.5", "only with --protocol mychat or v1"),
        ("--protocol websocket-chat --marks 0.5", "only with --protocol v1"),
        ("--protocol chatterbox --private 0.5", "only with --protocol websocket-chat or v1"),
        ("--protocol chatterbox --typing 0", "only with --protocol session, websocket-chat or v1"),
        ("--protocol websocket-chat --presence none", "only with --protocol sca or v1"),
        ("--protocol session --accounts a", "--accounts means something only with --protocol"),
        ("--protocol v1 --auth-key-file a", "--auth-key-file means something only with"),
        ("--protocol v1 --refresh 1s", "--refresh means something only with --protocol sca"),
        ("--protocol v1 --devices 2", "--devices means something only with --protocol session"),
    ] {
        let line = postings(args).expect_err("wrong");
        assert!(line.contains(says) && !line.contains('\n'), "{args}: {line}");
    }
}

#[test]
fn flags_that_do_not_go_together_are_one_clear_line() {
    for (args, says) in [
        ("--protocol v1 --room-share 0.5", "--room-share needs --rooms"),
        ("--protocol v1 --rooms 0 --room-share 0.5", "--room-share needs --rooms"),
        ("--protocol v1 --rooms 2 --room-share 0.6 --private 0.5", "together at most 1"),
        ("--protocol v1 ws://127.0.0.1:1", "--accounts FILE is needed"),
        ("--protocol v1 --accounts a", "loadgen's own server gets users of its own"),
        ("--protocol v1 --persona refresher=1,chatter=1", "it asks for the list of numbers"),
        ("--protocol v1 --persona quota-hog=1,chatter=1", "it invites sessions"),
        ("--protocol mychat --text-bytes 48..5001", "--text-bytes: with --protocol mychat"),
        ("--auth-audience a", "--auth-key-file"),
    ] {
        let line = postings(args).expect_err("wrong");
        assert!(line.contains(says) && !line.contains('\n'), "{args}: {line}");
    }
}

#[test]
fn what_one_flag_leaves_is_shared_as_without_it_and_no_share_is_lost() {
    let of = |args: &str| {
        let postings = postings(&format!("--protocol v1 {args}")).expect("valid");
        let Postings { private, rooms, room_share, replies, marks, typing, .. } = postings;
        (private, rooms, room_share, replies, marks, typing)
    };
    assert_eq!(of(""), (0.9, 0, 0.0, 0.1, 0.1, 0.1));
    assert_eq!(of("--rooms 4"), (0.45, 4, 0.5, 0.1, 0.1, 0.1));
    assert_eq!(of("--rooms 4 --private 0.5"), (0.5, 4, 0.25, 0.1, 0.1, 0.1));
    assert_eq!(of("--rooms 4 --private 1"), (1.0, 4, 0.0, 0.1, 0.1, 0.1));
    assert_eq!(of("--rooms 1 --room-share 1"), (0.0, 1, 1.0, 0.1, 0.1, 0.1));
    assert_eq!(of("--replies 0 --marks 1 --typing 0.5"), (0.9, 0, 0.0, 0.0, 1.0, 0.5));
    let private = |protocol: &str| postings(&format!("--protocol {protocol}")).expect("valid");
    let asking = Postings { histories: 1.0, ..Postings::NONE };
    assert_eq!(private("chatterbox"), asking, "all messages go to everyone");
    assert_eq!(private("websocket-chat"), Postings { private: 0.9, typing: 0.1, ..asking });
    let histories = postings("--protocol v1 --histories 0.5").expect("valid").histories;
    assert_eq!(histories, 0.5);
    assert!(postings("--protocol v1 --histories 1001").is_err());
}

#[test]
fn a_file_that_has_no_key_is_named_and_nothing_of_it_is_shown() {
    let path = env::temp_dir().join(format!("loadgen-key-{}", process::id()));
    let refused = |text: &str| {
        fs::write(&path, text).expect("it is ours");
        let line = parsed(&["--auth-key-file", path.to_str().expect("UTF-8")]).expect_err("wrong");
        fs::remove_file(&path).expect("it is ours");
        line
    };
    for text in ["", "hush", r#"{"kty":"hush"}"#, r#"{"kty":"EC","crv":"P-256","d":"hush"}"#] {
        let line = refused(text);
        let name = path.to_str().expect("UTF-8");
        let is_clear = line.contains("--auth-key-file") && line.contains(name);
        assert!(is_clear && !line.contains("hush") && !line.contains('\n'), "{text}: {line}");
    }
    let line = parsed(&["--auth-key-file", "/nowhere/at/all"]).expect_err("it is not there");
    assert!(line.contains("--auth-key-file /nowhere/at/all: No such file"), "{line}");
}
