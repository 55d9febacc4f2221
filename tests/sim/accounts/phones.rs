//! What a phone with `switchboard.v1` does. It keeps each message until it is acknowledged, and sends it again
//! over its next socket. Now and then it sends one twice, or gives an id to another text, or names a message
//! that is not its own.

use switchboard::chat::account::MessageId;

use super::answers::{Ask, place_of};
use super::devices::{Device, Draft};
use super::laws::{Kind, To, key, name};
use super::people::BACKLOG;
use super::rows::Row;
use super::world::{AccountWorld, ROOMS};
use crate::frames::TEXT;
use crate::net::WireId;

impl AccountWorld {
    /// Opens a socket of a phone.
    pub(super) fn open_device(&mut self, who: usize) -> Option<WireId> {
        let login = self.pick_login(who, 100)?;
        let is_late = self.laws.logins[login].is_over;
        let device = Device::new((login, is_late), self.store.told());
        let path = format!("/ws?token={}", self.laws.logins[login].hex());
        let offer = "Sec-WebSocket-Protocol: switchboard.v1\r\n";
        Some(self.connect(Kind::Device(device), &by_hand::upgrade(&path, "here", offer)))
    }

    /// A phone takes its next action.
    pub(super) fn use_phone(&mut self, who: usize, wire: WireId) {
        let Kind::Device(device) = &self.laws.lines[wire].kind else { return };
        if device.begun.is_none() || self.net.wires[wire].unsent.len() > BACKLOG {
            return;
        }
        let unsent: Vec<usize> =
            self.drafts_of(who, |draft| !draft.is_done && !draft.wires.contains(&wire));
        unsent.into_iter().for_each(|number| self.send_draft(wire, number));
        let count = if self.dice.per_mille(100) { self.dice.between(2, 10) } else { 1 };
        for _ in 0..count {
            match self.dice.below(20) {
                0 => self.repeat(who, wire),
                1 => self.reuse(who, wire),
                2..5 => self.change_message(wire),
                5..7 => self.mark(wire),
                7..9 => self.look_back(wire),
                9 => {
                    let frame = r#"{"type":"conversations""#.to_owned();
                    self.command(wire, frame, Ask::Conversations);
                }
                10 => self.change_room(wire),
                11 => self.say(wire, TEXT, br#"{"type":"typing","is_typing":true}"#),
                _ => self.write_message(who, wire),
            }
        }
    }

    /// The messages of a phone for which `is` holds, oldest first.
    fn drafts_of(&self, who: usize, is: impl Fn(&Draft) -> bool) -> Vec<usize> {
        let all = self.laws.letters.iter().enumerate();
        let is = |draft: &Draft| draft.who == who && is(draft);
        all.filter(|(_, one)| one.draft.as_ref().is_some_and(is))
            .map(|(number, _)| number)
            .collect()
    }

    fn write_message(&mut self, who: usize, wire: WireId) {
        let to = self.place_to_go();
        let replies = self.dice.per_mille(150);
        let target = if replies { self.some_row(wire, to) } else { None };
        let id = format!("m{}", self.laws.letters.len());
        self.draft((who, wire), to, (id, false), target);
    }

    /// Gives the id of one message to another one.
    fn reuse(&mut self, who: usize, wire: WireId) {
        let user = self.laws.user_of_device(wire);
        let Some(number) = self.idle_draft(who, wire) else { return };
        let draft = self.laws.letters[number].draft.as_ref().expect("it is a draft");
        let id = draft.id.clone();
        let is_known = self.store.rows.with_id(key(user), &id).is_some();
        if draft.is_done && is_known {
            let to = self.place_to_go();
            self.draft((who, wire), to, (id, true), None);
        }
    }

    /// Sends a message once more, as a phone does that has missed the answer.
    fn repeat(&mut self, who: usize, wire: WireId) {
        if let Some(number) = self.idle_draft(who, wire) {
            self.send_draft(wire, number);
        }
    }

    /// One of the phone's last messages, if nothing with its id is under way here.
    fn idle_draft(&mut self, who: usize, wire: WireId) -> Option<usize> {
        let all = self.drafts_of(who, |_| true);
        let last = all.len().checked_sub(1)?;
        let number = all[last - self.dice.below(all.len().min(8))];
        let id = self.laws.letters[number].draft.as_ref().map(|draft| draft.id.clone())?;
        let is_idle = self.laws.device(wire).pending.iter().all(|(asked, _)| *asked != id);
        is_idle.then_some(number)
    }

    fn draft(
        &mut self,
        (who, wire): (usize, WireId),
        to: To,
        (id, is_reused): (String, bool),
        target: Option<MessageId>,
    ) {
        let user = self.laws.user_of_device(wire);
        let number = self.laws.letters.len();
        let text = self.text(wire, to);
        let reply = target.map_or(String::new(), |mid| format!(r#","reply_to":"{mid}""#));
        let place = self.place_fields(to);
        let frame = format!(r#"{{"type":"message","text":"{text}","id":"{id}"{place}{reply}}}"#);
        let here = place_of(user, to);
        let is_elsewhere =
            |mid: MessageId| self.store.rows.get(mid).is_none_or(|row| row.place != here);
        let is_lost_reply = target.is_some_and(is_elsewhere);
        self.laws.letters[number].draft = Some(Draft {
            who,
            id,
            frame,
            wires: Vec::new(),
            sent: 0,
            is_done: false,
            is_reused,
            is_lost_reply,
        });
        self.send_draft(wire, number);
    }

    fn send_draft(&mut self, wire: WireId, number: usize) {
        let draft = self.laws.letters[number].draft.as_mut().expect("it is a draft");
        draft.sent += 1;
        if !draft.wires.contains(&wire) {
            draft.wires.push(wire);
        }
        let (id, frame) = (draft.id.clone(), draft.frame.clone());
        self.laws.device(wire).pending.push((id, Ask::Letter(number)));
        self.say(wire, TEXT, frame.as_bytes());
    }

    /// Edits or deletes a message, most often one of the user's own.
    fn change_message(&mut self, wire: WireId) {
        let user = key(self.laws.user_of_device(wire));
        let is_own = self.dice.per_mille(850);
        let candidates = self.store.rows.all().iter().rev();
        let candidates = candidates.filter(|row| !is_own || row.from == user).take(6);
        let candidates: Vec<MessageId> = candidates.map(|row| row.mid).collect();
        if candidates.is_empty() {
            return;
        }
        let (mid, since) = (self.dice.pick(&candidates), self.store.told());
        let row = self.store.rows.get(mid).expect("it was picked");
        let deletes = self.dice.per_mille(300);
        let frame = match deletes {
            true => format!(r#"{{"type":"delete","mid":"{mid}""#),
            false => {
                let first = row.first().text.as_deref().expect("it was said");
                let letter = self.laws.letter_of(first, row);
                self.laws.edits += 1;
                let edit = self.laws.edits;
                format!(r#"{{"type":"edit","mid":"{mid}","text":"{letter} edited {edit}.""#)
            }
        };
        self.command(wire, frame, Ask::Change { mid, deletes, since });
    }

    fn mark(&mut self, wire: WireId) {
        let to = self.place_to_go();
        let Some(mid) = self.some_row(wire, to) else { return };
        let place = self.place_fields(to);
        let frame = format!(r#"{{"type":"read","up_to":"{mid}"{place}"#);
        self.command(wire, frame, Ask::Mark { to, mid });
    }

    fn look_back(&mut self, wire: WireId) {
        let (to, since) = (self.place_to_go(), self.store.told());
        let is_older = self.dice.per_mille(400);
        let before = if is_older { self.some_row(wire, to) } else { None };
        let limit = self.dice.pick(&[1, 3, 100]);
        let older = before.map_or(String::new(), |mid| format!(r#","before":"{mid}""#));
        let place = self.place_fields(to);
        let frame = format!(r#"{{"type":"history","limit":{limit}{place}{older}"#);
        self.command(wire, frame, Ask::History { to, before, limit, since });
    }

    /// Leaves a room, or takes another user into it or out of it. Only the first user may do the latter.
    fn change_room(&mut self, wire: WireId) {
        let room = self.dice.below(ROOMS);
        let (other, id) = (name(self.dice.below(self.users)), self.store.talk.rooms[room].0);
        let frame = match self.dice.below(4) {
            0 => format!(r#"{{"type":"room_leave","room":"{id}""#),
            1 => format!(r#"{{"type":"room_remove","room":"{id}","user":"{other}""#),
            _ => format!(r#"{{"type":"room_add","room":"{id}","user":"{other}""#),
        };
        self.command(wire, frame, Ask::Room { room });
    }

    /// Sends a command with a new id. The frame lacks the id and its end.
    fn command(&mut self, wire: WireId, frame: String, ask: Ask) {
        self.laws.asked += 1;
        let id = format!("q{}", self.laws.asked);
        let frame = format!(r#"{frame},"id":"{id}"}}"#);
        self.laws.device(wire).pending.push((id, ask));
        self.say(wire, TEXT, frame.as_bytes());
    }

    fn place_to_go(&mut self) -> To {
        match self.dice.below(3) {
            0 => To::Everybody,
            1 => To::User(self.dice.below(self.users)),
            _ => {
                let room = self.dice.below(ROOMS);
                To::Room(self.store.talk.rooms[room].1)
            }
        }
    }

    fn place_fields(&self, to: To) -> String {
        match to {
            To::Everybody => String::new(),
            To::User(user) => format!(r#","to":"{}""#, name(user)),
            To::Room(key) => {
                let room = self.store.talk.rooms.iter().find(|(_, room)| *room == key);
                let (id, _) = room.expect("it was picked");
                format!(r#","room":"{id}""#)
            }
        }
    }

    /// One of the last messages of a place, or now and then of any place.
    fn some_row(&mut self, wire: WireId, to: To) -> Option<MessageId> {
        let user = self.laws.user_of_device(wire);
        let is_anywhere = self.dice.per_mille(100);
        let place = place_of(user, to);
        let is_it = |row: &&Row| is_anywhere || row.place == place;
        let all = self.store.rows.all().iter().rev().filter(is_it).take(10);
        let all: Vec<MessageId> = all.map(|row| row.mid).collect();
        if all.is_empty() { None } else { Some(self.dice.pick(&all)) }
    }
}
