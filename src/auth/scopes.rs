//! Which scopes to ask for.
//!
//! <https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-selection-strategy>

use super::challenge::Bearer;
use super::discovery::Discovery;

/// The scopes of a sign-in: those that the person `given`, else those of the challenge, else all that
/// the server publishes. Empty where nobody named one: then the parameter is left out, and the
/// authorization server decides.
pub fn wanted(given: Option<&str>, challenge: Option<&Bearer>, discovery: &Discovery) -> Vec<String> {
    let challenged = challenge.and_then(|challenge| challenge.scope.as_deref());
    let mut wanted = match [given, challenged].into_iter().flatten().map(split).find(|scopes| !scopes.is_empty()) {
        Some(scopes) => scopes,
        None => union(discovery.resource_scopes.as_deref().unwrap_or_default(), &[]),
    };
    // Named alone it would take away what the authorization server grants when it is not asked.
    if given.is_none() && !wanted.is_empty() && offers_offline_access(discovery) {
        wanted = union(&wanted, &[OFFLINE_ACCESS.to_owned()]);
    }
    wanted
}

/// The scopes of a step-up: what is held or was asked for already, and what the challenge demands.
/// A server names what one operation needs, not what the others did.
pub fn stepped_up(held: &[String], challenge: &Bearer) -> Vec<String> {
    union(held, &split(challenge.scope.as_deref().unwrap_or_default()))
}

/// Whether `held` has all that `needed` names. The wish for a refresh token does not count: servers
/// that fulfil it need not name it among what they granted.
pub fn covers<'a>(held: &[String], mut needed: impl Iterator<Item = &'a str>) -> bool {
    needed.all(|scope| scope == OFFLINE_ACCESS || held.iter().any(|held| held == scope))
}

/// The scopes in a parameter `scope`, which are separated by spaces.
pub fn split(scope: &str) -> Vec<String> {
    union(&scope.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), &[])
}

fn offers_offline_access(discovery: &Discovery) -> bool {
    discovery.server.scopes_supported.iter().flatten().any(|scope| scope == OFFLINE_ACCESS)
}

/// Each scope once, in the order in which they were named.
fn union(first: &[String], second: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for scope in first.iter().chain(second) {
        if !all.contains(scope) {
            all.push(scope.clone());
        }
    }
    all
}

/// What many authorization servers want to be asked for before they give a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::discovery::AuthorizationServer;
    use super::super::dpop::Proofs;
    use super::*;

    #[test]
    fn the_first_who_names_scopes_decides() {
        for (given, challenged, published, offline, expected) in [
            (None, None, None, false, ""),
            (None, None, None, true, ""),
            (None, None, Some("a b"), false, "a b"),
            (None, None, Some("a b"), true, "a b offline_access"),
            (None, None, Some(""), true, ""),
            (None, Some("c"), Some("a b"), false, "c"),
            (None, Some("c  b c"), Some("a b"), true, "c b offline_access"),
            (None, Some(" "), Some("a b"), false, "a b"),
            (None, Some("offline_access c"), None, true, "offline_access c"),
            (Some("x"), Some("c"), Some("a"), true, "x"),
            (Some(""), Some("c"), None, false, "c"),
        ] {
            let challenge = Bearer { scope: challenged.map(str::to_owned), ..Bearer::default() };
            let found = wanted(given, Some(&challenge), &discovery(published, offline));
            assert_eq!(found, split(expected), "{given:?} {challenged:?} {published:?}");
        }
        assert_eq!(wanted(None, None, &discovery(Some("a"), false)), ["a"]);
    }

    #[test]
    fn a_step_up_keeps_what_is_held() {
        let held = split("a b");
        let challenge = Bearer { scope: Some("c a d".into()), ..Bearer::default() };
        assert_eq!(stepped_up(&held, &challenge), split("a b c d"));
        assert_eq!(stepped_up(&held, &Bearer::default()), held);
        let covered = |needed: &str| covers(&held, needed.split(' '));
        assert!(covered("b offline_access") && covered("a") && !covered("b c"));
        assert!(covers(&held, [].into_iter()));
    }

    fn discovery(published: Option<&str>, offline: bool) -> Discovery {
        let server = Url::parse("https://h.example/mcp").unwrap();
        let scopes_supported = offline.then(|| split("a offline_access"));
        let server = AuthorizationServer { scopes_supported, ..AuthorizationServer::presumed(&server).unwrap() };
        Discovery {
            resource: None,
            resource_scopes: published.map(split),
            server,
            fallback: false,
            proofs: Proofs::default(),
        }
    }
}
