//! What the arguments and an environment come to. No variable of this process counts.

use super::*;
use crate::config::effective::{AT_RUN_TIME, GUARDS};
use crate::net::Settings;

/// Variables and their values.
type Names<'n> = [(&'n str, &'n str)];

/// Parses these arguments in an environment with these variables alone. There is no file.
fn parsed(args: &[&str], variables: &Names<'_>) -> Result<Parsed, Vec<String>> {
    parsed_with(args, variables, &|_| Err("no such file".to_owned()))
}

/// The same, with this text in the settings file `a.conf`.
fn parsed_with(
    args: &[&str],
    variables: &Names<'_>,
    read_file: &ReadFile,
) -> Result<Parsed, Vec<String>> {
    let args: Vec<OsString> = ["switchboard"].iter().chain(args).map(OsString::from).collect();
    let variables: Vec<_> = variables.iter().map(|(n, v)| (n.into(), v.into())).collect();
    parse_with(&args, &variables, read_file)
}

fn settings_of(args: &[&str], variables: &Names<'_>) -> Settings {
    match parsed(args, variables) {
        Ok(Parsed::Run(settings)) => *settings,
        other => panic!("{args:?} {variables:?}: {other:?}"),
    }
}

/// The mistakes that a check finds.
fn mistakes_in(args: &[&str], variables: &Names<'_>) -> Vec<String> {
    match parsed(&[&["--check-config"], args].concat(), variables) {
        Ok(Parsed::Check(_, lines)) | Err(lines) => lines,
        other => panic!("{args:?} {variables:?}: {other:?}"),
    }
}

#[test]
fn a_flag_wins_over_its_variable_that_over_port_and_port_over_the_default() {
    let listen =
        |args: &[&str], variables: &Names<'_>| settings_of(args, variables).listen.to_string();
    let port = ("PORT", "9000");
    let variable = ("SWITCHBOARD_LISTEN", "127.0.0.1:1");
    assert_eq!(listen(&[], &[]), "127.0.0.1:8080");
    assert_eq!(listen(&[], &[port]), "0.0.0.0:9000");
    assert_eq!(listen(&[], &[port, variable]), "127.0.0.1:1");
    assert_eq!(listen(&["--listen", "[::1]:7000"], &[port, variable]), "[::1]:7000");
    assert_eq!(listen(&["--listen=[::1]:7000"], &[variable]), "[::1]:7000");
}

#[test]
fn an_empty_variable_is_not_set_whatever_its_flag() {
    let names: Vec<String> = Args::command()
        .get_arguments()
        .filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()))
        .chain(["PORT", "JOURNAL_STREAM", "SWITCHBOARD_MESAGE_RATE"].map(str::to_owned))
        .collect();
    assert!(names.len() > 30, "{names:?}");
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let (with, without) = (settings_of(&[], &empty), settings_of(&[], &[]));
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
    assert!(mistakes_in(&[], &empty).is_empty());
}

#[test]
fn a_variable_is_read_as_its_flag_is() {
    let variables = [
        ("SWITCHBOARD_ALLOW_ORIGIN", "https://a.example:443,https://b.example"),
        ("SWITCHBOARD_ECHO", "yes"),
        ("SWITCHBOARD_REQUIRE_INVITATION", "off"),
    ];
    let settings = settings_of(&["--admin-token-file", "x"], &variables);
    let session = &settings.limits.session;
    assert_eq!(session.allowed_origins, ["https://a.example", "https://b.example"]);
    assert!(session.echo && !settings.limits.chat.messenger.require_invitation);
    assert_eq!(settings.admin_token_file.as_deref(), Some("x".as_ref()));
    let one = settings_of(&["--allow-origin", "https://c.example"], &variables);
    assert_eq!(one.limits.session.allowed_origins, ["https://c.example"]);
}

#[test]
fn a_wrong_value_is_one_clear_line() {
    let wrong: [(&[&str], &Names<'_>, &str); 13] = [
        (&["--http-head", "1023"], &[], "--http-head"),
        (&["--http-head", "65KiB"], &[], "--http-head"),
        (&["--ping-timeout", "60"], &[], "--ping-timeout"),
        (&["--max-connections", "0"], &[], "--max-connections"),
        (&["--log", "loud"], &[], "--log"),
        (&["--message-rate", "fast"], &[], "--message-rate"),
        (&["--byte-rate", "64KiB:60KiB"], &[], "--byte-rate"),
        (&["--frobnicate"], &[], "--frobnicate"),
        (&["--lisen", "127.0.0.1:1"], &[], "'--listen'"),
        (&["--listen"], &[], "--listen"),
        (&["--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2"], &[], "--listen"),
        (&[], &[("PORT", "http")], "PORT"),
        (&[], &[("SWITCHBOARD_ECHO", "maybe")], "SWITCHBOARD_ECHO: "),
    ];
    for (args, variables, names) in wrong {
        let lines = parsed(args, variables).expect_err("wrong");
        assert!(lines.len() == 1 && lines[0].contains(names), "{lines:?}");
        assert!(!lines[0].contains('\n'), "{lines:?}");
        assert_eq!(mistakes_in(args, variables), lines);
    }
}

#[test]
fn every_mistake_is_found_at_once_and_a_variable_is_named() {
    let lines = mistakes_in(
        &["--ping-timeout=soon", "--frobnicate", "7", "--allow-origin", "https://a.example"],
        &[
            ("SWITCHBOARD_LISTEN", "nowhere"),
            ("SWITCHBOARD_TRUSTED_PROXY", "10.0.0.0/8,nginx,0.0.0.0"),
            ("SWITCHBOARD_MESAGE_RATE", "10"),
            ("SWITCHBOARD_OUTBOX_BYTES", "512MiB"),
            ("PORT", "http"),
        ],
    );
    let beginnings = [
        "unexpected argument '--frobnicate' found",
        "invalid value 'soon' for '--ping-timeout <TIME>'",
        "SWITCHBOARD_LISTEN: invalid value 'nowhere'",
        "SWITCHBOARD_TRUSTED_PROXY: invalid value 'nginx'",
        "SWITCHBOARD_TRUSTED_PROXY: invalid value '0.0.0.0'",
        "--outbox-total-bytes and --outbox-bytes: ",
        "there is no variable SWITCHBOARD_MESAGE_RATE; the nearest is SWITCHBOARD_MESSAGE_RATE",
    ];
    for beginning in beginnings {
        let count = lines.iter().filter(|line| line.starts_with(beginning)).count();
        assert_eq!(count, 1, "{beginning}: {lines:#?}");
    }
    // PORT counts only if no address to listen on is given, right or wrong.
    assert_eq!(lines.len(), beginnings.len(), "{lines:#?}");
}

#[test]
fn what_follows_from_a_mistake_is_no_second_one() {
    let args = ["--byte-rate", "10KiB:20KiB"];
    let lines = mistakes_in(&args, &[]);
    assert!(matches!(&lines[..], [line] if line.contains("--byte-rate and --max")), "{lines:?}");
    let lines = mistakes_in(&args, &[("SWITCHBOARD_MAX_MESSAGE_BYTES", "lots")]);
    assert!(matches!(&lines[..], [line] if line.contains("'lots'")), "{lines:?}");
}

#[test]
fn values_that_cannot_work_together_are_refused() {
    for (args, flags) in [
        (
            &["--listen", "0.0.0.0:80", "--admin-listen", "127.0.0.1:80"][..],
            "--admin-listen and --listen: ",
        ),
        (&["--admin-listen", "127.0.0.1:8080"], "--admin-listen and --listen: "),
        (&["--outbox-total-bytes", "512KiB"], "--outbox-total-bytes and --outbox-bytes: "),
        (
            &["--outbox-total-bytes", "1KiB", "--outbox-bytes", "1KiB"],
            "--outbox-total-bytes and --max-message-bytes: ",
        ),
        (&["--inbox-total-bytes", "1KiB"], "--inbox-total-bytes and --max-message-bytes: "),
        (&["--byte-rate", "10KiB:20KiB"], "--byte-rate and --max-message-bytes: "),
    ] {
        let lines = parsed(args, &[]).expect_err("a contradiction");
        assert!(lines.len() == 1 && lines[0].starts_with(flags), "{lines:?}");
    }
    let settings = settings_of(&["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], &[]);
    assert!(settings.admin_listen.is_some());
}

#[test]
fn an_unknown_variable_is_a_warning_at_the_start_and_those_of_kubernetes_are_not() {
    let line =
        "there is no variable SWITCHBOARD_MESAGE_RATE; the nearest is SWITCHBOARD_MESSAGE_RATE";
    let variables = [("SWITCHBOARD_MESAGE_RATE", "10"), ("HOME", "x")];
    assert_eq!(settings_of(&[], &variables).warnings, [line]);
    assert_eq!(mistakes_in(&[], &variables), [line]);
    let of_a_service = [
        ("SWITCHBOARD_PORT", "tcp://10.0.0.1:8080"),
        ("SWITCHBOARD_SERVICE_HOST", "10.0.0.1"),
        ("SWITCHBOARD_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ];
    let settings = settings_of(&[], &of_a_service);
    assert!(settings.warnings.is_empty() && mistakes_in(&[], &of_a_service).is_empty());
    assert_eq!(settings.listen, settings_of(&[], &[]).listen);
}

#[test]
fn a_trusted_proxy_that_is_everybody_is_a_warning() {
    for (value, network) in
        [("0.0.0.0/0", "0.0.0.0/0"), ("10.0.0.0/8,::/0", "::/0"), ("::ffff:0:0/96", "0.0.0.0/0")]
    {
        let warnings = settings_of(&[], &[("SWITCHBOARD_TRUSTED_PROXY", value)]).warnings;
        let beginning = format!("--trusted-proxy {network}: each client chooses the address");
        assert!(matches!(&warnings[..], [one] if one.starts_with(&beginning)), "{warnings:?}");
    }
    let proxies = settings_of(&["--trusted-proxy", "10.0.0.0/8,fd00::/8"], &[]);
    assert!(proxies.warnings.is_empty());
}

#[test]
fn quotes_that_have_become_part_of_a_value_are_named() {
    for (name, value) in [
        ("SWITCHBOARD_LISTEN", "\"127.0.0.1:8080\""),
        ("SWITCHBOARD_PING_TIMEOUT", "'60s'"),
        ("SWITCHBOARD_ALLOW_ORIGIN", "\"https://a.example\""),
        ("SWITCHBOARD_LOG", "\"info\""),
        ("SWITCHBOARD_STRIKES", "'50'"),
    ] {
        let lines = mistakes_in(&[], &[(name, value)]);
        let says = |line: &str| line.starts_with(name) && line.contains("quotes are part of");
        assert!(matches!(&lines[..], [line] if says(line)), "{lines:?}");
    }
    let lines = mistakes_in(&["--ping-timeout", "\"60"], &[]);
    assert!(matches!(&lines[..], [line] if !line.contains("quotes are part of")), "{lines:?}");
}

#[test]
fn the_case_of_a_choice_does_not_matter() {
    let log = |level: &str, format: &str| {
        settings_of(&[], &[("SWITCHBOARD_LOG", level), ("SWITCHBOARD_LOG_FORMAT", format)]).log
    };
    assert_eq!(format!("{:?}", log("WARN", "JSON")), format!("{:?}", log("warn", "json")));
}

#[test]
fn every_flag_has_an_environment_variable_but_those_that_end_the_program() {
    for arg in Args::command().get_arguments() {
        let long = arg.get_long().expect("every flag is long").to_uppercase();
        let variable = format!("SWITCHBOARD_{}", long.replace('-', "_"));
        let expected = (!long.ends_with("-CONFIG")).then_some(variable);
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), expected.as_deref());
    }
}

#[test]
fn the_page_of_flags_is_current() {
    // The page is that of the whole server.
    if Args::command().get_arguments().all(|argument| argument.get_id() != "data") {
        return;
    }
    let shown = |flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|flag| format!("`--{flag}`")).collect();
        flags.join(", ")
    };
    let preface = format!(
        "A flag wins over its variable, and the environment over the file that `--config` names. An empty variable counts \
        as not\nset. The log warns of a variable that begins with `SWITCHBOARD_` and is not on this page, and of one like\n\
        `SWICHBOARD_LISTEN`; in the file both are mistakes. Each wrong value is one line on stderr, and exit code 2. All of \
        this is\nfound without a start by `switchboard --check-config`; `switchboard --print-config` shows each value and \
        where it comes from.\n[LIMITS.md](../limiter/LIMITS.md) says what a client sees that reaches a limit.\n\n\
        SIGHUP reads the file and these values again: {}. All other flags need a restart.\n\n\
        These keep people out: {}. A reload in which one of them is no longer given is refused; only a restart takes it away.",
        shown(&AT_RUN_TIME),
        shown(&GUARDS)
    );
    let again = "cargo test --lib the_page_of_flags";
    super::flags_page::check(&Args::command(), "src/config/FLAGS.md", &preface, again);
}

#[test]
fn the_short_help_has_one_line_for_each_flag_and_the_long_one_its_variable() {
    let help = |flag: &str| match parse(["switchboard", flag].map(OsString::from)) {
        Ok(Parsed::Print(text)) => text,
        other => panic!("{flag} is help: {other:?}"),
    };
    let (short, long) = (help("-h"), help("--help"));
    let flags = Args::command().get_arguments().count();
    let variables = Args::command().get_arguments().filter(|arg| arg.get_env().is_some()).count();
    assert!(!short.contains("[env:") && long.matches("[env: SWITCHBOARD_").count() == variables);
    let lines = short.lines().filter(|line| line.trim_start().starts_with("--")).count();
    assert_eq!(lines, flags, "{short}");
}

/// Parses with the settings file `a.conf`, which has this text.
fn with_file(
    args: &[&str],
    variables: &Names<'_>,
    text: &'static str,
) -> Result<Parsed, Vec<String>> {
    let args = [&["--config", "a.conf"], args].concat();
    parsed_with(&args, variables, &move |path| {
        assert_eq!(path, Path::new("a.conf"));
        Ok(text.to_owned())
    })
}

#[test]
fn a_flag_wins_over_the_environment_that_over_the_file_and_the_file_over_the_default() {
    let strikes = |args: &[&str], variables: &Names<'_>| match with_file(
        args,
        variables,
        "SWITCHBOARD_STRIKES=1\nSWITCHBOARD_ECHO=yes\n",
    ) {
        Ok(Parsed::Run(settings)) => {
            assert!(settings.limits.session.echo);
            (settings.limits.session.strikes, settings.warnings)
        }
        other => panic!("{other:?}"),
    };
    let variable = ("SWITCHBOARD_STRIKES", "2");
    let why = "a.conf, line 1: SWITCHBOARD_STRIKES has no effect, because";
    assert_eq!(strikes(&[], &[]), (1, vec![]));
    assert_eq!(
        strikes(&[], &[variable]),
        (2, vec![format!("{why} the environment sets another value")])
    );
    assert_eq!(
        strikes(&["--strikes=3"], &[variable]),
        (3, vec![format!("{why} --strikes sets another value")])
    );
    // The same value twice confuses nobody, and an empty variable is not set.
    assert_eq!(strikes(&[], &[("SWITCHBOARD_STRIKES", "1")]), (1, vec![]));
    assert_eq!(strikes(&[], &[("SWITCHBOARD_STRIKES", "")]), (1, vec![]));
    let named = parsed_with(&[], &[("SWITCHBOARD_CONFIG", "b.conf")], &|path| {
        Err(format!("{} is gone", path.display()))
    });
    assert_eq!(named.expect_err("it is gone"), ["--config b.conf: b.conf is gone"]);
}

#[test]
fn every_mistake_in_the_file_is_found_at_once_with_its_line() {
    let text = "SWITCHBOARD_STRIKES=lots\nSWITCHBOARD_MESAGE_RATE=1\n\nSWITCHBOARD_ECHO=maybe\n\
        SWITCHBOARD_OUTBOX_BYTES=512MiB\nSWITCHBOARD_PING_TIMEOUT=90s\n";
    let lines = with_file(&["--sweep-interval=0s"], &[], text).expect_err("wrong");
    for beginning in [
        "a.conf, line 1: SWITCHBOARD_STRIKES: invalid value 'lots'",
        "a.conf, line 2: there is no variable SWITCHBOARD_MESAGE_RATE; the nearest is",
        "a.conf, line 4: SWITCHBOARD_ECHO: it is neither",
        "invalid value '0s' for '--sweep-interval",
        "--outbox-total-bytes and --outbox-bytes: ",
    ] {
        let count = lines.iter().filter(|line| line.starts_with(beginning)).count();
        assert_eq!(count, 1, "{beginning}: {lines:#?}");
    }
    assert_eq!(lines.len(), 5, "{lines:#?}");
}

/// The lines of `--print-config`.
fn printed(args: &[&str], variables: &Names<'_>, text: &'static str) -> Vec<String> {
    let args = [args, &["--print-config"]].concat();
    match with_file(&args, variables, text) {
        Ok(Parsed::Print(text)) => text.lines().map(str::to_owned).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_settings_in_effect_are_shown_with_their_origins() {
    let args = ["--strikes", "7", "--trusted-proxy=10.0.0.0/8", "--trusted-proxy", "::1"];
    let variables = [("SWITCHBOARD_ECHO", "off"), ("PORT", "9000"), ("SWITCHBOARD_LOG", "")];
    let text = "# why\nSWITCHBOARD_PAGES='/srv/my pages'\n";
    let lines = printed(&args, &variables, text);
    for (assignment, origin) in [
        ("SWITCHBOARD_LISTEN=0.0.0.0:9000", "PORT"),
        ("SWITCHBOARD_STRIKES=7", "flag"),
        ("SWITCHBOARD_TRUSTED_PROXY=10.0.0.0/8,::1", "flag"),
        ("SWITCHBOARD_ECHO=false", "variable"),
        ("SWITCHBOARD_NO_WEB=false", "default"),
        ("SWITCHBOARD_PAGES=\"/srv/my pages\"", "a.conf, line 2"),
        ("SWITCHBOARD_LOG=info", "default"),
        ("SWITCHBOARD_BYTE_RATE=1048576/1s:4194304", "default"),
        ("SWITCHBOARD_TRACE_FILE=", "default: none"),
        ("SWITCHBOARD_REALMS=", "default: all that there are"),
        #[cfg(feature = "accounts")]
        ("SWITCHBOARD_RETENTION=", "default: for ever"),
    ] {
        let is_it = |line: &&String| {
            line.split_once(" # ").is_some_and(|(a, o)| a.trim() == assignment && o == origin)
        };
        assert_eq!(lines.iter().filter(is_it).count(), 1, "{assignment}: {lines:#?}");
    }
    assert_eq!(lines[0], "# The settings file is a.conf");
    let variables = Args::command().get_arguments().filter(|arg| arg.get_env().is_some()).count();
    assert_eq!(lines.len(), variables, "one for each, and none for the file itself");
}

#[test]
fn what_print_config_prints_can_be_read_again() {
    let lines = printed(&["--strikes", "7", "--byte-rate", "off"], &[], "");
    let text: &'static str = (lines.join("\n") + "\n").leak();
    let again = printed(&[], &[], text);
    let values = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .skip(1)
            .map(|line| line.split(" # ").next().unwrap_or_default().into())
            .collect()
    };
    assert_eq!(values(&lines), values(&again));
    assert!(again.iter().any(|line| line.contains("STRIKES=7") && line.contains("a.conf, line ")));
}

#[test]
fn print_config_refuses_what_a_start_refuses() {
    let lines = with_file(&["--print-config", "--strikes", "x"], &[], "").expect_err("wrong");
    assert!(matches!(&lines[..], [line] if line.contains("--strikes")), "{lines:?}");
}

#[test]
fn a_flag_that_is_read_again_exists() {
    for flag in AT_RUN_TIME {
        let exists = Args::command().get_arguments().any(|arg| arg.get_long() == Some(flag));
        let is_of_accounts = ["registration", "login-ttl", "max-users"].contains(&flag);
        assert!(exists || is_of_accounts && !cfg!(feature = "accounts"), "{flag}");
    }
    assert!(GUARDS.iter().all(|flag| AT_RUN_TIME.contains(flag)));
}
