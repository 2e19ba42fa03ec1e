//! Which redirects are followed: those within the origin, with method and body kept.

use http::{HeaderMap, StatusCode, header};
use url::Url;

use super::{Trouble, page, shown};
use crate::failure::{Failure, Kind};

/// Where a redirect leads, `None` if a response with this status and these headers is none.
///
/// # Errors
/// It is not to be followed.
pub fn redirect(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Result<Url, Trouble>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(header::LOCATION)?;
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    let refuse = |fact: String, remedy: &str| {
        let failure = Failure::new(Kind::Protocol, fact).remedy(remedy).status(status.as_u16());
        Some(Err(Trouble::Hopeless(failure)))
    };
    match target {
        None => refuse(format!("{} redirects to an address that is no URL", shown(from)), "ask its operator"),
        Some(target) if target.origin() != from.origin() => {
            let fact =
                format!("{} redirects to another origin, {}", shown(from), target.origin().ascii_serialization());
            refuse(fact, "if you trust it, use its URL instead; or does a network want you to sign in there first?")
        }
        Some(_) if status == StatusCode::SEE_OTHER => {
            refuse(format!("{} redirects to a web page", shown(from)), page::WRONG_PLACE)
        }
        Some(target) => Some(Ok(target)),
    }
}

/// A server that needs more hops than this is lost in them.
pub const MOST_REDIRECTS: usize = 5;
