//! The target `editors`, as libFuzzer starts it; what must hold is in src/editors.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::editors(data));
