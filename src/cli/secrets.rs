//! The arguments of `mcpbridge secret`.

use clap::{Args, Subcommand};

/// The arguments of `mcpbridge secret`.
#[derive(Debug, Args)]
pub struct Secret {
    /// What is done with it.
    #[command(subcommand)]
    pub what: SecretCommand,
}

/// What is done with a secret.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Keep a secret, typed without an echo or piped to stdin
    Set(SecretName),
    /// Forget a secret
    Remove(SecretName),
}

/// Which secret.
#[derive(Debug, Args)]
pub struct SecretName {
    /// The name of the secret: flags use it as keychain:NAME
    #[arg(value_name = "NAME", value_parser = name)]
    pub name: String,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name is expected".into()),
        name if name.contains(char::is_control) => Err("a name is one line".into()),
        name => Ok(name.to_owned()),
    }
}
