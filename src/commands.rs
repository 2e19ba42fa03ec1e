//! One file per command: builds the parts from the arguments and calls one verb.

mod access;
mod add;
mod adopt;
mod arguments;
mod ask;
mod call;
mod client_metadata;
mod complete;
mod completions;
mod content;
mod demo;
mod doctor;
mod flow;
mod heard;
mod helper;
mod install;
mod invite;
mod lasting;
mod list;
mod listen;
mod login;
mod logout;
mod logs;
mod man;
mod mark;
mod moment;
mod named_url;
mod names;
mod overview;
mod prompts;
mod read;
mod remove;
mod replay;
mod request;
mod resources;
mod retyped;
mod run;
mod run_notes;
mod secret;
mod server;
mod shell;
mod status;
mod table;
mod terminal;
mod tools;
mod trust;
mod typed;
mod uninstall;
mod why;

use std::io::{ErrorKind, IsTerminal, Write};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use anstream::ColorChoice;
use anyhow::Context;
use tokio::runtime::Runtime;

#[cfg(unix)]
use crate::bridge::signals;
use crate::cli::{Color, Command, CommandLine};
use crate::failure::{Failure, Kind};
use crate::plain;

pub use names::words;

/// Does what the command line says.
///
/// # Errors
/// What went wrong, for [`crate::failure::report`].
pub fn run(line: CommandLine) -> anyhow::Result<ExitCode> {
    #[cfg(unix)]
    if let Ok(runtime) = event_loop() {
        let _within = runtime.enter();
        signals::outlive_large_files();
    }
    #[cfg(windows)]
    crate::stdio::keep_from_children();
    let flags = if line.command() == Some("add") { line.flags() } else { Vec::new() };
    let cli = names::settle(line)?;
    match cli.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    match (cli.command, cli.relay) {
        (Some(Command::Run(relay)), _) => run::run(&relay),
        (None, relay) if relay.server.is_some() => run::run(&relay),
        (Some(Command::Login(typed)), _) => login::run(&typed),
        (Some(Command::Logout(typed)), _) => logout::run(&typed),
        (Some(Command::Status(typed)), _) => status::run(&typed),
        (Some(Command::Logs(typed)), _) => logs::run(&typed),
        (Some(Command::Why(typed)), _) => why::run(&typed),
        (Some(Command::ClientMetadata(typed)), _) => client_metadata::run(&typed),
        (Some(Command::Secret(typed)), _) => secret::run(&typed.what),
        (Some(Command::Install(typed)), _) => install::run(&typed),
        (Some(Command::Uninstall(typed)), _) => uninstall::run(&typed),
        (Some(Command::Add(typed)), _) => add::run(&typed, &flags),
        (Some(Command::Remove(typed)), _) => remove::run(&typed),
        (Some(Command::List(typed)), _) => list::run(&typed),
        (Some(Command::Trust(typed)), _) => trust::run(&typed),
        (Some(Command::Tools(typed)), _) => tools::run(*typed.0),
        (Some(Command::Call(typed)), _) => call::run(*typed.0),
        (Some(Command::Prompts(typed)), _) => prompts::run(*typed.0),
        (Some(Command::Resources(typed)), _) => resources::run(*typed.0),
        (Some(Command::Read(typed)), _) => read::run(*typed.0),
        (Some(Command::Request(typed)), _) => request::run(*typed.0),
        (Some(Command::Listen(typed)), _) => listen::run(*typed.0),
        (Some(Command::Replay(typed)), _) => replay::run(&typed),
        (Some(Command::Adopt(typed)), _) => adopt::run(&typed),
        (Some(Command::Complete(typed)), _) => complete::run(&typed),
        (Some(Command::Doctor(typed)), _) => doctor::run(*typed.0),
        (Some(Command::Helper(typed)), _) => helper::run(&typed),
        (Some(Command::Demo(demo)), _) => demo::run(&demo),
        (Some(Command::Completions(completions)), _) => completions::run(completions.shell),
        (Some(Command::Man), _) => man::run(),
        (None, _) => overview::run(),
    }
}

/// Writes a result as one line of JSON to stdout.
fn print_json(result: &serde_json::Value) -> anyhow::Result<ExitCode> {
    print_raw(format!("{}\n", plain::json(&result.to_string())).as_bytes())
}

/// Writes a line of JSON in which what a server sent stands in its own spelling. At a terminal nothing of it is obeyed.
fn print_spelled(line: &str) -> anyhow::Result<ExitCode> {
    write_spelled(line).map(|_| ExitCode::SUCCESS)
}

/// The same, and whether somebody reads.
fn write_spelled(line: &str) -> anyhow::Result<bool> {
    match std::io::stdout().is_terminal() {
        true => write_raw(format!("{}\n", plain::json(line)).as_bytes()),
        false => write_raw(format!("{line}\n").as_bytes()),
    }
}

/// What a command waits in.
fn event_loop() -> anyhow::Result<Runtime> {
    let build = || {
        // tokio takes it for certain that there are descriptors for its own pipe, and panics without them.
        #[cfg(unix)]
        drop((UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?));
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    };
    build().context("no event loop")
}

/// Whether a person types here and sees what is printed.
fn is_at_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Writes a result to stdout, without its colours where nobody sees them. A reader that has seen
/// enough, such as `head`, is no error.
fn print(result: &[u8]) -> anyhow::Result<ExitCode> {
    write(result).map(|_| ExitCode::SUCCESS)
}

/// The same, and whether somebody reads.
fn write(result: &[u8]) -> anyhow::Result<bool> {
    written(&mut anstream::stdout(), result)
}

/// Writes a result byte for byte.
fn print_raw(result: &[u8]) -> anyhow::Result<ExitCode> {
    write_raw(result).map(|_| ExitCode::SUCCESS)
}

/// The same, and whether somebody reads: a reader that has seen enough is no error.
fn write_raw(result: &[u8]) -> anyhow::Result<bool> {
    written(&mut std::io::stdout().lock(), result)
}

/// Whether stdout has a reader, or may have one: a pipe tells when it has none, before anything is written.
fn is_read() -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdout = std::io::stdout();
        let mut ends = [PollFd::new(&stdout, PollFlags::empty())];
        let _ = poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        !ends[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
    }
    #[cfg(not(unix))]
    true
}

fn written(out: &mut impl Write, result: &[u8]) -> anyhow::Result<bool> {
    match out.write_all(result).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            let fact = format!("the result cannot be written to stdout: {error}");
            Err(Failure::new(Kind::Internal, fact).remedy("look at where stdout goes: is there room?").into())
        }
        Ok(()) => Ok(true),
    }
}
