//! The machine, and what a process took of it, from /proc.

use std::process::Child;
use std::time::{Duration, Instant};

pub struct Machine;

/// What a process took until it ended.
pub struct Finished {
    pub took: Duration,
    /// User and system time.
    pub cpu: Duration,
    pub peak_kb: u64,
}

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// /proc counts time in ticks of a hundredth of a second on every common kernel.
const TICK: Duration = Duration::from_millis(10);

impl Machine {
    pub fn describe() -> String {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let info = read("/proc/cpuinfo");
        let model = field(&info, "model name").unwrap_or("an unnamed processor");
        let memory = read("/proc/meminfo");
        let kb: u64 =
            field(&memory, "MemTotal").and_then(|it| it.split(' ').next()?.parse().ok()).unwrap_or(0);
        format!("{processors} cores, {model}, {:.1} GB of memory", kb as f64 * 1_024.0 / 1e9)
    }

    /// The load of the last minute: figures of a busy machine mean little.
    pub fn load() -> String {
        read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
    }
}

/// Waits for the end of a process.
pub fn watch(child: Child) -> Finished {
    observe(child, Ending::Awaited)
}

/// Ends a process as a power cut would.
pub fn kill(child: Child) -> Finished {
    observe(child, Ending::Forced)
}

#[derive(PartialEq, Eq)]
enum Ending {
    Awaited,
    Forced,
}

fn observe(mut child: Child, ending: Ending) -> Finished {
    let began = Instant::now();
    let id = child.id();
    let (mut peak_kb, mut looked) = (peak_kb(id), 0u32);
    if ending == Ending::Forced {
        let _ = child.kill();
    }
    // A process that has ended keeps its times until somebody asks for its status.
    while !has_ended(id) {
        std::thread::sleep(LOOK);
        looked += 1;
        if looked % 16 == 0 {
            peak_kb = peak_kb.max(self::peak_kb(id));
        }
    }
    let took = began.elapsed();
    let cpu = cpu(id);
    let _ = child.wait();
    Finished { took, cpu, peak_kb }
}

fn has_ended(id: u32) -> bool {
    matches!(stat(id).first().map(String::as_str), None | Some("Z"))
}

fn cpu(id: u32) -> Duration {
    let stat = stat(id);
    let ticks = |at: usize| stat.get(at).and_then(|it| it.parse::<u32>().ok()).unwrap_or(0);
    TICK * (ticks(11) + ticks(12))
}

/// The fields behind the name in brackets: the state is the first of them.
fn stat(id: u32) -> Vec<String> {
    let text = read(&format!("/proc/{id}/stat"));
    let behind = text.rfind(')').map_or("", |at| &text[at + 1..]);
    behind.split_whitespace().map(str::to_owned).collect()
}

fn peak_kb(id: u32) -> u64 {
    let status = read(&format!("/proc/{id}/status"));
    field(&status, "VmHWM").and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
