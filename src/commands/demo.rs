//! `mcpbridge demo`: a sample server on this machine, and a tour of a real session with it.

use std::env;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cli::Demo;
use crate::demo;
use crate::demo::tour::{self, Screen};
use crate::failure::Failure;

/// Plays the tour, or only serves.
pub fn run(args: &Demo) -> Result<ExitCode> {
    let binary = env::current_exe().context("the path of this program is unknown")?;
    let mut screen = Screen::stdout();
    let outcome = match args.serve {
        true => serve(args, &binary, &mut screen),
        false => show(args, &binary, &mut screen),
    };
    match outcome {
        // Whoever read along has seen enough, as in `mcpbridge demo | head`.
        Err(err) if err.downcast_ref::<io::Error>().is_some_and(|err| err.kind() == io::ErrorKind::BrokenPipe) => {}
        other => other?,
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(args: &Demo, binary: &Path, screen: &mut Screen) -> Result<()> {
    let server = demo::start(Some(args.port.unwrap_or(PORT)))?;
    screen.tell(&format!("The sample MCP server listens at {}", server.url()))?;
    screen.tell("To use it in an editor, put this into the editor's MCP configuration:\n")?;
    screen.tell(&snippet(binary, &server.url()))?;
    screen.tell("\nIt serves until it is interrupted (Ctrl-C).")?;
    server.wait()
}

fn show(args: &Demo, binary: &Path, screen: &mut Screen) -> Result<()> {
    let server = demo::start(args.port)?;
    screen.tell(&format!(
        "A sample MCP server runs at {url}. The tour plays the editor: it starts\n\n    {} {url}\n\n\
         and talks to it over stdin and stdout, as every editor does with a local MCP server.",
        binary.display(),
        url = server.url(),
    ))?;
    tour::play(bridge(binary, &server.url()), screen).map_err(look_closer)?;

    let port = args.port.filter(|port| *port != 0);
    let serve = match port {
        Some(port) => format!("mcpbridge demo --serve --port {port}"),
        None => "mcpbridge demo --serve".to_owned(),
    };
    screen.tell(&format!(
        "\nTo try it in an editor, run\n\n    {serve}\n\nin a terminal and put this into the editor's MCP configuration:\n\n{}",
        snippet(binary, &demo::url(port.unwrap_or(PORT))),
    ))?;
    screen.tell("\nFor a real server, put its URL in the place of the sample's, here and in the editor:\n")?;
    screen.tell("    mcpbridge https://mcp.example.com/mcp")
}

/// This same program as the relay. The tour shows the bridge as it is, so the person's own settings stay out of it:
/// a filter could hide a tool of the tour, and a header may be a credential meant for another server.
fn bridge(binary: &Path, url: &str) -> Command {
    let mut bridge = Command::new(binary);
    bridge.arg(url);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("MCPBRIDGE_") {
            bridge.env_remove(name);
        }
    }
    bridge
}

/// A step that failed says what, seldom why: the way to find out is the same for all of them.
fn look_closer(err: anyhow::Error) -> anyhow::Error {
    let remedy = format!(
        "to look closer run `mcpbridge demo --serve`, and in another terminal `mcpbridge {} --debug`",
        demo::url(PORT)
    );
    match err.downcast::<Failure>() {
        Ok(failure) => failure.remedy(remedy).into(),
        Err(err) => err,
    }
}

/// The entry of an editor's configuration. Written by hand, so that the members stand in the order people know.
fn snippet(binary: &Path, url: &str) -> String {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        r#"{{
  "mcpServers": {{
    "mcpbridge-demo": {{
      "command": {},
      "args": [{}]
    }}
  }}
}}

(VS Code calls the outer key "servers", Zed "context_servers".)"#,
        quote(&binary.to_string_lossy()),
        quote(url),
    )
}

/// Where `--serve` listens when no port is named. Fixed, so that an entry in an editor's configuration stays valid.
const PORT: u16 = 7832;
