//! `mcpbridge secret`: secrets that flags name instead of having them.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use serde_json::json;

use super::terminal::{hidden, piped, until_interrupted};
use super::{access, print, print_json};
use crate::cli::SecretCommand;
use crate::failure::{Failure, Kind};
use crate::log::{self as logging, Volume};
use crate::secret::Secret;
use crate::store::{Kept, Store};

/// Keeps or forgets a secret.
///
/// # Errors
/// There is nothing to keep, or the store does not do it.
pub fn run(typed: &SecretCommand) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let store = access::store()?.with_patience(access::AT_A_TERMINAL);
    let runtime = super::event_loop()?;
    let (name, result, kept, sentence) = match typed {
        SecretCommand::Set(typed) => {
            let kept =
                until_interrupted(runtime, async { keep(&store, &typed.name, &read(&typed.name).await?).await })?;
            let kept = kept.to_string();
            (typed, "kept", Some(kept.clone()), format!("kept in {kept}; flags call it keychain:{}", typed.name))
        }
        SecretCommand::Remove(typed) => match until_interrupted(runtime, store.forget_secret(&typed.name))? {
            true => (typed, "removed", None, format!("{} is forgotten", typed.name)),
            false => (typed, "not_there", None, format!("there is no secret {}", typed.name)),
        },
    };
    logging::finish();
    if name.json {
        return print_json(&json!({ "schema_version": 1, "name": name.name, "result": result, "kept_in": kept }));
    }
    print(format!("{sentence}\n").as_bytes())
}

async fn keep(store: &Store, name: &str, value: &Secret) -> Result<Kept, Failure> {
    match store.keep_secret(name, value).await? {
        Kept::Memory => Err(access::ends_with_the_command()),
        kept => Ok(kept),
    }
}

/// Reads the secret without an echo, or all of a pipe: a private key has several lines.
async fn read(name: &str) -> Result<Secret, Failure> {
    let typed = if io::stdin().is_terminal() {
        if !access::is_anybody_here()? {
            return Err(access::nobody_types("the secret", "CI or MCPBRIDGE_NON_INTERACTIVE is set"));
        }
        hidden(&format!("{name} (it is not shown): "), "the secret")?
    } else {
        piped("the secret").await?
    };
    match typed.trim_end_matches(['\r', '\n']) {
        value if value.trim().is_empty() => {
            Err(Failure::new(Kind::Usage, "the secret is empty").remedy("type it, or pipe it to stdin"))
        }
        value => Ok(Secret::new(value)),
    }
}
