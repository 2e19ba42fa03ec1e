//! The README's table: the rows of benches/RESULTS.md that tell most.

use crate::results::Results;

/// The page with a new table. `None` if it has no place for one.
pub fn put_into(page: &str, results: &Results) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", table(results)))
}

fn table(results: &Results) -> String {
    let mut table =
        "\n| measured | direct client | mcpbridge | mcp-remote |\n| --- | ---: | ---: | ---: |\n".to_owned();
    for (name, row) in ROWS {
        let unit = row.rsplit_once(", ").map_or("", |(_, unit)| unit);
        let cells = ["direct", "mcpbridge", "mcp-remote"].map(|column| match results.cell(row, column) {
            None => "–".to_owned(),
            Some(cell) if unit == "per second" => cell.to_owned(),
            Some(cell) => format!("{cell} {unit}"),
        });
        if cells.iter().any(|cell| cell != "–") {
            table += &format!("| {name} | {} |\n", cells.join(" | "));
        }
    }
    table
}

const BEGIN: &str = "<!-- from here on written by `cargo bench --bench compare -- --save` -->\n";
const END: &str = "\n<!-- up to here -->";

/// What it is called there, and here.
const ROWS: [(&str, &str); 19] = [
    ("start to the answer of `initialize`", "start to the answer of `initialize`, ms"),
    ("the same over HTTPS with HTTP/2", "start over HTTPS, HTTP/2, ms"),
    ("the same over HTTPS with HTTP/1.1", "start over HTTPS, HTTP/1.1, ms"),
    (
        "one call after another, the server on a core of its own, median",
        "echo, the server on a core of its own, p50, µs",
    ),
    ("CPU for each of them", "echo, the server on a core of its own, CPU per call, µs"),
    ("one call after another, all on one core, median", "echo, all on one core, p50, µs"),
    ("CPU for each of them", "echo, all on one core, CPU per call, µs"),
    ("one call after another, left to the scheduler, median", "echo, left to the scheduler, p50, µs"),
    ("CPU for each of them", "echo, left to the scheduler, CPU per call, µs"),
    ("64 calls in flight, per second", "64 in flight, calls, per second"),
    ("CPU for each of them", "64 in flight, CPU per call, µs"),
    ("notifications on one stream, per second", "notifications on one stream, per second"),
    ("idle memory", "idle memory, MB"),
    ("unshared memory of each of twenty", "twenty at once, unshared memory of each, MB"),
    ("1000 calls of 500 ms at once", "1000 calls of 500 ms at once, ms"),
    ("a message of 16 MB, up", "16 MB up, MB/s"),
    ("a message of 16 MB, down", "16 MB down, MB/s"),
    ("the most memory with it", "16 MB down, peak memory, MB"),
    ("exit at the end of the input", "exit at EOF, idle, ms"),
];
