//! The few figures that a user cares about, as bars in SVG.

use std::fmt::Write;

use crate::results::Results;

/// What one panel shows: its title, what it says below it, and the row in benches/RESULTS.md.
struct Panel {
    title: &'static str,
    remark: &'static str,
    row: &'static str,
    unit: &'static str,
}

/// A panel for each row that was measured, two beside each other. Each has a scale of its own, which begins at zero.
pub fn draw(results: &Results) -> String {
    let columns = [("mcp-remote", "theirs"), ("mcpbridge", "ours"), ("direct", "none")];
    let measured = PANELS.iter().filter_map(|panel| {
        let bars: Vec<_> = columns
            .iter()
            .filter_map(|(column, class)| {
                Some(Bar {
                    class,
                    name: if *column == "direct" { "no bridge" } else { column },
                    value: results.number(panel.row, column)?,
                    shown: results.cell(panel.row, column)?,
                })
            })
            .collect();
        (!bars.is_empty()).then_some((panel, bars))
    });
    let mut panels = String::new();
    let mut number = 0;
    for (panel, bars) in measured {
        let (x, y) = (MARGIN + number % 2 * (PANEL + GAP), MARGIN + number / 2 * (HEIGHT + GAP));
        draw_panel(&mut panels, panel, &bars, x, y);
        number += 1;
    }
    let width = 2 * (MARGIN + PANEL) + GAP;
    let height = 2 * MARGIN + number.div_ceil(2) * (HEIGHT + GAP) - GAP;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>mcpbridge, mcp-remote, and no bridge at all: start, call latency, calls per second, memory</title>\n\
         {STYLE}{panels}</svg>\n"
    )
}

struct Bar<'a> {
    name: &'a str,
    class: &'a str,
    value: f64,
    shown: &'a str,
}

fn draw_panel(out: &mut String, panel: &Panel, bars: &[Bar], x: u32, y: u32) {
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let mut text = |class: &str, anchor: &str, x: u32, y: u32, text: &str| {
        // A String takes every write.
        let _ = writeln!(out, "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{y}\">{text}</text>");
    };
    text("title", "start", x, y + 16, panel.title);
    text("remark", "start", x, y + 34, panel.remark);
    let mut rects = String::new();
    for (at, bar) in (0..).zip(bars) {
        let top = y + 46 + at * LINE;
        // What is too small to be seen is still there.
        let length = (bar.value / most * f64::from(LONGEST)).max(1.5);
        let start = x + NAMES;
        let _ = writeln!(
            rects,
            "<rect class=\"{}\" x=\"{start}\" y=\"{top}\" width=\"{length:.1}\" height=\"{THICK}\" rx=\"2\"/>",
            bar.class
        );
        text("name", "end", start - 8, top + 13, bar.name);
        text(
            "number",
            "start",
            start + length.ceil() as u32 + 6,
            top + 13,
            format!("{} {}", bar.shown, panel.unit).trim(),
        );
    }
    out.push_str(&rects);
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "Start",
        remark: "from the start to the answer of initialize; less is better",
        row: "start to the answer of `initialize`, ms",
        unit: "ms",
    },
    Panel {
        title: "One call after another",
        remark: "median, the server on a core of its own; less is better",
        row: "echo, the server on a core of its own, p50, µs",
        unit: "µs",
    },
    Panel {
        title: "64 calls in flight",
        remark: "calls per second; more is better",
        row: "64 in flight, calls, per second",
        unit: "",
    },
    Panel {
        title: "Memory",
        remark: "resident, of a session at rest; less is better",
        row: "idle memory, MB",
        unit: "MB",
    },
];

const MARGIN: u32 = 12;
const GAP: u32 = 28;
const PANEL: u32 = 400;
const NAMES: u32 = 92;
/// Of a bar, with room for the number after it.
const LONGEST: u32 = 220;
const LINE: u32 = 24;
const THICK: u32 = 17;
const HEIGHT: u32 = 46 + 3 * LINE;

/// Without a background: the page's own is behind it, light or dark.
const STYLE: &str = "\
<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.remark { font-size: 12px; fill: #59636e; }
.theirs { fill: #8c959f; }
.ours { fill: #0969da; }
.none { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.remark { fill: #9198a1; }
.theirs { fill: #656c76; }
.ours { fill: #4493f8; }
.none { fill: #3fb950; }
}
</style>
";
