//! Arguments that are put together only when their command was typed. A relay starts with every
//! editor, and would spend more on the flags of all other commands than on everything else.

use std::ops::{Deref, DerefMut};

use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use super::{Relay, variables};

/// The arguments of a command that may have flags of the relay, which have variables then.
#[derive(Debug)]
pub struct Late<T>(pub Box<T>);

impl<T: Args> Args for Late<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(augmented::<T>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn augmented<T: Args>(command: Command) -> Command {
    let relay = Relay::augment_args(Command::new("relay"));
    let is_of_the_relay = |flag: &Arg| relay.get_arguments().any(|own| own.get_id() == flag.get_id());
    // What the list of commands says of this one, and not what its arguments say of themselves.
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    let whole = T::augment_args(command).about(Resettable::from(about)).long_about(Resettable::from(long_about));
    whole.mut_args(|flag| if is_of_the_relay(&flag) { variables::named(flag) } else { flag })
}

impl<T: FromArgMatches> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Late(Box::new(T::from_arg_matches(matches)?)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Late(Box::new(T::from_arg_matches_mut(matches)?)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Late<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
