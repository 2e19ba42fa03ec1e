//! The target `callback`, as libFuzzer starts it; what must hold is in src/callback.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::callback(data));
