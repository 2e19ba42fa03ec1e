//! What was found, step by step, for a person and for a program.

use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value, json};

use crate::commands::mark::Mark;
use crate::commands::table;
use crate::commands::{print, print_json};
use crate::failure::{Failure, Kind};
use crate::plain::{one_line, wrapped};

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work; the kind decides the exit code.
    Fail(Kind),
    /// It could not be tried, or there was nothing to try.
    Skip,
}

/// What one step has found.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, the same in every run.
    pub id: String,
    /// How it came out.
    pub state: State,
    /// What was found, as a sentence without its full stop.
    pub detail: String,
    /// What helps.
    pub remedy: Option<String>,
    /// What `--fix` has done about it.
    pub fixed: Option<String>,
    /// Whether `--fix` would do something about it.
    pub fixable: bool,
}

impl Step {
    /// As it should be.
    pub fn ok(id: &str, detail: impl Into<String>) -> Self {
        Step::new(id, State::Ok, detail.into())
    }

    /// It works, and should be looked at.
    pub fn warn(id: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Step::new(id, State::Warn, detail.into()).remedy(remedy)
    }

    /// It does not work.
    pub fn fail(id: &str, kind: Kind, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Step::new(id, State::Fail(kind), detail.into()).remedy(remedy)
    }

    /// It could not be tried.
    pub fn skip(id: &str, why: impl Into<String>) -> Self {
        Step::new(id, State::Skip, why.into())
    }

    /// It does not work, as a failure says.
    pub fn failed(id: &str, failure: &Failure) -> Self {
        let step = Step::new(id, State::Fail(failure.kind), failure.fact.clone());
        Step { remedy: failure.remedy.clone(), ..step }
    }

    /// Adds what helps.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Step { remedy: Some(remedy.into()), ..self }
    }

    /// Says that `--fix` does something about it.
    #[must_use]
    pub fn fixable(self) -> Self {
        Step { fixable: true, ..self }
    }

    /// Says that it was mended: then it is as it should be.
    #[must_use]
    pub fn fixed(self, what: impl Into<String>) -> Self {
        Step { state: State::Ok, remedy: None, fixed: Some(what.into()), fixable: false, ..self }
    }

    fn new(id: &str, state: State, detail: String) -> Self {
        Step { id: id.to_owned(), state, detail, remedy: None, fixed: None, fixable: false }
    }

    /// Whether it stops what comes after it.
    pub fn is_failure(&self) -> bool {
        matches!(self.state, State::Fail(_))
    }
}

/// What was found, in parts. For a person each step is printed as soon as it is known.
pub struct Report {
    parts: Vec<(&'static str, String, Vec<Step>)>,
    json: bool,
    width: usize,
    notes: Vec<String>,
}

impl Report {
    /// Nothing was found yet.
    pub fn new(json: bool) -> Self {
        Report { parts: Vec::new(), json, width: table::width(), notes: Vec::new() }
    }

    /// Begins a part: its name for programs, and what it is about.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn part(&mut self, name: &'static str, about: String) -> anyhow::Result<()> {
        if !self.json {
            let (bold, gap) = (Style::new().bold(), if self.parts.is_empty() { "" } else { "\n" });
            print(format!("{gap}{bold}{}{bold:#}\n", one_line(&about)).as_bytes())?;
        }
        self.parts.push((name, about, Vec::new()));
        Ok(())
    }

    /// Adds a step to the last part.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn add(&mut self, step: Step) -> anyhow::Result<()> {
        if !self.json {
            print(lines(&step, self.width).as_bytes())?;
        }
        if let Some((.., steps)) = self.parts.last_mut() {
            steps.push(step);
        }
        Ok(())
    }

    /// Adds steps that were not tried for one reason. A person reads them in one line.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn skip_all(&mut self, ids: &[&str], why: &str) -> anyhow::Result<()> {
        if !self.json && !ids.is_empty() {
            let (name, what) = match ids {
                [only] => (*only, why.to_owned()),
                _ => ("…", format!("{}: {why}", ids.join(", "))),
            };
            print(lines(&Step::skip(name, what), self.width).as_bytes())?;
        }
        if let Some((.., steps)) = self.parts.last_mut() {
            steps.extend(ids.iter().map(|id| Step::skip(id, why)));
        }
        Ok(())
    }

    /// Adds a line to the end, for a person.
    pub fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    /// The end of it, for a person or for a program, and the exit code.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn finish(&self) -> anyhow::Result<ExitCode> {
        match self.json {
            true => print_json(&self.json())?,
            false => print(self.summary().as_bytes())?,
        };
        let failed = self.steps().find_map(|step| if let State::Fail(kind) = step.state { Some(kind) } else { None });
        Ok(failed.map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_code())))
    }

    /// All of it, for a program.
    pub fn json(&self) -> Value {
        let parts = self.parts.iter().map(|(name, about, steps)| {
            json!({ "part": name, "about": about, "steps": steps.iter().map(as_json).collect::<Vec<_>>() })
        });
        let count = |state: &str| self.steps().filter(|step| word(step.state) == state).count();
        json!({
            "schema_version": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "ok": count("FAIL") == 0,
            "failures": count("FAIL"),
            "warnings": count("WARN"),
            "parts": parts.collect::<Vec<_>>(),
        })
    }

    /// Whether the last part has a step of this name.
    pub fn has(&self, id: &str) -> bool {
        self.parts.last().is_some_and(|(.., steps)| steps.iter().any(|step| step.id == id))
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().flat_map(|(.., steps)| steps)
    }

    fn summary(&self) -> String {
        let count = |state: &str| self.steps().filter(|step| word(step.state) == state).count();
        let first = self.steps().find(|step| step.is_failure());
        let (failures, warnings) = (count("FAIL"), count("WARN"));
        let some = |number: usize, word: &str| match number {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{number} {word}s")),
        };
        let found: Vec<String> = [some(failures, "failure"), some(warnings, "warning")].into_iter().flatten().collect();
        let mut text = match (found.is_empty(), first) {
            (true, _) => "\nall is well\n".to_owned(),
            (false, None) => format!("\n{}; nothing is broken\n", found.join(", ")),
            (false, Some(step)) => format!("\n{}; the first to mend is {}\n", found.join(", "), step.id),
        };
        if self.steps().any(|step| step.fixable) {
            text += "  run: mcpbridge doctor --fix\n";
        }
        for note in &self.notes {
            text += &format!("  {note}\n");
        }
        text
    }
}

fn as_json(step: &Step) -> Value {
    let kind = if let State::Fail(kind) = step.state { Some(kind.code()) } else { None };
    json!({
        "id": step.id,
        "state": word(step.state).to_ascii_lowercase(),
        "detail": step.detail,
        "remedy": step.remedy,
        "kind": kind,
        "fixable": step.fixable,
        "fixed": step.fixed,
    })
}

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Warn => "WARN",
        State::Fail(_) => "FAIL",
        State::Skip => "SKIP",
    }
}

/// A step on the lines that it takes.
fn lines(step: &Step, width: usize) -> String {
    let mark = match step.state {
        State::Ok => Mark::Well,
        State::Warn => Mark::Look,
        State::Fail(_) => Mark::Wrong,
        State::Skip => Mark::Idle,
    };
    let (style, dim) = (mark.style(), Style::new().dimmed());
    let state = word(step.state);
    let indent = 2 + STATES + 1 + NAMES + 1;
    let room = width.saturating_sub(indent).max(NARROWEST);
    let mut text = format!("  {style}{state:<STATES$}{style:#} {:<NAMES$} ", step.id);
    // A name that is too long pushes its first line.
    let first = room.saturating_sub(step.id.chars().count().saturating_sub(NAMES)).max(NARROWEST);
    let body = |text: &str| if step.state == State::Skip { format!("{dim}{text}{dim:#}") } else { text.to_owned() };
    let margin = format!("\n{}", " ".repeat(indent));
    text +=
        &wrapped(&one_line(&step.detail), first, room).iter().map(|line| body(line)).collect::<Vec<_>>().join(&margin);
    text.push('\n');
    let more =
        [step.remedy.as_deref().map(|remedy| ("→ ", remedy)), step.fixed.as_deref().map(|done| ("mended: ", done))];
    for (mark, said) in more.into_iter().flatten() {
        let bold = Style::new().bold();
        let lines = wrapped(&format!("{mark}{}", one_line(said)), room, room);
        let lines: Vec<String> = lines.iter().map(|line| format!("{bold}{line}{bold:#}")).collect();
        text += &format!("{}{}\n", " ".repeat(indent), lines.join(&margin));
    }
    text
}

/// Columns of the state and of the name.
const STATES: usize = 4;
const NAMES: usize = 13;
/// Columns that a text has at least.
const NARROWEST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_laid_out_in_the_columns_that_there_are() {
        let step = Step::fail("dns", Kind::Unreachable, "no address for mcp.example.com", "check the name of the host");
        let text = anstream::adapter::strip_str(&lines(&step, 46)).to_string();
        let gap = " ".repeat(21);
        let wanted = format!(
            "  FAIL dns           no address for\n{gap}mcp.example.com\n{gap}→ check the name of the\n{gap}host\n"
        );
        assert_eq!(text, wanted);
        let piped = anstream::adapter::strip_str(&lines(&step, usize::MAX)).to_string();
        assert_eq!(piped.lines().count(), 2);
    }

    #[test]
    fn the_exit_code_is_that_of_the_first_failure() {
        let mut report = Report::new(true);
        report.part("server", "s".into()).unwrap();
        for step in [
            Step::warn("a", "b", "c"),
            Step::fail("tls", Kind::Unreachable, "b", "c"),
            Step::fail("token", Kind::SignInRequired, "b", "c").fixed("d"),
            Step::fail("http", Kind::Protocol, "b", "c"),
        ] {
            report.add(step).unwrap();
        }
        let json = report.json();
        assert_eq!((&json["ok"], &json["failures"], &json["warnings"]), (&json!(false), &json!(2), &json!(1)));
        assert_eq!(json["parts"][0]["steps"][1]["kind"], "unreachable");
        assert!(report.summary().contains("the first to mend is tls"));
    }
}
