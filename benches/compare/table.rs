//! The numbers as they come, and as they are shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crate::{
    goals,
    lab::Subject,
    rows::{Row, Unit, rounded},
};

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
             A rate is better when higher: its ratio says how much of the other's it reaches.\n\n\
             {PLACEMENTS}\n\n"
        );
        self.numbers(&mut out);
        goals::render(self, &mut out);
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

    /// `None` where nothing was measured.
    pub fn median(&self, row: Row, subject: Subject) -> Option<f64> {
        let mut values = self.values(row, subject)?.clone();
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        Some(f64::midpoint(values[low], values[high]))
    }

    /// The bridge's part of another's.
    pub fn ratio(&self, row: Row, other: Subject) -> Option<f64> {
        let other = self.median(row, other).filter(|other| *other > 0.0)?;
        Some(self.median(row, Subject::Bridge)? / other)
    }

    /// 1 when it was so every time: for a promise, a median would hide the exception.
    pub fn always(&self, row: Row) -> Option<f64> {
        self.values(row, Subject::Bridge)?.iter().copied().reduce(f64::min)
    }
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

pub fn line(out: &mut String, text: &str) {
    // A String takes every write.
    let _ = writeln!(out, "{text}");
}

/// Why one call after another is measured three times.
const PLACEMENTS: &str = "\
A call that follows another is measured in three placements. A remote server never runs on the editor's core, so the one \
that tells most has the server on one core, and editor and bridge, or the direct client, on another; left to the scheduler, \
*direct* and its server often share a core and so wake no sleeping (virtual) processor, which a chain of three processes \
cannot do, and the figures compare placements more than programs.";
