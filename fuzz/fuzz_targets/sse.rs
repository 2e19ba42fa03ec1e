//! The target `sse`, as libFuzzer starts it; what must hold is in src/sse.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::sse(data));
