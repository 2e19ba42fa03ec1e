//! The target `lines`, as libFuzzer starts it; what must hold is in src/lines.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::lines(data));
