//! Files that are there already under the names that a command writes: nobody's work is replaced.

use super::fixture::*;

/// A fixture with a sheet of five customers, of whom one is not valid.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    let mut rows = sample_rows()[..6].to_vec();
    let at = column(&rows, "business_type");
    rows[3][at] = "Franchise".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    fixture
}

fn validate(fixture: &Fixture, more: &[&str]) -> Done {
    let done = fixture.run(&[&["validate", "sheet.csv", "--annotate", "marked.xlsx"], more].concat());
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    done
}

fn run(fixture: &Fixture, more: &[&str]) -> Done {
    let done = fixture.run(&[&["run", "sheet.csv", "--sandbox", "--no-submit"], more].concat());
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    done
}

fn bytes(fixture: &Fixture, name: &str) -> Vec<u8> {
    std::fs::read(fixture.path(name)).expect(name)
}

/// The files of the fixture, without those of the ledger.
fn names(fixture: &Fixture) -> Vec<String> {
    let entries = std::fs::read_dir(&fixture.folder).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("trusthub-onboard")).collect();
    names.sort();
    names
}

/// The workbook as a spreadsheet program saves it again: the same cells in other bytes.
fn saved_again(workbook: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    crate::common::patched(workbook, "xl/worksheets/sheet1.xml", change)
}

#[test]
fn a_marked_file_of_ours_is_replaced_and_one_that_was_worked_on_stays() {
    let fixture = fixture();
    validate(&fixture, &[]);
    let done = validate(&fixture, &[]);
    assert_eq!(names(&fixture), ["marked.xlsx", "sheet.csv"], "nobody has touched it, so it is replaced");
    assert!(!done.err.contains("left as it is"), "{}", done.err);
    for (what, change) in [
        ("a correction", (|xml| xml.replacen("Franchise", "Partnership", 1)) as fn(String) -> String),
        ("a width, and no value", |xml| xml.replacen("width=\"", "width=\"1", 1)),
        ("nothing, saved again", |xml| xml),
    ] {
        let theirs = saved_again(&bytes(&fixture, "marked.xlsx"), change);
        fixture.write("marked.xlsx", &theirs);
        let done = validate(&fixture, &[]);
        assert!(bytes(&fixture, "marked.xlsx") == theirs, "{what} stays");
        assert!(done.err.contains("marked.xlsx was written by somebody else or has changed"), "{}", done.err);
        assert!(done.err.contains("Marked copy: marked-2.xlsx."), "{}", done.err);
        // The second name is ours the next time.
        validate(&fixture, &[]);
        assert_eq!(names(&fixture), ["marked-2.xlsx", "marked.xlsx", "sheet.csv"]);
        let done = validate(&fixture, &["--overwrite"]);
        assert!(done.err.contains("Marked copy: marked.xlsx."), "{}", done.err);
        assert!(bytes(&fixture, "marked.xlsx") != theirs);
    }
}

#[test]
fn one_byte_more_or_less_makes_a_workbook_somebody_elses() {
    let fixture = fixture();
    validate(&fixture, &[]);
    let ours = bytes(&fixture, "marked.xlsx");
    let mut longer = ours.clone();
    longer.push(b'0');
    let mut other = ours.clone();
    other[100] ^= 1;
    for theirs in [longer, other, ours[..ours.len() - 1].to_vec(), ours[..10].to_vec()] {
        fixture.write("marked.xlsx", &theirs);
        let _ = std::fs::remove_file(fixture.path("marked-2.xlsx"));
        validate(&fixture, &[]);
        assert!(bytes(&fixture, "marked.xlsx") == theirs && fixture.path("marked-2.xlsx").exists());
    }
    // An empty file holds nobody's work.
    fixture.write("marked.xlsx", "");
    validate(&fixture, &[]);
    assert!(bytes(&fixture, "marked.xlsx").starts_with(b"PK"));
}

#[test]
fn an_unrelated_file_of_the_name_stays_whatever_it_is() {
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    for (name, flag) in
        [("marked.xlsx", "--annotate"), ("failed.xlsx", "--failed"), ("failed.csv", "--failed")]
    {
        for content in [master.as_slice(), b"my notes", b"PK"] {
            let fixture = fixture();
            fixture.write(name, content);
            let done = match flag {
                "--annotate" => fixture.run(&["validate", "sheet.csv", flag, name]),
                _ => run(&fixture, &[flag, name]),
            };
            assert!(bytes(&fixture, name) == content, "{name} stays");
            let (stem, end) = name.split_once('.').expect("an extension");
            let other = format!("{stem}-2.{end}");
            assert!(fixture.path(&other).exists() && done.err.contains(&other), "{}", done.err);
            assert!(done.err.contains(&format!("{name} was written by somebody else")), "{}", done.err);
        }
    }
}

#[test]
fn a_failed_file_that_was_corrected_stays_and_one_of_ours_is_replaced() {
    for name in ["failed.csv", "failed.xlsx"] {
        let fixture = fixture();
        let second = name.replace('.', "-2.");
        run(&fixture, &["--failed", name]);
        run(&fixture, &["--failed", name]);
        assert!(!fixture.path(&second).exists(), "nobody has touched {name}");
        let theirs = match name {
            "failed.csv" => fixture.read(name).replacen("Franchise", "Partnership", 1).into_bytes(),
            _ => saved_again(&bytes(&fixture, name), |xml| xml),
        };
        fixture.write(name, &theirs);
        let done = run(&fixture, &["--failed", name]);
        assert!(bytes(&fixture, name) == theirs, "{name} stays");
        assert!(done.err.contains(&format!("in {second}")), "{}", done.err);
        run(&fixture, &["--failed", name]);
        assert!(!fixture.path(&name.replace('.', "-3.")).exists(), "the second name is ours");
        let done = run(&fixture, &["--failed", name, "--overwrite"]);
        assert!(bytes(&fixture, name) != theirs && done.err.contains(&format!("in {name}")), "{}", done.err);
    }
}

#[test]
fn a_file_that_is_open_in_a_spreadsheet_program_may_hold_corrections_that_are_not_saved_yet() {
    for lock in [".~lock.marked.xlsx#", "~$marked.xlsx", "~$rked.xlsx"] {
        let fixture = fixture();
        validate(&fixture, &[]);
        fixture.write(lock, "");
        let done = validate(&fixture, &[]);
        assert!(done.err.contains("marked.xlsx is open in a spreadsheet program"), "{}", done.err);
        assert!(fixture.path("marked-2.xlsx").exists(), "{lock}");
    }
}

#[test]
fn a_write_protected_file_and_a_folder_are_passed_over() {
    let fixture = fixture();
    validate(&fixture, &[]);
    let mut permissions = std::fs::metadata(fixture.path("marked.xlsx")).expect("it is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(fixture.path("marked.xlsx"), permissions).expect("write-protected");
    std::fs::create_dir(fixture.path("marked-2.xlsx")).expect("a folder");
    let done = validate(&fixture, &["--overwrite"]);
    assert!(done.err.contains("marked.xlsx cannot be replaced"), "{}", done.err);
    assert!(done.err.contains("Marked copy: marked-3.xlsx."), "{}", done.err);
}

#[cfg(unix)]
#[test]
fn the_file_at_the_end_of_a_link_is_looked_at_and_the_link_stays() {
    let fixture = fixture();
    std::fs::create_dir(fixture.path("shared")).expect("a folder");
    fixture.write("shared/master.xlsx", std::fs::read(sample("customers.xlsx")).expect("the sample"));
    let before = bytes(&fixture, "shared/master.xlsx");
    std::os::unix::fs::symlink("shared/master.xlsx", fixture.path("marked.xlsx")).expect("a link");
    let done = validate(&fixture, &[]);
    assert!(fixture.path("marked.xlsx").is_symlink() && bytes(&fixture, "shared/master.xlsx") == before);
    assert!(
        fixture.path("shared/master-2.xlsx").exists() && done.err.contains("master-2.xlsx"),
        "{}",
        done.err
    );
}

/// The one file whose name begins with the stem and a date.
fn dated(fixture: &Fixture, stem: &str) -> Vec<String> {
    let begin = format!("{stem}-2");
    names(fixture).into_iter().filter(|name| name.starts_with(&begin)).collect()
}

#[test]
fn results_keep_their_name_and_a_file_of_somebody_else_is_moved_to_a_dated_one() {
    let fixture = fixture();
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    fixture.write("results.csv", &master);
    fixture.write("results-numbers.csv", "my numbers");
    let done = run(&fixture, &[]);
    assert_eq!(fixture.results().len(), 5);
    assert!(fixture.numbers().iter().all(|line| !line["subaccount_sid"].is_empty()));
    let numbers = dated(&fixture, "results-numbers");
    let results = dated(&fixture, "results");
    assert_eq!((results.len(), numbers.len()), (1, 1), "{:?}", names(&fixture));
    assert!(bytes(&fixture, &results[0]) == master);
    assert_eq!(fixture.read(&numbers[0]), "my numbers");
    for name in [&results[0], &numbers[0]] {
        assert!(done.err.contains(&format!("it is now {name}")), "{}", done.err);
    }
    // Ours are replaced without a word, by `run` and by `results`.
    let done = run(&fixture, &[]);
    assert!(!done.err.contains("it is now"), "{}", done.err);
    let done = fixture.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(!done.err.contains("it is now"), "{}", done.err);
    run(&fixture, &[]);
    assert_eq!((dated(&fixture, "results").len(), dated(&fixture, "results-numbers").len()), (1, 1));
}

#[test]
fn results_that_somebody_has_written_into_are_kept_each_time() {
    let fixture = fixture();
    run(&fixture, &[]);
    for round in 1..=3 {
        let theirs = format!("{}called on Monday {round}\n", fixture.read("results.csv"));
        fixture.write("results.csv", &theirs);
        let done = fixture.run(&["results", "sheet.csv", "--sandbox"]);
        assert_eq!(fixture.results().len(), 5);
        let kept = dated(&fixture, "results");
        assert_eq!(kept.len(), round, "{}", done.err);
        assert!(kept.iter().any(|name| fixture.read(name) == theirs));
    }
}

#[test]
fn results_of_a_lost_ledger_are_in_doubt_and_kept() {
    let fixture = fixture();
    run(&fixture, &[]);
    let before = fixture.read("results.csv");
    for entry in std::fs::read_dir(&fixture.folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains("sandbox")) {
            std::fs::remove_file(path).expect("a file of the ledger");
        }
    }
    run(&fixture, &[]);
    let kept = dated(&fixture, "results");
    assert_eq!(kept.len(), 1);
    assert_eq!(fixture.read(&kept[0]), before);
}

#[test]
fn a_sheet_that_is_all_or_nothing_keeps_what_its_results_would_replace() {
    let fixture = fixture();
    fixture.write("results.csv", "my results");
    let done = run(&fixture, &["--all-or-nothing"]);
    let kept = dated(&fixture, "results");
    assert_eq!(fixture.read(&kept[0]), "my results");
    assert!(done.err.contains(&kept[0]), "{}", done.err);
    // The same content again: nothing would be lost, so nothing is kept.
    run(&fixture, &["--all-or-nothing"]);
    assert_eq!(dated(&fixture, "results"), kept);
}

#[test]
fn the_ledger_holds_no_name_and_no_content_of_a_file() {
    let fixture = fixture();
    run(&fixture, &["--failed", "failed.csv"]);
    let ledger = bytes(&fixture, "trusthub-onboard-sandbox.db");
    for text in ["failed.csv", "results", "Franchise"] {
        assert!(!ledger.windows(text.len()).any(|it| it == text.as_bytes()), "{text}");
    }
}

#[test]
fn a_log_is_added_to_a_log_and_to_nothing_else() {
    let fixture = fixture();
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    // What programs write as JSON begins as a line of a log does, or nearly.
    for content in [&master[..], b"{\"plan\": []}\n", b"{\n", b"{\"time\": 1}\n", b"{\"World\":{}}\n"] {
        fixture.write("calls.jsonl", content);
        let arguments = ["run", "sheet.csv", "--sandbox", "--no-submit", "--log", "calls.jsonl"];
        let done = fixture.run(&arguments);
        assert_eq!(done.code, 1, "{}{}", done.out, done.err);
        assert!(
            bytes(&fixture, "calls.jsonl") == content && done.err.contains("no log of this program"),
            "{}",
            done.err
        );
    }
    std::fs::remove_file(fixture.path("calls.jsonl")).expect("it is there");
    run(&fixture, &["--log", "calls.jsonl"]);
    let first = fixture.read("calls.jsonl");
    run(&fixture, &["--log", "calls.jsonl"]);
    assert!(fixture.read("calls.jsonl").starts_with(&first));
}

#[test]
fn a_file_that_is_no_world_of_the_sandbox_is_left_as_it_is_whatever_is_asked_for() {
    let fixture = fixture();
    fixture.write("notes.world", "what we agreed on\n");
    #[cfg(unix)]
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(fixture.path(name)).expect("it is there").permissions().mode() & 0o777
    };
    #[cfg(unix)]
    std::fs::set_permissions(
        fixture.path("notes.world"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .expect("its mode");
    for more in [&[][..], &["--fresh"]] {
        let arguments = [&["run", "sheet.csv", "--sandbox", "--ledger", "notes.db"], more].concat();
        let done = fixture.run(&arguments);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains("it is not a sandbox's world"), "{}", done.err);
        assert_eq!(fixture.read("notes.world"), "what we agreed on\n");
        #[cfg(unix)]
        assert_eq!(mode("notes.world"), 0o644);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_is_told_once_and_keeps_nothing_back() {
    let fixture = fixture();
    let log = ["--log", "/dev/full"];
    let said = run(&fixture, &log).err;
    let undone = fixture.run(&[&["undo", "sheet.csv", "--sandbox", "--yes"], &log[..]].concat());
    assert_eq!(undone.code, 3, "a row of the sheet is invalid: {}", undone.err);
    for said in [said, undone.err] {
        assert_eq!(said.matches("the log /dev/full lacks calls").count(), 1, "{said}");
        assert!(said.contains("No space left on device"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_log_and_is_not_waited_for() {
    let fixture = fixture();
    let made = std::process::Command::new("mkfifo").arg(fixture.path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit", "--log", "pipe"]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(done.err.contains("is no log of this program"), "{}", done.err);
}

#[test]
fn results_whose_folder_is_gone_are_told_and_are_no_success() {
    use std::io::{Read, Write};
    use std::process::Stdio;
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..6]));
    assert_eq!(fixture.run(&["run", "sheet.csv", "--sandbox"]).code, 0);
    std::fs::create_dir(fixture.path("folder")).expect("a folder");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
    command.current_dir(&fixture.folder).args(["results", "-", "--sandbox", "-o", "folder/r.csv", "-q"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a child");
    let mut sheet = child.stdin.take().expect("its input");
    // More than a pipe holds: once it is taken, the program reads, and has looked at the folder before.
    let blank = "\n".repeat(1 << 20);
    sheet.write_all(&[fixture.read("sheet.csv"), blank].concat().into_bytes()).expect("it is read");
    std::fs::remove_dir(fixture.path("folder")).expect("it is empty");
    drop(sheet);
    let mut said = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(1), "{said}");
    assert!(said.contains("could not be written; the results are in "), "{said}");
    let place =
        said.split("the results are in ").nth(1).and_then(|it| it.split(" and ").next()).expect("a place");
    assert!(std::fs::read_to_string(place.trim()).expect("they are there").contains("outcome"));
    std::fs::remove_dir_all(std::path::Path::new(place.trim()).parent().expect("a folder")).expect("ours");
}
