//! The target `change`, as libFuzzer starts it; what must hold is in src/change.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::change(data));
