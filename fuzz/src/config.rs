//! `config.toml`: what is read can be used, and what is refused is named by its line.

use std::path::Path;

use mcpbridge::config::{Config, is_name};
use url::Url;

use super::words;

/// The input is the text of the file.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::parse(Path::new("/c/config.toml"), text, words()) {
        Ok(config) => {
            let lines = text.matches('\n').count() + 1;
            for server in &config.servers {
                let url = Url::parse(&server.url).expect("the URL of a server is one");
                assert!(matches!(url.scheme(), "http" | "https"));
                assert!(is_name(&server.name) && server.name != "login");
                assert!(server.port != Some(0) && (1..=lines).contains(&server.place.line));
                let account = server.accounts.first().map(|account| account.name.as_str());
                config.levels(Some(server), account);
            }
            config.secrets_in_plain();
        }
        Err(failure) => {
            let line = failure.fact.strip_prefix("line ").and_then(|rest| rest.split(' ').next()?.parse().ok());
            let line: usize = line.unwrap_or_else(|| panic!("no line is named: {}", failure.fact));
            assert!((1..=text.matches('\n').count() + 1).contains(&line), "{}", failure.fact);
            assert!(failure.remedy.is_some());
        }
    }
}
