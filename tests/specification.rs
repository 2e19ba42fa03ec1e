//! What tests/SPECIFICATION.md and SECURITY.md say is there: every test that they name, and one for every duty
//! and every threat.

use std::fs;
use std::path::Path;

#[test]
fn every_duty_has_a_test_that_is_there_or_a_reason() {
    hold("tests/SPECIFICATION.md", 50);
}

#[test]
fn every_threat_has_a_test_that_is_there() {
    hold("SECURITY.md", 30);
}

/// Each row of the tables in `file`, of which there are more than `least`.
fn hold(file: &str, least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(file)).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    assert!(rows.len() > least, "the tables of {file} were not found");
    let mut wrong = Vec::new();
    for row in rows.into_iter().filter(|row| !row.ends_with("| Test |")) {
        let (duty, tests) = row.trim_end_matches('|').rsplit_once(" | ").unwrap_or_else(|| panic!("no column: {row}"));
        if tests.starts_with("Not tested: ") {
            continue;
        }
        let named = named(tests);
        if named.is_empty() {
            wrong.push(format!("{duty}: no test and no reason"));
        }
        for (file, test) in named {
            match fs::read_to_string(root.join(file)) {
                Ok(source) if has(&source, file, test) => {}
                Ok(_) => wrong.push(format!("{file} has no {test}")),
                Err(error) => wrong.push(format!("{file}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_is_named_is_found_in_its_file() {
    let tests = "`a.rs`: one_test, another_one; `b.txt`: \"A title; with, marks\", \"another\"";
    let expected =
        [("a.rs", "one_test"), ("a.rs", "another_one"), ("b.txt", "A title; with, marks"), ("b.txt", "another")];
    assert_eq!(named(tests), expected);
    assert!(has("#[test]\nfn one_test() {", "a.rs", "one_test") && !has("fn one_test() {", "a.rs", "one_test"));
    assert!(!has("#[test]\nfn one_test_more() {", "a.rs", "one_test"));
    assert!(!has("#[test]\n#[ignore = \"long\"]\nfn one_test() {", "a.rs", "one_test"));
    assert!(has("== A title\n", "b.txt", "A ti") && !has("editor> A title\n", "b.txt", "A ti"));
}

/// The tests in a cell, each with its file: `file`: names, or titles in quotation marks.
fn named(tests: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut parts = tests.split('`').skip(1);
    while let (Some(file), Some(names)) = (parts.next(), parts.next()) {
        let quoted = names.contains('"');
        let names: Vec<&str> = if quoted {
            names.split('"').skip(1).step_by(2).collect()
        } else {
            names.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty()).collect()
        };
        all.extend(names.into_iter().map(|name| (file, name)));
    }
    all
}

fn has(source: &str, file: &str, test: &str) -> bool {
    let begins = |line: &str| line.trim_start().starts_with(&format!("fn {test}("));
    let lines: Vec<&str> = source.lines().collect();
    match file.rsplit_once('.').map(|(_, end)| end) {
        // Between the attribute and the function may stand others.
        Some("rs") => lines.iter().enumerate().any(|(at, line)| {
            let line = line.trim_start().trim_start_matches("async ");
            let above = &lines[at.saturating_sub(3)..at];
            begins(line)
                && above.iter().any(|line| line.contains("test]") || line.contains("::test("))
                // What `cargo test` leaves out holds nothing from day to day.
                && !above.iter().any(|line| line.contains("#[ignore"))
        }),
        Some("txt") => lines.iter().any(|line| line.starts_with(&format!("== {test}"))),
        _ => source.contains(test),
    }
}
