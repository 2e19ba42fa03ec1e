//! The target `challenge`, as libFuzzer starts it; what must hold is in src/challenge.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::challenge(data));
