//! The target `discovery`, as libFuzzer starts it; what must hold is in src/discovery.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::discovery(data));
