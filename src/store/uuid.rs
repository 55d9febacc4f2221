//! The ids that the store gives to users and rooms.

use sha2::{Digest as _, Sha256};

use super::Dice;

/// A UUID of version 4: 122 random bits (RFC 9562 §5.4).
pub(super) fn random(dice: Dice<'_>) -> [u8; 16] {
    let mut id = [0; 16];
    dice(&mut id);
    marked(id, 4)
}

/// A UUID of version 8: made from these parts, and so always the same for the same parts (RFC 9562 §5.8).
pub(super) fn derived(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, no part can pass for the end of another.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    marked(std::array::from_fn(|at| hash[at]), 8)
}

/// Writes version and variant where the RFC has them.
fn marked(mut id: [u8; 16], version: u8) -> [u8; 16] {
    id[6] = id[6] & 0x0f | version << 4;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_variant_stand_where_the_rfc_has_them_whatever_the_dice_say() {
        for byte in 0..=u8::MAX {
            let id = random(&mut |bytes| bytes.fill(byte));
            assert_eq!((id[6] >> 4, id[8] >> 6), (4, 2));
        }
    }

    #[test]
    fn the_same_parts_give_the_same_id_and_others_another() {
        let id = derived(&[b"anna", b"1"]);
        assert_eq!(id, derived(&[b"anna", b"1"]));
        assert_eq!((id[6] >> 4, id[8] >> 6), (8, 2));
        for other in [&[&b"anna1"[..]][..], &[b"anna1", b""], &[b"ann", b"a1"], &[b"1", b"anna"]] {
            assert_ne!(derived(other), id);
        }
    }
}
