//! What each fuzz target does with its input. tests/fuzz.rs has the same source, so that plain
//! `cargo test` replays what was ever found.

mod callback;
mod challenge;
mod change;
mod config;
mod discovery;
mod editors;
mod era;
mod files;
mod lines;
mod message;
mod sse;
mod token;

use std::sync::LazyLock;

use mcpbridge::config::Words;

pub use callback::callback;
pub use challenge::challenge;
pub use change::change;
pub use config::config;
pub use discovery::discovery;
pub use editors::editors;
pub use era::{era, played};
pub use files::files;
pub use lines::lines;
pub use message::message;
pub use sse::sse;
pub use token::token;

/// What is given bytes, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// All targets, by the names of their folders in corpus/ and findings/.
pub const TARGETS: [(&str, Target); 12] = [
    ("lines", lines),
    ("message", message),
    ("sse", sse),
    ("challenge", challenge),
    ("discovery", discovery),
    ("token", token),
    ("callback", callback),
    ("config", config),
    ("change", change),
    ("editors", editors),
    ("files", files),
    ("era", era),
];

/// What `config.toml` may say: the flags of the program.
fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(mcpbridge::commands::words);
    &WORDS
}

/// Takes a byte off the front; 0 where there is none.
fn byte(data: &mut &[u8]) -> u8 {
    match data.split_first() {
        Some((first, rest)) => {
            *data = rest;
            *first
        }
        None => 0,
    }
}

/// `data` cut into pieces of lengths that follow from `seed`.
fn pieces(mut data: &[u8], seed: u8) -> Vec<&[u8]> {
    let (mut pieces, mut state) = (Vec::new(), u32::from(seed) * 2 + 1);
    while !data.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, rest) = data.split_at(((state >> 24) as usize % 9 + 1).min(data.len()));
        pieces.push(piece);
        data = rest;
    }
    pieces
}
