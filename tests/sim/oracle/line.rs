//! [`Line`]: one wire, as the oracle knows it: what its phone has said, and what it was told.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::frames::Tap;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Wants to chat.
    Phone,
    /// The same in the messenger realm.
    Device,
    /// Only asks for pages.
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

/// One thing that a phone says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Said {
    Upgrade,
    /// For a page.
    Request,
    /// The letter with this number.
    Letter(usize),
    Typing(usize),
    Ask,
    Mode(Mode),
    /// What only a device says: who it is, the note with this number, and so on.
    SignIn {
        receipts: bool,
    },
    Note(usize),
    Read(usize),
    Invite(usize),
    Answer(usize, bool),
    TypingTo(usize, bool),
    Ping,
    /// WebSocket's own kind of ping.
    ControlPing,
    /// A frame that is refused with an error.
    Nonsense,
    /// A close frame.
    Bye,
    /// Something for which the connection is ended.
    Violation,
}

pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) number: usize,
    pub(crate) tap: Tap,
    /// Bytes that the phone has said so far, and what they were, by where each ends.
    pub(crate) said_bytes: usize,
    pub(crate) said: VecDeque<(usize, Said)>,
    /// Bytes that the server has read.
    pub(crate) consumed: usize,
    pub(crate) consumed_at: Duration,
    /// When something last arrived at the server's machine.
    pub(crate) arrived: Duration,
    /// The mode that the server knows about.
    pub(crate) mode: Mode,
    pub(crate) was_delta: bool,
    /// It came in a mode in which the list is the first that it hears.
    pub(crate) wants_list_first: bool,
    /// It had at some time a mode in which it is told of changes without asking.
    pub(crate) was_told: bool,

    /// The phone has gone, or has given a reason to be thrown out: what now happens to it is its
    /// own fault.
    pub(crate) has_left: bool,
    /// The phone has stopped in the middle of something, or stopped altogether, at some time.
    pub(crate) is_tardy: bool,
    /// When an upgrade request was read, in deeds: that, and not its answer, decides who is newer.
    pub(crate) asked_in: Option<u64>,
    /// Plain requests that were read.
    pub(crate) requests: usize,
    pub(crate) responses: usize,

    /// When the 101 was handed out, in deeds.
    pub(crate) established: Option<u64>,
    /// The close frame that the server has sent.
    pub(crate) close: Option<Option<u16>>,
    /// When it was handed out, in deeds.
    pub(crate) closed: u64,
    pub(crate) finished: bool,
    pub(crate) ended: bool,
    /// As many devices were signed in to its session as may be.
    pub(crate) was_one_too_many: bool,
    /// It was ended while it took nothing.
    pub(crate) was_slow: bool,
    /// A data frame was handed out.
    pub(crate) has_heard: bool,
    /// The first was not the list. Only who is being thrown out again may see that.
    pub(crate) is_early: bool,
    /// Who is online, as far as this phone can know.
    pub(crate) view: Option<BTreeSet<usize>>,
    /// It has asked for the list, and none has come since.
    pub(crate) is_waiting_for_list: bool,
    /// Times that it has asked.
    pub(crate) asked: usize,
    /// Lists and deltas handed out.
    pub(crate) lists: usize,
    pub(crate) deltas: usize,
    /// Those of them since the socket was last empty.
    pub(crate) piled_up: usize,
    pub(crate) pings: usize,
    pub(crate) pongs: usize,
    pub(crate) control_pings: usize,
    pub(crate) control_pongs: usize,
    pub(crate) nonsense: usize,
    pub(crate) errors: usize,
    /// Its close frame was read; and letters handed out after that.
    pub(crate) says_bye: bool,
    pub(crate) late_letters: usize,
    /// A letter of its own came back to it.
    pub(crate) has_own: bool,
    /// The last letter from each wire that was handed out here.
    pub(crate) last_from: HashMap<usize, usize>,
}

impl Line {
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
            nonsense: 0,
            errors: 0,
            says_bye: false,
            late_letters: 0,
            has_own: false,
            last_from: HashMap::new(),
        }
    }

    /// Notes that the phone says something of so many bytes.
    pub(crate) fn say(&mut self, bytes: usize, said: Said) {
        self.said_bytes += bytes;
        self.said.push_back((self.said_bytes, said));
        self.has_left |= matches!(said, Said::Bye | Said::Violation);
    }

    /// Online, as far as the server has let anybody know.
    pub(crate) fn is_online(&self) -> bool {
        self.established.is_some() && self.close.is_none() && !self.finished && !self.ended
    }

    /// Thrown out for a newer connection, and told so.
    pub(crate) fn was_replaced(&self) -> bool {
        self.close == Some(Some(4000))
    }

    /// Online, and nothing the phone has done stands against it.
    pub(crate) fn stays(&self) -> bool {
        self.is_online() && !self.has_left
    }

    pub(super) fn asks(&mut self) {
        self.is_waiting_for_list = true;
        self.asked += 1;
    }
}
