//! Any bytes, as the frames of a client, in any chunks. Compares our verdict with tungstenite's.

use switchboard::ws::{CloseCode, Item, Limits, Reader, Role, Violation};

use super::Dice;

// The tests of the room `ws` make the same comparison, with streams of their own.
#[path = "../../../src/ws/tests/oracle.rs"]
mod oracle;

/// The input: sizes of chunks, then the stream.
pub fn check(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let sizes = dice.sizes();
    oracle::compare(dice.0, &sizes);
}
