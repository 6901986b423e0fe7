//! Disks that are full, files that are held, processes that are told to stop: through the real binary,
//! against a sandbox in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name).display().to_string()
}

/// The sandbox as a server, and a folder to work in.
struct Place {
    folder: TempDir,
    sandbox: Child,
    url: String,
    credentials: Vec<(String, String)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

impl Place {
    fn new(options: &[&str]) -> Place {
        let mut sandbox = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
            .args(["sandbox", "--port", "0", "--for-sheet", &sample("customers.csv")])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a sandbox");
        let mut lines = BufReader::new(sandbox.stdout.take().expect("its output")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let url = next().rsplit(' ').next().expect("a URL").to_owned();
        next();
        let credentials = next()
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Place { folder: tempfile::tempdir().expect("a folder"), sandbox, url, credentials }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The run, with a shell in front that may set limits.
    fn command(&self, before: &str, arguments: &str) -> Command {
        let binary = assert_cmd::cargo::cargo_bin!("trusthub-onboard").display().to_string();
        let sheet = sample("customers.csv");
        let run = format!(
            "run '{sheet}' --base-url {} --rate unlimited --wait 30s --poll 200ms --visibility-window 1s {arguments}",
            self.url
        );
        let mut command = Command::new("sh");
        command
            .current_dir(&self.folder)
            .args(["-c", &format!("{before} exec '{binary}' {run}")])
            .envs(self.credentials.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID");
        command
    }

    fn run(&self, before: &str, arguments: &str) -> (i32, String) {
        said(&self.command(before, arguments).output().expect("it runs"))
    }

    /// Waits until a run with `--log calls.jsonl` has logged so many calls.
    fn wait_for_calls(&self, count: usize) {
        while std::fs::read_to_string(self.path("calls.jsonl")).unwrap_or_default().lines().count() < count {
            std::thread::yield_now();
        }
    }

    /// How many customers are approved by the results.
    fn approved(&self, name: &str) -> usize {
        let mut reader = csv::Reader::from_path(self.path(name)).expect(name);
        let outcome =
            reader.headers().expect("headers").iter().position(|it| it == "outcome").expect("a column");
        reader.records().filter(|row| row.as_ref().expect("a row").get(outcome) == Some("approved")).count()
    }
}

fn said(output: &Output) -> (i32, String) {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_disk_that_fills_up_under_the_ledger_stops_the_run_and_the_next_one_finishes_it() {
    let place = Place::new(&[]);
    // No file may grow beyond so many blocks of 512 bytes, whether the signal that goes with it is ignored or
    // not. The ledger with its log needs more than 100 kB, the sheet less than 10.
    for blocks in [32, 64, 128, 200] {
        for before in ["", "trap '' XFSZ;"] {
            let arguments = "--concurrency 20 --timeout 3s";
            let (code, text) = place.run(&format!("{before} ulimit -f {blocks};"), arguments);
            assert_eq!(code, 1, "{text}");
            assert!(text.contains("ledger") && text.contains("a limit on the size of a file"), "{text}");
            assert!(text.contains("Make room"), "{text}");
        }
    }
    // What was begun when the disk was full is waited for as long as a call may take: less than the run waits for
    // reviews.
    let (code, text) = place.run("", "--timeout 3s");
    assert_eq!(code, 0, "{text}");
    assert_eq!(place.approved("results.csv"), 20, "{text}");
}

#[test]
fn a_disk_that_fills_up_under_the_results_leaves_the_old_ones_whole() {
    let place = Place::new(&[]);
    let (code, text) = place.run("", "--no-submit");
    assert_eq!(code, 0, "{text}");
    let before = std::fs::read(place.path("results.csv")).expect("results");
    // What is wrong with five hundred rows needs more than eighty blocks of 512 bytes, wherever it is written;
    // the rows and the ledger need less.
    let rows: String = (1..=500).map(|row| format!("AC{row:032x},Harbor Light\n")).collect();
    let sheet = place.path("sheet.csv");
    std::fs::write(&sheet, format!("subaccount_sid,business_name,city\n{rows}")).expect("a sheet");
    let sheet = sheet.display();
    let binary = assert_cmd::cargo::cargo_bin!("trusthub-onboard").display().to_string();
    let script =
        format!("trap '' XFSZ; ulimit -f 80; exec '{binary}' results '{sheet}' --base-url {}", place.url);
    let output =
        Command::new("sh").current_dir(&place.folder).args(["-c", &script]).output().expect("it runs");
    let (code, text) = said(&output);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("could not be written") || text.contains("cannot be written"), "{text}");
    assert_eq!(std::fs::read(place.path("results.csv")).ok(), Some(before));
    let files = std::fs::read_dir(&place.folder).expect("the folder").count();
    assert_eq!(files, 5, "sheet, results, numbers, ledger and its lock: nothing half-written is left");
}

#[test]
fn results_that_cannot_take_their_name_take_another_one_and_say_so() {
    let place = Place::new(&[]);
    std::fs::write(place.path("results.csv"), "held").expect("a file");
    let mut permissions = std::fs::metadata(place.path("results.csv")).expect("it is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(place.path("results.csv"), permissions).expect("write-protected");
    let (code, text) = place.run("", "");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("results-2.csv"), "{text}");
    assert_eq!(place.approved("results-2.csv"), 20);
    assert_eq!(std::fs::read_to_string(place.path("results.csv")).ok().as_deref(), Some("held"));
}

#[test]
fn a_run_whose_folder_for_results_is_gone_says_where_they_are_and_all_else_it_has_to_say() {
    let place = Place::new(&["--latency", "20", "--fault", "suspend@30"]);
    std::fs::create_dir(place.path("out")).expect("a folder");
    std::fs::create_dir(place.path("elsewhere")).expect("a folder");
    let run = place
        .command("umask 000;", "--log calls.jsonl --results out/results.csv --failed out/failed.csv")
        .env("TMPDIR", place.path("elsewhere"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a run");
    place.wait_for_calls(40);
    std::fs::remove_dir_all(place.path("out")).expect("it can be removed");
    let (code, text) = said(&run.wait_with_output().expect("it ends"));
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("out/results.csv could not be written; the results are in"), "{text}");
    assert!(
        text.contains("out/results.csv cannot be written (No such file or directory"),
        "the cause: {text}"
    );
    assert!(text.contains("Customers by outcome") && text.contains("Next: "), "{text}");
    for folder in std::fs::read_dir(place.path("elsewhere")).expect("a folder").flatten() {
        let mode = folder.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.path().display());
    }
    let folders = std::fs::read_dir(place.path("elsewhere")).expect("a folder").flatten();
    let names: Vec<String> = folders
        .flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    for name in ["results.csv", "results-numbers.csv", "failed.csv"] {
        assert!(names.iter().any(|it| it == name), "{name} is not among {names:?}: {text}");
    }
}

#[test]
fn a_run_that_brakes_is_no_interrupted_one_that_only_has_to_go_on() {
    let place = Place::new(&[]);
    let (code, text) = place
        .run("", "--map primary_profile_sid= --set primary_profile_sid=BU00000000000000000000000000000001");
    assert!(text.contains("the run stopped itself"), "{text}");
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("Next: Find the reason first"), "{text}");
}

#[test]
fn a_second_process_on_the_same_ledger_is_told_so() {
    // The first request of the first run takes longer than the second process needs.
    let place = Place::new(&["--latency", "300"]);
    let mut first = place
        .command("", "--log calls.jsonl")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a run");
    // The lock is there before the first call is logged.
    while !std::fs::metadata(place.path("calls.jsonl")).is_ok_and(|it| it.len() > 0) {
        std::thread::yield_now();
    }
    let (code, text) = place.run("", "");
    let _ = first.kill();
    let _ = first.wait();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Another process"), "{text}");
}

#[test]
fn one_interrupt_finishes_the_calls_in_flight_and_writes_the_results() {
    for signal in ["INT", "TERM"] {
        let place = Place::new(&["--latency", "20"]);
        let run = place
            .command("", "--log calls.jsonl --concurrency 4")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a run");
        place.wait_for_calls(40);
        send(signal, &run);
        let (code, text) = said(&run.wait_with_output().expect("it ends"));
        assert_eq!(code, 5, "{text}");
        assert!(text.contains("Run the same command again"), "{text}");
        let results = std::fs::read_to_string(place.path("results.csv")).expect("results");
        assert_eq!(results.lines().count(), 21, "{results}");
        assert!(results.contains(",unfinished,") && results.contains(",not_attempted,"), "{results}");
        let calls = std::fs::read_to_string(place.path("calls.jsonl")).expect("a log");
        assert!(calls.lines().all(|it| it.contains("\"status\":2")), "every call was answered");
        let (code, text) = place.run("", "");
        assert_eq!((code, place.approved("results.csv")), (0, 20), "{text}");
    }
}

fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &to.id().to_string()]).status();
    assert!(sent.is_ok_and(|it| it.success()));
}

#[test]
fn a_second_interrupt_stops_at_once_and_the_next_run_finishes() {
    // Calls in flight take longer than a second signal needs.
    let mut place = Place::new(&["--latency", "700"]);
    let mut run = place
        .command("", "--log calls.jsonl")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a run");
    place.wait_for_calls(60);
    send("INT", &run);
    let mut lines = BufReader::new(run.stderr.take().expect("its errors")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Once more to stop now")));
    send("INT", &run);
    let text: String = lines.collect();
    assert_eq!(run.wait().ok().and_then(|it| it.code()), Some(5), "{text}");
    assert!(text.contains("Run the same command again"), "{text}");
    assert!(!place.path("results.csv").exists(), "nothing more was done");
    writeln!(place.sandbox.stdin.as_mut().expect("its input"), "calm").expect("a line");
    // What was cut off is looked for until it can no longer be on its way.
    let (code, text) = place.run("", "--timeout 2s");
    assert_eq!((code, place.approved("results.csv")), (0, 20), "{text}");
}

/// Command lines of processes that work in this folder.
#[cfg(target_os = "linux")]
fn at_work_in(folder: &Path) -> usize {
    let text = folder.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    processes
        .filter_map(|it| std::fs::read(it.path().join("cmdline")).ok())
        .filter(|it| String::from_utf8_lossy(it).contains(&text))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_rehearsal_that_is_stopped_ends_its_run_and_removes_its_folder() {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rehearsal = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
            .args(["rehearse", &sample("customers.csv"), "--kills", "0"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a rehearsal");
        while at_work_in(folder.path()) == 0 {
            std::thread::yield_now();
        }
        send(signal, &rehearsal);
        assert_eq!(rehearsal.wait().ok().and_then(|it| it.code()), Some(5), "{signal}");
        assert_eq!(at_work_in(folder.path()), 0, "{signal}: the run lives on");
        assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0, "{signal}");
    }
}

#[test]
fn a_run_of_a_rehearsal_that_fails_is_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let binary = assert_cmd::cargo::cargo_bin!("trusthub-onboard").display().to_string();
    let sheet = sample("customers.csv");
    let script =
        format!("trap '' XFSZ; ulimit -f 32; exec '{binary}' rehearse '{sheet}' --kills 0 --faults 0");
    let output = Command::new("sh").env("TMPDIR", folder.path()).args(["-c", &script]).output();
    let (code, text) = said(&output.expect("it runs"));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("run 1: exit code 1\n  error: The ledger "), "{text}");
}

#[test]
fn a_sheet_whose_name_begins_with_a_dash_can_be_rehearsed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(sample("customers.csv"), folder.path().join("-x.csv")).expect("a copy");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
        .args(["rehearse", "--kills=0", "--faults", "0", "--", "-x.csv"])
        .current_dir(&folder)
        .output();
    let (code, text) = said(&output.expect("it runs"));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn the_log_tells_of_calls_without_an_answer_of_codes_and_of_further_attempts() {
    let place = Place::new(&["--fault", "storm@8%", "--fault", "throttle@5%"]);
    let (_, text) = place.run("", "--log calls.jsonl --timeout 2s");
    let log = std::fs::read_to_string(place.path("calls.jsonl")).expect(&text);
    let calls: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let any = |is: &dyn Fn(&serde_json::Value) -> bool| calls.iter().any(is);
    assert!(any(&|it| it.get("status").is_none() && it["ms"].is_u64()), "no call without an answer");
    assert!(any(&|it| it["status"] == 429 && it["code"] == 20429), "no refusal with its code");
    assert!(any(&|it| it["attempt"].as_u64() > Some(1)), "no further attempt");
    let of_customers = calls.iter().filter(|it| it.get("step").is_some());
    assert!(
        of_customers.clone().count() > 100 && of_customers.clone().all(|it| it["subaccount_sid"].is_string())
    );
    // With this field everything of a customer is found by one name.
    let token_reads = calls.iter().filter(|it| it["step"] == "account");
    assert!(token_reads.clone().all(|it| it["account_sid"] != it["subaccount_sid"]));
}

#[test]
fn a_second_process_on_the_same_ledger_is_refused_under_any_name_and_whatever_became_of_the_lock() {
    let place = Place::new(&["--review-seconds", "86400"]);
    let arguments = "--ledger a.db --log calls.jsonl";
    let mut first =
        place.command("", arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    place.wait_for_calls(1);
    std::fs::hard_link(place.path("a.db"), place.path("b.db")).expect("a link");
    std::fs::remove_file(place.path("a.db.lock")).expect("it is there");
    let others: Vec<_> = ["a.db", "b.db"]
        .map(|name| place.run("", &format!("--ledger {name} --log others.jsonl --results others.csv")))
        .into();
    first.kill().and_then(|()| first.wait()).expect("it ends");
    for (code, text) in others {
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("Another process is working with the ledger"), "{text}");
    }
    let calls = std::fs::read_to_string(place.path("others.jsonl")).unwrap_or_default();
    assert_eq!(calls.lines().count(), 0, "{calls}");
}
