//! [`Line`]: one wire, as the oracle knows it: what its phone has sent, and what it has received.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::frames::Tap;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A phone that chats in the mobile realm.
    Phone,
    /// A phone that chats in the messenger realm.
    Device,
    /// A client that only asks for pages.
    Http,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    Full,
    Delta,
    None,
}

impl Mode {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Mode::Full => "full",
            Mode::Delta => "delta",
            Mode::None => "none",
        }
    }
}

/// One request or frame of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Said {
    Upgrade,
    /// A request for a page.
    Request,
    /// The letter with this number.
    Letter(usize),
    Typing(usize),
    Ask,
    Mode(Mode),
    /// A device signs in. This one and the next ones are sent by devices only.
    SignIn {
        receipts: bool,
    },
    Note(usize),
    Read(usize),
    Invite(usize),
    Answer(usize, bool),
    TypingTo(usize, bool),
    Ping,
    /// A ping of WebSocket.
    ControlPing,
    /// A pong of WebSocket.
    ControlPong,
    /// A frame that the server answers with an error.
    Nonsense,
    /// A close frame.
    Bye,
    /// A frame for which the server ends the connection.
    Violation,
}

pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) number: usize,
    pub(crate) tap: Tap,
    /// How many bytes the phone has sent so far; and what they were, with the end of each.
    pub(crate) said_bytes: usize,
    pub(crate) said: VecDeque<(usize, Said)>,
    /// How many bytes the server has read.
    pub(crate) consumed: usize,
    pub(crate) consumed_at: Duration,
    /// When bytes last arrived at the server's machine.
    pub(crate) arrived: Duration,
    /// The mode of presence that the server knows.
    pub(crate) mode: Mode,
    pub(crate) was_delta: bool,
    /// Whether it connected in a mode in which the list is its first frame.
    pub(crate) wants_list_first: bool,
    /// Whether it ever had a mode in which it is told of changes without asking.
    pub(crate) was_told: bool,

    /// Whether the phone has gone, or has given a reason to be disconnected. What happens to it from
    /// then on is its own fault.
    pub(crate) has_left: bool,
    /// Whether the phone has ever stopped sending, for example in the middle of a frame.
    pub(crate) is_tardy: bool,
    /// When the server read its upgrade request, in deeds. This decides which of two connections is
    /// newer, and not the answer.
    pub(crate) asked_in: Option<u64>,
    /// How many plain requests the server has read.
    pub(crate) requests: usize,
    pub(crate) responses: usize,

    /// When the network took the 101, in deeds.
    pub(crate) established: Option<u64>,
    /// The close frame that the server has sent.
    pub(crate) close: Option<Option<u16>>,
    /// When the network took it, in deeds.
    pub(crate) closed: u64,
    pub(crate) finished: bool,
    pub(crate) ended: bool,
    /// Whether its session had the most devices when it signed in.
    pub(crate) was_one_too_many: bool,
    /// Whether the server ended it while it took nothing.
    pub(crate) was_slow: bool,
    /// Whether the network has taken a data frame for it.
    pub(crate) has_heard: bool,
    /// Whether its first data frame was not the list. This is allowed only if the server is
    /// disconnecting it.
    pub(crate) is_early: bool,
    /// Who is online, as far as this phone can know.
    pub(crate) view: Option<BTreeSet<usize>>,
    /// Whether it has asked for the list, and none has come since.
    pub(crate) is_waiting_for_list: bool,
    /// How often it has asked for the list.
    pub(crate) asked: usize,
    /// How many lists and deltas the network has taken for it.
    pub(crate) lists: usize,
    pub(crate) deltas: usize,
    /// How many lists since its socket was last empty.
    pub(crate) piled_up: usize,
    pub(crate) pings: usize,
    pub(crate) pongs: usize,
    pub(crate) control_pings: usize,
    pub(crate) control_pongs: usize,
    /// How many pings the server has sent, and how many of them the phone has answered.
    pub(crate) server_pings: usize,
    pub(crate) answered_pings: usize,
    /// When the last of them came.
    pub(crate) pinged_at: Duration,
    pub(crate) nonsense: usize,
    pub(crate) errors: usize,
    /// Whether the server has read its close frame; and how many letters came after that.
    pub(crate) says_bye: bool,
    pub(crate) late_letters: usize,
    /// Whether a letter that its phone sent to itself over this wire has come back.
    pub(crate) has_own: bool,
    /// The last letter from each wire that the network has taken for this one.
    pub(crate) last_from: HashMap<usize, usize>,
}

impl Line {
    /// Whether the phone has asked the server for its pings: every fourth number does. Such a phone sends
    /// no heartbeats, and only answers.
    pub(crate) fn is_pinged(&self) -> bool {
        self.kind == Kind::Phone && self.number % 4 == 3
    }

    pub(crate) fn new(kind: Kind, number: usize, mode: Mode, now: Duration) -> Self {
        Line {
            kind,
            number,
            tap: Tap::default(),
            said_bytes: 0,
            said: VecDeque::new(),
            consumed: 0,
            consumed_at: now,
            arrived: now,
            mode,
            was_delta: mode == Mode::Delta,
            wants_list_first: mode != Mode::None,
            was_told: mode != Mode::None,
            has_left: false,
            is_tardy: false,
            asked_in: None,
            requests: 0,
            responses: 0,
            established: None,
            close: None,
            closed: u64::MAX,
            finished: false,
            ended: false,
            was_one_too_many: false,
            was_slow: false,
            has_heard: false,
            is_early: false,
            view: None,
            is_waiting_for_list: mode != Mode::None,
            asked: usize::from(mode != Mode::None),
            lists: 0,
            deltas: 0,
            piled_up: 0,
            pings: 0,
            pongs: 0,
            control_pings: 0,
            control_pongs: 0,
            server_pings: 0,
            answered_pings: 0,
            pinged_at: Duration::ZERO,
            nonsense: 0,
            errors: 0,
            says_bye: false,
            late_letters: 0,
            has_own: false,
            last_from: HashMap::new(),
        }
    }

    /// Notes that the phone sends something of `bytes` bytes.
    pub(crate) fn say(&mut self, bytes: usize, said: Said) {
        self.said_bytes += bytes;
        self.said.push_back((self.said_bytes, said));
        self.has_left |= matches!(said, Said::Bye | Said::Violation);
    }

    /// Whether it is online, as far as the server has told anybody.
    pub(crate) fn is_online(&self) -> bool {
        self.established.is_some() && self.close.is_none() && !self.finished && !self.ended
    }

    /// Whether a newer connection has replaced it, and it was told so.
    pub(crate) fn was_replaced(&self) -> bool {
        self.close == Some(Some(4000))
    }

    /// Whether it is online, and the phone has given no reason to end it.
    pub(crate) fn stays(&self) -> bool {
        self.is_online() && !self.has_left
    }

    pub(super) fn asks(&mut self) {
        self.is_waiting_for_list = true;
        self.asked += 1;
    }
}
