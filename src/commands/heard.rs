//! What a server says while a request runs, for a person who waits: how far it is, and its log.

use std::io::{self, IsTerminal, Write};

use crate::client::{Wants, one_line};
use crate::message::{Message, member, plain_string};

/// The last line of the terminal, where the progress is.
pub struct Heard {
    shows: bool,
    is_shown: bool,
}

impl Heard {
    /// Shows what is heard if it is wanted, and stderr is a terminal.
    pub fn new(wanted: bool) -> Self {
        Heard { shows: wanted && io::stderr().is_terminal(), is_shown: false }
    }

    /// What the server has to be asked for.
    pub fn wants(&self) -> Wants {
        Wants { progress: self.shows, log: self.shows.then_some("info") }
    }

    /// Shows a notification.
    pub fn hear(&mut self, news: &Message) {
        let params = news.params().unwrap_or("{}");
        match news.method() {
            _ if !self.shows => {}
            "notifications/progress" => {
                let width = terminal_size::terminal_size_of(io::stderr()).map_or(DEFAULT_WIDTH, |(width, _)| width.0);
                // A line as wide as the terminal would wrap on some.
                let line: String = progress(params).chars().take(usize::from(width).saturating_sub(1)).collect();
                let _ = write!(io::stderr(), "\r\x1b[K{line}");
                self.is_shown = true;
            }
            "notifications/message" => {
                self.clear();
                eprintln!("{}", log_line(params));
            }
            _ => {}
        }
    }

    /// Takes the progress away, for what comes after it.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn progress(params: &str) -> String {
    let number = |name| member(params, name).filter(|number| number.parse::<f64>().is_ok());
    let done = number("progress").unwrap_or("0");
    let of = number("total").map(|total| format!("/{total}")).unwrap_or_default();
    let text = member(params, "message").and_then(plain_string).map(|text| format!("  {}", one_line(&text)));
    format!("{done}{of}{}", text.unwrap_or_default())
}

fn log_line(params: &str) -> String {
    let word = |name| member(params, name).and_then(plain_string).map(|word| one_line(&word));
    let data = member(params, "data").unwrap_or("null");
    let data = plain_string(data).map_or_else(|| one_line(data), |text| one_line(&text));
    let level = word("level").unwrap_or_else(|| "info".to_owned());
    let logger = word("logger").map(|logger| format!(" {logger}")).unwrap_or_default();
    format!("server {level}{logger}: {data}")
}

/// Columns of a terminal that does not say.
const DEFAULT_WIDTH: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_one_harmless_line() {
        assert_eq!(progress(r#"{"progress":1.50,"total":3,"message":"a\u001b[2J\nb"}"#), "1.50/3  a␛[2J b");
        assert_eq!(progress(r#"{"progress":"x"}"#), "0");
        assert_eq!(log_line(r#"{"level":"warning","logger":"db","data":{"a":1}}"#), r#"server warning db: {"a":1}"#);
    }
}
