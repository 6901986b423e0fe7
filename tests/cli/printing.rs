//! What the commands print: whole or said to be lost, in plain words, and stable where programs read it.

use assert_cmd::Command;
use std::path::Path;
use std::process::{Output, Stdio};

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name).display().to_string()
}

fn program(folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
    command.current_dir(folder);
    for variable in ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
        command.env_remove(variable);
    }
    command
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}

/// Runs in a folder of its own: exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    ended(program(folder.path()).args(arguments).output().expect("the binary runs"))
}

/// The first rows of the sample sheet.
fn rows(count: usize) -> String {
    let sheet = std::fs::read_to_string(sample("customers.csv")).expect("the sample");
    sheet.lines().take(count + 1).map(|line| format!("{line}\n")).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_a_full_disk_swallows_is_a_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let mistakes = sample("mistakes.csv");
    for arguments in [
        &["validate", &mistakes][..],
        &["validate", &mistakes, "--format", "json"],
        &["validate", &mistakes, "--format", "csv"],
        &["template"],
        &["template", "--columns"],
        &["--help"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let output = program(folder.path()).args(arguments).stdout(full).stderr(Stdio::piped()).output();
        let (code, _, err) = ended(output.expect("the binary runs"));
        assert_eq!(code, 1, "{arguments:?}: {err}");
        assert!(err.contains("standard output (No space left on device)"), "{arguments:?}: {err}");
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in ["text", "json", "csv"] {
        let mut child = program(folder.path())
            .args(["validate", &sample("mistakes.csv"), "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let (code, _, err) = ended(child.wait_with_output().expect("it ends"));
        assert_eq!(code, 3, "{err}");
        assert!(!err.contains("error"), "{err}");
    }
}

#[test]
fn colours_are_for_terminals_unless_the_environment_says_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let coloured = |set: &[(&str, &str)]| {
        let mut command = program(folder.path());
        let command = command.args(["validate", &sample("mistakes.csv")]).envs(set.iter().copied());
        ended(command.output().expect("the binary runs")).1.contains('\x1b')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn the_fields_of_the_machine_formats_are_these() {
    const FIELDS: [&str; 8] = ["row", "cell", "column", "code", "severity", "value", "message", "suggestion"];
    let mistakes = sample("mistakes.csv");
    let (code, json, err) = run(&["validate", &mistakes, "--format", "json"]);
    assert_eq!(code, 3, "{err}");
    let first = json.lines().next().expect("a finding");
    let keys: Vec<usize> =
        FIELDS.iter().map(|field| first.find(&format!("\"{field}\":")).expect(field)).collect();
    assert!(keys.is_sorted(), "{first}");
    let mut rows = 0;
    for line in json.lines() {
        let finding: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).expect("JSON");
        assert_eq!(finding.len(), FIELDS.len(), "{line}");
        let row = finding["row"].as_u64().expect("a number");
        assert!(row >= rows, "in the order of the sheet: {line}");
        rows = row;
    }
    let (code, csv, _) = run(&["validate", &mistakes, "--format", "csv"]);
    assert_eq!(code, 3);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("headers"), &FIELDS[..]);
    assert_eq!(reader.records().filter(Result::is_ok).count(), json.lines().count());
    // Findings are for programs, and the rest for people beside them.
    assert!(!csv.contains("53 rows") && err.contains(" valid, "), "{err}");
    let (code, nothing, _) = run(&["validate", &sample("customers.csv"), "--format", "json"]);
    assert_eq!((code, nothing.as_str()), (0, ""));
}

#[test]
fn one_is_not_said_as_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet.csv");
    std::fs::write(&path, rows(1).replace("USA_AND_CANADA", "USA")).expect("a sheet");
    let (code, out, err) = run(&["validate", &path.display().to_string()]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("0 errors, 0 warnings, 1 note\n") && out.contains("\n1 row: 1 valid, 0 invalid\n"),
        "{out}"
    );
}

#[test]
fn where_nothing_will_be_sent_no_calls_are_foretold() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet.csv");
    std::fs::write(&path, rows(2).replace("direct_customer", "friend")).expect("a sheet");
    let (code, out, _) = run(&["validate", &path.display().to_string()]);
    assert_eq!(code, 3);
    assert!(out.contains("2 rows: 0 valid, 2 invalid") && !out.contains("calls"), "{out}");
}

#[test]
fn a_sheet_that_came_by_a_pipe_has_to_be_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::from_std(program(folder.path()));
    let command = command.args(["run", "-", "--sandbox", "--no-submit", "--limit", "1"]).write_stdin(rows(2));
    let (_, out, _) = ended(command.output().expect("the binary runs"));
    assert!(
        out.contains("Next: Look at the drafts, then submit them (1 drafted): cat YOUR-SHEET | "),
        "{out}"
    );
    assert!(out.contains("(1 not_attempted): "), "{out}");
    let bad = rows(2).replacen("direct_customer", "friend", 1);
    let mut command = Command::from_std(program(folder.path()));
    let command = command.args(["run", "-", "--sandbox", "--all-or-nothing"]).write_stdin(bad);
    let (code, out, _) = ended(command.output().expect("the binary runs"));
    assert_eq!(code, 3);
    assert!(out.contains("(cat YOUR-SHEET | ") && out.contains(" validate -)"), "{out}");
    assert!(
        out.contains(", then (1 invalid): cat YOUR-SHEET | ") && out.contains(" run - --sandbox"),
        "{out}"
    );
}

#[test]
fn a_run_over_failed_rows_says_when_there_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("sheet.csv"), rows(2)).expect("a sheet");
    let mut command = program(folder.path());
    let (code, out, err) =
        ended(command.args(["run", "sheet.csv", "--sandbox", "--only", "failed"]).output().expect("it runs"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Next: No row that may be sent has failed before, so nothing was done."), "{out}");
    assert!(!out.lines().last().expect("a line").contains("--only"), "{out}");
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_the_user_named_it() {
    let customers = sample("customers.csv");
    for arguments in [
        &["run", &customers, "--sandbox", "--results", "no/such/results.csv"][..],
        &["validate", &customers, "--annotate", "no/such/marked.xlsx"],
        &["template", "-o", "no/such/customers.xlsx"],
    ] {
        let (code, _, err) = run(arguments);
        assert_eq!(code, 1, "{arguments:?}");
        let name = arguments.last().expect("a name");
        let said = format!("error: {name} cannot be written (No such file or directory)\n");
        assert!(err.starts_with(&said) && !err.contains(".tmp"), "{err}");
    }
}

#[test]
fn a_folder_is_not_taken_for_a_template() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("customers.csv")).expect("a folder");
    for name in [".", "customers.csv"] {
        let mut command = program(folder.path());
        let (code, _, err) = ended(command.args(["template", "-o", name]).output().expect("it runs"));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("this is a folder; name a file in it that ends with .csv or .xlsx"), "{err}");
    }
}
