//! What is set for a command beside what was typed, level by level, and written as flags.

use std::collections::HashSet;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Id};

use crate::failure::{Failure, Kind};

/// A flag that is set elsewhere than on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, without the dashes in front.
    pub flag: String,
    /// What it is set to.
    pub value: Value,
    /// Where, for a person.
    pub from: String,
}

/// Where flags are set that were not typed, for errors about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(String, String)>);

impl Places {
    /// Those that were not `typed` and are set in `levels`, of which the first one wins.
    pub(super) fn of(typed: &[Setting], levels: &[Vec<Setting>]) -> Self {
        let set = levels.iter().flatten().filter(|set| !typed.iter().any(|typed| typed.flag == set.flag));
        Places(set.map(|set| (set.flag.clone(), set.from.clone())).collect())
    }

    /// The place of the flag `name`, or else the flag itself.
    pub fn place(&self, name: &str) -> String {
        let found = self.0.iter().find(|(flag, _)| flag == name).map(|(_, place)| place.clone());
        found.unwrap_or_else(|| format!("--{name}"))
    }
}

/// What a flag is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is given without a value, or is not.
    Switch(bool),
    /// It is given once with each of these.
    Texts(Vec<String>),
}

/// A flag as if it had been typed, and where it comes from.
pub(super) struct Added {
    pub word: OsString,
    pub from: String,
}

/// What `levels` add to what was typed, as flags to stand in front of it. The first level is the
/// highest. A flag is taken from the highest level that sets it, and from none if that, or another
/// flag of a higher level, excludes it or is its opposite.
///
/// # Errors
/// Two flags of one level exclude each other.
pub(super) fn flags(command: &Command, typed: &ArgMatches, levels: &[Vec<Setting>]) -> Result<Vec<Added>, Failure> {
    let is_typed = |flag: &&Arg| typed.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut given: Vec<&Arg> = command.get_arguments().filter(is_typed).collect();
    let mut set: HashSet<&Id> = given.iter().map(|flag| flag.get_id()).collect();
    let mut added = Vec::new();
    for level in levels {
        let mut here: Vec<(&Arg, &Setting)> = Vec::new();
        for setting in level {
            let Some(flag) = command.get_arguments().find(|flag| flag.get_long() == Some(&setting.flag)) else {
                continue;
            };
            if !set.insert(flag.get_id())
                || given.iter().any(|other| exclude(command, flag, other) || opposite(flag, other))
            {
                continue;
            }
            if let Some((_, other)) = here.iter().find(|(other, _)| exclude(command, flag, other)) {
                let fact = format!(
                    "{} and {} exclude each other ({}, {})",
                    other.flag, setting.flag, other.from, setting.from
                );
                return Err(Failure::new(Kind::Usage, fact).remedy("take one of them out"));
            }
            let words = words(setting);
            if !words.is_empty() {
                here.push((flag, setting));
            }
            // Lower levels in front: of flags that replace each other the last one counts.
            added.splice(0..0, words.into_iter().map(|word| Added { word, from: setting.from.clone() }));
        }
        given.extend(here.into_iter().map(|(flag, _)| flag));
    }
    Ok(added)
}

fn exclude(command: &Command, one: &Arg, other: &Arg) -> bool {
    let names = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|named| named.get_id() == other.get_id())
    };
    names(one, other) || names(other, one)
}

/// Of one level both may be set, and the command knows which counts.
fn opposite(one: &Arg, other: &Arg) -> bool {
    let names = [one.get_long(), other.get_long()];
    [["interactive", "non-interactive"], ["non-interactive", "interactive"]]
        .contains(&names.map(Option::unwrap_or_default))
}

fn words(setting: &Setting) -> Vec<OsString> {
    let flag = &setting.flag;
    match &setting.value {
        Value::Switch(true) => vec![format!("--{flag}").into()],
        Value::Switch(false) => Vec::new(),
        Value::Texts(texts) => texts.iter().map(|text| format!("--{flag}={text}").into()).collect(),
    }
}
