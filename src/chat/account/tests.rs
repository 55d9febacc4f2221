//! The promises of the realm. A sink writes down every event as one short line, such as `1: ada: hi`. The
//! number of a device is the number of its slot. A store in memory does the jobs when a test says so.

mod devices;
mod hearing;
mod joining;
mod limits;
mod oracle;
mod pages;
mod reading;
mod room;
mod rooms;
mod saying;
mod store;
mod switching;
mod words;

use std::time::Duration;

use super::*;
use crate::chat::{Audience, PresenceMode, Watch};
use store::Store;
use words::{line, reply_line};

/// A realm, its clock, its sink, and its store.
struct World {
    realm: Realm,
    now: Now,
    sink: Recorder,
    store: Store,
    requests: u16,
}

/// Writes down which device was told what, and keeps the jobs for the store.
#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
    /// The same, as far as it is about messages, for the oracle.
    told: Vec<(ConnectionId, Told)>,
    jobs: Vec<Job>,
    replies: Vec<(Asker, String)>,
    token: Option<Token>,
    guest: Option<Guest>,
    changes: u64,
    status_changes: u64,
    /// The room that was made last.
    room: Option<RoomId>,
}

/// What a device was told of messages. Each message has another text.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Told {
    History(Vec<String>),
    Said(String),
    Sent { text: String, delivered: bool },
    InRoom(String),
    Notice(String),
    Reset(UserId),
    Failed(Failure),
    Ended,
}

impl Sink for Recorder {
    fn send(&mut self, to: ConnectionId, event: &chat::Event<'_>) {
        let chat::Event::Account(event) = event else { panic!("another realm's: {event:?}") };
        self.lines.push(format!("{}: {}", to.index(), line(event)));
        let text = |said: &Said<'_>| said.text.to_owned();
        let told = match event {
            Event::History(messages) => Told::History(messages.iter().map(text).collect()),
            Event::Said(said @ Said { place: Spot::Room(_), .. }) => Told::InRoom(text(said)),
            Event::Said(said) => Told::Said(text(said)),
            Event::Sent { message, delivered } => {
                Told::Sent { text: text(message), delivered: *delivered }
            }
            Event::Refused { refusal: Refusal::Failed(failure), .. } => Told::Failed(*failure),
            Event::Notify { text, .. } => Told::Notice((*text).to_owned()),
            Event::UnreadReset { from_id } => Told::Reset(*from_id),
            Event::Typing { .. }
            | Event::Users { .. }
            | Event::Everyone(_)
            | Event::Ping
            | Event::Welcome(_)
            | Event::Stored { .. }
            | Event::Edited { .. }
            | Event::Deleted { .. }
            | Event::HasRead { .. }
            | Event::Receipt { .. }
            | Event::Signal { .. }
            | Event::Page { .. }
            | Event::Conversations { .. }
            | Event::UsersPage { .. }
            | Event::Rooms { .. }
            | Event::RoomNews { .. }
            | Event::RoomMembers { .. }
            | Event::UsersChanged { .. }
            | Event::Refused { .. } => return,
        };
        self.told.push((to, told));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &chat::Event<'_>) {
        assert!(to.len() > 1, "one device is not several");
        to.iter().for_each(|to| self.send(*to, event));
    }

    fn watch(&mut self, by: ConnectionId, what: Watch) {
        match what {
            Watch::Begin(Audience::Accounts, PresenceMode::Full) => {
                self.lines.push(format!("{}: watches", by.index()));
            }
            Watch::Begin(Audience::Status, PresenceMode::Full) => {
                self.lines.push(format!("{}: watches everyone", by.index()));
            }
            Watch::Ask => self.lines.push(format!("{}: wants the list", by.index())),
            Watch::End => {}
            Watch::Begin(Audience::Names, mode) => {
                self.lines.push(format!("{}: watches names, {mode:?}", by.index()));
            }
            Watch::Switch(mode) => self.lines.push(format!("{}: watches {mode:?}", by.index())),
            Watch::Begin(..) => panic!("not in this realm: {what:?}"),
        }
    }

    fn list_changed(&mut self, of: Audience) -> bool {
        match of {
            Audience::Mobile => panic!("another realm's"),
            Audience::Accounts => self.changes += 1,
            Audience::Names => return true,
            Audience::Status => self.status_changes += 1,
        }
        false
    }

    fn ask(&mut self, job: Job) {
        self.jobs.push(job);
    }

    fn reply(&mut self, to: Asker, reply: &Reply<'_>) {
        match reply {
            Reply::LoggedIn { token, .. } => self.token = Some(*token),
            Reply::Known(guest) => self.guest = Some(*guest),
            Reply::Room(room) => self.room = Some(room.id),
            _ => {}
        }
        self.replies.push((to, reply_line(reply)));
    }

    fn end(&mut self, id: ConnectionId, why: Farewell) {
        self.lines.push(format!("{}: {why:?}", id.index()));
        self.told.push((id, Told::Ended));
    }
}

/// The address of all callers, unless a test is about addresses.
fn home() -> Block {
    Block::of([192, 0, 2, 1].into())
}

fn device(slot: u32) -> ConnectionId {
    ConnectionId::new(slot, 0)
}

impl World {
    /// A world with these users, whose passwords are `secret of NAME`. The clock stands at the year 2001.
    fn new(limits: Limits, names: &[&str]) -> Self {
        let store = Store::new(names);
        let now = Now { unix: Duration::from_secs(1_000_000_000), ..Now::default() };
        let realm = Realm::restore(limits, store.snapshot(), now.monotonic);
        World { realm, now, sink: Recorder::default(), store, requests: 0 }
    }

    /// A world with Ada at device 1 and Bob at device 2, both switched, and with Eve, who is offline.
    fn of_two(limits: Limits) -> Self {
        let mut world = World::new(limits, &["ada", "bob", "eve"]);
        for (slot, name) in [(1, "ada"), (2, "bob")] {
            world.join(slot, name);
            world.switch(slot);
        }
        world.heard();
        world
    }

    /// Makes a call from an address. The reply may come later.
    fn call_from(&mut self, from: Block, call: &Call) -> Asker {
        self.requests += 1;
        let asker = Asker { id: device(99), request: self.requests };
        self.realm.call(self.now, from, asker, call, &mut self.sink);
        self.check();
        asker
    }

    /// Makes a call, has all jobs done, and returns the reply.
    fn call(&mut self, call: &Call) -> String {
        let asker = self.call_from(home(), call);
        self.settle();
        self.reply_to(asker)
    }

    /// Takes out the one reply to a call.
    fn reply_to(&mut self, asker: Asker) -> String {
        let (own, others) =
            std::mem::take(&mut self.sink.replies).into_iter().partition(|one| one.0 == asker);
        self.sink.replies = others;
        let own: Vec<(Asker, String)> = own;
        assert_eq!(own.len(), 1, "a call gets one reply: {own:?}");
        own[0].1.clone()
    }

    /// Logs a user in, and returns the token.
    fn log_in(&mut self, name: &str) -> Token {
        let reply = self.call(&log_in(name, &format!("secret of {name}")));
        assert_eq!(reply, format!("in as {name}"));
        self.sink.token.take().expect("there is a token")
    }

    /// Logs a user in, and opens a WebSocket.
    fn join(&mut self, slot: u32, name: &str) -> Token {
        let token = self.log_in(name);
        self.enter(slot, token);
        token
    }

    /// The guest of a token. If memory does not know it, the store does all that waits.
    fn guest(&mut self, token: Token) -> Guest {
        let asker = self.call_from(home(), &Call::ask(Some(token), Wants::Identity));
        if self.sink.replies.is_empty() {
            self.settle();
        }
        let reply = self.reply_to(asker);
        self.sink.guest.take().unwrap_or_else(|| panic!("{reply}"))
    }

    /// Opens a WebSocket with a token.
    fn enter(&mut self, slot: u32, token: Token) {
        self.enter_as(slot, token, Role::Stream);
    }

    /// The same, for something else than everything.
    fn enter_as(&mut self, slot: u32, token: Token, role: Role) {
        let guest = self.guest(token);
        self.realm.enter(self.now, device(slot), (guest, role), &mut self.sink);
        self.check();
    }

    /// What a user asks for; the reply.
    fn ask(&mut self, token: Token, wants: Wants) -> String {
        self.call(&Call::ask(Some(token), wants))
    }

    /// The id of a user, present or former.
    fn id(&self, name: &str) -> UserId {
        let mut all = self.store.users.iter().chain(&self.store.former);
        all.find(|user| user.name.as_str() == name).expect("it was registered").id
    }

    /// Has a user make a room.
    fn room(&mut self, token: Token, name: &str) -> RoomId {
        let (name, description) = (name.into(), "".into());
        let reply = self.ask(token, Wants::CreateRoom { name, description });
        self.sink.room.take().unwrap_or_else(|| panic!("{reply}"))
    }

    fn switch(&mut self, slot: u32) {
        self.realm.switched(device(slot), &mut self.sink);
        self.check();
    }

    fn leave(&mut self, slot: u32) {
        self.realm.leave(device(slot), &mut self.sink);
        self.check();
    }

    fn handle(&mut self, slot: u32, command: &Command<'_>) {
        self.realm.handle(self.now, device(slot), command, &mut self.sink);
        self.check();
    }

    fn say(&mut self, slot: u32, to: Option<&str>, text: &str) {
        self.handle(
            slot,
            &Command::Say { to: target(to), text: text.into(), id: None, reply_to: None },
        );
    }

    /// Says something in the place that the device is for.
    fn say_here(&mut self, slot: u32, text: &str) {
        self.handle(slot, &Command::SayHere { text: text.into(), reply: None });
    }

    fn types(&mut self, slot: u32, to: Option<&str>) {
        self.handle(slot, &Command::Typing { to: target(to), is_typing: true });
    }

    /// Has the store do its next job. Returns whether there was one.
    fn step(&mut self) -> bool {
        self.store.queue(&mut self.sink.jobs);
        let Some(result) = self.store.next_result() else { return false };
        self.realm.done(self.now, result, &mut self.sink);
        self.check();
        true
    }

    /// Has the store do all jobs.
    fn settle(&mut self) {
        while self.step() {}
    }

    /// Lets time pass, and acts on the deadlines that have passed.
    fn pass(&mut self, time: Duration) {
        self.now.monotonic = self.now.monotonic + time;
        self.now.unix += time;
        self.realm.expire(self.now, 1_000, &mut self.sink);
        self.realm.forget(self.now.monotonic, 1_000);
        self.check();
    }

    /// The lines since the last call.
    fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sink.lines)
    }

    fn may_speak(&self, slot: u32) -> bool {
        self.realm.may_speak(device(slot))
    }

    fn check(&self) {
        self.realm.check_invariants();
    }
}

/// The conversation with a user, or that of everybody.
fn target(to: Option<&str>) -> Target<'_> {
    to.map_or(Target::Everybody, |name| Target::User(name.into()))
}

fn log_in(name: &str, password: &str) -> Call {
    Call::LogIn { name: name.into(), password: Secret::new(password) }
}

fn register(name: &str, password: &str) -> Call {
    Call::Register { name: name.into(), password: Secret::new(password) }
}
