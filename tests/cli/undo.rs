//! `undo` from the command line: it asks, foretells, lists, and ends with the code that fits.

use crate::fixture::{Fixture, column, csv_of, sample_rows};
use serde_json::Value;

/// A sheet of the first customers of the sample, onboarded in the sandbox with these flags.
fn onboarded(customers: usize, flags: &[&str]) -> Fixture {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..=customers]));
    let done = fixture.run(&[&["run", "sheet.csv", "--sandbox"], flags].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    fixture
}

fn json(fixture: &Fixture, name: &str) -> Value {
    serde_json::from_str(&fixture.read(name)).expect("JSON")
}

/// The paths of the deletions in a log of calls.
fn deletions(log: &str) -> Vec<String> {
    let entries = log.lines().map(|it| serde_json::from_str::<Value>(it).expect("a line of JSON"));
    let sent = entries.filter(|it| it["method"] == "DELETE");
    sent.map(|it| it["path"].as_str().expect("a path").to_owned()).collect()
}

#[test]
fn without_a_terminal_nothing_is_taken_away_unless_yes_is_said() {
    let fixture = onboarded(1, &["--no-submit"]);
    for what in [vec!["sheet.csv"], vec!["--run", "1"]] {
        let done = fixture.run(&[&["undo", "--sandbox", "--log", "calls.jsonl"], &*what].concat());
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(done.err.contains("--yes") && done.err.contains("--dry-run"), "{}", done.err);
        assert!(!fixture.path("calls.jsonl").exists());
    }
    let results = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(results.out.contains("1  drafted"), "{}", results.out);
}

#[test]
fn a_dry_run_prints_the_calls_that_are_then_sent_and_changes_nothing() {
    let fixture = onboarded(2, &["--no-submit"]);
    let dry = ["undo", "sheet.csv", "--sandbox", "--dry-run", "-o", "dry.json", "--log", "dry.jsonl"];
    let dry = fixture.run(&dry);
    assert_eq!((dry.code, deletions(&fixture.read("dry.jsonl"))), (0, vec![]), "{}", dry.err);
    let done = [
        "undo",
        "sheet.csv",
        "--sandbox",
        "--yes",
        "-o",
        "done.csv",
        "--log",
        "done.jsonl",
        "--concurrency",
        "1",
    ];
    let done = fixture.run(&done);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let sent = deletions(&fixture.read("done.jsonl"));
    let told = json(&fixture, "dry.json");
    let told: Vec<&str> =
        told["to_remove"].as_array().expect("a list").iter().filter_map(|it| it["path"].as_str()).collect();
    assert_eq!(told, sent);
    assert!(sent.len() > 30);
    let printed = dry.out.lines().filter_map(|it| it.trim().strip_prefix("DELETE "));
    let printed: Vec<&str> = printed.filter_map(|it| it.split_whitespace().next()).collect();
    assert_eq!(printed, sent);
    let mut rows = csv::Reader::from_path(fixture.path("done.csv")).expect("a file");
    let lists: Vec<String> = rows.records().map(|it| it.expect("a row")[0].to_owned()).collect();
    assert_eq!(lists, vec!["removed"; sent.len()]);
    for list in [format!("Removed: {}", sent.len()), "Kept: 0".to_owned(), "Failed: 0".to_owned()] {
        assert!(done.out.lines().any(|it| it == list), "{list}: {}", done.out);
    }
    #[cfg(unix)]
    for name in ["dry.json", "done.csv"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(fixture.path(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let results = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(results.out.contains("2  not_attempted"), "{}", results.out);
    assert!(fixture.results().iter().all(|it| it["customer_profile_sid"].is_empty()));
    let again = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert!(again.code == 0 && again.out.contains("2  approved"), "{}", again.out);
}

#[test]
fn what_is_left_of_ours_is_exit_4_with_its_reason_and_the_flag_that_takes_it_too() {
    let fixture = onboarded(1, &[]);
    let done = fixture.run(&["undo", "sheet.csv", "--sandbox", "--yes", "-o", "kept.json"]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    let kept = json(&fixture, "kept.json");
    assert_eq!((kept["counts"]["removed"].as_u64(), kept["exit"]["code"].as_u64()), (Some(0), Some(4)));
    let of_the_product = |list: &str| {
        let all = kept[list].as_array().expect("a list");
        all.iter().find(|it| it["step"] == "trust_product").cloned().expect("the product")
    };
    assert_eq!(of_the_product("kept")["reason"], "approved");
    assert!(done.out.contains("--also approved"), "{}", done.out);
    // The sandbox refuses it, as Twilio may.
    let also =
        ["undo", "sheet.csv", "--sandbox", "--yes", "--also", "rejected,approved", "-o", "failed.json"];
    let done = fixture.run(&also);
    assert_eq!(done.code, 4, "{}", done.err);
    let failed = json(&fixture, "failed.json");
    assert_eq!(
        (failed["counts"]["failed"].as_u64(), failed["failed"][0]["code"].as_str()),
        (Some(1), Some("21647"))
    );
    let results = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(results.out.contains("1  approved"), "{}", results.out);
}

#[test]
fn subaccounts_and_runs_can_be_named_and_a_run_that_there_is_not_lists_the_newest() {
    let fixture = onboarded(2, &["--no-submit", "--limit", "1"]);
    let rows = sample_rows();
    let subaccount = column(&rows, "subaccount_sid");
    let second = fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit"]);
    assert!(second.err.contains("run 2 of the ledger"), "{}", second.err);
    let unknown = fixture.run(&["undo", "--run", "77", "--sandbox", "--yes"]);
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.err.contains("no run 77") && unknown.err.contains("The newest are 2 ("),
        "{}",
        unknown.err
    );
    let done = fixture.run(&["undo", "--run", "2", "--sandbox", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        !done.out.contains(&rows[1][subaccount]) && done.out.contains(&rows[2][subaccount]),
        "{}",
        done.out
    );
    let done = fixture.run(&["undo", &rows[1][subaccount], &rows[1][subaccount], "--sandbox", "--yes"]);
    assert!(done.code == 0 && done.out.contains(&rows[1][subaccount]), "{}{}", done.out, done.err);
    // There is nothing to do, and so nothing to ask.
    let results = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(results.out.contains("2  not_attempted"), "{}", results.out);
    let done = fixture.run(&["undo", "sheet.csv", "--sandbox", "--yes"]);
    assert!(done.code == 0 && done.out.contains("Removed: 0"), "{}", done.out);
}

#[test]
fn arguments_that_fit_nothing_are_mistakes_of_usage_and_an_absent_ledger_is_not_made() {
    let fixture = Fixture::new();
    let account = "AC00000000000000000000000000000001";
    for wrong in [vec![], vec!["a.csv", "b.csv"], vec!["a.csv", account], vec!["a.csv", "--run", "1"]] {
        let done = fixture.run(&[&["undo", "--sandbox", "--yes"], &*wrong].concat());
        assert_eq!(done.code, 2, "{wrong:?}: {}", done.err);
    }
    let done = fixture.run(&["undo", "--run", "1", "--sandbox", "--yes"]);
    assert_eq!(done.code, 1, "{}", done.err);
    let done = fixture.run(&["undo", account, "--yes"]);
    assert!(done.code == 1 && done.err.contains("TWILIO_ACCOUNT_SID is not set"), "{}", done.err);
    assert!(
        std::fs::read_dir(fixture.folder.path()).expect("a folder").next().is_none(),
        "nothing was written"
    );
}

#[test]
fn an_invalid_row_is_left_out_and_said_and_ends_with_exit_3() {
    let fixture = onboarded(2, &["--no-submit"]);
    let mut rows = sample_rows();
    let email = column(&rows, "email");
    rows[2][email] = "nobody".to_owned();
    fixture.write("sheet.csv", csv_of(&rows[..=2]));
    let done = fixture.run(&["undo", "sheet.csv", "--sandbox", "--yes"]);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.err.contains("row 3 is left out"), "{}", done.err);
    let results = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(
        results.out.contains("1  not_attempted") && results.out.contains("1  invalid"),
        "{}",
        results.out
    );
}
