//! How an authorization server behaves. The default is a strict one that does everything right; a test changes what it
//! is about, at the start or in mid-run.

use std::time::Duration;

use serde_json::Value;

use super::{
    clients::Client,
    device::Device,
    documents::{Page, Place},
    dpop::Nonces,
    unattended::Unattended,
};

#[derive(Clone)]
pub struct Manners {
    /// What follows the origin in the issuer: nothing, `/tenant`, or a lone `/`.
    pub issuer_path: String,
    /// Where metadata is served, and what is there. The other well-known places answer 404.
    pub documents: Vec<(Place, Page)>,
    /// Members of the metadata that are other than they should be; `None` leaves one out. In strings, `{origin}` and
    /// `{issuer}` stand for this server's own.
    pub metadata: Vec<(&'static str, Option<Value>)>,
    pub authorize: Authorize,
    pub registration: Registration,
    pub tokens: Tokens,
    /// Token requests need `client_id` in the form, also of clients that prove themselves by Basic: the Python SDK's
    /// servers want it.
    pub client_id_in_form: bool,
    /// Known without registration.
    pub clients: Vec<Client>,
    /// An https URL is a client of its own (a client ID metadata document, taken as read).
    pub metadata_documents: bool,
    /// Client ID metadata documents that are published, each at its `client_id`, and read by the letter of their draft.
    pub published: Vec<Value>,
    pub unattended: Unattended,
    /// Sign-ins with codes, if there are any.
    pub device: Option<Device>,
    pub binding: Binding,
}

/// Tokens that are bound to a key (RFC 9449).
#[derive(Clone, Default)]
pub struct Binding {
    /// The metadata offer it, and who proves to have a key gets such tokens. Proofs are looked at in any case.
    pub offered: bool,
    /// Nobody gets others.
    pub required: bool,
    /// The access tokens are not bound all the same, and only the refresh tokens are.
    pub only_refresh_tokens: bool,
    pub nonces: Nonces,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            issuer_path: String::new(),
            documents: vec![(Place::Oauth, Page::Good)],
            metadata: Vec::new(),
            authorize: Authorize::default(),
            registration: Registration::default(),
            tokens: Tokens::default(),
            client_id_in_form: false,
            clients: Vec::new(),
            metadata_documents: false,
            published: Vec::new(),
            unattended: Unattended::default(),
            device: None,
            binding: Binding::default(),
        }
    }
}

/// What comes back to the client from the browser.
#[derive(Clone, Default)]
pub struct Authorize {
    /// Nobody is asked: as for a person who is signed in and has consented before.
    pub at_once: bool,
    pub state: State,
    pub iss: Iss,
    /// `error` and `error_description` in place of a code.
    pub error: Option<(&'static str, Option<&'static str>)>,
    /// Further parameters of the callback.
    pub extra: Vec<(&'static str, String)>,
}

#[derive(Clone, Default)]
pub enum State {
    #[default]
    Echoed,
    Other(String),
    Missing,
}

/// RFC 9207. With any but `Absent` the metadata promises it, unless the test takes the member out again.
#[derive(Clone, Default, PartialEq)]
pub enum Iss {
    #[default]
    Absent,
    Right,
    Other(String),
    /// Promised in the metadata and then not sent.
    Forgotten,
}

#[derive(Clone, Default)]
pub struct Registration {
    /// Status, error, description.
    pub refusal: Option<(u16, &'static str, &'static str)>,
    /// What is registered in place of what was asked for.
    pub redirect_uris: Option<Vec<String>>,
    pub auth_method: Option<&'static str>,
    /// The secret of clients that get one; characters that form-encoding changes by default.
    pub secret: Option<&'static str>,
    /// Seconds since 1970; 0 is never.
    pub secret_expires_at: Option<u64>,
}

#[derive(Clone)]
pub struct Tokens {
    /// How long an access token really lives.
    pub lifetime: Duration,
    /// What the reply says about it.
    pub expires_in: ExpiresIn,
    pub status: u16,
    /// The reply is a form, as some old servers have it.
    pub form_encoded: bool,
    pub token_type: Option<&'static str>,
    /// Further members of the reply.
    pub extra: Vec<(&'static str, Value)>,
    /// What a code is worth beside the access token.
    pub refresh_token: bool,
    /// A refresh token is only for those who asked for `offline_access`.
    pub offline_access: bool,
    pub rotation: Rotation,
    /// Granted whatever was asked for.
    pub granted: Option<&'static str>,
    pub tells_scope: bool,
    /// Demanded at authorize, token and refresh, byte for byte. Without it, whoever named one when authorizing must
    /// name the same one every time.
    pub resource: Option<String>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3600),
            expires_in: ExpiresIn::Lifetime,
            status: 200,
            form_encoded: false,
            token_type: Some("Bearer"),
            extra: Vec::new(),
            refresh_token: true,
            offline_access: false,
            rotation: Rotation::Rotating,
            granted: None,
            tells_scope: true,
            resource: None,
        }
    }
}

#[derive(Clone, Copy)]
pub enum ExpiresIn {
    Lifetime,
    /// JSON as the server spells it: `"3600"`, `0`, `-1`, `9223372036854775808`, `1e300`.
    Raw(&'static str),
    Absent,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Rotation {
    /// Each refresh token works once; a second use revokes all that came of the same consent.
    Rotating,
    /// The same refresh token, named in every reply.
    Fixed,
    /// The same refresh token, and replies do not mention it.
    Unmentioned,
}
