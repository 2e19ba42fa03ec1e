//! The command line as it was typed, before variables and files add to it.

use std::ffi::OsString;
use std::process;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::levels::{self, Added, Setting, Value};
use super::mistake::said;
use super::{Cli, Color, Filters, Places, color, command, keys, variables};
use crate::config::Shape;
use crate::failure::{self, Failure, Kind};
use crate::spelling::nearest;

/// The command line as it was typed.
pub struct CommandLine {
    command: Command,
    arguments: Vec<OsString>,
    matches: ArgMatches,
}

impl CommandLine {
    /// Reads the command line; a variable may say whether help is in colours. Ends the process where clap does: for
    /// help, for the version, and for mistakes.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let mut command = command();
        command = command.color(Color::of(&arguments, variable("MCPBRIDGE_COLOR")));
        let arguments = color::behind(&command, arguments);
        match command.try_get_matches_from_mut(&arguments) {
            Ok(matches) => CommandLine { command, arguments, matches },
            Err(error) => refuse(&error, &arguments),
        }
    }

    /// Whether a program reads what this run prints.
    pub fn wants_json(&self) -> bool {
        let mut its = &self.matches;
        while let Some((_, inner)) = its.subcommand() {
            its = inner;
        }
        its.try_get_one::<bool>("json").is_ok_and(|json| json == Some(&true))
    }

    /// The command that was typed, if one was.
    pub fn command(&self) -> Option<&str> {
        self.matches.subcommand_name()
    }

    /// The server, as it was typed for a command that flags of the relay are set for: a URL, or a name.
    pub fn server(&self) -> Option<&str> {
        self.sets().then(|| self.value("server")).flatten()
    }

    /// The one value of an argument that was typed.
    pub fn value(&self, id: &str) -> Option<&str> {
        let (matches, _) = self.its();
        is_typed(matches, id).then(|| matches.try_get_one::<String>(id).ok().flatten()).flatten().map(String::as_str)
    }

    /// What the variables of its flags set.
    ///
    /// # Errors
    /// The variable of a switch says neither yes nor no.
    pub fn variables(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<Setting>, Failure> {
        let (_, its) = self.its();
        // `--port` of a sample server is none of the relay's flags.
        let shows_tools = self.command().is_none_or(|command| variables::COMMANDS.contains(&command));
        let is_of_the_relay = |flag: &&Arg| {
            its.get_arguments().any(|own| own.get_id() == flag.get_id())
                || shows_tools && flag.get_long().is_some_and(|long| FILTERS.contains(&long))
        };
        if !self.sets() {
            return Ok(Vec::new());
        }
        variables::settings(self.command.get_arguments().filter(is_of_the_relay), variable)
    }

    /// What the variables of the flags that every command has set.
    ///
    /// # Errors
    /// As for [`CommandLine::variables`].
    pub fn variables_of_all(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<Setting>, Failure> {
        variables::settings(self.command.get_arguments().filter(|flag| flag.is_global_set()), variable)
    }

    /// Whether `flag` is one that every command has.
    pub fn is_of_all(&self, flag: &str) -> bool {
        self.command.get_arguments().any(|known| known.is_global_set() && known.get_long() == Some(flag))
    }

    /// Where the flags are set that were not typed.
    pub fn places(&self, levels: &[Vec<Setting>]) -> Places {
        Places::of(&self.flags(), levels)
    }

    /// Which tools are shown, and who says so: what was typed, or else the highest of `levels` that says it.
    ///
    /// # Errors
    /// A level has a pattern that is none, for a command at a shell, whose flags would not tell.
    pub fn filters(&self, levels: &[Vec<Setting>]) -> Result<Filters, Failure> {
        let typed = self.flags();
        let mut empty = None;
        let [(allow_tools, allows), (ignore_tools, ignores)] = FILTERS.map(|flag| {
            let set = typed.iter().chain(levels.iter().flatten()).find(|setting| setting.flag == flag);
            let Some(Setting { value: Value::Texts(globs), from, .. }) = set else { return Default::default() };
            empty = empty.take().or_else(|| globs.iter().any(String::is_empty).then(|| format!("{from}: `{flag}`")));
            let is_name = from.starts_with("--") || from.starts_with("MCPBRIDGE_");
            (globs.clone(), if is_name { from.clone() } else { format!("{flag} in {from}") })
        });
        match empty {
            Some(place) => Err(Failure::new(Kind::Usage, format!("{place} has an empty pattern"))
                .remedy("write one, for example read_*, or leave it out")),
            None => Ok(Filters { allow_tools, ignore_tools, from: [allows, ignores] }),
        }
    }

    /// Warnings about those of the variables `set` that are none of ours and look as if they were meant to be. What
    /// is used in what was typed, or in `levels`, has its reason.
    pub fn misspelt(&self, set: impl Iterator<Item = String>, levels: &[Vec<Setting>]) -> Vec<String> {
        let is_used = |name: &str| {
            let texts = levels.iter().flatten().filter_map(|setting| match &setting.value {
                Value::Texts(texts) => Some(texts),
                Value::Switch(_) => None,
            });
            self.arguments.iter().any(|word| word.to_string_lossy().contains(name))
                || texts.flatten().any(|text| text.contains(name))
        };
        let all = set.filter(|_| self.sets()).filter(|name| !is_used(name));
        let meant = all.filter_map(|name| Some((variables::meant(self.command.get_arguments(), &name)?, name)));
        let sentence = |(meant, name)| format!("the variable {name} sets nothing; did you mean {meant}?");
        meant.map(sentence).collect()
    }

    /// The flags of the relay that were typed, for a command that stores them. Those that every command has are
    /// for that command itself.
    pub fn flags(&self) -> Vec<Setting> {
        let (matches, _) = self.its();
        let setting = |flag: &Arg| {
            let (long, shape) = (flag.get_long()?, keys::shape(flag)?);
            let texts = matches.get_raw(flag.get_id().as_str()).into_iter().flatten();
            let texts: Vec<String> = texts.map(|text| text.to_string_lossy().into_owned()).collect();
            let is_switch = shape == Shape::Switch || texts.is_empty();
            let value = if is_switch { Value::Switch(true) } else { Value::Texts(texts) };
            Some(Setting { flag: long.to_owned(), value, from: format!("--{long}") })
        };
        let typed = self.command.get_arguments().filter(|flag| is_typed(matches, flag.get_id().as_str()));
        let typed = typed.filter(|flag| !flag.is_global_set());
        typed.filter_map(setting).collect()
    }

    /// The whole command line, with what `levels` set; the first level is the highest.
    ///
    /// # Errors
    /// A level sets what cannot be, and the sentence says where.
    pub fn with(mut self, levels: &[Vec<Setting>]) -> Result<Cli, Failure> {
        let (matches, its) = self.its();
        let added = levels::flags(its, matches, levels)?;
        if added.is_empty() {
            // As at most starts, and a start should not read its command line twice.
            return Ok(Cli::from_arg_matches(&self.matches).unwrap_or_else(|error| refuse(&error, &self.arguments)));
        }
        // In front of what was typed, so that of two flags which replace each other the typed one counts.
        let behind = if self.matches.subcommand_name().is_some() { 2 } else { 1 };
        let (front, rest) = self.arguments.split_at(behind.min(self.arguments.len()));
        let words = added.iter().map(|flag| flag.word.clone());
        let all: Vec<OsString> = front.iter().cloned().chain(words).chain(rest.iter().cloned()).collect();
        match self.command.try_get_matches_from_mut(&all) {
            Ok(matches) => Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| refuse(&error, &all))),
            Err(error) => Err(blamed(&mut self.command, front, &added).unwrap_or_else(|| refuse(&error, &all))),
        }
    }

    /// What was found for the command that was typed, and the definition of that.
    fn its(&self) -> (&ArgMatches, &Command) {
        match self.matches.subcommand() {
            Some((name, matches)) => (matches, self.command.find_subcommand(name).unwrap_or(&self.command)),
            None => (&self.matches, &self.command),
        }
    }

    /// Whether variables and files set flags for the command.
    fn sets(&self) -> bool {
        self.matches
            .subcommand_name()
            .is_none_or(|name| variables::COMMANDS.contains(&name) || ABOUT_ACCOUNTS.contains(&name))
    }
}

/// Whether the command has the argument, and it was typed.
fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    // Asked in this order: clap panics when it is asked for what a command does not have.
    matches.try_contains_id(id).is_ok_and(|is_there| is_there)
        && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// The failure of the flag among `added` that is wrong by itself, if one is.
fn blamed(command: &mut Command, front: &[OsString], added: &[Added]) -> Option<Failure> {
    let wrong = |flag: &Added| {
        let words = front.iter().cloned().chain([flag.word.clone(), "server".into()]);
        let error = command.try_get_matches_from_mut(words).err()?;
        let (fact, remedy) = said(&error);
        Some(Failure { remedy, ..Failure::new(Kind::Usage, format!("{}: {fact}", flag.from)) })
    };
    added.iter().find_map(wrong)
}

/// Ends the process as clap does; for a program with a line of JSON.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> ! {
    let first = arguments.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    let known = Cli::command();
    let is_word = !first.is_empty() && !first.starts_with('-') && !first.contains([':', '/', '.']);
    let commands = known.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
    let meant = if is_word && known.find_subcommand(first).is_none() { nearest(first, commands) } else { None };
    let wants_json = arguments.iter().any(|word| word == "--json");
    // A word before a URL was meant to say what to do with it.
    let is_verb = is_word && arguments.get(2).is_some_and(|word| word.to_string_lossy().contains("://"));
    let is_unknown = meant.is_some() || (is_verb && known.find_subcommand(first).is_none());
    let shows_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !wants_json;
    if !error.use_stderr() || (shows_help && !is_unknown) {
        error.exit();
    }
    let failure = match meant {
        _ if is_unknown => Failure::new(Kind::Usage, format!("there is no command {first:?}")).remedy(match meant {
            Some(command) => format!("did you mean `mcpbridge {command}`?"),
            None => "mcpbridge --help shows them all".into(),
        }),
        _ => {
            let (fact, remedy) = said(error);
            Failure::new(Kind::Usage, fact).remedy(remedy.unwrap_or_else(|| help(&known, arguments)))
        }
    };
    failure::report(&failure.into(), wants_json);
    process::exit(error.exit_code());
}

/// The command that shows the help of the one that was typed.
fn help(known: &Command, arguments: &[OsString]) -> String {
    let (mut command, mut words) = (known, vec!["mcpbridge"]);
    for word in arguments.iter().skip(1) {
        let Some(inner) = command.find_subcommand(word) else { break };
        words.push(inner.get_name());
        command = inner;
    }
    format!("see: {} --help", words.join(" "))
}

/// The flags that hide tools. What hides them from editors hides them from the commands at a shell, which have no
/// flags for it.
const FILTERS: [&str; 2] = ["allow-tool", "ignore-tool"];
/// The commands about accounts and runs that files set flags for, beside those with flags of the relay.
const ABOUT_ACCOUNTS: [&str; 4] = ["logout", "logs", "status", "why"];
