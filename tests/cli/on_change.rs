//! `run --wait --on-change`: a program of the user's own that is told what has changed.
#![cfg(unix)]

use super::fixture::*;
use super::looks::Api;
use super::report::{is_valid, schema, undescribed};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trusthub_onboard::sandbox::Verdict;

/// Far more than any of these runs needs.
const DEADLINE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "waited too long for {what}");
        std::thread::yield_now();
    }
}

/// A program that keeps what it is told, a line a document, its arguments and what it sees of the token.
fn script(fixture: &Fixture, more: &str) {
    let text =
        format!("#!/bin/sh\ncat >> told.jsonl\necho \"$1 ${{TWILIO_AUTH_TOKEN-none}}\" >> seen\n{more}\n");
    fixture.write("tell.sh", text);
    let path = fixture.path("tell.sh");
    let mut mode = std::fs::metadata(&path).expect("a file").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o700);
    std::fs::set_permissions(path, mode).expect("a mode");
}

fn told(fixture: &Fixture) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture.path("told.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A run that is under way. It is killed where the test ends before it does.
struct Running(Child);

impl Running {
    fn start(api: &Api, more: &[&str]) -> Running {
        let at = ["run", "sheet.csv", "--base-url", api.server.base_url(), "--visibility-window", "0s"];
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
        command.current_dir(&api.fixture.folder).args(at).args(["--rate", "unlimited"]).args(more);
        command.env("TWILIO_ACCOUNT_SID", super::looks::PARENT).env("TWILIO_AUTH_TOKEN", super::looks::TOKEN);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run"))
    }

    fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("a state").is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How a row stands in the last document that named it.
fn last(documents: &[Value], row: u64) -> Option<String> {
    let rows = documents.iter().rev().flat_map(|it| it["changed"].as_array().cloned().unwrap_or_default());
    let mut of_it = rows.filter(|it| it["row"] == row);
    of_it.next().and_then(|it| it["outcome"].as_str().map(str::to_owned))
}

#[test]
fn every_change_is_told_with_counts_and_sids_and_the_results_are_written_by_then() {
    let api = Api::of(3);
    script(&api.fixture, "");
    let arguments =
        ["--wait", "1d", "--poll", "30ms", "--long", "1ms", "--on-change", "./tell.sh '$HOME *;x'"];
    let mut run = Running::start(&api, &arguments);
    let stands = |row: u64, outcome: &str| last(&told(&api.fixture), row).is_some_and(|it| it == outcome);
    wait_until("the submissions", || (2..=4).all(|row| stands(row, "awaiting_profile_approval")));
    api.decide(2, Verdict::Rejected(vec![18602]));
    wait_until("the rejection", || stands(3, "rejected"));
    assert_eq!(api.fixture.results()[1]["outcome"], "rejected", "the results are written at each change");
    api.decide(1, Verdict::Approved);
    wait_until("the product", || stands(2, "submitted"));
    assert!(!run.is_over(), "others are in review");
    let id = run.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill").success());
    wait_until("the run to end", || run.is_over());
    let documents = told(&api.fixture);
    let rows = sample_rows();
    for document in &documents {
        is_valid("change", document).unwrap_or_else(|error| panic!("{error}: {document}"));
        assert_eq!(undescribed(document, &schema("change"), "change"), [""; 0]);
        let text = document.to_string();
        for row in &rows[1..=3] {
            for name in ["business_name", "email", "friendly_name", "street", "representative_1_last_name"] {
                let cell = row[column(&rows, name)].as_str();
                assert!(cell.is_empty() || !text.contains(cell), "{name} in {text}");
            }
        }
        assert_eq!(document["counts"]["rows"], 3);
    }
    // Nobody is told twice of what has not changed.
    let rejections = documents.iter().flat_map(|it| it["changed"].as_array().expect("rows"));
    assert_eq!(rejections.filter(|it| it["outcome"] == "rejected").count(), 1);
    assert!(documents.iter().any(|it| !it["long"].as_array().expect("waits").is_empty()));
    let mut wrong = documents[0].clone();
    wrong["changed"][0]["subaccount_sid"] = "Brightwater".into();
    assert!(is_valid("change", &wrong).is_err(), "what is no SID passes");
    let seen = api.fixture.read("seen");
    assert!(seen.lines().all(|it| it == "$HOME *;x none"), "{seen}");
}

#[test]
fn a_program_that_fails_is_named_once_and_changes_nothing_of_the_run() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..4]));
    script(&fixture, "echo 'the chat is closed' >&2; exit 3");
    let run = ["run", "sheet.csv", "--sandbox", "--on-change", "./tell.sh x"];
    let done = fixture.run(&run);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("3  approved"), "{}", done.out);
    assert_eq!(done.err.matches("--on-change:").count(), 1, "{}", done.err);
    assert!(done.err.contains("the chat is closed"), "{}", done.err);
    // What it was not told because it had failed is in each of the following.
    let documents = told(&fixture);
    assert_eq!(documents.last().expect("a document")["changed"].as_array().map(Vec::len), Some(3));
    assert_eq!(documents.last().expect("a document")["is_over"], true);
    // Nothing has changed since.
    let again = fixture.run(&run);
    assert_eq!((again.code, told(&fixture).len()), (0, documents.len()), "{}", again.err);
    assert!(!again.err.contains("--on-change:"), "{}", again.err);
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_is_sent() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..2]));
    for command in ["no-such-program --x", "./tell.sh", "sh 'open", ""] {
        let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--on-change", command]);
        assert_eq!(done.code, 2, "{command:?}: {}{}", done.out, done.err);
        assert!(done.err.contains("--on-change"), "{}", done.err);
        assert!(!fixture.path("results.csv").exists(), "{command:?}");
    }
}

/// The cell of an invalid row may hold anything.
#[test]
fn of_an_invalid_row_nothing_is_told_but_that_it_is_one() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..3].to_vec();
    let account = column(&rows, "subaccount_sid");
    rows[2][account] = "Ada Okafor, +1 415 555 0123".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    script(&fixture, "");
    fixture.run(&["run", "sheet.csv", "--sandbox", "--on-change", "./tell.sh x"]);
    let text = fixture.read("told.jsonl");
    assert!(!text.contains("Okafor"), "{text}");
    let documents = told(&fixture);
    assert_eq!(documents.last().expect("a document")["counts"]["outcomes"]["invalid"], 1);
    documents.iter().for_each(|it| is_valid("change", it).unwrap_or_else(|error| panic!("{error}")));
}
