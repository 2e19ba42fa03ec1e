//! Who may use whom. Each file or folder in src/ is a room, and what a room may use is written
//! here; CONTRIBUTING.md has the reasons. An offender is named with its file and line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may use, beside [`ANYONE`]. Arrows never turn back.
const ARROWS: [(&str, &[&str]); 25] = [
    ("main", &["cli", "commands"]),
    (
        "commands",
        &[
            "auth", "bridge", "cli", "client", "config", "demo", "editors", "era", "http", "message", "record",
            "remote", "source", "stdio", "store",
        ],
    ),
    // What a file may hold for a flag is for the file to say.
    ("cli", &["config"]),
    ("bridge", &["era", "message", "record", "remote", "stdio"]),
    // An editor in this process: it has the bridge, and what a bridge is made of.
    ("client", &["auth", "bridge", "era", "http", "message", "record", "remote", "stdio"]),
    ("stdio", &["message"]),
    ("record", &["message"]),
    ("era", &["message"]),
    ("remote", &["auth", "http", "message"]),
    ("auth", &["http", "source", "store"]),
    ("source", &["config", "store"]),
    ("store", &["config"]),
    ("http", &[]),
    ("message", &[]),
    ("demo", &[]),
    ("editors", &["config"]),
    ("config", &[]),
    // These serve every room, so they use none; what is said goes through `plain`, and into files of `private`.
    ("failure", &["plain"]),
    ("log", &["clock", "plain", "private"]),
    ("clock", &[]),
    ("plain", &[]),
    ("private", &[]),
    ("secret", &[]),
    ("spelling", &[]),
    ("versions", &[]),
];

/// Rooms that every other one may use.
const ANYONE: [&str; 8] = ["clock", "failure", "log", "plain", "private", "secret", "spelling", "versions"];

/// Words that have one place, or none in some rooms.
const WORDS: [(&[&str], Where); 8] = [
    // Sans-IO: events in, steps out. So every rule of the protocol can be tested without a socket.
    (&["tokio", "reqwest", "Instant", "SystemTime", "clock::"], Where::NotIn(&["era/", "message/", "message.rs"])),
    (&["tiny_http"], Where::OnlyIn(&["demo/", "auth/callback.rs", "auth/callback/"])),
    (&["clap", "clap_mangen"], Where::OnlyIn(&["cli.rs", "cli/", "commands.rs", "commands/man.rs"])),
    (&["keyring"], Where::OnlyIn(&["store/keychain.rs"])),
    (&["keyring_core"], Where::OnlyIn(&["store/keychain.rs", "store/pieces.rs", "store/tests.rs"])),
    (&["oauth2"], Where::OnlyIn(&["auth/grants/"])),
    (&["open::"], Where::OnlyIn(&["auth/browser.rs"])),
    // The relay's stdout carries messages and nothing else. The other commands print their results.
    (
        &["stdin(", "stdout(", "print!(", "println!("],
        // The helper's are pipes of the relay that has started it.
        Where::OnlyIn(&[
            "stdio.rs",
            "demo/",
            "commands.rs",
            "commands/demo.rs",
            "commands/login.rs",
            "commands/login/key.rs",
            // Whether somebody sees what is printed, or can be asked.
            "commands/arguments.rs",
            "commands/content.rs",
            "commands/table.rs",
            "commands/terminal.rs",
            "commands/secret.rs",
            "auth/helper.rs",
            "auth/browser.rs",
            // Pipes of a command.
            "source.rs",
            // Those of the program of an editor.
            "commands/install/vendor.rs",
        ]),
    ),
];

enum Where {
    OnlyIn(&'static [&'static str]),
    NotIn(&'static [&'static str]),
}

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 3] = ["target", "node_modules", "__pycache__"];

#[test]
fn every_use_of_a_room_follows_an_arrow() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut offenders = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some(allowed) = arrows.get(room.as_str()) else {
            offenders.push(format!("{}: a new room; give it its arrows in tests/layout.rs", source.path));
            continue;
        };
        for (line, used) in source.uses() {
            let open = ANYONE.contains(&used.as_str()) && !ANYONE.contains(&room.as_str());
            if used != room && !open && !allowed.contains(&used.as_str()) {
                offenders.push(format!("{}:{line}: {room} may not use {used}", source.path));
            }
        }
    }
    none(offenders);
}

#[test]
fn some_words_have_their_place() {
    let mut offenders = Vec::new();
    for source in sources() {
        for (words, place) in &WORDS {
            let named = |places: &[&str]| places.iter().any(|place| source.path.starts_with(&format!("src/{place}")));
            let free = match place {
                Where::OnlyIn(places) => named(places),
                Where::NotIn(places) => !named(places),
            };
            if free {
                continue;
            }
            for (line, text) in source.code() {
                for word in words.iter().filter(|word| has_word(text, word)) {
                    offenders.push(format!("{}:{line}: {word} has no place here: {}", source.path, text.trim()));
                }
            }
        }
    }
    none(offenders);
}

#[test]
fn main_is_a_table_of_contents() {
    let main = sources().into_iter().find(|source| source.path == "src/main.rs").expect("src/main.rs");
    let lines = main.text.lines().count();
    assert!(lines < 60, "src/main.rs has {lines} lines, and has to have less than 60: move work into commands/");
}

#[test]
fn every_file_of_code_opens_with_what_it_is() {
    let mut silent = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                if !(FOREIGN.contains(&name.as_str()) || name.starts_with('.') && name != ".github" && name != ".ci") {
                    folders.push(path);
                }
                continue;
            }
            let marks: &[&str] = match path.extension().and_then(|it| it.to_str()) {
                Some("rs") => &["//!"],
                Some("mjs" | "js") => &["//", "/*"],
                Some("py" | "sh" | "yml") => &["#", "\"\"\""],
                _ => continue,
            };
            let text = fs::read_to_string(&path).unwrap();
            let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
            if kind.is_file() && !marks.iter().any(|mark| first.starts_with(mark)) {
                silent.push(format!("{} begins with {first:?}", path.display()));
            }
        }
    }
    none(silent);
}

#[test]
fn uses_are_found_however_they_are_written() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let rooms = |source: Source| source.uses().into_iter().map(|(_, room)| room).collect::<Vec<_>>();
    let text =
        "use crate::a::B;\nuse crate::{c::{D, e}, f as g,\n    h};\n// crate::no\nlet x = crate::i::j(crate::k);";
    assert_eq!(rooms(source("src/x/y.rs", text)), ["a", "c", "f", "h", "i", "k"]);
    assert_eq!(rooms(source("src/main.rs", "use mcpbridge::{cli::Cli, commands};")), ["cli", "commands"]);
    // From the top of a room `super` is the crate; from within, it is the room.
    assert_eq!(rooms(source("src/x.rs", "use super::b;\nmod tests {\n    use super::*;\n}")), ["b"]);
    assert_eq!(rooms(source("src/x/mod.rs", "use super::b;")), ["b"]);
    assert_eq!(rooms(source("src/x/y.rs", "use super::b;\nuse super::super::c;")), ["c"]);
    assert!(has_word("let x = stdout();", "stdout(") && !has_word("eprintln!(\"\")", "println!("));
    assert!(has_word("use tokio::x;", "tokio") && !has_word("tokio_rustls::x", "tokio"));
}

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// `bridge` for src/bridge.rs and for all below src/bridge/.
    fn room(&self) -> String {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
    }

    /// Lines that are not comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The rooms that are named, with the lines on which they are.
    fn uses(&self) -> Vec<(usize, String)> {
        let mut root = vec!["crate::", "mcpbridge::"];
        let inside = self.path.trim_start_matches("src/");
        match inside.matches('/').count() {
            0 => root.push("super::"),
            1 if inside.ends_with("/mod.rs") => root.push("super::"),
            1 => root.push("super::super::"),
            _ => root.push("super::super::super::"),
        }
        let mut code = String::new();
        for (index, line) in self.text.lines().enumerate() {
            // In a module inside the file `super` is the file.
            if line.trim_start().starts_with("mod ") && line.trim_end().ends_with('{') {
                root.retain(|root| !root.starts_with("super"));
            }
            let comment = line.trim_start().starts_with("//");
            for root in root.iter().filter(|root| !comment && line.contains(**root)) {
                for (at, _) in line.match_indices(*root) {
                    if !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before)) {
                        // Marked, because a list may go on over the next lines.
                        code.push_str(&format!("\u{1}{}\u{2}{}", index + 1, &line[at + root.len()..]));
                    }
                }
            }
            if !comment && !root.iter().any(|root| line.contains(*root)) {
                code.push_str(line);
            }
        }
        let mut uses = Vec::new();
        for piece in code.split('\u{1}').skip(1) {
            let Some((line, path)) = piece.split_once('\u{2}') else { continue };
            let line: usize = line.parse().unwrap_or(0);
            uses.extend(heads(path).into_iter().map(|head| (line, head)));
        }
        uses
    }
}

/// The first names of a path: one, or those of a list in braces.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(list) = path.trim_start().strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.iter().map(|part| name(part.trim_start_matches(','))).filter(|name| !name.is_empty()).collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(part) && (!word.ends_with(part) || !after.starts_with(part))
    })
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut sources) = (vec![root.join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let inside = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                sources.push(Source { path: inside, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    // The list of the rooms itself.
    sources.retain(|source| source.path != "src/lib.rs");
    assert!(sources.len() > 10, "the sources were not found");
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

#[track_caller]
fn none(offenders: Vec<String>) {
    assert!(offenders.is_empty(), "\n{}\n", offenders.join("\n"));
}
