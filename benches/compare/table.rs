//! The numbers, and what the goals say about them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crate::lab::Subject;

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row {
    name: &'static str,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Ms,
    Us,
    Mb,
    MbPerSecond,
    PerSecond,
    Count,
    YesNo,
}

/// Everything that is measured, in no order: rows appear as they are first filled.
pub mod row {
    use super::{
        Row,
        Unit::{Count, Mb, MbPerSecond, Ms, PerSecond, Us, YesNo},
    };

    const fn of(name: &'static str, unit: super::Unit) -> Row {
        Row { name, unit }
    }

    pub const BINARY: Row = of("binary", Mb);
    pub const START: Row = of("start to the answer of `initialize`", Ms);
    pub const START_CPU: Row = of("CPU to the first `tools/list`", Ms);
    pub const ECHO_P50: Row = of("echo, p50", Us);
    pub const ECHO_P99: Row = of("echo, p99", Us);
    pub const ECHO_CPU: Row = of("echo, CPU per call", Us);
    pub const SSE_P50: Row = of("echo answered as an event stream, p50", Us);
    pub const SSE_P99: Row = of("echo answered as an event stream, p99", Us);
    pub const SSE_CPU: Row = of("echo answered as an event stream, CPU per call", Us);
    pub const ONE_CORE_P50: Row = of("echo, all on one core, p50", Us);
    pub const ONE_CORE_P99: Row = of("echo, all on one core, p99", Us);
    pub const ONE_CORE_CPU: Row = of("echo, all on one core, CPU per call", Us);
    pub const ECHO_PEAK: Row = of("echo, peak memory", Mb);
    pub const INFLIGHT: Row = of("64 in flight, calls", PerSecond);
    pub const INFLIGHT_CPU: Row = of("64 in flight, CPU per call", Us);
    pub const INFLIGHT_PEAK: Row = of("64 in flight, peak memory", Mb);
    pub const STREAM: Row = of("notifications on one stream", PerSecond);
    pub const STREAM_CPU: Row = of("notifications, CPU each", Us);
    pub const JOINED: Row = of("notifications, 500 to an HTTP chunk", PerSecond);
    pub const JOINED_CPU: Row = of("notifications, 500 to an HTTP chunk, CPU each", Us);
    pub const STREAM_PEAK: Row = of("notifications, peak memory", Mb);
    pub const UP_1: Row = of("1 MB up", MbPerSecond);
    pub const DOWN_1: Row = of("1 MB down", MbPerSecond);
    pub const UP_1_PEAK: Row = of("1 MB up, peak memory", Mb);
    pub const DOWN_1_PEAK: Row = of("1 MB down, peak memory", Mb);
    pub const UP_16: Row = of("16 MB up", MbPerSecond);
    pub const DOWN_16: Row = of("16 MB down", MbPerSecond);
    pub const UP_16_PEAK: Row = of("16 MB up, peak memory", Mb);
    pub const DOWN_16_PEAK: Row = of("16 MB down, peak memory", Mb);
    pub const IDLE_MEMORY: Row = of("idle memory", Mb);
    pub const WAKEUPS: Row = of("idle wakeups", PerSecond);
    pub const THREADS: Row = of("threads", Count);
    pub const BURST: Row = of("1000 calls of 500 ms at once", Ms);
    pub const BURST_GROWTH: Row = of("1000 at once, memory growth", Mb);
    pub const EXIT_IDLE: Row = of("exit at EOF, idle", Ms);
    pub const EXIT_IDLE_DELETE: Row = of("exit, idle: DELETE sent", YesNo);
    pub const EXIT_BUSY: Row = of("exit at EOF, 150 ms before an answer", Ms);
    pub const EXIT_BUSY_DELETE: Row = of("exit, busy: DELETE sent", YesNo);
    pub const EXIT_ANSWER: Row = of("exit, busy: answer delivered", YesNo);
}

impl Row {
    pub fn name(self) -> &'static str {
        self.name
    }
}

#[derive(Default)]
pub struct Table {
    rows: Vec<(Row, BTreeMap<Subject, Vec<f64>>)>,
    notes: BTreeSet<String>,
}

impl Table {
    pub fn add(&mut self, row: Row, subject: Subject, value: f64) {
        let at = self.rows.iter().position(|(known, _)| *known == row).unwrap_or_else(|| {
            self.rows.push((row, BTreeMap::new()));
            self.rows.len() - 1
        });
        self.rows[at].1.entry(subject).or_default().push(value);
    }

    pub fn add_known(&mut self, row: Row, subject: Subject, value: Option<f64>) {
        if let Some(value) = value {
            self.add(row, subject, value);
        }
    }

    pub fn note(&mut self, note: String) {
        eprintln!("{note}");
        self.notes.insert(note);
    }

    pub fn render(&self, machine: &str, rounds: usize) -> String {
        let mut out = format!(
            "Machine: {machine}.\n\n\
             Medians of {rounds} interleaved rounds; MB are 2^20 bytes. *direct* is a hand-written keep-alive HTTP client, \
             *pipe* a bare process that echoes its input, mcp-remote is started without npx. \
             A rate is better when higher: its ratio says how much of the other's it reaches.\n\n"
        );
        self.numbers(&mut out);
        self.goals(&mut out);
        self.raw(&mut out);
        if !self.notes.is_empty() {
            line(&mut out, "\nNotes:\n");
            for note in &self.notes {
                line(&mut out, &format!("- {note}"));
            }
        }
        out
    }

    fn numbers(&self, out: &mut String) {
        let subjects = self.subjects();
        let others: Vec<_> =
            subjects.iter().copied().filter(|other| !matches!(other, Subject::Bridge | Subject::Pipe)).collect();
        let ratios = others.iter().map(|other| format!("{} / {}", Subject::Bridge.name(), other.name()));
        heading(out, subjects.iter().map(|subject| subject.name().to_owned()).chain(ratios));
        for (row, _) in &self.rows {
            let value = |subject: &_| self.median(*row, *subject).map(|value| row.unit.show(value));
            let ratio = |other: &_| match self.ratio(*row, *other) {
                Some(ratio) if row.unit != Unit::YesNo => Some(format!("{}×", rounded(ratio))),
                _ => None,
            };
            cells(out, *row, subjects.iter().map(value).chain(others.iter().map(ratio)));
        }
    }

    /// The columns: the other build has one when it was measured.
    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = Subject::EVERY.to_vec();
        if self.rows.iter().any(|(_, values)| values.contains_key(&Subject::Other)) {
            subjects.push(Subject::Other);
        }
        subjects
    }

    fn goals(&self, out: &mut String) {
        use Subject::{Bridge, Direct, McpRemote, Pipe};
        let own = |row| self.median(row, Bridge);
        let against = |row, other| self.ratio(row, other);
        let goals = [
            Goal::at_most("start, times a bare process", against(row::START, Pipe), 10.0, 4.0),
            Goal::at_most("start, part of mcp-remote's", against(row::START, McpRemote), 0.02, 0.02),
            Goal::at_most("CPU to the first list, ms", own(row::START_CPU), 10.0, 4.0),
            Goal::at_most("echo p50, times direct", against(row::ECHO_P50, Direct), 4.0, 2.5),
            Goal::at_most("echo p50, part of mcp-remote's", against(row::ECHO_P50, McpRemote), 0.05, 0.05),
            Goal::at_most("CPU per call, µs", own(row::ECHO_CPU), 60.0, 30.0),
            Goal::at_most("echo p50 on one core, times direct", against(row::ONE_CORE_P50, Direct), 4.0, 2.5),
            Goal::at_most(
                "echo p50 on one core, part of mcp-remote's",
                against(row::ONE_CORE_P50, McpRemote),
                0.05,
                0.05,
            ),
            Goal::at_most("CPU per call on one core, µs", own(row::ONE_CORE_CPU), 60.0, 30.0),
            Goal::at_least("64 in flight, part of direct's", against(row::INFLIGHT, Direct), 0.3, 0.5),
            Goal::at_least("64 in flight, times mcp-remote's", against(row::INFLIGHT, McpRemote), 15.0, 15.0),
            Goal::at_least("notifications/s, in order, none lost", own(row::STREAM), 1e5, 5e5),
            Goal::at_most("idle memory, MB", own(row::IDLE_MEMORY), 10.0, 6.0),
            Goal::at_most("peak memory after the calls, MB", own(row::INFLIGHT_PEAK), 20.0, 10.0),
            Goal::at_most("idle wakeups per second", own(row::WAKEUPS), 0.5, 0.0),
            Goal::at_most("threads", own(row::THREADS), 4.0, 2.0),
            Goal::at_least("16 MB up, part of direct's", against(row::UP_16, Direct), 0.4, 0.4),
            Goal::at_least("16 MB down, part of direct's", against(row::DOWN_16, Direct), 0.4, 0.4),
            Goal::at_most("peak memory, 16 MB up, MB", own(row::UP_16_PEAK), 60.0, 40.0),
            Goal::at_most("peak memory, 16 MB down, MB", own(row::DOWN_16_PEAK), 60.0, 40.0),
            Goal::at_most("1000 at once, ms", own(row::BURST), 1500.0, 1200.0),
            Goal::at_most("1000 at once, memory growth, MB", own(row::BURST_GROWTH), 30.0, 30.0),
            Goal::at_most("exit idle, ms", own(row::EXIT_IDLE), 100.0, 20.0),
            Goal::at_most("exit with a call under way, ms", own(row::EXIT_BUSY), 500.0, 500.0),
            Goal::at_least("exit: DELETE sent, idle", self.always(row::EXIT_IDLE_DELETE), 1.0, 1.0),
            Goal::at_least("exit: DELETE sent, busy", self.always(row::EXIT_BUSY_DELETE), 1.0, 1.0),
            Goal::at_least("exit: pending answer delivered", self.always(row::EXIT_ANSWER), 1.0, 1.0),
            Goal::at_most("binary, MB", own(row::BINARY), 10.0, 6.0),
        ];
        line(out, "\n| goal | bar | met | aim | met | mcpbridge |");
        line(out, "| --- | ---: | --- | ---: | --- | ---: |");
        for goal in goals {
            // A goal that was not measured says so: a filter or a missing program is no failure.
            let met = |bar| match goal.value {
                None => "not measured",
                Some(value) if goal.at_most && value <= bar => "yes",
                Some(value) if !goal.at_most && value >= bar => "yes",
                Some(_) => "**no**",
            };
            let sign = if goal.at_most { "≤" } else { "≥" };
            let (name, bar, aim) = (goal.name, goal.bar, goal.aim);
            let value = goal.value.map_or("–".to_owned(), rounded);
            line(
                out,
                &format!(
                    "| {name} | {sign} {} | {} | {sign} {} | {} | {value} |",
                    rounded(bar),
                    met(bar),
                    rounded(aim),
                    met(aim),
                ),
            );
        }
    }

    /// The spread: from the lowest to the highest of the single measurements.
    fn raw(&self, out: &mut String) {
        line(out, "\n<details><summary>Lowest to highest of the single measurements</summary>\n");
        let subjects = self.subjects();
        heading(out, subjects.iter().map(|subject| subject.name().to_owned()));
        for (row, values) in &self.rows {
            if row.unit == Unit::YesNo || values.values().all(|values| values.len() < 2) {
                continue;
            }
            let spread = |subject| {
                let values: &Vec<f64> = values.get(subject)?;
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(0.0, f64::max);
                let times = values.len();
                Some(format!("{} … {} ({times})", row.unit.show(low), row.unit.show(high)))
            };
            cells(out, *row, subjects.iter().map(spread));
        }
        line(out, "\n</details>");
    }

    fn values(&self, row: Row, subject: Subject) -> Option<&Vec<f64>> {
        self.rows.iter().find(|(known, _)| *known == row)?.1.get(&subject)
    }

    fn median(&self, row: Row, subject: Subject) -> Option<f64> {
        let mut values = self.values(row, subject)?.clone();
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        Some(f64::midpoint(values[low], values[high]))
    }

    fn ratio(&self, row: Row, other: Subject) -> Option<f64> {
        let other = self.median(row, other).filter(|other| *other > 0.0)?;
        Some(self.median(row, Subject::Bridge)? / other)
    }

    /// 1 when it was so every time: for a promise, a median would hide the exception.
    fn always(&self, row: Row) -> Option<f64> {
        self.values(row, Subject::Bridge)?.iter().copied().reduce(f64::min)
    }
}

struct Goal {
    name: &'static str,
    value: Option<f64>,
    bar: f64,
    aim: f64,
    at_most: bool,
}

impl Goal {
    fn at_most(name: &'static str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name, value, bar, aim, at_most: true }
    }

    fn at_least(name: &'static str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name, value, bar, aim, at_most: false }
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Ms => ", ms",
            Self::Us => ", µs",
            Self::Mb => ", MB",
            Self::MbPerSecond => ", MB/s",
            Self::PerSecond => ", per second",
            Self::Count | Self::YesNo => "",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::YesNo if value > 0.0 => "yes".to_owned(),
            Self::YesNo => "no".to_owned(),
            _ => rounded(value),
        }
    }
}

/// Three digits that count, and a space between thousands.
fn rounded(value: f64) -> String {
    let plain = match value {
        0.0 => "0".to_owned(),
        _ if value < 0.1 => format!("{value:.4}"),
        _ if value < 1.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    let plain = match plain.split_once('.') {
        Some(_) => plain.trim_end_matches('0').trim_end_matches('.'),
        None => &plain,
    };
    if value < 10_000.0 {
        return plain.to_owned();
    }
    let mut grouped = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

fn heading(out: &mut String, columns: impl Iterator<Item = String>) {
    let columns: Vec<_> = columns.collect();
    line(out, &format!("| measured | {} |", columns.join(" | ")));
    line(out, &format!("| --- |{}", " ---: |".repeat(columns.len())));
}

fn cells(out: &mut String, row: Row, cells: impl Iterator<Item = Option<String>>) {
    let cells: Vec<_> = cells.map(|cell| cell.unwrap_or("–".to_owned())).collect();
    line(out, &format!("| {}{} | {} |", row.name, row.unit.name(), cells.join(" | ")));
}

fn line(out: &mut String, text: &str) {
    // A String takes every write.
    let _ = writeln!(out, "{text}");
}
