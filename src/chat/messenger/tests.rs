//! The promises of the realm. A sink writes down every event as one short line, such as
//! `1: m1 from ada`. The number of a device is the number of its slot.

mod contacts;
mod devices;
mod fairness;
mod invitations;
mod limits;
mod messages;
mod oracle;
mod properties;
mod quotas;
mod typing;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::chat::{Audience, Reason, Watch};

const OFFLINE: Outcome = Outcome::Undelivered(Reason::Offline);
const SLOW: Outcome = Outcome::Undelivered(Reason::Slow);

/// A realm, its clock, and its sink.
struct World {
    realm: Realm,
    now: Now,
    sink: Recorder,
    /// The addresses of devices that are not at [`HOME`].
    away: BTreeMap<u32, Block>,
}

/// Writes down which device was told what, and keeps the tickets of copies in flight.
#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
    copies: Vec<(u32, Ticket)>,
    /// The statuses among the lines: the device, the message and the status.
    statuses: Vec<(u32, String, Status)>,
}

impl Sink for Recorder {
    fn send(&mut self, to: ConnectionId, event: &chat::Event<'_>) {
        let device = u32::try_from(to.index()).expect("small numbers");
        if let chat::Event::Messenger(Event::Message { ticket: Some(ticket), .. }) = event {
            self.copies.push((device, *ticket));
        }
        if let chat::Event::Messenger(Event::Status { message, status }) = event {
            self.statuses.push((device, (*message).to_owned(), *status));
        }
        self.lines.push(format!("{device}: {}", line(event)));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &chat::Event<'_>) {
        assert!(to.len() > 1, "one device is not several");
        to.iter().for_each(|to| self.send(*to, event));
    }

    fn watch(&mut self, _by: ConnectionId, what: Watch) {
        panic!("this realm has no list of everyone: {what:?}");
    }

    fn list_changed(&mut self, of: Audience) -> bool {
        panic!("this realm has no list of everyone: {of:?}");
    }

    fn ask(&mut self, job: crate::chat::account::Job) {
        panic!("this realm has no jobs: {job:?}");
    }

    fn reply(&mut self, to: crate::chat::account::Asker, _: &crate::chat::account::Reply<'_>) {
        panic!("this realm is asked nothing: {to:?}");
    }

    fn end(&mut self, id: ConnectionId, why: crate::chat::Farewell) {
        panic!("this realm ends no connection: {id:?} {why:?}");
    }
}

fn line(event: &chat::Event<'_>) -> String {
    let event = match event {
        chat::Event::Messenger(event) => event,
        chat::Event::Error { detail, .. } => return format!("error: {detail}"),
        chat::Event::Pong
        | chat::Event::Notice(_)
        | chat::Event::Mobile(_)
        | chat::Event::Account(_) => {
            panic!("another realm's: {event:?}")
        }
    };
    match event {
        Event::Authenticated { who } => format!("in as {who}"),
        Event::InvitationReceived(Invitation { id, from, from_name, .. }) => {
            format!("{id} invites, from {from} ({from_name})")
        }
        Event::InvitationAnswered(Invitation { id, answer, .. }) => {
            format!("{id} {answer:?}").to_lowercase()
        }
        Event::Message { message, from, is_outgoing: false, .. } => {
            format!("{} from {from}", message.id.as_str())
        }
        Event::Message { message, is_outgoing: true, .. } => {
            format!("{} to {}, own", message.id.as_str(), message.to.as_str())
        }
        Event::Status { message, status } => format!("{message} {status:?}").to_lowercase(),
        Event::Typing { from, is_typing: true } => format!("{from} types"),
        Event::Typing { from, is_typing: false } => format!("{from} stops"),
        Event::ContactOnline { who } => format!("{who} is on"),
        Event::ContactOffline { who } => format!("{who} is off"),
    }
}

impl World {
    fn new(limits: Limits) -> Self {
        let realm = Realm::new(limits, Moment::START);
        World { realm, now: Now::default(), sink: Recorder::default(), away: BTreeMap::new() }
    }

    /// A world with Ada at device 1 and Bob at device 2, who are strangers.
    fn of_two(limits: Limits) -> Self {
        let mut world = World::new(limits);
        world.join(1, "ada");
        world.join(2, "bob");
        world.heard();
        world
    }

    /// The same world, but Ada and Bob are contacts, and nothing is pending.
    fn of_contacts(limits: Limits) -> Self {
        let mut world = World::of_two(limits);
        world.befriend(1, 2, "bob");
        world
    }

    /// Lets a device connect from another address from now on: the one that ends with this number.
    fn place(&mut self, device: u32, address: u8) {
        self.away.insert(device, block(address));
    }

    fn caller(&self, device: u32) -> (ConnectionId, Block) {
        let home = block(HOME);
        (connection(device), self.away.get(&device).copied().unwrap_or(home))
    }

    fn join(&mut self, device: u32, who: &str) {
        self.sign_in(device, who, None, true).expect("there is room for one more device");
    }

    fn sign_in(
        &mut self,
        device: u32,
        who: &str,
        name: Option<&str>,
        receipts: bool,
    ) -> Result<(), Refusal> {
        let id = PersonId::parse(who).expect("an id");
        let name = name.map(|name| Name::parse(name).expect("a name"));
        let who = SignIn { id, name, receipts };
        let done = self.realm.sign_in(self.now, self.caller(device), &who, &mut self.sink);
        self.realm.check_invariants();
        done
    }

    fn leave(&mut self, device: u32) {
        assert!(self.realm.leave(self.now, self.caller(device), &mut self.sink));
        self.realm.check_invariants();
    }

    fn handle(&mut self, device: u32, command: &Command<'_>) {
        self.realm.handle(self.now, self.caller(device), command, &mut self.sink);
        self.realm.check_invariants();
    }

    fn say(&mut self, device: u32, to: &str, id: &str) {
        self.handle(device, &Command::Message(message(to, id)));
    }

    fn read(&mut self, device: u32, id: &str) {
        self.handle(device, &Command::Read { message: item(id) });
    }

    fn invite(&mut self, device: u32, to: &str, id: &str) {
        self.handle(device, &Command::Invite(invite(to, id)));
    }

    fn accept(&mut self, device: u32, id: &str) {
        self.handle(device, &Command::Accept { invitation: item(id) });
    }

    fn decline(&mut self, device: u32, id: &str) {
        self.handle(device, &Command::Decline { invitation: item(id) });
    }

    fn types(&mut self, device: u32, to: &str, is_typing: bool) {
        let to = PersonId::parse(to).expect("an id");
        self.handle(device, &Command::Typing { to, is_typing });
    }

    /// Makes two people contacts by an invitation, and forgets what was heard of it.
    fn befriend(&mut self, inviter: u32, invited: u32, id: &str) {
        self.invite(inviter, id, "befriend");
        self.accept(invited, "befriend");
        self.heard();
    }

    /// Settles the oldest copy in flight to a device.
    fn settle(&mut self, device: u32, outcome: Outcome) {
        let mut copies = self.sink.copies.iter();
        let oldest = copies.position(|&(to, _)| to == device).expect("a copy is on its way");
        let (_, ticket) = self.sink.copies.remove(oldest);
        self.realm.settle(ticket, outcome, &mut self.sink);
        self.realm.check_invariants();
    }

    /// Lets time pass, and acts on the deadlines that have passed.
    fn pass(&mut self, time: Duration) {
        self.now.monotonic = self.now.monotonic + time;
        self.now.unix += time;
        self.realm.expire(self.now, 1_000, &mut self.sink);
        self.realm.check_invariants();
    }

    /// The lines since the last call.
    fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sink.lines)
    }
}

/// The address of devices, unless a test places them elsewhere.
const HOME: u8 = 1;

fn block(address: u8) -> Block {
    Block::of([192, 0, 2, address].into())
}

fn connection(device: u32) -> ConnectionId {
    ConnectionId::new(device, 0)
}

fn item(id: &str) -> ItemId<'_> {
    ItemId::parse(id).expect("an id")
}

fn message<'a>(to: &'a str, id: &'a str) -> Message<'a> {
    Message {
        id: item(id),
        to: PersonId::parse(to).expect("an id"),
        content: "\"hi\"",
        kind: None,
        timestamp: None,
        status: None,
        metadata: None,
        reply_to: None,
        mentions: None,
    }
}

fn invite<'a>(to: &'a str, id: &'a str) -> Invite<'a> {
    Invite {
        id: item(id),
        to: PersonId::parse(to).expect("an id"),
        sender_name: None,
        text: "\"come\"",
        created_at: None,
        expires_at: None,
        metadata: None,
    }
}

fn refused(device: u32, refusal: Refusal) -> String {
    format!("{device}: error: {}", refusal.sentence())
}

/// The width of a slot of the wheel: how late a timer may be.
const A_MOMENT: Duration = Wheel::<Due>::SLOT_WIDTH;

fn without_grace() -> Limits {
    Limits { contact_grace: Duration::ZERO, ..Limits::default() }
}
