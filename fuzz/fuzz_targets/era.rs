//! The target `era`, as libFuzzer starts it; what must hold is in src/era.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::era(data));
