//! `mcpbridge why`: how a sign-in came to be as it is.

use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value, json};

use super::moment::moment;
use super::status::{self, Account};
use super::{access, print, print_json, table};
use crate::cli::Why;
use crate::clock;
use crate::failure::Failure;
use crate::http::shown;
use crate::plain::{one_line, wrapped};
use crate::store::{Chapter, Entry, Happening, Lock, Store, Way};

/// Tells what happened to the accounts at a server, and how they stand.
///
/// # Errors
/// What was typed is no URL, or the index cannot be read.
pub fn run(typed: &Why) -> anyhow::Result<ExitCode> {
    let store = access::store()?;
    let histories = histories(&store, typed)?;
    if typed.json {
        let accounts: Vec<Value> = histories.iter().map(History::json).collect();
        print_json(&json!({ "schema_version": 1, "accounts": accounts }))?;
    } else {
        print(histories.iter().map(History::lines).collect::<Vec<_>>().join("\n").as_bytes())?;
    }
    let wanting = status::wanting(histories.iter().map(|history| &history.account));
    Ok(wanting.map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_code())))
}

/// One account, and what happened to it.
struct History {
    account: Account,
    entry: Option<Entry>,
    chapters: Vec<Chapter>,
    /// Whether a renewal began whose outcome nobody knows.
    is_in_doubt: bool,
}

/// As `status` selects them, and accounts that were signed out.
fn histories(store: &Store, typed: &Why) -> Result<Vec<History>, Failure> {
    let selection = &typed.selection;
    let mut accounts = status::selected(store, selection)?;
    if selection.account.is_none() && selection.resource.is_none() {
        let (url, _) = access::select(selection.server.as_deref().unwrap_or_default(), selection)?;
        let shown = shown(&url);
        let mut others = Vec::new();
        for key in store.histories().into_iter().filter(|key| !accounts.iter().any(|account| account.is(key))) {
            if let Some(last) = store.history(&key).pop().filter(|last| last.server == shown) {
                let named = selection.named.as_ref().map(access::named);
                others.push(match store.entry(&key).ok().flatten() {
                    Some(entry) => Account::new(store, key, Some(entry), named),
                    None => Account::gone(store, key, (shown.clone(), last.account), named),
                });
            }
        }
        // Nothing is known of the one that was typed, and something of others.
        if !others.is_empty() {
            accounts.retain(|account| {
                store.entry(account.key()).is_ok_and(|entry| entry.is_some())
                    || !store.history(account.key()).is_empty()
            });
        }
        accounts.extend(others);
    }
    Ok(accounts.into_iter().map(|account| History::of(store, account)).collect())
}

impl History {
    fn of(store: &Store, account: Account) -> History {
        let entry = store.entry(account.key()).ok().flatten();
        // Who renews just now holds the lock.
        let is_in_doubt = entry.as_ref().is_some_and(|entry| entry.doubt.is_some())
            && matches!(store.try_lock(account.key(), Lock::Grant), Ok(Some(_)));
        History { chapters: store.history(account.key()), account, entry, is_in_doubt }
    }

    fn json(&self) -> Value {
        let mut value = self.account.json();
        value["in_doubt"] = self.is_in_doubt.into();
        value["history"] = self.chapters.iter().filter_map(|chapter| serde_json::to_value(chapter).ok()).collect();
        value
    }

    fn lines(&self) -> String {
        let (now, width) = (clock::now(), table::width());
        let bold = Style::new().bold();
        let mut text = format!("{bold}{}{bold:#}\n", one_line(self.account.server()));
        let knows_beginning = self.chapters.iter().any(|chapter| matches!(chapter.what, Happening::Issued { .. }));
        if let Some(entry) = self.entry.as_ref().filter(|_| !knows_beginning) {
            let told = format!("{}  somebody signed in; what came then is not kept", moment(entry.signed_in_at, now));
            text += &format!("{}\n", laid_out(&told, width));
        }
        if self.chapters.is_empty() && self.entry.is_none() {
            text += "  nothing is known of a sign-in\n";
        }
        text += &chapters_told(&self.chapters, now, width);
        if self.is_in_doubt {
            let told = "a renewal was cut off, so it is in doubt whether the token that is kept is still good; the next renewal will tell";
            text += &format!("{}\n", laid_out(told, width));
        }
        text += &format!("now:\n{}", self.account.lines());
        if self.account.is_ready() {
            text += &format!("    to try it: {}\n", self.account.command("tools"));
        }
        text
    }
}

/// What happened, a line for each thing.
fn chapters_told(chapters: &[Chapter], now: u64, width: usize) -> String {
    let (mut text, mut who, mut at) = (String::new(), None, 0);
    while let Some(chapter) = chapters.get(at) {
        let alike = chapters[at..].iter().take_while(|next| next.what == Happening::Renewed).count();
        // Of many renewals in a row the last ones count.
        if let Some(many) = alike.checked_sub(SHOWN_RENEWALS).filter(|many| *many > 1) {
            text += &format!("  {}  renewed, and then {} times more\n", moment(chapter.at, now), many - 1);
            at += many;
            continue;
        }
        text += &told(chapter, who, now, width);
        if let Happening::Issued { subject: Some(subject), .. } = &chapter.what {
            who = Some(subject);
        }
        at += 1;
    }
    text
}

fn told(chapter: &Chapter, before: Option<&String>, now: u64, width: usize) -> String {
    let dim = Style::new().dimmed();
    let what = match &chapter.what {
        Happening::Issued { way, issuer, subject, scopes } => {
            let way = match way {
                Way::Browser => "signed in in the browser",
                Way::Code => "signed in with a code",
                Way::ClientCredentials => "issued to the client itself, without a person",
                Way::Workload => "issued for the token of a workload",
                Way::Organization => "issued because the organization vouched for who signed in there",
                Way::Adopted => "taken over from another program",
                Way::ApiKey => "an API key was typed",
            };
            let who = subject.as_ref().map(|who| format!(" as {}", one_line(who))).unwrap_or_default();
            let other = before.zip(subject.as_ref()).filter(|(before, subject)| before != subject);
            let other = other.map(|(before, _)| format!(", in place of {}", one_line(before))).unwrap_or_default();
            let by = issuer.as_ref().map(|issuer| format!("; issued by {}", one_line(issuer))).unwrap_or_default();
            let rights =
                if scopes.is_empty() { String::new() } else { format!("; scopes: {}", one_line(&scopes.join(" "))) };
            format!("{way}{who}{other}{by}{rights}")
        }
        Happening::NotNeeded => "the server asked for no sign-in".to_owned(),
        Happening::Renewed => "renewed".to_owned(),
        Happening::Unrenewed { why } => format!("not renewed, and still good for another try: {}", one_line(why)),
        Happening::Doubted { since } => {
            format!(
                "a renewal that began {} was cut off; whether the token was replaced is in doubt",
                moment(*since, now)
            )
        }
        Happening::Refused { why } => format!("refused by who issued it, which ended it: {}", one_line(why)),
        Happening::NotTaken { why } => format!("not taken by the server: {}", one_line(why)),
        Happening::Failed { why } => format!("a sign-in came to nothing: {}", one_line(why)),
        Happening::SignedOut { revoked } => match revoked {
            Some(true) => "signed out, and revoked where it was issued".to_owned(),
            Some(false) => "signed out; it could not be revoked where it was issued".to_owned(),
            None => "signed out".to_owned(),
        },
    };
    let by = format!("by {}, process {}", one_line(&chapter.by.by), chapter.by.pid);
    let text = laid_out(&format!("{}  {what}", moment(chapter.at, now)), width);
    let last = text.rsplit('\n').next().unwrap_or_default();
    let fits = last.chars().count() + "  ".len() + by.chars().count() <= width;
    format!("{text}{}{dim}{by}{dim:#}\n", if fits { "  ".to_owned() } else { format!("\n{BELOW}") })
}

/// A text in the lines that it takes.
fn laid_out(text: &str, width: usize) -> String {
    let lines = wrapped(text, width.saturating_sub("  ".len()), width.saturating_sub(BELOW.len()));
    format!("  {}", lines.join(&format!("\n{BELOW}")))
}

/// What stands in front of the further lines of a text.
const BELOW: &str = "    ";

/// Renewals in a row that are told one by one.
const SHOWN_RENEWALS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::By;

    fn chapter(at: u64, what: Happening) -> Chapter {
        Chapter { at, by: By { pid: 7, by: "a test".into() }, server: "https://h.example/".into(), account: None, what }
    }

    #[test]
    fn another_person_is_told_with_the_one_before() {
        let issued = |who: &str| {
            let subject = Some(who.to_owned());
            chapter(
                0,
                Happening::Issued { way: Way::Browser, issuer: None, subject, scopes: vec!["a".into(), "b".into()] },
            )
        };
        let (jane, joe) = ("jane@h.example".to_owned(), "joe@h.example");
        let told = told(&issued(joe), Some(&jane), 60, usize::MAX);
        assert!(told.contains("in the browser as joe@h.example, in place of jane@h.example; scopes: a b"), "{told}");
        assert!(told.contains("1970-01-01 00:00:00 UTC (60 s ago)") && told.contains("by a test, process 7"), "{told}");
        let told = super::told(&issued(&jane), Some(&jane), 60, usize::MAX);
        assert!(!told.contains("in place"), "{told}");
    }

    #[test]
    fn a_long_line_is_broken_between_its_words() {
        let what = Happening::Refused { why: "invalid_grant: the session of this person has expired".into() };
        let told = anstream::adapter::strip_str(&told(&chapter(0, what), None, 60, 60)).to_string();
        let wanted = "  1970-01-01 00:00:00 UTC (60 s ago)  refused by who issued\n    it, which ended it: invalid_grant: the session of this\n    \
                      person has expired  by a test, process 7\n";
        assert_eq!(told, wanted);
    }

    #[test]
    fn of_many_renewals_the_last_ones_are_told_and_the_others_counted() {
        let chapters: Vec<Chapter> = (0..20).map(|at| chapter(at, Happening::Renewed)).collect();
        let told = chapters_told(&chapters, 60, usize::MAX);
        assert_eq!(told.lines().count(), 1 + SHOWN_RENEWALS, "{told}");
        assert!(told.lines().next().unwrap().contains("renewed, and then 16 times more"), "{told}");
        assert!(told.lines().last().unwrap().contains("00:00:19 UTC"), "{told}");
        let few = chapters_told(&chapters[..4], 60, usize::MAX);
        assert_eq!(few.lines().count(), 4, "{few}");
    }
}
