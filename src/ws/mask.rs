//! [`apply`]: masking and unmasking, which are the same thing (RFC 6455 §5.3).
//!
//! Every byte a client sends is combined (XOR) with one of four bytes that the client chose, in turn.
//! It hides nothing: it keeps a hostile page from choosing the bytes that reach a careless proxy.
//! Called by the reader on what arrives and by the frame writer on what a client sends.

/// Masks or unmasks `bytes` in place, and turns `mask` so that the next call can go on from there.
///
/// A payload may arrive in pieces of any size: after a piece of 5 bytes the next one starts with the
/// mask's second byte, so the mask is left rotated by one.
pub(super) fn apply(bytes: &mut [u8], mask: &mut [u8; 4]) {
    let [a, b, c, d] = *mask;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);

    // Eight bytes at a time: the compiler makes vector instructions of this loop. Eight is a
    // multiple of four, so the mask stands the same way before each word and after the last.
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
    mask.rotate_left(rest.len() % 4);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// RFC 6455 §5.3, word for word.
    fn by_the_book(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().enumerate().map(|(i, byte)| byte ^ MASK[i % 4]).collect()
    }

    #[test]
    fn every_length_is_masked_as_the_rfc_says() {
        let bytes: Vec<u8> = (0..100).collect();
        for length in 0..bytes.len() {
            let mut masked = bytes[..length].to_vec();
            apply(&mut masked, &mut MASK.clone());
            assert_eq!(masked, by_the_book(&bytes[..length]));
        }
    }

    #[test]
    fn a_payload_in_three_pieces_is_masked_like_a_whole_one() {
        let bytes: Vec<u8> = (0..40).collect();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let (mut masked, mut mask) = (bytes.clone(), MASK);
                apply(&mut masked[..first], &mut mask);
                apply(&mut masked[first..second], &mut mask);
                apply(&mut masked[second..], &mut mask);
                assert_eq!(masked, by_the_book(&bytes));
            }
        }
    }
}
