//! `cargo bench`: mcpbridge, mcp-remote and a direct HTTP client, side by side.
//!
//! All of them talk to the same small server, in the same run, round by round in turn, so that a
//! noisy machine hits each alike: read the ratios first and the absolute numbers second. It
//! measures and never judges: a missed goal is a "no" in the table, not an exit code.
//!
//! The binary plays every part itself: started as `server` it is the remote MCP server (a process
//! of its own, so its CPU time is nobody else's), as `pipe` it is the bare process that echoes
//! its input and marks the floor of what any local child process costs.

mod certificate;
mod client;
mod direct;
mod editor;
mod goals;
mod instructions;
mod lab;
mod measures;
mod options;
mod plot;
mod process;
mod results;
mod rows;
mod saved;
mod server;
mod summary;
mod table;
mod wire;

use std::{
    env,
    io::{self, Read, Write},
    process::ExitCode,
};

use lab::Lab;
use options::Options;

fn main() -> ExitCode {
    // First of all, because `pipe` is what starts are compared with: it must do nothing else.
    let part = env::args().nth(1);
    let played = match part.as_deref() {
        Some("pipe") => pipe().map_err(Into::into),
        Some("server") => server::run(),
        _ => measure(),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("compare: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> anyhow::Result<()> {
    let Some(options) = Options::parse(env::args().skip(1))? else {
        return Ok(());
    };
    if options.draw {
        return saved::draw();
    }
    if options.instructions {
        let save = options.save;
        return instructions::run(&Lab::open(options)?, save);
    }
    let mut lab = Lab::open(options)?;
    for (name, measure) in measures::ALL {
        if lab.wants(name) {
            eprintln!("measuring {name}");
            measure(&mut lab);
        }
    }
    lab.report()
}

fn pipe() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    // Not io::copy: it may splice, and no relay can.
    let mut buffer = [0; 64 * 1024];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(()),
            n => output.write_all(&buffer[..n])?,
        }
        output.flush()?;
    }
}
