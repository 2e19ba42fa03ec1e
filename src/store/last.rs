//! What a server said in the last run under a grant: what it can, and its lists. An editor that
//! starts while a person signs in is answered with it. Nothing secret, and nothing that matters when
//! it is lost.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Key, Store};

/// What is remembered of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its answer to `initialize`.
    Initialize,
    /// Its tools.
    Tools,
    /// Its prompts.
    Prompts,
    /// Its resources.
    Resources,
    /// Its resource templates.
    Templates,
}

impl Said {
    /// All that is remembered.
    pub const ALL: [Said; 5] = [Said::Initialize, Said::Tools, Said::Prompts, Said::Resources, Said::Templates];

    /// What the answer to this method is worth; `None` if it is not remembered.
    pub fn by(method: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.method() == method)
    }

    /// The method whose answer it is.
    pub fn method(self) -> &'static str {
        match self {
            Said::Initialize => "initialize",
            Said::Tools => "tools/list",
            Said::Prompts => "prompts/list",
            Said::Resources => "resources/list",
            Said::Templates => "resources/templates/list",
        }
    }

    fn name(self, key: &Key) -> String {
        format!("{}-{}", key.as_str(), self.method().replace('/', "-"))
    }
}

#[derive(Serialize, Deserialize)]
struct Kept<R> {
    lineage: String,
    result: R,
}

impl Store {
    /// Remembers `result`, JSON text, as said under the grant of this lineage.
    pub fn remember(&self, key: &Key, lineage: &str, said: Said, result: &str) {
        let Ok(result) = serde_json::from_str::<&RawValue>(result) else { return };
        let Ok(bytes) = serde_json::to_vec(&Kept { lineage: lineage.to_owned(), result }) else { return };
        let name = said.name(key);
        // Most runs hear what the last one heard, and a write waits for the disk.
        if bytes.len() > LARGEST || self.inner.last.read(&name).is_ok_and(|before| before.as_deref() == Some(&bytes)) {
            return;
        }
        if let Err(failure) = self.inner.last.write(&name, &bytes) {
            log::debug!("{failure}");
        }
    }

    /// What was said under the grant of this lineage, as JSON text.
    pub fn last(&self, key: &Key, lineage: &str, said: Said) -> Option<String> {
        let bytes = self.inner.last.read(&said.name(key)).ok()??;
        let kept: Kept<Box<RawValue>> = serde_json::from_slice(&bytes).ok()?;
        (kept.lineage == lineage).then(|| kept.result.get().to_owned())
    }

    /// What was said last under `key`, whoever is signed in there, or nobody.
    pub fn last_of(&self, key: &Key, said: Said) -> Option<String> {
        let lineage = self.entry(key).ok().flatten().map(|entry| entry.lineage);
        self.last(key, lineage.as_deref().unwrap_or(NOBODY), said)
    }

    /// Remembers `result`, JSON text, as said to somebody who is not signed in.
    pub fn remember_open(&self, key: &Key, said: Said, result: &str) {
        if let Ok(None) = self.entry(key) {
            self.remember(key, NOBODY, said, result);
        }
    }

    /// Forgets it all.
    pub fn forget_last(&self, key: &Key) {
        for said in Said::ALL {
            if let Err(failure) = self.inner.last.remove(&said.name(key)) {
                log::debug!("{failure}");
            }
        }
    }
}

/// In the place of a lineage, where there is no grant.
const NOBODY: &str = "";
/// Bytes of one answer that are remembered.
const LARGEST: usize = 1024 * 1024;
