//! `--listen`: does loadgen tell those that ask how the run goes, and does it bear those that ask strangely?

mod begun;

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;
use std::{env, fs, process, thread};

use begun::{Begun, loadgen, text};

/// How long an answer may take, also between two runs.
const PATIENCE: Duration = Duration::from_secs(20);
/// More connections than loadgen serves at once.
const MANY: usize = 50;

/// loadgen that plays and listens, and where it listens.
struct Playing {
    loadgen: Begun,
    address: String,
}

fn play(args: &str) -> Playing {
    let mut child: Child =
        loadgen(&format!("{args} --listen 0 --quiet")).spawn().expect("it starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    // Before it there may be a warning of a variable.
    while !said.contains("metrics at http://") {
        assert!(stderr.read_line(&mut said).expect("it says where") > 0, "it ended: {said}");
    }
    let (_, rest) = said.split_once("metrics at http://").expect("it was said");
    let address = rest.trim_end().strip_suffix("/metrics").expect("the path").to_owned();
    assert!(address.starts_with("127.0.0.1:"), "a port alone is on the loopback: {address}");
    thread::spawn(move || io::copy(&mut stderr, &mut io::sink()));
    Playing { loadgen: Begun::of(child), address }
}

/// What it answers to these bytes.
fn ask(address: &str, request: &str) -> String {
    try_to_ask(address, request).expect("it answers")
}

fn try_to_ask(address: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn get(address: &str, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
}

/// All pages until it ends.
fn pages(address: &str) -> Vec<String> {
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut pages = Vec::new();
    while let Ok(page) = try_to_ask(address, &request) {
        if page.is_empty() {
            break;
        }
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        pages.push(page);
        thread::sleep(Duration::from_millis(30));
    }
    pages
}

/// The samples of all counters and histograms: their names with labels, and their values.
fn counts(page: &str) -> Vec<(&str, f64)> {
    let counting = |line: &&str| line.ends_with(" counter") || line.ends_with(" histogram");
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter(counting);
    let families: Vec<&str> = families.filter_map(|line| line.split(' ').next()).collect();
    let samples = page.lines().filter_map(|line| line.rsplit_once(' '));
    let samples = samples.filter(|(name, _)| families.iter().any(|one| name.starts_with(one)));
    samples.map(|(name, value)| (name, value.parse().expect("a number"))).collect()
}

/// The value of a sample, with its labels.
fn value(page: &str, sample: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok())
}

#[test]
fn a_run_tells_how_it_goes_while_it_is_played() {
    let args = "--clients 20 --ramp 300ms --duration 4s --rate 400 --presence none";
    let Playing { mut loadgen, address } = play(args);
    let health = get(&address, "/health");
    assert!(health.starts_with("HTTP/1.1 200 ") && health.contains("ok"), "{health}");
    let page = loop {
        let page = get(&address, "/metrics");
        if value(&page, "loadgen_messages_delivered_total") >= Some(100.0) {
            break page;
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert!(page.contains("text/plain; version=0.0.4"), "{page}");
    for (sample, is) in [
        ("loadgen_planned_clients", 20.0),
        ("loadgen_planned_messages_per_second", 400.0),
        ("loadgen_planned_messages", 1600.0),
        ("loadgen_clients_connected", 20.0),
        ("loadgen_stage_info{stage=\"sending\"}", 1.0),
        ("loadgen_errors_total{kind=\"garbled\"}", 0.0),
        ("loadgen_errors_total{kind=\"disconnects\"}", 0.0),
        ("loadgen_messages_lost_total", 0.0),
    ] {
        assert_eq!(value(&page, sample), Some(is), "{sample}: {page}");
    }
    let of = |sample| value(&page, sample).expect(sample);
    let (sent, delivered) =
        (of("loadgen_messages_sent_total"), of("loadgen_messages_delivered_total"));
    assert_eq!(sent - delivered, of("loadgen_messages_under_way"));
    assert_eq!(of("loadgen_delivery_seconds_count"), delivered);
    assert_eq!(of("loadgen_send_lag_seconds_count"), sent);
    assert_eq!(of("loadgen_connect_seconds_count"), 20.0);
    assert!(of("process_cpu_seconds_total") > 0.0 && of("process_resident_memory_bytes") > 1e6);
    let output = loadgen.ends_within(Duration::from_secs(60));
    let report = text(&output.stdout);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{report}");
}

#[test]
fn in_every_step_of_a_search_it_answers_and_no_counter_goes_back() {
    let plan = "find --rate 20..80 --clients 4 --ramp 500ms --duration 500ms --expect lost==0";
    let Playing { mut loadgen, address } = play(plan);
    let pages = pages(&address);
    let output = loadgen.ends_within(Duration::from_secs(60));
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", text(&output.stdout));
    let mut before: Vec<(&str, f64)> = Vec::new();
    for page in &pages {
        let now = counts(page);
        assert!(now.len() > 60, "counters, and the buckets of three histograms: {page}");
        for ((name, was), (same, is)) in before.iter().zip(&now) {
            assert_eq!(name, same);
            assert!(is >= was, "{name} was {was} and is {is}");
        }
        before = now;
    }
    let has_tried = |rate: f64| {
        let planned = "loadgen_planned_messages_per_second";
        pages.iter().any(|page| value(page, planned) == Some(rate))
    };
    assert!(has_tried(20.0) && has_tried(80.0), "the load that is tried is told");
    // A run of the lowest rate has 10 messages, one of the highest 40, and there were at least three.
    let last = pages.last().expect("it has answered");
    let of = |sample| value(last, sample).expect(sample);
    assert!(
        of("loadgen_messages_sent_total") > 50.0 && of("loadgen_connect_seconds_count") >= 12.0
    );
    let over = counts(last).into_iter().filter(|(name, _)| name.starts_with("loadgen_runs_total"));
    let over: f64 = over.map(|(_, runs)| runs).sum();
    assert!(over >= 2.0, "{over}");
}

#[test]
fn who_is_asking_when_a_run_ends_is_answered_in_the_next() {
    let plan = "--repeat 2 --clients 4 --ramp 500ms --duration 2s --rate 40";
    let Playing { mut loadgen, address } = play(plan);
    let mut slow = TcpStream::connect(&address).expect("it listens");
    slow.set_read_timeout(Some(PATIENCE)).expect("a time");
    slow.write_all(b"GET /metrics HTTP/1.1\r\n").expect("it takes them");
    // A second one is answered: so the first one was accepted before.
    let is_first = |page: &str| {
        let mut over = page.lines().filter(|line| line.starts_with("loadgen_runs_total{"));
        over.all(|line| line.ends_with(" 0"))
    };
    let mut page = get(&address, "/metrics");
    assert!(is_first(&page), "{page}");
    let elapsed = |page: &str| value(page, "loadgen_elapsed_seconds").expect("it is told");
    // The time begins anew with the second run.
    loop {
        let next = get(&address, "/metrics");
        if elapsed(&next) < elapsed(&page) {
            break;
        }
        page = next;
        thread::sleep(Duration::from_millis(20));
    }
    slow.write_all(b"Host: a\r\n\r\n").expect("it is still there");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 ") && !is_first(&answer), "{answer}");
    let output = loadgen.ends_within(Duration::from_secs(60));
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", text(&output.stdout));
}

#[test]
fn those_that_ask_strangely_get_an_error_or_nothing_and_the_run_goes_on() {
    let json = env::temp_dir().join(format!("loadgen-listen-{}.json", process::id()));
    let path = json.to_str().expect("UTF-8");
    let args = "--clients 10 --ramp 500ms --duration 3s --rate 100 --presence none";
    let Playing { mut loadgen, address } = play(&format!("{args} --json {path}"));
    let silent: Vec<TcpStream> =
        (0..MANY).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    let page = get(&address, "/metrics");
    assert!(page.starts_with("HTTP/1.1 200 "), "silent ones make room: {page}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404 "));
    let endless = format!("GET /{}", "a".repeat(4_091));
    assert!(ask(&address, &endless).starts_with("HTTP/1.1 414 "), "a request has a limit");
    assert!(ask(&address, "\u{16}\u{3}\u{1}").starts_with("HTTP/1.1 400 "));
    drop(silent);
    let output = loadgen.ends_within(Duration::from_secs(60));
    let report = text(&output.stdout);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{report}");
    let written = fs::read_to_string(&json).expect("the report is written");
    let _ = fs::remove_file(&json);
    let report: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    // On a busy machine not all are sent.
    let of = |name: &str| report["messages"][name].as_u64().expect("a number");
    assert!(of("sent") + of("skipped") == 300 && of("sent") > 0, "{report}");
    assert_eq!(of("delivered"), of("sent"), "nobody was disturbed");
}

#[test]
fn an_address_that_cannot_be_listened_at_ends_it_before_the_run() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("it has one");
    for (wrong, says) in [
        (address.to_string(), "cannot listen there"),
        ("nowhere".to_owned(), "it must be an address with a port"),
        ("127.0.0.1".to_owned(), "it must be an address with a port"),
    ] {
        let mut command = loadgen(&format!("--clients 2 --duration 100ms --listen {wrong}"));
        let output = command.stdin(Stdio::null()).output().expect("it starts");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--listen") && said.contains(says), "{said}");
    }
}
