//! Streams that [`compare`] shows to tungstenite too: right ones, and ones that were spoilt.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::chunks::samples;
use super::oracle::{LIMITS, compare};
use super::*;

/// A right sequence of frames: messages whole and in fragments, control frames anywhere.
fn stream() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = prop_oneof![
        "[a-zé€🦀]{0,20}".prop_map(|text| (TEXT, text.into_bytes())),
        "[a-z]{120,130}".prop_map(|text| (TEXT, text.into_bytes())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| (BINARY, bytes)),
        Just((BINARY, vec![7; LIMITS.message_bytes])),
        Just((BINARY, vec![7; LIMITS.message_bytes + 1])),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| (TEXT, bytes)),
    ];
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    let message = (payload, cuts).prop_map(|((kind, payload), cuts)| {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.extend([0, payload.len()]);
        cuts.sort_unstable();
        let last = cuts.len() - 2;
        let first_byte = |i| match (i, i == last) {
            (0, true) => FINAL | kind,
            (0, false) => kind,
            (_, true) => FINAL | CONTINUATION,
            (_, false) => CONTINUATION,
        };
        let fragments = cuts.windows(2).enumerate();
        fragments.map(|(i, cut)| frame(first_byte(i), &payload[cut[0]..cut[1]])).collect()
    });
    let control = prop_oneof![
        10 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(PING, &bytes)),
        10 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(PONG, &bytes)),
        1 => Just(frame(CLOSE, b"")),
        1 => any::<u16>().prop_map(|code| frame(CLOSE, &close_payload(code, b"bye"))),
        1 => (995..1020u16).prop_map(|code| frame(CLOSE, &close_payload(code, b""))),
        1 => prop::collection::vec(any::<u8>(), 0..4)
            .prop_map(|reason| frame(CLOSE, &close_payload(1000, &reason))),
    ];
    let controls = prop::collection::vec((any::<prop::sample::Index>(), control), 0..4);
    let messages = prop::collection::vec(message, 0..5).prop_map(|all: Vec<Vec<_>>| all.concat());
    (messages, controls).prop_map(|(mut frames, controls)| {
        for (place, control) in controls {
            frames.insert(place.index(frames.len() + 1), control);
        }
        frames
    })
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 1500,
        rng_seed: RngSeed::Fixed(6455),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn right_streams_say_the_same_to_us_and_to_tungstenite(
        frames in stream(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn a_stream_with_one_byte_changed_gets_the_same_verdict(
        frames in stream(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        let mut bytes = frames.concat();
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        compare(&bytes, &sizes);
    }

    #[test]
    fn a_stream_with_a_header_changed_gets_the_same_verdict(
        mut frames in stream(),
        frame in any::<prop::sample::Index>(),
        place in 0..2usize,
        bit in 0..8,
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        if !frames.is_empty() {
            let frame = frame.index(frames.len());
            frames[frame][place] ^= 1u8 << bit;
        }
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn a_stream_with_a_frame_lost_or_doubled_gets_the_same_verdict(
        mut frames in stream(),
        frame in any::<prop::sample::Index>(),
        lost in any::<bool>(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        if !frames.is_empty() {
            let frame = frame.index(frames.len());
            match lost {
                true => drop(frames.remove(frame)),
                false => frames.insert(frame, frames[frame].clone()),
            }
        }
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn noise_gets_the_same_verdict(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        compare(&bytes, &sizes);
    }
}

#[test]
fn the_samples_get_the_same_verdict() {
    for sample in samples() {
        compare(&sample, &[usize::MAX]);
    }
}
