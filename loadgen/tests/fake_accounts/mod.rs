//! [`FakeAccounts`]: a server with users, passwords and histories, with a chosen flaw. It speaks Chatterbox,
//! WebSocket Chat, MyChat and `switchboard.v1`. loadgen must find the flaw, and give it its name.
//!
//! It is as unlike the real server as can be: a thread for each connection, one lock around everything, no
//! file, JSON with spaces. `chat` is what it knows, `sockets` and `v1` are what is said on WebSockets, and
//! `http` reads requests.

mod chat;
mod frames;
mod http;
mod sockets;
mod v1;

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use switchboard::ws::{Item, Limits, Reader, Role};

use chat::{Chat, Place, id_of};
use frames::{close, say};
use http::{Request, answer, redirect};
use sockets::{Kind, Presence, Seat};

/// The flaw. It happens to the 20th message, or to the third reply; the others say when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    /// No flaw.
    None,
    /// The message is acknowledged and delivered, and is in no history.
    ForgetStored,
    /// Histories show it twice.
    StoreTwice,
    /// Histories show it after the next message of the same place.
    StoreOutOfOrder,
    /// No flaw: senders are told that their messages are stored when others have them long since, and in any order.
    AcknowledgeLate,
    /// The same, and histories show it after the next message of the same place.
    StoreOutOfOrderLate,
    /// Histories show another text.
    AlterStored,
    /// Histories show it as the next user's.
    StoreWrongAuthor,
    /// It is in the history of everyone instead of its own.
    StoreElsewhere,
    /// Histories show it with another id.
    ChangeId,
    /// It has the id of the message before it.
    RepeatId,
    /// Histories of two users show what another two have said.
    ShowOthers,
    /// Every request for a history is answered by an error.
    RefuseHistory,
    /// While several are connected, histories that are asked for do not come.
    WithholdHistory,
    /// While several are connected, histories that are asked for leave out the newest ten messages. Others have heard some of
    /// them before the request, also where the server is slow to answer it.
    OmitNewest,
    /// Histories on connecting leave out the newest two messages.
    GreetWithOld,
    /// Histories on connecting are empty.
    GreetWithNothing,
    /// Histories show a reply as if it were none.
    ForgetReply,
    /// The sender is not told that it is stored.
    NeverAcknowledge,
    /// The sender is told so twice (`switchboard.v1`).
    AcknowledgeTwice,
    /// The sender is told that it is stored, and nobody else gets it.
    AcknowledgeOnly,
    /// Everybody but the sender gets it twice.
    DeliverTwice,
    /// One connection does not get it.
    LoseOne,
    /// One connection does not get it, of a user with an odd number if the author's is even, and the other way round.
    LoseOneOfOthers,
    /// Users with odd numbers get it after the next message.
    SwapForOdd,
    /// It is delivered as if the next user had written it.
    WrongAuthor,
    /// It is delivered with another letter in its text.
    AlterText,
    /// It is delivered as if it had been said to everyone.
    WrongPlace,
    /// All messages are delivered to everybody.
    Leak,
    /// Its sender gets an error instead of the acknowledgement.
    ErrorAnswered,
    /// One connection is closed in place of it.
    CloseOne,
    /// From then on nobody is told anything.
    FallSilent,
    /// The second user who logs in gets the token of the first.
    SwapTokens,
    /// The answer to a login names another user.
    LogInAsOther,
    /// Marks of what was read are forgotten.
    ForgetMarks,
    /// Who registers or logs in is asked to come again in an hour.
    PutOff,
    /// Who asks how much is unread is cut off.
    RefuseUnread,
    /// The second user is always told of one unread message too many.
    MiscountUnread,
    /// Each page of a history begins with the message that the page before ended with.
    PageRepeats,
    /// Between two pages of a history a message is missing.
    PageSkips,
    /// Every page of a history is the newest one, and says that there are more.
    PageStays,
    /// Every page of a history is empty, and says that there are more.
    PageEmpty,
    /// Histories have what somebody has written long ago, and no message after that.
    StayOld,
    /// The third notice is not sent.
    LoseNotice,
    /// The third message of a room goes to everybody who is connected.
    LeakRoom,
    /// At MyChat's own addresses the newest two messages of a history have changed places.
    AppOutOfOrder,
    /// Messages that were marked as read in MyChat are still counted as unread.
    KeepUnread,
    /// Nobody is told that messages are no longer unread.
    LoseReset,
    /// They are told so twice.
    ResetTwice,
    /// With the third notice, the user is told that messages are no longer unread.
    ResetUncalled,
    /// The sender of a private message is told that nobody was told of it.
    DenyDelivery,
    /// Changes of who is online come with one user too many.
    MiscountOnline,
    /// Typing is not passed on.
    LoseTyping,
    /// One connection is not told of the 61st notice of typing.
    LoseOneTyping,
    /// Everybody else is told of private typing.
    LeakTyping,
    /// The one who types is told, too.
    EchoTyping,
    /// Typing is passed on as if the next user did it.
    WrongTypist,
    /// The 61st notice of typing is passed on twice.
    TypeTwice,
    /// No flaw: in MyChat only those are online whose notices have a socket.
    CountNotices,
    /// Lists of who is online never have the second user.
    HideOne,
    /// Lists keep everybody who has left.
    KeepGone,
    /// Lists have the second user twice.
    ListTwice,
    /// Nobody is ever shown a list without asking for it.
    NeverList,
    /// MyChat's list shows of each user whether the next one has a socket for notices.
    ShowOfNext,
    /// MyChat's list shows each user with the id of the next one.
    ListOtherIds,
    /// MyChat's list has nobody who is offline.
    ListOnlineOnly,
    /// MyChat's list goes to conversations, too.
    LeakStatus,
    /// The newest message is not stored any more after a restart.
    ForgetAtRestart,
    /// The newest two messages of a place have changed places after a restart.
    ReorderAtRestart,
}

/// A server that listens on a free port of the loopback until the test is over.
#[derive(Debug)]
pub(crate) struct FakeAccounts {
    pub(crate) address: SocketAddr,
    chat: Arc<Mutex<Chat>>,
}

impl FakeAccounts {
    pub(crate) fn start(flaw: Flaw) -> Self {
        let (address, chat) = listen(flaw);
        FakeAccounts { address, chat }
    }

    /// A server without a flaw that speaks MyChat, and nothing else: no JSON to log in, and no histories beside the
    /// app's own.
    pub(crate) fn of_mychat_alone() -> Self {
        let server = FakeAccounts::start(Flaw::None);
        lock(&server.chat).is_mychat_alone = true;
        server
    }

    /// A server that does not speak `switchboard.v1`: of what is said to everyone it shows the last 50 messages.
    pub(crate) fn without_v1(flaw: Flaw) -> Self {
        let server = FakeAccounts::start(flaw);
        lock(&server.chat).speaks_v1 = false;
        server
    }

    /// A server that dies and comes back as soon as this file exists, once.
    pub(crate) fn restarts_at(flaw: Flaw, file: PathBuf) -> Self {
        let (address, chat) = listen(flaw);
        let same = Arc::clone(&chat);
        thread::spawn(move || {
            while !file.exists() {
                thread::sleep(Duration::from_millis(2));
            }
            lock(&same).restart();
        });
        FakeAccounts { address, chat }
    }

    /// How often users have asked how much is unread, in `switchboard.v1`.
    pub(crate) fn unread_asked(&self) -> usize {
        lock(&self.chat).unread_asked
    }

    /// How many pings there were on MyChat's start pages, and pongs.
    pub(crate) fn pings_and_pongs(&self) -> (usize, usize) {
        let chat = lock(&self.chat);
        (chat.pings, chat.pongs)
    }
}

fn listen(flaw: Flaw) -> (SocketAddr, Arc<Mutex<Chat>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let chat = Arc::new(Mutex::new(Chat::new(flaw)));
    let same = Arc::clone(&chat);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let chat = Arc::clone(&same);
            thread::spawn(move || serve(stream, &chat));
        }
    });
    (address, chat)
}

fn lock(chat: &Mutex<Chat>) -> MutexGuard<'_, Chat> {
    chat.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers requests, until one of them is an upgrade.
fn serve(mut stream: TcpStream, chat: &Mutex<Chat>) -> io::Result<()> {
    while let Some(request) = Request::read(&mut stream)? {
        let is_of_mychat =
            !matches!(&*request.path, "/users" | "/messages/global" | "/logout" | "/ws")
                && (request.is_form() || !matches!(&*request.path, "/register" | "/login"));
        if lock(chat).is_mychat_alone && !is_of_mychat {
            answer(&mut stream, 404, &json!({"detail": "Not Found"}))?;
            continue;
        }
        if request.is_upgrade() {
            return open(stream, &request, chat);
        }
        let signed_in = lock(chat).tokens.get(request.token()).copied();
        match (&*request.method, &*request.path) {
            ("POST", "/register" | "/login") => sign_in(&mut stream, &request, chat)?,
            ("GET", "/") => answer(&mut stream, 200, &json!({"status": "Server is running"}))?,
            _ => {
                let (status, body) = match signed_in {
                    Some(user) => page(&mut lock(chat), user, &request),
                    None => (401, json!({"detail": "Invalid or expired session token"})),
                };
                answer(&mut stream, status, &body)?;
            }
        }
    }
    Ok(())
}

fn sign_in(stream: &mut TcpStream, request: &Request, chat: &Mutex<Chat>) -> io::Result<()> {
    let (name, password) = (request.field("username"), request.field("password"));
    let mut chat = lock(chat);
    if chat.flaw == Flaw::PutOff {
        return http::put_off(stream, 3600);
    }
    let is_new = request.path == "/register";
    if is_new && chat.register(name.clone(), password.clone()).is_none() {
        return match request.is_form() {
            true => redirect(stream, "/", &[]),
            false => answer(stream, 400, &json!({"detail": "User already exists"})),
        };
    }
    let Some((user, token)) = chat.log_in(&name, &password) else {
        return match request.is_form() {
            true => redirect(stream, "/", &[]),
            false => answer(stream, 401, &json!({"detail": "Invalid credentials"})),
        };
    };
    if request.is_form() {
        let cookies = [format!("session={token}"), format!("user_id={}", id_of(user))];
        return redirect(stream, "/index", &cookies);
    }
    let name = if chat.flaw == Flaw::LogInAsOther && !is_new { "eve".to_owned() } else { name };
    let who =
        json!({"id": id_of(user), "username": name, "created_at": "2026-02-28T23:59:59.007Z"});
    let body = match is_new {
        true => json!({"message": "User registered successfully", "user": who}),
        false => json!({"message": "Login successful", "token": token, "session_token": token,
            "user": who, "expires_at": "2099-03-07T23:59:59.007Z"}),
    };
    answer(stream, 200, &body)
}

/// A page for somebody who is signed in: its status and its body.
fn page(chat: &mut Chat, user: usize, request: &Request) -> (u16, Value) {
    let parts: Vec<_> = request.path.split('/').skip(1).collect();
    let unknown = || (404, json!({"error": "There is none.", "detail": "There is none."}));
    let ok = || (200, json!({"status": "ok"}));
    match (&*request.method, &parts[..]) {
        ("GET", ["users"]) => {
            let who = |one| {
                json!({"id": id_of(one), "username": chat.name(one),
                "is_online": chat.is_online(one), "created_at": "2026-02-28T23:59:59.007Z"})
            };
            (200, (0..chat.users.len()).map(who).collect())
        }
        ("GET", ["messages", "global"]) => {
            let (last, _) = chat.page(&Place::All, None, 50);
            let line = |one: &&chat::Message| {
                json!({"id": one.mid, "content": one.text,
                "sender": chat.name(one.from), "created_at": sockets::time(one.ts),
                "is_global": true})
            };
            (200, last.iter().map(line).collect())
        }
        ("GET", ["api", "unread", _]) => {
            let mut unread = Map::new();
            for other in 0..chat.users.len() {
                let count = chat.unread(user, &Place::pair(user, other));
                if count > 0 {
                    unread.insert(id_of(other), count.into());
                }
            }
            (200, unread.into())
        }
        ("POST", ["api", "mark_read", _, other]) => {
            let Some(other) = chat.user_of_id(other) else { return unknown() };
            let place = Place::pair(user, other);
            let newest = chat.newest(&place);
            if chat.flaw != Flaw::KeepUnread {
                chat.mark_read(user, place, newest);
            }
            let reset = json!({"type": "unread_reset", "from_id": id_of(other)});
            for seat in &chat.seats {
                let is_told = seat.user == user && seat.kind == Kind::Notices;
                let times = match chat.flaw {
                    Flaw::LoseReset => 0,
                    Flaw::ResetTwice => 2,
                    _ => 1,
                };
                (0..times).filter(|_| is_told).for_each(|_| say(&seat.stream, &reset));
            }
            ok()
        }
        ("GET", ["api", "history", _, other] | ["history", _, other]) => {
            let Some(other) = chat.user_of_id(other) else { return unknown() };
            let last = chat.last_of_app(&Place::pair(user, other));
            let line = |one: &&chat::Message| {
                json!({"sender": id_of(one.from),
                "user": chat.name(one.from), "text": one.text, "time": "23:59", "read": false})
            };
            (200, last.iter().map(line).collect())
        }
        ("POST", ["api", "rooms", "create"]) => {
            let (name, about) = (request.field("name"), request.field("description"));
            let id = chat.create_room(name, about, user);
            (200, chat.room_json(&id))
        }
        ("GET", ["api", "rooms"]) => {
            let mine = chat.rooms.iter().filter(|(_, room)| room.members.contains(&user));
            (200, mine.map(|(id, _)| chat.room_json(id)).collect())
        }
        (method, ["api", "rooms", id, rest @ ..]) => room_page(chat, (method, id, rest), request),
        _ => unknown(),
    }
}

/// A page about one room.
fn room_page(
    chat: &mut Chat,
    (method, id, rest): (&str, &str, &[&str]),
    request: &Request,
) -> (u16, Value) {
    let unknown = || (404, json!({"error": "There is none.", "detail": "There is none."}));
    let ok = || (200, json!({"status": "ok"}));
    let new = chat.user_of_id(&request.field("user_id"));
    let Some(room) = chat.rooms.get_mut(id) else { return unknown() };
    match (method, rest) {
        ("POST", ["add_user"]) => {
            let Some(new) = new else { return unknown() };
            room.members.insert(new);
            ok()
        }
        ("DELETE", []) => {
            chat.rooms.remove(id);
            ok()
        }
        ("GET", ["members"]) => {
            let who = |&one: &usize| json!({"id": id_of(one), "name": chat.name(one)});
            (200, chat.rooms[id].members.iter().map(who).collect())
        }
        ("GET", ["history"]) => {
            let last = chat.last_of_app(&Place::Room(id.to_owned()));
            (200, last.iter().map(|one| chat.room_message(one)).collect())
        }
        ("GET", []) => (200, chat.room_json(id)),
        _ => unknown(),
    }
}

/// Opens a WebSocket, and serves it until the client hangs up or the stream fails.
fn open(mut stream: TcpStream, request: &Request, chat: &Mutex<Chat>) -> io::Result<()> {
    static SEATS: AtomicUsize = AtomicUsize::new(0);
    let offered = request.header("sec-websocket-protocol");
    let is_v1 = offered.contains("switchboard.v1") && lock(chat).speaks_v1;
    let subprotocol = if is_v1 { "switchboard.v1" } else { "" };
    let user = lock(chat).tokens.get(request.token()).copied();
    let parts: Vec<_> = request.path.split('/').skip(1).collect();
    let kind = match &parts[..] {
        ["ws"] if subprotocol.is_empty() => Some(Kind::Chatterbox),
        ["ws"] => Some(Kind::V1(match request.query("presence") {
            "none" => Presence::None,
            "delta" => Presence::Delta,
            _ => Presence::Full,
        })),
        ["ws", "status"] => Some(Kind::Status),
        ["ws", "global", _] => Some(Kind::Notices),
        ["ws", "room", room, _] => Some(Kind::Room((*room).to_owned())),
        ["ws", _, target] => lock(chat).user_of_id(target).map(Kind::Private),
        _ => None,
    };
    // The client knows that it is in no sooner than the others do.
    let mut chat_now = lock(chat);
    request.upgrade(&mut stream, subprotocol)?;
    let (Some(user), Some(kind)) = (user, kind) else {
        close(&stream, 4001);
        return Ok(());
    };
    let number = SEATS.fetch_add(1, Ordering::Relaxed);
    let seat = Seat { number, user, kind, stream: stream.try_clone()? };
    chat_now.sit_down(seat)?;
    drop(chat_now);
    let ended = listen_to(&mut stream, number, chat);
    lock(chat).leave(number);
    ended
}

fn listen_to(stream: &mut TcpStream, number: usize, chat: &Mutex<Chat>) -> io::Result<()> {
    let (mut reader, mut buffer) = (Reader::new(Role::Server), vec![0; 4096]);
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut input = &mut buffer[..count];
        while let Ok(Some(item)) = reader.read(&mut input, &Limits::default()) {
            let mut chat = lock(chat);
            let mut out = Vec::new();
            item.answer().inspect(|answer| answer.encode(&mut out));
            stream.write_all(&out)?;
            match item {
                Item::Text(text) => chat.hear(number, &text),
                Item::Close(_) => return Ok(()),
                Item::Binary(_) | Item::Ping(_) | Item::Pong(_) => {}
            }
        }
    }
}
