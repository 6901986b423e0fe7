//! What other commands do while a run is under way.

use super::fixture::*;
use std::process::{Child, Command, Stdio};

/// A run in the sandbox that goes on until this is dropped, because its reviews take a day.
struct Running(Child);

impl Running {
    fn start(fixture: &Fixture, sheet: &str) -> Running {
        let run = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
            .current_dir(&fixture.folder)
            .args(["run", sheet, "--sandbox", "--review-seconds", "86400", "--wait", "1d", "--poll", "1h"])
            .args(["--log", "calls.jsonl"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a run");
        let running = Running(run);
        // It has the ledger and the world before its first call is logged, and all is done for now when
        // every profile has been read after its submission.
        let reads = || {
            let log = std::fs::read_to_string(fixture.path("calls.jsonl")).unwrap_or_default();
            log.lines().filter(|it| it.contains("trust_product_phone_numbers")).count()
        };
        while reads() == 0 {
            std::thread::yield_now();
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn one_row(fixture: &Fixture) {
    fixture.write("sheet.csv", csv_of(&sample_rows()[..2]));
}

#[test]
fn starting_over_leaves_the_world_of_a_running_process_alone() {
    let fixture = Fixture::new();
    one_row(&fixture);
    let running = Running::start(&fixture, "sheet.csv");
    let world = || fixture.read("trusthub-onboard-sandbox.world");
    let first_line = world().lines().next().map(str::to_owned);
    for arguments in [&["--fresh"][..], &[]] {
        let done =
            fixture.run(&[&["run", "sheet.csv", "--sandbox", "--results", "other.csv"], arguments].concat());
        assert_eq!(done.code, 1, "{}{}", done.out, done.err);
        assert!(done.err.contains("Another process"), "{}", done.err);
        assert!(!done.err.contains("--fresh"), "that is no way out: {}", done.err);
        assert_eq!(world().lines().next().map(str::to_owned), first_line, "the world is as it was");
    }
    drop(running);
    assert_eq!(fixture.run(&["results", "sheet.csv", "--sandbox"]).code, 0, "nothing was lost");
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--fresh"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_ne!(world().lines().next().map(str::to_owned), first_line, "now it is a new world");
}

#[test]
fn the_results_can_be_written_while_a_run_is_under_way_and_status_says_that_it_waits() {
    let fixture = Fixture::new();
    one_row(&fixture);
    let running = Running::start(&fixture, "sheet.csv");
    let done = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!([0, 5].contains(&done.code), "{}{}", done.out, done.err);
    assert!(fixture.results()[0]["customer_profile_sid"].starts_with("BU"));
    let done = fixture.run(&["status", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.err.contains("Another process") && done.err.contains("`results`"), "{}", done.err);
    assert!(!done.err.contains("--fresh"), "{}", done.err);
    drop(running);
    assert_eq!(fixture.run(&["status", "sheet.csv", "--sandbox"]).code, 0);
}
