//! Any bytes, as the frames of a client, in any chunks: ours and tungstenite's verdict on them.

use switchboard::ws::{CloseCode, Item, Limits, Reader, Role, Violation};

use super::Dice;

// The comparison itself is the one that the room's own tests make with streams of theirs.
#[path = "../../../src/ws/tests/oracle.rs"]
mod oracle;

/// Sizes of chunks, then the stream.
pub fn check(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let sizes = dice.sizes();
    oracle::compare(dice.0, &sizes);
}
