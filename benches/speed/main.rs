//! Every figure that the project promises about speed, measured and printed beside its target.
//!
//!     cargo bench --bench speed                     all of it, about a quarter of an hour
//!     cargo bench --bench speed -- overhead memory  only these
//!
//! The sandbox runs in this process and the program itself, built for release, in a process of its
//! own, as a user starts it. Everything stays on loopback and in a folder that is deleted. Linux only:
//! time and memory are read from /proc. Nothing here fails on a figure; it only shows them.
//!
//! Validation is compared with `qsv validate` where that program is installed (`cargo install qsv
//! --locked --features lite --bin qsvlite`), and with the workbook reader that we build on.
#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

mod machine;
mod schema;
mod sheet;

use machine::{Finished, Machine};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use trusthub_onboard::model::column::COLUMNS;
use trusthub_onboard::sandbox::{Faults, Limit, Sandbox, Seed, Server, Settings};

const PARENT: &str = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// The latency of the API in all cases about pace.
const LATENCY_MS: u64 = 50;

/// Calls that one customer of the sheet takes up to the first submission, the read of its token
/// included; only used to choose how many customers make a run long enough.
const CALLS_EACH: u64 = 24;

/// A case by its name.
type Case = (&'static str, fn(&Bench));

const CASES: [Case; 9] = [
    ("known", known_limits),
    ("unknown", unknown_limit),
    ("accounts", limit_of_accounts),
    ("crowd", limit_of_accounts_in_a_crowd),
    ("halved", halved_limit),
    ("overhead", overhead),
    ("memory", memory),
    ("validate", validation),
    ("workbook", workbook),
];

fn main() {
    // cargo passes --bench.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let unknown = wanted.iter().find(|it| CASES.iter().all(|case| case.0 != it.as_str()));
    if let Some(unknown) = unknown {
        let names = CASES.map(|case| case.0).join(", ");
        eprintln!("There is no case {unknown}; there are {names}");
        std::process::exit(2);
    }
    println!("{}", Machine::describe());
    let bench = Bench::new();
    for (name, case) in CASES {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            println!("\n{name} (load {})", Machine::load());
            case(&bench);
        }
    }
}

/// A folder, and a runtime on which the sandbox answers.
struct Bench {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
}

/// One sandbox with its own world.
struct World {
    sandbox: Sandbox,
    server: Server,
}

impl Bench {
    fn new() -> Bench {
        let folder = TempDir::new().expect("a folder for temporary files");
        Bench { folder, runtime: tokio::runtime::Runtime::new().expect("a runtime") }
    }

    fn world(&self, faults: Faults) -> World {
        let settings =
            Settings { accounts_on_demand: true, review_ms: 600_000, faults, ..Settings::default() };
        let seed = Seed {
            parent_sid: PARENT.to_owned(),
            parent_token: TOKEN.to_owned(),
            primary_profile_sid: "BU5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a".to_owned(),
            accounts: vec![],
        };
        let sandbox = Sandbox::open(settings, seed).expect("a world");
        let server = self.runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            sandbox.serve(listener).expect("a server")
        });
        World { sandbox, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, ready to run on a sheet.
    fn run(&self, world: &World, name: &str, sheet: &Path, options: &[&str]) -> Command {
        let mut command = program();
        command.arg("run").arg(sheet).args(["--base-url", world.server.base_url(), "--yes", "--ledger"]);
        command.arg(self.path(&format!("{name}.db"))).arg("--results").arg(self.path(&format!("{name}.csv")));
        // A run with a new ledger waits once for what another may have made: nobody has, and that is not measured.
        command.args(["--visibility-window", "0s"]);
        command.args(options).env("TWILIO_ACCOUNT_SID", PARENT).env("TWILIO_AUTH_TOKEN", TOKEN);
        command
    }

    fn sheet(&self, customers: u64) -> PathBuf {
        sheet::written(&self.path("sheets"), customers)
    }

    /// Runs with a log of the calls, and reads it.
    fn logged(&self, world: &World, name: &str, sheet: &Path, options: &[&str]) -> Calls {
        let log = self.path(&format!("{name}.jsonl"));
        let mut command = self.run(world, name, sheet, options);
        finish(command.arg("--log").arg(&log));
        Calls::read(&log)
    }
}

fn program() -> Command {
    quiet(env!("CARGO_BIN_EXE_trusthub-onboard"))
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn start(command: &mut Command) -> Child {
    command.spawn().expect("the program starts")
}

fn finish(command: &mut Command) -> Finished {
    machine::watch(start(command))
}

fn latency(faults: Faults) -> Faults {
    Faults { latency_ms: LATENCY_MS..=LATENCY_MS, ..faults }
}

fn per_second(rate: f64) -> Limit {
    Limit { per_second: Some(rate), ..Limit::default() }
}

/// The calls of one run: when each was sent, in seconds from the first, and whether it was taken.
struct Calls(Vec<(f64, bool)>);

impl Calls {
    fn read(log: &Path) -> Calls {
        let text = std::fs::read_to_string(log).expect("the log");
        let mut calls = vec![];
        for line in text.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let time: jiff::Timestamp = entry["time"].as_str().unwrap_or_default().parse().expect("a time");
            let sent_at = time.as_millisecond() as f64 - entry["ms"].as_f64().unwrap_or(0.0);
            calls.push((sent_at / 1_000.0, entry["status"] != 429));
        }
        calls.sort_by(|one, other| one.0.total_cmp(&other.0));
        let first = calls.first().map_or(0.0, |it| it.0);
        Calls(calls.into_iter().map(|(at, taken)| (at - first, taken)).collect())
    }

    fn seconds(&self) -> f64 {
        self.0.last().map_or(0.0, |it| it.0)
    }

    /// Calls a second that were taken between two moments.
    fn taken(&self, from: f64, to: f64) -> f64 {
        self.0.iter().filter(|it| it.1 && (from..to).contains(&it.0)).count() as f64 / (to - from)
    }

    fn refused(&self) -> usize {
        self.0.iter().filter(|it| !it.1).count()
    }

    fn share_refused(&self) -> f64 {
        100.0 * self.refused() as f64 / self.0.len() as f64
    }
}

/// One figure beside its target.
fn show(what: &str, figure: String, target: &str) {
    println!("  {what:<58} {figure:>22}   target {target}");
}

fn known_limits(bench: &Bench) {
    for (rate, seconds, customers_at_once) in [(50.0, 30, "16"), (500.0, 20, "64"), (2_000.0, 15, "256")] {
        let world = bench.world(latency(Faults { limit_global: per_second(rate), ..Faults::default() }));
        let customers = rate as u64 * seconds / CALLS_EACH;
        let options = ["--rate", &rate.to_string(), "--concurrency", customers_at_once];
        let calls = bench.logged(&world, &format!("known-{rate}"), &bench.sheet(customers), &options);
        // In the tail fewer customers are left than it takes to fill the rate: they finish together,
        // each one call after the other.
        let tail = CALLS_EACH as f64 * customers_at_once.parse::<f64>().unwrap_or(1.0) / rate;
        let used = 100.0 * calls.taken(1.0, calls.seconds() - tail.max(2.0)) / rate;
        show(&format!("a known limit of {rate}/s: used"), format!("{used:.1} %"), ">= 98 %");
        show("  refused with 429", calls.refused().to_string(), "none");
    }
}

fn unknown_limit(bench: &Bench) {
    let world = bench.world(latency(Faults { limit_global: per_second(100.0), ..Faults::default() }));
    let calls = bench.logged(
        &world,
        "unknown",
        &bench.sheet(180 * 100 / CALLS_EACH),
        &["--rate", "1000", "--concurrency", "50"],
    );
    show_use("an unknown limit of 100/s below a cap of 1,000/s", &calls, 100.0, 10.0, calls.seconds() - 15.0);
}

fn limit_of_accounts(bench: &Bench) {
    let world = bench.world(latency(Faults { limit_per_account: per_second(2.0), ..Faults::default() }));
    // Fifty customers with so many numbers that each is at work for three minutes. The parent is an
    // account too, so that it takes 25 seconds until the last of them has its token.
    let sheet = sheet::with_numbers(&bench.path("sheets"), 50, 160);
    let calls = bench.logged(&world, "accounts", &sheet, &["--rate", "1000", "--concurrency", "50"]);
    show_use("2/s for each account, 50 accounts", &calls, 100.0, 30.0, calls.seconds() - 30.0);
}

fn limit_of_accounts_in_a_crowd(bench: &Bench) {
    let world = bench.world(latency(Faults { limit_per_account: per_second(2.0), ..Faults::default() }));
    // At two reads of tokens a second, two customers begin a second, and that is the limit of all.
    let most = 2.0 * CALLS_EACH as f64;
    let options = ["--rate", "1000", "--concurrency", "50"];
    let calls = bench.logged(&world, "crowd", &bench.sheet(330), &options);
    show_use("the same with ever new accounts", &calls, most, 20.0, calls.seconds() - 20.0);
}

fn halved_limit(bench: &Bench) {
    let limit = |rate| latency(Faults { limit_global: per_second(rate), ..Faults::default() });
    let world = bench.world(limit(100.0));
    let log = bench.path("halved.jsonl");
    let options = ["--rate", "1000", "--concurrency", "50"];
    let mut command = bench.run(&world, "halved", &bench.sheet(90 * 150 / CALLS_EACH), &options);
    let child = start(command.arg("--log").arg(&log));
    std::thread::sleep(Duration::from_secs(90));
    world.sandbox.misbehave(limit(50.0));
    machine::watch(child);
    let calls = Calls::read(&log);
    show("100/s, halved after 90 s: used before", format!("{:.1} %", calls.taken(10.0, 88.0)), ">= 90 %");
    let after = 2.0 * calls.taken(92.0, calls.seconds() - 25.0);
    show("  used after", format!("{after:.1} %"), ">= 90 %");
    show("  refused with 429", format!("{:.2} %", calls.share_refused()), "< 2 %");
}

fn show_use(what: &str, calls: &Calls, limit: f64, from: f64, to: f64) {
    show(&format!("{what}: used"), format!("{:.1} %", 100.0 * calls.taken(from, to) / limit), ">= 90 %");
    show("  refused with 429", format!("{:.2} %", calls.share_refused()), "< 2 %");
}

fn overhead(bench: &Bench) {
    let world = bench.world(Faults::default());
    let options = ["--rate", "unlimited", "--concurrency", "64"];
    let before = world.sandbox.requests().count;
    let run = finish(&mut bench.run(&world, "overhead", &bench.sheet(20_000), &options));
    let calls = (world.sandbox.requests().count - before) as f64;
    let took = run.took.as_secs_f64();
    show(
        &format!("{calls} calls in {took:.1} s, 64 customers at once"),
        format!("{:.0} calls/s", calls / took),
        ">= 16,000 calls/s",
    );
    show(
        "  our processor time, reading and results included",
        format!("{:.0} µs a call", run.cpu.as_micros() as f64 / calls),
        "<= 92 µs a call",
    );
}

fn memory(bench: &Bench) {
    let world = bench.world(Faults::default());
    let options = ["--rate", "unlimited", "--concurrency", "64"];
    let mut command = bench.run(&world, "memory", &bench.sheet(100_000), &options);
    let child = start(&mut command);
    // One customer in the world takes this many calls; half of them are done when half of these are.
    let half = 50_000 * CALLS_EACH;
    while world.sandbox.requests().count < half {
        std::thread::sleep(Duration::from_millis(50));
    }
    let first = machine::kill(child);
    show("killed in the middle of 100,000 customers: peak memory", mb(first.peak_kb), "< 150 MB");
    let before = world.sandbox.requests().count;
    let began = Instant::now();
    let child = start(&mut command);
    while world.sandbox.requests().count < before + 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    show(
        "  resumed: first call of a customer after",
        format!("{:.2} s", began.elapsed().as_secs_f64()),
        "< 2 s",
    );
    let second = machine::watch(child);
    show("  the rest, and the results: peak memory", mb(second.peak_kb), "< 150 MB");
    let small = finish(&mut bench.run(&world, "small", &bench.sheet(10_000), &options));
    show("  for comparison, 10,000 customers: peak memory", mb(small.peak_kb), "about the same");
}

fn validation(bench: &Bench) {
    let sheet = bench.sheet(1_000_000);
    let size = std::fs::metadata(&sheet).map_or(0, |it| it.len()) / 1_000_000;
    let columns = COLUMNS.len();
    let schema = bench.path("schema.json");
    std::fs::write(&schema, schema::of_a_row()).expect("the schema");
    let qsv = ["qsv", "qsvlite"].into_iter().find(|name| quiet(name).arg("--version").status().is_ok());
    if let Some(qsv) = qsv {
        // One that cannot read the schema would be very fast.
        let done = Command::new(qsv).arg("validate").arg(bench.sheet(20)).arg(&schema).output();
        let done = done.expect("qsv runs");
        assert!(done.status.success(), "{qsv}: {}", String::from_utf8_lossy(&done.stderr));
    }
    // In turns, so that both meet the same machine.
    for round in 1..=ROUNDS {
        let run = finish(program().arg("validate").arg(&sheet));
        show(
            &format!("validate 1,000,000 rows of {columns} columns of CSV ({size} MB), round {round}"),
            seconds(&run),
            "qsv validate",
        );
        show("  peak memory", mb(run.peak_kb), "< 200 MB");
        let Some(qsv) = qsv else {
            show("  qsv validate", "not installed".to_owned(), "");
            continue;
        };
        let run = finish(quiet(qsv).arg("validate").arg(&sheet).arg(&schema));
        show(&format!("  {qsv} validate with an equivalent JSON Schema"), seconds(&run), "");
        show("  peak memory", mb(run.peak_kb), "");
    }
    let small = bench.sheet(20);
    for round in 1..=ROUNDS {
        let run = finish(program().arg("validate").arg(&small));
        show(
            &format!("validate 20 rows, start to finish, round {round}"),
            format!("{} ms", run.took.as_millis()),
            "< 50 ms",
        );
    }
}

/// How often a figure is taken that the first touch of a file may spoil.
const ROUNDS: usize = 3;

fn workbook(bench: &Bench) {
    let rows = 100_000;
    let sheet = sheet::workbook(&bench.path("sheets"), rows);
    for round in 1..=ROUNDS {
        let began = Instant::now();
        let cells = sheet::cells_of_workbook(&sheet);
        let alone = began.elapsed();
        let run = finish(program().arg("validate").arg(&sheet));
        show(
            &format!("validate {rows} rows of XLSX ({cells} cells), round {round}"),
            seconds(&run),
            &format!("<= {:.2} s", 2.0 * alone.as_secs_f64()),
        );
        show("  calamine's stream of its cells alone", format!("{:.2} s", alone.as_secs_f64()), "");
        show("  peak memory", mb(run.peak_kb), "< 150 MB");
    }
}

fn seconds(run: &Finished) -> String {
    format!("{:.2} s, {:.2} s of CPU", run.took.as_secs_f64(), run.cpu.as_secs_f64())
}

fn mb(kb: u64) -> String {
    format!("{:.0} MB", kb as f64 * 1_024.0 / 1e6)
}
