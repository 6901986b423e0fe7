//! The files that go back to the user: marked, or with the failed rows only. Both are input again.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{Sheet, bytes, source, survey};
use rust_xlsxwriter::Format;
use trusthub_onboard::check::{Survey, rule};
use trusthub_onboard::model::{Column, Finding};
use trusthub_onboard::report::{Annotations, Failure, annotate, write_failed};
use trusthub_onboard::sheet::{Options, Source};

/// What is said, so that it can be compared when rows have moved: everything but cell and row.
fn said_of_rows(findings: &[Finding]) -> Vec<(String, &'static str, String)> {
    let mut said: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code != rule::TEXT_NORMALISED.code)
        .map(|finding| (finding.column.to_string(), finding.code, finding.value.clone()))
        .collect();
    said.sort();
    said
}

fn annotated(source: &Source, folder: &tempfile::TempDir) -> (Source, Survey, Vec<Finding>) {
    let (survey, findings) = survey(source);
    let mut annotations = Annotations::default();
    findings.iter().cloned().for_each(|finding| annotations.add(finding));
    let path = annotate(source, &survey, &annotations, &folder.path().join("marked.xlsx")).unwrap();
    (Source::new(path, Options::default()).unwrap(), survey, findings)
}

/// A sheet with one row for every rule that has a bad value.
fn mistakes() -> Sheet {
    let rules: Vec<_> = rule::ALL.iter().filter(|rule| !rule.bad.is_empty()).collect();
    let mut sheet = Sheet::of(rules.len() + 3);
    for (row, rule) in rules.iter().enumerate() {
        for (column, value) in rule.bad {
            sheet = sheet.with(row + 1, *column, value);
        }
    }
    let last = rules.len() + 3;
    sheet
        .with(last - 2, Column::BusinessName, "=cmd|' /C calc'!A0")
        .with(last - 1, Column::SubaccountSid, &common::good(Column::SubaccountSid, last))
        .with(last, Column::Notes, "  outer\u{a0}")
}

/// A workbook whose cells have every type that a cell can have.
fn typed() -> Source {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let zip = Format::new().set_num_format("00000");
    source(bytes(&mistakes(), |sheet| {
        sheet.write_number_with_format(1, Column::BusinessName as u16, 46000, &date).unwrap();
        sheet.write_boolean(2, Column::City as u16, true).unwrap();
        sheet.write_number_with_format(3, Column::PostalCode as u16, 2110, &zip).unwrap();
        sheet.write_number(4, Column::BusinessRegistrationNumber as u16, 41_234_567).unwrap();
        sheet.write_number(5, Column::BusinessEmployeeCount as u16, 12.5).unwrap();
        sheet.write_string(6, 43, "a stray cell").unwrap();
    }))
}

#[test]
fn a_marked_workbook_says_the_same_when_it_is_read_again_and_again() {
    for input in [mistakes().source(), typed()] {
        let folder = tempfile::tempdir().unwrap();
        let (marked, before, findings) = annotated(&input, &folder);
        let (after, again) = survey(&marked);
        assert_eq!((after.rows, after.valid), (before.rows, before.valid));
        let cells = |findings: &[Finding]| -> BTreeSet<_> {
            findings
                .iter()
                .map(|finding| (finding.row, finding.cell.clone(), finding.code, finding.value.clone()))
                .collect()
        };
        let tell = |findings: &[Finding]| {
            cells(findings).into_iter().filter(|(.., code, _)| *code != "text_normalised").collect::<Vec<_>>()
        };
        assert_eq!(tell(&again), tell(&findings));
        // Marked once more, the columns and sheets of the first time are replaced.
        let folder = tempfile::tempdir().unwrap();
        let (twice, ..) = annotated(&marked, &folder);
        assert_eq!(survey(&twice).0.layout.headers, after.layout.headers);
        assert_eq!(survey(&twice).0.layout.to_string(), after.layout.to_string());
        assert_eq!(tell(&survey(&twice).1), tell(&findings));
    }
}

#[test]
fn a_wrong_cell_of_a_marked_workbook_has_a_colour_and_a_note_and_its_row_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = Sheet::of(2).with(2, Column::BusinessType, "Franchise");
    annotated(&sheet.source(), &folder);
    let file = std::fs::read(folder.path().join("marked.xlsx")).unwrap();
    let part = |name: &str| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&file)).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let notes = part("xl/comments1.xml");
    assert!(
        notes.contains("ref=\"J3\"") && notes.contains("not_in_list") && notes.contains("Choose one of"),
        "{notes}"
    );
    assert!(part("xl/styles.xml").contains("FFFFC7CE"));
    let cells = part("xl/worksheets/sheet1.xml");
    assert!(cells.contains("onboarding_state") && cells.contains("invalid"));
    assert!(part("xl/worksheets/sheet2.xml").contains("Customers'!J3"));
    assert!(part("xl/worksheets/sheet3.xml").contains("not_in_list"));
}

#[test]
fn the_other_sheets_of_a_marked_workbook_keep_their_values() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let notes = workbook.add_worksheet().set_name("My notes").unwrap();
    notes.write_string(4, 2, "call them back").unwrap();
    let customers = workbook.add_worksheet().set_name("Clients").unwrap();
    customers.write_string(0, 0, "October").unwrap();
    let sheet = Sheet::of(1).with(1, Column::Region, "ZZ");
    for (column, of) in sheet.columns.iter().enumerate() {
        customers.write_string(2, column as u16, of.name()).unwrap();
        customers.write_string(3, column as u16, &sheet.rows[0][column]).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let (marked, _, findings) = annotated(&source(workbook.save_to_buffer().unwrap()), &folder);
    assert_eq!(common::said(&findings), ["U4 state_unknown"]);
    let (after, again) = survey(&marked);
    assert_eq!(common::said(&again), ["U4 state_unknown"]);
    assert_eq!(
        after.layout.to_string(),
        "XLSX, sheet \"Clients\" of 4, headers in row 3 (what is above is skipped)"
    );
    let first = marked.batches(&after.layout.other_sheet("My notes")).unwrap().next().unwrap().unwrap();
    let row = first.rows().next().unwrap();
    assert_eq!((row.number(), row.cell(2).text), (5, "call them back"));
}

fn failed(source: &Source, name: &str, folder: &tempfile::TempDir) -> (u64, PathBuf) {
    let (survey, _) = survey(source);
    let mut asked = Vec::new();
    let written = write_failed(source, &survey, &folder.path().join(name), &mut |row| {
        asked.push(row);
        let failure = Failure { state: "refused".to_owned(), error: format!("=row {row} was refused") };
        (row % 2 == 0).then_some(failure)
    });
    assert!(asked.windows(2).all(|pair| pair[0] < pair[1]), "each row is asked for once, in order");
    written.unwrap()
}

#[test]
fn the_failed_rows_come_back_unchanged_and_say_the_same() {
    for input in [mistakes().source(), typed()] {
        for name in ["failed.csv", "failed.xlsx"] {
            let folder = tempfile::tempdir().unwrap();
            let (rows, path) = failed(&input, name, &folder);
            let (before, findings) = survey(&input);
            assert_eq!(rows, before.rows.div_ceil(2));
            let expected: Vec<Finding> = findings
                .into_iter()
                .filter(|finding| finding.row % 2 == 0 && finding.row > 1)
                // The other row of a pair is not in the file.
                .filter(|finding| {
                    !["duplicate_subaccount", "duplicate_number", "ein_shared"].contains(&finding.code)
                })
                // A CSV file has no dates.
                .filter(|finding| {
                    !(name == "failed.csv" && ["cell_is_date", "cell_is_boolean"].contains(&finding.code))
                })
                .filter(|finding| {
                    !(name == "failed.csv" && finding.code == "digits_lost" && finding.value == "41234567")
                })
                .collect();
            let again = survey(&Source::new(&path, Options::default()).unwrap()).1;
            let mut again = again;
            again.retain(|finding| !(name == "failed.csv" && finding.value == "41234567"));
            assert_eq!(said_of_rows(&again), said_of_rows(&expected), "{name}");
            // The failed rows of the failed rows: the added columns are not there twice.
            let second = tempfile::tempdir().unwrap();
            let (_, path) = failed(&Source::new(&path, Options::default()).unwrap(), name, &second);
            let headers = survey(&Source::new(&path, Options::default()).unwrap()).0.layout.headers;
            assert_eq!(headers.iter().filter(|header| *header == "onboarding_state").count(), 1);
        }
    }
}

#[test]
fn a_csv_file_of_failed_rows_runs_no_formula() {
    let folder = tempfile::tempdir().unwrap();
    let sheet =
        Sheet::of(1).with(1, Column::BusinessName, "=1+1").with(1, Column::PhoneNumbers, "+16175550150");
    let (_, path) = failed(&sheet.source(), "failed.csv", &folder);
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(&row[Column::BusinessName as usize], "'=1+1");
    assert_eq!(&row[Column::PhoneNumbers as usize], "'+16175550150");
    assert_eq!(&row[Column::ALL.len() + 1], "'=row 2 was refused");
}
