//! The target `config`, as libFuzzer starts it; what must hold is in src/config.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::config(data));
