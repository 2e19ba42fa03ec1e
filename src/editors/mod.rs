//! The configuration files of editors: where they are, and how an entry comes into them and out again.

mod change;
mod diff;
mod entry;
mod file;
mod format;
mod jsonc;
mod mask;
mod node;
mod places;
mod receipt;
mod table;
mod toml;
mod yaml;

pub use change::{Change, arguments, container, is_ours, snippet};
pub use diff::unified;
pub use entry::Entry;
pub use file::{COPIES, File};
pub use format::Format;
pub use node::{Node, Trouble};
pub use places::{Host, is_program};
pub use table::{EDITORS, Editor, Link, On, Place, Shape, find};
