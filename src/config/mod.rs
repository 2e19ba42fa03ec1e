//! What a person has set down: the folders of a user, the named servers of `config.toml`, and how a
//! file is replaced.

mod change;
mod file;
mod folders;
mod keys;
mod names;
mod plain;
mod project;
mod read;
mod replace;
mod trust;

pub use change::{Added, New, add, lock, remove, with_server, without_server};
pub use file::{Account, Config, Organization, Server};
pub use folders::{Home, remedy, short, unreadable, unwritable};
pub use keys::{Key, Place, Setting, Shape, Value, Words};
pub use names::is_name;
pub use plain::{in_plain, parameter_in_plain};
pub use project::{FILE as PROJECT_FILE, Project, Wish};
pub use replace::{create, read_regular, replace, rewrite, sweep, sweep_all};
pub use trust::{Trust, Trusted, digest, distrust, trust, trusted};
