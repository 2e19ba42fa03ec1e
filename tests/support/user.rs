//! Somebody with editors, whose files are in a home of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{Bridge, Launch, Told};

/// A user with editors.
pub struct User {
    pub home: TempDir,
    bare: bool,
}

impl User {
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap(), bare: false }
    }

    /// Without the variables of the tests, which would be written into an entry, and with no program on the `PATH`.
    pub fn bare() -> Self {
        Self { bare: true, ..Self::new() }
    }

    pub fn command(&self, args: &[&str]) -> Launch {
        let launch = Bridge::bare().home(self.home.path()).env("MCPBRIDGE_CONFIG_DIR", "");
        let launch = launch.env("XDG_STATE_HOME", self.at("state")).env("MCP_REMOTE_CONFIG_DIR", "").args(args);
        if self.bare { launch.env("MCPBRIDGE_CREDENTIAL_STORE", "").env("PATH", self.at("bin")) } else { launch }
    }

    #[track_caller]
    pub fn does(&self, args: &[&str]) -> Told {
        let told = self.command(args).told();
        told.expect(0, &[]);
        told
    }

    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// The copies of files that were kept.
    pub fn backups(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.at("state/mcpbridge/backups")).into_iter().flatten().flatten();
        folder.map(|entry| entry.path()).collect()
    }
}
