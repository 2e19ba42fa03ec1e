//! API keys, which `mcpbridge login` keeps in the place of a sign-in.

use std::io::{self, IsTerminal};

use http::HeaderName;

use super::knock::Welcome;
use super::{BY, Done, Session, say};
use crate::auth::{self, Ticket};
use crate::cli::Login;
use crate::clock;
use crate::commands::terminal::{hidden, piped};
use crate::commands::{access, server};
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::secret::Secret;
use crate::store::{ApiKey, By, Credential, GRANT_WAIT, Grant, Happening, Lock, Place, Way};

/// Where the key belongs that is to be kept, if one is.
pub(super) fn place(typed: &Login) -> Result<Option<Place>, Failure> {
    Ok(match (&typed.api_key_header, &typed.api_key_query) {
        (Some(name), _) => {
            let parsed: HeaderName = name.parse().map_err(|_| {
                Failure::new(Kind::Usage, format!("{name:?} is not the name of a header"))
                    .remedy("for example X-API-Key")
            })?;
            if server::is_of_the_transport(&parsed) {
                let fact = format!("the header {parsed} is part of the transport: it cannot carry a key");
                return Err(Failure::new(Kind::Usage, fact).remedy("for example X-API-Key"));
            }
            Some(Place::Header(parsed.to_string()))
        }
        (None, Some(name)) if name.is_empty() => {
            return Err(Failure::new(Kind::Usage, "--api-key-query has no name").remedy("for example api_key"));
        }
        (None, Some(name)) => Some(Place::Query(name.clone())),
        (None, None) => None,
    })
}

impl Session {
    /// Keeps a key that somebody types or pipes.
    pub(super) async fn keep_key(&self, place: Place) -> Result<Done, Failure> {
        let value = read_key(self.options.interactive).await?;
        let credential = Credential::ApiKey(ApiKey { place, value });
        let _lock = self.store.lock(&self.key, Lock::Grant, GRANT_WAIT).await?;
        let grant = Grant { lineage: auth::lineage(), serial: 1, signed_in_at: clock::now(), credential };
        let ticket = Ticket::of(&grant, false);
        // A key that the server refuses is kept all the same: it may be one for a tool alone.
        match self.knock(&ticket).await {
            Ok(Welcome::Open) => {}
            Ok(Welcome::Wants(_) | Welcome::Refuses(_)) => {
                log::warn!("{} refuses this key; it is kept", shown(&self.url))
            }
            Err(failure) => log::warn!("the key could not be tried: {failure}"),
        }
        let about = self.options.about(None)?;
        self.store.move_here(&self.key, &about, &grant).await?;
        let what = Happening::Issued { way: Way::ApiKey, issuer: None, subject: None, scopes: Vec::new() };
        self.store.tell(&self.key, &about, &By::this(BY), what);
        // Somebody who gives a key has changed their mind about a refusal.
        self.store.end_pending(&self.key);
        Ok(self.done("key_kept", &grant, "kept the API key for"))
    }
}

/// Reads the key without an echo, or from a pipe.
async fn read_key(interactive: bool) -> Result<Secret, Failure> {
    let typed = if io::stdin().is_terminal() {
        if !interactive {
            return Err(access::nobody_types("the key", "CI is set, or --non-interactive given"));
        }
        hidden("API key (it is not shown): ", "the key")?
    } else {
        piped("the key").await?
    };
    let key = typed.trim();
    if key.len() != typed.trim_end_matches(['\r', '\n']).len() {
        say("white space around the key was left out");
    }
    if key.is_empty() {
        return Err(Failure::new(Kind::Usage, "the key is empty").remedy("type it, or pipe it to stdin"));
    }
    if key.contains(|c: char| c.is_control()) {
        let fact = "the key has a line break or a control character in it";
        return Err(Failure::new(Kind::Usage, fact).remedy("copy it again, on one line"));
    }
    Ok(Secret::new(key))
}
