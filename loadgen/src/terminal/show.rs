//! [`lines`]: what a person is told of a notice, as lines for the screen.
//!
//! Every part that is not ours is made [`Clean`] here, once. The second and later lines of a message are indented
//! behind a bar, so no message can look like two. Knows no terminal.

use std::time::Duration;

use super::screen::{Line, Style};
use crate::chat::{Clean, Entry, Kind, Notice, Room, Summary, commands};

/// The lines for a notice. `clock` shows a time since the Unix epoch, in milliseconds, and `now` is such a time.
pub(super) fn lines(notice: &Notice, now: i64, clock: &impl Fn(i64) -> String) -> Vec<Line> {
    match notice {
        Notice::Connected { online } => {
            let others = online.saturating_sub(1);
            said(Style::Dim, format_args!("connected; {} online", others_in_words(others)))
        }
        Notice::Disconnected { ending, back_in } => {
            let next = match back_in {
                Some(time) => format!("trying again {}; /now tries at once", soon(*time)),
                None => "/now tries again, /quit leaves".to_owned(),
            };
            vec![vec![(Style::Red, ending.sentence())], vec![(Style::Dim, Clean::line(&next))]]
        }
        Notice::Message { entry, id: _ } => message(entry, clock),
        Notice::Said { to, text, id: _ } => {
            let head = Clean::of(format_args!("{} you → {}: ", clock(now), Clean::name(to)));
            with_text((Style::Dim, head), text)
        }
        Notice::Stored { .. } | Notice::Delivered { .. } => vec![],
        Notice::PutOff { to, id: _ } => {
            let to = Clean::name(to);
            said(
                Style::Red,
                format_args!("{to} is offline: your message waits, and is sent when they come"),
            )
        }
        Notice::Read { by, id: _ } => {
            said(Style::Dim, format_args!("{} has read what you wrote", Clean::name(by)))
        }
        Notice::Changed { place, text } => changed(place, text.as_deref()),
        Notice::Refused { to, detail, .. } => {
            let (to, detail) = (Clean::name(to), Clean::line(detail));
            said(Style::Red, format_args!("your message to {to} was refused: {detail}"))
        }
        Notice::Announced(text) => said(
            Style::Bold,
            format_args!("the operator of the server says: {}", Clean::line(text)),
        ),
        Notice::Warned { detail, .. } => {
            said(Style::Red, format_args!("the server says: {}", Clean::line(detail)))
        }
        Notice::Presence { joined, known, .. } => presence(joined, known),
        Notice::To { who, is_online, is_connected, unread, entries } => {
            let state = match (is_connected, is_online) {
                (false, _) => ", once there is a connection",
                (true, Some(false)) => ", who is offline",
                (true, Some(true) | None) => "",
            };
            to(who, state, *unread, entries, clock)
        }
        Notice::History { place, entries } => history(place, entries, clock),
        Notice::Rooms(rooms) => rooms_in_words(rooms),
        Notice::Room { label, event, user } => room(label, event, user),
        Notice::Members { label, members } => {
            let members: Vec<_> =
                members.iter().map(|name| Clean::name(name).to_string()).collect();
            said(Style::Plain, format_args!("{}: {}", Clean::name(label), members.join(", ")))
        }
        Notice::Who { names, found, online } => who(names, *found, *online),
        Notice::Chats(chats) => chats_in_words(chats),
        Notice::Discarded(count) => {
            said(Style::Dim, format_args!("{} thrown away", counted(*count, "message")))
        }
        Notice::Mistake(why) => said(Style::Red, format_args!("{why}")),
        Notice::Help(kind) => help(*kind),
    }
}

/// A number of things.
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn said(style: Style, text: std::fmt::Arguments<'_>) -> Vec<Line> {
    vec![vec![(style, Clean::of(text))]]
}

fn others_in_words(others: usize) -> String {
    match others {
        0 => "nobody else is".to_owned(),
        1 => "1 other person is".to_owned(),
        many => format!("{many} other people are"),
    }
}

fn soon(time: Duration) -> String {
    match time.as_secs_f64().ceil() {
        seconds if seconds <= 1.0 => "within a second".to_owned(),
        seconds => format!("in {seconds} seconds"),
    }
}

fn message(entry: &Entry, clock: &impl Fn(i64) -> String) -> Vec<Line> {
    let head = Clean::of(format_args!("{} ", clock(entry.at)));
    let (from, place) = (Clean::name(&entry.from), Clean::name(&entry.place));
    let name = match (entry.is_ours, entry.place == entry.from) {
        (true, _) => Clean::of(format_args!("you → {place}: ")),
        (false, true) => Clean::of(format_args!("{from}: ")),
        (false, false) => Clean::of(format_args!("{from} → {place}: ")),
    };
    let mut lines = with_text((Style::Bold, name), &entry.text);
    lines[0].insert(0, (Style::Dim, head));
    lines
}

fn changed(place: &str, text: Option<&str>) -> Vec<Line> {
    let place = Clean::name(place);
    match text {
        Some(text) => {
            let head = Clean::of(format_args!("{place}: a message was changed: "));
            with_text((Style::Dim, head), text)
        }
        None => said(Style::Dim, format_args!("{place}: a message was deleted")),
    }
}

fn history(place: &str, entries: &[Entry], clock: &impl Fn(i64) -> String) -> Vec<Line> {
    let place = Clean::name(place);
    if entries.is_empty() {
        return said(Style::Dim, format_args!("── {place}: no messages yet"));
    }
    let mut lines = said(Style::Dim, format_args!("── {place}: the last messages"));
    lines.extend(entries.iter().flat_map(|entry| message(entry, clock)));
    lines.extend(said(Style::Dim, format_args!("──")));
    lines
}

fn presence(joined: &[String], known: &[String]) -> Vec<Line> {
    let state = |who: &String| if joined.contains(who) { "online" } else { "offline" };
    let line =
        |who: &String| said(Style::Dim, format_args!("{} is {}", Clean::name(who), state(who)));
    known.iter().flat_map(line).collect()
}

fn room(label: &str, event: &str, user: &str) -> Vec<Line> {
    let (label, user) = (Clean::name(label), Clean::name(user));
    match event {
        "created" => said(Style::Dim, format_args!("{user} has made {label}")),
        "deleted" => said(Style::Dim, format_args!("{user} has deleted {label}")),
        "added" => said(Style::Dim, format_args!("{user} is in {label} now")),
        "removed" => said(Style::Dim, format_args!("{user} was removed from {label}")),
        _ => said(Style::Dim, format_args!("{user} has left {label}")),
    }
}

fn rooms_in_words(rooms: &[Room]) -> Vec<Line> {
    if rooms.is_empty() {
        return said(Style::Dim, format_args!("you are in no room: /create NAME makes one"));
    }
    let line = |room: &Room| {
        let (name, members) = (Clean::name(&room.name), usize::try_from(room.members));
        let members = counted(members.unwrap_or(usize::MAX), "member");
        let (about, id) = (Clean::line(&room.description), Clean::name(&room.id));
        said(Style::Plain, format_args!("#{name} ({members}, {id}) {about}"))
    };
    rooms.iter().flat_map(line).collect()
}

/// The lines of a text, the first of them behind a head.
fn with_text(head: (Style, Clean), text: &str) -> Vec<Line> {
    let mut head = Some(head);
    let bar = || (Style::Dim, Clean::line("      │ "));
    Clean::lines(text)
        .map(|text| vec![head.take().unwrap_or_else(bar), (Style::Plain, text)])
        .collect()
}

fn to(
    who: &str,
    state: &str,
    unread: usize,
    entries: &[Entry],
    clock: &impl Fn(i64) -> String,
) -> Vec<Line> {
    let who = Clean::name(who);
    let mut lines = said(Style::Dim, format_args!("you write to {who} now{state}"));
    // If the server keeps them, it is asked for them.
    if unread > 0 && !entries.is_empty() {
        let count = counted(unread, "unread message");
        let newest = if unread > entries.len() { ", the newest of them:" } else { ":" };
        lines.extend(said(Style::Dim, format_args!("── {count}{newest}")));
        lines.extend(entries.iter().flat_map(|entry| message(entry, clock)));
        lines.extend(said(Style::Dim, format_args!("──")));
    }
    lines
}

fn who(names: &[String], found: usize, online: usize) -> Vec<Line> {
    let shown: Vec<String> = names.iter().map(|name| Clean::name(name).to_string()).collect();
    let more = match found - names.len() {
        0 => String::new(),
        more => format!(" and {more} more: /who PART shows fewer"),
    };
    let head = if found == online {
        format!("{online} online: ")
    } else {
        format!("{found} of the {online} online: ")
    };
    said(Style::Plain, format_args!("{head}{}{more}", shown.join(", ")))
}

fn chats_in_words(chats: &[Summary]) -> Vec<Line> {
    if chats.is_empty() {
        return said(Style::Dim, format_args!("no chats yet: /to begins one"));
    }
    let line = |chat: &Summary| {
        let state = match chat.is_online {
            Some(true) => "online, ",
            Some(false) => "offline, ",
            None => "",
        };
        let (with, unread) = (Clean::name(&chat.with), chat.unread);
        said(Style::Plain, format_args!("{with} ({state}{unread} unread)"))
    };
    chats.iter().flat_map(line).collect()
}

fn help(kind: Kind) -> Vec<Line> {
    let row = |(word, argument, meaning): (&str, &str, &str)| {
        let command = format!("{word} {argument}");
        vec![(Style::Plain, Clean::of(format_args!("  {command:<18} {meaning}")))]
    };
    let mut lines = said(
        Style::Plain,
        format_args!("What you type goes to the chat before the >. Tab fills in who wrote last."),
    );
    lines.extend(commands(kind).map(row));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lines look like.
    fn shown(notice: &Notice) -> Vec<String> {
        let clock = |at: i64| format!("{:02}:00", at);
        let lines = lines(notice, 14, &clock);
        let text = |line: &Line| line.iter().map(|(_, text)| text.as_str()).collect::<String>();
        lines.iter().map(text).collect()
    }

    fn entry(place: &str, from: &str, text: &str) -> Entry {
        let (place, from, text) = (place.to_owned(), from.to_owned(), text.to_owned());
        Entry { place, from, text, at: 14, is_ours: false, mid: None }
    }

    fn message(from: &str, text: &str) -> Notice {
        Notice::Message { entry: entry(from, from, text), id: None }
    }

    #[test]
    fn a_message_of_two_lines_does_not_look_like_two_messages() {
        let lines = shown(&message("Ann", "one\n14:00 Bob: two\r\nthree"));
        assert_eq!(lines, ["14:00 Ann: one", "      │ 14:00 Bob: two", "      │ three"]);
        let forged = shown(&message("Ann\n14:00 Bob", "one"));
        assert_eq!(forged, ["14:00 Ann⏎14:00 Bob: one"]);
    }

    /// Every notice with text of others, hostile in each place.
    #[test]
    fn no_notice_brings_a_control_character_to_the_screen() {
        let bad = "\x1b]0;x\x07\u{9b}2J\u{202e}\r\x08".to_owned();
        let entry = entry(&format!("#{bad}"), &bad, &bad);
        let room =
            Room { id: bad.clone(), name: bad.clone(), description: bad.clone(), members: 1 };
        let (id, code) = (bad.clone(), bad.clone());
        for notice in [
            message(&bad, &bad),
            Notice::Said { to: bad.clone(), text: bad.clone(), id: id.clone() },
            Notice::PutOff { to: bad.clone(), id: id.clone() },
            Notice::Read { by: bad.clone(), id: Some(id.clone()) },
            Notice::Changed { place: bad.clone(), text: Some(bad.clone()) },
            Notice::Changed { place: bad.clone(), text: None },
            Notice::History { place: bad.clone(), entries: vec![entry.clone()] },
            Notice::Rooms(vec![room]),
            Notice::Room { label: bad.clone(), event: bad.clone(), user: bad.clone() },
            Notice::Members { label: bad.clone(), members: vec![bad.clone()] },
            Notice::Refused {
                to: bad.clone(),
                id: id.clone(),
                detail: bad.clone(),
                code: code.clone(),
            },
            Notice::Announced(bad.clone()),
            Notice::Warned { detail: bad.clone(), code },
            Notice::Presence {
                joined: vec![bad.clone()],
                left: vec![],
                known: vec![bad.clone()],
                online: 1,
            },
            Notice::To {
                who: bad.clone(),
                is_online: None,
                is_connected: true,
                unread: 2,
                entries: vec![entry],
            },
            Notice::Who { names: vec![bad.clone()], found: 7, online: 9 },
            Notice::Chats(vec![Summary { with: bad.clone(), unread: 1, is_online: None }]),
            Notice::Mistake(bad.clone()),
        ] {
            let lines = shown(&notice);
            assert!(!lines.is_empty(), "{notice:?}");
            let is_bad = |c: char| c.is_control() || c == '\u{202e}';
            assert!(lines.iter().all(|line| !line.contains(is_bad)), "{lines:?}");
        }
    }

    #[test]
    fn a_message_names_its_conversation_if_that_is_not_the_one_with_the_sender() {
        let of = |entry: Entry| shown(&Notice::Message { entry, id: None });
        assert_eq!(of(entry("bob", "bob", "hi")), ["14:00 bob: hi"]);
        assert_eq!(of(entry("#ideas", "bob", "hi")), ["14:00 bob → #ideas: hi"]);
        assert_eq!(of(entry("everyone", "bob", "hi")), ["14:00 bob → everyone: hi"]);
        let ours = Entry { is_ours: true, ..entry("bob", "ada", "hi") };
        assert_eq!(of(ours), ["14:00 you → bob: hi"]);
    }

    #[test]
    fn the_help_fits_into_eighty_columns() {
        for kind in [Kind::Numbers, Kind::Names] {
            let lines = shown(&Notice::Help(kind));
            assert_eq!(lines.len(), 1 + commands(kind).count());
            assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        }
    }
}
