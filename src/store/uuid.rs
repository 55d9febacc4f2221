//! The ids that the store gives to users and rooms.

use super::Dice;

/// A UUID of version 4: 122 random bits (RFC 9562 §5.4).
pub(super) fn random(dice: Dice<'_>) -> [u8; 16] {
    let mut id = [0; 16];
    dice(&mut id);
    id[6] = id[6] & 0x0f | 0x40;
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
}
