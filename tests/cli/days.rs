//! A run that lasts: what becomes of the sheet, of the results and of the run meanwhile.
#![cfg(unix)]

use super::desk::*;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far more than any of these runs needs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command that is under way. It is killed where the test ends before it does.
struct Running(Option<Child>);

impl Running {
    /// A run in a sandbox inside its process, with its temporary files in the folder `tmp`.
    fn start(desk: &Desk, arguments: &[&str]) -> Running {
        Running::start_after(desk, "", arguments)
    }

    /// The same, with a shell in front that may do something before.
    fn start_after(desk: &Desk, before: &str, arguments: &[&str]) -> Running {
        let temporary = desk.path("tmp");
        std::fs::create_dir_all(&temporary).expect("a folder");
        let child = Command::new("sh")
            .current_dir(&desk.folder)
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
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "waited too long for {what}");
        std::thread::yield_now();
    }
}

fn calls(desk: &Desk) -> usize {
    std::fs::read_to_string(desk.path("calls.jsonl")).unwrap_or_default().lines().count()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path()).collect()
}

#[test]
fn what_was_checked_is_sent_and_reported_whatever_becomes_of_the_sheet_in_mid_run() {
    type Change = fn(&Desk, &str);
    let changes: [(&str, Change); 5] = [
        ("deleted", |desk, sheet| std::fs::remove_file(desk.path(sheet)).expect("deleted")),
        ("moved", |desk, sheet| std::fs::rename(desk.path(sheet), desk.path("away")).expect("moved")),
        ("touched", |desk, sheet| desk.write(sheet, std::fs::read(desk.path(sheet)).expect("a sheet"))),
        ("replaced by another customer's", |desk, sheet| {
            let rows = sample_rows();
            desk.write(sheet, csv_of(&[rows[0].clone(), rows[9].clone()]));
        }),
        ("replaced by a folder", |desk, sheet| {
            std::fs::remove_file(desk.path(sheet)).expect("deleted");
            std::fs::create_dir(desk.path(sheet)).expect("a folder");
        }),
    ];
    for sheet in ["sheet.csv", "sheet.xlsx"] {
        for (what, change) in changes {
            let desk = Desk::new();
            match sheet.ends_with(".csv") {
                true => desk.write(sheet, csv_of(&sample_rows()[..4])),
                false => desk.write(sheet, std::fs::read(sample("customers.xlsx")).expect("the sample")),
            }
            let run = Running::start(
                &desk,
                &["run", sheet, "--rate", "60", "--limit", "3", "--review-seconds", "0", "--failed", "f.csv"],
            );
            wait_until("calls", || calls(&desk) > 10);
            change(&desk, sheet);
            let done = run.end();
            assert_eq!(done.code, 0, "{sheet} {what}: {}{}", done.out, done.err);
            let approved = desk.results().iter().filter(|it| it["outcome"] == "approved").count();
            assert_eq!(approved, 3, "{sheet} {what}: {}", done.out);
        }
    }
}

#[test]
fn nothing_of_the_sheet_stays_in_the_temporary_folder_while_a_run_lasts_and_after_it_is_killed() {
    for over_a_pipe in [false, true] {
        let desk = Desk::new();
        desk.write("sheet.csv", csv_of(&sample_rows()[..4]));
        let (pipe, sheet) = (desk.path("pipe"), if over_a_pipe { "pipe" } else { "sheet.csv" });
        if over_a_pipe {
            assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
            let (from, to) = (desk.path("sheet.csv"), pipe.clone());
            std::thread::spawn(move || std::fs::copy(from, to));
        }
        let run = Running::start(&desk, &["run", sheet, "--rate", "20", "--review-seconds", "86400"]);
        wait_until("calls", || calls(&desk) > 5);
        assert_eq!(files_in(&desk.path("tmp")), Vec::<PathBuf>::new(), "while it runs");
        drop(run);
        assert_eq!(files_in(&desk.path("tmp")), Vec::<PathBuf>::new(), "after it was killed");
    }
}

#[test]
fn a_signal_ends_the_run_at_once_with_its_results_although_hundreds_wait_for_their_turn() {
    let sheet = sample("customers-500.csv");
    let arguments = ["run", &sheet, "--rate", "5", "--concurrency", "200", "--review-seconds", "86400"];
    for signal in ["INT", "TERM", "HUP"] {
        let desk = Desk::new();
        let run = Running::start(&desk, &arguments);
        wait_until("calls", || calls(&desk) >= 8);
        run.tell(signal);
        let before = calls(&desk);
        let done = run.end();
        assert_eq!(done.code, 5, "{signal}: {}{}", done.out, done.err);
        assert!(calls(&desk) <= before + 2, "{signal}: {} calls after it", calls(&desk) - before);
        assert_eq!(desk.results().len(), 500, "{signal}");
        assert!(done.out.contains("Run the same command again"), "{signal}: {}", done.out);
    }
}

#[test]
fn under_nohup_a_run_outlives_its_terminal() {
    let desk = Desk::new();
    let sheet = sample("customers.csv");
    let arguments = ["run", &sheet, "--rate", "40", "--limit", "3", "--review-seconds", "0"];
    let run = Running::start_after(&desk, "trap '' HUP;", &arguments);
    wait_until("calls", || calls(&desk) >= 8);
    run.tell("HUP");
    let done = run.end();
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("3  approved"), "{}", done.out);
}

#[test]
fn the_results_are_there_while_the_run_still_waits_for_reviews() {
    let desk = Desk::new();
    desk.write("sheet.csv", csv_of(&sample_rows()[..4]));
    desk.write("results.csv", "last week's");
    let arguments = ["run", "sheet.csv", "--review-seconds", "86400", "--wait", "1d", "--poll", "1h"];
    let mut run = Running::start(&desk, &arguments);
    let is_there = || {
        // What is not ours is moved aside first.
        let text = std::fs::read_to_string(desk.path("results.csv")).unwrap_or_default();
        text.matches(",awaiting_profile_approval,").count() == 3
    };
    wait_until("the results", is_there);
    assert!(!run.is_over(), "the run goes on");
    run.tell("TERM");
    assert_eq!(run.end().code, 5);
    assert!(is_there());
}
