//! Flags as they are typed, and what they come to.

mod accounts;

use super::*;
use crate::workload::Manners;

fn parsed(args: &[&str]) -> Result<Options, String> {
    let args = std::iter::once("loadgen").chain(args.iter().copied());
    match parse(args.map(OsString::from), SystemTime::UNIX_EPOCH)? {
        Parsed::Run(options) => Ok(*options),
        Parsed::Find(_) => Err("no plan, but a search".to_owned()),
        Parsed::Compare(..) => Err("no plan, but a comparison".to_owned()),
        Parsed::Merge(..) | Parsed::Trend(..) => Err("no plan, but reports".to_owned()),
        Parsed::Print(text) => Err(text),
    }
}

#[test]
fn without_arguments_a_thousand_phones_call_a_server_of_our_own() {
    let options = parsed(&[]).expect("valid");
    assert_eq!((options.plan.timing.clients, options.plan.timing.rate), (1000, 1000.0));
    assert_eq!(options.plan.settings.heartbeat, Some(Duration::from_secs(25)));
    assert!(options.servers.is_empty() && options.plan.settings.refresh.is_none());
}

#[test]
fn a_wrong_value_or_an_impossible_plan_is_one_clear_line() {
    let wrong: [(&[&str], &str); 42] = [
        (&["--clients", "0"], "--clients"),
        (&["--clients", "1000000"], "--clients"),
        (&["--clients", "1"], "--clients"),
        (&["--ramp", "soon"], "--ramp"),
        (&["--duration", "0s"], "--duration"),
        (&["--rate", "-1"], "--rate"),
        (&["--rate", "1e9"], "--rate"),
        (&["--rate", "1e9", "--duration", "1s"], "one thread"),
        (&["--rate", "1e6", "--duration", "2h"], "four billion"),
        (&["--grain", "2s"], "--grain"),
        (&["--clients", "-5"], "--clients"),
        (&["--repeat", "-1"], "'-1' for '--repeat"),
        (&["--protocol", "v1", "--replies", "-0.5"], "'-0.5' for '--replies"),
        (&["--text-bytes", "10"], "--text-bytes"),
        (&["--presence", "some"], "--presence"),
        (&["--heartbeat", "0s"], "--heartbeat"),
        (&["ws://127.0.0.1", "--insecure"], "wss://"),
        (&["--protocol", "session", "--persona", "roamer=1,chatter=9"], "only numbers move"),
        (&["ws://a", "ws://b", "--protocol", "chatterbox"], "known to one server"),
        (&["ws://127.0.0.1=0"], "a weight is a whole number"),
        (&["ws://127.0.0.1", "ws://127.0.0.1/ws=2"], "ws://127.0.0.1 is named twice"),
        (
            &["ws://127.0.0.1", "--metrics", "http://h:1", "--metrics", "off"],
            "2 --metrics for 1 server",
        ),
        (&["--metrics", "http://h:1"], "--metrics is about a server"),
        (&["ws://127.0.0.1:1", "--server-bin", "x"], "--server-bin"),
        (&["--persona", "ghost=1"], "`ghost`"),
        (&["--persona", "chatter=1", "--persona", "flood=1", "--clients", "2"], "single phone"),
        (&["--persona", "lurker=1", "--rate", "100"], "no chatter"),
        (&["--persona", "lurker=1", "--stage", "1s:5,1s:5:9"], "no chatter"),
        (&["--persona", "lurker=99,chatter=1", "--clients", "9"], "no chatter"),
        (&["--stage", "5:5"], "TIME:CLIENTS[:RATE]"),
        (&["--stage", "5s:5", "--clients", "5"], "instead of"),
        (&["--stage", "0s:5"], "longer than nothing"),
        (&["--think", "1s", "--rate", "5"], "--think"),
        (&["--expect", "lag<5ms"], "`lag`"),
        (&["--plan", "/nowhere/at/all"], "/nowhere/at/all"),
        (&["--devices", "2"], "--protocol session"),
        (&["--protocol", "session", "--presence", "none"], "--protocol sca"),
        (&["--protocol", "session", "--persona", "refresher=1,chatter=1"], "refresher"),
        (&["--persona", "quota-hog=1,chatter=1"], "quota-hog"),
        (&["--protocol", "session", "--devices", "17"], "--devices"),
        (&["--protocol", "session", "--circle", "51"], "--circle"),
        (&["--protocol", "session", "--read", "1.5"], "--read"),
    ];
    for (args, names) in wrong {
        let line = parsed(args).expect_err("wrong");
        assert!(line.contains(names) && !line.contains('\n'), "{args:?}: {line}");
    }
}

#[test]
fn a_misspelt_flag_or_one_of_another_tool_is_refused_with_the_right_one() {
    for (args, meant) in [
        (&["--client", "10"][..], "did you mean --clients?"),
        (&["-c", "10"], "did you mean --clients?"),
        (&["-clients", "10"], "did you mean --clients?"),
        (&["-clients=10"], "did you mean --clients?"),
        (&["--durration=3s"], "did you mean --duration?"),
        (&["--connections", "10"], "did you mean --clients?"),
        (&["--target", "ws://h"], "did you mean the URL without a flag?"),
        (&["--presence", "dleta"], "did you mean delta?"),
        (&["--persona", "lurkr=1"], "did you mean lurker?"),
        (&["--expect", "delivry.p99<5ms"], "did you mean delivery?"),
        (&["--expect", "in-doubt==0"], "did you mean in_doubt?"),
        (&["fnid", "x"], "did you mean find?"),
        (&["--rate", "1k..2k"], "loadgen find --rate 1k..200k"),
        (&["comapre", "a.json", "b.json"], "did you mean compare?"),
        (&["127.0.0.1", "8080"], "the address is missing: ws://127.0.0.1:8080"),
        (&["--duration", "30"], "such as 30s, 500ms or 1m30s"),
        (&["--heartbeat", "of"], "such as 30s, 500ms or 1m30s, or off"),
        (&["--seed", "x"], "such as 7"),
    ] {
        let line = parsed(args).expect_err("no such flag");
        assert!(line.ends_with(meant) && !line.contains('\n'), "{args:?}: {line}");
    }
    let line = parsed(&["--xyzzy"]).expect_err("no such flag");
    assert!(!line.contains("did you mean"), "{line}");
}

#[test]
fn numbers_of_things_are_understood_as_people_write_them_in_every_flag() {
    assert!(parsed(&["--expect", "sent>=10k"]).is_ok());
    let args = [
        "--clients",
        "1.5k",
        "--rate",
        "10k",
        "--circle",
        "1k",
        "--text-bytes",
        "1k..2k",
        "--slow-bytes",
        "2k",
        "--flood-rate",
        "1k",
        "--persona",
        "chatter=1k",
    ];
    let plan = parsed(&args).expect("valid").plan;
    assert_eq!((plan.timing.clients, plan.timing.rate), (1500, 10_000.0));
    assert_eq!((plan.settings.circle, plan.settings.shares[0].weight), (Some(1000), 1000));
    assert_eq!(plan.settings.sizes.to_string(), "1000..2000");
    assert_eq!((plan.settings.conduct.slow_bytes, plan.settings.conduct.flood_rate), (2000, 1000));
    let stages = parsed(&["--stage", "1s:1k:2k"]).expect("valid").plan.timing;
    assert_eq!((stages.clients, stages.rate), (1000, 2000.0));
    for (args, says) in [
        (["--clients", "10kb"], "from 1 to 999999"),
        (["--rate", "fast"], "such as 1000 or 0.5"),
        (["--repeat", "2k"], "from 1 to 1000"),
    ] {
        let line = parsed(&args).expect_err("wrong");
        assert!(line.contains(says), "{args:?}: {line}");
    }
}

#[test]
fn a_secret_in_an_argument_is_neither_in_the_report_nor_in_a_sentence() {
    for args in [
        &["ws://me:hush@127.0.0.1:1"][..],
        &["ws://127.0.0.1:1/ws?token=hush"],
        &["--metrics=http://me:hush@127.0.0.1:1"],
        &["--metrics", "http://127.0.0.1:1/?key=hush"],
    ] {
        let line = parsed(args).expect_err("it is refused");
        assert!(!line.contains("hush") && line.contains("leave out"), "{args:?}: {line}");
    }
    let origin = parsed(&["--clients", "5"]).expect("valid").origin;
    assert_eq!(origin.command, "loadgen --clients 5");
}

#[test]
fn a_plan_is_steady_if_all_come_before_the_first_message_and_stay() {
    let is_steady = |flags: &str| {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        parsed(&flags).expect("valid").plan.is_steady()
    };
    assert!(is_steady("") && is_steady("--stage 1s:9 --stage 9s:9:5"));
    for flags in [
        "--stage 1s:9 --stage 9s:3:5",
        "--stage 1s:9:5 --stage 9s:9:5",
        "--stage 1s:9 --stage 9s:9:5 --stage 9s:9:5",
        "--persona flapper=1,chatter=9",
    ] {
        assert!(!is_steady(flags), "{flags}");
    }
}

#[test]
fn stages_make_a_plan_and_think_time_makes_a_rate() {
    let options = parsed(&["--stage", "10s:50", "--stage", "1m:50:200"]).expect("valid");
    assert_eq!((options.plan.timing.clients, options.plan.timing.rate), (50, 200.0));
    assert_eq!(options.plan.timing.ramp, Duration::from_secs(10));
    assert_eq!(options.plan.timing.duration, Duration::from_secs(60));
    let args = ["--clients", "100", "--persona", "chatter=1,lurker=3", "--think", "5s"];
    assert_eq!(parsed(&args).expect("valid").plan.timing.rate, 5.0);
    assert_eq!(parsed(&["--persona", "lurker=1"]).expect("nobody writes").plan.timing.rate, 0.0);
}

#[test]
fn sessions_have_a_circle_and_manners_and_numbers_have_none() {
    let settings = |args: &[&str]| parsed(args).expect("valid").plan.settings;
    assert_eq!((settings(&[]).circle, settings(&[]).manners), (None, Manners::NONE));
    let args = ["--protocol", "session", "--devices", "3", "--receipts", "off"];
    let sessions = settings(&args);
    assert_eq!((sessions.circle, sessions.manners.devices), (Some(8), 3));
    assert!(!sessions.manners.receipts && sessions.manners.grace == Duration::from_secs(5));
}

#[test]
fn a_message_of_a_user_may_be_delivered_to_every_phone_and_any_other_to_one_person() {
    let receivers = |protocol| {
        parsed(&["--protocol", protocol, "--clients", "20"]).expect("valid").plan.receivers()
    };
    assert_eq!(["sca", "session", "chatterbox", "v1"].map(receivers), [1, 1, 20, 20]);
}

#[test]
fn the_heartbeat_stays_within_the_ping_timeout() {
    let heartbeat = |args: &[&str]| parsed(args).expect("valid").plan.settings.heartbeat;
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(heartbeat(&["--ping-timeout", "60s"]), seconds(24));
    assert_eq!(heartbeat(&["--ping-timeout", "5m"]), seconds(25));
    assert_eq!(heartbeat(&["--ping-timeout", "5s", "--heartbeat", "7s"]), seconds(7));
    assert_eq!(heartbeat(&["--heartbeat", "off"]), None);
}

#[test]
fn a_plan_file_is_overruled_by_the_command_line() {
    let path = std::env::temp_dir().join(format!("loadgen-plan-{}.toml", std::process::id()));
    std::fs::write(&path, "clients = 7\nrate = 3\n[persona]\nchatter = 1\n").expect("written");
    let plan = path.to_str().expect("UTF-8");
    let options = parsed(&["--plan", plan, "--rate", "4"]);
    std::fs::write(&path, "clients = 7\nspeed = 3\n").expect("written");
    let line = parsed(&["--plan", plan]).expect_err("no such flag");
    std::fs::remove_file(&path).expect("it is ours");
    let timing = options.expect("valid").plan.timing;
    assert_eq!((timing.clients, timing.rate), (7, 4.0));
    assert!(line.contains("--speed") && line.contains(plan), "{line}");
}

#[test]
fn servers_of_the_command_line_take_the_place_of_those_in_the_plan_file() {
    let path = std::env::temp_dir().join(format!("loadgen-servers-{}.toml", std::process::id()));
    let file = "url = ['ws://a:1', 'ws://b:2=3']\nmetrics = ['off', 'http://b:4']\n";
    std::fs::write(&path, file).expect("written");
    let plan = path.to_str().expect("UTF-8");
    let servers = |args: &[&str]| {
        let servers = parsed(&[&["--plan", plan], args].concat()).expect("valid").servers;
        let told = servers.iter().map(|server| {
            let metrics = server.metrics.as_ref().map(|metrics| metrics.port);
            (server.target.port, server.weight.get(), metrics)
        });
        told.collect::<Vec<_>>()
    };
    let (of_file, of_line) = (servers(&[]), servers(&["c:5", "--metrics", "c:6"]));
    std::fs::remove_file(&path).expect("it is ours");
    assert_eq!(of_file, [(1, 1, None), (2, 3, Some(4))]);
    assert_eq!(of_line, [(5, 1, Some(6))]);
}

#[test]
fn the_page_of_flags_is_current() {
    let preface = "A flag wins over the plan file (`--plan`), and the plan file over the flag's variable. \
        An empty variable counts as not set,\nand a line on stderr warns of one that begins with `LOADGEN_` and is not on this page. A flag that \
        may be given several\ntimes is a list with commas in a variable, and an array in the file.";
    let again = "cargo test -p loadgen the_page_of_flags";
    super::flags_page::check(&Args::command(), "FLAGS.md", preface, again);
}

#[test]
fn the_short_help_leaves_out_the_variables_and_has_a_heading_for_every_flag() {
    let help = |flag: &str| parsed(&[flag]).expect_err("help is no plan");
    let (short, long) = (help("-h"), help("--help"));
    let flags = Args::command().get_arguments().count();
    assert!(!short.contains("[env:") && long.matches("[env: LOADGEN_").count() == flags);
    assert!(short.lines().count() < 2 * flags, "{short}");
    assert!(Args::command().get_arguments().all(|arg| arg.get_help_heading().is_some()));
}

#[test]
fn everything_has_an_environment_variable() {
    for arg in Args::command().get_arguments() {
        let variable = format!("LOADGEN_{}", arg.get_id().as_str().to_uppercase());
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
    }
}

fn found(args: &str) -> Result<Finding, String> {
    let args = format!("loadgen find {args}");
    match parse(args.split(' ').map(OsString::from), SystemTime::UNIX_EPOCH)? {
        Parsed::Find(finding) => Ok(*finding),
        Parsed::Run(_)
        | Parsed::Compare(..)
        | Parsed::Merge(..)
        | Parsed::Trend(..)
        | Parsed::Print(_) => Err("no search".to_owned()),
    }
}

#[test]
fn in_a_search_one_of_two_flags_has_a_range_and_all_else_is_as_in_a_run() {
    let expect = "--expect delivery.p99<50ms";
    let finding = found(&format!("--rate 1k..200k --clients=30 {expect}")).expect("valid");
    assert_eq!((finding.axis, finding.low, finding.high), (Axis::Rate, 1e3, 200e3));
    assert_eq!(finding.times, 3);
    let options = options_at(&finding, 1234.5).expect("valid");
    assert_eq!((options.plan.timing.rate, options.plan.timing.clients), (1234.5, 30));
    let told = "loadgen find --rate 1k..200k --clients=30 --expect 'delivery.p99<50ms'";
    assert_eq!(options.origin.command, told);
    let finding = found(&format!("ws://h:1 --clients=10..2k --repeat 5 {expect}"));
    let finding = finding.expect("valid");
    assert_eq!((finding.axis, finding.times), (Axis::Clients, 5));
    assert!(options_at(&finding, 20.0).expect("valid").servers.len() == 1);
}

#[test]
fn a_search_that_can_find_nothing_is_one_clear_line() {
    for (args, says) in [
        ("--expect lost==0", "needs one range"),
        ("--rate 10 --expect lost==0", "needs one range"),
        ("--rate 1..2 --clients 1..2 --expect lost==0", "needs one range"),
        ("--rate 2..1 --expect lost==0", "--rate 2..1: the range is the wrong way round"),
        ("--clients=30..3 --expect lost==0", "round: --clients 3..30"),
        ("--rate 1k..1000 --expect lost==0", "one load is no range: --rate 1k --repeat 3"),
        ("--rate 0..1 --expect lost==0", "begins above 0"),
        ("--rate 1..x --expect lost==0", "a range is two numbers"),
        ("--rate 1..2..3 --expect lost==0", "a range is two numbers"),
        ("--rate .. --expect lost==0", "a range is two numbers"),
        ("--rate 1..2 --expect lost==0 --start-at 1796000000", "not go with --start-at"),
        (
            "ws://h:1 --rate 1..2 --expect lost==0 --start-at 1796000000 --seed 1 --shard 1/2",
            "--shard",
        ),
        ("--rate 1..2 --expect lost==0 --closed", "does not go with --closed"),
        ("--rate 1..2 --expect lost==0 --stage 9s:9:5", "does not go with --stage"),
        ("--clients 1..9 --expect lost==0", "nobody to write to"),
        ("--rate 1..2M --expect lost==0", "one thread"),
        ("--rate 1..2", "--expect"),
        ("--rate 1..2 --expect lost==0 --csv a", "--csv"),
        ("--rate 1..2 --expect lots==0", "lost"),
    ] {
        let line = found(args).expect_err(args);
        assert!(line.contains(says) && !line.contains('\n'), "{args}: {line}");
    }
}

#[test]
fn pages_of_the_app_are_shared_out_by_flags_and_what_does_not_fit_is_one_line() {
    let mychat = |more: &[&str]| parsed(&[&["--protocol", "mychat"], more].concat());
    let what = mychat(&[]).expect("valid").plan.settings.postings;
    assert_eq!((what.private, what.room_share), (1.0, 0.0));
    assert_eq!((what.notices, what.status), (0.5, 0.1));
    let what = mychat(&["--rooms", "9", "--notices", "0"]).expect("valid").plan.settings.postings;
    assert_eq!((what.private, what.room_share, what.rooms, what.notices), (0.5, 0.5, 9, 0.0));
    // Half of the 1,000 phones have one of 40 rooms open, and fewer messages make as many deliveries.
    let rate = |more: &[&str]| mychat(more).expect("valid").plan.timing.rate;
    assert_eq!(rate(&[]), 1000.0);
    assert!(rate(&["--rooms", "1"]) < 50.0 && rate(&["--rooms", "40"]) > rate(&["--rooms", "1"]));
    // Those on the start page do not write.
    let of_40 = ["--clients", "40", "--think", "1s", "--status"];
    for (share, writers) in [("0", 30.0), ("0.1", 27.0)] {
        assert_eq!(rate(&[&of_40[..], &[share]].concat()), writers);
    }
    for (more, says) in [
        (&["--clients", "7"][..], "--clients must be even"),
        (&["--notices", "2"], "--notices"),
        (&["--rooms", "201"], "--rooms"),
        (&["--room-share", "0.5"], "--room-share needs --rooms"),
        (&["--private", "0.5"], "--private means something only with --protocol websocket-chat"),
        (&["--marks", "0.5"], "--marks means something only with --protocol v1"),
    ] {
        let line = mychat(more).expect_err(says);
        assert!(line.contains(says) && !line.contains('\n'), "{more:?}: {line}");
    }
    let line = parsed(&["--protocol", "v1", "--notices", "0.5"]).expect_err("no pages");
    assert!(line.contains("--notices means something only with --protocol mychat"), "{line}");
}
