//! What the arguments and an environment come to. No variable of this process counts.

use super::*;

/// Variables and their values.
type Names<'n> = [(&'n str, &'n str)];

/// Parses these arguments in an environment with these variables alone.
fn parsed(args: &[&str], variables: &Names<'_>) -> Result<Parsed, Vec<String>> {
    let args: Vec<OsString> = ["switchboard"].iter().chain(args).map(OsString::from).collect();
    let variables: Vec<_> = variables.iter().map(|(n, v)| (n.into(), v.into())).collect();
    parse_with(&args, &variables)
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
fn every_flag_has_an_environment_variable_but_the_one_that_ends_the_program() {
    for arg in Args::command().get_arguments() {
        let long = arg.get_long().expect("every flag is long").to_uppercase();
        let variable = format!("SWITCHBOARD_{}", long.replace('-', "_"));
        let expected = (long != "CHECK-CONFIG").then_some(variable);
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), expected.as_deref());
    }
}

#[test]
fn the_page_of_flags_is_current() {
    // The page is that of the whole server.
    if Args::command().get_arguments().all(|argument| argument.get_id() != "data") {
        return;
    }
    let preface = "A flag wins over its variable. An empty variable counts as not set. The log warns of a variable \
        that begins with\n`SWITCHBOARD_` and is not on this page, and of one like `SWICHBOARD_LISTEN`. Each wrong \
        value is one line on stderr, and\nexit code 2. All of this is found without a start by \
        `switchboard --check-config`. [LIMITS.md](../limiter/LIMITS.md) says\nwhat a client sees that reaches a \
        limit.";
    let again = "cargo test --lib the_page_of_flags";
    super::flags_page::check(&Args::command(), "src/config/FLAGS.md", preface, again);
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
