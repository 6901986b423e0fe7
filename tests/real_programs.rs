//! Files as LibreOffice and openpyxl write them; `tests/fixtures/make.sh` makes them again.

mod common;

use std::path::Path;

use common::survey;
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
    ] {
        assert_eq!(customers(name), expected, "{name}");
        let (survey, findings) = survey(&fixture(name));
        assert_eq!(survey.layout.to_string(), line);
        // Numbers with a format of separators are written plainly, and that is said.
        let notes = if name == "openpyxl.xlsx" { 10 } else { 0 };
        assert_eq!(
            (survey.counts.errors, survey.counts.warnings, survey.counts.notes),
            (0, 0, notes),
            "{findings:?}"
        );
    }
}

#[test]
fn a_workbook_with_a_password_is_said_to_have_one() {
    assert!(common::fault(&fixture("protected.xlsx")).what().contains("password"));
}
