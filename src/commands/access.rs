//! How a server is entered, as it was typed: connection, sign-in, store.

use std::fs;
use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use url::Url;

use super::{flow, retyped, server};
use crate::auth::callback::success_url;
use crate::auth::discovery::ResourceChoice;
use crate::auth::document;
use crate::auth::grants::authorization_code::parameter;
use crate::auth::registration::{self, Given, Wishes};
use crate::auth::{CallbackOptions, Named, Options, TokenCommand};
use crate::cli;
use crate::config::Home;
use crate::failure::{Failure, Kind};
use crate::http::{self, is_loopback, shown};
use crate::log::{self as logging, Volume};
use crate::secret::{self, Secret};
use crate::source::Source;
use crate::store::{Choice, Key, Store};
use crate::versions::NEWEST_LEGACY;

/// Starts the log as the flags say.
///
/// # Errors
/// The log file cannot be written.
pub fn start_log(output: &cli::Output) -> Result<(), Failure> {
    let volume = match (output.debug, output.silent) {
        (true, _) => Volume::Debug,
        (_, true) => Volume::Silent,
        _ => Volume::Normal,
    };
    logging::start(volume, output.log_file.as_deref()).map_err(|error| {
        let file = output.log_file.as_deref().unwrap_or("-".as_ref());
        Failure::new(Kind::Usage, format!("the log file {} cannot be written: {error}", file.display()))
            .remedy("name a file of your own: --log-file PATH")
    })?;
    for warning in &output.warnings {
        log::warn!("{warning}");
    }
    Ok(())
}

/// How connections are made. `answer_timeout` is for each answer of an authorization server.
///
/// # Errors
/// A file cannot be used, or a flag is not for this server.
pub fn http(
    connection: &cli::Connection,
    answer_timeout: Option<Duration>,
    server: &Url,
) -> Result<http::Settings, Failure> {
    if connection.insecure && !is_loopback(server) {
        let fact = format!("--insecure is for servers on this machine, and {} is not", shown(server));
        return Err(usage(&fact, "to trust an authority of your own, give its certificate: --ca-cert FILE"));
    }
    let settings = http::Settings {
        connect_timeout: connection.connect_timeout.limit(),
        answer_timeout,
        ipv4: connection.ipv4,
        cookies: !connection.disable_cookies,
        ca_certs: connection.ca_certs.clone(),
        client_cert: connection.client_cert.clone(),
        client_key: connection.client_key.clone(),
        insecure: connection.insecure,
        proxy: connection.proxy.as_deref().map(|text| proxy(text, &connection.places)).transpose()?,
    };
    settings.check()?;
    if let Some(Failure { fact, remedy, .. }) = http::proxy::unusable(&settings, server) {
        log::warn!("{fact}; {}", remedy.unwrap_or_default());
    }
    Ok(settings)
}

fn proxy(text: &str, places: &cli::Places) -> Result<Secret, Failure> {
    http::proxy::read(&server::expand(text, &places.place("proxy"), &secret::variable)?)
}

/// A request that opens a session and does nothing else, which every server of the legacy era knows.
pub fn hello() -> String {
    let ours = env!("CARGO_PKG_VERSION");
    format!(
        r#"{{"jsonrpc":"2.0","id":"mcpbridge","method":"initialize","params":{{"protocolVersion":"{NEWEST_LEGACY}","capabilities":{{}},"clientInfo":{{"name":"mcpbridge","version":"{ours}"}}}}}}"#
    )
}

/// The headers for the server. Takes as long as the slowest source of one.
///
/// # Errors
/// As for [`server::headers`], and as for [`Source::read`].
pub async fn headers(connection: &cli::Connection) -> Result<server::Headers, Failure> {
    let place = connection.places.place("header");
    let given = (&connection.headers[..], place.as_str());
    let mut headers = server::headers(given, &connection.header_files, secret::variable)?;
    if !connection.headers_from.is_empty() {
        headers.add_from(&connection.headers_from, &store()?).await?;
    }
    Ok(headers)
}

/// The command that prints tokens, if there is one.
///
/// # Errors
/// It is none, there is no such program, or an Authorization header is given too.
pub fn token_command(
    connection: &cli::Connection,
    server: &Url,
    headers: &HeaderMap,
) -> Result<Option<TokenCommand>, Failure> {
    let Some(text) = &connection.token_command else { return Ok(None) };
    let source = Source::command(text, "--token-command")?;
    // In words at once: that nobody may come in without a token is true, and mends nothing.
    source.find_program()?;
    if headers.contains_key(AUTHORIZATION) {
        let fact = "--token-command and an Authorization header exclude each other";
        return Err(usage(fact, "leave one of them out"));
    }
    Ok(Some(TokenCommand::new(source, store()?, shown(server))))
}

/// The store of this user, as the environment chooses it.
///
/// # Errors
/// The environment names a store that there is not, or no folder for it.
pub fn store() -> Result<Store, Failure> {
    let variable = |name: &str| std::env::var_os(name);
    let choice = match variable("MCPBRIDGE_CREDENTIAL_STORE").filter(|choice| !choice.is_empty()) {
        Some(choice) => choice.to_string_lossy().parse()?,
        None => Choice::Auto,
    };
    Ok(Store::new(Home::find(variable)?, choice))
}

/// What was chosen for the sign-in.
///
/// # Errors
/// A value that cannot be used; the sentence names the flag.
pub fn options(
    server: &Url,
    named: Option<&cli::Named>,
    port: Option<u16>,
    (connection, typed): (&cli::Connection, &cli::SignIn),
) -> Result<Options, Failure> {
    let resource = match (&typed.resource, typed.disable_resource_parameter) {
        (_, true) => ResourceChoice::Disabled,
        (Some(resource), _) => ResourceChoice::Given(absolute(resource, "--resource")?),
        (None, _) => ResourceChoice::Published,
    };
    if !typed.callback_path.starts_with('/') {
        return Err(usage("--callback-path begins with a /", "for example /oauth/callback"));
    }
    let client = wishes(typed, &connection.places)?;
    Ok(Options {
        server: server.to_string(),
        named: named.map(self::named),
        flow: flow::flow(typed, client.given.as_ref())?,
        flags: retyped::flags(connection, typed, port),
        account: typed.account.clone().filter(|account| !account.is_empty()),
        resource,
        authorize: typed.authorize_params.iter().map(|text| parameter(text)).collect::<Result<_, _>>()?,
        client,
        use_id_token: typed.use_id_token,
        callback: CallbackOptions {
            host: typed.host.clone(),
            path: typed.callback_path.clone(),
            port,
            success_url: typed.auth_success_url.as_deref().map(success_url).transpose()?.map(Into::into),
        },
        interactive: interactive(typed),
        browser: interactive(typed) && !typed.no_browser,
        device: typed.device_code,
        step: typed.auth_timeout.limit(),
        person: typed.sign_in_timeout.limit(),
    })
}

/// Whether a person may be asked for anything.
pub fn interactive(typed: &cli::SignIn) -> bool {
    typed.interactive || !typed.non_interactive && !is_ci()
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// The same for a command that has no flags for it: what the variables of these say.
///
/// # Errors
/// One of them says neither yes nor no.
pub fn is_anybody_here() -> Result<bool, Failure> {
    let is_set = |name: &str| std::env::var(name).map_or(Ok(false), |text| cli::is_true(name, &text));
    Ok(is_set("MCPBRIDGE_INTERACTIVE")? || !is_set("MCPBRIDGE_NON_INTERACTIVE")? && !is_ci())
}

/// That something would have to be typed, and nobody is here, `why`.
pub fn nobody_types(what: &str, why: &str) -> Failure {
    Failure::new(Kind::SignInRequired, format!("nobody is asked for {what} here ({why})")).remedy("pipe it to stdin")
}

/// That what is to be kept would be gone with this command.
pub fn ends_with_the_command() -> Failure {
    Failure::new(Kind::StoreUnavailable, "a store in memory ends with this command")
        .remedy("set MCPBRIDGE_CREDENTIAL_STORE to keychain or file")
}

/// The name that was typed, for the commands that are told to the person.
pub fn named(typed: &cli::Named) -> Named {
    Named {
        name: typed.name.clone(),
        account: typed.account.clone(),
        resource: typed.resource.clone(),
        flow: typed.flow,
    }
}

fn wishes(typed: &cli::SignIn, places: &cli::Places) -> Result<Wishes, Failure> {
    let given = match &typed.static_oauth_client_info {
        None => None,
        Some(text) => {
            let place = places.place("static-oauth-client-info");
            let text = server::expand(&json_or_file(text, "--static-oauth-client-info")?, &place, &secret::variable)?;
            Some(Given::read(&text)?)
        }
    };
    let metadata = match &typed.static_oauth_client_metadata {
        None => serde_json::Map::new(),
        Some(text) => registration::metadata(&json_or_file(text, "--static-oauth-client-metadata")?)?,
    };
    let document = typed.client_metadata_url.as_deref();
    let document = document.map(|url| document::url(url, "--client-metadata-url")).transpose()?;
    Ok(Wishes { given, document, metadata })
}

/// JSON as it was typed, or from the file behind an @.
fn json_or_file(text: &str, flag: &str) -> Result<String, Failure> {
    let Some(path) = text.trim().strip_prefix('@') else { return Ok(text.to_owned()) };
    fs::read_to_string(path)
        .map_err(|error| usage(&format!("the file {path} of {flag} cannot be read: {error}"), "check its path"))
}

/// RFC 8707 asks for an absolute URI without a fragment. It is sent as it was typed.
fn absolute(text: &str, flag: &str) -> Result<String, Failure> {
    match Url::parse(text) {
        Ok(url) if url.fragment().is_none() => Ok(text.to_owned()),
        _ => Err(usage(
            &format!("{flag} is not an absolute URI without a fragment"),
            "for example https://mcp.example.com/mcp",
        )),
    }
}

fn usage(fact: &str, remedy: &str) -> Failure {
    Failure::new(Kind::Usage, fact).remedy(remedy)
}

/// The account that a selection names: its URL and its key.
///
/// # Errors
/// What was typed is no URL.
pub fn select(typed: &str, selection: &cli::Selection) -> Result<(Url, Key), Failure> {
    // What is kept is not sent anywhere, so plain http matters to nobody here.
    let url = server::url(typed, true)?;
    let key = Key::new(&url, selection.resource.as_deref(), selection.account.as_deref());
    Ok((url, key))
}

/// How long a keychain may take where a person is at the terminal, who may be asked for a password.
pub const AT_A_TERMINAL: Duration = Duration::from_secs(60);
