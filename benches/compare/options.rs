//! What of it is to be measured.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::measures;

#[derive(Default)]
pub struct Options {
    pub quick: bool,
    pub save: bool,
    /// The table and the plot from what was saved; nothing is measured.
    pub draw: bool,
    /// Count what is executed instead of measuring how long it takes.
    pub instructions: bool,
    /// Parts of names; empty means everything.
    pub parts: Vec<String>,
    /// One whole name, for a look between two edits.
    pub only: Option<String>,
    /// Another build of the bridge, measured in turns with the first.
    pub against: Option<PathBuf>,
}

impl Options {
    /// `None` when there is nothing to measure.
    pub fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let mut options = Self::default();
        let mut benching = false;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                // What cargo adds, and what tells `cargo bench` from `cargo test --benches`.
                "--bench" => benching = true,
                "--quick" => options.quick = true,
                "--save" => options.save = true,
                "--draw" => options.draw = true,
                "--instructions" => options.instructions = true,
                "--only" => options.only = Some(args.next().context("--only wants a name")?),
                "--against" => options.against = Some(args.next().context("--against wants a program")?.into()),
                "--help" | "-h" => {
                    println!("{HELP}\nMeasurements: {}", measures::names());
                    return Ok(None);
                }
                name if name.starts_with('-') => bail!("unknown option {name}\n{HELP}"),
                name => options.parts.push(name.to_owned()),
            }
        }
        // A count is the same from any build of this program.
        if !benching && !options.instructions && !options.draw {
            println!("nothing measured: run it with `cargo bench`");
            return Ok(None);
        }
        let known = |part: &&String| measures::ALL.iter().any(|(name, _)| name.contains(part.as_str()));
        let whole = |name: &&String| measures::ALL.iter().any(|(known, _)| known == name);
        let unknown = options.parts.iter().find(|part| !known(part));
        if let Some(name) = unknown.or(options.only.as_ref().filter(|name| !whole(name))) {
            bail!("no measurement is called {name}; there are {}", measures::names());
        }
        let whole = !options.quick && options.parts.is_empty() && options.only.is_none() && options.against.is_none();
        if options.save && !whole {
            bail!("--save keeps full runs only; leave out everything else");
        }
        Ok(Some(options))
    }
}

const HELP: &str = "\
cargo bench --bench compare -- [--quick] [--only NAME] [--against PROGRAM] [--save] [NAME...]
cargo bench --bench compare -- --instructions [--save]
cargo bench --bench compare -- --draw
  --quick             three rounds and smaller amounts
  --only NAME         the measurement of this name alone, in five rounds
  --against PROGRAM   another build of the bridge takes turns with the first, in a column of its own
  --save              write benches/RESULTS.md, and from it the plot and the README's table
  --draw              write those two alone
  NAME                the measurements whose name contains it
  --instructions      count what the bridge executes (with valgrind), and compare it with benches/INSTRUCTIONS,
                      or write that file with --save
MCPBRIDGE_BIN names another bridge, MCP_REMOTE where mcp-remote is.";
