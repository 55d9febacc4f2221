//! The rules for every single frame. They are checked when the network has taken its last byte.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{Fate, Kind, Oracle};
use crate::device::SESSIONS;
use crate::frames::Heard;
use crate::net::WireId;
use crate::phone::{digits, number};

impl Oracle {
    /// Checks what the server has just sent to the phone at the other end of `wire`.
    pub(super) fn judge(&mut self, wire: WireId, heard: Heard) {
        let now = self.now;
        let line = &mut self.lines[wire];
        assert!(line.close.is_none(), "wire {wire} hears something after its close frame");
        match heard {
            Heard::Response { status, body } => self.judge_response(wire, status, &body),
            Heard::Pong => {
                line.control_pongs += 1;
                assert!(
                    line.control_pongs <= line.control_pings,
                    "wire {wire} hears a pong too many"
                );
            }
            Heard::Ping => {
                line.server_pings += 1;
                line.pinged_at = now;
                assert!(line.is_pinged(), "wire {wire} is pinged, and has not asked for that");
            }
            Heard::Close(code, reason) => self.judge_close(wire, code, &reason),
            Heard::Text(frame) if line.kind == Kind::Device => self.judge_device(wire, &frame),
            Heard::Text(frame) => {
                let kind = text(&frame, "type").to_owned();
                line.is_early |= !line.has_heard && line.wants_list_first && kind != "online_users";
                line.has_heard = true;
                match &*kind {
                    "online_users" => self.judge_list(wire, &frame),
                    "presence" => self.judge_delta(wire, &frame),
                    "message" => self.judge_letter(wire, &frame),
                    "ack" => {
                        let fate = match text(&frame, "status") {
                            "delivered" => Fate::Delivered,
                            "offline" => Fate::Undelivered,
                            status => panic!("an ack with the status {status}"),
                        };
                        self.judge_fate(wire, text(&frame, "id"), fate);
                    }
                    "undelivered" => self.judge_undelivered(wire, &frame),
                    "typing" => self.judge_typing(wire, &frame),
                    "pong" => {
                        line.pongs += 1;
                        assert!(line.pongs <= line.pings, "wire {wire} hears a pong too many");
                    }
                    "error" => {
                        line.errors += 1;
                        assert!(line.errors <= line.nonsense, "wire {wire} made sense: {frame}");
                    }
                    _ => panic!("wire {wire} hears {frame}"),
                }
            }
        }
    }

    fn judge_response(&mut self, wire: WireId, status: u16, body: &[u8]) {
        let line = &mut self.lines[wire];
        line.responses += 1;
        match (line.kind, status) {
            (Kind::Phone | Kind::Device, 101) => line.established = Some(self.tick),
            // The server is full or drains, or the number changes hands too often.
            (Kind::Phone | Kind::Device, 503 | 429) => line.has_left = true,
            // The bytes behind a refused upgrade are no HTTP.
            (Kind::Phone | Kind::Device, 400) => assert!(line.has_left, "wire {wire} speaks HTTP"),
            (Kind::Phone | Kind::Device | Kind::Http, 408) => {
                assert!(line.is_tardy, "wire {wire} was in time");
                line.has_left = true;
            }
            (Kind::Http, 200) => {
                let pages: [&[u8]; 3] =
                    [b"{\"status\":\"ok\"", b"{\"status\":\"Server is running\"", b"# HELP"];
                assert!(pages.iter().any(|page| body.starts_with(page)), "that is no page");
            }
            (Kind::Http, 400) => assert!(line.has_left, "wire {wire} speaks HTTP"),
            (Kind::Http, 503) => {}
            (Kind::Phone, 200) => assert!(line.requests > 0, "wire {wire} asked for no page"),
            _ => panic!("wire {wire} gets a {status}"),
        }
    }

    fn judge_list(&mut self, wire: WireId, frame: &Value) {
        let users: Vec<usize> = numbers(frame, "users");
        let view: BTreeSet<usize> = users.iter().copied().collect();
        assert_eq!(view.len(), users.len(), "a number is online twice: {frame}");
        let line = &mut self.lines[wire];
        assert!(view.contains(&line.number), "wire {wire} gets a list without itself");
        // The original app counts as connected once its first frame arrives.
        assert!(!line.is_early, "the list is not the first that wire {wire} hears");
        line.view = Some(view);
        line.lists += 1;
        line.piled_up += 1;
        line.is_waiting_for_list = false;
        if !line.was_told && line.asked < line.lists {
            panic!("wire {wire} gets a list that it did not ask for");
        }
    }

    fn judge_delta(&mut self, wire: WireId, frame: &Value) {
        let line = &mut self.lines[wire];
        assert!(line.was_delta, "wire {wire} never wanted deltas");
        line.deltas += 1;
        line.piled_up += 1;
        let view = line.view.as_mut().expect("a list comes before the first delta");
        view.extend(numbers(frame, "joined"));
        for left in numbers(frame, "left") {
            assert_ne!(left, line.number, "wire {wire} hears that it is not there");
            view.remove(&left);
        }
        let online = frame["online"].as_u64().expect("a count");
        assert_eq!(view.len() as u64, online, "wire {wire} sees ghosts, or misses somebody");
    }

    fn judge_letter(&mut self, wire: WireId, frame: &Value) {
        let sealed = text(frame, "text");
        let name = sealed.split(':').next().expect("a first part");
        let at: usize = name.parse().expect("a letter's number");
        let letter = &mut self.letters[at];
        let line = &mut self.lines[wire];
        assert_eq!(letter.to, line.number, "letter {at} reaches a stranger");
        assert_eq!(number(text(frame, "from")), letter.from, "letter {at} has a wrong sender");
        assert_eq!(sealed, letter.text, "letter {at} arrives otherwise than it was sent");
        assert_eq!(frame.get("id").is_some(), letter.has_id, "letter {at} has another id");
        assert_eq!(letter.handed, None, "letter {at} arrives twice");
        assert_eq!(letter.told, None, "letter {at} arrives, and its sender was told otherwise");
        assert!(letter.consumed.is_some(), "letter {at} arrives before it was read");
        letter.handed = Some(wire);
        // A letter that a phone sent to itself over an older wire must come before those of this wire.
        line.has_own |= letter.over == wire;
        let is_late = letter.from == line.number && letter.over != wire && line.has_own;
        assert!(!is_late, "letter {at} comes after younger ones of the same sender");
        self.handed += 1;
        // A phone that has closed gets the letter that had begun to be written, and no more.
        line.late_letters += usize::from(line.says_bye);
        assert!(line.late_letters <= 1, "letter {at} goes to a phone that has closed");
        let before = line.last_from.insert(letter.over, at);
        assert!(before < Some(at), "letter {at} comes after letter {before:?}");
    }

    fn judge_fate(&mut self, wire: WireId, id: &str, fate: Fate) {
        let at: usize = id.parse().expect("an id that we gave");
        let letter = &mut self.letters[at];
        assert_eq!(
            letter.from, self.lines[wire].number,
            "an ack of letter {at} reaches a stranger"
        );
        assert!(letter.has_id, "letter {at} wanted no ack");
        assert_eq!(letter.told, None, "the sender of letter {at} is told twice");
        let was_handed = letter.handed.is_some();
        assert_eq!(was_handed, fate == Fate::Delivered, "letter {at} is not {fate:?}");
        letter.told = Some(fate);
    }

    fn judge_undelivered(&mut self, wire: WireId, frame: &Value) {
        let reason = text(frame, "reason");
        assert!(matches!(reason, "offline" | "slow"), "{reason}");
        if let Some(id) = frame.get("id") {
            assert_eq!(reason, "slow", "an id that finds nobody gets an ack");
            return self.judge_fate(wire, id.as_str().expect("an id"), Fate::Undelivered);
        }
        let pair = (self.lines[wire].number, number(text(frame, "to")));
        let returned = self.returned.entry(pair).or_default();
        *returned += 1;
        let missing = self.letters.iter().filter(|letter| {
            (letter.from, letter.to) == pair && letter.consumed.is_some() && letter.handed.is_none()
        });
        let missing = missing.filter(|letter| !letter.has_id).count();
        assert!(*returned <= missing, "of letters from and to {pair:?} too many come back");
    }

    fn judge_typing(&mut self, wire: WireId, frame: &Value) {
        let pair = (number(text(frame, "from")), self.lines[wire].number);
        let left = self.typing.get_mut(&pair).filter(|left| **left > 0);
        *left.unwrap_or_else(|| panic!("nobody typed: {frame}")) -= 1;
    }

    fn judge_close(&mut self, wire: WireId, code: Option<u16>, reason: &str) {
        let now = self.now;
        let line = &mut self.lines[wire];
        line.close = Some(code);
        line.closed = self.tick;
        let silence = now.saturating_sub(line.arrived);
        let number = line.number;
        let is_just = match (code, reason) {
            (Some(1001), "nothing was heard for too long") => {
                self.removed_as_silent += u64::from(line.arrived >= self.beating_since);
                silence >= self.ping_timeout
            }
            (Some(1001), reason) if reason.starts_with("the server is shutting down") => {
                self.is_draining && self.is_asked_back(reason)
            }
            (Some(1008), "a frame took too long to arrive") => line.is_tardy,
            (Some(4001), "say who you are first, with auth") => {
                line.kind == Kind::Device && (line.has_left || line.is_tardy)
            }
            (Some(1008), "too many devices are signed in to this session") => {
                line.was_one_too_many = true;
                self.realm.devices[&wire].rivals >= self.realm.limits.devices_per_person
            }
            (Some(4000), _) => self.lines.iter().enumerate().any(|(other, one)| {
                other != wire
                    && one.number < SESSIONS
                    && number < SESSIONS
                    && one.number == number
                    && one.asked_in.is_some()
            }),
            (Some(1008), "too many malformed frames") => line.nonsense > 3,
            _ => line.has_left,
        };
        assert!(is_just, "wire {wire} ({}) is closed with {code:?} {reason}", digits(number));
    }

    /// Whether the goodbye says when to come back: once the others are told, and not later than all phones
    /// need at the rate that the operator has set, or else at 500 a second.
    fn is_asked_back(&self, reason: &str) -> bool {
        let millis = reason.rsplit_once(" retry_after_ms=").and_then(|(_, n)| n.parse().ok());
        let Some(wait) = millis.map(Duration::from_millis) else { return false };
        let interval = self.drain_interval.max(Duration::from_millis(2));
        let phones = u32::try_from(self.lines.len()).expect("a small number");
        let grace = Duration::from_secs(1);
        (grace..=grace + self.drain_timeout + interval * phones).contains(&wait)
    }
}

fn text<'v>(frame: &'v Value, key: &str) -> &'v str {
    frame[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {frame}"))
}

fn numbers(frame: &Value, key: &str) -> Vec<usize> {
    let list = frame[key].as_array().unwrap_or_else(|| panic!("{key} is missing in {frame}"));
    list.iter().map(|one| number(one.as_str().expect("digits"))).collect()
}
