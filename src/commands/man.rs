//! `mcpbridge man`: one page, with a section for each command.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Prints the manual page.
///
/// # Errors
/// stdout cannot be written.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut whole = crate::cli::command();
    whole.build();
    let mut page = Vec::new();
    let man = Man::new(whole.clone());
    man.render_title(&mut page)?;
    // A hyphen at the end of a line would be copied along with the example.
    Roff::new().control("nh", []).to_writer(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    section("COMMANDS").to_writer(&mut page)?;
    for command in commands(&whole) {
        about(command, &whole, &mut page)?;
    }
    let after = whole.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (flags, rest) = after.split_once("\n\nExamples:\n").unwrap_or((&after, ""));
    let (examples, codes) = rest.split_once("\n\nExit codes:\n").unwrap_or((rest, ""));
    let mut roff = section("ENVIRONMENT AND FILES");
    roff.text([roman(flags)]);
    roff.control("SH", ["EXAMPLES"]);
    for example in examples.lines() {
        roff.control("PP", []).text([roman(example.trim())]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in codes.lines().filter_map(|line| line.trim().split_once(' ')) {
        roff.control("TP", []).text([bold(code)]).text([roman(meaning.trim())]);
    }
    roff.to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    super::print(&page)
}

/// Those that a person types, with those below them.
fn commands(of: &Command) -> Vec<&Command> {
    let visible = of.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    visible.flat_map(|command| [vec![command], commands(command)].concat()).collect()
}

/// One command: what it does, how it is typed, and the flags that are its own. Those of the relay stand
/// once, at the top of the page.
fn about(command: &Command, whole: &Command, page: &mut dyn Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    // `add` takes the flags without their variables.
    let help = |arg: &Arg| arg.get_help().map(ToString::to_string).unwrap_or_default();
    let is_shared = |arg: &Arg| {
        let of_the_relay = whole.get_arguments().find(|known| known.get_id() == arg.get_id());
        arg.get_long().is_some() && of_the_relay.is_some_and(|known| help(known).starts_with(&help(arg)))
    };
    let is_shown = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    let (shared, own): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(is_shown).partition(|arg| is_shared(arg));
    let mut roff = Roff::new();
    let usage = command.clone().render_usage().to_string();
    roff.control("SS", [name]).text([bold(usage.trim_start_matches("Usage: "))]);
    roff.control("PP", []).text([roman(command.get_about().map(ToString::to_string).unwrap_or_default())]);
    roff.to_writer(page)?;
    if !own.is_empty() {
        let own = own.into_iter().map(|arg| arg.clone().help_heading(None));
        let alone = Command::new("mcpbridge").disable_help_flag(true).disable_version_flag(true).args(own);
        let mut options = Vec::new();
        Man::new(alone).render_options_section(&mut options)?;
        // They belong to the command, and are no section of the page.
        let options = String::from_utf8_lossy(&options);
        let lines: Vec<&str> = options.lines().filter(|line| *line != ".SH OPTIONS").collect();
        writeln!(page, "{}", lines.join("\n"))?;
    }
    if shared.is_empty() {
        return Ok(());
    }
    let flags: Vec<String> = shared.iter().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    let mut roff = Roff::new();
    roff.control("PP", []).text([roman(format!("And, as above: {}", flags.join(", ")))]);
    roff.to_writer(page)
}

fn section(name: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [name]);
    roff
}
