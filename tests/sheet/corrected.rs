//! The files that go back to the user: marked, or with the failed rows only. Both are input again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::common;
use crate::common::{Sheet, bytes, source, validate};
use proptest::prelude::*;
use rust_xlsxwriter::Format;
use trusthub_onboard::check::{ValidationReport, rule};
use trusthub_onboard::model::{Column, Finding};
use trusthub_onboard::report::{Annotations, Failure, Foreign, Manner, annotate, write_failed};
use trusthub_onboard::sheet::{Options, Source};

/// Nothing stands in the way in these tests.
const MANNER: Manner = Manner { foreign: Foreign::Stays, ledger: None };

fn annotated(source: &Source, folder: &tempfile::TempDir) -> (Source, ValidationReport, Vec<Finding>) {
    let (validation, findings) = validate(source);
    let mut annotations = Annotations::default();
    findings.iter().cloned().for_each(|finding| annotations.add(finding));
    let marked =
        annotate(source, &validation, &annotations, &folder.path().join("marked.xlsx"), &MANNER).unwrap();
    let path = marked.written.name;
    (Source::new(path, Options::default()).unwrap(), validation, findings)
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
        let (after, again) = validate(&marked);
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
        assert_eq!(validate(&twice).0.layout.headers, after.layout.headers);
        assert_eq!(validate(&twice).0.layout.to_string(), after.layout.to_string());
        assert_eq!(tell(&validate(&twice).1), tell(&findings));
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
    let (after, again) = validate(&marked);
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
    let (validation, _) = validate(source);
    let mut asked = Vec::new();
    let written = write_failed(
        source,
        &validation,
        &Annotations::default(),
        &folder.path().join(name),
        &MANNER,
        &mut |row| {
            asked.push(row);
            let failure = Failure {
                state: "refused".to_owned(),
                error: format!("=row {row} was refused"),
                fix: String::new(),
            };
            (row % 2 == 0).then_some(failure)
        },
    );
    assert!(asked.windows(2).all(|pair| pair[0] < pair[1]), "each row is asked for once, in order");
    let (rows, written) = written.unwrap();
    (rows, written.name)
}

#[test]
fn the_failed_rows_of_failed_rows_have_the_added_columns_once() {
    for name in ["failed.csv", "failed.xlsx"] {
        let (folder, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (rows, path) = failed(&mistakes().source(), name, &folder);
        assert_eq!(rows, validate(&mistakes().source()).0.rows.div_ceil(2));
        let (_, path) = failed(&Source::new(&path, Options::default()).unwrap(), name, &second);
        let headers = validate(&Source::new(&path, Options::default()).unwrap()).0.layout.headers;
        assert_eq!(headers.iter().filter(|header| *header == "onboarding_state").count(), 1);
    }
}

/// What is said of each cell. Two notes are not of the new file: its cells were made plain before or not, and
/// it has no formulas.
fn of_cells(findings: &[Finding], moved: impl Fn(u64) -> u64) -> Vec<String> {
    let mut said: Vec<String> = findings
        .iter()
        .filter(|finding| !["text_normalised", "cell_is_formula"].contains(&finding.code))
        .map(|finding| {
            let letters = finding.cell.trim_end_matches(|c: char| c.is_ascii_digit());
            format!(
                "{letters} {} {} {} {} {:?}",
                moved(finding.row),
                finding.column,
                finding.severity.word(),
                finding.code,
                finding.value
            )
        })
        .collect();
    said.sort();
    said
}

/// Marks the sheet and writes all its rows as failed ones, in both formats; what is said of each file must be
/// what is said of the sheet.
fn must_say_the_same(input: &Source) {
    let folder = tempfile::tempdir().unwrap();
    let (marked, _, findings) = annotated(input, &folder);
    assert_eq!(of_cells(&validate(&marked).1, |row| row), of_cells(&findings, |row| row), "marked");
    for name in ["failed.csv", "failed.xlsx"] {
        let mut rows = Vec::new();
        let written = write_failed(
            input,
            &validate(input).0,
            &Annotations::default(),
            &folder.path().join(name),
            &MANNER,
            &mut |row| {
                rows.push(row);
                Some(Failure {
                    state: "refused".to_owned(),
                    error: "for a reason".to_owned(),
                    fix: String::new(),
                })
            },
        );
        let again = validate(&Source::new(written.unwrap().1, Options::default()).unwrap()).1;
        // The header is in row 1, and the rows follow without gaps.
        let moved = |row: u64| match rows.iter().position(|it| *it == row) {
            Some(at) => at as u64 + 2,
            None => row.min(1),
        };
        assert_eq!(of_cells(&again, |row| row), of_cells(&findings, moved), "{name}");
    }
}

#[test]
fn the_files_that_go_back_say_the_same_of_every_mistake() {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data/mistakes.csv");
    for input in [Source::new(&sample, Options::default()).unwrap(), mistakes().source(), typed()] {
        must_say_the_same(&input);
    }
}

#[test]
fn a_quotation_mark_left_open_anywhere_is_found_again_in_the_files_that_go_back() {
    let csv = Sheet::of(3).csv();
    let (header, _) = csv.split_once('\n').unwrap();
    let commas = header.matches(',').count();
    for row in [
        // At the end of the file, with nothing behind it that it could swallow.
        format!("{header}\n{}\"Reminds", ",".repeat(commas)),
        format!("{header}\n\"AC"),
        // Over a row with quotation marks of its own, single and doubled.
        csv.replacen("12 Harbor Street,", "\"12 Harbor Street,", 1),
        csv.replacen("12 Harbor Street,", "\"12 \"\"Harbor\"\" Street,", 1),
        csv.replacen("Boston,", "\"Boston,", 1).replacen("Dana", "Da\"\"na", 1),
        // Closed by a mark of a later row.
        csv.replacen("12 Harbor Street,", "\"12 Harbor Street,", 1) + "a,\"b\nc\"\n",
        // To the right of the last header.
        csv.replacen("their appointments.\n", "their appointments.,\"more\n", 1),
        // In a column that we do not know.
        csv.replacen("notes", "notes,colour", 1).replacen(
            "their appointments.\n",
            "their appointments.,\"red\n",
            1,
        ),
        // A row that is longer than any row can be.
        csv.replacen("12 Harbor Street,", &format!("\"{}", "12 Harbor Street\n".repeat(100_000)), 1),
    ] {
        let input = source(&row);
        let said = validate(&input).1;
        assert!(
            said.iter().any(|it| it.message.contains("quotation mark") || it.code == "unclosed_quote"),
            "{said:?}"
        );
        must_say_the_same(&input);
    }
}

/// Cells as people, programs and accidents leave them, besides the bad and the good ones of all rules.
const DIRT: [&str; 32] = [
    "",
    " ",
    "\u{a0}",
    "\"",
    "\"open",
    "\"a\" b",
    "a\"b",
    "\"\"\"",
    "=1+1",
    "'=1+1",
    "+1",
    "-",
    "@x",
    "'",
    "\t",
    "\tx",
    "a\nb",
    "a\r\nb",
    "\n",
    "x;y,z",
    "TRUE",
    "false",
    "2026-01-31",
    "2026-01-31 10:00:00",
    "1e5",
    "#N/A",
    "\u{fffd}",
    "Zürich \u{201c}Mitte\u{201d}",
    "02134",
    "EXAMPLE",
    "all",
    "1,2;3,4;5,6;7,8;9\n0",
];

fn dirt() -> impl Strategy<Value = String> {
    let of_rules =
        rule::ALL.iter().flat_map(|rule| rule.bad.iter().chain(rule.good)).map(|(_, value)| *value);
    let values: Vec<&'static str> = DIRT.into_iter().chain(of_rules).collect();
    prop_oneof![
        6 => proptest::sample::select(values).prop_map(str::to_owned),
        1 => "[ -~\n\u{a0}\u{200b}é\"]{0,40}",
        1 => Just("x".repeat(40_000)),
    ]
}

/// A row: cells that are replaced, how many cells there are, and whether one stands beyond the headers.
fn dirty_row() -> impl Strategy<Value = (Vec<(usize, String)>, usize, Option<String>)> {
    let cells = proptest::collection::vec((0..common::ALL.len(), dirt()), 0..6);
    let length = prop_oneof![3 => Just(common::ALL.len()), 1 => 1..=common::ALL.len()];
    (cells, length, proptest::option::weighted(0.1, dirt()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_files_that_go_back_say_the_same_of_any_dirty_sheet(
        rows in proptest::collection::vec(dirty_row(), 1..5),
        open in proptest::option::weighted(0.3, dirt()),
        is_workbook in proptest::bool::ANY,
    ) {
        let mut sheet = Sheet::of(rows.len());
        for (row, (cells, length, stray)) in sheet.rows.iter_mut().zip(rows) {
            for (column, value) in cells {
                row[column] = value;
            }
            row.truncate(length);
            if let Some(stray) = stray {
                row.resize(common::ALL.len(), String::new());
                row.push(stray);
            }
        }
        let input = if is_workbook {
            let mut workbook = rust_xlsxwriter::Workbook::new();
            let worksheet = workbook.add_worksheet();
            let headers = common::ALL.map(|column| column.name().to_owned()).to_vec();
            for (row, cells) in std::iter::once(&headers).chain(&sheet.rows).enumerate() {
                for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty() && cell.len() < 30_000) {
                    worksheet.write_string(row as u32, column as u16, cell).unwrap();
                }
            }
            source(workbook.save_to_buffer().unwrap())
        } else {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            writer.write_record(common::ALL.map(Column::name)).unwrap();
            sheet.rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let mut bytes = writer.into_inner().unwrap();
            if let Some(open) = open {
                bytes.extend_from_slice(format!("AC,,\"{open}").as_bytes());
            }
            source(bytes)
        };
        must_say_the_same(&input);
    }
}

#[cfg(unix)]
#[test]
fn the_files_that_go_back_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let input = mistakes().source();
    annotated(&input, &folder);
    failed(&input, "failed.csv", &folder);
    failed(&input, "failed.xlsx", &folder);
    for name in ["marked.xlsx", "failed.csv", "failed.xlsx"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_cells_of_failed_rows_are_those_of_the_sheet_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = Sheet::of(2)
        .with(1, Column::City, "  Bos\u{a0}ton\r\n ")
        .with(1, Column::BusinessType, "llc")
        .with(1, Column::Street, "\"12\" Harbor, \u{201c}Street\u{201d}")
        .with(1, Column::PhoneNumbers, "+16175550150; +16175550151")
        .with(1, Column::Representative1PhoneNumber, "'+16175550101")
        .with(1, Column::Notes, "two\nlines")
        .with(1, Column::PostalCode, "2110");
    let (_, path) = failed(&sheet.source(), "failed.csv", &folder);
    let bytes = std::fs::read(path).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap());
    let row = reader.records().next().unwrap().unwrap();
    for (column, (cell, of_sheet)) in row.iter().zip(&sheet.rows[0]).enumerate() {
        assert_eq!(cell, of_sheet, "{}", common::ALL[column].name());
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
    assert_eq!(&row[Column::PhoneNumbers as usize], "+16175550150", "a number is no formula");
    assert_eq!(&row[common::ALL.len() + 1], "'=row 2 was refused");
}
