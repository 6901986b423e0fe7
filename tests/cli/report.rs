//! What `run`, `status` and `results` say of the rows, as text and as one JSON document.

use super::fixture::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

pub fn schema(command: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{command}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON")
}

/// What a validator that knows nothing of this program says of a document.
pub fn is_valid(command: &str, document: &Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("schema.json", schema(command)).expect("a resource");
    let compiled = compiler.compile("schema.json", &mut schemas).expect("a schema");
    schemas.validate(document, compiled).map_err(|error| error.to_string())
}

/// The fields of a document that its schema does not describe.
pub fn undescribed(document: &Value, schema: &Value, at: &str) -> Vec<String> {
    match document {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match schema["properties"].get(name) {
                Some(schema) => undescribed(value, schema, &format!("{at}.{name}")),
                None => vec![format!("{at}.{name}")],
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|it| undescribed(it, &schema["items"], at)).collect(),
        _ => vec![],
    }
}

/// More looks than there are in a second.
const LOOKS_MAX: usize = 2_000;

/// A sheet whose rows stand differently after a run with these flags.
const FLAGS: [&str; 5] = ["--sandbox", "--limit", "3", "--accept", "business_industry=Franchise"];

fn mixed() -> Vec<Vec<String>> {
    let mut rows = sample_rows()[..6].to_vec();
    let (industry, email) = (column(&rows, "business_industry"), column(&rows, "email"));
    rows[1][industry] = "Franchise".to_owned();
    rows[2][email] = "nobody at nowhere".to_owned();
    rows
}

#[test]
fn the_documents_of_run_results_and_status_are_as_their_schemas_say_and_alone_on_standard_output() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&mixed()));
    let mut outcomes = BTreeSet::new();
    let mut of_invalid = BTreeSet::new();
    for command in ["run", "results", "status"] {
        let flags = FLAGS.iter().filter(|it| command == "run" || !["--limit", "3"].contains(it));
        let arguments: Vec<&str> =
            [command, "sheet.csv", "--format", "json"].into_iter().chain(flags.copied()).collect();
        let done = fixture.run(&arguments);
        let document: Value =
            serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.out));
        is_valid(command, &document).unwrap_or_else(|error| panic!("{command}: {error}"));
        assert_eq!(undescribed(&document, &schema(command), command), [""; 0]);
        assert_eq!(document["exit"]["code"], done.code, "{command}");
        assert!(
            done.err.contains("Customers by outcome") && done.err.contains("Next: "),
            "{command}: {}",
            done.err
        );
        let rows = document["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), 5, "{command}");
        assert_eq!(document["counts"]["rows"], 5);
        // The files say the same.
        for (row, cells) in rows.iter().zip(fixture.results()) {
            assert_eq!(row["outcome"], cells["outcome"]);
            assert_eq!(row["cause"]["code"].as_str().unwrap_or_default(), cells["error_code"]);
            assert_eq!(row["cause"]["hint"].as_str().unwrap_or_default(), cells["hint"]);
            assert_eq!(row["who"], cells["who"]);
            outcomes.insert(cells["outcome"].clone());
            if cells["outcome"] == "invalid" {
                of_invalid.insert((
                    cells["error_code"].clone(),
                    cells["hint"].clone(),
                    row["cause"].to_string(),
                ));
            }
        }
        // Each group has its line.
        let told = document["next"].as_array().expect("groups").iter();
        let told: u64 = told.filter_map(|it| it["customers"].as_u64()).sum();
        assert_eq!(told, 5, "{command}: {}", document["next"]);
        for change in ["version", "rows", "exit", "counts", "next"] {
            let mut wrong = document.clone();
            wrong.as_object_mut().expect("a document").remove(change);
            assert!(is_valid(command, &wrong).is_err(), "{command} without {change} passes");
        }
        let mut wrong = document.clone();
        wrong["rows"][0]["outcome"] = "fine".into();
        assert!(is_valid(command, &wrong).is_err(), "{command}: a word that is none passes");
    }
    assert_eq!(outcomes, ["approved", "invalid", "not_attempted", "refused"].map(str::to_owned).into());
    // The same code and the same hint, whichever command says it.
    assert_eq!(of_invalid.len(), 1, "{of_invalid:?}");
    assert!(of_invalid.iter().all(|it| !it.0.is_empty() && !it.1.is_empty()), "{of_invalid:?}");
}

#[test]
fn a_refusal_names_the_columns_to_correct_with_their_cells_and_what_they_say_today() {
    let fixture = Fixture::new();
    let rows = mixed();
    fixture.write("sheet.csv", csv_of(&rows));
    let arguments: Vec<&str> =
        ["run", "sheet.csv"].into_iter().chain(FLAGS).chain(["--format", "json"]).collect();
    let document: Value = serde_json::from_str(&fixture.run(&arguments).out).expect("a document");
    let cause = &document["rows"][0]["cause"];
    assert_eq!(cause["code"], "noncompliant");
    let at = column(&rows, "business_industry");
    let letter = char::from(b'A' + u8::try_from(at).expect("one letter"));
    let wanted = serde_json::json!([
        { "column": "business_industry", "cell": format!("{letter}2"), "value": "Franchise" }
    ]);
    assert_eq!(cause["columns"], wanted, "{cause}");
    assert_eq!(fixture.results()[0]["columns_to_correct"], format!("business_industry ({letter}2)"));
}

#[test]
fn a_correction_made_in_the_file_of_failed_rows_leaves_the_master_sheet_approved() {
    let fixture = Fixture::new();
    fixture.write("master.csv", csv_of(&mixed()[..2]));
    let accepted = ["--sandbox", "--accept", "business_industry=Franchise"];
    let with = |command: &'static str, sheet: &'static str| {
        let arguments: Vec<&str> = [command, sheet].into_iter().chain(accepted).collect();
        fixture.run(&arguments)
    };
    assert_eq!(with("run", "master.csv").code, 4);
    let mut corrected = mixed()[..2].to_vec();
    let industry = column(&corrected, "business_industry");
    corrected[1][industry] = sample_rows()[1][industry].clone();
    fixture.write("failed.csv", csv_of(&corrected));
    let done = with("run", "failed.csv");
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for command in ["run", "results", "status"] {
        let done = with(command, "master.csv");
        assert_eq!(done.code, 0, "{command}: {}{}", done.out, done.err);
        let row = fixture.results().remove(0);
        assert_eq!(
            (row["outcome"].as_str(), row["remarks"].as_str()),
            ("approved", "sheet_differs"),
            "{command}"
        );
        assert!(row["columns_to_correct"].contains("business_industry ("), "{command}: {row:?}");
        assert!(row["error_message"].contains("business_industry"), "{command}: {row:?}");
        assert!(done.out.contains("Next: Nothing is left to do (1 approved)"), "{command}: {}", done.out);
    }
}

#[test]
fn the_flags_that_a_run_had_need_not_be_said_again() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..3]));
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit"]);
    assert_eq!(done.code, 0, "{}", done.err);
    for command in ["results", "status"] {
        let done = fixture.run(&[command, "sheet.csv", "--sandbox"]);
        assert_eq!(done.code, 0, "{command}: {}", done.err);
        assert!(fixture.results().iter().all(|row| row["outcome"] == "drafted"), "{command}: {}", done.out);
        let last = done.out.lines().last().expect("a line");
        assert!(last.contains("submit them (2 drafted): ") && !last.contains("--no-submit"), "{last}");
    }
}

#[test]
fn on_the_second_day_status_says_that_the_profile_is_approved_and_what_to_do() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..3]));
    let run = ["run", "sheet.csv", "--sandbox", "--review-seconds", "1", "--wait", "0"];
    let done = fixture.run(&run);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        fixture.results().iter().all(|row| row["outcome"] == "awaiting_profile_approval"),
        "{}",
        done.out
    );
    assert!(fixture.results().iter().all(|row| row["who"] == "twilio" && !row["waiting_since"].is_empty()));
    // The review lasts a second of the sandbox's clock, and every look takes a part of it.
    let is_approved = || {
        let done = fixture.run(&["status", "sheet.csv", "--sandbox"]);
        let approved = fixture.results().iter().all(|row| row["outcome"] == "profile_approved");
        assert_eq!(done.code == 5, fixture.results().iter().any(|row| row["outcome"] == "profile_approved"));
        approved
    };
    assert!((0..LOOKS_MAX).any(|_| is_approved()), "{:?}", fixture.results());
    let done = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 5);
    assert!(done.out.contains("submit it (2 profile_approved): "), "{}", done.out);
    // Whoever wants drafts has them, whatever is approved already.
    for command in [&["run", "--no-submit"][..], &["results"], &["status"]] {
        let done = fixture.run(&[command, &["sheet.csv", "--sandbox"]].concat());
        assert_eq!(done.code, 0, "{command:?}: {}{}", done.out, done.err);
        let outcomes = fixture.results();
        assert!(outcomes.iter().all(|row| row["outcome"] == "profile_approved"), "{command:?}: {}", done.out);
    }
    let done = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(fixture.results().iter().all(|row| row["outcome"] == "approved"), "{}", done.out);
}

/// What a shell makes of a command that was proposed, typed in the fixture's folder.
fn typed(fixture: &Fixture, command: &str) -> (i32, String) {
    let output = std::process::Command::new("sh")
        .current_dir(&fixture.folder)
        .args(["-c", command])
        .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID")
        .output()
        .expect("a shell");
    let text = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
    (output.status.code().expect("an exit code"), text)
}

fn after<'a>(text: &'a str, words: &str) -> &'a str {
    let line =
        text.lines().find_map(|line| line.split_once(words)).unwrap_or_else(|| panic!("{words}: {text}"));
    line.1.trim()
}

#[test]
fn the_commands_that_are_proposed_on_the_way_can_be_typed_as_they_stand() {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..4].to_vec();
    let (email, business) = (column(&rows, "email"), column(&rows, "business_name"));
    rows[0][business] = "Firm".to_owned();
    rows[2][email] = "nobody at nowhere".to_owned();
    // Valid, with a warning of a value that is not of the list.
    let industry = column(&rows, "business_industry");
    rows[1][industry] = "Franchise".to_owned();
    fixture.write("my sheet.csv", csv_of(&rows));
    let flags = [
        "--sandbox",
        "--map",
        "Firm=business_name",
        "--products",
        "voice-integrity",
        "--accept",
        "business_industry=Franchise",
    ];
    let done =
        fixture.run(&[&["plan", "my sheet.csv", "-o", "my plan.json", "--limit", "1"], &flags[..]].concat());
    let (code, text) = typed(&fixture, after(&done.err, "To do it: "));
    assert_eq!(code, 4, "{text}");
    assert!(
        text.contains("1  refused") && text.contains("1  not_attempted"),
        "the plan's rows alone: {text}"
    );
    let done = fixture.run(&[&["run", "my sheet.csv", "--failed", "my failed.csv"], &flags[..]].concat());
    assert_eq!(done.code, 4, "{}", done.err);
    let (code, text) = typed(&fixture, after(&done.err, "Warnings and notes are shown by: "));
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("3 rows: 2 valid, 1 invalid"), "the columns are found: {text}");
    let (code, text) = typed(&fixture, after(&done.err, "then take it over: "));
    assert_eq!(code, 0, "{text}");
    // Once the row is corrected; it is as it was.
    let (code, text) = typed(&fixture, after(&done.out, "(1 invalid): "));
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("3 rows: 2 valid, 1 invalid"), "{text}");
}
