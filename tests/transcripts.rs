//! The rules of both eras as conversations, in tests/era/*.txt.
//!
//! `editor>` and `server>` is what they say, `editor<` and `server<` is what they get; a number
//! names the exchange, `-` a stream of no request. `server< 3 open http` opens a session, `probe`
//! goes before everything else, `alone` and `listen` are POSTs without a session, with their headers
//! behind `|`; `cancel`, `drop`, `tell` and `reply` are what they say. `wake 7 in 500ms` asks for a
//! pause, `due 7` is its end, and `learned` what the next run may begin with. `let $X = …` is a short name for a text, `==` begins anew.
//!
//! What follows from each line must be exactly what stands below it. With `MCPBRIDGE_WRITE=1` the
//! files are written anew, to be read by somebody who knows the rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mcpbridge::era::{Era, Event, Facts, Filter, Headers, Key, Protocol, Settings, Step, Way};
use mcpbridge::failure::{Failure, Kind};
use mcpbridge::message::{Message, Parsed};
use mcpbridge::versions::Transport;

#[test]
fn every_conversation_goes_as_it_is_written() {
    let write = env::var_os("MCPBRIDGE_WRITE").is_some();
    let mut wrong = Vec::new();
    let files = files();
    assert!(files.len() > 6, "the conversations were not found");
    for path in files {
        let written = fs::read_to_string(&path).unwrap();
        let played = play(&written);
        if write {
            fs::write(&path, &played).unwrap();
        } else if played != written {
            let (mut line, mut pair) = (0, ("", ""));
            for (number, (one, other)) in written.lines().chain([""]).zip(played.lines().chain([""])).enumerate() {
                if one != other {
                    (line, pair) = (number + 1, (one, other));
                    break;
                }
            }
            wrong.push(format!("{}:{line}:\n  written: {}\n  played:  {}", path.display(), pair.0, pair.1));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/era");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    files.sort();
    files
}

/// The text with what really follows from each line below it.
fn play(text: &str) -> String {
    let (mut played, mut names) = (String::new(), Names::default());
    let mut era = Era::new(settings(""));
    for line in text.lines() {
        if is_outcome(line) {
            continue;
        }
        let _ = writeln!(played, "{line}");
        if let Some((name, value)) = line.strip_prefix("let ").and_then(|rest| rest.split_once(" = ")) {
            let value = names.long(value);
            names.0.push((name.to_owned(), value));
        } else if let Some(given) = line.strip_prefix("settings") {
            era = Era::new(settings(given));
        } else if line.starts_with("==") {
            era = Era::new(settings(""));
        } else if line == "facts?" {
            let _ = writeln!(played, "    {}", known(era.facts()));
        } else if line == "open?" {
            let (open, asked, unanswered) = (era.is_open(), era.is_asked(), era.unanswered());
            let _ = writeln!(played, "    open: {open}, asked: {asked}, unanswered: {unanswered}");
        } else if let Some(event) = event(&names.long(line)) {
            let mut steps = Vec::new();
            era.on(event, &mut steps);
            for step in steps {
                let _ = writeln!(played, "    {}", names.short(&shown(&step)));
            }
        }
    }
    played
}

/// Short names for texts that come again and again.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    fn long(&self, line: &str) -> String {
        self.0.iter().rev().fold(line.to_owned(), |line, (name, value)| line.replace(name, value))
    }

    fn short(&self, line: &str) -> String {
        self.0.iter().rev().fold(line.to_owned(), |line, (name, value)| line.replace(value, name))
    }
}

fn is_outcome(line: &str) -> bool {
    line.starts_with("    ")
}

fn settings(given: &str) -> Settings {
    let mut settings = Settings { transports: vec![Transport::Streamable, Transport::Sse], ..Settings::default() };
    let (mut facts, mut allow, mut ignore) = (Facts::default(), Vec::new(), Vec::new());
    for part in given.split_whitespace() {
        match part.split_once('=').unwrap() {
            ("protocol", "legacy") => settings.protocol = Protocol::Legacy,
            ("protocol", "modern") => settings.protocol = Protocol::Modern,
            ("transports", "sse,http") => settings.transports = vec![Transport::Sse, Transport::Streamable],
            ("transports", "http") => settings.transports = vec![Transport::Streamable],
            ("transports", "sse") => settings.transports = vec![Transport::Sse],
            ("modern", fact) => facts.modern = Some(fact == "yes"),
            ("legacy", fact) => facts.legacy = Some(fact == "yes"),
            ("seen", editor) => facts.legacy_editors.push(editor.replace('/', " ")),
            ("allow", glob) => allow.push(glob.to_owned()),
            ("ignore", glob) => ignore.push(glob.to_owned()),
            other => panic!("{other:?} is no setting"),
        }
    }
    Settings { facts, filter: Filter::new(&allow, &ignore), ..settings }
}

fn event(line: &str) -> Option<Event> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let message = |text: &str| Message::parse(text.to_owned().into());
    let parsed = |text: &str| message(text).unwrap_or_else(|fault| panic!("{}: {text}", fault.text));
    let failure = |kind, text: &str| Failure::new(kind, text);
    Some(match (word, rest) {
        ("editor>", "closes") => Event::Closed,
        ("editor>", text) => Event::Editor(message(text)),
        ("server>", rest) => {
            let (key, text) = rest.split_once(' ').unwrap();
            let (key, generation) = key.split_once('@').unwrap_or((key, "1"));
            let key = (key != "-").then(|| key.parse().unwrap());
            Event::Server { key, generation: generation.parse().unwrap(), parsed: parsed(text) }
        }
        ("ended", rest) => {
            let (key, how) = rest.split_once(' ').unwrap_or((rest, ""));
            let (status, error) = how.split_once(' ').map_or((how, None), |(status, error)| (status, Some(error)));
            let failure = match status {
                "" => None,
                "unreachable" => Some(failure(Kind::Unreachable, "nobody is there")),
                status => {
                    let kind = if status == "401" { Kind::SignInRequired } else { Kind::Protocol };
                    let refused = failure(kind, &format!("refused (HTTP {status})")).status(status.parse().unwrap());
                    Some(Failure { error: error.map(Into::into), ..refused })
                }
            };
            Event::Ended { key: key.parse().unwrap(), failure }
        }
        ("due", key) => Event::Due { key: key.parse().unwrap() },
        ("renewed", generation) => Event::Renewed { generation: generation.parse().unwrap() },
        ("over", _) => Event::Over(failure(Kind::Unreachable, "the bridge had to end")),
        _ if line.is_empty() || line.starts_with('#') => return None,
        _ => panic!("{line:?} is not understood"),
    })
}

fn shown(step: &Step) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let raw = |message: &Message| text(message.raw());
    let line = match step {
        Step::ToEditor(line) | Step::Answer(line) | Step::Failed(line, _) => format!("editor< {}", text(line)),
        Step::Open { key, message, transport } => {
            let transport = if *transport == Transport::Streamable { "http" } else { "sse" };
            format!("server< {key} open {transport} {}", raw(message))
        }
        Step::Probe { key, message, headers } => format!("server< {key} probe {}{}", raw(message), listed(headers)),
        Step::Send { key, body, way, requests, .. } => {
            assert!(!requests.is_empty());
            format!("server< {}{}{}", sent(*key, way), text(body), headers(way))
        }
        Step::Tell { message, way } => {
            let how = if *way == Way::Session { "tell" } else { "tell alone" };
            format!("server< {how} {}{}", raw(message), headers(way))
        }
        Step::Reply { message, generation, .. } => format!("server< reply @{generation} {}", raw(message)),
        Step::Cancel { key, message } => format!("server< {key} cancel {}", raw(message)),
        Step::Drop { key } => format!("server< {key} drop"),
        Step::Wake { key, after } => format!("wake {key} in {after:?}"),
        Step::Learned(facts) => format!("learned {}", known(facts)),
        // The lobby's, which stands before the pairs.
        Step::Unserved(_) | Step::DeclineSignIn | Step::OpenBrowser => panic!("no pair says {step:?}"),
    };
    if let Some(written) = line.split(" | ").next().and_then(|line| line.find(['{', '[']).map(|at| &line[at..])) {
        assert!(
            matches!(Message::parse(written.to_owned().into()), Ok(Parsed::One(_)) | Ok(Parsed::Batch(_))),
            "{line}"
        );
    }
    line
}

fn known(facts: &Facts) -> String {
    let word = |fact: Option<bool>| fact.map_or("unknown", |fact| if fact { "yes" } else { "no" });
    format!("modern: {}, legacy: {}", word(facts.modern), word(facts.legacy))
}

fn sent(key: Key, way: &Way) -> String {
    match way {
        Way::Session => format!("{key} "),
        Way::Alone(_) => format!("{key} alone "),
        Way::Listen(_) => format!("{key} listen "),
    }
}

fn headers(way: &Way) -> String {
    match way {
        Way::Session => String::new(),
        Way::Alone(headers) | Way::Listen(headers) => listed(headers),
    }
}

fn listed(headers: &Headers) -> String {
    headers.iter().map(|(name, value)| format!(" | {name}: {value}")).collect()
}
