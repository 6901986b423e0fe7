//! The results as a workbook: what a person finds in its sheets is what the CSV file says.

use super::fixture::*;
use calamine::{Data, Reader, Xlsx, open_workbook};
use std::collections::HashMap;

type Row = HashMap<String, String>;

/// A sheet's rows below its headers, each as a map.
fn sheet(fixture: &Fixture, name: &str) -> Vec<Row> {
    let mut workbook: Xlsx<_> = open_workbook(fixture.path("results.xlsx")).expect("a workbook");
    let range = workbook.worksheet_range(name).expect(name);
    let mut rows = range.rows();
    let head: Vec<String> = rows.next().expect("headers").iter().map(ToString::to_string).collect();
    rows.map(|row| head.iter().cloned().zip(row.iter().map(ToString::to_string)).collect()).collect()
}

/// The first two cells and the third of a line of the summary: what, how many, and the change.
fn summary(fixture: &Fixture) -> HashMap<String, (String, String)> {
    let mut workbook: Xlsx<_> = open_workbook(fixture.path("results.xlsx")).expect("a workbook");
    let range = workbook.worksheet_range("Summary").expect("a summary");
    let text = |row: &[Data], at: usize| row.get(at).map(ToString::to_string).unwrap_or_default();
    range.rows().map(|row| (text(row, 0), (text(row, 1), text(row, 2)))).collect()
}

/// Rows that come to stand in many ways: a refused number, a rejection, an invalid row, rows not begun.
fn mixed() -> Vec<Vec<String>> {
    let mut rows = sample_rows()[..9].to_vec();
    let (email, name) = (column(&rows, "email"), column(&rows, "business_name"));
    rows[1][column(&sample_rows(), "business_industry")] = "Franchise".to_owned();
    rows[2][email] = "nobody at nowhere".to_owned();
    rows[3][name] = "=1+1 & Sons, \"Ltd\" <b>".to_owned();
    let representative = column(&rows, "representative_1_email");
    rows[4][representative] = "someone@gmail.com".to_owned();
    rows
}

const FLAGS: [&str; 3] = ["--sandbox", "--accept", "business_industry=Franchise"];

fn with_flags<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &FLAGS].concat()
}

#[test]
fn the_sheets_of_a_results_workbook_say_what_the_csv_file_says() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&mixed()));
    let done = fixture.run(&with_flags(&["run", "sheet.csv", "--limit", "5", "--results", "results.xlsx"]));
    assert!(done.out.contains("Results: results.xlsx, results-numbers.csv"), "{}{}", done.out, done.err);
    for arguments in [["-o", "results.xlsx"], ["--results", "results.csv"]] {
        fixture.run(&with_flags(&["results", "sheet.csv", arguments[0], arguments[1]]));
    }
    let rows = fixture.results();
    let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str()).collect();
    for outcome in ["approved", "invalid", "not_attempted"] {
        assert!(outcomes.contains(&outcome), "{outcome} is among {outcomes:?}");
    }
    assert!(outcomes.iter().any(|it| ["refused", "rejected"].contains(it)), "{outcomes:?}");

    let all = sheet(&fixture, "All");
    assert_eq!(all.len(), rows.len());
    for (cells, row) in all.iter().zip(&rows) {
        assert_eq!(cells.len(), row.len(), "every column of the CSV file is there");
        for (column, cell) in row {
            // In CSV, what a spreadsheet would run has an apostrophe in front.
            assert_eq!(
                &cells[column],
                cell.strip_prefix('\'').unwrap_or(cell),
                "{column} of row {}",
                row["row"]
            );
        }
    }
    let need = sheet(&fixture, "Needs you");
    let is_you = |row: &&Row| row["who"] == "you";
    assert_eq!(need.len(), rows.iter().filter(is_you).count());
    for line in &need {
        let row = rows.iter().find(|row| row["row"] == line["row"]).expect("its row");
        assert_eq!((&row["who"] as &str, &line["outcome"]), ("you", &row["outcome"]));
        assert_eq!(line["what to do"], row["next_action"]);
        assert_eq!(line["cell"], row["columns_to_correct"]);
        assert!(!line["what happened"].is_empty() && !line["what to do"].is_empty(), "{line:?}");
        assert_eq!(line["Twilio Console"].is_empty(), row["console_url"].is_empty());
    }
    let order: Vec<bool> = need.iter().map(|line| line["outcome"] == "not_attempted").collect();
    assert!(order.is_sorted(), "what only needs a run comes last: {order:?}");
    let summary = summary(&fixture);
    for outcome in ["approved", "invalid", "not_attempted", "refused", "rejected"] {
        let count = outcomes.iter().filter(|it| **it == outcome).count();
        let said = summary.get(outcome).map_or("0", |it| it.0.as_str());
        assert_eq!(said, count.to_string(), "{outcome}");
    }
    assert_eq!(summary["you"].0, need.len().to_string());
}

#[test]
fn whom_twilio_reviews_waits_in_a_sheet_of_its_own_with_since_when() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..3]));
    let flags = ["--sandbox", "--review-seconds", "600", "--wait", "0", "--results", "results.xlsx"];
    let done = fixture.run(&[&["run", "sheet.csv"], &flags[..]].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let waiting = sheet(&fixture, "Waiting for Twilio");
    assert_eq!(waiting.len(), 2);
    for line in &waiting {
        assert_eq!((line["days"].as_str(), line["usual time"].as_str()), ("0", "1 to 3 days"));
        assert!(!line["since (UTC)"].is_empty() && !line["what to do"].is_empty(), "{line:?}");
        assert_eq!(line["Twilio Console"], "Console");
    }
    assert_eq!(sheet(&fixture, "Needs you").len(), 0);
    assert_eq!(summary(&fixture)["Twilio"].0, "2");
    // Five days later they have waited for five days.
    let five_days = 5 * 24 * 60 * 60 * 1_000_i64;
    let ledger = rusqlite::Connection::open(fixture.path("trusthub-onboard-sandbox.db")).expect("a ledger");
    for table in ["steps", "history"] {
        ledger.execute(&format!("UPDATE {table} SET at = at - ?1"), [five_days]).expect("an update");
    }
    drop(ledger);
    fixture.run(&["results", "sheet.csv", "--sandbox", "--output", "results.xlsx"]);
    assert!(sheet(&fixture, "Waiting for Twilio").iter().all(|line| line["days"] == "5"));
    fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(fixture.results().iter().all(|row| row["days_waiting"] == "5" && row["who"] == "twilio"));
}

#[test]
fn a_number_that_was_refused_is_on_the_sheet_of_what_is_left_out() {
    let fixture = Fixture::new();
    with_a_number_of_another_customer(&fixture);
    let flags = ["--sandbox", "--refused-numbers", "skip", "--results", "results.xlsx"];
    fixture.run(&[&["run", "sheet.csv"], &flags[..]].concat());
    let refused: Vec<Row> = fixture.numbers().into_iter().filter(|it| !it["error_code"].is_empty()).collect();
    assert!(!refused.is_empty(), "a number is refused");
    let left_out = sheet(&fixture, "Left out");
    assert_eq!(left_out.len(), refused.len());
    for (line, number) in left_out.iter().zip(&refused) {
        assert_eq!(line["phone number SID"], number["phone_number_sid"]);
        assert_eq!((&line["why"], &line["code"]), (&number["error_message"], &number["error_code"]));
    }
    assert_eq!(summary(&fixture)["numbers left out"].0, refused.len().to_string());
}

#[test]
fn the_summary_says_what_has_changed_since_the_last_look() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..4]));
    let run = |limit: &str| {
        fixture.run(&["run", "sheet.csv", "--sandbox", "--limit", limit, "--results", "results.xlsx"])
    };
    run("1");
    let first = summary(&fixture);
    assert_eq!(first["Last look (UTC)"].0, "this is the first");
    assert_eq!(first["approved"], ("1".to_owned(), String::new()));
    run("9");
    let second = summary(&fixture);
    assert_eq!(second["Last look (UTC)"].0, first["As of (UTC)"].0);
    assert_eq!(second["approved"], ("3".to_owned(), "2".to_owned()));
    assert_eq!(second["not_attempted"], ("0".to_owned(), "-2".to_owned()));
    assert_eq!(second["all"], ("3".to_owned(), "0".to_owned()));
    assert_eq!((second["customers begun"].0.as_str(), second["ever submitted"].0.as_str()), ("3", "3"));
}

#[test]
fn a_results_workbook_of_ours_is_replaced_and_one_of_somebody_else_is_moved_aside() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..2]));
    std::fs::copy(sample("customers.xlsx"), fixture.path("results.xlsx")).expect("a workbook");
    let run = || fixture.run(&["run", "sheet.csv", "--sandbox", "--results", "results.xlsx"]);
    let books = || {
        let files = std::fs::read_dir(&fixture.folder).expect("the folder");
        files
            .filter(|it| it.as_ref().expect("a file").path().extension().is_some_and(|it| it == "xlsx"))
            .count()
    };
    let first = run();
    assert!(first.err.contains("somebody else"), "{}", first.err);
    assert_eq!(books(), 2, "the other's is kept under another name");
    let second = run();
    assert!(!second.err.contains("somebody else"), "{}", second.err);
    assert_eq!(books(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(fixture.path("results.xlsx")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
