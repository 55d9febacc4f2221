//! stub
use super::{Incoming, Message};
use crate::chat::Event;
pub(super) fn read(_m: Message<'_>) -> Incoming<'_> {
    Incoming::Unacceptable
}
pub(super) fn write(_e: &Event<'_>, _o: &mut Vec<u8>) {}
