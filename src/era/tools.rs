//! Which tools the editor sees: the filters, applied to `tools/list` and to `tools/call` alike.

use wildmatch::WildMatch;

use super::splice::{Edit, edited_elements};
use crate::message::{Message, member, plain_string};

/// The patterns of `--allow-tool` and `--ignore-tool`. Upper and lower case are the same, as in
/// mcp-remote.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A tool has to match one pattern of each list.
    allow: Vec<Vec<WildMatch>>,
    ignore: Vec<WildMatch>,
}

impl Filter {
    /// With no pattern at all, every tool passes.
    pub fn new(allow: &[String], ignore: &[String]) -> Self {
        Filter::default().narrowed(allow, ignore)
    }

    /// With further patterns, which never let a tool pass that did not.
    #[must_use]
    pub fn narrowed(mut self, allow: &[String], ignore: &[String]) -> Self {
        let pattern = |glob: &String| WildMatch::new_case_insensitive(glob);
        if !allow.is_empty() {
            self.allow.push(allow.iter().map(pattern).collect());
        }
        self.ignore.extend(ignore.iter().map(pattern));
        self
    }

    /// Whether the editor may know of the tool.
    pub fn passes(&self, name: &str) -> bool {
        let allowed = self.allow.iter().all(|globs| globs.iter().any(|glob| glob.matches(name)));
        allowed && !self.ignore.iter().any(|glob| glob.matches(name))
    }

    /// Why this `tools/call` must not go to the server, if it must not.
    pub fn refusal(&self, call: &Message) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        // A name that two readers could read differently is no name to let pass.
        let name = call.params().and_then(|params| member(params, "name")).and_then(plain_string);
        match name {
            Some(name) if self.passes(&name) => None,
            Some(name) => Some(format!("unknown tool: {name} (hidden by --allow-tool or --ignore-tool)")),
            None => Some("the tool's name cannot be read without doubt".into()),
        }
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
        let narrowed =
            filter(&["read_*"], &["read_secret"]).narrowed(&owned(&["*_file", "write_*"]), &owned(&["*log*"]));
        for (name, passes) in [
            ("read_file", true),
            ("read_mail", false),
            ("write_file", false),
            ("read_secret", false),
            ("read_log_file", false),
        ] {
            assert_eq!(narrowed.passes(name), passes, "{name}");
        }
        assert!(filter(&[], &[]).narrowed(&[], &[]).passes("anything"));
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
