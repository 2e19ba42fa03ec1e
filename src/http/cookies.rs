//! The cookies of the server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use cookie_store::{Cookie, CookieStore, StoreAction};
use http::{HeaderMap, HeaderValue, header};
use url::Url;

/// Cookies, kept in memory and for the exact origin that set them, whatever `Domain` says.
#[derive(Default)]
pub struct Cookies(Mutex<HashMap<url::Origin, Jar>>);

impl Cookies {
    /// Keeps the cookies that a response of `url` sets.
    pub fn take(&self, headers: &HeaderMap, url: &Url) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            // What is no cookie is not kept; there is nobody to tell.
            if let Ok(text) = cookie.to_str()
                && text.len() <= LONGEST
                && let Ok(cookie) = Cookie::parse(text, url)
            {
                self.jars().entry(url.origin()).or_default().put(cookie.into_owned(), url);
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
        let room = ROOM.saturating_sub(given.as_ref().map_or(0, String::len));
        let all: Vec<String> = given.into_iter().chain(jar.fitting(url, room)).collect();
        if let Ok(mut value) = HeaderValue::from_str(&all.join(BETWEEN))
            && !value.is_empty()
        {
            value.set_sensitive(true);
            headers.insert(header::COOKIE, value);
        }
    }

    fn jars(&self) -> std::sync::MutexGuard<'_, HashMap<url::Origin, Jar>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cookies of one origin.
#[derive(Default)]
struct Jar {
    store: CookieStore,
    /// What is in the store, which has no order: the one that was set the longest ago comes first.
    ages: VecDeque<Name>,
}

/// What a cookie is known by (RFC 6265, section 5.3, step 11).
#[derive(PartialEq, Eq)]
struct Name {
    domain: String,
    path: String,
    name: String,
}

impl Jar {
    /// Keeps `cookie`, and forgets another one for it where there are [`MOST`].
    fn put(&mut self, cookie: Cookie<'static>, url: &Url) {
        let name = Name::of(&cookie);
        match self.store.insert(cookie, url) {
            Ok(StoreAction::Inserted | StoreAction::UpdatedExisting) => {}
            Ok(StoreAction::ExpiredExisting) => return self.forget(&name),
            Err(_) => return,
        }
        self.ages.retain(|known| *known != name);
        self.ages.push_back(name);
        while self.ages.len() > MOST {
            let expired = self.store.iter_any().find(|cookie| cookie.is_expired()).map(Name::of);
            match expired {
                Some(name) => self.forget(&name),
                None => {
                    let Some(oldest) = self.ages.pop_front() else { return };
                    self.forget(&oldest);
                }
            }
        }
    }

    fn forget(&mut self, name: &Name) {
        self.store.remove(&name.domain, &name.path, &name.name);
        self.ages.retain(|known| known != name);
    }

    /// What goes to `url`, in the order in which it was set. The oldest stay behind where all are more than `room`
    /// bytes.
    fn fitting(&self, url: &Url, mut room: usize) -> Vec<String> {
        let mut kept: Vec<(usize, &Cookie<'_>)> = self
            .store
            .matches(url)
            .into_iter()
            .map(|cookie| {
                let name = Name::of(cookie);
                (self.ages.iter().position(|known| *known == name).unwrap_or(0), cookie)
            })
            .collect();
        kept.sort_by_key(|(age, _)| *age);
        let mut fitting = Vec::new();
        for (_, cookie) in kept.into_iter().rev() {
            let (name, value) = cookie.name_value();
            let pair = format!("{name}={value}");
            let Some(rest) = room.checked_sub(pair.len() + BETWEEN.len()) else { continue };
            room = rest;
            fitting.push(pair);
        }
        fitting.reverse();
        fitting
    }
}

impl Name {
    fn of(cookie: &Cookie<'_>) -> Self {
        Name { domain: String::from(&cookie.domain), path: String::from(&cookie.path), name: cookie.name().to_owned() }
    }
}

/// Bytes of a `Set-Cookie` that is kept: what RFC 6265, section 6.1, wants to be kept at least.
const LONGEST: usize = 4096;
/// Cookies of an origin: as many as the same section wants. A server that names each one anew has no use for more.
const MOST: usize = 50;
/// Bytes of the header `Cookie`. Most servers refuse a head of a little more (431).
const ROOM: usize = 8 * 1024;
const BETWEEN: &str = "; ";
