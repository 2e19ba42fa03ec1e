//! What the translation leaves alone, with messages of all shapes: made from a seed, so that a
//! failure can be had again.

use mcpbridge::era::{Era, Event, Facts, Protocol, Settings, Step};
use mcpbridge::message::Message;
use mcpbridge::versions::Transport;
use serde_json::Value;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"open","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"ed","version":"1"}}}"#;
const HELLO: &str =
    r#""result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#;
const FOUND: &str = r#""result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}}"#;
const FIELDS: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}"#;
const ROUNDS: u64 = 400;

#[test]
fn between_a_legacy_editor_and_a_legacy_server_every_byte_stays() {
    for seed in 0..ROUNDS {
        let (mut era, mut make) = (legacy_editor(Some(true), None), Make::new(seed));
        let request = make.request("");
        assert_eq!(sent(&mut era, &request), request, "seed {seed}");
        let answer = make.answer(&id_of(&request), "");
        assert_eq!(answered(&mut era, &answer), answer, "seed {seed}");
        let note = make.notification();
        assert_eq!(answered(&mut era, &note), note, "seed {seed}");
    }
}

#[test]
fn between_a_modern_editor_and_a_modern_server_every_byte_stays() {
    for seed in 0..ROUNDS {
        let (mut era, mut make) = (era(Some(true), None), Make::new(seed));
        let request = make.request(FIELDS);
        assert_eq!(sent(&mut era, &request), request, "seed {seed}");
        let note = make.notification();
        assert_eq!(answered(&mut era, &note), note, "seed {seed}");
        let answer = make.answer(&id_of(&request), r#""resultType":"complete""#);
        assert_eq!(answered(&mut era, &answer), answer, "seed {seed}");
    }
}

#[test]
fn for_a_modern_server_a_request_gains_its_meta_and_nothing_else() {
    for seed in 0..ROUNDS {
        let (mut era, mut make) = (legacy_editor(None, Some(true)), Make::new(seed));
        let (request, expected) = make.request_and_translation("");
        assert_eq!(sent(&mut era, &request), expected, "seed {seed}");
        let answer = make.answer(&id_of(&request), r#""resultType":"complete""#);
        assert_eq!(answered(&mut era, &answer), answer, "seed {seed}");
    }
}

#[test]
fn for_a_legacy_server_a_request_changes_in_its_id_its_token_and_its_meta_alone() {
    for seed in 0..ROUNDS {
        let (mut era, mut make) = (modern_editor(), Make::new(seed));
        let request = make.request(FIELDS);
        let translated = sent(&mut era, &request);
        let (mut before, mut after) = (json(&request), json(&translated));
        let upstream = after["id"].take();
        assert!(upstream.as_str().is_some_and(|id| id.starts_with("mcpbridge-")), "seed {seed}");
        before["id"].take();
        let meta = before["params"]["_meta"].as_object_mut().unwrap();
        meta.retain(|name, _| !name.starts_with("io.modelcontextprotocol/"));
        if let Some(token) = meta.get_mut("progressToken") {
            *token = upstream.clone();
        }
        if meta.is_empty() {
            before["params"].as_object_mut().unwrap().remove("_meta");
        }
        assert_eq!(after, before, "seed {seed}");
        // The spelling of what is left is the editor's.
        assert!(make.values.iter().all(|value| translated.contains(value)), "seed {seed}: {translated}");

        let answer = make.answer(&upstream.to_string(), "");
        let back = answered(&mut era, &answer);
        let (mut before, mut after) = (json(&answer), json(&back));
        assert_eq!(after["id"].take(), json(&request)["id"], "seed {seed}");
        before["id"].take();
        if let Some(result) = after.get_mut("result").and_then(Value::as_object_mut) {
            assert_eq!(result.remove("resultType"), Some("complete".into()), "seed {seed}");
            if request.contains("resources/read") {
                assert_eq!(result.remove("ttlMs"), Some(0.into()), "seed {seed}");
                assert_eq!(result.remove("cacheScope"), Some("private".into()), "seed {seed}");
            }
        }
        assert_eq!(after, before, "seed {seed}");
    }
}

#[test]
fn at_sixty_four_parked_calls_the_oldest_is_given_up() {
    let mut era = modern_editor();
    let mut states = Vec::new();
    for number in 0..65 {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{{"name":"t{number}","_meta":{{{FIELDS}}}}}}}"#
        );
        let steps = on(&mut era, Event::Editor(Message::parse(call.into())));
        let Some(Step::Send { key, .. }) = steps.last() else { panic!("call {number} was not sent") };
        let question = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"elicitation/create","params":{{}}}}"#);
        let steps = from_server(&mut era, Some(*key), &question);
        let given_up = steps.iter().filter(|step| matches!(step, Step::Cancel { .. })).count();
        assert_eq!(given_up, usize::from(number == 64), "call {number}");
        let answer = steps.iter().find_map(|step| if let Step::Answer(line) = step { Some(line) } else { None });
        let answer: Value = serde_json::from_slice(answer.expect("input_required")).unwrap();
        states.push(answer["result"]["requestState"].as_str().unwrap().to_owned());
    }
    let again = |number: usize| {
        let state = &states[number];
        format!(
            r#"{{"jsonrpc":"2.0","id":100,"method":"tools/call","params":{{"name":"t{number}","requestState":"{state}","inputResponses":{{}},"_meta":{{{FIELDS}}}}}}}"#
        )
    };
    assert!(line(&on(&mut era, Event::Editor(Message::parse(again(0).into())))).contains("-32602"));
    assert!(line(&on(&mut era, Event::Editor(Message::parse(again(1).into())))).contains("input_required"));
}

#[test]
fn no_message_of_either_side_makes_the_translator_panic() {
    let eras: [fn() -> Era; 4] = [
        || legacy_editor(Some(true), None),
        || legacy_editor(None, Some(true)),
        || era(Some(true), None),
        modern_editor,
    ];
    for seed in 0..ROUNDS {
        let mut make = Make::new(seed);
        let mut era = eras[seed as usize % 4]();
        for _ in 0..20 {
            let text = match make.below(6) {
                0 => make.request(FIELDS),
                1 => make.request(""),
                2 => make.answer(
                    "1",
                    r#""resultType":"input_required","inputRequests":{"a":{"method":5}},"requestState":7"#,
                ),
                3 => make.notification(),
                4 => format!(r#"{{"id":1,"method":"notifications/cancelled","params":{}}}"#, make.value(2)),
                _ => {
                    format!(r#"{{"method":"tools/list","id":2,"params":{},"result":{}}}"#, make.value(2), make.value(2))
                }
            };
            let key = make.below(9);
            if make.below(2) == 0 {
                on(&mut era, Event::Editor(Message::parse(text.into())));
            } else if let Ok(parsed) = Message::parse(text.into()) {
                on(&mut era, Event::Server { key: (key > 0).then_some(key), generation: 1, parsed });
            }
            on(&mut era, Event::Due { key: make.below(30) });
        }
        on(&mut era, Event::Closed);
    }
}

fn era(modern: Option<bool>, legacy: Option<bool>) -> Era {
    let facts = Facts { modern, legacy, ..Facts::default() };
    Era::new(Settings {
        facts,
        transports: vec![Transport::Streamable],
        protocol: Protocol::Auto,
        ..Settings::default()
    })
}

/// A legacy editor in its session, with a server of the era that is given.
fn legacy_editor(legacy: Option<bool>, modern: Option<bool>) -> Era {
    let mut era = era(modern, legacy.or(Some(false)));
    let steps = on(&mut era, Event::Editor(Message::parse(INITIALIZE.into())));
    let (key, id, rest) = match steps.first() {
        Some(Step::Open { key, message, .. }) => (*key, message.id().unwrap().spelled().to_owned(), HELLO),
        Some(Step::Probe { key, message, .. }) => (*key, message.id().unwrap().spelled().to_owned(), FOUND),
        other => panic!("{other:?}"),
    };
    from_server(&mut era, Some(key), &format!(r#"{{"jsonrpc":"2.0","id":{id},{rest}"#));
    assert!(era.is_open());
    era
}

/// A modern editor with a legacy server.
fn modern_editor() -> Era {
    let mut era = era(Some(false), None);
    let discover =
        format!(r#"{{"jsonrpc":"2.0","id":"d","method":"server/discover","params":{{"_meta":{{{FIELDS}}}}}}}"#);
    let steps = on(&mut era, Event::Editor(Message::parse(discover.into())));
    let Some(Step::Open { key, message, .. }) = steps.first() else { panic!("no session is opened") };
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},{HELLO}"#, message.id().unwrap().spelled());
    from_server(&mut era, Some(*key), &answer);
    assert!(era.is_open());
    era
}

fn on(era: &mut Era, event: Event) -> Vec<Step> {
    let mut steps = Vec::new();
    era.on(event, &mut steps);
    steps
}

fn from_server(era: &mut Era, key: Option<u64>, text: &str) -> Vec<Step> {
    let parsed = Message::parse(text.to_owned().into()).unwrap_or_else(|fault| panic!("{}: {text}", fault.text));
    on(era, Event::Server { key, generation: 1, parsed })
}

/// The request as the server gets it; what comes back afterwards comes in its exchange.
fn sent(era: &mut Era, request: &str) -> String {
    let steps = on(era, Event::Editor(Message::parse(request.to_owned().into())));
    let body = steps.iter().find_map(|step| if let Step::Send { body, .. } = step { Some(body) } else { None });
    String::from_utf8(body.unwrap_or_else(|| panic!("{steps:?}: {request}")).to_vec()).unwrap()
}

/// What the editor gets when the server says this in one of the exchanges.
fn answered(era: &mut Era, text: &str) -> String {
    (1..20)
        .map(|key| from_server(era, Some(key), text))
        .find(|steps| !steps.is_empty())
        .map(|steps| line(&steps))
        .unwrap_or_else(|| panic!("nothing came of {text}"))
}

fn line(steps: &[Step]) -> String {
    let line = steps.iter().find_map(|step| match step {
        Step::ToEditor(line) | Step::Answer(line) | Step::Failed(line, _) => Some(line),
        _ => None,
    });
    String::from_utf8(line.unwrap_or_else(|| panic!("{steps:?}")).to_vec()).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn id_of(request: &str) -> String {
    Message::single(request.to_owned().into()).unwrap().id().unwrap().spelled().to_owned()
}

/// Makes messages from a seed (xorshift).
struct Make {
    state: u64,
    /// What stands in the parameters of the last request, as it is spelled.
    values: Vec<String>,
}

impl Make {
    fn new(seed: u64) -> Self {
        Make { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, values: Vec::new() }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % limit
    }

    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len() as u64) as usize]
    }

    fn space(&mut self) -> &'static str {
        self.one_of(&["", "", " ", "  ", "\t"])
    }

    fn value(&mut self, depth: u64) -> String {
        let space = self.space();
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => "1.0".to_owned(),
            1 => "12345678901234567890".to_owned(),
            2 => r#""\u0061\n\"é""#.to_owned(),
            3 => "null".to_owned(),
            4 => "-0e5".to_owned(),
            5 => "true".to_owned(),
            6 => format!("[{space}{},{}]", self.value(depth - 1), self.value(depth - 1)),
            _ => format!(r#"{{"z":{},{space}"\u0062" :{}}}"#, self.value(depth - 1), self.value(depth - 1)),
        }
    }

    fn request(&mut self, fields: &str) -> String {
        self.request_and_translation(fields).0
    }

    /// A request with `fields` in its `_meta`, and the same with [`FIELDS`] put where they belong.
    fn request_and_translation(&mut self, fields: &str) -> (String, String) {
        let method =
            self.one_of(&["tools/call", "prompts/get", "resources/read", "completion/complete", "vendor/thing"]);
        let id = self.one_of(&["1", "1.0", "\"a\"", "\"\\u0061\"", "12345678901234567890123"]);
        let comma = if fields.is_empty() { "" } else { "," };
        let own = match self.below(3) {
            _ if !fields.is_empty() && self.below(2) == 0 => fields.to_owned(),
            0 => fields.to_owned(),
            1 => format!(r#""progressToken":{}{comma}{fields}"#, self.one_of(&["7", "\"p\"", "1.0"])),
            _ => format!(r#" "mark" : 1.0{comma}{fields}"#),
        };
        self.values = vec![self.value(3)];
        let value = self.values[0].clone();
        let (start, middle, end) = (self.space(), self.space(), self.space());
        let name = r#""name":"n","uri":"u","arguments":"#;
        let behind = if own.is_empty() { "" } else { "," };
        let (params, translated) = match self.below(4) {
            0 if fields.is_empty() => (None, None),
            1 if fields.is_empty() => (
                Some(format!("{{{start}{name}{value}}}")),
                Some(format!(r#"{{"_meta":{{{FIELDS}}},{start}{name}{value}}}"#)),
            ),
            2 if fields.is_empty() => (Some("{}".to_owned()), Some(format!(r#"{{"_meta":{{{FIELDS}}}}}"#))),
            _ => (
                Some(format!(r#"{{{start}{name}{value},"_meta":{{{own}}}{middle}}}"#)),
                Some(format!(r#"{{{start}{name}{value},"_meta":{{{FIELDS}{behind}{own}}}{middle}}}"#)),
            ),
        };
        if params.as_deref().is_none_or(|params| params == "{}") {
            self.values.clear();
        }
        let mut parts =
            vec![r#""jsonrpc":"2.0""#.to_owned(), format!(r#""id":{start}{id}"#), format!(r#""method":"{method}""#)];
        parts.rotate_left(self.below(3) as usize);
        let all = |params: Option<String>, last: bool| {
            let mut parts = parts.clone();
            let at = if last { parts.len() } else { 1 };
            parts.splice(at..at, params.map(|params| format!(r#""params":{params}"#)));
            format!("{{{middle}{}{end}}}", parts.join(","))
        };
        let last = self.below(2) == 0;
        let request = all(params, last);
        let translation = match translated {
            Some(translated) => all(Some(translated), last),
            // It goes in front of the last brace, behind all that was there.
            None => format!(r#"{},"params":{{"_meta":{{{FIELDS}}}}}}}"#, &request[..request.len() - 1]),
        };
        (request, translation)
    }

    fn answer(&mut self, id: &str, first: &str) -> String {
        let (space, value, comma) = (self.space(), self.value(3), if first.is_empty() { "" } else { "," });
        match self.below(3) {
            0 => format!(r#"{{{space}"error":{{"code":-5,"message":"no","data":{value}}},"id":{id}}}"#),
            1 => format!(r#"{{"jsonrpc":"2.0",{space}"id":{id},"result":{{{first}{comma}"x":{value}}}{space}}}"#),
            _ => format!(r#"{{"result":{{{space}"x" : {value}{comma}{first}}},"id":{id},"jsonrpc":"2.0"}}"#),
        }
    }

    fn notification(&mut self) -> String {
        let (space, value) = (self.space(), self.value(3));
        let method = self.one_of(&["notifications/vendor", "notifications/message", "notifications/progress"]);
        format!(r#"{{"jsonrpc":"2.0",{space}"method":"{method}","params":{{"x":{value}{space}}}}}"#)
    }
}
