//! The real binary, as a user meets it: what it prints, what it writes, how it ends.

mod calls;
mod closing;
#[path = "../common/mod.rs"]
mod common;
mod config;
mod days;
mod fixture;
mod hostile;
mod https;
mod inventory;
#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod links;
mod looks;
mod manual;
mod merge;
#[cfg(unix)]
mod modes;
mod numbers_follow;
mod on_change;
mod own_files;
mod page;
mod plan;
mod printing;
mod report;
mod secrets;
mod side_by_side;
mod standing;
#[cfg(unix)]
mod terminal;
mod undo;
mod usage;
mod values;
mod workbook;

use fixture::*;
use std::collections::HashSet;
use std::path::Path;

#[test]
fn the_sample_sheet_is_onboarded_up_to_every_approval_and_a_second_run_sends_nothing_new() {
    let fixture = Fixture::new();
    let first = fixture.run(&["run", &sample("customers.csv"), "--sandbox"]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert!(first.out.contains("20  approved"), "{}", first.out);
    let results = fixture.results();
    assert_eq!(results.len(), 20);
    let sids: Vec<String> = results
        .iter()
        .flat_map(|row| {
            row.iter().filter(|it| it.0.ends_with("_sid") && !it.1.is_empty()).map(|it| it.1.clone())
        })
        .collect();
    assert_eq!(sids.len(), sids.iter().collect::<HashSet<_>>().len(), "every SID stands once");
    let second = fixture.run(&["run", &sample("customers.csv"), "--sandbox"]);
    // The primary profile is read, and of the two rows with `all` numbers the account and its list.
    assert_eq!((second.code, second.err.contains("\n5 calls in")), (0, true), "{}", second.err);
    let again = fixture.results();
    let has_all = |row: usize| ["2", "0"].contains(&again[row]["attempts"].as_str());
    assert_eq!((0..20).filter(|row| again[*row]["attempts"] == "2").count(), 2);
    for (row, (before, after)) in results.iter().zip(&again).enumerate() {
        assert_eq!(before["customer_profile_sid"], after["customer_profile_sid"]);
        assert!(has_all(row), "nothing was sent for it in the second run");
    }
}

#[test]
fn the_results_can_be_written_again_at_any_time() {
    let fixture = Fixture::new();
    fixture.run(&["run", &sample("customers.csv"), "--sandbox"]);
    let before = (fixture.read("results.csv"), fixture.read("results-numbers.csv"));
    std::fs::remove_file(fixture.path("results.csv")).expect("it is there");
    let done = fixture.run(&["results", &sample("customers.csv"), "--sandbox"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!((fixture.read("results.csv"), fixture.read("results-numbers.csv")), before);
}

#[test]
fn a_sorted_split_and_renamed_sheet_goes_on_where_each_customer_stood() {
    let fixture = Fixture::new();
    let rows = sample_rows();
    let part: Vec<_> = rows[..8].to_vec();
    fixture.write("a.csv", csv_of(&part));
    assert_eq!(fixture.run(&["run", "a.csv", "--sandbox"]).code, 0);
    let known: HashSet<String> =
        fixture.results().iter().map(|row| row["customer_profile_sid"].clone()).collect();
    let mut turned = vec![rows[0].clone()];
    turned.extend(rows[1..].iter().rev().cloned());
    fixture.write("b.csv", csv_of(&turned));
    assert_eq!(fixture.run(&["run", "b.csv", "--sandbox"]).code, 0);
    let results = fixture.results();
    // One has `all` numbers: its account is asked which they are.
    let untouched = results.iter().filter(|row| ["0", "2"].contains(&row["attempts"].as_str())).count();
    assert_eq!(untouched, 7, "the seven of the first sheet are finished");
    let kept = results.iter().filter(|row| known.contains(&row["customer_profile_sid"])).count();
    assert_eq!(kept, 7);
}

#[test]
fn an_interrupted_trial_goes_on_and_a_limit_takes_the_first_that_are_not_finished() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let first = fixture.run(&["run", &sheet, "--sandbox", "--limit", "5"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(first.out.contains("5  approved") && first.out.contains("15  not_attempted"), "{}", first.out);
    let second = fixture.run(&["run", &sheet, "--sandbox", "--limit", "5"]);
    assert!(second.out.contains("10  approved"), "{}", second.out);
}

#[test]
fn without_waiting_the_run_ends_with_the_profiles_in_review_and_the_same_command_continues() {
    let fixture = Fixture::new();
    let arguments =
        ["run", &sample("customers.csv"), "--sandbox", "--wait", "0", "--review-seconds", "86400"];
    let first = fixture.run(&arguments);
    assert_eq!(first.code, 0, "waiting is no failure: {}", first.err);
    assert!(!first.out.contains("--fresh"), "starting over is not going on: {}", first.out);
    assert!(first.out.contains("20  awaiting_profile_approval"), "{}", first.out);
    assert!(first.out.contains("run the same command again"), "{}", first.out);
    for row in fixture.results() {
        assert!(row["trust_product_sid"].starts_with("BU"), "the product is ready");
        assert_eq!(row["trust_product_status"], "draft");
    }
    let status = fixture.run(&["status", &sample("customers.csv"), "--sandbox"]);
    assert_eq!(status.code, 0, "{}", status.err);
    assert!(status.out.contains("20  awaiting_profile_approval"), "{}", status.out);
}

#[test]
fn drafts_only_means_that_nothing_is_submitted() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let done = fixture.run(&["run", &sheet, "--sandbox", "--no-submit"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("20  drafted"), "{}", done.out);
    for row in fixture.results() {
        assert_eq!(
            (row["customer_profile_status"].as_str(), row["trust_product_status"].as_str()),
            ("draft", "draft")
        );
    }
    let done = fixture.run(&["run", &sheet, "--sandbox"]);
    assert!(done.out.contains("20  approved"), "{}", done.out);
}

#[test]
fn invalid_rows_are_not_sent_and_the_others_are() {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    let email = column(&rows, "email");
    rows[3][email] = "nobody at nowhere".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    let held_back = fixture.run(&["run", "sheet.csv", "--sandbox", "--all-or-nothing"]);
    assert_eq!(held_back.code, 3, "{}", held_back.err);
    assert!(held_back.out.contains("19  not_attempted"), "{}", held_back.out);
    let done = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.out.contains("19  approved") && done.out.contains("1  invalid"), "{}", done.out);
    let results = fixture.results();
    assert_eq!(results[2]["outcome"], "invalid");
    assert_eq!(results[2]["row"], "4");
    assert!(results[2]["error_message"].contains("C4"), "{}", results[2]["error_message"]);
    let validated = fixture.run(&["validate", "sheet.csv"]);
    assert_eq!(validated.code, 3);
    assert!(validated.out.contains("19 valid, 1 invalid"), "{}", validated.out);
}

#[test]
fn only_failed_rows_are_taken_on_again_after_a_correction() {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    let (identifier, number) =
        (column(&rows, "phone_numbers"), "PN0000000000000000000000000000dead; +14155550199".to_owned());
    // The sandbox knows every number of the sheet that began it; this one comes later.
    fixture.write("sheet.csv", csv_of(&rows[..6]));
    assert_eq!(fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit", "--limit", "1"]).code, 0);
    rows[2][identifier] = number;
    fixture.write("sheet.csv", csv_of(&rows[..6]));
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--only", "failed"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("1  drafted") && done.out.contains("4  not_attempted"), "{}", done.out);
}

#[test]
fn a_sheet_that_names_both_bundles_can_be_tried_out() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..3].to_vec();
    let (profile, product) = (column(&rows, "customer_profile_sid"), column(&rows, "trust_product_sid"));
    rows[1][profile] = "BU000000000000000000000000000000a1".to_owned();
    rows[1][product] = "BU000000000000000000000000000000b1".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    let done = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let results = fixture.results();
    assert_eq!(results[0]["outcome"], "approved", "{:?}", results[0]);
    assert_eq!(results[0]["customer_profile_sid"], rows[1][profile]);
    assert_eq!(results[0]["trust_product_sid"], rows[1][product]);
}

#[test]
fn a_workbook_gives_the_same_results_as_its_csv() {
    let (csv, xlsx) = (Fixture::new(), Fixture::new());
    assert_eq!(csv.run(&["run", &sample("customers.csv"), "--sandbox"]).code, 0);
    let done = xlsx.run(&["run", &sample("customers.xlsx"), "--sandbox"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let shape = |fixture: &Fixture| {
        let rows = fixture.results();
        let line = |row: &std::collections::HashMap<String, String>| {
            ["row", "subaccount_sid", "business_name", "outcome", "phone_numbers_assigned"]
                .map(|it| row[it].clone())
        };
        rows.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(shape(&csv), shape(&xlsx));
}

#[test]
fn going_live_needs_credentials_and_a_yes() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let done = fixture.run(&["run", &sheet]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("TWILIO_ACCOUNT_SID") && done.err.contains("--sandbox"), "{}", done.err);
    let mut command = fixture.command(&["run", &sheet]);
    command
        .env("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000aa")
        .env("TWILIO_AUTH_TOKEN", "a-secret-token");
    let done = fixture.finish(&mut command);
    assert_eq!(done.code, 2, "there is no one to ask: {}", done.err);
    assert!(done.err.contains("--yes"), "{}", done.err);
    assert!(!fixture.path("trusthub-onboard.db").exists(), "nothing was begun");
}

#[test]
fn wrong_credentials_and_hosts_that_are_not_there_are_explained() {
    let fixture = Fixture::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", nobody.local_addr().expect("an address"));
    let mut command = fixture.command(&["run", &sample("customers.csv"), "--base-url", "http://example.com"]);
    let done = fixture.finish(&mut command);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("not encrypted"), "{}", done.err);
    let mut command = fixture.command(&["run", &sample("customers.csv"), "--base-url", &url]);
    command
        .env("TWILIO_ACCOUNT_SID", "SK000000000000000000000000000000aa")
        .env("TWILIO_AUTH_TOKEN", "a-secret-token");
    let done = fixture.finish(&mut command);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("AC") && !done.err.contains("a-secret-token"), "{}", done.err);
}

#[test]
fn no_setting_can_lead_the_credentials_to_another_host() {
    let fixture = Fixture::new();
    for variable in ["TWILIO_REGION", "TWILIO_EDGE"] {
        let mut command = fixture.command(&["run", &sample("customers.csv"), "--yes"]);
        command
            .env("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000aa")
            .env("TWILIO_AUTH_TOKEN", "a-secret");
        let done = fixture.finish(command.env(variable, "evil.example/"));
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains(variable) && !done.err.contains("Going live"), "{}", done.err);
    }
}

#[test]
fn sheets_that_are_none_are_explained_with_a_way_out() {
    let fixture = Fixture::new();
    fixture.write("empty.csv", "");
    fixture.write("header.csv", csv_of(&sample_rows()[..1]));
    fixture.write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    fixture.write("broken.xlsx", b"PK\x03\x04 and then nothing");
    let rows = sample_rows();
    let text = String::from_utf8(csv_of(&rows[..3])).expect("text");
    fixture.write("open.csv", format!("{text}\"AC00000000000000000000000000000009,"));
    for (name, code) in [
        ("missing.csv", 1),
        (".", 1),
        ("empty.csv", 1),
        ("picture.png", 1),
        ("broken.xlsx", 1),
        ("header.csv", 3),
        ("open.csv", 3),
    ] {
        let done = fixture.run(&["validate", name]);
        assert_eq!(done.code, code, "{name}: {}{}", done.out, done.err);
        assert!(done.err.len() + done.out.len() > 60, "{name} is explained: {}{}", done.out, done.err);
    }
}

#[test]
fn results_that_could_not_be_written_are_refused_before_anything_is_sent() {
    let fixture = Fixture::new();
    for path in ["no/such/folder/results.csv", ".", "/dev/null", "-"] {
        let done = fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--results", path]);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(!fixture.path("trusthub-onboard-sandbox.db").exists(), "nothing was begun");
    }
}

#[test]
fn no_output_is_written_over_the_sheet_or_the_ledger() {
    let fixture = Fixture::new();
    std::fs::copy(sample("customers.xlsx"), fixture.path("sheet.xlsx")).expect("a copy");
    std::fs::copy(sample("customers.csv"), fixture.path("sheet.csv")).expect("a copy");
    for arguments in [
        &["validate", "sheet.xlsx", "--annotate", "./sheet.xlsx"][..],
        &["run", "sheet.csv", "--sandbox", "--results", "sheet.csv"],
        &["run", "sheet.csv", "--sandbox", "--failed", "sheet.csv"],
        &["run", "sheet.csv", "--sandbox", "--log", "sheet.csv"],
        &["run", "sheet.csv", "--sandbox", "--log", "results.csv"],
        &["run", "sheet.csv", "--sandbox", "--ledger", "sheet.csv"],
        &["run", "sheet.csv", "--sandbox", "--results", "trusthub-onboard-sandbox.db"],
        &["run", "sheet.csv", "--sandbox", "--log", "trusthub-onboard-sandbox.world"],
        &["results", "sheet.csv", "--sandbox", "--results", "sheet.csv"],
    ] {
        let done = fixture.run(arguments);
        assert_eq!(done.code, 1, "{arguments:?}: {}", done.err);
        assert!(done.err.contains("same file"), "{arguments:?}: {}", done.err);
    }
    let same = |name: &str| {
        std::fs::read(fixture.path(name)).ok()
            == std::fs::read(sample(&name.replace("sheet", "customers"))).ok()
    };
    assert!(same("sheet.csv") && same("sheet.xlsx"), "both are as they were");
}

#[test]
fn the_template_is_what_templates_holds_and_is_never_written_over() {
    let fixture = Fixture::new();
    let done = fixture.run(&["template", "-o", "customers.csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join("customers.csv");
    assert_eq!(
        fixture.read("customers.csv"),
        std::fs::read_to_string(shipped).expect("the shipped template")
    );
    fixture.write("customers.csv", "filled in");
    assert_eq!(fixture.run(&["template", "-o", "customers.csv"]).code, 1);
    assert_eq!(fixture.read("customers.csv"), "filled in");
}

#[test]
fn the_template_with_its_example_row_has_no_customer() {
    let fixture = Fixture::new();
    fixture.run(&["template", "-o", "customers.csv"]);
    let done = fixture.run(&["validate", "customers.csv"]);
    assert_eq!(done.code, 3);
    assert!(done.out.contains("no_rows"), "{}", done.out);
}

#[test]
fn the_log_tells_of_every_call_when_for_whom_what_and_how_it_ended() {
    let fixture = Fixture::new();
    let done = fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--log", "calls.jsonl"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let log = fixture.read("calls.jsonl");
    let calls: usize = done
        .err
        .split(" calls in ")
        .next()
        .and_then(|it| it.split_whitespace().last()?.parse().ok())
        .expect("a count");
    assert_eq!(log.lines().count(), calls);
    for line in log.lines() {
        let call: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        assert!(text("time").parse::<jiff::Timestamp>().is_ok(), "{line}");
        assert!(text("account_sid").starts_with("AC") && text("path").starts_with('/'), "{line}");
        assert!(["GET", "POST", "DELETE"].contains(&text("method").as_str()), "{line}");
        assert!(call["attempt"].as_u64() >= Some(1) && call["ms"].is_u64(), "{line}");
        assert!((200..300).contains(&call["status"].as_u64().unwrap_or(0)), "{line}");
        assert!(text("request_id").starts_with("RQ"), "{line}");
        // The parent's credentials read a token, and find the primary profile for all.
        let of_a_customer = text("subaccount_sid").starts_with("AC");
        assert_eq!(of_a_customer, !text("step").is_empty(), "{line}");
        assert!(of_a_customer || text("path").starts_with("/v1/CustomerProfiles?"), "{line}");
        let as_parent = text("account_sid").starts_with("AC5a5a");
        assert_eq!(as_parent, !of_a_customer || text("step") == "account", "{line}");
    }
    assert!(log.contains(r#""step":"customer_profile""#), "the steps have their names");
}

#[cfg(unix)]
#[test]
fn files_with_customers_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--log", "calls.jsonl"]);
    for name in [
        "results.csv",
        "results-numbers.csv",
        "trusthub-onboard-sandbox.db",
        "trusthub-onboard-sandbox.world",
        "calls.jsonl",
    ] {
        let mode = std::fs::metadata(fixture.path(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_rehearsal_of_the_sample_sheet_is_clean() {
    let fixture = Fixture::new();
    let done = fixture.run(&["rehearse", &sample("customers.csv"), "--kills", "4", "--seed", "4"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("20  complete") && done.out.contains("clean: nothing twice"), "{}", done.out);
    assert!(done.err.contains("kill 1: after"), "{}", done.err);
    for accident in ["an hour forward", "an older copy of the ledger", "the ledger is lost", "an hour back"] {
        assert!(done.err.contains(accident), "{accident}: {}", done.err);
    }
}

#[test]
fn the_sandboxs_world_and_the_results_agree_sid_by_sid() {
    let fixture = Fixture::new();
    let done = fixture.run(&["rehearse", &sample("customers.csv"), "--kills", "0", "--faults", "0"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for line in ["20  customers", "20  complete", "0  duplicates", "0  orphans", "0  lost SIDs"] {
        assert!(done.out.contains(line), "{line}: {}", done.out);
    }
}

#[test]
fn the_help_explains_every_column() {
    let fixture = Fixture::new();
    let help = fixture.run(&["validate", "--help"]).out;
    let columns = sample_rows();
    for name in &columns[0] {
        assert!(help.contains(name.as_str()), "{name}");
    }
}

#[test]
fn wrong_arguments_are_a_mistake_of_usage() {
    let fixture = Fixture::new();
    for arguments in [
        &["run"][..],
        &["run", "sheet.csv", "--rate", "0"],
        &["run", "sheet.csv", "--fresh"],
        &["run", "sheet.csv", "--primary-profile", "AC00000000000000000000000000000001"],
        &["run", "sheet.csv", "--timeout", "0"],
        &["run", "sheet.csv", "--failed", "failed.pdf"],
        &["validate", "sheet.csv", "--header-row", "0"],
        &["frobnicate"],
    ] {
        assert_eq!(fixture.run(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(fixture.run(&["--help"]).code, 0);
}
