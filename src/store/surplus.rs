//! Of files that nobody may ask for again, those that are too many.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// The oldest of `names`, as many as are above `most`; `file` is where each has what it stands for.
pub fn oldest(names: Vec<String>, most: usize, file: impl Fn(&str) -> Option<PathBuf>) -> Vec<String> {
    let surplus = names.len().saturating_sub(most);
    if surplus == 0 {
        return Vec::new();
    }
    let age = |name: &str| file(name).and_then(|file| fs::metadata(file).and_then(|there| there.modified()).ok());
    let mut aged: Vec<_> = names.into_iter().map(|name| (age(&name).unwrap_or(SystemTime::UNIX_EPOCH), name)).collect();
    aged.sort();
    aged.into_iter().take(surplus).map(|(_, name)| name).collect()
}
