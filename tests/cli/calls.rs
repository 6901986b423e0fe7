//! A sheet of an earlier release runs as it did, call by call, and further products only add calls of their own.

use crate::fixture::{Fixture, csv_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn fixture_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The sheet of that release, its header first.
fn rows() -> Vec<Vec<String>> {
    let path = fixture_file("customers-f082880.csv");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("the sheet");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// The path with the kind of each SID in the place of the SID. Policies are the same in every account.
fn without_sids(path: &str) -> String {
    let mut text = path.to_owned();
    for prefix in ["AC", "BU", "IT", "RD", "AD", "PN", "BV", "RA", "EL"] {
        let mut from = 0;
        while let Some(at) = text[from..].find(prefix).map(|at| at + from) {
            let end = at + 34;
            let is_sid =
                text.get(at + 2..end).is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if is_sid {
                text.replace_range(at..end, &format!("{{{prefix}}}"));
            }
            from = at + 2;
        }
    }
    text
}

/// The calls of a log, as `calls-f082880.txt` has them.
fn calls(log: &str) -> String {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let call = format!("{} {}", text("method"), without_sids(&text("path")));
        let own = calls.entry(text("subaccount_sid")).or_default();
        let is_look =
            ["GET /v1/CustomerProfiles/{BU}", "GET /v1/TrustProducts/{BU}"].contains(&call.as_str());
        if !(is_look && own.last() == Some(&call)) {
            own.push(call);
        }
    }
    let mut told = String::new();
    for (account, own) in calls {
        told.push_str(if account.is_empty() { "parent" } else { &account });
        told.push('\n');
        own.iter().for_each(|call| told.push_str(&format!("  {call}\n")));
    }
    told
}

fn run(sheet: &str, more: &[&str]) -> (Fixture, String) {
    let fixture = Fixture::new();
    let path = fixture_file(sheet).display().to_string();
    let arguments = ["run", &path, "--sandbox", "--log", "log.jsonl", "--rate", "unlimited"];
    let waiting = ["--wait", "120s", "--poll", "250ms"];
    let done = fixture.run(&[&arguments[..], &waiting, more].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let log = fixture.read("log.jsonl");
    (fixture, calls(&log))
}

#[test]
fn a_sheet_of_the_first_release_runs_as_it_did_call_by_call() {
    let before = std::fs::read_to_string(fixture_file("calls-f082880.txt")).expect("the calls");
    let (_, now) = run("customers-f082880.csv", &[]);
    for (line, (then, now)) in before.lines().zip(now.lines()).enumerate() {
        assert_eq!(now, then, "line {} of calls-f082880.txt", line + 1);
    }
    assert_eq!(now.lines().count(), before.lines().count());
}

#[test]
fn every_product_of_a_sheet_is_made_beside_the_calls_that_there_were() {
    let names = "voice_integrity,shaken_stir,cnam";
    let (fixture, now) =
        run("customers-f082880.csv", &["--products", names, "--set", "cnam_display_name=Harbor Light"]);
    let before = std::fs::read_to_string(fixture_file("calls-f082880.txt")).expect("the calls");
    let count = |text: &str, call: &str| text.lines().filter(|line| line.trim() == call).count();
    // One profile, one vetting.
    for call in ["POST /v1/CustomerProfiles", "POST /v1/CustomerProfiles/{BU}"] {
        assert_eq!(count(&now, call), count(&before, call), "{call}");
    }
    assert_eq!(count(&now, "POST /v1/TrustProducts"), 3 * count(&before, "POST /v1/TrustProducts"));
    for row in fixture.results() {
        for product in ["trust_product", "shaken_stir", "cnam"] {
            assert_eq!(row[&format!("{product}_outcome")], "approved", "{row:?}");
            assert!(row[&format!("{product}_sid")].starts_with("BU"), "{row:?}");
        }
    }
    let on = |row: &std::collections::HashMap<String, String>, name: &str| {
        row[&format!("{name}_number_assignment_sid")].starts_with("RA")
    };
    assert!(fixture.numbers().iter().all(|row| on(row, "shaken_stir") && on(row, "trust_product")));
}

#[test]
fn a_template_has_the_columns_of_its_products_and_is_valid_for_them() {
    for (names, has, lacks) in [
        ("voice_integrity", vec!["use_case", "trust_product_sid"], vec!["products", "cnam_display_name"]),
        (
            "shaken_stir",
            vec!["shaken_stir_sid", "phone_numbers"],
            vec!["use_case", "notes", "trust_product_sid"],
        ),
        ("cnam", vec!["cnam_display_name", "cnam_sid"], vec!["use_case", "shaken_stir_sid", "products"]),
        ("shaken_stir,cnam", vec!["products", "cnam_display_name", "shaken_stir_sid"], vec!["use_case"]),
        ("voice_integrity,shaken_stir,cnam", vec!["use_case", "cnam_sid", "products"], vec![]),
    ] {
        let fixture = Fixture::new();
        for file in ["sheet.csv", "sheet.xlsx"] {
            let done = fixture.run(&["template", "-o", file, "--products", names]);
            assert_eq!(done.code, 0, "{names}: {}", done.err);
        }
        let csv = fixture.read("sheet.csv").replace("EXAMPLE ", "");
        let headers: Vec<&str> = csv.lines().next().expect("headers").split(',').collect();
        assert!(has.iter().all(|it| headers.contains(it)), "{names}: {headers:?}");
        assert!(lacks.iter().all(|it| !headers.contains(it)), "{names}: {headers:?}");
        fixture.write("filled.csv", &csv);
        let done = fixture.run(&["validate", "filled.csv", "--products", names]);
        assert_eq!(done.code, 0, "{names}: {}{}", done.out, done.err);
        assert!(!done.out.contains("warning") && !done.out.contains("error "), "{names}: {}", done.out);
        // The workbook is read as the same sheet, without a customer.
        let done = fixture.run(&["validate", "sheet.xlsx", "--products", names]);
        assert!(
            done.out.contains("[no_rows]") && !done.out.contains("unknown_column"),
            "{names}: {}",
            done.out
        );
    }
}

#[test]
fn rows_may_differ_in_their_products_and_one_sheet_takes_them_all() {
    let fixture = Fixture::new();
    let mut rows = rows();
    let products = ["products", "", "shaken_stir", "voice_integrity, cnam", "SHAKEN/STIR; CNAM"];
    rows.truncate(products.len());
    for (row, products) in rows.iter_mut().zip(products) {
        let name = if products == "products" { "cnam_display_name" } else { "Harbor" };
        row.extend([products.to_owned(), name.to_owned()]);
    }
    fixture.write("mixed.csv", csv_of(&rows));
    let run = ["run", "mixed.csv", "--sandbox", "--wait", "120s", "--poll", "250ms"];
    let done = fixture.run(&run);
    assert_eq!(done.code, 0, "{}", done.err);
    let approved: Vec<Vec<&str>> = fixture
        .results()
        .iter()
        .map(|row| {
            let is = |name: &&&str| row[&format!("{name}_outcome")] == "approved";
            ["trust_product", "shaken_stir", "cnam"].iter().filter(is).copied().collect()
        })
        .collect();
    let wanted = [
        vec!["trust_product"],
        vec!["shaken_stir"],
        vec!["trust_product", "cnam"],
        vec!["shaken_stir", "cnam"],
    ];
    assert_eq!(approved, wanted);
}

#[test]
fn a_rehearsal_of_several_products_is_clean() {
    let fixture = Fixture::new();
    fixture.write("few.csv", csv_of(&rows()[..4]));
    let names = "voice_integrity,shaken_stir,cnam";
    let arguments = ["rehearse", "few.csv", "--kills", "2", "--products", names];
    let done = fixture.run(&[&arguments[..], &["--set", "cnam_display_name=Harbor Light"]].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}
