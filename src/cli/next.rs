//! What can be typed next on a command line that is not complete yet, as far as the definition says it.
//!
//! Not by the completion of clap_complete: its scripts take the first word after the program's name for
//! a URL in zsh, and cannot know the names of servers and tools; what it has for that is unstable, and
//! shows a completer no other word of the line.

use clap::{Arg, ArgAction, Command, ValueHint};

/// What can be typed next.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Words, each with what it is about.
    pub words: Vec<(String, String)>,
    /// What has to be looked up, if anything.
    pub lookup: Option<Lookup>,
    /// What a looked-up word begins with, because it stands behind a flag and an equals sign.
    pub before: String,
    /// Whether it is a file.
    pub file: bool,
    /// The server that was typed before.
    pub server: Option<String>,
    /// The account that was typed before.
    pub account: Option<String>,
}

/// What the definition does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A server.
    Server,
    /// The name of a server.
    Name,
    /// An account of the server.
    Account,
    /// An editor.
    Editor,
    /// A tool of the server.
    Tool,
    /// A prompt of the server.
    Prompt,
    /// The URI of a resource of the server.
    Resource,
    /// An argument of this tool.
    ToolArgument(String),
    /// An argument of this prompt.
    PromptArgument(String),
}

/// What can be typed in the place of `current`, behind the words `before`, in which the program's own name
/// is not.
pub fn next(mut whole: Command, before: &[String], current: &str) -> Next {
    whole.build();
    let typed = Typed::read(&whole, before);
    let mut next = typed.next(current);
    next.server = typed.value("server");
    next.account =
        typed.flags.iter().rev().find(|(flag, _)| flag.get_id() == "account").and_then(|(_, value)| value.clone());
    let starts = |word: &str| word.starts_with(current);
    next.words.retain(|(word, _)| starts(word));
    next
}

/// A command line as far as it was typed.
struct Typed<'a> {
    command: &'a Command,
    /// The flags, with their values.
    flags: Vec<(&'a Arg, Option<String>)>,
    /// The other words.
    words: Vec<String>,
    /// Whether flags are over.
    escaped: bool,
    /// The flag whose value comes next.
    open: Option<&'a Arg>,
}

impl<'a> Typed<'a> {
    fn read(whole: &'a Command, before: &[String]) -> Self {
        let mut typed = Typed { command: whole, flags: Vec::new(), words: Vec::new(), escaped: false, open: None };
        for word in before {
            typed.take(word);
        }
        typed
    }

    fn take(&mut self, word: &str) {
        if let Some(flag) = self.open.take() {
            self.flags.push((flag, Some(word.to_owned())));
        } else if !self.escaped && word == "--" {
            self.escaped = true;
        } else if !self.escaped && word.len() > 1 && word.starts_with('-') {
            let (name, value) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
            let Some(flag) = self.flag(name) else { return };
            match value {
                None if takes_value(flag) => self.open = Some(flag),
                value => self.flags.push((flag, value)),
            }
        } else if let (true, Some(command)) = (self.words.is_empty(), self.command.find_subcommand(word)) {
            self.command = command;
        } else {
            self.words.push(word.to_owned());
        }
    }

    /// The flag that is spelled so.
    fn flag(&self, name: &str) -> Option<&'a Arg> {
        let short = |flag: &&Arg| flag.get_short().is_some_and(|short| name == format!("-{short}"));
        let long = |flag: &&Arg| flag.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long));
        self.command.get_arguments().find(|flag| short(flag) || long(flag))
    }

    /// The value of an argument that is no flag.
    fn value(&self, id: &str) -> Option<String> {
        let at = self.command.get_positionals().position(|argument| argument.get_id() == id)?;
        self.words.get(at).cloned()
    }

    fn next(&self, current: &str) -> Next {
        if let Some(flag) = self.open {
            return self.values(flag, String::new());
        }
        if !self.escaped
            && current.starts_with("--")
            && let Some((name, _)) = current.split_once('=')
        {
            return self
                .flag(name)
                .filter(|flag| takes_value(flag))
                .map(|flag| self.values(flag, format!("{name}=")))
                .unwrap_or_default();
        }
        if !self.escaped && current.starts_with('-') {
            return Next { words: self.flags(), ..Next::default() };
        }
        let last = |argument: &&Arg| {
            argument.get_action().takes_values() && matches!(argument.get_action(), ArgAction::Append)
        };
        let argument = self
            .command
            .get_positionals()
            .filter(|argument| argument.is_last_set() == self.escaped)
            .nth(self.words.len());
        let argument = argument.or_else(|| self.command.get_positionals().last().filter(last));
        let mut next = argument.map(|argument| self.values(argument, String::new())).unwrap_or_default();
        if self.words.is_empty() && !self.escaped {
            let commands = self.command.get_subcommands().filter(|command| !command.is_hide_set());
            next.words.extend(commands.map(|command| (command.get_name().to_owned(), about(command.get_about()))));
        }
        next
    }

    /// The flags that can still be given.
    fn flags(&self) -> Vec<(String, String)> {
        let is_open = |flag: &&Arg| {
            let repeats = matches!(flag.get_action(), ArgAction::Append);
            repeats || !self.flags.iter().any(|(given, _)| given.get_id() == flag.get_id())
        };
        // Also those of the relay that `install` takes, which would drown its own in its help.
        let flags = self.command.get_arguments().filter(is_open);
        flags.filter_map(|flag| Some((format!("--{}", flag.get_long()?), about(flag.get_help())))).collect()
    }

    /// What an argument can be.
    fn values(&self, argument: &Arg, before: String) -> Next {
        let values = argument.get_possible_values();
        let values = values.iter().filter(|value| !value.is_hide_set() && takes_value(argument));
        let words = values.map(|value| (format!("{before}{}", value.get_name()), about(value.get_help()))).collect();
        let file = matches!(
            argument.get_value_hint(),
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath
        );
        Next { words, lookup: self.lookup(argument), before, file, ..Next::default() }
    }

    fn lookup(&self, argument: &Arg) -> Option<Lookup> {
        let command = self.command.get_name();
        Some(match (command, argument.get_id().as_str()) {
            ("uninstall" | "install" | "adopt", "editor" | "editors") => Lookup::Editor,
            (_, "server") => Lookup::Server,
            ("remove", "name") => Lookup::Name,
            (_, "account") => Lookup::Account,
            ("call", "tool") | ("tools", "schema") => Lookup::Tool,
            ("prompts", "name") => Lookup::Prompt,
            ("read", "uri") | ("listen", "uris") => Lookup::Resource,
            ("call", "arguments") => Lookup::ToolArgument(self.value("tool")?),
            ("prompts", "arguments") => Lookup::PromptArgument(self.value("name")?),
            _ => return None,
        })
    }
}

fn takes_value(flag: &Arg) -> bool {
    flag.get_action().takes_values()
}

/// The first line of a help text.
fn about(help: Option<&clap::builder::StyledStr>) -> String {
    help.map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    fn at(before: &str, current: &str) -> Next {
        let before: Vec<String> = before.split_whitespace().map(str::to_owned).collect();
        next(command(), &before, current)
    }

    fn words(before: &str, current: &str) -> Vec<String> {
        at(before, current).words.into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn the_first_word_is_a_command_or_a_server() {
        let first = at("", "");
        assert_eq!(first.lookup, Some(Lookup::Server));
        assert!(first.words.iter().any(|(word, about)| word == "login" && about.starts_with("Sign in")), "{first:?}");
        assert!(!words("", "").contains(&"helper".to_owned()));
        assert_eq!(words("", "unin"), ["uninstall"]);
        assert_eq!(words("secret", ""), ["set", "remove", "help"]);
        // A command is one also behind flags with values.
        assert_eq!(at("--log-file x", "").lookup, Some(Lookup::Server));
    }

    #[test]
    fn flags_are_those_of_the_command_each_once_unless_it_repeats() {
        assert_eq!(words("login x", "--acc"), ["--account"]);
        assert_eq!(words("login --account=a", "--acc"), Vec::<String>::new());
        assert_eq!(
            words("x --header a:b", "--head"),
            ["--header", "--header-file", "--header-from", "--headers-timeout"]
        );
        assert_eq!(words("list", "--"), ["--json", "--color", "--help"]);
        assert_eq!(words("x --", "--"), Vec::<String>::new());
        assert_eq!(words("install cursor", "--prot"), ["--protocol"]);
    }

    #[test]
    fn values_of_a_flag_are_known_behind_it_and_behind_an_equals_sign() {
        assert_eq!(words("x --protocol", ""), ["auto", "legacy", "modern"]);
        assert_eq!(words("x", "--protocol=l"), ["--protocol=legacy"]);
        assert_eq!(words("completions", "p"), ["powershell"]);
        assert!(at("x --log-file", "").file && at("x", "--log-file=a").file && !at("x --account", "").file);
        assert_eq!(
            (at("call x", "--account=w").lookup, at("call x", "--account=w").before),
            (Some(Lookup::Account), "--account=".into())
        );
    }

    #[test]
    fn what_the_definition_does_not_know_is_looked_up_with_the_words_before() {
        let tool = at("call --debug example --account work", "e");
        assert_eq!(
            (tool.lookup, tool.server, tool.account),
            (Some(Lookup::Tool), Some("example".into()), Some("work".into()))
        );
        let argument = Some(Lookup::ToolArgument("add".into()));
        assert_eq!(
            (at("call example add", "").lookup, at("call example add a=1", "b").lookup),
            (argument.clone(), argument)
        );
        assert_eq!(at("prompts x p", "").lookup, Some(Lookup::PromptArgument("p".into())));
        assert_eq!(at("tools x --schema", "").lookup, Some(Lookup::Tool));
        assert_eq!(
            (at("install", "").lookup, at("install cursor", "").lookup),
            (Some(Lookup::Editor), Some(Lookup::Server))
        );
        assert_eq!((at("remove", "").lookup, at("why", "").lookup), (Some(Lookup::Name), Some(Lookup::Server)));
        assert_eq!((at("login x", "").lookup, at("list", "").lookup), (None, None));
    }
}
