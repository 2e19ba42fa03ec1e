//! Signing in without a person, and through an organization.

use clap::Args;

/// A client that signs in as itself, or a workload. Nobody is asked, and no browser opens.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without a person")]
pub struct Machine {
    /// Sign in as the client itself (client credentials); --static-oauth-client-info says which
    #[arg(long, conflicts_with = "token_command")]
    pub client_credentials: bool,

    /// The client's key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK
    #[arg(long, value_name = "SOURCE")]
    pub private_key: Option<String>,

    /// What the authorization server calls that key (kid)
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,

    /// How that key signs: RS256, ES256 or EdDSA; without it the key decides
    #[arg(long, value_name = "NAME")]
    pub signing_algorithm: Option<String>,

    /// Ask for tokens here, without looking for what the server publishes
    #[arg(long, value_name = "URL")]
    pub token_endpoint: Option<String>,

    /// Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND
    #[arg(long, value_name = "SOURCE", conflicts_with = "token_command")]
    pub workload_token: Option<String>,
}

/// An organization whose identity provider decides who may use which server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Organization")]
pub struct Organization {
    /// Sign in at the identity provider of an organization, which lets its people into this server
    #[arg(long, value_name = "ISSUER", conflicts_with = "token_command")]
    pub idp: Option<String>,

    /// The client that the identity provider knows
    #[arg(long, value_name = "ID")]
    pub idp_client_id: Option<String>,

    /// The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND
    #[arg(long, value_name = "SOURCE")]
    pub idp_client_secret: Option<String>,

    /// An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then
    #[arg(long, value_name = "SOURCE")]
    pub idp_token: Option<String>,
}
