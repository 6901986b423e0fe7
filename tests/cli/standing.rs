//! `results` and `status`: what is said of a customer after the run, whatever has become of its row.

use super::fixture::*;
use std::collections::HashMap;

/// Everything of a row that does not depend on the sheet's words.
fn known(row: &HashMap<String, String>) -> Vec<(String, String)> {
    let is_known = |name: &str| {
        (name.ends_with("_sid") && name != "subaccount_sid")
            || name.ends_with("_status")
            || name.starts_with("phone_numbers_")
            || name.ends_with("_at")
    };
    let mut cells: Vec<_> = row
        .iter()
        .filter(|it| is_known(it.0) && it.0 != "http_status")
        .map(|(name, cell)| (name.clone(), cell.clone()))
        .collect();
    cells.sort();
    cells
}

#[test]
fn a_customer_keeps_its_sids_and_statuses_in_the_results_when_its_row_becomes_invalid() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..4].to_vec();
    fixture.write("sheet.csv", csv_of(&rows));
    let first = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let (before, numbers) = (fixture.results(), fixture.numbers());
    let email = column(&rows, "email");
    rows[2][email] = "nobody at nowhere".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    for command in ["run", "results", "status"] {
        let done = fixture.run(&[command, "sheet.csv", "--sandbox"]);
        assert_eq!(done.code, 3, "{command}: {}", done.err);
        let after = fixture.results();
        assert_eq!(after[1]["outcome"], "invalid", "{command}");
        assert!(after[1]["error_message"].contains("C3"), "{command}: {}", after[1]["error_message"]);
        assert_eq!(after[1]["customer_profile_status"], "twilio-approved", "{command}");
        assert_eq!(known(&after[1]), known(&before[1]), "{command}");
        // `results` tells of the last run that sent something for it.
        let attempts = if command == "results" { &before[1]["attempts"] } else { "0" };
        assert_eq!(after[1]["attempts"], attempts, "{command} sends nothing for it");
        let sids = |rows: &[HashMap<String, String>]| {
            let of_the_row = rows.iter().filter(|it| it["row"] == "3");
            let cells = |it: &HashMap<String, String>| {
                let mut it = it.clone();
                // How a number reads stands in the sheet alone.
                it.remove("phone_number");
                let mut cells: Vec<_> = it.into_iter().collect();
                cells.sort();
                cells
            };
            let mut lines: Vec<_> = of_the_row.map(cells).collect();
            lines.sort();
            lines
        };
        assert!(!sids(&numbers).is_empty());
        assert_eq!(sids(&fixture.numbers()), sids(&numbers), "{command}");
    }
}

#[test]
fn an_invalid_row_that_was_never_begun_has_no_sids_and_no_status() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..3].to_vec();
    let (email, account) = (column(&rows, "email"), column(&rows, "subaccount_sid"));
    // Only the first customer is begun; these are the second one's account, and none at all.
    rows[1][email] = "nobody at nowhere".to_owned();
    rows[1][account] = sample_rows()[2][account].clone();
    rows[2][account] = "AC12".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    fixture.write("other.csv", csv_of(&sample_rows()[..4]));
    assert_eq!(fixture.run(&["run", "other.csv", "--sandbox", "--no-submit", "--limit", "1"]).code, 0);
    let done = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 3, "{}", done.err);
    for row in fixture.results() {
        assert_eq!(row["outcome"], "invalid");
        assert!(known(&row).iter().all(|it| it.1.is_empty() || it.1 == "0"), "{:?}", known(&row));
    }
    assert!(fixture.numbers().is_empty());
}

#[test]
fn what_was_submitted_without_a_refused_number_stands_the_same_in_run_results_and_status() {
    let fixture = Fixture::new();
    with_a_number_of_another_customer(&fixture);
    let trial = ["--sandbox", "--wait", "0", "--review-seconds", "86400"];
    let run = fixture.run(&[&["run", "sheet.csv", "--refused-numbers", "skip"], &trial[..]].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let by_the_run = fixture.results();
    assert_eq!(by_the_run[0]["outcome"], "awaiting_profile_approval");
    assert_eq!(by_the_run[0]["phone_numbers_refused"], "1");
    let left_out = "Left out: 1 phone number of 1 customer";
    assert!(run.out.contains(left_out), "{}", run.out);
    assert!(by_the_run[0]["error_message"].contains("1 phone number left out"), "{by_the_run:?}");
    let as_json = fixture.run(&["results", "sheet.csv", "--sandbox", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&as_json.out).expect("JSON");
    assert_eq!(document["rows"][0]["remarks"][0]["code"], "numbers_left_out", "{document}");
    assert!(as_json.err.contains(left_out), "{}", as_json.err);
    for command in ["results", "status"] {
        let done = fixture.run(&[command, "sheet.csv", "--sandbox"]);
        assert_eq!(done.code, 0, "{command}: {}{}", done.out, done.err);
        assert!(done.out.contains(left_out), "{command}: {}", done.out);
        assert_eq!(fixture.results()[0]["error_message"], by_the_run[0]["error_message"], "{command}");
        assert_eq!(fixture.results()[0]["outcome"], "awaiting_profile_approval", "{command}");
        assert_eq!(fixture.results()[0]["phone_numbers_refused"], "1", "{command}");
    }
}

#[test]
fn a_refused_number_that_held_its_profile_back_is_a_refusal_in_the_results_too() {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    let numbers = column(&rows, "phone_numbers");
    rows[1][numbers] = "PN0000000000000000000000000000dead".to_owned();
    fixture.write("other.csv", csv_of(&rows[..2]));
    assert_eq!(fixture.run(&["run", "other.csv", "--sandbox", "--no-submit"]).code, 0);
    rows[2][numbers] = "PN0000000000000000000000000000beef; PN0000000000000000000000000000dead".to_owned();
    fixture.write("sheet.csv", csv_of(&[rows[0].clone(), rows[2].clone()]));
    for command in ["run", "results", "status"] {
        let done = fixture.run(&[command, "sheet.csv", "--sandbox"]);
        assert_eq!(done.code, 4, "{command}: {}{}", done.out, done.err);
        assert_eq!(fixture.results()[0]["outcome"], "refused", "{command}");
        assert!(!done.out.contains("Left out"), "{command}: nothing went on without it: {}", done.out);
    }
}
