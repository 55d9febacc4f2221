//! [`Reader`]: turns the bytes of one connection into [`Item`]s, however the network has cut them.
//!
//! Ten thousand readers sit idle while one of them reads, so they own no buffer: all bytes arrive in
//! one scratch buffer of the event loop, and a frame that is wholly in it is unmasked on the spot and
//! handed out from there. Only what is incomplete when the scratch buffer ends is kept, in a box
//! ([`Partial`]) that goes as soon as the message is over.
//!
//! The rules are in `header` (what can be told from a header) and `message` (UTF-8). Called by the
//! session, and by the load generator as a client. Knows no sockets, and no deadlines either:
//! [`Reader::is_idle`] is for a caller that has one.

use std::borrow::Cow;
use std::{fmt, mem};

use super::header::{Expected, Header, Opcode};
use super::message::PartialMessage;
use super::{Item, Limits, Role, Violation};

/// Reads one direction of one connection. 16 bytes, and nothing on the heap while it is idle.
pub struct Reader {
    role: Role,
    /// A violation or a close frame has come: nothing after it is read.
    over: bool,
    /// Frames that have arrived in full since [`take_frames`](Reader::take_frames).
    frames: u32,
    /// What we are in the middle of, if anything.
    partial: Option<Box<Partial>>,
}

impl Reader {
    /// A reader of what the other side sends: `role` is our own.
    pub const fn new(role: Role) -> Self {
        Reader { role, over: false, frames: 0, partial: None }
    }

    /// Takes from the front of `input` what the next item needs, and moves `input` past it.
    ///
    /// `None`: all of `input` has been taken, and no item is complete. So the caller loops until
    /// `None`, with the rest of the same input each time, and then the buffer is free for another
    /// connection. The input is scratch: it is unmasked in place.
    ///
    /// # Errors
    ///
    /// A [`Violation`] of RFC 6455 or of `limits`, as early as the bytes show it, and the same one at the
    /// same place however the input is cut. After it, as after [`Item::Close`], nothing more is
    /// read (RFC 6455 §7.1.7, §5.5.1): the rest of the input is thrown away, and so is all input to
    /// come, with `Ok(None)`.
    pub fn read<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Result<Option<Item<'a>>, Violation> {
        if self.over {
            *input = &mut [];
            return Ok(None);
        }
        let outcome = self.next_item(input, limits);
        if matches!(outcome, Err(_) | Ok(Some(Item::Close(_)))) {
            self.over = true;
            self.partial = None;
            *input = &mut [];
        }
        // This is what makes an idle connection cheap: a box with nothing in it is given back.
        if self.partial.as_ref().is_some_and(|partial| partial.is_empty()) {
            self.partial = None;
        }
        outcome
    }

    /// How many frames have arrived in full since this was last asked: also those that are no item by
    /// themselves, of which one read may bring thousands, empty ones.
    pub fn take_frames(&mut self) -> usize {
        mem::take(&mut self.frames) as usize
    }

    /// Whether we are between two messages, and nothing is kept. While this is false, and only then,
    /// the peer owes us the rest of a frame or of a message.
    ///
    /// A deadline for that rest has to start afresh with every text or binary item: a busy peer's
    /// next message has often begun before the reader was seen idle.
    pub fn is_idle(&self) -> bool {
        self.partial.is_none()
    }

    /// Bytes held on the heap for this connection.
    pub fn buffered_bytes(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| size_of::<Partial>() + partial.capacity())
    }

    /// Frame by frame until an item is complete, or the input ends.
    fn next_item<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        limits: &Limits,
    ) -> Result<Option<Item<'a>>, Violation> {
        loop {
            // A payload begun in an earlier call, or in an earlier round, goes first.
            if let Some(item) = self.read_payload(input, limits)? {
                return Ok(Some(item));
            }
            // If that has not used up the input, a header is next.
            let Some(mut header) = self.read_header(input, limits)? else {
                return Ok(None);
            };
            // The fast path, for nearly every frame there is: it is wholly here, and is an item by
            // itself. Nothing is copied, no memory is asked for.
            if let Some(whole) = header.whole()
                && header.length <= input.len()
            {
                let payload = take(input, header.length);
                header.unmask(payload);
                self.frames = self.frames.saturating_add(1);
                return Item::from_whole(whole, payload).map(Some);
            }
            // The slow path: a fragment, or a frame whose end is still on its way. Here the box comes
            // to life, and the next round puts into it what there is.
            let partial = self.partial.get_or_insert_default();
            if let Opcode::Start(kind) = header.opcode {
                partial.message = Some(PartialMessage::new(kind));
            }
            partial.payload =
                Some(PartialPayload { header, missing: header.length, control: Vec::new() });
        }
    }

    /// Reads a header. `None`: the input ends before it or within it, and what there was is kept.
    fn read_header(
        &mut self,
        input: &mut &mut [u8],
        limits: &Limits,
    ) -> Result<Option<Header>, Violation> {
        if input.is_empty() {
            return Ok(None);
        }
        let expected = Expected {
            role: self.role,
            under_way: self.partial.as_ref().and_then(|p| p.message.as_ref()).map(|m| m.len()),
            limits: *limits,
        };
        // A header may begin with bytes that an earlier call has kept; usually there are none. Either
        // way it is put together on the stack, where fourteen bytes cost nothing, so that there is
        // one way to read it and not two.
        let mut head =
            self.partial.as_mut().map_or_else(HeaderBytes::default, |p| mem::take(&mut p.header));
        let kept = head.count;
        head.fill_up(input);
        match Header::parse(head.filled(), &expected)? {
            // `fill_up` may have looked beyond the header: only the header is taken, and of that
            // only what an earlier call had not taken already.
            Some((header, header_bytes)) => {
                take(input, header_bytes - kept);
                Ok(Some(header))
            }
            None => {
                *input = &mut [];
                self.partial.get_or_insert_default().header = head;
                Ok(None)
            }
        }
    }

    /// Reads on in the payload that is under way, if one is. `None`: none is, or its end has not come
    /// yet, or it has come and the message is to be continued.
    fn read_payload(
        &mut self,
        input: &mut &mut [u8],
        limits: &Limits,
    ) -> Result<Option<Item<'static>>, Violation> {
        let Some(partial) = self.partial.as_deref_mut() else { return Ok(None) };
        let Some(mut payload) = partial.payload.take() else { return Ok(None) };

        // What there is of it is unmasked now and checked now, whether or not it is the end. To wait
        // for the end would be to keep, and to answer late, what is wrong from its first byte.
        let piece = take(input, payload.missing);
        payload.missing -= piece.len();
        payload.header.unmask(piece);
        match payload.header.opcode {
            Opcode::Control(_) => payload.control.extend_from_slice(piece),
            Opcode::Start(_) | Opcode::Continuation => {
                if let Some(message) = &mut partial.message {
                    // How long the message can still become is known only in its last frame.
                    let at_most = match payload.header.is_final {
                        true => message.len() + piece.len() + payload.missing,
                        false => limits.message_bytes,
                    };
                    message.push(piece, at_most)?;
                }
            }
        }
        if payload.missing > 0 {
            partial.payload = Some(payload);
            return Ok(None);
        }
        self.frames = self.frames.saturating_add(1);
        // The frame is complete. A control frame is an item at once, and the message it interrupted
        // stays where it is; a fragment is one only if it was the last.
        match payload.header.opcode {
            Opcode::Control(kind) => {
                Item::from_control(kind, Cow::Owned(payload.control)).map(Some)
            }
            Opcode::Start(_) | Opcode::Continuation if payload.header.is_final => {
                partial.message.take().map(PartialMessage::finish).transpose()
            }
            Opcode::Start(_) | Opcode::Continuation => Ok(None),
        }
    }
}

/// What a reader keeps while a frame, or a fragmented message, is incomplete.
///
/// A frame is incomplete in its header or in its payload, never in both. Between two fragments it is
/// in neither, and only `message` is there. With nothing there at all, the box is given back.
#[derive(Default)]
struct Partial {
    /// The text or binary message that has begun.
    message: Option<PartialMessage>,
    /// The header that has begun.
    header: HeaderBytes,
    /// The payload that has begun.
    payload: Option<PartialPayload>,
}

impl Partial {
    fn is_empty(&self) -> bool {
        self.message.is_none() && self.header.count == 0 && self.payload.is_none()
    }

    /// Bytes held on the heap, beside the box itself.
    fn capacity(&self) -> usize {
        let message = self.message.as_ref().map_or(0, PartialMessage::capacity);
        let control = self.payload.as_ref().map_or(0, |payload| payload.control.capacity());
        message + control
    }
}

/// The first bytes of a header.
#[derive(Default)]
struct HeaderBytes {
    bytes: [u8; Header::MAX_BYTES],
    count: usize,
}

impl HeaderBytes {
    /// Adds what `input` has, as far as a header can reach.
    fn fill_up(&mut self, input: &[u8]) {
        let room = &mut self.bytes[self.count..];
        let added = room.len().min(input.len());
        room[..added].copy_from_slice(&input[..added]);
        self.count += added;
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

/// A payload of which a part has arrived.
struct PartialPayload {
    /// The frame's header. Its mask turns with what has been unmasked.
    header: Header,
    /// Bytes that have not arrived yet.
    missing: usize,
    /// What has arrived of a control frame. It is no part of the message it may interrupt.
    control: Vec<u8>,
}

/// Takes up to `at_most` bytes from the front of `input`.
fn take<'a>(input: &mut &'a mut [u8], at_most: usize) -> &'a mut [u8] {
    let count = at_most.min(input.len());
    // The slice is moved out before it is cut in two, so that both halves live as long as the buffer.
    let (taken, rest) = mem::take(input).split_at_mut(count);
    *input = rest;
    taken
}

/// Debug output never shows a text, nor a part of one.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("role", &self.role)
            .field("over", &self.over)
            .field("buffered_bytes", &self.buffered_bytes())
            .finish()
    }
}
