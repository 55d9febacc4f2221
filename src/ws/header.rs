//! [`Header`]: the 2 to 14 bytes in front of a payload, and every rule they can break on their own.
//!
//! All these rules are checked before any payload is looked at, so that a peer learns of a mistake at
//! once, and cannot make us wait for, or keep, a payload that we shall refuse. tungstenite's
//! `FrameHeader` reads the long lengths and the mask. Called by the reader, which passes it bytes and
//! what may come next.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{Limits, Role, Violation, mask};

/// A frame's header, with all its rules checked.
///
/// A frame on the wire (RFC 6455 §5.2), from left to right:
///
/// ```text
///   byte 0        byte 1        0, 2 or 8 bytes    0 or 4 bytes   `length` bytes
/// ┌─────────────┬─────────────┬──────────────────┬──────────────┬───────────────┐
/// │ F R R R oooo│ M  lllllll  │ the long length  │ the mask     │ the payload   │
/// └─────────────┴─────────────┴──────────────────┴──────────────┴───────────────┘
///
///   F        "final": the last frame of its message
///   R R R    reserved for extensions; we agree on none, so they are 0
///   oooo     the opcode: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong
///   M        the four bytes of a mask follow; a client's frame has one, a server's has not
///   lllllll  the length, if it is at most 125;
///            126: the length is in the next 2 bytes; 127: in the next 8; big-endian both
/// ```
///
/// So the shortest frame is two bytes (a server's empty ping, `89 00`), and the longest header 14.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    /// Whether the frame is the last one of its message. Always so for a control frame.
    pub(super) is_final: bool,
    /// What the payload has to be unmasked with.
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of payload; at most what the limit leaves for this message.
    pub(super) length: usize,
}

/// What a frame is for: the six opcodes that exist.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opcode {
    /// Begins a message, and may be all of it.
    Start(DataKind),
    /// Goes on with the message under way.
    Continuation,
    /// Stands alone, even in the middle of a message.
    Control(ControlKind),
}

/// What a message consists of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DataKind {
    Text,
    Binary,
}

/// What a control frame says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ControlKind {
    Close,
    Ping,
    Pong,
}

/// A frame that needs no other frame to make sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Whole {
    Message(DataKind),
    Control(ControlKind),
}

/// What the next frame must be like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) role: Role,
    /// Bytes so far of the message under way; `None` between two messages.
    pub(super) under_way: Option<usize>,
    pub(super) limits: Limits,
}

impl Header {
    /// The longest header: two bytes, eight of length, four of mask.
    pub(super) const MAX_BYTES: usize = 14;

    /// Reads a header from the front of `bytes`; returns it with its own length.
    ///
    /// `None`: nothing is wrong so far, but there is more to come. The first two bytes are judged as
    /// soon as they are there, each by itself: whatever way the bytes are cut, the earliest fault
    /// found is the same one. A long length is judged with the whole header, as soon as its mask is there.
    pub(super) fn parse(
        bytes: &[u8],
        expected: &Expected,
    ) -> Result<Option<(Header, usize)>, Violation> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let opcode = check_first(first, expected)?;
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        check_second(second, opcode, expected)?;

        let mut cursor = Cursor::new(bytes);
        // Its only complaint is a reserved opcode, and those are gone by now.
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::ReservedOpcode)?;
        let Some((frame, length)) = parsed else { return Ok(None) };
        let header_bytes = cursor.position() as usize;
        let length = check_length(length, second & LENGTH, opcode, expected)?;
        let header = Header { opcode, is_final: frame.is_final, mask: frame.mask, length };
        Ok(Some((header, header_bytes)))
    }

    /// What the frame is if it is something all by itself; `None` for a fragment.
    pub(super) fn whole(&self) -> Option<Whole> {
        match self.opcode {
            Opcode::Control(kind) => Some(Whole::Control(kind)),
            Opcode::Start(kind) if self.is_final => Some(Whole::Message(kind)),
            Opcode::Start(_) | Opcode::Continuation => None,
        }
    }

    /// Unmasks the payload, or its next piece, in place.
    pub(super) fn unmask(&mut self, piece: &mut [u8]) {
        if let Some(mask) = &mut self.mask {
            mask::apply(piece, mask);
        }
    }
}

// The bits of the first byte …
const FINAL: u8 = 0b1000_0000;
const RESERVED: u8 = 0b0111_0000;
const OPCODE: u8 = 0b0000_1111;
// … and of the second.
const MASKED: u8 = 0b1000_0000;
const LENGTH: u8 = 0b0111_1111;

/// In the seven bits for the length: "the length is in the next two bytes".
const LENGTH_IN_2_BYTES: u8 = 126;
/// In the seven bits for the length: "the length is in the next eight bytes".
const LENGTH_IN_8_BYTES: u8 = 127;
/// The longest payload of a control frame, in bytes (RFC 6455 §5.5); the longest short length, too.
pub(super) const MAX_CONTROL_BYTES: usize = 125;

/// The first byte: is this opcode known, and is this its turn?
fn check_first(first: u8, expected: &Expected) -> Result<Opcode, Violation> {
    if first & RESERVED != 0 {
        return Err(Violation::ReservedBit);
    }
    let opcode = match OpCode::from(first & OPCODE) {
        OpCode::Data(Data::Continue) => Opcode::Continuation,
        OpCode::Data(Data::Text) => Opcode::Start(DataKind::Text),
        OpCode::Data(Data::Binary) => Opcode::Start(DataKind::Binary),
        OpCode::Control(Control::Close) => Opcode::Control(ControlKind::Close),
        OpCode::Control(Control::Ping) => Opcode::Control(ControlKind::Ping),
        OpCode::Control(Control::Pong) => Opcode::Control(ControlKind::Pong),
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
            return Err(Violation::ReservedOpcode);
        }
    };
    // Fragments of two messages never mix (§5.4): a continuation needs a message to continue, and a
    // new message has to wait for the end of the last one. Only control frames may come at any time.
    match (opcode, expected.under_way) {
        (Opcode::Continuation, None) => Err(Violation::NothingToContinue),
        (Opcode::Start(_), Some(_)) => Err(Violation::MessageInMessage),
        // Already here, so that a client does not send a whole message in vain.
        (Opcode::Start(DataKind::Binary), None) if !expected.limits.binary => {
            Err(Violation::Binary)
        }
        (Opcode::Control(_), _) if first & FINAL == 0 => Err(Violation::FragmentedControl),
        (Opcode::Continuation, Some(_))
        | (Opcode::Start(_), None)
        | (Opcode::Control(_), None | Some(_)) => Ok(opcode),
    }
}

/// The second byte: is the mask where it has to be, and is a control frame short enough?
fn check_second(second: u8, opcode: Opcode, expected: &Expected) -> Result<(), Violation> {
    let is_masked = second & MASKED != 0;
    match expected.role {
        Role::Server if !is_masked => return Err(Violation::Unmasked),
        Role::Client if is_masked => return Err(Violation::Masked),
        Role::Server | Role::Client => {}
    }
    let length = usize::from(second & LENGTH);
    match opcode {
        Opcode::Control(_) if length > MAX_CONTROL_BYTES => Err(Violation::LongControl),
        // A close frame is empty, or begins with a code of two bytes (§5.5.1).
        Opcode::Control(ControlKind::Close) if length == 1 => Err(Violation::HalfCloseCode),
        Opcode::Control(_) | Opcode::Start(_) | Opcode::Continuation => Ok(()),
    }
}

/// The whole length: is it written the short way, and does it fit into the message's limit?
fn check_length(
    length: u64,
    seven_bits: u8,
    opcode: Opcode,
    expected: &Expected,
) -> Result<usize, Violation> {
    // No message has 9 exabytes: the bit is there for languages without unsigned numbers.
    if length >> 63 != 0 {
        return Err(Violation::LengthOverflow);
    }
    // "The minimal number of bytes MUST be used" (§5.2): a 5 written as 00 05 is a bug, or an attempt
    // to confuse a proxy in front of us.
    let shortest = match seven_bits {
        LENGTH_IN_8_BYTES => 65_536,
        LENGTH_IN_2_BYTES => 126,
        _ => 0,
    };
    if length < shortest {
        return Err(Violation::LengthNotMinimal);
    }
    // A control frame is no part of the message it interrupts, so it has no part in its limit.
    let room = match opcode {
        Opcode::Control(_) => MAX_CONTROL_BYTES,
        Opcode::Start(_) | Opcode::Continuation => {
            expected.limits.message_bytes.saturating_sub(expected.under_way.unwrap_or(0))
        }
    };
    match usize::try_from(length) {
        Ok(length) if length <= room => Ok(length),
        Ok(_) | Err(_) => Err(Violation::MessageTooBig),
    }
}
