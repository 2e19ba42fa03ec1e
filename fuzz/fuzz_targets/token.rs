//! The target `token`, as libFuzzer starts it; what must hold is in src/token.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::token(data));
