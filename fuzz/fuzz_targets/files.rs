//! The target `files`, as libFuzzer starts it; what must hold is in src/files.rs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpbridge_fuzz::files(data));
