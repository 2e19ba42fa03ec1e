//! What either side may say, chosen by the bytes of the input.

use mcpbridge::failure::{Failure, Kind};
use mcpbridge::message::Message;

/// The rest of the input.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte; 0 at the end.
    pub fn byte(&mut self) -> u8 {
        super::super::byte(&mut self.0)
    }

    /// One of them, by the next byte.
    pub fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = usize::from(self.byte());
        if all.is_empty() { None } else { all.get(at % all.len()) }
    }

    fn text(&mut self, all: &[&'static str]) -> &'static str {
        self.one_of(all).copied().unwrap_or_default()
    }

    /// An id of an editor: few, so that they meet.
    pub fn id(&mut self) -> &'static str {
        self.text(&IDS)
    }

    /// Raw bytes, as long as the next byte says.
    pub fn line(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (line, rest) = self.0.split_at(length);
        self.0 = rest;
        line
    }

    /// A request of the editor's.
    pub fn request(&mut self, modern: bool) -> String {
        let (id, method, first) = (self.id(), self.text(&METHODS), self.byte());
        let modern = modern != (first & 15 == 1);
        let meta = if modern { META } else { r#""_meta":{"progressToken":"p","x":1.0}"# };
        if method == "initialize" {
            let version = self.text(&VERSIONS);
            return format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{version}",{CAN},"clientInfo":{{"name":"ed","version":"1"}}}}}}"#
            );
        }
        let own = self.text(&PARAMS);
        let params = match (first >> 4) % 4 {
            0 if !modern => String::new(),
            1 => format!(r#","params":{{{own}, {meta} }}"#),
            _ => format!(r#","params":{{{meta},{own}}}"#),
        };
        format!(r#"{{ "id":{id},"method":"{method}"{params},"jsonrpc":"2.0"}}"#)
    }

    /// A notification of the editor's.
    pub fn notification(&mut self) -> String {
        match self.byte() % 6 {
            0..=2 => {
                let id = self.id();
                format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}, "reason":"x"}}}}"#
                )
            }
            3 => r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.into(),
            4 => r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#.into(),
            _ => r#"{"jsonrpc":"2.0", "method":"notifications/vendor","params":{"n":1.0}}"#.into(),
        }
    }

    /// The editor's answer to a question.
    pub fn answer(&mut self, id: &str) -> String {
        let content = self.text(&[
            r#""result":{"action":"accept","content":{"a":1.0}}"#,
            r#""result":{"action":"cancel"}"#,
            r#""result":{"roots":[]}"#,
            r#""error":{"code":-1,"message":"no"}"#,
            r#""result":null"#,
        ]);
        format!(r#"{{"jsonrpc":"2.0","id":{id}, {content}}}"#)
    }

    /// The server's answer to `request`, and how far it strays: bits 0 to 3 are 1 for one on a stream of no
    /// request, bit 4 is set where the exchange stays open.
    pub fn response(&mut self, request: &Message, id: &str) -> (String, u8) {
        let (kind, stray) = (self.byte(), self.byte());
        let id = match stray >> 5 {
            // Somebody else's, and one that was rounded or spelled otherwise.
            6 => self.id(),
            7 => "null",
            _ => id,
        };
        let content = match (request.method(), kind % 8) {
            ("initialize", 0..=4) => {
                let version = self.text(&VERSIONS);
                format!(
                    r#""result":{{"protocolVersion":"{version}",{SERVER_CAN},"serverInfo":{{"name":"s","version":"1"}}}}"#
                )
            }
            ("server/discover", 0..=4) => {
                format!(r#""result":{{"resultType":"complete","supportedVersions":["2026-07-28"],{SERVER_CAN}}}"#)
            }
            ("subscriptions/listen", 0..=4) => r#""result":{"resultType":"complete"}"#.into(),
            (_, 0..=4) => self.text(&RESULTS).into(),
            _ => format!(r#""error":{}"#, self.text(&ERRORS)),
        };
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id}, {content} }}"#);
        (if kind & 64 == 0 { line } else { format!("[{line}]") }, stray)
    }

    /// A question or a notification of the server's, or anything else.
    pub fn server_message(&mut self) -> String {
        match self.byte() % 4 {
            0 | 1 => {
                let (id, method) = (self.text(&["1", "2", "\"q\"", "1.0"]), self.text(&QUESTIONS));
                let params =
                    self.text(&[r#"{"mode":"url","url":"https://h/","message":"m"}"#, r#"{"message":"m"}"#, "{}"]);
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}", "params":{params}}}"#)
            }
            2 => self.text(&TOLD).into(),
            _ => String::from_utf8_lossy(self.line()).into_owned(),
        }
    }

    /// Why an exchange brought nothing.
    pub fn failure(&mut self) -> Option<Failure> {
        let status = *self.one_of(&STATUSES)?;
        let error = if self.byte().is_multiple_of(2) { None } else { Some(self.text(&ERRORS)) };
        let refused = |kind: Kind| Failure::new(kind, "refused").status(status);
        match status {
            0 => None,
            1 => Some(Failure::new(Kind::Unreachable, "nobody is there")),
            401 => Some(refused(Kind::SignInRequired)),
            _ => Some(Failure { error: error.map(Into::into), ..refused(Kind::Protocol) }),
        }
    }
}

const IDS: [&str; 8] = ["0", "1", "2", "\"a\"", "1.0", "\"\\u0061\"", "9007199254740993", "9007199254740992"];
const VERSIONS: [&str; 5] = ["2025-11-25", "2025-03-26", "2024-11-05", "2026-07-28", "1999-01-01"];
const METHODS: [&str; 16] = [
    "initialize",
    "tools/call",
    "server/discover",
    "tools/list",
    "tools/call",
    "ping",
    "resources/subscribe",
    "subscriptions/listen",
    "logging/setLevel",
    "resources/read",
    "prompts/get",
    "tasks/get",
    "resources/unsubscribe",
    "completion/complete",
    "vendor/x",
    "resources/list",
];
const CAN: &str = r#""capabilities":{"roots":{"listChanged":true},"sampling":{},"elicitation":{"form":{},"url":{}}}"#;
const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}}},"io.modelcontextprotocol/logLevel":"info","progressToken":"p"}"#;
const SERVER_CAN: &str =
    r#""capabilities":{"logging":{},"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}}"#;
const PARAMS: [&str; 8] = [
    r#""name":"a","arguments":{"n":1.0}"#,
    r#""uri":"file:///a""#,
    r#""level":"debug""#,
    r#""notifications":{"toolsListChanged":true,"resourceSubscriptions":["file:///a","file:///b"]}"#,
    r#""name":"a","requestState":"ce94bbc259479295aa55cbcf7c2d5d05","inputResponses":{}"#,
    r#""name":"a","arguments":{"n":1.0},"requestState":"60bb8c1bb6ea6cabf7cbb36fe9fa7a47""#,
    r#""uri":"file:///b","cursor":"c""#,
    r#""name":7,"name":8"#,
];
const RESULTS: [&str; 10] = [
    r#""result":{}"#,
    r#""result":{"resultType":"complete","content":[], "n":1e400}"#,
    r#""result":{"tools":[{"name":"a","inputSchema":{"properties":{"n":{"x-mcp-header":"N"}}}},{"name":"b"}],"nextCursor":"c"}"#,
    r#""result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"m"}},"l":{"method":"roots/list"}},"requestState":"s"}"#,
    r#""result":{"resultType":"input_required","requestState":"s"}"#,
    r#""result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"mode":"url","url":"https://h/","message":"m"}}}}"#,
    r#""result":{"resultType":"task","taskId":"t"}"#,
    r#""result":{"resultType":"odd"}"#,
    r#""result":null"#,
    r#""result":[]"#,
];
const ERRORS: [&str; 8] = [
    r#"{"code":-32601,"message":"no"}"#,
    r#"{"code":-32000,"message":"Bad Request: no valid session"}"#,
    r#"{"code":-32020,"message":"headers"}"#,
    r#"{"code":-32021,"message":"capability"}"#,
    r#"{"code":-32022,"message":"version","data":{"supported":["2026-07-28"]}}"#,
    r#"{"code":-32022,"message":"version","data":{"supported":["2031-01-01"],"requested":"2026-07-28"}}"#,
    r#"{"code":-32042,"message":"links","data":{"elicitations":[{"mode":"url","url":"https://h/","elicitationId":"e","message":"m"}]}}"#,
    r#"{"code":1.5,"message":7}"#,
];
const QUESTIONS: [&str; 5] = ["elicitation/create", "sampling/createMessage", "roots/list", "ping", "vendor/ask"];
const TOLD: [&str; 8] = [
    r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1.0}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a"}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"resourceSubscriptions":["file:///a"]}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q","reason":1.0}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}"#,
];
const STATUSES: [u16; 8] = [0, 1, 401, 404, 400, 405, 500, 200];
