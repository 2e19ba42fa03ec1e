//! What the numbers should be.

use crate::{
    lab::Subject,
    rows::{rounded, row},
    table::{Table, line},
};

/// The table of the goals: first what must be reached, then what is aimed at.
/// And below it, why what is missed is missed.
pub fn render(table: &Table, out: &mut String) {
    let goals = goals(table);
    line(out, "\n| goal | bar | met | aim | met | mcpbridge |");
    line(out, "| --- | ---: | --- | ---: | --- | ---: |");
    for goal in &goals {
        // A goal that was not measured says so: a filter or a missing program is no failure.
        let met = |bar| match goal.value {
            None => "not measured",
            Some(value) if goal.is_met(value, bar) => "yes",
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
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for goal in goals.iter().filter(|goal| goal.value.is_some_and(|value| !goal.is_met(value, goal.aim))) {
        let Some(why) = goal.why else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(&goal.name),
            None => reasons.push((why, vec![&goal.name])),
        }
    }
    if !reasons.is_empty() {
        line(out, "\nWhy aims are missed:\n");
    }
    for (why, names) in reasons {
        line(out, &format!("- {}: {why}.", names.join("; ")));
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
            Goal::at_most(&format!("echo p50, {placement}, times direct"), against(p50, Direct), 4.0, 2.5)
                .because(TURNS),
            Goal::at_most(&format!("echo p50, {placement}, part of mcp-remote's"), against(p50, McpRemote), 0.05, 0.05)
                .because(WAKING),
            Goal::at_most(&format!("CPU per call, {placement}, µs"), own(cpu), 60.0, 30.0).because(WAKING),
        ]);
    }
    goals.extend([
        Goal::at_least("64 in flight, part of direct's", against(row::INFLIGHT, Direct), 0.3, 0.5).because(READING),
        Goal::at_least("64 in flight, times mcp-remote's", against(row::INFLIGHT, McpRemote), 15.0, 15.0),
        Goal::at_most("start over HTTPS, HTTP/1.1, times http", among(row::TLS_START, row::START), 3.0, 3.0),
        Goal::at_most("start over HTTPS, HTTP/2, times http", among(row::HTTP2_START, row::START), 3.0, 3.0),
        Goal::at_most("connections of 64 calls over HTTP/2", own(row::HTTP2_CALLING), 1.0, 1.0),
        Goal::at_most("CPU per call, legacy editor, times with its own era", among(row::LM_CPU, row::LL_CPU), 2.0, 2.0),
        Goal::at_most("CPU per call, modern editor, times with its own era", among(row::ML_CPU, row::MM_CPU), 2.0, 2.0),
        Goal::at_least("notifications/s, in order, none lost", own(row::STREAM), 1e5, 5e5),
        Goal::at_most("idle memory, MB", own(row::IDLE_MEMORY), 10.0, 6.0).because(MAPPED),
        Goal::at_most("peak memory after the calls, MB", own(row::INFLIGHT_PEAK), 20.0, 10.0).because(MAPPED),
        Goal::at_most("twenty at once, unshared memory of each, MB", own(row::UNSHARED), 1.0, 1.0),
        Goal::at_most("idle wakeups per second", own(row::WAKEUPS), 0.5, 0.0),
        Goal::at_most("threads", own(row::THREADS), 4.0, 2.0),
        Goal::at_least("16 MB up, part of direct's", against(row::UP_16, Direct), 0.4, 0.4).because(PIPED),
        Goal::at_least("16 MB down, part of direct's", against(row::DOWN_16, Direct), 0.4, 0.4).because(PIPED),
        Goal::at_most("peak memory, 16 MB up, MB", own(row::UP_16_PEAK), 60.0, 40.0),
        Goal::at_most("peak memory, 16 MB down, MB", own(row::DOWN_16_PEAK), 60.0, 40.0),
        Goal::at_most("1000 at once, ms", own(row::BURST), 1500.0, 1200.0).because(READING),
        Goal::at_most("1000 at once, memory growth, MB", own(row::BURST_GROWTH), 30.0, 30.0),
        Goal::at_most("exit idle, ms", own(row::EXIT_IDLE), 100.0, 20.0),
        Goal::at_most("exit with a call under way, ms", own(row::EXIT_BUSY), 500.0, 500.0),
        Goal::at_least("exit: DELETE sent, idle", table.always(row::EXIT_IDLE_DELETE), 1.0, 1.0),
        Goal::at_least("exit: DELETE sent, busy", table.always(row::EXIT_BUSY_DELETE), 1.0, 1.0),
        Goal::at_least("exit: pending answer delivered", table.always(row::EXIT_ANSWER), 1.0, 1.0),
        Goal::at_most("binary, MB", own(row::BINARY), 10.0, 6.0).because(CARRIED),
    ]);
    goals
}

struct Goal {
    name: String,
    value: Option<f64>,
    bar: f64,
    aim: f64,
    at_most: bool,
    /// Why the aim is missed, where it is known.
    why: Option<&'static str>,
}

impl Goal {
    fn at_most(name: &str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name: name.to_owned(), value, bar, aim, at_most: true, why: None }
    }

    fn at_least(name: &str, value: Option<f64>, bar: f64, aim: f64) -> Self {
        Self { name: name.to_owned(), value, bar, aim, at_most: false, why: None }
    }

    fn because(self, why: &'static str) -> Self {
        Self { why: Some(why), ..self }
    }

    fn is_met(&self, value: f64, bar: f64) -> bool {
        if self.at_most { value <= bar } else { value >= bar }
    }
}

const TURNS: &str = "three processes take turns in place of two, and what wakes a processor costs more than the call; \
    on one core a sixth of the difference is the pipes";
const WAKING: &str = "most of it is the waking of sleeping (virtual) processors, which everybody pays: direct as soon as its \
    server has a core of its own, a bridge once more for its editor";
const READING: &str = "direct sends what is ready and reads answers by their length; a bridge reads each message, keeps its \
    request until it is answered and hands it on, all on one thread, beside the server and the editor on two processors";
const MAPPED: &str = "all but 0.8 MB of the idle memory are files that every bridge shares, the program and the C library, \
    mapped in pieces of 64 KB around what runs. With functions put in the order of their use by a linker script it was 7.3 MB, \
    but that list of 900 names changes with the compiler";
const PIPED: &str = "each byte is also checked as UTF-8, searched for line ends, and crosses a pipe of at most 256 KB, which \
    direct does not have";
const CARRIED: &str = "TLS, HTTP/2, OAuth, the keychain of the system and the editing of JSON, YAML and TOML are in it; what \
    is not run for each message is built for size";
