//! Errors on which behaviour forks: the exit code, the JSON-RPC error, the remedy.

use std::fmt;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::plain::{self, harmless, unbroken};

/// What kind of thing went wrong. A kind exists because something is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fault of the bridge itself.
    Internal,
    /// The command line or the configuration: only the person can mend it.
    Usage,
    /// The server wants a credential, or another one.
    SignInRequired,
    /// The person, or the authorization server, said no to a sign-in.
    SignInRefused,
    /// Name resolution, TCP, TLS, or a wait that ran out: the server did not answer.
    Unreachable,
    /// The server answered, but not as the protocol says.
    Protocol,
    /// The credential store is locked, silent or failing. That is never "signed out".
    StoreUnavailable,
    /// A person pressed Ctrl-C.
    Interrupted,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Internal,
        Kind::Usage,
        Kind::SignInRequired,
        Kind::SignInRefused,
        Kind::Unreachable,
        Kind::Protocol,
        Kind::StoreUnavailable,
        Kind::Interrupted,
    ];

    /// The exit code, the same for every command.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Internal => 1,
            Kind::Usage => 2,
            Kind::SignInRequired => 3,
            Kind::SignInRefused => 4,
            Kind::Unreachable => 5,
            Kind::Protocol => 6,
            Kind::StoreUnavailable => 8,
            Kind::Interrupted => 130,
        }
    }

    /// The kind with this word.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind with this exit code.
    pub fn of_exit_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.exit_code() == code)
    }

    /// The stable word for it in `--json` errors and in the `data` of JSON-RPC errors.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Internal => "internal",
            Kind::Usage => "usage",
            Kind::SignInRequired => "auth_required",
            Kind::SignInRefused => "auth_refused",
            Kind::Unreachable => "unreachable",
            Kind::Protocol => "protocol",
            Kind::StoreUnavailable => "store_unavailable",
            Kind::Interrupted => "interrupted",
        }
    }
}

/// One thing that went wrong: the fact, then the remedy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What is decided by it.
    pub kind: Kind,
    /// The fact, as a sentence without its full stop.
    pub fact: String,
    /// What the person can do, if anything.
    pub remedy: Option<String>,
    /// What is to be put somewhere by hand, in lines of its own.
    pub pasted: Option<Box<str>>,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// The server's own JSON-RPC error object, where it gave one without saying for which request.
    pub error: Option<Box<str>>,
}

impl Failure {
    /// A failure with neither remedy nor status.
    pub fn new(kind: Kind, fact: impl Into<String>) -> Self {
        Failure { kind, fact: fact.into(), remedy: None, pasted: None, status: None, error: None }
    }

    /// The person has pressed Ctrl-C.
    pub fn interrupted() -> Self {
        Failure::new(Kind::Interrupted, "interrupted")
    }

    /// Adds what the person can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds what is to be put somewhere by hand. It is the only part that has lines.
    #[must_use]
    pub fn pasted(mut self, text: impl Into<Box<str>>) -> Self {
        self.pasted = Some(text.into());
        self
    }

    /// Adds that a request may have had its effect, to what else the person can do.
    #[must_use]
    pub fn may_have_run(mut self) -> Self {
        self.remedy = Some(match self.remedy {
            Some(remedy) if remedy.contains(MAY_HAVE_RUN) => remedy,
            // A question ends a sentence.
            Some(remedy) if remedy.ends_with('?') => format!("{MAY_HAVE_RUN}; {remedy}"),
            Some(remedy) => format!("{remedy}; {MAY_HAVE_RUN}"),
            None => MAY_HAVE_RUN.to_owned(),
        });
        self
    }

    /// Adds what was met before there was no more time, if anything was: that is the cause, and its remedy helps.
    #[must_use]
    pub fn last_seen(self, met: Option<Failure>) -> Self {
        let Some(met) = met else { return self };
        let fact = format!("{}; last seen: {}", self.fact, met.fact);
        Failure { fact, remedy: met.remedy.or(self.remedy), ..self }
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// The remedy where nobody knows whether a request ran.
pub const MAY_HAVE_RUN: &str = "the request may have run: look before you repeat it";

/// Prints `error`, for a person or as one line of JSON, and says with which code to end.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let failure = error.downcast_ref::<Failure>();
    let kind = failure.map_or(Kind::Internal, |failure| failure.kind);
    let pasted = failure.and_then(|failure| failure.pasted.as_deref()).map(|text| format!("\n\n{text}"));
    let pasted = pasted.unwrap_or_default();
    if json {
        let message = failure.map_or_else(|| format!("{error:#}"), |failure| failure.fact.clone());
        let hint = failure.and_then(|failure| failure.remedy.as_ref()).map(|remedy| format!("{remedy}{pasted}"));
        let line = json!({ "error": { "code": kind.code(), "message": message, "hint": hint } });
        eprintln!("{}", plain::json(&line.to_string()));
    } else {
        // `{error:#}` and not the default of `main`: with RUST_BACKTRACE=1 that prints a backtrace.
        // It may quote a server, whose line breaks are none of ours.
        eprintln!("mcpbridge: {}{}", unbroken(&format!("{error:#}")), harmless(&pasted));
    }
    ExitCode::from(kind.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_it_may_have_run_is_said_once_and_before_a_question() {
        let failure = |remedy: &str| Failure::new(Kind::Protocol, "no").remedy(remedy).may_have_run().may_have_run();
        assert_eq!(failure("wait").to_string(), format!("no; wait; {MAY_HAVE_RUN}"));
        assert_eq!(failure("is it this?").to_string(), format!("no; {MAY_HAVE_RUN}; is it this?"));
    }
}
