//! The flags of a command as they can be typed once more, in the commands that a person is told to run.

use serde_json::{Map, Value};

use crate::auth::quoted;
use crate::cli;
use crate::http::LEFT_OUT;
use crate::secret::{is_reference, without_scheme};

/// The flags that decide how the server is reached and how one signs in, but for the account and the resource, each
/// with a space before it. In place of a secret there is what its value is called in the help, or a variable.
pub fn flags(connection: &cli::Connection, sign_in: &cli::SignIn, port: Option<u16>) -> String {
    let mut flags = Flags(port.map(|port| format!(" {port}")).unwrap_or_default());
    flags.of_the_grant(sign_in);
    flags.of_the_client(sign_in);
    flags.of_the_browser(sign_in);
    flags.of_the_headers(connection);
    flags.of_the_connection(connection);
    // Last: a remedy may be to leave it out.
    flags.switch("--device-code", sign_in.device_code);
    flags.0
}

struct Flags(String);

impl Flags {
    fn switch(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0 += &format!(" {name}");
        }
    }

    fn value(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0 += &format!(" {name} {}", quoted(value));
        }
    }

    /// Where a secret comes from. Some people write one into the arguments of a command.
    fn source(&mut self, name: &str, value: Option<&str>) {
        self.value(name, value.map(|value| if has_arguments(value) { "SOURCE" } else { value }));
    }

    fn of_the_grant(&mut self, sign_in: &cli::SignIn) {
        let (machine, organization) = (&sign_in.machine, &sign_in.organization);
        self.switch("--client-credentials", machine.client_credentials);
        self.source("--workload-token", machine.workload_token.as_deref());
        self.value("--idp", organization.idp.as_deref());
        self.value("--idp-client-id", organization.idp_client_id.as_deref());
        self.source("--idp-client-secret", organization.idp_client_secret.as_deref());
        self.source("--idp-token", organization.idp_token.as_deref());
        self.source("--private-key", machine.private_key.as_deref());
        self.value("--key-id", machine.key_id.as_deref());
        self.value("--signing-algorithm", machine.signing_algorithm.as_deref());
        // A key may be in it as well.
        let is_bare = |url: &&str| !url.contains(['?', '@']);
        let endpoint = machine.token_endpoint.as_deref();
        self.value("--token-endpoint", endpoint.map(|url| Some(url).filter(is_bare).unwrap_or("URL")));
    }

    fn of_the_client(&mut self, sign_in: &cli::SignIn) {
        self.value("--static-oauth-client-info", sign_in.static_oauth_client_info.as_deref().map(info).as_deref());
        self.value("--static-oauth-client-metadata", sign_in.static_oauth_client_metadata.as_deref());
        self.value("--client-metadata-url", sign_in.client_metadata_url.as_deref());
        self.switch("--use-id-token", sign_in.use_id_token);
        self.switch("--disable-resource-parameter", sign_in.disable_resource_parameter);
    }

    fn of_the_browser(&mut self, sign_in: &cli::SignIn) {
        for parameter in &sign_in.authorize_params {
            self.value("--authorize-param", Some(parameter));
        }
        self.value("--host", Some(sign_in.host.as_str()).filter(|host| *host != HOST));
        self.value("--callback-path", Some(sign_in.callback_path.as_str()).filter(|path| *path != CALLBACK_PATH));
        self.value("--auth-success-url", sign_in.auth_success_url.as_deref());
    }

    /// A gateway in front of the server may want them from who signs in, too.
    fn of_the_headers(&mut self, connection: &cli::Connection) {
        // The token goes in that one.
        let is_own = |name: &str| !name.trim().eq_ignore_ascii_case("authorization");
        for path in &connection.header_files {
            self.value("--header-file", Some(&path.to_string_lossy()));
        }
        for (name, value) in connection.headers.iter().filter_map(|header| header.split_once(':')) {
            let value = if is_variable(without_scheme(value)) { value.trim() } else { LEFT_OUT };
            if is_own(name) {
                self.value("--header", Some(&format!("{}: {value}", name.trim())));
            }
        }
        for (name, source) in connection.headers_from.iter().filter_map(|header| header.split_once('=')) {
            // Somebody may have typed the value itself.
            let is_source = is_reference(without_scheme(source)) && !has_arguments(source);
            let source = if is_source { source.trim() } else { "SOURCE" };
            if is_own(name) {
                self.value("--header-from", Some(&format!("{}={source}", name.trim())));
            }
        }
    }

    fn of_the_connection(&mut self, connection: &cli::Connection) {
        self.switch("--allow-http", connection.allow_http);
        self.switch("--ipv4", connection.ipv4);
        for path in &connection.ca_certs {
            self.value("--ca-cert", Some(&path.to_string_lossy()));
        }
        let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        self.value("--client-cert", path(&connection.client_cert).as_deref());
        self.value("--client-key", path(&connection.client_key).as_deref());
        self.switch("--insecure", connection.insecure);
        let has_user = |url: &str| url.contains('@') && !url.contains("${");
        let proxy = connection.proxy.as_deref();
        self.value("--proxy", proxy.map(|proxy| if has_user(proxy) { "URL" } else { proxy }));
    }
}

fn has_arguments(source: &str) -> bool {
    source.split_once("cmd:").is_some_and(|(_, command)| command.contains(char::is_whitespace))
}

/// What `--static-oauth-client-info` was given, with a variable in place of a secret.
fn info(text: &str) -> String {
    if text.trim().starts_with('@') || is_variable(text.trim()) {
        return text.to_owned();
    }
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else { return "JSON".to_owned() };
    let is_secret = |secret: &Value| !secret.as_str().is_some_and(is_variable);
    let is_known = |name: &String| MEMBERS.contains(&name.as_str());
    if members.keys().all(is_known) && !members.get("client_secret").is_some_and(is_secret) {
        return text.to_owned();
    }
    members.retain(|name, _| is_known(name));
    if let Some(secret) = members.get_mut("client_secret").filter(|secret| is_secret(secret)) {
        *secret = "${CLIENT_SECRET}".into();
    }
    Value::Object(members).to_string()
}

/// Whether `text` is one `${VAR}` and nothing else.
fn is_variable(text: &str) -> bool {
    text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).is_some_and(|name| !name.contains(['$', '{', '}']))
}

/// The members that are read.
const MEMBERS: [&str; 3] = ["client_id", "client_secret", "token_endpoint_auth_method"];
/// What holds where nothing is typed.
const HOST: &str = "127.0.0.1";
const CALLBACK_PATH: &str = "/oauth/callback";
