//! The target `message`, as libFuzzer starts it; what must hold is in src/message.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::message(data));
