//! The files of `sample-data/` and `templates/` are what the generator writes, and what the README says.

#[path = "../../examples/sample_data.rs"]
mod sample_data;

use std::collections::BTreeSet;
use std::path::Path;

use crate::common;
use crate::common::{rules, validate};
use trusthub_onboard::check::{Entry, customers, rule};
use trusthub_onboard::model::column::COLUMNS;
use trusthub_onboard::model::{Address, Column, PhoneNumbers};
use trusthub_onboard::sheet::Source;

fn source(path: &str) -> Source {
    Source::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), Default::default()).unwrap()
}

#[test]
fn the_files_are_what_the_generator_writes() {
    for (path, content) in sample_data::files().unwrap() {
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default();
        assert!(file == content, "{path} is out of date: run `cargo run --example sample_data`");
    }
}

#[test]
fn the_clean_sheets_are_clean() {
    for (path, rows) in [
        ("sample-data/customers.csv", 20),
        ("sample-data/customers.xlsx", 20),
        ("sample-data/customers-500.csv", 500),
    ] {
        let (validation, findings) = validate(&source(path));
        assert_eq!(findings, [], "{path}");
        assert_eq!((validation.rows, validation.valid), (rows, rows), "{path}");
    }
}

#[test]
fn the_twenty_customers_are_the_same_in_both_formats_and_varied() {
    let rows = |path: &str| {
        let source = source(path);
        let (validation, _) = validate(&source);
        customers(&source, &rules(), &validation)
            .unwrap()
            .map(|entry| match entry.unwrap() {
                Entry::Valid(customer) => customer,
                Entry::Invalid(invalid) => panic!("row {} is invalid", invalid.row),
            })
            .collect::<Vec<_>>()
    };
    let (csv, xlsx) = (rows("sample-data/customers.csv"), rows("sample-data/customers.xlsx"));
    for (a, b) in csv.iter().zip(&xlsx) {
        assert_eq!(a.subaccount, b.subaccount);
        assert_eq!(a.business.name, b.business.name);
        assert_eq!(a.representative_1.phone_number, b.representative_1.phone_number);
        assert!(a.phone_numbers == b.phone_numbers);
        assert_eq!(a.voice_integrity.business_employee_count, b.voice_integrity.business_employee_count);
    }
    assert!(csv.iter().any(|customer| customer.representative_2.is_some()));
    assert!(csv.iter().any(|customer| matches!(customer.address, Address::Existing(_))));
    assert!(csv.iter().any(|customer| customer.phone_numbers == PhoneNumbers::All));
    assert!(csv.iter().any(|customer| customer.business.regions_of_operation.len() > 1));
    assert!(csv.iter().any(|customer| !customer.business.name.is_ascii()));
}

#[test]
fn the_sheet_of_mistakes_has_one_of_every_kind_that_a_csv_file_can_have() {
    let (_, findings) = validate(&source("sample-data/mistakes.csv"));
    let said: BTreeSet<_> = findings.iter().map(|finding| finding.code).collect();
    let elsewhere = [
        // Would leave nothing to be said about the rows.
        &rule::MISSING_COLUMN,
        &rule::DUPLICATE_COLUMN,
        &rule::NO_ROWS,
        &rule::NOT_THE_SHEET,
        // Would make the file one that other programs do not read.
        &rule::ENCODING_GUESSED,
        &rule::NUL_CHARACTER,
        // Need the parent's SID, an argument, or a workbook.
        &rule::VALUE_ACCEPTED,
        &rule::PARENT_ACCOUNT,
        &rule::PRODUCT_UNKNOWN,
        &rule::NUMBER_LEFT_OFF,
        &rule::NO_NUMBER_FOR_PRODUCT,
        &rule::CNAM_NAME,
        &rule::CNAM_PROHIBITED,
        &rule::CNAM_PLACE,
        &rule::CNAM_MISMATCH,
        &rule::SHEET_CHOICE,
        &rule::HIDDEN_ROWS,
        &rule::MERGED_CELLS,
        &rule::CELL_IS_FORMULA,
        &rule::CELL_NOT_CALCULATED,
        &rule::DATE_REFORMATTED,
    ];
    let expected: BTreeSet<_> = rule::ALL
        .iter()
        .filter(|rule| !elsewhere.iter().any(|other| other.code == rule.code))
        .map(|rule| rule.code)
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn the_templates_have_no_customer_and_no_mistake() {
    for path in ["templates/customers.csv", "templates/customers.xlsx"] {
        let (validation, findings) = validate(&source(path));
        assert_eq!(validation.rows, 0, "{path}");
        assert_eq!(common::said(&findings), ["1 no_rows", "2 example_row"], "{path}");
    }
}

#[test]
fn the_example_of_the_template_is_a_row_in_order_but_for_its_mark() {
    for (path, csv) in [("templates/customers.csv", true), ("templates/customers.xlsx", false)] {
        let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let source = if csv {
            common::source(String::from_utf8(bytes).unwrap().replace("EXAMPLE ", ""))
        } else {
            common::source(common::patched(&bytes, "xl/sharedStrings.xml", |xml| xml.replace("EXAMPLE ", "")))
        };
        let (validation, findings) = validate(&source);
        assert_eq!((validation.rows, validation.valid), (1, 1), "{path}");
        assert_eq!(findings, [], "{path}");
    }
}

#[test]
fn every_closed_column_of_the_template_has_a_list_to_choose_from_and_its_cells_are_text() {
    let bytes =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/customers.xlsx")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut sheet = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut sheet)
        .unwrap();
    let mut notes = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/comments1.xml").unwrap(), &mut notes).unwrap();
    for (at, spec) in COLUMNS[..=Column::Notes as usize].iter().enumerate() {
        let letters = trusthub_onboard::sheet::column_letters(at);
        let is_closed =
            !spec.values.is_empty() || [Column::Region, Column::IsoCountry].contains(&spec.column);
        let has_list = sheet.contains(&format!("sqref=\"{letters}3:{letters}5002\""));
        assert_eq!(has_list, is_closed, "{}", spec.name);
        assert!(notes.contains(&format!("ref=\"{letters}1\"")), "{} has a note", spec.name);
        // Columns without a format of their own would turn an EIN or a ZIP into a number.
        let has_format = sheet.split("<col ").any(|column| {
            let number = |name: &str| {
                column.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.parse::<usize>().ok()
            };
            let (Some(min), Some(max)) = (number("min"), number("max")) else { return false };
            (min..=max).contains(&(at + 1)) && column.contains("style=")
        });
        assert!(has_format, "{}", spec.name);
    }
}
