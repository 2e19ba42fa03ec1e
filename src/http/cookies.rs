//! The cookies of the server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cookie_store::CookieStore;
use http::{HeaderMap, HeaderValue, header};
use url::Url;

/// Cookies, kept in memory and for the exact origin that set them, whatever `Domain` says.
#[derive(Default)]
pub struct Cookies(Mutex<HashMap<url::Origin, CookieStore>>);

impl Cookies {
    /// Keeps the cookies that a response of `url` sets.
    pub fn take(&self, headers: &HeaderMap, url: &Url) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                // What is no cookie is not kept; there is nobody to tell.
                let _ = self.jars().entry(url.origin()).or_default().parse(cookie, url);
            }
        }
    }

    /// Adds the cookies for `url` behind those that the person gave.
    pub fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        let jars = self.jars();
        // Most servers set none, and an origin costs an allocation.
        if jars.is_empty() {
            return;
        }
        let Some(jar) = jars.get(&url.origin()) else { return };
        let given = headers.get(header::COOKIE).and_then(|given| given.to_str().ok()).map(str::to_owned);
        let kept = jar.get_request_values(url).map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = given.into_iter().chain(kept).collect();
        if let Ok(mut value) = HeaderValue::from_str(&all.join("; "))
            && !value.is_empty()
        {
            value.set_sensitive(true);
            headers.insert(header::COOKIE, value);
        }
    }

    fn jars(&self) -> std::sync::MutexGuard<'_, HashMap<url::Origin, CookieStore>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
