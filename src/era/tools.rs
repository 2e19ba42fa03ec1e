//! Which tools the editor sees: the filters, applied to `tools/list` and to `tools/call` alike.

use wildmatch::WildMatch;

use super::splice::{Edit, edited_elements};
use crate::message::{Message, member, plain_string};

/// The patterns of `--allow-tool` and `--ignore-tool`. Upper and lower case are the same, as in
/// mcp-remote.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A tool has to match one pattern of each list.
    allow: Vec<List>,
    /// And none of any of these.
    ignore: Vec<List>,
}

/// The patterns that somebody has given together.
#[derive(Clone, Debug)]
struct List {
    globs: Vec<WildMatch>,
    /// Who, as a person may be told.
    from: String,
}

impl Filter {
    /// Those of the flags. With no pattern at all, every tool passes.
    pub fn new(allow: &[String], ignore: &[String]) -> Self {
        Filter::default().only(allow, "--allow-tool").without(ignore, "--ignore-tool")
    }

    /// With further patterns of `from`, of which a tool has to match one, if there are any.
    #[must_use]
    pub fn only(mut self, globs: &[String], from: &str) -> Self {
        self.allow.extend(List::of(globs, from));
        self
    }

    /// With further patterns of `from`, of which a tool may match none.
    #[must_use]
    pub fn without(mut self, globs: &[String], from: &str) -> Self {
        self.ignore.extend(List::of(globs, from));
        self
    }

    /// Whether the editor may know of the tool.
    pub fn passes(&self, name: &str) -> bool {
        self.hider(name).is_none()
    }

    /// Who hides the tool of this name; `None` if it is shown.
    fn hider(&self, name: &str) -> Option<&str> {
        let ignored = self.ignore.iter().find(|list| list.matches(name));
        ignored.or_else(|| self.allow.iter().find(|list| !list.matches(name))).map(|list| list.from.as_str())
    }

    /// Why this `tools/call` must not go to the server, if it must not.
    pub fn refusal(&self, call: &Message) -> Option<String> {
        self.refuses(call.params())
    }

    /// The same of the parameters of one, as JSON text.
    pub fn refuses(&self, params: Option<&str>) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        // A name that two readers could read differently is no name to let pass.
        match params.and_then(|params| member(params, "name")).and_then(plain_string) {
            Some(name) => self.hides(&name),
            None => Some("the tool's name cannot be read without doubt".into()),
        }
    }

    /// That the tool of this name is hidden, and by whom, if it is.
    pub fn hides(&self, name: &str) -> Option<String> {
        self.hider(name).map(|from| format!("unknown tool: {name} (hidden by {from})"))
    }

    /// Who hides tools, in words; `None` if nobody does.
    pub fn sources(&self) -> Option<String> {
        let all: Vec<&str> = self.allow.iter().chain(&self.ignore).map(|list| list.from.as_str()).collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    /// An answer to `tools/list` without the tools that do not pass. They are cut out as ranges of
    /// bytes; everything else stays as it was.
    pub fn cut(&self, answer: Message) -> Message {
        if self.is_empty() {
            return answer;
        }
        let Some(tools) = answer.result().and_then(|result| member(result, "tools")) else { return answer };
        let fewer = edited_elements(tools, |tool| {
            let name = member(tool, "name").and_then(plain_string);
            if self.shows(name.as_deref()) { Edit::Keep } else { Edit::Cut }
        });
        fewer.map_or(answer.clone(), |fewer| answer.with_part(tools, &fewer))
    }

    /// Whether a tool of this name is shown; one without a name that can be read is not, because
    /// what cannot be called past a filter is not shown past it either.
    pub fn shows(&self, name: Option<&str>) -> bool {
        self.is_empty() || name.is_some_and(|name| self.passes(name))
    }

    fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.ignore.is_empty()
    }
}

impl List {
    fn of(globs: &[String], from: &str) -> Option<Self> {
        let globs: Vec<_> = globs.iter().map(|glob| WildMatch::new_case_insensitive(glob)).collect();
        (!globs.is_empty()).then(|| List { globs, from: from.to_owned() })
    }

    fn matches(&self, name: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(allow: &[&str], ignore: &[&str]) -> Filter {
        let owned = |globs: &[&str]| globs.iter().map(ToString::to_string).collect::<Vec<_>>();
        Filter::new(&owned(allow), &owned(ignore))
    }

    fn message(text: &str) -> Message {
        Message::single(text.to_owned().into()).unwrap()
    }

    #[test]
    fn hidden_tools_are_cut_out_and_every_other_byte_stays() {
        let answer = r#"{"id":1, "result":{"tools":[ {"name":"a","x":1.0} , {"name":"b"},{"n\u0061me":"c"} ],"nextCursor":"n"}}"#;
        let cut = |filter: Filter| String::from_utf8(filter.cut(message(answer)).raw().to_vec()).unwrap();
        assert_eq!(
            cut(filter(&[], &["A"])),
            r#"{"id":1, "result":{"tools":[ {"name":"b"},{"n\u0061me":"c"} ],"nextCursor":"n"}}"#
        );
        assert_eq!(
            cut(filter(&[], &["b"])),
            r#"{"id":1, "result":{"tools":[ {"name":"a","x":1.0},{"n\u0061me":"c"} ],"nextCursor":"n"}}"#
        );
        assert_eq!(
            cut(filter(&["a*"], &[])),
            r#"{"id":1, "result":{"tools":[ {"name":"a","x":1.0} ],"nextCursor":"n"}}"#
        );
        assert_eq!(cut(filter(&["z"], &[])), r#"{"id":1, "result":{"tools":[  ],"nextCursor":"n"}}"#);
        assert_eq!(cut(filter(&["*"], &[])), answer);
    }

    #[test]
    fn further_patterns_only_take_tools_away() {
        let owned = |globs: &[&str]| globs.iter().map(ToString::to_string).collect::<Vec<_>>();
        let narrowed = filter(&["read_*"], &["read_secret"])
            .only(&owned(&["*_file", "write_*"]), "a")
            .without(&owned(&["*log*"]), "b");
        for (name, passes) in [
            ("read_file", true),
            ("read_mail", false),
            ("write_file", false),
            ("read_secret", false),
            ("read_log_file", false),
        ] {
            assert_eq!(narrowed.passes(name), passes, "{name}");
        }
        for (name, by) in [("write_file", "--allow-tool"), ("read_mail", "a"), ("read_log_file", "b")] {
            assert_eq!(narrowed.hides(name), Some(format!("unknown tool: {name} (hidden by {by})")));
        }
        assert_eq!(narrowed.sources().as_deref(), Some("--allow-tool and a and --ignore-tool and b"));
        let open = filter(&[], &[]).only(&[], "a").without(&[], "b");
        assert!(open.passes("anything") && open.sources().is_none());
    }

    #[test]
    fn a_hidden_tool_cannot_be_called_however_its_name_is_spelled() {
        let only_a = filter(&["a"], &[]);
        let call =
            |params: &str| only_a.refusal(&message(&format!(r#"{{"id":1,"method":"tools/call","params":{params}}}"#)));
        assert!(call(r#"{"name":"a"}"#).is_none());
        for params in [r#"{"name":"b"}"#, r#"{"name":"\u0062"}"#, r#"{"name":"a","name":"b"}"#, r#"["a"]"#, "null"] {
            assert!(call(params).is_some(), "{params}");
        }
    }
}
