//! Files as LibreOffice and openpyxl write them; `tests/fixtures/make.sh` makes them again.

use std::path::Path;

use crate::common;
use crate::common::validate;
use trusthub_onboard::check::Entry;
use trusthub_onboard::model::{Address, Customer, PhoneNumber, PhoneNumbers};
use trusthub_onboard::sheet::{Options, Source};

fn fixture(name: &str) -> Source {
    Source::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name), Options::default())
        .unwrap()
}

/// What of a customer a spreadsheet program could damage.
fn told(customer: &Customer) -> Vec<String> {
    let address = match &customer.address {
        Address::New { street, postal_code, .. } => format!("{street}, {postal_code}"),
        Address::Existing(sid) => sid.to_string(),
    };
    let numbers = match &customer.phone_numbers {
        PhoneNumbers::All => "all".to_owned(),
        PhoneNumbers::Listed(numbers) => numbers
            .iter()
            .map(|number| match number {
                PhoneNumber::Sid(sid) => sid.to_string(),
                PhoneNumber::E164(number) => number.clone(),
            })
            .collect::<Vec<_>>()
            .join(" "),
    };
    vec![
        customer.row.to_string(),
        customer.subaccount.to_string(),
        customer.business.name.clone(),
        customer.business.registration_number.clone(),
        customer.business.regions_of_operation.join(" "),
        address,
        customer.representative_1.phone_number.clone(),
        customer.representative_2.as_ref().map(|second| second.first_name.clone()).unwrap_or_default(),
        numbers,
        customer.voice_integrity.business_employee_count.to_string(),
    ]
}

fn customers(name: &str) -> Vec<Vec<String>> {
    common::entries(&fixture(name))
        .iter()
        .map(|entry| match entry {
            Entry::Valid(customer) => told(customer),
            Entry::Invalid(invalid) => panic!("{name}, row {}: {}", invalid.row, invalid.finding.message),
        })
        .collect()
}

#[test]
fn every_program_and_format_gives_the_same_customers() {
    let expected = customers("source.csv");
    assert_eq!(expected.len(), 5);
    for (name, line) in [
        ("libreoffice.xlsx", "XLSX, sheet \"libreoffice\", headers in row 1"),
        ("libreoffice.xls", "XLS, sheet \"libreoffice\", headers in row 1"),
        ("libreoffice.ods", "ODS, sheet \"libreoffice\", headers in row 1"),
        ("windows-1252.csv", "CSV, Windows-1252, separated by semicolons, headers in row 1"),
        ("utf-16.csv", "CSV, UTF-16LE, separated by tabs, headers in row 1"),
        ("openpyxl.xlsx", "XLSX, sheet \"Customers\", headers in row 1"),
        ("python-quoted.csv", "CSV, UTF-8, separated by commas, headers in row 1"),
        ("python-tabs.csv", "CSV, UTF-8, separated by tabs, headers in row 1"),
        ("python-unix.csv", "CSV, UTF-8, separated by vertical bars, headers in row 1"),
        ("sqlite.csv", "CSV, UTF-8, separated by commas, headers in row 1"),
    ] {
        assert_eq!(customers(name), expected, "{name}");
        let (validation, findings) = validate(&fixture(name));
        assert_eq!(validation.layout.to_string(), line);
        // Numbers with a format of separators are written plainly, and that is said.
        let notes = if name == "openpyxl.xlsx" { 10 } else { 0 };
        // So is each cell whose letters depend on an encoding that nothing in the file says.
        let warnings = if name == "windows-1252.csv" { 5 } else { 0 };
        assert_eq!(
            (validation.counts.errors, validation.counts.warnings, validation.counts.notes),
            (0, warnings, notes),
            "{findings:?}"
        );
    }
}

#[test]
fn an_old_encoding_is_said_to_be_a_guess_and_read_right_by_its_name() {
    let expected = customers("source.csv");
    for name in ["macintosh", "cp850"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.csv"));
        let letters = |encoding: Option<&str>| {
            let encoding = encoding.and_then(trusthub_onboard::sheet::Encoding::named);
            let source = Source::new(&path, Options { encoding, ..Options::default() }).unwrap();
            let findings = validate(&source).1;
            let entries = common::entries(&source);
            let found = entries.iter().map(|entry| match entry {
                Entry::Valid(customer) => told(customer),
                Entry::Invalid(invalid) => panic!("{name}, row {}: {}", invalid.row, invalid.finding.message),
            });
            (found.collect::<Vec<_>>(), findings)
        };
        let (_, findings) = letters(None);
        assert!(findings.iter().any(|it| it.code == "encoding_guessed"), "{name}: {findings:?}");
        let (read, findings) = letters(Some(name));
        assert!(read == expected && findings.is_empty(), "{name}: {findings:?}");
    }
}

#[test]
fn values_in_formulas_that_keep_zeros_are_taken_out_of_them() {
    assert_eq!(customers("formulas.csv"), customers("source.csv"));
    let findings = validate(&fixture("formulas.csv")).1;
    assert!(findings.len() > 50 && findings.iter().all(|it| it.code == "quotes_removed"), "{findings:?}");
}

#[test]
fn every_kind_of_cell_means_the_same_in_each_format() {
    let found = |name: &str| {
        let (validation, findings) = validate(&fixture(name));
        assert_eq!((validation.rows, validation.valid), (5, 1), "{name}: {findings:?}");
        let lines: Vec<_> = findings
            .iter()
            .map(|it| format!("{} {} {} {:?} {}", it.row, it.cell, it.code, it.value, it.message))
            .collect();
        lines
    };
    let xlsx = found("typed.xlsx");
    let expected = [
        "0 A3 hidden_rows \"\" 3 rows are hidden or filtered out in the spreadsheet and read all the same: 3-4, 6.",
        "0 T5 merged_cells \"\" Cells are merged (T5:T6, A7:B8); only the first of them has a value, the others are empty.",
        "2 M2 registration_number_reformatted \"04-1234567\" Taken as 041234567.",
        "2 AA2 phone_reformatted \"(617) 555-0101\" Taken as +16175550101.",
        "3 M3 cell_is_formula \"850234561\" The cell is a formula; the value that was calculated last is taken.",
        "3 T3 cell_is_error \"#N/A\" The cell holds an error value instead of text.",
        "3 V3 cell_is_formula \"87501\" The cell is a formula; the value that was calculated last is taken.",
        "3 AL3 cell_is_boolean \"TRUE\" The spreadsheet has taken the cell for TRUE or FALSE.",
        "4 H4 cell_is_date \"2025-12-09\" The spreadsheet has taken the cell for a date.",
        "4 R4 cell_is_error \"#DIV/0!\" The cell holds an error value instead of text.",
        "4 T4 cell_is_boolean \"TRUE\" The spreadsheet has taken the cell for TRUE or FALSE.",
        "4 X4 cell_is_date \"2025-12-09 10:30:00\" The spreadsheet has taken the cell for a date.",
        "4 Y4 cell_is_date \"10:30:00\" The spreadsheet has taken the cell for a date.",
        "5 O5 cell_is_error \"#NAME?\" The cell holds an error value instead of text.",
        "5 V5 digits_lost \"606\" A ZIP code has 5 digits; zeros in front are probably lost.",
        "5 Y5 cell_is_boolean \"TRUE\" The spreadsheet has taken the cell for TRUE or FALSE.",
        "5 AL5 cell_is_boolean \"FALSE\" The spreadsheet has taken the cell for TRUE or FALSE.",
        "6 T6 required \"\" city is empty.",
    ];
    assert_eq!(xlsx, expected);
    assert_eq!(found("typed.xls"), xlsx);
    assert_eq!(found("typed.ods"), xlsx);
}

#[test]
fn what_comes_over_standard_input_is_read_as_the_file_is() {
    let findings = |sheet: &str, input: &[u8]| {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
        command.env_remove("TWILIO_ACCOUNT_SID").args(["validate", sheet, "--format", "csv"]);
        let output = command.write_stdin(input).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for name in ["typed.xlsx", "typed.xls", "typed.ods", "utf-16.csv", "windows-1252.csv"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let content = std::fs::read(&path).unwrap();
        let of_file = findings(path.to_str().unwrap(), b"");
        assert_eq!(of_file.0, Some(if name.starts_with("typed") { 3 } else { 0 }), "{name}");
        assert_eq!(findings("-", &content), of_file, "{name}");
    }
}

#[test]
fn a_workbook_with_a_password_is_said_to_have_one() {
    for name in ["protected.xlsx", "protected.xls", "protected.ods"] {
        let fault = common::fault(&fixture(name));
        assert!(fault.what().contains("protected by a password"), "{name}: {fault}");
    }
}
