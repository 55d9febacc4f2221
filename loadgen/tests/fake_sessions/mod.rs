//! [`FakeSessions`]: a server that speaks the Session Messenger protocol, with a chosen fault. loadgen must
//! find the fault, and give it its name.
//!
//! It is as unlike the real server as can be: a thread for each device, one lock around everything, JSON
//! with spaces. It keeps no books, and forgets devices that go.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};
use switchboard::ws::{Item, Limits, Reader, Role};

use crate::fake_server::{say, upgrade};

/// The fault. It happens to the 20th message, or to the first invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Slip {
    /// No fault.
    None,
    /// No device is told that the message was sent.
    LoseStatus,
    /// The sender is told that it was delivered, and only then that it was sent.
    SwapStatuses,
    /// The sender is told twice that it was delivered.
    RepeatStatus,
    /// One device gets it twice.
    CopyTwice,
    /// The recipient's second device does not get it.
    LoseCopy,
    /// It is not delivered at all, and called undelivered.
    GiveBack,
    /// The sender's other device gets it as if another session had written it.
    MirrorAsForeign,
    /// The sender's other device does not get it.
    LoseMirror,
    /// The device that wrote it gets it as well.
    Echo,
    /// A session that is no contact is told that the recipient is gone.
    TellStranger,
    /// Typing is not passed on.
    LoseTyping,
    /// The answer to the invitation is the opposite.
    TwistAnswer,
    /// No device is shown the invitation.
    LoseInvitation,
    /// No invitation is shown to the first device of a session that has two, or to the second.
    HideFromFirst,
    HideFromSecond,
    /// No more invitations are taken for a session that has not answered this many ([`CROWD`]).
    CrowdOut,
}

/// The open invitations that a session can have, with [`Slip::CrowdOut`].
const CROWD: usize = 20;

/// A server that listens on a free port of the loopback until the test is over.
#[derive(Debug)]
pub(crate) struct FakeSessions {
    pub(crate) address: SocketAddr,
}

#[derive(Debug, Default)]
struct Chat {
    /// How many devices each session has.
    online: BTreeMap<String, Vec<TcpStream>>,
    /// By id: open invitations, and messages that can be read.
    invitations: BTreeMap<String, Value>,
    messages: BTreeMap<String, Value>,
    /// Sessions that know each other, in both orders.
    contacts: BTreeSet<(String, String)>,
    sent: u32,
    invited: u32,
}

impl FakeSessions {
    pub(crate) fn start(slip: Slip) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let chat = Arc::new(Mutex::new(Chat::default()));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let chat = Arc::clone(&chat);
                thread::spawn(move || serve(stream, &chat, slip));
            }
        });
        FakeSessions { address }
    }
}

/// Serves one device, until it hangs up or its stream fails.
fn serve(mut stream: TcpStream, chat: &Mutex<Chat>, slip: Slip) -> io::Result<()> {
    upgrade(&mut stream)?;
    let (mut reader, mut buffer) = (Reader::new(Role::Server), vec![0; 4096]);
    let mut session = String::new();
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let mut input = &mut buffer[..count];
        while let Ok(Some(item)) = reader.read(&mut input, &Limits::default()) {
            let mut chat = chat.lock().unwrap_or_else(PoisonError::into_inner);
            let Item::Text(text) = &item else {
                let mut out = Vec::new();
                item.answer().inspect(|answer| answer.encode(&mut out));
                io::Write::write_all(&mut stream, &out)?;
                continue;
            };
            let frame: Value = serde_json::from_str(text).unwrap_or_default();
            let data = frame["data"].clone();
            match frame["type"].as_str().unwrap_or_default() {
                "auth" => {
                    session = word(&data, "sessionId");
                    chat.sign_in(&session, &stream)?;
                }
                "ping" => say(&mut stream, &json!({"type": "pong"}))?,
                "message_send" => chat.message(&session, data, &stream, slip),
                "message_read" => chat.read(&data, &stream),
                "typing_indicator" if slip != Slip::LoseTyping => {
                    let typing = json!({"sessionId": session, "isTyping": data["isTyping"]});
                    chat.tell(&word(&data, "recipientId"), "typing_indicator", &typing, None);
                }
                "invitation_send" => chat.invite(&session, data, slip),
                "invitation_accept" => chat.answer(&data, "accepted", &stream, slip),
                "invitation_decline" => chat.answer(&data, "declined", &stream, slip),
                _ => {}
            }
        }
    }
    let mut chat = chat.lock().unwrap_or_else(PoisonError::into_inner);
    let own = stream.peer_addr().ok();
    if let Some(devices) = chat.online.get_mut(&session) {
        devices.retain(|device| device.peer_addr().ok() != own);
    }
    Ok(())
}

impl Chat {
    fn sign_in(&mut self, session: &str, stream: &TcpStream) -> io::Result<()> {
        let mut stream = stream.try_clone()?;
        say(&mut stream, &json!({"type": "authenticated", "data": {"sessionId": session}}))?;
        for invitation in self.invitations.values() {
            if word(invitation, "recipientId") == session {
                say(&mut stream, &json!({"type": "invitation_received", "data": invitation}))?;
            }
        }
        // A device may come only after its session has got contacts.
        let is_there = |other: &str| self.online.get(other).is_some_and(|them| !them.is_empty());
        for (_, other) in
            self.contacts.iter().filter(|(one, other)| one == session && is_there(other))
        {
            say(&mut stream, &json!({"type": "contact_online", "data": {"sessionId": other}}))?;
        }
        self.online.entry(session.to_owned()).or_default().push(stream);
        Ok(())
    }

    fn befriend(&mut self, one: &str, other: &str) {
        self.contacts.insert((one.to_owned(), other.to_owned()));
        self.contacts.insert((other.to_owned(), one.to_owned()));
    }

    fn message(&mut self, from: &str, mut message: Value, by: &TcpStream, slip: Slip) {
        message["senderId"] = from.into();
        self.sent += 1;
        let slip = if self.sent == 20 { slip } else { Slip::None };
        let (id, to) = (word(&message, "id"), word(&message, "recipientId"));
        if slip == Slip::GiveBack {
            return self.status(from, &id, "undelivered", None);
        }
        self.befriend(from, &to);
        message["isOutgoing"] = false.into();
        let mut second = self.online.get(&to).and_then(|devices| devices.get(1)?.try_clone().ok());
        let but = second.as_ref().filter(|_| slip == Slip::LoseCopy);
        let mut devices = self.online.remove(&to).unwrap_or_default();
        tell(&mut devices, "message_received", &message, but);
        self.online.insert(to.clone(), devices);
        if slip == Slip::CopyTwice
            && let Some(second) = &mut second
        {
            let _ = say(second, &json!({"type": "message_received", "data": message}));
        }
        message["isOutgoing"] = (slip != Slip::MirrorAsForeign).into();
        if slip != Slip::LoseMirror {
            let by = Some(by).filter(|_| slip != Slip::Echo);
            self.tell(from, "message_received", &message, by);
        }
        let words = match slip {
            Slip::LoseStatus => &["delivered"][..],
            Slip::SwapStatuses => &["delivered", "sent"],
            Slip::RepeatStatus => &["sent", "delivered", "delivered"],
            _ => &["sent", "delivered"],
        };
        for word in words {
            self.status(from, &id, word, None);
        }
        if slip == Slip::TellStranger {
            // No session is its own contact.
            self.tell(&to, "contact_offline", &json!({"sessionId": to}), None);
        }
        self.messages.insert(id, message);
    }

    fn read(&mut self, data: &Value, by: &TcpStream) {
        let id = word(data, "messageId");
        if let Some(message) = self.messages.remove(&id) {
            self.status(&word(&message, "senderId"), &id, "read", None);
            self.status(&word(&message, "recipientId"), &id, "read", Some(by));
        }
    }

    fn invite(&mut self, from: &str, mut invitation: Value, slip: Slip) {
        invitation["senderId"] = from.into();
        self.invited += 1;
        if slip == Slip::LoseInvitation && self.invited == 1 {
            return;
        }
        let is_for = |open: &&Value| open["recipientId"] == invitation["recipientId"];
        let open = self.invitations.values().filter(is_for).count();
        if slip == Slip::CrowdOut && open >= CROWD {
            return;
        }
        let to = word(&invitation, "recipientId");
        let devices = self.online.get(&to).filter(|devices| devices.len() == 2);
        let but = match slip {
            Slip::HideFromFirst => devices.and_then(|devices| devices.first()),
            Slip::HideFromSecond => devices.and_then(|devices| devices.last()),
            _ => None,
        };
        let but = but.and_then(|device| device.try_clone().ok());
        self.tell(&to, "invitation_received", &invitation, but.as_ref());
        self.invitations.insert(word(&invitation, "id"), invitation);
    }

    fn answer(&mut self, data: &Value, answer: &str, by: &TcpStream, slip: Slip) {
        let Some(mut invitation) = self.invitations.remove(&word(data, "invitationId")) else {
            return;
        };
        let is_twisted = slip == Slip::TwistAnswer && answer == "accepted";
        invitation["status"] = if is_twisted { "declined" } else { answer }.into();
        self.tell(&word(&invitation, "senderId"), "invitation_response", &invitation, None);
        self.tell(&word(&invitation, "recipientId"), "invitation_response", &invitation, Some(by));
        if answer == "accepted" {
            let (from, to) = (word(&invitation, "senderId"), word(&invitation, "recipientId"));
            self.befriend(&from, &to);
            self.tell(&from, "contact_online", &json!({"sessionId": to}), None);
            self.tell(&to, "contact_online", &json!({"sessionId": from}), None);
        }
    }

    fn status(&mut self, session: &str, id: &str, word: &str, but: Option<&TcpStream>) {
        self.tell(session, "message_status", &json!({"messageId": id, "status": word}), but);
    }

    fn tell(&mut self, session: &str, kind: &str, data: &Value, but: Option<&TcpStream>) {
        tell(self.online.entry(session.to_owned()).or_default(), kind, data, but);
    }
}

/// Tells all devices but one. If that fails for a device, the device's own thread will notice that it is
/// gone.
fn tell(devices: &mut [TcpStream], kind: &str, data: &Value, but: Option<&TcpStream>) {
    let but = but.and_then(|stream| stream.peer_addr().ok());
    for stream in devices {
        if but.is_none() || stream.peer_addr().ok() != but {
            let _ = say(stream, &json!({"type": kind, "data": data}));
        }
    }
}

fn word(data: &Value, field: &str) -> String {
    data[field].as_str().unwrap_or_default().to_owned()
}
