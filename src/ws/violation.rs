//! [`Violation`]: what a peer did that RFC 6455 or our limits forbid, and the close code it earns.
//!
//! A violation carries no byte of what the peer sent, so it may be logged and sent back. The reader
//! makes it; the session puts [`code`](Violation::code) and the sentence into its close frame.

use std::fmt;

use super::CloseCode;

/// Why the reader will read nothing more from this peer (RFC 6455 §7.1.7).
///
/// Displays as one sentence, short enough to be the reason of a close frame (123 bytes).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Violation {
    /// RSV1, RSV2 or RSV3 is set, and no extension was agreed on (§5.2).
    ReservedBit,
    /// An opcode that means nothing yet: 3 to 7, or 11 to 15 (§5.2).
    ReservedOpcode,
    /// A control frame without FIN (§5.5).
    FragmentedControl,
    /// A continuation frame while no message is under way (§5.4).
    NothingToContinue,
    /// A new message begins while the last one is still under way (§5.4).
    MessageInMessage,
    /// A client's frame is not masked (§5.1).
    Unmasked,
    /// A server's frame is masked (§5.1).
    Masked,
    /// A control frame of over 125 bytes (§5.5).
    LongControl,
    /// A length written in more bytes than it needs (§5.2).
    LengthNotMinimal,
    /// A 64-bit length with its top bit set (§5.2).
    LengthOverflow,
    /// A message over [`Limits::message_bytes`](super::Limits::message_bytes).
    MessageTooBig,
    /// A binary message where [`Limits::binary`](super::Limits::binary) says that none is taken.
    Binary,
    /// A text message that is not UTF-8 (§8.1).
    TextNotUtf8,
    /// A close frame of one byte: half a code (§5.5.1).
    HalfCloseCode,
    /// A close code that must not be sent (§7.4).
    ForbiddenCloseCode,
    /// A close reason that is not UTF-8 (§5.5.1).
    ReasonNotUtf8,
}

impl Violation {
    /// The code for our close frame: 1002, 1003, 1007 or 1009 (RFC 6455 §7.4.1).
    pub const fn code(self) -> CloseCode {
        match self {
            Violation::ReservedBit
            | Violation::ReservedOpcode
            | Violation::FragmentedControl
            | Violation::NothingToContinue
            | Violation::MessageInMessage
            | Violation::Unmasked
            | Violation::Masked
            | Violation::LongControl
            | Violation::LengthNotMinimal
            | Violation::LengthOverflow
            | Violation::HalfCloseCode
            | Violation::ForbiddenCloseCode => CloseCode::Protocol,
            Violation::TextNotUtf8 | Violation::ReasonNotUtf8 => CloseCode::Invalid,
            Violation::MessageTooBig => CloseCode::Size,
            Violation::Binary => CloseCode::Unsupported,
        }
    }

    /// The same as `Display`, without a formatter.
    pub const fn sentence(self) -> &'static str {
        match self {
            Violation::ReservedBit => "a reserved bit is set, but no extension was agreed on",
            Violation::ReservedOpcode => "the opcode is reserved",
            Violation::FragmentedControl => "a control frame cannot be fragmented",
            Violation::NothingToContinue => "there is no message to continue",
            Violation::MessageInMessage => "a message began before the last one had ended",
            Violation::Unmasked => "a client's frames must be masked",
            Violation::Masked => "a server's frames must not be masked",
            Violation::LongControl => "a control frame has at most 125 bytes",
            Violation::LengthNotMinimal => "a length must take as few bytes as it can",
            Violation::LengthOverflow => "the top bit of a 64-bit length must be 0",
            Violation::MessageTooBig => "the message is too big",
            Violation::Binary => "this protocol has no binary messages",
            Violation::TextNotUtf8 => "the text is not UTF-8",
            Violation::HalfCloseCode => "a close code has two bytes",
            Violation::ForbiddenCloseCode => "this close code cannot be sent",
            Violation::ReasonNotUtf8 => "the reason for closing is not UTF-8",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sentence())
    }
}

impl std::error::Error for Violation {}
