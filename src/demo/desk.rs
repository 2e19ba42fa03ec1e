//! The sign-in of the sample server: the authorization server beside it, and the check of the tokens that it gave out.
//! <https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization>
//!
//! It knows one kind of client (public, native, on this machine), one scope, and nobody by name: whoever presses "Allow"
//! is signed in. All of it is in memory, so a restart signs everybody out.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Host, Url, form_urlencoded};

use super::consent;
use super::exchange::{Exchange, PATH, Refusal, Reply};
use super::session::{lock, random_id};

/// Where one signs in to the sample server.
pub struct Desk {
    books: Mutex<Books>,
    news: Sender<String>,
}

/// What is under way and who is signed in, the oldest first: it makes room for what is new.
#[derive(Default)]
struct Books {
    /// By what the form of the consent page carries.
    asked: Vec<(String, Asked)>,
    /// What was allowed, by its code.
    codes: Vec<(String, Asked)>,
    grants: Vec<Grant>,
}

/// An authorization request.
struct Asked {
    client_id: String,
    redirect: Url,
    /// The redirect URI as it was spelled.
    redirect_uri: String,
    state: Option<String>,
    /// BASE64URL(SHA256(verifier)), RFC 7636.
    challenge: String,
    since: Instant,
}

/// A sign-in.
struct Grant {
    /// The first half of each of its refresh tokens.
    id: String,
    client_id: String,
    refresh_token: String,
    /// The newest first, each with its end. An older one lives on for the requests that still carry it.
    access_tokens: Vec<(String, Instant)>,
}

/// A program that may ask.
struct Client {
    name: String,
    redirect_uris: Vec<String>,
}

/// An error of OAuth, by its code.
struct Wrong(&'static str);

type Form = HashMap<String, String>;

impl Desk {
    /// A desk that tells `news` what happens at it.
    pub fn new(news: Sender<String>) -> Self {
        Self { books: Mutex::default(), news }
    }

    /// The answer to what is for this desk, or to an MCP request without a good token; `None` lets a request pass.
    pub fn answer(&self, exchange: &Exchange) -> Result<Option<Reply>, Refusal> {
        // Checked to be a name of loopback. A client may know this server by another one than we do.
        let base = format!("http://{}", exchange.header("Host").unwrap_or_default());
        let (path, query) = exchange.target();
        Ok(Some(match (exchange.method(), path) {
            (_, PATH) => return Ok(self.guard(exchange.header("Authorization"), &base)),
            ("GET", "/.well-known/oauth-protected-resource" | RESOURCE_METADATA) => resource_metadata(&base),
            ("GET", "/.well-known/oauth-authorization-server") => server_metadata(&base),
            ("POST", "/register") => self.register(&exchange.json()?),
            ("GET", "/authorize") => self.authorize(form(query.as_bytes()), &base),
            ("POST", "/authorize") => self.decide(&form(exchange.body()), &base),
            ("POST", "/token") => self.token(&form(exchange.body()), &base),
            ("POST", "/revoke") => self.revoke(&form(exchange.body())),
            _ => return Ok(None),
        }))
    }

    /// RFC 6750, and the challenge of RFC 9728.
    fn guard(&self, authorization: Option<&str>, base: &str) -> Option<Reply> {
        let credential = authorization.and_then(|value| value.split_once(' '));
        let token =
            credential.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")).map(|(_, token)| token.trim());
        if token.is_some_and(|token| lock(&self.books).knows(token)) {
            return None;
        }
        let error = if token.is_some() { r#"error="invalid_token", "# } else { "" };
        let challenge = format!(r#"Bearer {error}resource_metadata="{base}{RESOURCE_METADATA}", scope="{SCOPE}""#);
        self.tell(format!("401, WWW-Authenticate: {challenge}"));
        let body = json!({"error": "invalid_token", "error_description": "sign in first, or renew the token"});
        let mut headers = json_headers();
        headers.push(("WWW-Authenticate", challenge));
        Some(Reply::Plain { status: 401, headers, body: body.to_string() })
    }

    /// RFC 7591. Nothing is kept: the id is the registration, so it outlives this process as clients expect of one.
    fn register(&self, described: &Value) -> Reply {
        let uris = described["redirect_uris"].as_array().map(Vec::as_slice).unwrap_or_default();
        let uris: Option<Vec<&str>> = uris.iter().map(|uri| uri.as_str().filter(|uri| native(uri).is_some())).collect();
        let Some(uris) = uris.filter(|uris| !uris.is_empty()) else { return refuse(&Wrong("invalid_redirect_uri")) };
        let name = described["client_name"].as_str().unwrap_or("a program without a name");
        let name = clean(name);
        let id = BASE64_URL_SAFE_NO_PAD.encode(json!([name, uris]).to_string());
        if id.len() > LONGEST_ID {
            return refuse(&Wrong("invalid_client_metadata"));
        }
        self.tell(format!("registered {name}, which listens at {}", uris.join(" and ")));
        let client = json!({
            "client_id": id,
            "client_name": name,
            "redirect_uris": uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        Reply::Plain { status: 201, headers: json_headers(), body: client.to_string() }
    }

    /// RFC 6749, section 4.1.1. Only a client that is known, at an address of its own, hears what is wrong.
    fn authorize(&self, mut query: Form, base: &str) -> Reply {
        let client_id = query.remove("client_id").unwrap_or_default();
        let Some(client) = Client::read(&client_id) else {
            return consent::problem("The program that sent you here is not registered with this server.");
        };
        let redirect_uri = query.remove("redirect_uri").unwrap_or_default();
        let Some(redirect) = native(&redirect_uri).filter(|uri| client.listens_at(uri)) else {
            return consent::problem(
                "The program that sent you here gave an address for the answer that is not its own.",
            );
        };
        let (state, challenge) = (query.remove("state"), query.remove("code_challenge").unwrap_or_default());
        let asked = Asked { client_id, redirect, redirect_uri, state, challenge, since: Instant::now() };
        let given = |name: &str| query.get(name).map(String::as_str);
        let wrong = match (given("response_type"), given("code_challenge_method")) {
            (Some("code"), Some("S256")) if asked.challenge.is_empty() => Err(Wrong("invalid_request")),
            (Some("code"), Some("S256")) => for_this_resource(&query, base),
            (Some("code"), _) => Err(Wrong("invalid_request")),
            _ => Err(Wrong("unsupported_response_type")),
        };
        if let Err(Wrong(error)) = wrong {
            return asked.back(("error", error), base);
        }
        self.tell(format!("asks the person whether {} may use it", client.name));
        let id = random_id();
        let page = consent::question(&client.name, &asked.redirect, base, &id);
        keep(&mut lock(&self.books).asked, (id, asked));
        page
    }

    /// The person has pressed a button.
    fn decide(&self, form: &Form, base: &str) -> Reply {
        let mut books = lock(&self.books);
        let Some(asked) = take(&mut books.asked, form.get("request"), TIME_TO_READ) else {
            return consent::problem("This page was used before, or is too old. Start again where you came from.");
        };
        if form.get("decision").is_none_or(|decision| decision != "allow") {
            self.tell("the person said no".into());
            return asked.back(("error", "access_denied"), base);
        }
        self.tell("the person said yes".into());
        let code = random_id();
        let back = asked.back(("code", &code), base);
        keep(&mut books.codes, (code, Asked { since: Instant::now(), ..asked }));
        back
    }

    fn token(&self, form: &Form, base: &str) -> Reply {
        let tokens = for_this_resource(form, base).and_then(|()| match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.redeem(form),
            Some("refresh_token") => self.renew(form),
            _ => Err(Wrong("unsupported_grant_type")),
        });
        match tokens {
            Ok(tokens) => Reply::Plain { status: 200, headers: json_headers(), body: tokens.to_string() },
            Err(wrong) => refuse(&wrong),
        }
    }

    /// Tokens for a code, which is worth one try.
    fn redeem(&self, form: &Form) -> Result<Value, Wrong> {
        let mut books = lock(&self.books);
        let asked = take(&mut books.codes, form.get("code"), CODE_LIFE).ok_or(Wrong("invalid_grant"))?;
        let verifier =
            form.get("code_verifier").map(|verifier| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        let same = [("client_id", &asked.client_id), ("redirect_uri", &asked.redirect_uri)];
        if verifier.as_ref() != Some(&asked.challenge) || same.iter().any(|(name, own)| form.get(*name) != Some(own)) {
            return Err(Wrong("invalid_grant"));
        }
        let client_id = asked.client_id;
        let mut grant = Grant { id: random_id(), client_id, refresh_token: String::new(), access_tokens: Vec::new() };
        let tokens = grant.issue();
        keep(&mut books.grants, grant);
        self.tell(format!("issued an access token for {} s, and a refresh token", TOKEN_LIFE.as_secs()));
        Ok(tokens)
    }

    /// New tokens for a refresh token. One that was used before may be stolen, so it ends the sign-in (RFC 9700, 4.14.2).
    fn renew(&self, form: &Form) -> Result<Value, Wrong> {
        let mut books = lock(&self.books);
        let token = form.get("refresh_token").ok_or(Wrong("invalid_request"))?;
        let id = token.split_once('.').map(|(id, _)| id);
        let place =
            books.grants.iter().position(|grant| Some(grant.id.as_str()) == id).ok_or(Wrong("invalid_grant"))?;
        let grant = &mut books.grants[place];
        if form.get("client_id") != Some(&grant.client_id) {
            return Err(Wrong("invalid_grant"));
        }
        if grant.refresh_token != *token {
            books.grants.remove(place);
            self.tell("a refresh token came a second time: the sign-in is ended".into());
            return Err(Wrong("invalid_grant"));
        }
        self.tell(format!("renewed: another access token for {} s, another refresh token", TOKEN_LIFE.as_secs()));
        Ok(grant.issue())
    }

    /// RFC 7009: either token ends the sign-in, and one that is unknown is gone already.
    fn revoke(&self, form: &Form) -> Reply {
        let Some(token) = form.get("token") else { return refuse(&Wrong("invalid_request")) };
        let mut books = lock(&self.books);
        let before = books.grants.len();
        books.grants.retain(|grant| grant.refresh_token != *token && !grant.accepts(token));
        if books.grants.len() < before {
            self.tell("revoked the tokens of a sign-in".into());
        }
        Reply::Plain { status: 200, headers: Vec::new(), body: String::new() }
    }

    fn tell(&self, event: String) {
        // Nobody has to listen.
        let _ = self.news.send(event);
    }
}

impl Books {
    fn knows(&self, access_token: &str) -> bool {
        self.grants.iter().any(|grant| grant.accepts(access_token))
    }
}

impl Grant {
    fn accepts(&self, access_token: &str) -> bool {
        self.access_tokens.iter().any(|(known, end)| known == access_token && Instant::now() < *end)
    }

    fn issue(&mut self) -> Value {
        self.refresh_token = format!("{}.{}", self.id, random_id());
        let access_token = random_id();
        self.access_tokens.insert(0, (access_token.clone(), Instant::now() + TOKEN_LIFE));
        self.access_tokens.truncate(MAX_TOKENS);
        json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE.as_secs(),
            "refresh_token": self.refresh_token,
            "scope": SCOPE,
        })
    }
}

impl Asked {
    /// Sends the browser back to the client with `answer`. 303, so that a form is not posted once more.
    fn back(&self, answer: (&str, &str), base: &str) -> Reply {
        let mut url = self.redirect.clone();
        url.query_pairs_mut().append_pair(answer.0, answer.1).append_pair("iss", base);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        let headers = vec![("Location", url.into()), ("Cache-Control", "no-store".into())];
        Reply::Plain { status: 303, headers, body: String::new() }
    }
}

impl Client {
    fn read(id: &str) -> Option<Self> {
        let (name, redirect_uris): (String, _) =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        // Anybody can write an id.
        Some(Self { name: clean(&name), redirect_uris })
    }

    /// RFC 8252, section 7.3: on loopback any port will do.
    fn listens_at(&self, uri: &Url) -> bool {
        let without_port = |mut uri: Url| uri.set_port(None).map(|()| uri);
        let uri = without_port(uri.clone());
        self.redirect_uris.iter().filter_map(|own| native(own)).any(|own| without_port(own) == uri)
    }
}

fn resource_metadata(base: &str) -> Reply {
    let body = json!({
        "resource": format!("{base}{PATH}"),
        "resource_name": "mcpbridge sample server",
        "authorization_servers": [base],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
    });
    Reply::Json { body, headers: Vec::new() }
}

fn server_metadata(base: &str) -> Reply {
    let body = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "registration_endpoint": format!("{base}/register"),
        "revocation_endpoint": format!("{base}/revoke"),
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    });
    Reply::Json { body, headers: Vec::new() }
}

/// RFC 8707: a token for another server is none for this one. Clients of 2025-03-26 name none.
fn for_this_resource(form: &Form, base: &str) -> Result<(), Wrong> {
    let other = form.get("resource").is_some_and(|resource| *resource != format!("{base}{PATH}"));
    if other { Err(Wrong("invalid_target")) } else { Ok(()) }
}

/// A redirect URI of a program on this machine.
fn native(uri: &str) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    let local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let plain = url.scheme() == "http" && url.fragment().is_none() && !uri.contains(char::is_control);
    (local && plain).then_some(url)
}

/// A name fit for a page and for a terminal: nothing in it that cannot be seen or that turns the text around.
fn clean(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    name.chars().filter(|c| !hidden(*c)).take(LONGEST_NAME).collect()
}

fn form(text: &[u8]) -> Form {
    form_urlencoded::parse(text).into_owned().collect()
}

fn refuse(wrong: &Wrong) -> Reply {
    Reply::Plain { status: 400, headers: json_headers(), body: json!({"error": wrong.0}).to_string() }
}

fn json_headers() -> Vec<(&'static str, String)> {
    vec![("Content-Type", "application/json".into()), ("Cache-Control", "no-store".into())]
}

fn keep<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() >= MAX_KEPT {
        kept.remove(0);
    }
    kept.push(new);
}

fn take(kept: &mut Vec<(String, Asked)>, id: Option<&String>, life: Duration) -> Option<Asked> {
    let place = kept.iter().position(|(known, _)| Some(known) == id)?;
    Some(kept.remove(place).1).filter(|asked| asked.since.elapsed() < life)
}

const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

/// The one right that there is.
const SCOPE: &str = "demo";

/// Short, so that somebody who watches sees tokens renewed.
const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// From the browser to the client and back to us; RFC 6749, section 4.1.2 allows ten minutes.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// As long as the bridge waits for a person.
const TIME_TO_READ: Duration = Duration::from_secs(10 * 60);

/// Sign-ins, and questions and codes under way: enough for every editor on one machine.
const MAX_KEPT: usize = 64;

/// Access tokens of one sign-in that live at once.
const MAX_TOKENS: usize = 4;

const LONGEST_NAME: usize = 60;
/// It travels in the URL of the browser.
const LONGEST_ID: usize = 2048;
