//! The rules for every single frame of the messenger realm. They are checked when the network has taken
//! its last byte.

use serde_json::{Value, json};
use switchboard::chat::messenger::Refusal;

use super::{Status, Typed, pair};
use crate::device::session;
use crate::net::WireId;
use crate::oracle::Oracle;

/// The refusals of quotas that many senders share.
const SHARED: [Refusal; 2] = [Refusal::TooManyReceived, Refusal::TooManyInAll];

impl Oracle {
    /// Checks a text that the server has just sent to a device.
    pub(in crate::oracle) fn judge_device(&mut self, wire: WireId, frame: &Value) {
        let number = self.lines[wire].number;
        let data = &frame["data"];
        let kind = text(frame, "type");
        let is_in = self.realm.devices[&wire].is_told_so;
        // A device that has not signed in may get a refusal, and nothing else.
        assert!(
            is_in || matches!(kind, "authenticated" | "error"),
            "wire {wire} is nobody: {frame}"
        );
        match kind {
            "authenticated" => {
                assert_eq!(
                    session(text(data, "sessionId")),
                    number,
                    "wire {wire} is somebody else"
                );
                let device = self.device(wire);
                assert!(device.signed_in.is_some() && !device.is_told_so, "wire {wire} is in");
                device.is_told_so = true;
            }
            "message_received" => self.judge_note(wire, number, data),
            "message_status" => self.judge_status(wire, number, data),
            "invitation_received" | "invitation_response" => {
                self.judge_invitation(wire, number, data);
            }
            "contact_online" => self.judge_contact(wire, number, data, true),
            "contact_offline" => self.judge_contact(wire, number, data, false),
            "typing_indicator" => self.judge_typist(wire, number, data),
            "pong" => {
                let line = &mut self.lines[wire];
                line.pongs += 1;
                assert!(line.pongs <= line.pings, "wire {wire} hears a pong too many");
            }
            "error" => {
                let nonsense = self.lines[wire].nonsense;
                self.lines[wire].errors += 1;
                let errors = self.lines[wire].errors;
                let device = self.device(wire);
                let most = nonsense + device.refusals + device.doubts;
                assert!(errors <= most, "wire {wire} is refused for nothing: {frame}");
                if SHARED.iter().any(|refusal| *data == json!({ "detail": refusal.sentence() })) {
                    self.judge_shared_refusal(number);
                }
            }
            _ => panic!("wire {wire} hears {frame}"),
        }
    }

    /// A quota that many share refuses an invitation only to a sender that has a place in it already.
    fn judge_shared_refusal(&mut self, number: usize) {
        assert!(self.realm.is_tight(), "{number} is refused, and there are places");
        let (invited, refused) = self.realm.invited.entry(number).or_default();
        *refused += 1;
        assert!(*refused < *invited, "{number} has no invitation at all, and gets no place");
    }

    fn device(&mut self, wire: WireId) -> &mut super::Device {
        self.realm.devices.get_mut(&wire).expect("every device has one")
    }

    fn judge_note(&mut self, wire: WireId, number: usize, data: &Value) {
        let (at, tick) = (place(text(data, "id"), 'n'), self.tick);
        let note = &mut self.realm.notes[at];
        let is_mirror = data["isOutgoing"].as_bool().expect("whether it is outgoing");
        assert_eq!(session(text(data, "senderId")), note.from, "note {at} has a wrong sender");
        assert_eq!(session(text(data, "recipientId")), note.to, "note {at} has a wrong recipient");
        assert_eq!(text(data, "content"), note.content, "note {at} arrives otherwise than sent");
        assert!(note.consumed.is_some(), "note {at} arrives before it was read");
        if is_mirror {
            assert_eq!(note.from, number, "note {at} is shown to a stranger");
            assert_ne!(note.over, wire, "note {at} is shown to the device that wrote it");
            assert!(note.mirrors.insert(wire), "note {at} is shown twice to wire {wire}");
        } else {
            assert_eq!(note.to, number, "note {at} reaches a stranger");
            let is_lost = note.told.values().any(|told| told.contains(&Status::Undelivered));
            assert!(!is_lost, "note {at} arrives, and its sender was told otherwise");
            let is_first = note.copies.is_empty();
            assert!(note.copies.insert(wire), "note {at} arrives twice at wire {wire}");
            self.handed += u64::from(is_first);
            if note.from != note.to && is_first {
                let pair = pair(note.from, note.to);
                self.realm.maybe_contacts.insert(pair);
                self.realm.contacts.entry(pair).or_insert(tick);
            }
        }
        let over = note.over;
        let device = self.device(wire);
        if !is_mirror {
            device.notes.push(at);
        }
        let before = device.last_from.insert(over, at);
        assert!(before < Some(at), "note {at} comes after note {before:?}");
    }

    fn judge_status(&mut self, wire: WireId, number: usize, data: &Value) {
        let at = place(text(data, "messageId"), 'n');
        let status = match text(data, "status") {
            "sent" => Status::Sent,
            "delivered" => Status::Delivered,
            "undelivered" => Status::Undelivered,
            "read" => Status::Read,
            status => panic!("a note with the status {status}"),
        };
        assert!(self.device(wire).receipts, "wire {wire} wants to hear nothing of note {at}");
        let note = &mut self.realm.notes[at];
        assert!(note.consumed.is_some(), "note {at} has a status before it was read");
        let is_sender = note.from == number;
        // The reader's other devices hear that the note was read. No other recipient hears anything.
        let is_reader = note.to == number && status == Status::Read;
        assert!(is_sender || is_reader, "note {at} is none of the business of wire {wire}");
        let is_true = match status {
            Status::Sent => true,
            Status::Delivered => !note.copies.is_empty() || !note.readers.is_empty(),
            Status::Undelivered => note.copies.is_empty(),
            Status::Read => !note.readers.is_empty(),
        };
        assert!(is_true, "note {at} is not {status:?}");
        let told = note.told.entry(wire).or_default();
        // Each status comes once, and in order. A device that signed in later has missed the first ones.
        let may_follow = match (told.last(), status) {
            (None, _) => note.over != wire || matches!(status, Status::Sent | Status::Undelivered),
            (Some(Status::Sent), Status::Delivered | Status::Undelivered) => true,
            (Some(Status::Delivered), Status::Read) => true,
            (Some(_), _) => false,
        };
        assert!(may_follow, "note {at}: wire {wire} hears {told:?}, then {status:?}");
        told.push(status);
    }

    fn judge_invitation(&mut self, wire: WireId, number: usize, data: &Value) {
        let (at, tick, now) = (place(text(data, "id"), 'i'), self.tick, self.now);
        let (lasts, is_tight) = (self.realm.limits.invitation_ttl, self.realm.is_tight());
        let invitation = &mut self.realm.invitations[at];
        assert_eq!(session(text(data, "senderId")), invitation.from, "invitation {at}");
        assert_eq!(session(text(data, "recipientId")), invitation.to, "invitation {at}");
        assert!(invitation.consumed.is_some(), "invitation {at} arrives before it was read");
        let was_answered = |accepts| invitation.answers.iter().any(|answer| answer.2 == accepts);
        match text(data, "status") {
            "pending" => {
                assert_eq!(invitation.to, number, "invitation {at} reaches a stranger");
                assert!(invitation.shown.insert(wire), "invitation {at} is shown twice");
                assert!(!invitation.answered.contains(&wire), "invitation {at} was answered");
                self.device(wire).invitations.push(at);
            }
            answer => {
                let is_concerned = [invitation.from, invitation.to].contains(&number);
                assert!(is_concerned, "an answer to invitation {at} reaches a stranger");
                let accepts = answer == "accepted";
                let is_true = match answer {
                    "accepted" | "declined" => was_answered(accepts),
                    "expired" => is_tight || now >= invitation.consumed_at + lasts,
                    _ => panic!("invitation {at} is {answer}"),
                };
                assert!(is_true, "invitation {at} is not {answer}");
                let outcome = invitation.outcome.get_or_insert_with(|| answer.to_owned());
                assert_eq!(outcome, answer, "two stories are told of invitation {at}");
                assert!(invitation.answered.insert(wire), "invitation {at} is answered twice");
                if accepts {
                    let pair = pair(invitation.from, invitation.to);
                    self.realm.contacts.entry(pair).or_insert(tick);
                }
            }
        }
    }

    /// Only contacts hear of each other, and a device never hears the same twice in a row.
    fn judge_contact(&mut self, wire: WireId, number: usize, data: &Value, is_online: bool) {
        let contact = session(text(data, "sessionId"));
        let may_know = self.realm.maybe_contacts.contains(&pair(number, contact));
        assert!(may_know, "wire {wire} hears of a stranger");
        let before = self.device(wire).words.insert(contact, is_online);
        let is_news = before != Some(is_online);
        assert!(is_news, "wire {wire} hears twice that {contact} is online: {is_online}");
    }

    fn judge_typist(&mut self, wire: WireId, number: usize, data: &Value) {
        let typist = session(text(data, "sessionId"));
        let is_typing = data["isTyping"].as_bool().expect("whether the contact types");
        let (now, lasts) = (self.now, self.realm.limits.typing_lasts);
        let Typed { begun, ended } = self.realm.typed.entry((typist, number)).or_default();
        let device = self.realm.devices.get_mut(&wire).expect("every device has one");
        let heard = device.typing.entry((typist, is_typing)).or_default();
        *heard += 1;
        if is_typing {
            assert!(*heard <= begun.len(), "wire {wire} hears of typing that nobody has done");
            device.typists.insert(typist);
            return;
        }
        device.typists.remove(&typist);
        // If a person does not end typing, the server does: after a time, or with the last device.
        assert!(*heard <= begun.len() + *ended, "wire {wire} hears of an end without a beginning");
        let lapsed = begun.iter().filter(|&&begun| begun + lasts <= now).count();
        if *heard > lapsed + *ended {
            self.realm.cut_short.insert(typist);
        }
    }
}

/// The number of the note or invitation with this id.
fn place(id: &str, letter: char) -> usize {
    let digits = id.strip_prefix(letter).unwrap_or_else(|| panic!("{id} is no id of ours"));
    digits.parse().expect("a number")
}

fn text<'v>(frame: &'v Value, key: &str) -> &'v str {
    frame[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {frame}"))
}
