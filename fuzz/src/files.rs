//! Files that somebody else may have written or damaged: that of a project, a recording, and those of the store.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use mcpbridge::config::{Home, Project, is_name};
use mcpbridge::failure::Failure;
use mcpbridge::message::{Id, Kind, Message, Parsed};
use mcpbridge::record::{Recording, Replay};
use mcpbridge::store::{Choice, Key, Store};
use tempfile::TempDir;
use url::Url;

use super::byte;

/// The first byte chooses the file, the rest is what is in it. In a recording, lines that an editor says while it is
/// played follow behind a line with [`PLAYED`].
pub fn files(mut data: &[u8]) {
    let first = byte(&mut data);
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    match first % 4 {
        0 => project(&folder, data),
        1 => recording(&folder, data),
        2 => store(&folder, "grants", data),
        _ => store(&folder, "credentials", data),
    }
}

fn project(folder: &TempDir, data: &[u8]) {
    let path = folder.path().join(".mcpbridge.toml");
    fs::write(&path, data).expect("a folder of our own");
    match Project::read(&path) {
        Ok(project) => {
            for wish in &project.servers {
                assert!(is_name(&wish.name) && project.wish(&wish.name).is_some());
                assert!(wish.account.is_none() || project.chooses());
                // It would hide every tool, or none.
                assert!(wish.allow_tools.is_empty() || wish.allow_tools.iter().any(|pattern| !pattern.is_empty()));
            }
        }
        Err(failure) => is_told(&failure),
    }
}

fn recording(folder: &TempDir, data: &[u8]) {
    let at = data.windows(PLAYED.len()).position(|there| there == PLAYED);
    let (text, lines) = at.map_or((data, &b""[..]), |at| (&data[..at + 1], &data[at + PLAYED.len()..]));
    let path = folder.path().join("session.jsonl");
    fs::write(&path, text).expect("a folder of our own");
    let recording = match Recording::read(&path) {
        Ok(recording) => recording,
        Err(failure) => return is_told(&failure),
    };
    let mut replay = Replay::new(&recording);
    assert!(replay.answers() <= recording.entries.len());
    let mut owed: BTreeMap<Id, usize> = BTreeMap::new();
    let mut said = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let line = Bytes::copy_from_slice(line);
        match Message::parse(line.clone()) {
            Ok(Parsed::One(message)) => asked(&message, &mut owed),
            Ok(Parsed::Batch(batch)) => batch.iter().flatten().for_each(|message| asked(message, &mut owed)),
            Err(_) => {}
        }
        said.extend(replay.on(line));
    }
    said.extend(replay.end());
    for line in said {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        assert!(!text.contains(&b'\n'), "a message is one line");
        let Ok(Parsed::One(message)) = Message::parse(Bytes::copy_from_slice(text)) else {
            panic!("no message: {}", String::from_utf8_lossy(text));
        };
        if let (Kind::Answer, Some(id)) = (message.kind(), message.id()) {
            let owed = owed.get_mut(id).filter(|owed| **owed > 0);
            *owed.unwrap_or_else(|| panic!("nobody asked: {}", String::from_utf8_lossy(text))) -= 1;
        }
    }
}

fn asked(message: &Message, owed: &mut BTreeMap<Id, usize>) {
    if let (Kind::Request, Some(id)) = (message.kind(), message.id()) {
        *owed.entry(id.clone()).or_default() += 1;
    }
}

fn store(folder: &TempDir, room: &str, data: &[u8]) {
    let home = Home::at(folder.path());
    let key = Key::new(&Url::parse("https://a.example/mcp").expect("one of ours"), None, None);
    let path = home.folder(room).expect("a folder of our own").join(format!("{}.json", key.as_str()));
    fs::write(&path, data).expect("a folder of our own");
    let store = Store::new(home, Choice::File);
    let all = store.entries().expect("the folder is there");
    assert!(all.len() == 1 && all[0].0 == key);
    match (&all[0].1, store.entry(&key)) {
        (Ok(one), Ok(Some(other))) => {
            assert_eq!(*one, other);
            // What is written anew is what was read.
            store.note(&key, |_| ()).expect("it can be written");
            assert_eq!(store.entry(&key).expect("our own can be read").as_ref(), Some(one));
        }
        (Err(failure), Err(same)) => {
            assert_eq!(failure.to_string(), same.to_string());
            is_told(failure);
        }
        (one, other) => panic!("{one:?} and {other:?}"),
    }
}

/// In words for a person: one line, and what to do, and nothing of a secret.
fn is_told(failure: &Failure) {
    let text = failure.to_string();
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    assert!(!text.contains(SECRET), "{text}");
    assert!(failure.remedy.is_some(), "{text}");
}

/// Stands in front of what an editor says.
const PLAYED: &[u8] = b"\n--\n";
/// In the place of a token in what the target begins with.
const SECRET: &str = "s3cr3t-t0k3n";
