//! What is kept of a run: the results, and what the README shows of them.

use std::{fs, path::Path};

use anyhow::Context;

use crate::{plot, results::Results, summary};

/// The report as benches/RESULTS.md, and what is made of it.
pub fn write(report: &str) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(root.join("benches/RESULTS.md"), format!("{HEAD}{report}"))?;
    draw()
}

/// benches/plot.svg and the README's table, from benches/RESULTS.md.
pub fn draw() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("benches/RESULTS.md"))?;
    let results = Results::of(&text);
    fs::write(root.join("benches/plot.svg"), plot::draw(&results))?;
    let readme = root.join("README.md");
    let page = summary::put_into(&fs::read_to_string(&readme)?, &results);
    Ok(fs::write(readme, page.context("the README has no place for the table")?)?)
}

const HEAD: &str = "\
# Results

Written by `cargo bench --bench compare -- --save`; the README says what the columns are for.

";
