//! What nobody must find in anything that the binary prints or writes.

use super::fixture::*;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Stdio};
use trusthub_onboard::sandbox::on_demand_token;

/// Puts dots for what every SID and request id is made of: the digits of a ZIP occur in them by chance.
fn without_sids(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_sid = |at: usize| {
        letters.get(at..at + 34).is_some_and(|it| {
            it[..2].iter().all(char::is_ascii_uppercase)
                && it[2..].iter().all(|it| matches!(it, '0'..='9' | 'a'..='f'))
        })
    };
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        if is_sid(at) {
            kept.push_str("...");
            at += 34;
        } else {
            kept.push(letters[at]);
            at += 1;
        }
    }
    kept
}

#[test]
fn no_output_holds_a_secret_and_no_ledger_or_log_holds_personal_data() {
    let fixture = Fixture::new();
    let done = fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--log", "calls.jsonl"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let rows = sample_rows();
    let printed = without_sids(&format!("{}{}", done.out, done.err));
    let ledger = std::fs::read(fixture.path("trusthub-onboard-sandbox.db")).expect("a ledger");
    let ledger = without_sids(&String::from_utf8_lossy(&ledger));
    let log = without_sids(&fixture.read("calls.jsonl"));
    assert!(log.lines().count() > 500, "every call is logged");
    for row in &rows[1..] {
        for (name, cell) in rows[0].iter().zip(row) {
            for value in cell.split([';', ',', '\n']).map(str::trim) {
                // SIDs are what ledger and log are made of; a value of a few letters occurs in any text.
                let is_sid = value.len() == 34 && value[2..].bytes().all(|it| it.is_ascii_hexdigit());
                if is_sid || value.chars().count() < 5 {
                    continue;
                }
                let digits = value.trim_start_matches('\'');
                for (place, text) in [("the output", &printed), ("the ledger", &ledger), ("the log", &log)] {
                    assert!(!text.contains(digits), "{name} {value:?} is in {place}");
                }
            }
        }
    }
    // The results are the user's own: they name the business and the numbers, and nothing else of it.
    let results =
        without_sids(&format!("{}{}", fixture.read("results.csv"), fixture.read("results-numbers.csv")));
    let named = ["subaccount_sid", "business_name", "friendly_name", "phone_numbers"];
    for row in &rows[1..] {
        for (name, cell) in rows[0].iter().zip(row).filter(|it| !named.contains(&it.0.as_str())) {
            let is_sid = cell.len() == 34 && cell[2..].bytes().all(|it| it.is_ascii_hexdigit());
            let in_the_name = row[column(&rows, "business_name")].contains(cell.as_str());
            assert!(
                is_sid || in_the_name || cell.chars().count() < 5 || !results.contains(cell.as_str()),
                "{name} {cell:?}"
            );
        }
    }
    let parents = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a".to_owned();
    let of_rows = rows[1..].iter().map(|row| on_demand_token(&row[column(&rows, "subaccount_sid")]));
    let results = fixture.read("results.csv");
    for token in of_rows.chain([parents]) {
        for text in [&printed, &ledger, &results, &log] {
            assert!(!text.replace(&format!("AC{token}"), "").contains(&token), "{token} is nowhere");
        }
    }
}

/// A sandbox as a server, which can be told to misbehave.
struct Server {
    process: Child,
    url: String,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(fixture: &Fixture, sheet: &str) -> Server {
        let mut process = std::process::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
            .current_dir(&fixture.folder)
            .args(["sandbox", "--port", "0", "--for-sheet", sheet])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a sandbox");
        let mut answers = BufReader::new(process.stdout.take().expect("its output")).lines();
        let first = answers.next().expect("a line").expect("text");
        let url = first.rsplit(' ').next().expect("a URL").to_owned();
        Server { process, url, answers }
    }

    /// Types an order and waits until it has been carried out.
    fn order(&mut self, order: &str, done: &str) {
        writeln!(self.process.stdin.as_mut().expect("its input"), "{order}").expect("typed");
        assert!(self.answers.any(|line| line.expect("text").contains(done)), "{order}");
    }
}

#[test]
fn no_output_of_a_run_that_goes_wrong_holds_a_token() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..7].to_vec();
    let (account, email) = (column(&rows, "subaccount_sid"), column(&rows, "email"));
    fixture.write("whole.csv", csv_of(&rows));
    let mut server = Server::start(&fixture, "whole.csv");
    // One customer is refused, one is rejected by its review, one row is invalid.
    server.order(&format!("suspend {}", rows[1][account]), "is suspended");
    let website = column(&rows, "website_url");
    rows[2][website] = "https://another.example.org".to_owned();
    rows[3][email] = "nobody at nowhere".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    let parent = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
    let (right, wrong) = ("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "0badc0de0badc0de0badc0de0badc0de");
    let mut tokens: Vec<String> = rows[1..].iter().map(|row| on_demand_token(&row[account])).collect();
    tokens.extend([right.to_owned(), wrong.to_owned()]);
    let run = |token: &str, more: &[&str]| {
        let files = [
            "--log",
            "calls.jsonl",
            "--failed",
            "failed.csv",
            "--wait",
            "8s",
            "--poll",
            "100ms",
            "--rate",
            "unlimited",
        ];
        let arguments = [&["run", "sheet.csv", "--base-url", &server.url], &files[..], more].concat();
        let mut command = fixture.command(&arguments);
        command.env("TWILIO_ACCOUNT_SID", parent).env("TWILIO_AUTH_TOKEN", token);
        fixture.finish(&mut command)
    };
    let nowhere = |done: &Done, names: &[&str]| {
        let mut texts = vec![("the output".to_owned(), format!("{}{}", done.out, done.err))];
        texts.extend(names.iter().map(|name| {
            let content = std::fs::read(fixture.path(name)).unwrap_or_default();
            (name.to_string(), String::from_utf8_lossy(&content).into_owned())
        }));
        for (place, text) in texts {
            // The parent's SID is made of the letters of its token.
            let text = text.replace(parent, "");
            for token in &tokens {
                assert!(!text.contains(token.as_str()), "{token} is in {place}");
            }
        }
    };
    let files =
        ["calls.jsonl", "trusthub-onboard.db", "trusthub-onboard.db-wal", "results.csv", "failed.csv"];

    let done = run(wrong, &[]);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.err.contains("TWILIO_AUTH_TOKEN"), "{}", done.err);
    nowhere(&done, &files);

    let done = run(right, &[]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    for outcome in ["1  refused", "1  rejected", "1  invalid", "3  approved"] {
        assert!(done.out.contains(outcome), "{outcome}: {}{}", done.out, done.err);
    }
    for name in &files[..] {
        assert!(name.ends_with("-wal") || fixture.path(name).exists(), "{name} is there");
    }
    nowhere(&done, &files);

    let done = run(right, &["--only", "failed"]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    nowhere(&done, &files);
    for command in ["results", "status"] {
        let mut command = fixture.command(&[command, "sheet.csv", "--base-url", &server.url]);
        command.env("TWILIO_ACCOUNT_SID", parent).env("TWILIO_AUTH_TOKEN", right);
        nowhere(&fixture.finish(&mut command), &files);
    }
}
