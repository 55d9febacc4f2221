//! Does each persona do on the wire what its name says? A tap in front of a server sees it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use crate::fake_server::{FakeServer, Fault};
use crate::tap::{End, Line, Tap};
use crate::{Played, play, play_at, until_valid};

/// What two phones of this kind send in a run of a second; and the report.
fn watch(persona: &str, plan: &str) -> (Vec<Line>, Value) {
    let plan = format!(
        "--clients 2 --ramp 50ms --duration 900ms --settle 2s --seed 1 --quiet --persona {persona}=1 {plan}"
    );
    let (Played { code, report, stderr, .. }, lines) = until_valid(|| {
        // A new tap each time: it must not record two runs.
        let tap = Tap::start(FakeServer::start(Fault::None).address);
        (play_at(Some(tap.address), &plan), tap.lines())
    });
    assert_eq!(code, 0, "{report}\n{stderr}");
    (lines, report)
}

fn kinds(line: &Line) -> BTreeSet<String> {
    let kind = |(_, text): (Duration, String)| {
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        value["type"].as_str().unwrap_or("nothing").to_owned()
    };
    line.texts().into_iter().map(kind).collect()
}

#[test]
fn a_lurker_pings_and_says_nothing_else() {
    let (lines, _) = watch("lurker", "--heartbeat 200ms");
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!(kinds(&line), BTreeSet::from(["ping".to_owned()]));
        assert!((3..=6).contains(&line.texts().len()), "{:?}", line.texts());
    }
}

#[test]
fn a_chatter_writes_and_a_refresher_asks_again_and_again() {
    let (lines, _) = watch("chatter", "--rate 100 --ramp 500ms");
    assert!(lines.iter().all(|line| kinds(line).contains("message")));
    let (lines, _) = watch("refresher", "--refresh 200ms");
    for line in lines {
        assert_eq!(kinds(&line), BTreeSet::from(["get_online_users".to_owned()]));
        assert!((4..=7).contains(&line.texts().len()), "{:?}", line.texts());
    }
}

#[test]
fn a_flapper_leaves_without_a_word_with_a_fin_or_a_reset_and_comes_back() {
    let (lines, report) = watch("flapper", "--flap-up 100ms --flap-down 50ms");
    let ends: Vec<_> = lines.iter().filter_map(|line| line.end.map(|(_, end)| end)).collect();
    assert!(ends.contains(&End::Fin) && ends.contains(&End::Reset), "{ends:?}");
    assert!(lines.len() > 4, "{} connections", lines.len());
    let is_goodbye = |line: &&Line| line.bytes().len() > 250;
    assert!(lines.iter().filter(is_goodbye).count() == 0, "no close frames but the last");
    let number = |line: &Line| String::from_utf8_lossy(&line.bytes()[..25]).into_owned();
    assert_eq!(lines.iter().map(number).collect::<BTreeSet<_>>().len(), 2, "of two phones");
    let ends = &report["personas"]["flapper"]["endings"]["dropped by us, as planned"];
    assert!(ends.as_u64() > Some(2), "{report}");
}

#[test]
fn a_silent_drop_stops_in_the_middle_and_leaves_its_connection_open() {
    let (lines, report) = watch("silent-drop", "--heartbeat 50ms");
    assert_eq!(lines.len(), 2);
    for line in lines {
        let (last, _) = line.chunks.last().expect("it said something");
        let (end, _) = line.end.expect("the run is over");
        // It fell silent in the first half.
        assert!(end - *last > Duration::from_millis(400), "{last:?} to {end:?}");
        assert_eq!(kinds(&line), BTreeSet::from(["ping".to_owned()]), "and no close frame");
    }
    assert_eq!(report["notice"]["unnoticed"], 0, "nobody knows the timeout");
}

#[test]
fn a_server_that_never_notices_a_silent_phone_fails_if_its_timeout_is_known() {
    let plan = "--clients 3 --ramp 50ms --duration 400ms --settle 100ms --persona silent-drop=1 \
                --ping-timeout 100ms --sweep-interval 0s";
    let Played { code, report, .. } = play(Fault::None, plan);
    assert_eq!((code, &report["notice"]["unnoticed"]), (1, &3.into()), "{report}");
    assert!(report["failures"][0].as_str().is_some_and(|line| line.contains("silent")), "{report}");
}

#[test]
fn a_server_that_gives_up_a_silent_phone_before_its_timeout_fails() {
    let plan = "--clients 3 --ramp 50ms --duration 400ms --settle 100ms --persona silent-drop=1 \
                --heartbeat 50ms --ping-timeout 10s --sweep-interval 0s";
    let Played { code, report, .. } = play(Fault::Hasty, plan);
    assert_eq!((code, &report["notice"]["too_early"]), (1, &3.into()), "{report}");
    assert_eq!(report["notice"]["unnoticed"], 0);
    let names_it = |line: &Value| line.as_str().is_some_and(|l| l.contains("before the ping"));
    assert!(report["failures"].as_array().is_some_and(|all| all.iter().any(names_it)), "{report}");
}

#[test]
fn a_half_open_phone_sends_half_a_request() {
    let (lines, _) = watch("half-open", "");
    assert_eq!(lines.len(), 2);
    for line in lines {
        let sent = String::from_utf8(line.bytes()).expect("ASCII");
        assert!(sent.starts_with("GET /ws/4") && !sent.contains("\r\n\r\n"), "{sent}");
        let (end, _) = line.end.expect("the run is over");
        // On a busy machine the tap may read its beginning late.
        assert!(end - line.chunks[0].0 > Duration::from_millis(500), "it stays");
    }
}

#[test]
fn a_drip_sends_one_byte_a_second_of_its_request_or_of_a_frame() {
    let (lines, _) = watch("drip", "--duration 2200ms");
    let drops: Vec<Vec<Duration>> = lines
        .iter()
        .map(|line| {
            let drops = line.chunks.iter().filter(|(_, chunk)| chunk.len() == 1);
            drops.map(|(at, _)| *at).collect()
        })
        .collect();
    assert_eq!(drops.len(), 2);
    for drops in drops {
        assert!(drops.len() >= 2, "{drops:?}");
        assert!(
            // On a busy machine the tap may read one of two late.
            drops.windows(2).all(|two| two[1] - two[0] > Duration::from_millis(500)),
            "{drops:?}"
        );
    }
    let mut begun: Vec<_> = lines.iter().map(|line| line.bytes().len() > 100).collect();
    begun.sort_unstable();
    assert_eq!(begun, [false, true], "one drips from the beginning, one after its upgrade");
}

#[test]
fn garbage_is_no_http_no_frames_or_no_sca_in_turn() {
    let (lines, _) = watch("garbage", "--clients 3");
    let is_http = |line: &&Line| line.bytes().starts_with(b"GET /ws/");
    let mut no_http = lines.iter().filter(|line| !is_http(line) && !line.chunks.is_empty());
    assert!(no_http.next().is_some_and(|line| line.bytes().len() >= 100));
    let nonsense = lines.iter().filter(is_http).find(|line| kinds(line).contains("nothing"));
    assert!(nonsense.is_some_and(|line| line.texts().len() >= 3), "good frames with nonsense");
    let raw = |line: &&Line| line.texts().is_empty() && line.bytes().len() > 250;
    assert!(lines.iter().filter(is_http).any(|line| raw(&line)), "no frames at all");
}

#[test]
fn a_flood_sends_thousands_of_pings_a_second() {
    let (lines, _) = watch("flood", "--flood-rate 3000");
    for line in lines {
        assert!(line.texts().len() > 1200, "{}", line.texts().len());
        assert_eq!(kinds(&line), BTreeSet::from(["ping".to_owned()]));
    }
}

#[test]
fn a_slow_reader_is_written_to_and_only_the_books_count_that() {
    let (lines, report) = watch("chatter=1,slow-reader", "--clients 4 --rate 200 --ramp 500ms");
    let number = |line: &Line| String::from_utf8_lossy(&line.bytes()[8..21]).into_owned();
    let (chatters, readers): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| kinds(line).contains("message"));
    let readers: BTreeSet<_> = readers.into_iter().map(number).collect();
    assert_eq!((chatters.len(), readers.len()), (2, 2));
    let to = |(_, text): (Duration, String)| {
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        frame["to"].as_str().unwrap_or_default().to_owned()
    };
    let written_to: BTreeSet<_> = chatters.iter().flat_map(|line| line.texts()).map(to).collect();
    assert!(readers.is_subset(&written_to), "{readers:?} of {written_to:?}");
    let delivered = report["messages"]["delivered"].as_u64().expect("a number");
    let timed = report["delivery"]["corrected_ns"]["count"].as_u64().expect("a number");
    assert!(0 < timed && timed < delivered, "{timed} of {delivered}");
}

#[test]
fn a_slow_reader_takes_as_few_bytes_a_second_as_it_is_told_to() {
    let poured = |bytes: u32| {
        let plan = "--quiet --clients 2 --ramp 10ms --duration 800ms --settle 100ms \
                    --persona slow-reader=1 --slow-bytes";
        let (_, poured) = until_valid(|| {
            let server = FakeServer::start(Fault::Pour);
            let played = play_at(Some(server.address), &format!("{plan} {bytes}"));
            (played, server.poured.load(Ordering::Relaxed))
        });
        poured
    };
    // What the phone reads in a second, and what the kernels keep unread.
    let (slow, faster) = (poured(20_000), poured(200_000));
    assert!((1..80_000).contains(&slow), "{slow}");
    assert!((slow..400_000).contains(&faster), "{faster}");
}
