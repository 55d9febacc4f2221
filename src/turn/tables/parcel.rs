//! [`Parcel`]: one encoded frame (or HTTP response) on its way to one connection.
//!
//! Its bytes are immutable and shared: a presence list for ten thousand receivers is one allocation and
//! ten thousand parcels that refer to it. They are shared by `Rc` and not by `Arc`: the turn runs on one
//! thread, so its counters need not be atomic. A parcel does not know its receiver.

use std::rc::Rc;

use crate::chat::Kind;

/// One encoded frame on its way to one connection.
#[derive(Clone, Debug)]
pub(in crate::turn) struct Parcel {
    /// The frame. Behind it, and never sent, the sender's id of the message in it, if there is one. So the
    /// id, which an acknowledgement needs, costs no second allocation.
    bytes: Rc<[u8]>,
    /// The length of the frame, in bytes; and, as its highest bit, [`IS_LIST`]. A field of its own would cost
    /// 8 bytes a parcel.
    frame_len: u32,
    /// Whether it is a message, and whose: that decides what happens to it when its connection ends.
    pub(in crate::turn) kind: Kind,
}

impl Parcel {
    /// Makes a parcel of `frame_len` bytes of frame and, behind them, the message's id. One allocation and
    /// one copy.
    pub(in crate::turn) fn new(frame_and_id: &[u8], frame_len: usize, kind: Kind) -> Self {
        Parcel { bytes: frame_and_id.into(), frame_len: to_u32(frame_len), kind }
    }

    /// Makes a parcel of a frame that other parcels share. No allocation.
    pub(in crate::turn) fn shared(frame: &Rc<[u8]>, kind: Kind) -> Self {
        Parcel { bytes: Rc::clone(frame), frame_len: to_u32(frame.len()), kind }
    }

    /// Makes a parcel of a list of those online, which other parcels share.
    pub(in crate::turn) fn list(frame: &Rc<[u8]>) -> Self {
        let mut list = Parcel::shared(frame, Kind::ForConnection);
        list.frame_len |= IS_LIST;
        list
    }

    /// Whether it is a list of those online. The cap of one outbox does not count it.
    pub(in crate::turn) fn is_list(&self) -> bool {
        self.frame_len & IS_LIST != 0
    }

    /// The bytes to send.
    pub(in crate::turn) fn frame(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// The number of bytes to send.
    pub(in crate::turn) fn len(&self) -> usize {
        (self.frame_len & !IS_LIST) as usize
    }

    /// The sender's id of the message in the parcel, if there is one.
    pub(in crate::turn) fn message_id(&self) -> Option<&str> {
        let id = &self.bytes[self.len()..];
        if id.is_empty() { None } else { std::str::from_utf8(id).ok() }
    }

    /// Whether the parcel is a message between two people, or a copy of one.
    pub(in crate::turn) fn is_message(&self) -> bool {
        match self.kind {
            Kind::Message(_) => true,
            Kind::ForConnection | Kind::ForPerson => false,
        }
    }
}

/// The bit of a length that says that the parcel is a list.
const IS_LIST: u32 = 1 << 31;

fn to_u32(len: usize) -> u32 {
    let len = u32::try_from(len).ok().filter(|len| *len < IS_LIST);
    len.expect("frames are bounded by the message limits, far below 2 GiB")
}
