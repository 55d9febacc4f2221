//! [`Parcel`]: one encoded frame (or HTTP response) on its way to one connection.
//!
//! Its bytes are immutable and shared: a presence list queued for ten thousand people is one
//! allocation and ten thousand parcels. A parcel knows what it is to the books, and no socket.

use std::rc::Rc;

use crate::chat::Kind;

/// One encoded frame on its way to one connection.
#[derive(Clone, Debug)]
pub(in crate::turn) struct Parcel {
    /// The frame, and behind it (never sent) the id of the message it carries, if it has one: so
    /// that an acknowledgement costs no second allocation.
    bytes: Rc<[u8]>,
    frame_len: u32,
    /// For whom it is, and who hears what becomes of it.
    pub(in crate::turn) kind: Kind,
}

impl Parcel {
    /// Encloses the first `frame_len` bytes, and the message id behind them out of the peer's
    /// sight. One allocation, one copy.
    pub(in crate::turn) fn new(frame_and_id: &[u8], frame_len: usize, kind: Kind) -> Self {
        Parcel { bytes: frame_and_id.into(), frame_len: to_u32(frame_len), kind }
    }

    /// A parcel around a frame that others hold as well.
    pub(in crate::turn) fn shared(frame: &Rc<[u8]>, kind: Kind) -> Self {
        Parcel { bytes: Rc::clone(frame), frame_len: to_u32(frame.len()), kind }
    }

    /// What goes over the wire.
    pub(in crate::turn) fn frame(&self) -> &[u8] {
        &self.bytes[..self.frame_len as usize]
    }

    /// How many bytes go over the wire.
    pub(in crate::turn) fn len(&self) -> usize {
        self.frame_len as usize
    }

    /// The sender's id for the message in it, if there is one.
    pub(in crate::turn) fn message_id(&self) -> Option<&str> {
        let id = &self.bytes[self.frame_len as usize..];
        if id.is_empty() { None } else { std::str::from_utf8(id).ok() }
    }

    /// Whether it is a message between two people, or a copy of one.
    pub(in crate::turn) fn is_message(&self) -> bool {
        match self.kind {
            Kind::Message(_) => true,
            Kind::ForConnection | Kind::ForPerson => false,
        }
    }
}

fn to_u32(len: usize) -> u32 {
    u32::try_from(len).expect("frames are bounded by the message limits, far below 4 GiB")
}
