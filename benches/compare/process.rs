//! What Linux tells about a running process. Elsewhere these are `None` and the table has gaps.

use std::{collections::BTreeMap, fs, time::Duration};

#[cfg(target_os = "linux")]
use anyhow::Context;

/// CPU time so far, user and system together.
pub struct Cpu {
    /// Nanoseconds by thread. Exact, but a thread that ends takes its share with it.
    threads: BTreeMap<String, u64>,
    /// The whole process including ended threads, in steps of 10 ms.
    ticks: u64,
}

impl Cpu {
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold spaces; utime and stime are the 12th and 13th after it.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut tick = || fields.next()?.parse::<u64>().ok();
        Some(Self { ticks: tick()? + tick()?, threads: threads(pid, "schedstat", on_cpu)? })
    }

    /// The calling thread alone: the direct client has no process of its own.
    pub fn of_this_thread() -> Option<Self> {
        let spent = on_cpu(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)?;
        Some(Self { threads: BTreeMap::from([(String::new(), spent)]), ticks: 0 })
    }

    /// Of a process that has not lost a thread yet.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.threads.values().sum())
    }

    pub fn since(&self, earlier: &Self) -> Duration {
        if earlier.threads.keys().all(|thread| self.threads.contains_key(thread)) {
            self.total().saturating_sub(earlier.total())
        } else {
            Duration::from_millis(10 * (self.ticks - earlier.ticks))
        }
    }
}

/// Resident memory now, in MB.
pub fn resident(pid: u32) -> Option<f64> {
    status(pid, "VmRSS:").map(|kb| kb / 1024.0)
}

/// The most it ever was, in MB.
pub fn peak(pid: u32) -> Option<f64> {
    status(pid, "VmHWM:").map(|kb| kb / 1024.0)
}

/// What is mapped, in MB.
pub struct Memory {
    /// Nobody else has it.
    pub unshared: f64,
    /// Of that, what was written, and is no copy of a file.
    pub written: f64,
    /// With its part of what is shared.
    pub proportional: f64,
}

pub fn memory(pid: u32) -> Option<Memory> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let mb = |name: &str| {
        let value = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
    };
    let written = mb("Private_Dirty:")?;
    Some(Memory { unshared: mb("Private_Clean:")? + written, written, proportional: mb("Pss:")? })
}

/// Of the machine, what could still be used, in MB.
pub fn available() -> Option<f64> {
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let value = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    value.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

pub fn thread_count(pid: u32) -> Option<f64> {
    status(pid, "Threads:")
}

/// Context switches of each thread so far: a process that sleeps has none.
pub fn switches(pid: u32) -> Option<BTreeMap<String, u64>> {
    let of_thread = |status: &str| {
        let counts = status.lines().filter_map(|line| {
            let (name, count) = line.split_once(':')?;
            name.ends_with("ctxt_switches").then(|| count.trim().parse::<u64>().ok())?
        });
        Some(counts.sum())
    };
    threads(pid, "status", of_thread)
}

/// The calling thread, and all it starts meanwhile, on one processor. Dropped, it is where it was.
///
/// Else the scheduler places server, bridge and editor as it likes, in each round anew. Waking
/// another processor costs a multiple of a call on a virtual machine, so that the figures would tell
/// of the placement.
#[cfg(target_os = "linux")]
pub struct Placed(rustix::thread::CpuSet);

#[cfg(target_os = "linux")]
impl Placed {
    pub fn on(core: usize) -> anyhow::Result<Self> {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let before = sched_getaffinity(None)?;
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one)?;
        Ok(Self(before))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Placed {
    fn drop(&mut self) {
        // What it was a moment ago is still allowed.
        let _ = rustix::thread::sched_setaffinity(None, &self.0);
    }
}

/// The first and the last of the processors that the calling thread may use.
#[cfg(target_os = "linux")]
pub fn cores() -> anyhow::Result<(usize, usize)> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let first = cores.next().context("no processor is allowed")?;
    Ok((first, cores.next_back().unwrap_or(first)))
}

#[cfg(not(target_os = "linux"))]
pub struct Placed;

#[cfg(not(target_os = "linux"))]
impl Placed {
    pub fn on(_: usize) -> anyhow::Result<Self> {
        anyhow::bail!("threads can be kept on one processor on Linux only")
    }
}

#[cfg(not(target_os = "linux"))]
pub fn cores() -> anyhow::Result<(usize, usize)> {
    anyhow::bail!("threads can be kept on one processor on Linux only")
}

/// The machine in one line, nothing in it that names its owner.
pub fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    // A kernel's build suffix says who built it, not how fast it is.
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    let memory = read("/proc/meminfo");
    let memory = memory.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok());
    let load = read("/proc/loadavg");
    format!(
        "{} ({cores} cores), {:.0} GB memory, {} {kernel}; load at the start {}",
        model.map_or(std::env::consts::ARCH, |(_, model)| model),
        memory.unwrap_or(0.0) / 1048576.0,
        std::env::consts::OS,
        load.split(' ').next().unwrap_or("unknown"),
    )
}

fn status(pid: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

fn threads(pid: u32, file: &str, read: impl Fn(&str) -> Option<u64>) -> Option<BTreeMap<String, u64>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    // A thread may end between the listing and the reading.
    Some(
        tasks
            .filter_map(|task| {
                let text = fs::read_to_string(task.path().join(file)).ok()?;
                Some((task.file_name().into_string().ok()?, read(&text)?))
            })
            .collect(),
    )
}

fn on_cpu(schedstat: &str) -> Option<u64> {
    schedstat.split(' ').next()?.parse().ok()
}
