//! [`FakeServer`]: a chat server that speaks SCA, with a chosen fault. loadgen must find the fault.
//!
//! It is as unlike the real server as can be: a thread for each phone, one lock around everything, JSON
//! with spaces. It keeps no books.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::SockRef;
use switchboard::ws::handshake::{self, Offer, Once};
use switchboard::ws::{CloseCode, Frame, Item, Limits, Reader, Role};

/// The fault. Unless it says otherwise, it happens to every hundredth message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// The message is lost.
    Lose,
    /// The message is delivered twice.
    Duplicate,
    /// The message is delivered to the wrong phone.
    Misdeliver,
    /// The next message of the same sender to the same phone goes first.
    Reorder,
    /// A letter of the text is changed.
    Garble,
    /// The server names the wrong sender.
    Misattribute,
    /// The sender's connection is dropped.
    Drop,
    /// One message in a thousand is lost.
    LoseOneIn1000,
    /// All messages after the first [`OVERLOAD`] are lost, until nobody is online.
    LoseUnderLoad,
    /// All phones wait for 300 ms, every 2 s.
    Stall,
    /// The first phone is sent lists without end, as fast as it reads them.
    Pour,
    /// Only a phone that has just come is told which phones are online.
    Mute,
    /// A phone that says nothing for 300 ms is dropped.
    Hasty,
    /// Lists name the first phone twice.
    ListTwice,
    /// A phone's first ping is answered, and no other one.
    Deaf,
    /// A phone's second ping is not answered.
    DeafOnce,
    /// No fault: the digits in lists are written as escapes.
    Escape,
    /// Between two servers: the message is lost.
    LoseAcross,
    /// Between two servers: the sender is told that the message cannot be delivered, and it is delivered.
    DenyAcross,
    /// On one server: the sender is told that the message cannot be delivered, and it is not.
    DenyWithin,
    /// Every message to a phone that has come a second time goes to its old connection.
    KeepOld,
    /// No fault: the old connection of a phone that has come a second time is closed, with the code 4000.
    CloseOld,
    /// No fault: it is told the code 4000, and the server waits for the answer before it closes.
    AnnounceOld,
    /// The old connection is closed without a close frame.
    DropOld,
    /// The old connection is closed with the code 1001, as if it had been silent for too long.
    EvictOld,
}

/// How many messages a server with that fault holds.
pub(crate) const OVERLOAD: u64 = 100;

/// A server that listens on a free port of the loopback until the test is over.
#[derive(Debug)]
pub(crate) struct FakeServer {
    pub(crate) address: SocketAddr,
    /// Bytes that the first phone has taken.
    pub(crate) poured: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Chat {
    online: BTreeMap<String, TcpStream>,
    /// By phone: the address of the server that it is on.
    homes: BTreeMap<String, SocketAddr>,
    messages: u64,
    /// Sender, recipient and text of a message that is held back.
    held: Option<(String, String, String)>,
    /// How many phones a list names twice.
    listed_twice: usize,
    /// Whether the digits in lists are written as escapes.
    escapes: bool,
}

impl FakeServer {
    pub(crate) fn start(fault: Fault) -> Self {
        FakeServer::with(fault, Arc::default())
    }

    /// Two servers that pass on messages to each other.
    pub(crate) fn pair(fault: Fault) -> [Self; 2] {
        let chat = Arc::new(Mutex::new(Chat::default()));
        [Arc::clone(&chat), chat].map(|chat| FakeServer::with(fault, chat))
    }

    fn with(fault: Fault, chat: Arc<Mutex<Chat>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let poured = Arc::new(AtomicUsize::new(0));
        if fault == Fault::Stall {
            let chat = Arc::clone(&chat);
            thread::spawn(move || {
                loop {
                    thread::sleep(Duration::from_millis(1700));
                    let _chat = chat.lock();
                    thread::sleep(Duration::from_millis(300));
                }
            });
        }
        let count = Arc::clone(&poured);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let chat = Arc::clone(&chat);
                let count = Arc::clone(&count);
                thread::spawn(move || serve(stream, &chat, fault, &count));
            }
        });
        FakeServer { address, poured }
    }
}

/// Serves one phone, until it hangs up or its stream fails.
fn serve(
    mut stream: TcpStream,
    chat: &Mutex<Chat>,
    fault: Fault,
    poured: &AtomicUsize,
) -> io::Result<()> {
    let number = upgrade(&mut stream)?;
    if fault == Fault::Pour {
        // Otherwise the kernel would take a few megabytes, whatever the phone reads.
        SockRef::from(&stream).set_send_buffer_size(8 * 1024)?;
    }
    while fault == Fault::Pour && number.ends_with("000000") {
        let list = json!({"type": "online_users", "users": vec![&*number; 50]});
        say(&mut stream, &list)?;
        poured.fetch_add(list.to_string().len(), Ordering::Relaxed);
    }
    if fault == Fault::Hasty {
        stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    }
    {
        let mut chat = chat.lock().unwrap_or_else(PoisonError::into_inner);
        chat.listed_twice = usize::from(fault == Fault::ListTwice);
        chat.escapes = fault == Fault::Escape;
        match fault == Fault::KeepOld && chat.online.contains_key(&number) {
            true => say(&mut stream, &chat.list())?,
            false => {
                if let Some(old) = chat.online.insert(number.clone(), stream.try_clone()?) {
                    end_old(old, fault)?;
                }
            }
        }
        chat.homes.insert(number.clone(), stream.local_addr()?);
        match fault == Fault::Mute {
            true => say(&mut stream, &chat.list())?,
            false => chat.announce(),
        }
    }
    let ended = talk(&mut stream, &number, chat, fault);
    let mut chat = chat.lock().unwrap_or_else(PoisonError::into_inner);
    // Unless a phone with the same number has come meanwhile.
    let is_own = |other: &TcpStream| other.peer_addr().ok() == stream.peer_addr().ok();
    if chat.online.get(&number).is_some_and(is_own) {
        chat.online.remove(&number);
        if chat.online.is_empty() {
            chat.messages = 0;
        }
        if fault != Fault::Mute {
            chat.announce();
        }
    }
    ended
}

/// Ends the old connection of a phone that has come a second time, or not.
fn end_old(mut old: TcpStream, fault: Fault) -> io::Result<()> {
    let code = match fault {
        Fault::CloseOld | Fault::AnnounceOld => CloseCode::from(4000),
        Fault::EvictOld => CloseCode::from(1001),
        Fault::DropOld => return old.shutdown(Shutdown::Both),
        _ => return Ok(()),
    };
    let mut out = Vec::new();
    Frame::Close(Some((code, "the end"))).encode(&mut out);
    old.write_all(&out)?;
    if fault == Fault::AnnounceOld { Ok(()) } else { old.shutdown(Shutdown::Both) }
}

fn talk(stream: &mut TcpStream, number: &str, chat: &Mutex<Chat>, fault: Fault) -> io::Result<()> {
    let (mut reader, mut buffer) = (Reader::new(Role::Server), vec![0; 4096]);
    let mut pings = 0;
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // The whole test was stopped for a moment, and goes on (signal(7)).
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let mut input = &mut buffer[..count];
        while let Ok(Some(item)) = reader.read(&mut input, &Limits::default()) {
            let mut out = Vec::new();
            if let Some(answer) = item.answer() {
                answer.encode(&mut out);
            }
            let mut chat = chat.lock().unwrap_or_else(PoisonError::into_inner);
            stream.write_all(&out)?;
            match item {
                Item::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                    match frame["type"].as_str() {
                        Some("ping") => {
                            pings += 1;
                            let is_heard = match fault {
                                Fault::Deaf => pings == 1,
                                Fault::DeafOnce => pings != 2,
                                _ => true,
                            };
                            if is_heard {
                                say(stream, &json!({"type": "pong"}))?;
                            }
                        }
                        Some("message") => chat.message(number, &frame, fault)?,
                        _ => {}
                    }
                }
                Item::Close(_) => return Ok(()),
                Item::Binary(_) | Item::Ping(_) | Item::Pong(_) => {}
            }
        }
    }
}

impl Chat {
    fn list(&self) -> Value {
        let twice = self.online.keys().take(self.listed_twice);
        let users: Vec<_> = self.online.keys().chain(twice).collect();
        json!({"of": ["phones"], "type": "online_users", "users": users})
    }

    /// The list in the spelling of the real server, but for the digits: `"\u0034…"`.
    fn escaped_list(&self) -> String {
        let escape = |number: &String| {
            let digits = number.bytes().map(|digit| format!("\\u{digit:04x}"));
            format!("\"{}\"", digits.collect::<String>())
        };
        let users: Vec<_> = self.online.keys().map(escape).collect();
        format!(r#"{{"type":"online_users","users":[{}]}}"#, users.join(","))
    }

    /// Sends all phones the list. If that fails for a phone, the phone's own thread will notice that it is
    /// gone.
    fn announce(&mut self) {
        let list = self.list();
        let escaped = self.escapes.then(|| self.escaped_list());
        for stream in self.online.values_mut() {
            let _ = match &escaped {
                Some(list) => say_text(stream, list),
                None => say(stream, &list),
            };
        }
    }

    fn message(&mut self, from: &str, frame: &Value, fault: Fault) -> io::Result<()> {
        let field = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        let (to, text) = (field("to"), field("text"));
        self.messages += 1;
        if fault == Fault::LoseUnderLoad && self.messages > OVERLOAD {
            return Ok(());
        }
        let is_within = self.homes.get(from) == self.homes.get(&to);
        let one_in = match fault {
            Fault::LoseOneIn1000 => 1000,
            Fault::LoseAcross | Fault::DenyAcross | Fault::DenyWithin => 1,
            _ => 100,
        };
        let fault = if self.messages.is_multiple_of(one_in) { fault } else { Fault::None };
        match fault {
            Fault::Lose | Fault::LoseOneIn1000 => return Ok(()),
            Fault::Duplicate => self.deliver(from, &to, &text)?,
            Fault::Misdeliver => {
                let other = self.online.keys().find(|&number| *number != to && number != from);
                let other = other.cloned().unwrap_or_default();
                return self.deliver(from, &other, &text);
            }
            Fault::Reorder if self.held.is_none() => {
                self.held = Some((from.to_owned(), to, text));
                return Ok(());
            }
            Fault::Garble => return self.deliver(from, &to, &text.replace('z', "y")),
            Fault::Misattribute => return self.deliver(&to, &to, &text),
            Fault::Drop => {
                let stream = self.online.get(from).map(TcpStream::try_clone).transpose()?;
                stream.map(|stream| stream.shutdown(Shutdown::Both)).transpose()?;
            }
            Fault::LoseAcross if !is_within => return Ok(()),
            Fault::DenyAcross if !is_within => self.deny(from, &to)?,
            Fault::DenyWithin if is_within => return self.deny(from, &to),
            Fault::None
            | Fault::LoseAcross
            | Fault::DenyAcross
            | Fault::DenyWithin
            | Fault::KeepOld
            | Fault::CloseOld
            | Fault::AnnounceOld
            | Fault::DropOld
            | Fault::EvictOld
            | Fault::DeafOnce
            | Fault::Escape
            | Fault::Reorder
            | Fault::LoseUnderLoad
            | Fault::Stall
            | Fault::Pour
            | Fault::Mute
            | Fault::Hasty
            | Fault::ListTwice
            | Fault::Deaf => {}
        }
        self.deliver(from, &to, &text)?;
        match self.held.take_if(|(sender, recipient, _)| sender == from && *recipient == to) {
            Some((sender, recipient, text)) => self.deliver(&sender, &recipient, &text),
            None => Ok(()),
        }
    }

    fn deny(&mut self, from: &str, to: &str) -> io::Result<()> {
        let frame = json!({"type": "undelivered", "to": to, "reason": "offline"});
        self.online.get_mut(from).map_or(Ok(()), |stream| say(stream, &frame))
    }

    fn deliver(&mut self, from: &str, to: &str, text: &str) -> io::Result<()> {
        match self.online.get_mut(to) {
            Some(stream) => say(stream, &json!({"from": from, "text": text, "type": "message"})),
            None => Ok(()),
        }
    }
}

pub(crate) fn say(stream: &mut TcpStream, frame: &Value) -> io::Result<()> {
    say_text(stream, &frame.to_string().replace("\":", "\": "))
}

fn say_text(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let mut out = Vec::new();
    Frame::Text(text).encode(&mut out);
    stream.write_all(&out)
}

/// Reads the upgrade request byte by byte, so that no frame is read with it, and answers it.
pub(crate) fn upgrade(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let number = head.split(['/', ' ', '?']).nth(3).unwrap_or_default().to_owned();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let offer = Offer {
        host: true,
        get: true,
        http_1_1: true,
        connection_upgrade: true,
        upgrade_websocket: true,
        key: Once::Value(key.unwrap_or_default().as_bytes()),
        version: Once::Value(b"13"),
    };
    let accept = handshake::check(&offer).map_err(io::Error::other)?;
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept.as_str()
    )?;
    Ok(number)
}
