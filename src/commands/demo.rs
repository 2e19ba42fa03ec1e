//! `mcpbridge demo`: a sample server on this machine, and a tour of a real session with it.

use std::env;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Context, Result};
use tempfile::TempDir;

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
    let (news, heard) = channel();
    let server = demo::start(Some(args.port.unwrap_or(PORT)), args.sign_in.then_some(news))?;
    let url = server.url();
    let wants = if args.sign_in { ", and wants a sign-in" } else { "" };
    screen.tell(&format!("The sample MCP server listens at {url}{wants}"))?;
    screen.tell("To use it in an editor, put this into the editor's MCP configuration:\n")?;
    screen.tell(&snippet(binary, &url))?;
    if args.sign_in {
        screen.tell(&format!(
            "\nOr try it in another terminal:\n\n    mcpbridge login {url}\n    mcpbridge status\n    mcpbridge logout {url}"
        ))?;
    }
    screen.tell("\nIt serves until it is interrupted (Ctrl-C).")?;
    if args.sign_in {
        screen.tell("Its tokens live for a minute, so a bridge that runs renews them while you watch:\n")?;
    }
    thread::spawn(move || {
        let mut screen = Screen::stdout();
        // Without a reader there is nobody to tell; serving goes on.
        while heard.recv().is_ok_and(|event| screen.tell(&format!("server: {event}")).is_ok()) {}
    });
    server.wait()
}

fn show(args: &Demo, binary: &Path, screen: &mut Screen) -> Result<()> {
    let scratch = TempDir::new().context("there is no place for the files of the tour")?;
    let bridge = || bridge(binary, scratch.path());
    let server = demo::start(args.port, None)?;
    let url = server.url();
    screen.tell(&format!(
        "A sample MCP server runs at {url}. The tour plays the editor: it starts\n\n    {} {url}\n\n\
         and talks to it over stdin and stdout, as every editor does with a local MCP server.",
        binary.display(),
    ))?;
    let mut relay = bridge();
    relay.arg(&url);
    tour::play(relay, screen).map_err(look_closer)?;
    drop(server);

    let (news, heard) = channel();
    let server = demo::start(None, Some(news))?;
    let url = server.url();
    screen.tell(&format!(
        "\nMost remote servers want a sign-in. Here is the same one behind such a sign-in, at {url}.\n\
         The tour plays the person at the browser too, and what is kept goes to a folder that it deletes at the end.",
    ))?;
    tour::play_sign_in(&bridge, &url, &heard, screen).map_err(look_closer)?;

    let port = args.port.filter(|port| *port != 0);
    let serve = match port {
        Some(port) => format!("mcpbridge demo --serve --port {port}"),
        None => "mcpbridge demo --serve".to_owned(),
    };
    screen.tell(&format!(
        "\nTo try it in an editor, run\n\n    {serve}\n\nin a terminal (with --sign-in for the sign-in in your browser) \
         and put this into the editor's MCP configuration:\n\n{}",
        snippet(binary, &demo::url(port.unwrap_or(PORT))),
    ))?;
    screen.tell("\nFor a real server, put its URL in the place of the sample's, here and in the editor:\n")?;
    screen.tell("    mcpbridge https://mcp.example.com/mcp")
}

/// This same program. The tour shows the bridge as it is, so the person's own settings stay out of it: a filter could hide
/// a tool of the tour, and a header may be a credential meant for another server. It keeps what it keeps in `scratch`,
/// and asks no keychain.
fn bridge(binary: &Path, scratch: &Path) -> Command {
    let mut bridge = Command::new(binary);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("MCPBRIDGE_") {
            bridge.env_remove(name);
        }
    }
    // The tour is the person, also where nobody is.
    bridge.env_remove("CI");
    bridge.env("MCPBRIDGE_CONFIG_DIR", scratch).env("MCPBRIDGE_CREDENTIAL_STORE", "file");
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
