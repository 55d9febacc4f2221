//! The bodies of the fuzz targets: functions of bytes that panic when a rule is broken.
//!
//! Each takes any bytes at all. What they have to say beside a stream or a text, such as where it is
//! cut, is in their first bytes ([`Dice`]), so that the fuzzer can change that too.

pub mod accounts;
pub mod frames;
pub mod http;
pub mod messenger;
pub mod sca;
pub mod session;
pub mod wheel;

mod host;
mod json;
mod replies;
mod switchboard_v1;

/// Reads decisions from the front of an input. When it is used up, every decision is 0.
pub(crate) struct Dice<'a>(pub(crate) &'a [u8]);

impl<'a> Dice<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// A number of up to three bytes.
    pub(crate) fn number(&mut self) -> u64 {
        (0..3).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// Up to three sizes of pieces, in the order in which they are to be used over and over.
    pub(crate) fn sizes(&mut self) -> Vec<usize> {
        let count = 1 + usize::from(self.byte() % 3);
        (0..count).map(|_| 1 + usize::from(self.byte())).collect()
    }
}
