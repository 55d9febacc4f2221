//! The fuzzer's way into the body of this name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::accounts::check(bytes));
