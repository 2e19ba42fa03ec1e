//! What the numbers should be.

use crate::{
    lab::Subject,
    rows::{rounded, row},
    table::{Table, line},
};

/// The table of the goals: first what must be reached, then what is aimed at.
pub fn render(table: &Table, out: &mut String) {
    line(out, "\n| goal | bar | met | aim | met | mcpbridge |");
    line(out, "| --- | ---: | --- | ---: | --- | ---: |");
    for goal in goals(table) {
        // A goal that was not measured says so: a filter or a missing program is no failure.
        let met = |bar| match goal.value {
            None => "not measured",
            Some(value) if goal.at_most && value <= bar => "yes",
            Some(value) if !goal.at_most && value >= bar => "yes",
            Some(_) => "**no**",
        };
        let sign = if goal.at_most { "≤" } else { "≥" };
        let (name, bar, aim) = (&goal.name, goal.bar, goal.aim);
        let value = goal.value.map_or("–".to_owned(), rounded);
        line(
            out,
            &format!(
                "| {name} | {sign} {} | {} | {sign} {} | {} | {value} |",
                rounded(bar),
                met(bar),
                rounded(aim),
                met(aim),
            ),
        );
    }
}

fn goals(table: &Table) -> Vec<Goal> {
    use Subject::{Direct, McpRemote, Pipe};
    let own = |row| table.median(row, Subject::Bridge);
    let against = |row, other| table.ratio(row, other);
    // Two figures of the bridge itself.
    let among = |row, other| Some(own(row)? / own(other)?);
    let mut goals = vec![
        Goal::at_most("start, times a bare process", against(row::START, Pipe), 10.0, 4.0),
        Goal::at_most("start, part of mcp-remote's", against(row::START, McpRemote), 0.02, 0.02),
        Goal::at_most("CPU to the first list, ms", own(row::START_CPU), 10.0, 4.0),
    ];
    for (placement, p50, cpu) in [
        ("the server on a core of its own", row::APART_P50, row::APART_CPU),
        ("all on one core", row::ONE_CORE_P50, row::ONE_CORE_CPU),
        ("left to the scheduler", row::ECHO_P50, row::ECHO_CPU),
    ] {
        goals.extend([
            Goal::at_most(&format!("echo p50, {placement}, times direct"), against(p50, Direct), 4.0, 2.5),
            Goal::at_most(&format!("echo p50, {placement}, part of mcp-remote's"), against(p50, McpRemote), 0.05, 0.05),
            Goal::at_most(&format!("CPU per call, {placement}, µs"), own(cpu), 60.0, 30.0),
        ]);
    }
    goals.extend([
        Goal::at_least("64 in flight, part of direct's", against(row::INFLIGHT, Direct), 0.3, 0.5),
        Goal::at_least("64 in flight, times mcp-remote's", against(row::INFLIGHT, McpRemote), 15.0, 15.0),
        Goal::at_most("start over HTTPS, HTTP/1.1, times http", among(row::TLS_START, row::START), 3.0, 3.0),
        Goal::at_most("start over HTTPS, HTTP/2, times http", among(row::HTTP2_START, row::START), 3.0, 3.0),
        Goal::at_most("connections of 64 calls over HTTP/2", own(row::HTTP2_CALLING), 1.0, 1.0),
        Goal::at_most("CPU per call, legacy editor, times with its own era", among(row::LM_CPU, row::LL_CPU), 2.0, 2.0),
        Goal::at_most("CPU per call, modern editor, times with its own era", among(row::ML_CPU, row::MM_CPU), 2.0, 2.0),
        Goal::at_least("notifications/s, in order, none lost", own(row::STREAM), 1e5, 5e5),
        Goal::at_most("idle memory, MB", own(row::IDLE_MEMORY), 10.0, 6.0),
        Goal::at_most("peak memory after the calls, MB", own(row::INFLIGHT_PEAK), 20.0, 10.0),
        Goal::at_most("twenty at once, unshared memory of each, MB", own(row::UNSHARED), 1.0, 1.0),
        Goal::at_most("idle wakeups per second", own(row::WAKEUPS), 0.5, 0.0),
        Goal::at_most("threads", own(row::THREADS), 4.0, 2.0),
        Goal::at_least("16 MB up, part of direct's", against(row::UP_16, Direct), 0.4, 0.4),
        Goal::at_least("16 MB down, part of direct's", against(row::DOWN_16, Direct), 0.4, 0.4),
        Goal::at_most("peak memory, 16 MB up, MB", own(row::UP_16_PEAK), 60.0, 40.0),
        Goal::at_most("peak memory, 16 MB down, MB", own(row::DOWN_16_PEAK), 60.0, 40.0),
        Goal::at_most("1000 at once, ms", own(row::BURST), 1500.0, 1200.0),
        Goal::at_most("1000 at once, memory growth, MB", own(row::BURST_GROWTH), 30.0, 30.0),
        Goal::at_most("exit idle, ms", own(row::EXIT_IDLE), 100.0, 20.0),
        Goal::at_most("exit with a call under way, ms", own(row::EXIT_BUSY), 500.0, 500.0),
        Goal::at_least("exit: DELETE sent, idle", table.always(row::EXIT_IDLE_DELETE), 1.0, 1.0),
        Goal::at_least("exit: DELETE sent, busy", table.always(row::EXIT_BUSY_DELETE), 1.0, 1.0),
        Goal::at_least("exit: pending answer delivered", table.always(row::EXIT_ANSWER), 1.0, 1.0),
        Goal::at_most("binary, MB", own(row::BINARY), 10.0, 6.0),
    ]);
    goals
}

struct Goal {
    name: String,
    value: Option<f64>,
    bar: f64,
    aim: f64,
    at_most: bool,
}

impl Goal {
    fn at_most(name: &str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name: name.to_owned(), value, bar, aim, at_most: true }
    }

    fn at_least(name: &str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name: name.to_owned(), value, bar, aim, at_most: false }
    }
}
