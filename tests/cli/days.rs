//! A run that lasts: what becomes of the sheet, of the results and of the run meanwhile.
#![cfg(unix)]

use super::fixture::*;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far more than any of these runs needs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command that is under way. It is killed where the test ends before it does.
struct Running(Option<Child>);

impl Running {
    /// A run in a sandbox inside its process, with its temporary files in the folder `tmp`.
    fn start(fixture: &Fixture, arguments: &[&str]) -> Running {
        Running::start_after(fixture, "", arguments)
    }

    /// The same, with a shell in front that may do something before.
    fn start_after(fixture: &Fixture, before: &str, arguments: &[&str]) -> Running {
        let temporary = fixture.path("tmp");
        std::fs::create_dir_all(&temporary).expect("a folder");
        let child = Command::new("sh")
            .current_dir(&fixture.folder)
            .args(["-c", &format!("{before} exec \"$0\" \"$@\"")])
            .arg(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
            .args(arguments)
            .args(["--sandbox", "--log", "calls.jsonl"])
            .env("TMPDIR", &temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a run");
        Running(Some(child))
    }

    /// Sends a signal by its name.
    fn tell(&self, signal: &str) {
        let id = self.0.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().expect("kill").success());
    }

    fn is_over(&mut self) -> bool {
        self.0.as_mut().expect("it runs").try_wait().expect("a state").is_some()
    }

    fn end(mut self) -> Done {
        wait_until("the run to end", || self.is_over());
        let output: Output = self.0.take().expect("it runs").wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!err.contains("panicked"), "{err}");
        Done { code: output.status.code().unwrap_or(-1), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "waited too long for {what}");
        std::thread::yield_now();
    }
}

fn calls(fixture: &Fixture) -> usize {
    std::fs::read_to_string(fixture.path("calls.jsonl")).unwrap_or_default().lines().count()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path()).collect()
}

#[test]
fn what_was_checked_is_sent_and_reported_whatever_becomes_of_the_sheet_in_mid_run() {
    type Change = fn(&Fixture, &str);
    let changes: [(&str, Change); 5] = [
        ("deleted", |fixture, sheet| std::fs::remove_file(fixture.path(sheet)).expect("deleted")),
        ("moved", |fixture, sheet| {
            std::fs::rename(fixture.path(sheet), fixture.path("away")).expect("moved")
        }),
        ("touched", |fixture, sheet| {
            fixture.write(sheet, std::fs::read(fixture.path(sheet)).expect("a sheet"))
        }),
        ("replaced by another customer's", |fixture, sheet| {
            let rows = sample_rows();
            fixture.write(sheet, csv_of(&[rows[0].clone(), rows[9].clone()]));
        }),
        ("replaced by a folder", |fixture, sheet| {
            std::fs::remove_file(fixture.path(sheet)).expect("deleted");
            std::fs::create_dir(fixture.path(sheet)).expect("a folder");
        }),
    ];
    for sheet in ["sheet.csv", "sheet.xlsx"] {
        for (what, change) in changes {
            let fixture = Fixture::new();
            match sheet.ends_with(".csv") {
                true => fixture.write(sheet, csv_of(&sample_rows()[..4])),
                false => fixture.write(sheet, std::fs::read(sample("customers.xlsx")).expect("the sample")),
            }
            let run = Running::start(
                &fixture,
                &["run", sheet, "--rate", "60", "--limit", "3", "--review-seconds", "0", "--failed", "f.csv"],
            );
            wait_until("calls", || calls(&fixture) > 10);
            change(&fixture, sheet);
            let done = run.end();
            assert_eq!(done.code, 0, "{sheet} {what}: {}{}", done.out, done.err);
            let approved = fixture.results().iter().filter(|it| it["outcome"] == "approved").count();
            assert_eq!(approved, 3, "{sheet} {what}: {}", done.out);
        }
    }
}

#[test]
fn nothing_of_the_sheet_stays_in_the_temporary_folder_while_a_run_lasts_and_after_it_is_killed() {
    for over_a_pipe in [false, true] {
        let fixture = Fixture::new();
        fixture.write("sheet.csv", csv_of(&sample_rows()[..4]));
        let (pipe, sheet) = (fixture.path("pipe"), if over_a_pipe { "pipe" } else { "sheet.csv" });
        if over_a_pipe {
            assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
            let (from, to) = (fixture.path("sheet.csv"), pipe.clone());
            std::thread::spawn(move || std::fs::copy(from, to));
        }
        let run = Running::start(&fixture, &["run", sheet, "--rate", "20", "--review-seconds", "86400"]);
        wait_until("calls", || calls(&fixture) > 5);
        assert_eq!(files_in(&fixture.path("tmp")), Vec::<PathBuf>::new(), "while it runs");
        drop(run);
        assert_eq!(files_in(&fixture.path("tmp")), Vec::<PathBuf>::new(), "after it was killed");
    }
}

#[test]
fn a_signal_ends_the_run_at_once_with_its_results_although_hundreds_wait_for_their_turn() {
    let sheet = sample("customers-500.csv");
    let arguments = ["run", &sheet, "--rate", "5", "--concurrency", "200", "--review-seconds", "86400"];
    for signal in ["INT", "TERM", "HUP"] {
        let fixture = Fixture::new();
        let run = Running::start(&fixture, &arguments);
        wait_until("calls", || calls(&fixture) >= 8);
        run.tell(signal);
        let before = calls(&fixture);
        let done = run.end();
        assert_eq!(done.code, 5, "{signal}: {}{}", done.out, done.err);
        assert!(calls(&fixture) <= before + 2, "{signal}: {} calls after it", calls(&fixture) - before);
        assert_eq!(fixture.results().len(), 500, "{signal}");
        assert!(done.out.contains("Run the same command again"), "{signal}: {}", done.out);
    }
}

#[test]
fn under_nohup_a_run_outlives_its_terminal() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let arguments = ["run", &sheet, "--rate", "40", "--limit", "3", "--review-seconds", "0"];
    let run = Running::start_after(&fixture, "trap '' HUP;", &arguments);
    wait_until("calls", || calls(&fixture) >= 8);
    run.tell("HUP");
    let done = run.end();
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("3  approved"), "{}", done.out);
}

#[test]
fn the_results_are_there_while_the_run_still_waits_for_reviews() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..4]));
    fixture.write("results.csv", "last week's");
    let arguments = ["run", "sheet.csv", "--review-seconds", "86400", "--wait", "1d", "--poll", "1h"];
    let mut run = Running::start(&fixture, &arguments);
    let is_there = || {
        // What is not ours is moved aside first.
        let text = std::fs::read_to_string(fixture.path("results.csv")).unwrap_or_default();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let outcome = reader.headers().ok().and_then(|names| names.iter().position(|it| it == "outcome"));
        let stands = |row: &csv::StringRecord| row.get(outcome?).map(|it| it == "awaiting_profile_approval");
        reader.records().flatten().filter(|row| stands(row) == Some(true)).count() == 3
    };
    wait_until("the results", is_there);
    assert!(!run.is_over(), "the run goes on");
    run.tell("TERM");
    assert_eq!(run.end().code, 5);
    assert!(is_there());
}
