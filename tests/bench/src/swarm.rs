//! [`Swarm`]: many clients on one thread, which do as little work as possible.
//!
//! A client here trusts the server: it parses only the start of each frame. The scenarios count, and so
//! check that every message arrives and every list is right.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

/// The first phone number. The floor uses the same constant.
pub(crate) const BASE: u64 = 1_000_000_000;

/// One client.
#[derive(Debug)]
pub(crate) struct Phone {
    stream: Option<TcpStream>,
    /// The bytes of a frame that has not arrived in full.
    rest: Vec<u8>,
    upgraded: bool,
    /// Whether it is signed in. In the messenger realm this takes one more frame.
    signed_in: bool,
    /// How many numbers the last list had, and their sum. Different sets very rarely have equal values.
    pub(crate) list: (u64, u64),
    /// How many bytes it has received.
    pub(crate) bytes: u64,
    /// Whether it never reads.
    pub(crate) deaf: bool,
}

/// A message that has arrived, or a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arrival {
    /// A message, with the stamp that its sender wrote into it.
    Message { to: usize, stamp: u64 },
    /// A presence list, or a history.
    List { to: usize },
}

/// The realm of the clients, and whether they want receipts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Realm {
    /// The mobile realm at `/ws/{mobile}`.
    Mobile,
    /// The same, with an id in every message, so that its sender gets an ack.
    MobileWithIds,
    /// The messenger realm at `/ws`.
    Session {
        /// Whether clients want `message_status` frames.
        receipts: bool,
    },
    /// The account realm at `/ws?token=`. Every message is for all.
    Account,
    /// MyChat's sockets in the account realm: `/ws/room/…` and the others. What is sent is plain text.
    Mychat,
}

/// Many clients.
pub(crate) struct Swarm {
    address: SocketAddr,
    realm: Realm,
    /// The number of the first phone.
    base: u64,
    poll: Poll,
    events: Events,
    pub(crate) phones: Vec<Phone>,
    input: Vec<u8>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) start: Instant,
    /// In the account realm: what stands behind `/ws` in the address of each phone.
    addresses: Vec<String>,
    /// How many phones hear each message.
    pub(crate) copies: usize,
    /// How long an open loop sleeps while nothing is due. Without it, the loop is busy, and needs a core.
    pub(crate) nap: Option<Duration>,
}

impl Swarm {
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        Swarm::of_numbers_from(BASE, address)
    }

    /// Makes a swarm in this realm.
    pub(crate) fn in_realm(realm: Realm, address: SocketAddr) -> io::Result<Self> {
        Ok(Swarm { realm, ..Swarm::new(address)? })
    }

    /// Makes a swarm in the account realm: one phone for each token, once they are dialled.
    pub(crate) fn of_accounts(tokens: Vec<String>, address: SocketAddr) -> io::Result<Self> {
        let addresses = tokens.iter().map(|token| format!("?token={token}")).collect();
        Ok(Swarm { realm: Realm::Account, addresses, ..Swarm::new(address)? })
    }

    /// Makes a swarm of MyChat's sockets: one for each of these addresses, which stand behind `/ws`.
    pub(crate) fn of_mychat(addresses: Vec<String>, address: SocketAddr) -> io::Result<Self> {
        Ok(Swarm { realm: Realm::Mychat, addresses, ..Swarm::new(address)? })
    }

    /// Connects all phones of the account realm. Each message is for all of them.
    pub(crate) fn join_all(&mut self) -> io::Result<()> {
        self.copies = self.addresses.len();
        self.join(self.addresses.len(), "", 200)
    }

    /// Switches all phones from Chatterbox to WebSocket Chat: they ask for the list of those online. A
    /// second later all lists have been sent.
    pub(crate) fn speak_all(&mut self) -> io::Result<()> {
        let mut frame = Vec::new();
        encode_text(r#"{"type":"request_user_list"}"#, &mut frame);
        for phone in 0..self.phones.len() {
            self.write(phone, &frame)?;
        }
        self.settle(Duration::from_secs(1))
    }

    /// Reads for a while, and forgets what has arrived.
    pub(crate) fn settle(&mut self, time: Duration) -> io::Result<()> {
        let until = now() + time;
        while now() < until {
            self.pump(Some(Duration::from_millis(10)))?;
            self.arrivals.clear();
        }
        Ok(())
    }

    /// Makes a swarm whose numbers begin at `base`, so that they differ from those of another swarm.
    pub(crate) fn of_numbers_from(base: u64, address: SocketAddr) -> io::Result<Self> {
        Ok(Swarm {
            address,
            realm: Realm::Mobile,
            base,
            poll: Poll::new()?,
            events: Events::with_capacity(256),
            phones: Vec::new(),
            input: vec![0; 256 * 1024],
            arrivals: Vec::new(),
            start: now(),
            addresses: Vec::new(),
            copies: 1,
            nap: None,
        })
    }

    /// Nanoseconds since the swarm began.
    pub(crate) fn elapsed(&self) -> u64 {
        u64::try_from(now().duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Connects `count` more phones with this `query` (such as `?presence=none`), and waits until all are
    /// signed in. At most `at_once` of them are connecting at any time.
    pub(crate) fn join(&mut self, count: usize, query: &str, at_once: usize) -> io::Result<()> {
        let target = self.phones.len() + count;
        while self.phones.len() < target {
            for _ in 0..at_once.min(target - self.phones.len()) {
                self.dial(query)?;
            }
            self.wait_for_upgrades()?;
        }
        Ok(())
    }

    /// Connects one more phone, without waiting.
    pub(crate) fn dial(&mut self, query: &str) -> io::Result<()> {
        let index = self.phones.len();
        self.phones.push(Phone {
            stream: None,
            rest: Vec::new(),
            upgraded: false,
            signed_in: false,
            list: (0, 0),
            bytes: 0,
            deaf: false,
        });
        self.redial(index, query)
    }

    /// Connects a phone again that has hung up.
    pub(crate) fn redial(&mut self, index: usize, query: &str) -> io::Result<()> {
        // There are 28,000 ports for each pair of addresses, and a port stays in use for a minute after
        // its connection has closed. So every connection comes from a random address.
        let source = Ipv4Addr::new(127, 1, fastrand::u8(1..255), fastrand::u8(1..255));
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&self.address.into())?;
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let path = match self.realm {
            Realm::Mobile | Realm::MobileWithIds => format!("/{}{query}", self.number(index)),
            Realm::Session { .. } => String::new(),
            Realm::Account | Realm::Mychat => self.addresses[index].clone(),
        };
        let host = self.address.to_string();
        let mut request = by_hand::upgrade(&format!("/ws{path}"), &host, "").into_bytes();
        if let Realm::Session { receipts } = self.realm {
            let id = session_id(self.number(index));
            let auth = format!(
                r#"{{"type":"auth","data":{{"sessionId":"{id}","name":"Ten Letter","receipts":{receipts}}}}}"#
            );
            encode_text(&auth, &mut request);
        }
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        stream.write_all(&request)?;
        let phone = &mut self.phones[index];
        phone.stream = Some(stream);
        phone.upgraded = false;
        phone.signed_in = false;
        phone.rest.clear();
        Ok(())
    }

    /// Appends a frame with a message from one phone to another, whose text is `size` bytes and
    /// begins with the stamp.
    pub(crate) fn encode(
        &self,
        from: usize,
        to: usize,
        stamp: u64,
        size: usize,
        out: &mut Vec<u8>,
    ) {
        let (from, to) = (self.number(from), self.number(to));
        match self.realm {
            Realm::Mobile => encode_message(to, stamp, size, out),
            Realm::MobileWithIds => {
                let text = padded(stamp, size);
                let message = format!(
                    r#"{{"type":"message","to":"{to}","text":"{text}","id":"{from}-{stamp}"}}"#
                );
                encode_text(&message, out);
            }
            Realm::Session { .. } => {
                let (text, to) = (padded(stamp, size), session_id(to));
                let message = format!(
                    r#"{{"type":"message_send","data":{{"id":"{from}-{stamp}","recipientId":"{to}","content":"{text}"}}}}"#
                );
                encode_text(&message, out);
            }
            Realm::Account => {
                let text = padded(stamp, size);
                let message = format!(r#"{{"type":"chat","content":"{text}","recipient":null}}"#);
                encode_text(&message, out);
            }
            Realm::Mychat => encode_text(&padded(stamp, size), out),
        }
    }

    /// The number of a phone.
    pub(crate) fn number(&self, index: usize) -> u64 {
        self.base + index as u64
    }

    /// Closes the TCP connection, without a close frame.
    pub(crate) fn hang_up(&mut self, index: usize) {
        self.phones[index].stream = None;
        self.phones[index].upgraded = false;
    }

    /// Whether the phone is signed in.
    pub(crate) fn is_up(&self, index: usize) -> bool {
        self.phones[index].upgraded && self.phones[index].signed_in
    }

    fn wait_for_upgrades(&mut self) -> io::Result<()> {
        let until = now() + Duration::from_secs(60);
        while self.phones.iter().rev().take(1024).any(|p| p.stream.is_some() && !p.signed_in) {
            if now() > until {
                return Err(io::Error::new(ErrorKind::TimedOut, "not everybody could sign in"));
            }
            self.pump(Some(Duration::from_millis(100)))?;
        }
        Ok(())
    }

    /// Writes bytes to one phone's socket.
    pub(crate) fn write(&mut self, from: usize, bytes: &[u8]) -> io::Result<()> {
        let stream = self.phones[from].stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        stream.write_all(bytes)
    }

    /// Writes as much as the kernel takes.
    pub(crate) fn write_some(&mut self, from: usize, bytes: &[u8]) -> io::Result<usize> {
        let stream = self.phones[from].stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        stream.write(bytes)
    }

    /// Waits for input, reads all of it, and notes what has arrived in `arrivals`.
    pub(crate) fn pump(&mut self, wait: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &self.events {
            let index = event.token().0;
            let phone = &mut self.phones[index];
            if phone.deaf {
                continue;
            }
            while let Some(stream) = &mut phone.stream {
                match stream.read(&mut self.input) {
                    Ok(0) => {
                        phone.stream = None;
                        phone.upgraded = false;
                    }
                    Ok(count) => {
                        phone.take(index, &self.input[..count], &mut self.arrivals);
                        let at_once = !matches!(self.realm, Realm::Session { .. });
                        phone.signed_in |= at_once && phone.upgraded;
                        if count < self.input.len() && !event.is_read_closed() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(_) => {
                        phone.stream = None;
                        phone.upgraded = false;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Phone {
    fn take(&mut self, index: usize, input: &[u8], arrivals: &mut Vec<Arrival>) {
        self.bytes += input.len() as u64;
        let mut held = std::mem::take(&mut self.rest);
        let mut bytes = if held.is_empty() {
            input
        } else {
            held.extend_from_slice(input);
            &held
        };
        if !self.upgraded {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) if bytes.starts_with(b"HTTP/1.1 101") => bytes = &bytes[end + 4..],
                Some(_) => {
                    self.stream = None;
                    return;
                }
                None => return self.keep(bytes),
            }
            self.upgraded = true;
        }
        while let Some((_, payload, size)) = by_hand::first_frame(bytes) {
            self.hear(index, payload, arrivals);
            bytes = &bytes[size..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.rest = bytes.to_vec();
    }

    fn hear(&mut self, to: usize, payload: &[u8], arrivals: &mut Vec<Arrival>) {
        if payload.starts_with(br#"{"type":"authenticated""#) {
            self.signed_in = true;
        } else if payload.starts_with(br#"{"type":"message""#)
            || payload.starts_with(br#"{"type":"message_received""#)
            || payload.starts_with(br#"{"type":"chat""#)
            || payload.starts_with(br#"{"user""#)
        {
            if let Some(at) = payload.iter().position(|&byte| byte == b'@') {
                let stamp = digits(&payload[at + 1..]);
                arrivals.push(Arrival::Message { to, stamp });
            }
        } else if payload.starts_with(br#"{"type":"online_users""#) {
            let numbers = payload[23..].split(|&byte| byte == b'"');
            let numbers = numbers.filter(|part| part.first().is_some_and(u8::is_ascii_digit));
            self.list = numbers.fold((0, 0), |(n, sum), digit| (n + 1, sum + digits(digit)));
            arrivals.push(Arrival::List { to });
        } else if payload.starts_with(br#"{"type":"history""#) {
            arrivals.push(Arrival::List { to });
        } else if payload.starts_with(br#"{"type":"presence""#) {
            // A delta ends with the number of people online. The numbers that it names are not parsed.
            let colon = payload.iter().rposition(|&byte| byte == b':');
            self.list = (digits(&payload[colon.map_or(0, |at| at + 1)..]), 0);
        }
    }
}

fn digits(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

/// A session id, in the form that apps use: a UUID.
fn session_id(number: u64) -> String {
    format!("5e551045-0000-4000-8000-{number:012}")
}

fn padded(stamp: u64, size: usize) -> String {
    let padding = size.saturating_sub(21);
    format!("@{stamp:020}{:.<padding$}", "")
}

/// Appends a masked text frame.
fn encode_text(text: &str, out: &mut Vec<u8>) {
    let mask = fastrand::u32(..).to_ne_bytes();
    by_hand::masked(by_hand::FINAL | by_hand::TEXT, text.as_bytes(), mask, out);
}

/// Appends a frame with a message to the number `to`, whose text is `size` bytes and begins with
/// the stamp.
pub(crate) fn encode_message(to: u64, stamp: u64, size: usize, out: &mut Vec<u8>) {
    let text = padded(stamp, size);
    encode_text(&format!(r#"{{"type":"message","to":"{to}","text":"{text}"}}"#), out);
}

/// The bench's own clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark has to read the clock somewhere")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
