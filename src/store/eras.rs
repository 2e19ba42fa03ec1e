//! Which eras of the protocol a server speaks, as earlier runs have found. That decides what a server
//! is asked first, so a note that is wrong, old or lost costs a question and nothing else. It is of the
//! server, whoever signs in there, and has nothing secret in it: the URL is only a hash.

use std::fs;

use serde::{Deserialize, Serialize};
use url::Url;

use super::surplus::oldest;
use super::{Key, Store};

/// Which eras a server speaks; `None` where nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eras {
    /// Whether it speaks the modern era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modern: Option<bool>,
    /// Whether it speaks the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy: Option<bool>,
}

impl Store {
    /// What earlier runs have found. What cannot be read is not known.
    pub fn eras(&self, server: &Url) -> Eras {
        let note = self.inner.servers.read(Key::new(server, None, None).as_str());
        let note = note.inspect_err(|failure| log::debug!("{failure}")).ok().flatten();
        note.and_then(|note| serde_json::from_slice(&note).ok()).unwrap_or_default()
    }

    /// Keeps what was found, if it is not kept already; `None` where there is nothing to keep any more.
    pub fn keep_eras(&self, server: &Url, found: Option<Eras>) {
        let key = Key::new(server, None, None);
        if self.eras(server) == found.unwrap_or_default() {
            return;
        }
        let shelf = &self.inner.servers;
        let kept = match found.map(|eras| serde_json::to_vec(&eras)) {
            Some(Ok(note)) => shelf.write(key.as_str(), &note),
            Some(Err(_)) => Ok(()),
            None => shelf.remove(key.as_str()).map(drop),
        };
        if let Err(failure) = kept {
            log::debug!("{failure}");
        }
        self.forget_old_eras();
    }

    /// A URL may have a part that is another one each time, so that nobody asks for its note again.
    fn forget_old_eras(&self) {
        let shelf = &self.inner.servers;
        let Ok(names) = shelf.names() else { return };
        for name in oldest(names, MOST, |name| shelf.path(name)) {
            if let Some(note) = shelf.path(&name) {
                let _ = fs::remove_file(note);
            }
        }
    }
}

/// Servers that are remembered; each note is a file of some forty bytes.
const MOST: usize = 512;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::SystemTime;

    use tempfile::tempdir;

    use super::*;
    use crate::config::Home;
    use crate::store::Choice;

    #[test]
    fn what_was_found_is_kept_for_each_url_and_is_no_more_than_a_hint() {
        let folder = tempdir().unwrap();
        let store = |choice| Store::new(Home::at(folder.path().join("state")), choice);
        let url = |text: &str| text.parse::<Url>().unwrap();
        let (server, other) = (url("https://h.example/mcp?key=s3cret"), url("https://h.example/mcp?key=other"));
        let modern = Eras { modern: Some(true), legacy: Some(false) };
        store(Choice::File).keep_eras(&server, None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made for nothing");
        store(Choice::Memory).keep_eras(&server, Some(modern));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        store(Choice::File).keep_eras(&server, Some(modern));
        assert_eq!(store(Choice::Auto).eras(&server), modern);
        assert_eq!(store(Choice::File).eras(&other), Eras::default());
        let note = fs::read_dir(folder.path().join("state/servers")).unwrap().next().unwrap().unwrap();
        assert!(!format!("{note:?}").contains("s3cret"), "{note:?}");
        assert_eq!(fs::read_to_string(note.path()).unwrap(), r#"{"modern":true,"legacy":false}"#);
        let written = note.metadata().unwrap().modified().unwrap();
        store(Choice::File).keep_eras(&server, Some(modern));
        assert_eq!(note.metadata().unwrap().modified().unwrap(), written, "what is known is not written");

        for damage in ["", "[]", r#"{"modern":"perhaps"}"#] {
            fs::write(note.path(), damage).unwrap();
            assert_eq!(store(Choice::File).eras(&server), Eras::default());
        }
        store(Choice::File).keep_eras(&server, Some(modern));
        store(Choice::File).keep_eras(&server, None);
        assert!(!note.path().exists());
    }

    #[test]
    fn the_oldest_notes_make_room_for_new_ones() {
        let folder = tempdir().unwrap();
        let store = Store::new(Home::at(folder.path()), Choice::File);
        let server = |number: usize| format!("https://h.example/{number}").parse::<Url>().unwrap();
        let modern = Eras { modern: Some(true), legacy: None };
        store.keep_eras(&server(MOST), Some(modern));
        for number in 0..MOST {
            let name = Key::new(&server(number), None, None);
            fs::write(folder.path().join(format!("servers/{}.json", name.as_str())), r#"{"modern":false}"#).unwrap();
        }
        let path = folder.path().join(format!("servers/{}.json", Key::new(&server(7), None, None).as_str()));
        // Open no longer than for this: on Windows a file that is open may keep its name when it is removed.
        fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        store.keep_eras(&server(MOST), Some(Eras { modern: Some(false), legacy: None }));
        assert_eq!(store.inner.servers.names().unwrap().len(), MOST);
        assert_eq!(store.eras(&server(7)), Eras::default());
        assert_eq!(store.eras(&server(MOST)), Eras { modern: Some(false), legacy: None });
    }
}
