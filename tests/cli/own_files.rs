//! Files that are there already under the names that a command writes: nobody's work is replaced.

use super::desk::*;

/// A desk with a sheet of five customers, of whom one is not valid.
fn desk() -> Desk {
    let desk = Desk::new();
    let mut rows = sample_rows()[..6].to_vec();
    let at = column(&rows, "business_type");
    rows[3][at] = "Franchise".to_owned();
    desk.write("sheet.csv", csv_of(&rows));
    desk
}

fn validate(desk: &Desk, more: &[&str]) -> Done {
    let done = desk.run(&[&["validate", "sheet.csv", "--annotate", "marked.xlsx"], more].concat());
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    done
}

fn run(desk: &Desk, more: &[&str]) -> Done {
    let done = desk.run(&[&["run", "sheet.csv", "--sandbox", "--no-submit"], more].concat());
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    done
}

fn bytes(desk: &Desk, name: &str) -> Vec<u8> {
    std::fs::read(desk.path(name)).expect(name)
}

/// The files of the desk, without those of the ledger.
fn names(desk: &Desk) -> Vec<String> {
    let entries = std::fs::read_dir(&desk.folder).expect("the folder");
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
    let desk = desk();
    validate(&desk, &[]);
    let done = validate(&desk, &[]);
    assert_eq!(names(&desk), ["marked.xlsx", "sheet.csv"], "nobody has touched it, so it is replaced");
    assert!(!done.err.contains("left as it is"), "{}", done.err);
    for (what, change) in [
        ("a correction", (|xml| xml.replacen("Franchise", "Partnership", 1)) as fn(String) -> String),
        ("a width, and no value", |xml| xml.replacen("width=\"", "width=\"1", 1)),
        ("nothing, saved again", |xml| xml),
    ] {
        let theirs = saved_again(&bytes(&desk, "marked.xlsx"), change);
        desk.write("marked.xlsx", &theirs);
        let done = validate(&desk, &[]);
        assert!(bytes(&desk, "marked.xlsx") == theirs, "{what} stays");
        assert!(done.err.contains("marked.xlsx was written by somebody else or has changed"), "{}", done.err);
        assert!(done.err.contains("Marked copy: marked-2.xlsx."), "{}", done.err);
        // The second name is ours the next time.
        validate(&desk, &[]);
        assert_eq!(names(&desk), ["marked-2.xlsx", "marked.xlsx", "sheet.csv"]);
        let done = validate(&desk, &["--overwrite"]);
        assert!(done.err.contains("Marked copy: marked.xlsx."), "{}", done.err);
        assert!(bytes(&desk, "marked.xlsx") != theirs);
    }
}

#[test]
fn one_byte_more_or_less_makes_a_workbook_somebody_elses() {
    let desk = desk();
    validate(&desk, &[]);
    let ours = bytes(&desk, "marked.xlsx");
    let mut longer = ours.clone();
    longer.push(b'0');
    let mut other = ours.clone();
    other[100] ^= 1;
    for theirs in [longer, other, ours[..ours.len() - 1].to_vec(), ours[..10].to_vec()] {
        desk.write("marked.xlsx", &theirs);
        let _ = std::fs::remove_file(desk.path("marked-2.xlsx"));
        validate(&desk, &[]);
        assert!(bytes(&desk, "marked.xlsx") == theirs && desk.path("marked-2.xlsx").exists());
    }
    // An empty file holds nobody's work.
    desk.write("marked.xlsx", "");
    validate(&desk, &[]);
    assert!(bytes(&desk, "marked.xlsx").starts_with(b"PK"));
}

#[test]
fn an_unrelated_file_of_the_name_stays_whatever_it_is() {
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    for (name, flag) in
        [("marked.xlsx", "--annotate"), ("failed.xlsx", "--failed"), ("failed.csv", "--failed")]
    {
        for content in [master.as_slice(), b"my notes", b"PK"] {
            let desk = desk();
            desk.write(name, content);
            let done = match flag {
                "--annotate" => desk.run(&["validate", "sheet.csv", flag, name]),
                _ => run(&desk, &[flag, name]),
            };
            assert!(bytes(&desk, name) == content, "{name} stays");
            let (stem, end) = name.split_once('.').expect("an extension");
            let other = format!("{stem}-2.{end}");
            assert!(desk.path(&other).exists() && done.err.contains(&other), "{}", done.err);
            assert!(done.err.contains(&format!("{name} was written by somebody else")), "{}", done.err);
        }
    }
}

#[test]
fn a_failed_file_that_was_corrected_stays_and_one_of_ours_is_replaced() {
    for name in ["failed.csv", "failed.xlsx"] {
        let desk = desk();
        let second = name.replace('.', "-2.");
        run(&desk, &["--failed", name]);
        run(&desk, &["--failed", name]);
        assert!(!desk.path(&second).exists(), "nobody has touched {name}");
        let theirs = match name {
            "failed.csv" => desk.read(name).replacen("Franchise", "Partnership", 1).into_bytes(),
            _ => saved_again(&bytes(&desk, name), |xml| xml),
        };
        desk.write(name, &theirs);
        let done = run(&desk, &["--failed", name]);
        assert!(bytes(&desk, name) == theirs, "{name} stays");
        assert!(done.err.contains(&format!("in {second}")), "{}", done.err);
        run(&desk, &["--failed", name]);
        assert!(!desk.path(&name.replace('.', "-3.")).exists(), "the second name is ours");
        let done = run(&desk, &["--failed", name, "--overwrite"]);
        assert!(bytes(&desk, name) != theirs && done.err.contains(&format!("in {name}")), "{}", done.err);
    }
}

#[test]
fn a_file_that_is_open_in_a_spreadsheet_program_may_hold_corrections_that_are_not_saved_yet() {
    for lock in [".~lock.marked.xlsx#", "~$marked.xlsx", "~$rked.xlsx"] {
        let desk = desk();
        validate(&desk, &[]);
        desk.write(lock, "");
        let done = validate(&desk, &[]);
        assert!(done.err.contains("marked.xlsx is open in a spreadsheet program"), "{}", done.err);
        assert!(desk.path("marked-2.xlsx").exists(), "{lock}");
    }
}

#[test]
fn a_write_protected_file_and_a_folder_are_passed_over() {
    let desk = desk();
    validate(&desk, &[]);
    let mut permissions = std::fs::metadata(desk.path("marked.xlsx")).expect("it is there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(desk.path("marked.xlsx"), permissions).expect("write-protected");
    std::fs::create_dir(desk.path("marked-2.xlsx")).expect("a folder");
    let done = validate(&desk, &["--overwrite"]);
    assert!(done.err.contains("marked.xlsx cannot be replaced"), "{}", done.err);
    assert!(done.err.contains("Marked copy: marked-3.xlsx."), "{}", done.err);
}

#[cfg(unix)]
#[test]
fn the_file_at_the_end_of_a_link_is_looked_at_and_the_link_stays() {
    let desk = desk();
    std::fs::create_dir(desk.path("shared")).expect("a folder");
    desk.write("shared/master.xlsx", std::fs::read(sample("customers.xlsx")).expect("the sample"));
    let before = bytes(&desk, "shared/master.xlsx");
    std::os::unix::fs::symlink("shared/master.xlsx", desk.path("marked.xlsx")).expect("a link");
    let done = validate(&desk, &[]);
    assert!(desk.path("marked.xlsx").is_symlink() && bytes(&desk, "shared/master.xlsx") == before);
    assert!(desk.path("shared/master-2.xlsx").exists() && done.err.contains("master-2.xlsx"), "{}", done.err);
}

/// The one file whose name begins with the stem and a date.
fn dated(desk: &Desk, stem: &str) -> Vec<String> {
    let begin = format!("{stem}-2");
    names(desk).into_iter().filter(|name| name.starts_with(&begin)).collect()
}

#[test]
fn results_keep_their_name_and_a_file_of_somebody_else_is_moved_to_a_dated_one() {
    let desk = desk();
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    desk.write("results.csv", &master);
    desk.write("results-numbers.csv", "my numbers");
    let done = run(&desk, &[]);
    assert_eq!(desk.results().len(), 5);
    assert!(desk.numbers().iter().all(|line| !line["subaccount_sid"].is_empty()));
    let numbers = dated(&desk, "results-numbers");
    let results = dated(&desk, "results");
    assert_eq!((results.len(), numbers.len()), (1, 1), "{:?}", names(&desk));
    assert!(bytes(&desk, &results[0]) == master);
    assert_eq!(desk.read(&numbers[0]), "my numbers");
    for name in [&results[0], &numbers[0]] {
        assert!(done.err.contains(&format!("it is now {name}")), "{}", done.err);
    }
    // Ours are replaced without a word, by `run` and by `results`.
    let done = run(&desk, &[]);
    assert!(!done.err.contains("it is now"), "{}", done.err);
    let done = desk.run(&["results", "sheet.csv", "--sandbox"]);
    assert!(!done.err.contains("it is now"), "{}", done.err);
    run(&desk, &[]);
    assert_eq!((dated(&desk, "results").len(), dated(&desk, "results-numbers").len()), (1, 1));
}

#[test]
fn results_that_somebody_has_written_into_are_kept_each_time() {
    let desk = desk();
    run(&desk, &[]);
    for round in 1..=3 {
        let theirs = format!("{}called on Monday {round}\n", desk.read("results.csv"));
        desk.write("results.csv", &theirs);
        let done = desk.run(&["results", "sheet.csv", "--sandbox"]);
        assert_eq!(desk.results().len(), 5);
        let kept = dated(&desk, "results");
        assert_eq!(kept.len(), round, "{}", done.err);
        assert!(kept.iter().any(|name| desk.read(name) == theirs));
    }
}

#[test]
fn results_of_a_lost_ledger_are_in_doubt_and_kept() {
    let desk = desk();
    run(&desk, &[]);
    let before = desk.read("results.csv");
    for entry in std::fs::read_dir(&desk.folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains("sandbox")) {
            std::fs::remove_file(path).expect("a file of the ledger");
        }
    }
    run(&desk, &[]);
    let kept = dated(&desk, "results");
    assert_eq!(kept.len(), 1);
    assert_eq!(desk.read(&kept[0]), before);
}

#[test]
fn a_sheet_that_is_all_or_nothing_keeps_what_its_results_would_replace() {
    let desk = desk();
    desk.write("results.csv", "my results");
    let done = run(&desk, &["--all-or-nothing"]);
    let kept = dated(&desk, "results");
    assert_eq!(desk.read(&kept[0]), "my results");
    assert!(done.err.contains(&kept[0]), "{}", done.err);
    // The same content again: nothing would be lost, so nothing is kept.
    run(&desk, &["--all-or-nothing"]);
    assert_eq!(dated(&desk, "results"), kept);
}

#[test]
fn the_ledger_holds_no_name_and_no_content_of_a_file() {
    let desk = desk();
    run(&desk, &["--failed", "failed.csv"]);
    let ledger = bytes(&desk, "trusthub-onboard-sandbox.db");
    for text in ["failed.csv", "results", "Franchise"] {
        assert!(!ledger.windows(text.len()).any(|it| it == text.as_bytes()), "{text}");
    }
}

#[test]
fn a_log_is_added_to_a_log_and_to_nothing_else() {
    let desk = desk();
    let master = std::fs::read(sample("customers.xlsx")).expect("the sample");
    desk.write("calls.jsonl", &master);
    let arguments = ["run", "sheet.csv", "--sandbox", "--no-submit", "--log", "calls.jsonl"];
    let done = desk.run(&arguments);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(
        bytes(&desk, "calls.jsonl") == master && done.err.contains("no log of this program"),
        "{}",
        done.err
    );
    std::fs::remove_file(desk.path("calls.jsonl")).expect("it is there");
    run(&desk, &["--log", "calls.jsonl"]);
    let first = desk.read("calls.jsonl");
    run(&desk, &["--log", "calls.jsonl"]);
    assert!(desk.read("calls.jsonl").starts_with(&first));
}
