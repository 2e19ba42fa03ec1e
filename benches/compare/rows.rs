//! What there is to measure: a name and a unit for each, in which it is shown.

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    pub unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Ms,
    Us,
    Mb,
    MbPerSecond,
    PerSecond,
    Count,
    YesNo,
}

/// Everything that is measured, in no order: rows appear as they are first filled.
pub mod row {
    use super::{
        Row,
        Unit::{Count, Mb, MbPerSecond, Ms, PerSecond, Us, YesNo},
    };

    const fn of(name: &'static str, unit: super::Unit) -> Row {
        Row { name, unit }
    }

    pub const BINARY: Row = of("binary", Mb);
    pub const START: Row = of("start to the answer of `initialize`", Ms);
    pub const START_CPU: Row = of("CPU to the first `tools/list`", Ms);
    pub const ECHO_P50: Row = of("echo, left to the scheduler, p50", Us);
    pub const ECHO_P99: Row = of("echo, left to the scheduler, p99", Us);
    pub const ECHO_CPU: Row = of("echo, left to the scheduler, CPU per call", Us);
    pub const SSE_P50: Row = of("echo answered as an event stream, p50", Us);
    pub const SSE_P99: Row = of("echo answered as an event stream, p99", Us);
    pub const SSE_CPU: Row = of("echo answered as an event stream, CPU per call", Us);
    pub const ONE_CORE_P50: Row = of("echo, all on one core, p50", Us);
    pub const ONE_CORE_P99: Row = of("echo, all on one core, p99", Us);
    pub const ONE_CORE_CPU: Row = of("echo, all on one core, CPU per call", Us);
    pub const APART_P50: Row = of("echo, the server on a core of its own, p50", Us);
    pub const APART_P99: Row = of("echo, the server on a core of its own, p99", Us);
    pub const APART_CPU: Row = of("echo, the server on a core of its own, CPU per call", Us);
    pub const LL_P50: Row = of("echo, legacy editor, legacy server, all on one core, p50", Us);
    pub const LL_CPU: Row = of("echo, legacy editor, legacy server, all on one core, CPU per call", Us);
    pub const MM_P50: Row = of("echo, modern editor, modern server, all on one core, p50", Us);
    pub const MM_CPU: Row = of("echo, modern editor, modern server, all on one core, CPU per call", Us);
    pub const LM_P50: Row = of("echo, legacy editor, modern server, all on one core, p50", Us);
    pub const LM_CPU: Row = of("echo, legacy editor, modern server, all on one core, CPU per call", Us);
    pub const ML_P50: Row = of("echo, modern editor, legacy server, all on one core, p50", Us);
    pub const ML_CPU: Row = of("echo, modern editor, legacy server, all on one core, CPU per call", Us);
    pub const ECHO_PEAK: Row = of("echo, peak memory", Mb);
    pub const INFLIGHT: Row = of("64 in flight, calls", PerSecond);
    pub const INFLIGHT_CPU: Row = of("64 in flight, CPU per call", Us);
    pub const INFLIGHT_PEAK: Row = of("64 in flight, peak memory", Mb);
    pub const TLS_START: Row = of("start over HTTPS, HTTP/1.1", Ms);
    pub const HTTP2_START: Row = of("start over HTTPS, HTTP/2", Ms);
    pub const TLS_P50: Row = of("echo over HTTPS, HTTP/1.1, all on one core, p50", Us);
    pub const TLS_P99: Row = of("echo over HTTPS, HTTP/1.1, all on one core, p99", Us);
    pub const TLS_CPU: Row = of("echo over HTTPS, HTTP/1.1, all on one core, CPU per call", Us);
    pub const HTTP2_P50: Row = of("echo over HTTPS, HTTP/2, all on one core, p50", Us);
    pub const HTTP2_P99: Row = of("echo over HTTPS, HTTP/2, all on one core, p99", Us);
    pub const HTTP2_CPU: Row = of("echo over HTTPS, HTTP/2, all on one core, CPU per call", Us);
    pub const TLS_INFLIGHT: Row = of("64 in flight over HTTPS, HTTP/1.1, calls", PerSecond);
    pub const TLS_INFLIGHT_CPU: Row = of("64 in flight over HTTPS, HTTP/1.1, CPU per call", Us);
    pub const TLS_CALLING: Row = of("64 in flight over HTTPS, HTTP/1.1, connections that calls used", Count);
    pub const TLS_CONNECTIONS: Row = of("64 in flight over HTTPS, HTTP/1.1, connections in all", Count);
    pub const HTTP2_INFLIGHT: Row = of("64 in flight over HTTPS, HTTP/2, calls", PerSecond);
    pub const HTTP2_INFLIGHT_CPU: Row = of("64 in flight over HTTPS, HTTP/2, CPU per call", Us);
    pub const HTTP2_CALLING: Row = of("64 in flight over HTTPS, HTTP/2, connections that calls used", Count);
    pub const HTTP2_CONNECTIONS: Row = of("64 in flight over HTTPS, HTTP/2, connections in all", Count);
    pub const STREAM: Row = of("notifications on one stream", PerSecond);
    pub const STREAM_CPU: Row = of("notifications, CPU each", Us);
    pub const JOINED: Row = of("notifications, 500 to an HTTP chunk", PerSecond);
    pub const JOINED_CPU: Row = of("notifications, 500 to an HTTP chunk, CPU each", Us);
    pub const STREAM_PEAK: Row = of("notifications, peak memory", Mb);
    pub const UP_1: Row = of("1 MB up", MbPerSecond);
    pub const DOWN_1: Row = of("1 MB down", MbPerSecond);
    pub const UP_1_PEAK: Row = of("1 MB up, peak memory", Mb);
    pub const DOWN_1_PEAK: Row = of("1 MB down, peak memory", Mb);
    pub const UP_16: Row = of("16 MB up", MbPerSecond);
    pub const DOWN_16: Row = of("16 MB down", MbPerSecond);
    pub const UP_16_PEAK: Row = of("16 MB up, peak memory", Mb);
    pub const DOWN_16_PEAK: Row = of("16 MB down, peak memory", Mb);
    pub const IDLE_MEMORY: Row = of("idle memory", Mb);
    pub const WAKEUPS: Row = of("idle wakeups", PerSecond);
    pub const THREADS: Row = of("threads", Count);
    pub const UNSHARED: Row = of("twenty at once, unshared memory of each", Mb);
    pub const WRITTEN: Row = of("twenty at once, of that written to", Mb);
    pub const PROPORTIONAL: Row = of("twenty at once, memory of each with its part of what is shared", Mb);
    pub const TOGETHER: Row = of("twenty at once, memory of all together", Mb);
    pub const BURST: Row = of("1000 calls of 500 ms at once", Ms);
    pub const BURST_GROWTH: Row = of("1000 at once, memory growth", Mb);
    pub const EXIT_IDLE: Row = of("exit at EOF, idle", Ms);
    pub const EXIT_IDLE_DELETE: Row = of("exit, idle: DELETE sent", YesNo);
    pub const EXIT_BUSY: Row = of("exit at EOF, 150 ms before an answer", Ms);
    pub const EXIT_BUSY_DELETE: Row = of("exit, busy: DELETE sent", YesNo);
    pub const EXIT_ANSWER: Row = of("exit, busy: answer delivered", YesNo);
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ms => ", ms",
            Self::Us => ", µs",
            Self::Mb => ", MB",
            Self::MbPerSecond => ", MB/s",
            Self::PerSecond => ", per second",
            Self::Count | Self::YesNo => "",
        }
    }

    pub fn show(self, value: f64) -> String {
        match self {
            Self::YesNo if value > 0.0 => "yes".to_owned(),
            Self::YesNo => "no".to_owned(),
            _ => rounded(value),
        }
    }
}

/// Three digits that count, and a space between thousands.
pub fn rounded(value: f64) -> String {
    let plain = match value {
        0.0 => "0".to_owned(),
        _ if value < 0.1 => format!("{value:.4}"),
        _ if value < 1.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    let plain = match plain.split_once('.') {
        Some(_) => plain.trim_end_matches('0').trim_end_matches('.'),
        None => &plain,
    };
    if value < 10_000.0 {
        return plain.to_owned();
    }
    let mut grouped = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
