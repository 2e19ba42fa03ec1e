//! What the bridge executes, counted by callgrind. A count says nothing of waiting, but it is the same on a machine
//! that is busy, and so shows what a change costs where a time would not.
//!
//! Each figure is the difference between a long and a short run of the same session, by what the long one does
//! more: what is done once is in both.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, bail, ensure};

use crate::{
    client::{Client, End},
    editor::Editor,
    lab::{Lab, Subject, new_tag},
    measures,
    server::Way,
    wire::{
        self,
        Era::{self, Legacy, Modern},
    },
};

struct Case {
    name: &'static str,
    editor: Era,
    server: Era,
    /// How often, in the short run and in the long one.
    times: (u64, u64),
    one: fn(&mut Client, u64) -> anyhow::Result<()>,
}

pub fn run(lab: &Lab, save: bool) -> anyhow::Result<()> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    ensure!(valgrind.is_ok_and(|it| it.status.success()), "valgrind is missing: install it");
    let system = format!("{} {}", env::consts::ARCH, env::consts::OS);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/INSTRUCTIONS");
    let (known_system, known) = read(&fs::read_to_string(&file).unwrap_or_default());
    if !save && known_system != system {
        println!("not compared: {} is of {known_system}, and this is {system}", file.display());
        return Ok(());
    }
    let mut counted = vec![(START, count(lab, &CASES[0], 0)?)];
    for case in &CASES {
        let (few, many) = case.times;
        let more = count(lab, case, many)?.saturating_sub(count(lab, case, few)?);
        counted.push((case.name, more / (many - few)));
    }
    if save {
        let mut text = format!("{HEAD}{system}\n");
        for (name, count) in &counted {
            writeln!(text, "{name}: {count}")?;
        }
        print!("{text}");
        return Ok(fs::write(file, text)?);
    }
    compare(&known, &counted)
}

fn compare(known: &BTreeMap<String, u64>, counted: &[(&str, u64)]) -> anyhow::Result<()> {
    let (mut grown, mut shrunk) = (Vec::new(), false);
    for (name, count) in counted {
        let Some(before) = known.get(*name) else { bail!("{name} is not known: {ANEW}") };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        println!("{name}: {count} ({change:+.1} %)");
        if change > TOLERATED {
            grown.push(*name);
        }
        shrunk |= change < -TOLERATED;
    }
    if shrunk {
        println!("less is executed than before; so that this is kept, {ANEW}");
    }
    ensure!(grown.is_empty(), "more is executed than before for {}; if that is worth it, {ANEW}", grown.join(", "));
    Ok(())
}

/// All instructions of one session in which the case happens so often.
fn count(lab: &Lab, case: &Case, times: u64) -> anyhow::Result<u64> {
    eprintln!("counting {}, {times} times", case.name);
    let tag = new_tag(Subject::Bridge);
    let out = lab.folder().join(format!("{tag}.callgrind"));
    let plain = lab.command(Subject::Bridge, &tag, Way::Plain, case.server)?;
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(plain.get_program()).args(plain.get_args());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let end = End::Editor(Box::new(Editor::spawn(&mut command)?));
    let mut client = Client { subject: Subject::Bridge, tag, end, era: case.editor, last_id: 0 };
    client.within(SESSION);
    client.begin()?;
    (case.one)(&mut client, times).with_context(|| case.name)?;
    if let End::Editor(editor) = client.end {
        ensure!(!editor.leave(SESSION)?.killed, "{}: it did not end", case.name);
    }
    let profile = fs::read_to_string(&out)?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).context("callgrind has written no total")
}

fn echo(client: &mut Client, times: u64) -> anyhow::Result<()> {
    (0..times).try_for_each(|_| client.call("echo", measures::ECHO))
}

fn echo_sse(client: &mut Client, times: u64) -> anyhow::Result<()> {
    (0..times).try_for_each(|_| client.call("echo_sse", measures::ECHO))
}

fn notifications(client: &mut Client, times: u64) -> anyhow::Result<()> {
    measures::take_stream(client, times, 1)
}

fn up(client: &mut Client, times: u64, size: usize) -> anyhow::Result<()> {
    let arguments = format!(r#""size":{size},"text":"{}""#, wire::sample(size));
    (0..times).try_for_each(|_| client.call("up", &arguments))
}

fn down(client: &mut Client, times: u64, size: usize) -> anyhow::Result<()> {
    (0..times).try_for_each(|_| client.call("down", &format!(r#""size":{size}"#)))
}

/// The file: first the system that its figures are of.
fn read(text: &str) -> (String, BTreeMap<String, u64>) {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let system = lines.next().unwrap_or("nothing yet").to_owned();
    let counts = lines.filter_map(|line| {
        let (name, count) = line.rsplit_once(": ")?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    (system, counts.collect())
}

const fn case(name: &'static str, times: (u64, u64), one: fn(&mut Client, u64) -> anyhow::Result<()>) -> Case {
    Case { name, editor: Legacy, server: Legacy, times, one }
}

/// No HTTP/2: how many frames are written at once is a matter of time, and with it the count, by more than what
/// is tolerated.
const CASES: [Case; 10] = [
    case("echo", (50, 250), echo),
    case("echo answered as an event stream", (50, 250), echo_sse),
    case("notification on a stream", (1_000, 9_000), notifications),
    case("1 KB up", (50, 250), |client, times| up(client, times, 1 << 10)),
    case("1 KB down", (50, 250), |client, times| down(client, times, 1 << 10)),
    case("1 MB up", (2, 6), |client, times| up(client, times, 1 << 20)),
    case("1 MB down", (2, 6), |client, times| down(client, times, 1 << 20)),
    Case { editor: Modern, server: Modern, ..case("echo, modern editor, modern server", (50, 250), echo) },
    Case { server: Modern, ..case("echo, legacy editor, modern server", (50, 250), echo) },
    Case { editor: Modern, ..case("echo, modern editor, legacy server", (50, 250), echo) },
];

const START: &str = "start, first list, exit";
/// More than the same program differs by, on machines with other processors.
const TOLERATED: f64 = 5.0;
/// Everything takes some fifty times as long.
const SESSION: Duration = Duration::from_secs(300);
const ANEW: &str = "write it anew: cargo bench --bench compare -- --instructions --save";
const HEAD: &str = "\
# Instructions that the release build executes, for each of these; counted by callgrind.
# Written by `cargo bench --bench compare -- --instructions --save`, compared without `--save`.
";
