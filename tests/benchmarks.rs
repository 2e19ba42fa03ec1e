//! What the README shows of the benchmarks is what the last saved run has measured.

#[path = "../benches/compare/plot.rs"]
mod plot;
#[path = "../benches/compare/results.rs"]
mod results;
#[path = "../benches/compare/summary.rs"]
mod summary;

use std::{fs, path::Path};

use results::Results;

const RESULTS: &str = "\
| measured | direct | pipe | mcpbridge | mcp-remote |
| --- | ---: | ---: | ---: | ---: |
| start to the answer of `initialize`, ms | 0.5 | 1 | 2.5 | 500 |
| 64 in flight, calls, per second | 100 000 | – | 50 000 | 1000 |
| 16 MB up, MB/s | 1000 | – | 300 | – |

| measured | direct | pipe | mcpbridge | mcp-remote |
| --- | ---: | ---: | ---: | ---: |
| idle memory, MB | – | 1 | 2 | 3 |
";

#[test]
fn the_readme_has_the_table_and_the_plot_of_the_saved_run() {
    let text = read("benches/RESULTS.md");
    let results = Results::of(&text);
    let page = read("README.md");
    let anew = "not of benches/RESULTS.md; run: cargo bench --bench compare -- --draw";
    assert!(summary::put_into(&page, &results).as_ref() == Some(&page), "the README's table is {anew}");
    assert!(plot::draw(&results) == read("benches/plot.svg"), "benches/plot.svg is {anew}");
    assert!(page.contains("](benches/plot.svg)"));
}

#[test]
fn a_table_has_units_and_leaves_out_what_was_not_measured() {
    let begin = "<!-- from here on written by `cargo bench --bench compare -- --save` -->\n";
    let page = |table: &str| format!("above\n{begin}{table}\n<!-- up to here -->\nbelow\n");
    let table = "
| measured | direct client | mcpbridge | mcp-remote |
| --- | ---: | ---: | ---: |
| start to the answer of `initialize` | 0.5 ms | 2.5 ms | 500 ms |
| 64 calls in flight, per second | 100 000 | 50 000 | 1000 |
| a message of 16 MB, up | 1000 MB/s | 300 MB/s | – |
";
    let results = Results::of(RESULTS);
    assert_eq!(summary::put_into(&page("old"), &results), Some(page(table)));
    assert_eq!(summary::put_into("no place", &results), None);
}

#[test]
fn a_bar_is_as_long_as_its_number() {
    let drawn = plot::draw(&Results::of(RESULTS));
    let widths: Vec<f64> = drawn
        .lines()
        .filter(|line| line.starts_with("<rect "))
        .map(|line| line.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    let [start @ .., remote, ours, direct] = &widths[..] else { panic!("{drawn}") };
    assert_eq!((start.len(), ours / direct, remote / direct), (3, 0.5, 0.01));
    for number in [">500 ms<", ">2.5 ms<", ">0.5 ms<", ">1000<", ">50 000<", ">100 000<"] {
        assert_eq!(drawn.matches(number).count(), 1, "{number}");
    }
    assert!(!drawn.contains("Memory"), "that is not of the first table");
    assert!(drawn.contains("@media (prefers-color-scheme: dark)"));
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().replace("\r\n", "\n")
}
