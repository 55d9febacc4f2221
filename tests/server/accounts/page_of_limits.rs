//! The page of limits against the code: each limit of the account realm has a row with its name and its default.
//!
//! A new limit, or another default, fails here until the page says so. What a limit does is tested elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use switchboard::chat::account::{Limits, Registration, Secret, UserName};
use switchboard::http::{COOKIES, FORM_FIELDS};
use switchboard::limiter::Rate;
use switchboard::store::Settings;
use switchboard::turn::Budgets;

use super::client::Data;

const PAGE: &str = include_str!("../../../src/limiter/LIMITS.md");

/// The rows of a section whose limits have names: each name, and the cell with the default.
fn rows(section: &str, column: usize) -> BTreeMap<String, String> {
    let (_, after) = PAGE.split_once(&format!("\n## {section}\n")).expect("a section of the page");
    let table = after.lines().take_while(|line| !line.starts_with("## "));
    let named = table.filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    named
        .map(|(name, rest)| {
            let cell = rest.split('|').nth(column).expect("a default").trim().trim_matches('`');
            (name.to_owned(), cell.to_owned())
        })
        .collect()
}

/// A number as the page writes it, with a comma between thousands.
fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn kibibytes(bytes: usize) -> String {
    assert!(bytes.is_multiple_of(1 << 10), "{bytes}");
    format!("{} KiB", bytes >> 10)
}

fn mebibytes(bytes: usize) -> String {
    assert!(bytes.is_multiple_of(1 << 20), "{bytes}");
    format!("{} MiB", bytes >> 20)
}

fn days(time: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    assert!(time.subsec_nanos() == 0 && time.as_secs().is_multiple_of(DAY), "{time:?}");
    format!("{} days", time.as_secs() / DAY)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// A rate as the page writes it: `5 at once, then one in 10 s`, `… then 1 a minute`, `… then 50/s`.
fn rate(shown: &str) -> Rate {
    let (burst, then) = shown.split_once(" at once, then ").expect(shown);
    let whole = |text: &str| text.parse().expect(shown);
    let (amount, seconds) = match (then.strip_prefix("one in "), then.split_once(' ')) {
        (Some(time), _) => (1, whole(time.strip_suffix(" s").expect(shown))),
        (None, Some((amount, "a minute"))) => (whole(amount), 60),
        (None, _) => (whole(then.strip_suffix("/s").expect(shown)), 1),
    };
    Rate::new(amount, Duration::from_secs(seconds), whole(burst))
}

/// The value of a private constant, as the file that has it writes it.
fn constant(file: &str, name: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(path).expect("a file of the server");
    let begin = format!("\nconst {name}: ");
    let (_, after) = text.split_once(&begin).expect("the constant is there");
    let value = after.split([';', '=']).nth(1).expect("a value").trim();
    let whole = |text: &str| text.replace('_', "").parse().expect("a number");
    match value.split_once(" << ") {
        Some((number, shift)) => whole(number) << whole(shift),
        None => whole(value),
    }
}

#[test]
fn each_limit_of_the_realm_has_a_row() {
    let page = rows("Users", 2);
    let all = format!("{:#?}", Limits::default());
    // The fields of the struct itself stand behind four spaces.
    let fields = all.lines().filter_map(|line| line.strip_prefix("    "));
    let fields = fields.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    let names: Vec<&str> = fields.filter_map(|line| line.split(':').next()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(page.contains_key(name), "{name} is not in LIMITS.md");
    }
}

#[test]
fn each_row_for_users_has_the_default_of_the_code() {
    let (limits, store) = (Limits::default(), Settings::default());
    assert_eq!(limits.registration, Registration::Open);
    assert_eq!((limits.retention, store.retention), (None, None));
    let mut page = rows("Users", 2);
    for (name, expected) in [
        ("registrations", limits.registrations),
        ("logins_per_address", limits.logins_per_address),
        ("logins_per_name", limits.logins_per_name),
        ("calls_per_login", limits.calls_per_login),
    ] {
        let shown = page.remove(name).expect("a row");
        assert_eq!(rate(&shown), expected, "{name}: {shown}");
    }
    let names = (UserName::MIN_CHARS, UserName::MAX_CHARS);
    let expected = [
        ("registration", "open".to_owned()),
        ("users", number(limits.users)),
        ("room_retry", seconds(limits.room_retry)),
        ("remembered_attempts", number(limits.remembered_attempts)),
        ("hashes_waiting", number(limits.hashes_waiting)),
        ("hashes_per_address", number(limits.hashes_per_address)),
        ("regular_for", days(limits.regular_for)),
        ("regulars", number(limits.regulars)),
        ("calls_under_way", number(limits.calls_under_way)),
        ("login_ttl", days(limits.login_ttl)),
        ("logins_per_user", number(store.logins_per_user as usize)),
        ("tokens_cached", number(limits.tokens_cached)),
        ("seats_per_user", number(limits.seats_per_user)),
        ("text_chars", number(limits.text_chars)),
        ("reply_text_chars", number(limits.reply_text_chars)),
        ("reply_name_chars", number(limits.reply_name_chars)),
        ("history", number(limits.history.into())),
        ("rooms", number(limits.rooms)),
        ("rooms_per_creator", number(limits.rooms_per_creator)),
        ("rooms_per_user", number(limits.rooms_per_user)),
        ("members_per_room", number(limits.members_per_room)),
        ("room_name_chars", number(limits.room_name_chars)),
        ("room_description_chars", number(limits.room_description_chars)),
        ("notices_ping", seconds(limits.notices_ping)),
        ("retention", "for ever".to_owned()),
        ("recent", number(limits.recent)),
        ("page_messages", number(limits.page_messages.into())),
        ("page_bytes", kibibytes(limits.page_bytes)),
        ("conversations", number(limits.conversations)),
        ("unread", number(limits.unread as usize)),
        ("last_chars", number(limits.last_chars)),
        ("users_page", number(limits.users_page)),
        ("unstored_messages", number(limits.unstored_messages)),
        ("unstored_bytes", mebibytes(limits.unstored_bytes)),
        ("unstored_per_seat", number(limits.unstored_per_seat.into())),
        ("missed_messages", number(limits.missed_messages)),
        ("missed_bytes", mebibytes(limits.missed_bytes)),
        ("username", format!("{} to {}", names.0, names.1)),
        ("password", format!("{}, {}", Secret::MIN_CHARS, number(Secret::MAX_BYTES))),
    ];
    let expected = expected.map(|(name, shown)| (name.to_owned(), shown));
    assert_eq!(page, BTreeMap::from(expected));
}

#[test]
fn what_is_done_at_a_time_and_what_a_request_may_have_stand_there_as_they_are() {
    let Budgets { results, results_in_backlog, copies, .. } = Budgets::default();
    let [passwords, upkeep, thread] =
        ["src/store/passwords.rs", "src/store/upkeep.rs", "src/net/data/store_thread.rs"];
    let at_a_time = [
        ("MEMORY_KIB", number(constant(passwords, "MEMORY_KIB"))),
        ("PASSES", number(constant(passwords, "PASSES"))),
        ("BATCH_JOBS", number(constant(thread, "BATCH_JOBS"))),
        ("BATCH_BYTES", mebibytes(constant(thread, "BATCH_BYTES"))),
        ("results", number(results)),
        ("results_in_backlog", number(results_in_backlog)),
        ("copies", number(copies)),
        ("WAL_PAGES_SOFT", number(constant(upkeep, "WAL_PAGES_SOFT"))),
        ("WAL_PAGES_HARD", number(constant(upkeep, "WAL_PAGES_HARD"))),
        ("CHECKPOINT_RETRY", number(constant(upkeep, "CHECKPOINT_RETRY"))),
    ];
    let files = "src/net/page_files.rs";
    let of_a_request = [
        ("FORM_FIELDS", number(FORM_FIELDS)),
        ("COOKIES", number(COOKIES)),
        ("PAGE_FILES", number(constant(files, "PAGE_FILES"))),
        ("PAGES_BYTES", mebibytes(constant(files, "PAGES_BYTES"))),
    ];
    let named = |(name, shown): (&str, String)| (name.to_owned(), shown);
    assert_eq!(rows("Work at a time", 1), at_a_time.map(named).into());
    assert_eq!(rows("Requests of users, and pages", 1), of_a_request.map(named).into());
}

#[test]
fn one_thread_hashes_passwords() {
    let data = Data::new();
    let server = data.start();
    server.join("ada");
    let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("it runs");
    let names = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("comm")));
    assert_eq!(names.flatten().filter(|name| name == "hash\n").count(), 1);
}
