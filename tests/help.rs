//! What is written down about the program is what the program says of itself: the completions that
//! are kept in the repository, and the README's table of flags.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_completions_in_the_repository_are_those_of_the_program() {
    for (shell, file) in [
        ("bash", "mcpbridge.bash"),
        ("zsh", "_mcpbridge"),
        ("fish", "mcpbridge.fish"),
        ("powershell", "_mcpbridge.ps1"),
        ("elvish", "mcpbridge.elv"),
    ] {
        let path = format!("completions/{file}");
        assert!(
            mcpbridge(&["completions", shell]) == read(&path),
            "`mcpbridge completions {shell}` does not print {path}"
        );
    }
}

#[test]
fn the_table_in_the_readme_has_every_flag_with_its_variable_and_default() {
    let told = flags(&mcpbridge(&["run", "--help"]));
    let written = table(&read("README.md"));
    for (name, flag) in &told {
        let row = written.get(name).unwrap_or_else(|| panic!("the README's table of flags lacks --{name}"));
        assert_eq!(row, flag, "the README's row of --{name} (left) is not what --help says (right)");
    }
    for name in written.keys() {
        assert!(told.contains_key(name), "the README has a flag --{name}, which --help does not know");
    }
}

#[test]
fn the_long_and_the_short_form_of_the_relay_have_the_same_flags() {
    assert_eq!(flags(&mcpbridge(&["--help"])), flags(&mcpbridge(&["run", "--help"])));
}

#[test]
fn the_readme_names_every_command() {
    let (help, readme) = (mcpbridge(&["--help"]), read("README.md"));
    let names = commands(&help);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(names.contains(&"run") && names.contains(&"demo"), "the commands cannot be read from --help: {names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(readme.contains(&format!("`mcpbridge {name}")), "the README does not say what `mcpbridge {name}` does");
    }
}

#[test]
fn the_exit_codes_in_the_readme_are_those_of_the_help() {
    let readme = read("README.md");
    let table = readme.lines().skip_while(|line| *line != "| Exit code | |").skip(2);
    let written: Vec<&str> = table
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .collect();
    assert!(written.len() > 5, "the README has no table of exit codes: {written:?}");
    for columns in ["80", "100"] {
        let help = ran(&["--help"], &[("COLUMNS", columns)]);
        let (_, codes) = help.split_once("\nExit codes:\n").expect("--help names no exit codes");
        let told: Vec<&str> = codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(told, written, "at {columns} columns each line has one code: {codes}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn the_manual_page_has_every_command_and_flag_of_the_help_and_names_no_other_page() {
    let page = mcpbridge(&["man"]).replace("\\-", "-");
    let section = |name: &str| page.lines().position(|line| line.trim_matches('"') == name);
    for name in [".SH EXAMPLES", ".SH \"EXIT STATUS", ".SH COMMANDS"] {
        assert!(section(name).is_some(), "the manual page has no {name}");
    }
    assert!(section(".SH EXTRA").is_none() && !page.contains("mcpbridge-"), "{page}");
    for command in commands(&mcpbridge(&["--help"])).iter().filter(|command| *command != "help") {
        let begins = format!(".SS \"mcpbridge {command}\"");
        let (_, about) = page.split_once(&begins).unwrap_or_else(|| panic!("the manual page lacks {begins}"));
        let about = about.split("\n.S").next().unwrap_or_default();
        for flag in long_flags(&mcpbridge(&[command.as_str(), "--help"])) {
            let there = about.split(|c: char| c != '-' && !c.is_alphanumeric()).any(|word| word == flag.as_str())
                || about.contains(&format!("fB{flag}\\fR"));
            assert!(there, "what the manual page says of {command} lacks {flag}: {about}");
        }
    }
}

#[test]
fn a_mistake_is_told_to_a_program_with_what_is_missing_and_the_command_that_helps() {
    for (args, message, hint) in [
        (&["call", "u", "--json"][..], "arguments were not provided: <TOOL>", "mcpbridge call --help"),
        (&["secret", "set", "--json"], "arguments were not provided: <NAME>", "mcpbridge secret set --help"),
        (&["man", "--json"], "unexpected argument '--json'", "mcpbridge man --help"),
        (&["replay", "r", "--json"], "unexpected argument '--json'", "mcpbridge replay --help"),
        (&["completions", "bash", "--json"], "unexpected argument '--json'", "mcpbridge completions --help"),
        (
            &["tools", "u", "--transport", "x", "--json"],
            "invalid value 'x'",
            "http-first, sse-first, http-only, sse-only are expected",
        ),
        (&["status", "--exit-zeroo", "--json"], "unexpected argument '--exit-zeroo'", "'--exit-zero'"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_mcpbridge")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let told: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(told["error"]["message"].as_str().unwrap().contains(message), "{args:?}: {told}");
        assert!(told["error"]["hint"].as_str().unwrap().contains(hint), "{args:?}: {told}");
    }
}

/// The names of the commands in a help text. A long line of it is wrapped, and goes on below its text.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The flags that a help text documents.
fn long_flags(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    let flags = lines.filter_map(|line| line.find("--").map(|at| &line[at..]));
    let flags = flags.filter_map(|line| line.split([' ', '=', '[']).next()).map(str::to_owned);
    flags.filter(|flag| !["--help", "--version"].contains(&flag.as_str())).collect()
}

/// A flag, as far as both sides can say it.
#[derive(Debug, PartialEq)]
struct Flag {
    variable: String,
    default: String,
}

/// The flags in a help text. A long line of it is wrapped, so the variable is built from the name,
/// and compared where it stands on one line; tests/flags.rs holds that variables work.
fn flags(help: &str) -> BTreeMap<String, Flag> {
    let mut flags = BTreeMap::new();
    let mut current = None;
    for line in help.lines().map(str::trim) {
        if let Some(at) = line.find("--").filter(|at| *at == 0 || line.starts_with('-')) {
            let mut words = line[at + 2..].splitn(2, ' ');
            let name = words.next().unwrap_or_default().to_owned();
            let default = if words.next().is_some() { "none" } else { "off" };
            let variable = format!("`MCPBRIDGE_{}`", name.replace('-', "_").to_uppercase());
            flags.insert(name.clone(), Flag { variable, default: default.to_owned() });
            current = Some(name);
        }
        let Some(flag) = current.as_ref().and_then(|name| flags.get_mut(name)) else { continue };
        if let Some(default) = between(line, "[default: ", "]") {
            flag.default = format!("`{default}`");
        }
        if let Some(variable) = between(line, "[env: ", "]") {
            assert_eq!(flag.variable, format!("`{variable}`"), "--{current:?} has an unusual variable");
        }
    }
    // Not settings.
    flags.retain(|name, _| name != "help" && name != "version");
    assert!(flags.len() > 10, "the flags cannot be read from the help: {flags:?}");
    flags
}

/// The rows below `| Flag | Variable | Default | Meaning |` in the README.
fn table(readme: &str) -> BTreeMap<String, Flag> {
    let mut rows = BTreeMap::new();
    let head = readme.lines().skip_while(|line| *line != "| Flag | Variable | Default | Meaning |");
    for line in head.skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, flag, variable, default, meaning, ""] = cells.as_slice() else {
            panic!("not a row of four cells: {line}");
        };
        assert!(!meaning.is_empty(), "{line}");
        let name = flag.trim_matches('`').trim_start_matches("--");
        let name = name.split(' ').next().unwrap_or_default().to_owned();
        let flag = Flag { variable: variable.to_string(), default: default.to_string() };
        assert!(rows.insert(name, flag).is_none(), "twice in the README: {line}");
    }
    rows
}

fn between<'a>(line: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(line.split_once(start)?.1.split_once(end)?.0)
}

fn mcpbridge(args: &[&str]) -> String {
    ran(args, &[])
}

fn ran(args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpbridge"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MCPBRIDGE_") {
            command.env_remove(name);
        }
    }
    let output = command.args(args).envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    lines(String::from_utf8(output.stdout).unwrap())
}

fn read(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    lines(fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// A checkout on Windows may have other line ends.
fn lines(text: String) -> String {
    text.replace("\r\n", "\n")
}
