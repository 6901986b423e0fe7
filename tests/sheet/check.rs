//! What the validator says about rows, and what comes out of them.

use std::sync::Arc;

use crate::common;
use crate::common::{
    Sheet, bytes, customers, entries, good, patched, rules, said, source, validate, validate_with, workbook,
};
use trusthub_onboard::check::{Entry, Rules, Strictness, rule};
use trusthub_onboard::model::{Address, Column, Customer, PhoneNumber, PhoneNumbers, Severity, Sid};
use trusthub_onboard::sheet::Source;

fn codes_of(sample: rule::Sample) -> Vec<&'static str> {
    let sheet = sample.iter().fold(Sheet::of(1), |sheet, (column, value)| sheet.with(1, *column, value));
    validate(&sheet.source()).1.iter().map(|finding| finding.code).collect()
}

/// A workbook with a sheet of customers and one of other headers, or of the same.
fn of_two_sheets(second: &str) -> Source {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for name in ["First", second] {
        let worksheet = workbook.add_worksheet().set_name(name).unwrap();
        for (column, of) in common::ALL.iter().enumerate() {
            let header = if name == "Shoe sizes" { "size" } else { of.name() };
            worksheet.write_string(0, column as u16, header).unwrap();
            worksheet.write_string(1, column as u16, good(*of, 1)).unwrap();
        }
    }
    source(workbook.save_to_buffer().unwrap())
}

/// A workbook with a formula, and the element that holds what was calculated.
fn with_formula(value: &str) -> Source {
    let plain = bytes(&Sheet::of(2), |sheet| {
        let formula = rust_xlsxwriter::Formula::new("=A1").set_result("MARKER");
        sheet.write_formula(1, Column::City as u16, formula).unwrap();
    });
    source(patched(&plain, "xl/worksheets/sheet1.xml", |xml| {
        xml.replace(
            " t=\"str\"><f>A1</f><v>MARKER</v>",
            &format!("{}><f>A1</f>{value}", if value == "<v/>" { "" } else { " t=\"str\"" }),
        )
    }))
}

/// For a rule that speaks about more than the cells of one row of text: a sheet that it speaks about, and one
/// like it that it does not.
fn bad_and_good(rule: &rule::Rule) -> Option<[Source; 2]> {
    let text = |csv: String| source(csv);
    let two = |column: Column, [first, second]: [&str; 2]| {
        Sheet::of(2).with(1, column, first).with(2, column, second).source()
    };
    let without_address = |sids: [&str; 2]| {
        let columns =
            [Column::Street, Column::StreetSecondary, Column::City, Column::Region, Column::PostalCode];
        let mut sheet = Sheet::of(2);
        for (row, sid) in (1..).zip(sids) {
            sheet = columns.into_iter().fold(sheet, |sheet, column| sheet.with(row, column, ""));
            sheet = sheet.with(row, Column::AddressSid, sid);
        }
        sheet.source()
    };
    let sid = |kind: &str, digit: u8| format!("{kind}{digit:032x}");
    let cut_after = |cells: usize| {
        let mut sheet = Sheet::of(2);
        sheet.rows[1].truncate(cells);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(common::ALL.map(Column::name)).unwrap();
        sheet.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        source(writer.into_inner().unwrap())
    };
    let good = || Sheet::of(2).csv();
    Some(match rule.code {
        "missing_column" => [text(good().replacen("use_case", "purpose", 1)), text(good())],
        "duplicate_column" => [text(good().replacen("notes", "Call type,EIN", 1)), text(good())],
        "unknown_column" => [text(good().replacen("notes", "shoe size", 1)), text(good())],
        "no_rows" => [Sheet::of(0).source(), text(good())],
        "sheet_choice" => [of_two_sheets("Customers"), of_two_sheets("Shoe sizes")],
        "cell_not_calculated" => [with_formula("<v/>"), with_formula("<v>Boston</v>")],
        "not_the_sheet" => {
            [text("row,outcome,customer_profile_status,trust_product_status\n".to_owned()), text(good())]
        }
        "encoding_guessed" => {
            let latin_1 = |city: &str| {
                let csv = Sheet::of(2).with(1, Column::City, city).csv();
                source(encoding_rs::WINDOWS_1252.encode(&csv).0)
            };
            [latin_1("Santa Fé"), latin_1("Santa Fe")]
        }
        "date_reformatted" => {
            let date = |format: &str| {
                let format = rust_xlsxwriter::Format::new().set_num_format(format);
                workbook(&Sheet::of(2), |sheet| {
                    sheet.write_number_with_format(1, Column::Notes as u16, 45_000, &format).unwrap();
                })
            };
            [date("d.m.yy"), date("0")]
        }
        "hidden_rows" => [
            workbook(&Sheet::of(2), |sheet| _ = sheet.set_row_hidden(1).unwrap()),
            workbook(&Sheet::of(2), |_| ()),
        ],
        "merged_cells" => [
            workbook(&Sheet::of(2), |sheet| {
                let (column, plain) = (Column::Notes as u16, rust_xlsxwriter::Format::new());
                sheet.merge_range(1, column, 2, column, "both", &plain).unwrap();
            }),
            workbook(&Sheet::of(2), |_| ()),
        ],
        "text_normalised" => [two(Column::City, [" Boston", "Boston"]), text(good())],
        "example_row" => [two(Column::SubaccountSid, ["EXAMPLE", &sid("AC", 2)]), text(good())],
        "too_few_cells" => [cut_after(12), cut_after(common::ALL.len() - 1)],
        "too_many_cells" => {
            [text(good().replacen("ordinary", "", 1).trim_end().to_owned() + ",more\n"), text(good())]
        }
        "undecodable" => {
            [two(Column::City, ["Santa F\u{fffd}", "Boston"]), two(Column::City, ["Santa Fé", "Boston"])]
        }
        "cell_is_formula" => {
            let formula = |column: Column, value: &str| {
                let formula = rust_xlsxwriter::Formula::new("=A1").set_result(value);
                workbook(&Sheet::of(2), |sheet| _ = sheet.write_formula(1, column as u16, formula).unwrap())
            };
            // In a column of words a formula is as good as its value.
            [formula(Column::PostalCode, "02110"), formula(Column::City, "Boston")]
        }
        "duplicate_subaccount" => {
            let (one, two_) = (sid("AC", 7), sid("AC", 8));
            [two(Column::SubaccountSid, [&one, &one]), two(Column::SubaccountSid, [&one, &two_])]
        }
        "duplicate_number" => {
            let column = Column::PhoneNumbers;
            [two(column, ["+16175550150", "(617) 555-0150"]), two(column, ["+16175550150", "+16175550151"])]
        }
        "duplicate_sid" => {
            let (one, two_) = (sid("AD", 7), sid("AD", 8));
            [without_address([&one, &one]), without_address([&one, &two_])]
        }
        "ein_shared" => {
            let numbers = |numbers: [&str; 2]| {
                let sheet = Sheet::of(2).with(2, Column::BusinessName, "Somebody Else Inc");
                let column = Column::BusinessRegistrationNumber;
                sheet.with(1, column, numbers[0]).with(2, column, numbers[1]).source()
            };
            [numbers(["041234567", "041234567"]), numbers(["041234567", "041234568"])]
        }
        _ => return None,
    })
}

/// Rules that need an argument: `the_parent_account_is_no_customer`, tests/rules/accept.rs and
/// tests/rules/products.rs.
const ELSEWHERE: [&rule::Rule; 9] = [
    &rule::CNAM_NAME,
    &rule::CNAM_PROHIBITED,
    &rule::CNAM_PLACE,
    &rule::CNAM_MISMATCH,
    &rule::PARENT_ACCOUNT,
    &rule::VALUE_ACCEPTED,
    &rule::PRODUCT_UNKNOWN,
    &rule::NUMBER_LEFT_OFF,
    &rule::NO_NUMBER_FOR_PRODUCT,
];

#[test]
fn every_rule_speaks_about_its_bad_value_and_not_about_its_good_one() {
    for rule in rule::ALL {
        if !rule.bad.is_empty() {
            assert!(codes_of(rule.bad).contains(&rule.code), "{} lets {:?} pass", rule.code, rule.bad);
            assert!(!codes_of(rule.good).contains(&rule.code), "{} stops {:?}", rule.code, rule.good);
        } else if !ELSEWHERE.iter().any(|it| it.code == rule.code) {
            let sheets = bad_and_good(rule);
            let [bad, good] = sheets.unwrap_or_else(|| panic!("{} has no bad and no good sheet", rule.code));
            let said = |source: &Source| validate(source).1.iter().any(|finding| finding.code == rule.code);
            assert!(said(&bad), "{} lets its bad sheet pass", rule.code);
            assert!(!said(&good), "{} stops its good sheet", rule.code);
        }
    }
}

#[test]
fn a_finding_has_the_severity_of_its_rule() {
    for rule in rule::ALL {
        let sheet =
            rule.bad.iter().fold(Sheet::of(1), |sheet, (column, value)| sheet.with(1, *column, value));
        for finding in validate(&sheet.source()).1 {
            if finding.code == rule.code {
                assert_eq!(finding.severity, rule.severity, "{}", rule.code);
                assert_eq!(finding.suggestion.is_empty(), rule.severity == Severity::Note, "{}", rule.code);
            }
        }
    }
}

#[test]
fn a_row_in_order_becomes_a_customer_with_every_value_of_it() {
    let sheet = Sheet::of(1).with(
        1,
        Column::PhoneNumbers,
        "PN000000000000000000000000000000AB; (617) 555-0150\n+16175550151",
    );
    let entries = entries(&sheet.source());
    let [Entry::Valid(customer)] = entries.as_slice() else { panic!("the row is not valid") };
    assert_eq!(customer.row, 2);
    assert_eq!(customer.subaccount.as_str(), "AC00000000000000000000000000000001");
    assert_eq!(customer.email, "onboarding@reseller.example.com");
    assert_eq!(customer.friendly_name, "Harbor Light Dental");
    assert_eq!(customer.status_callback.as_deref(), Some("https://hooks.reseller.example.com/trusthub"));
    assert_eq!(customer.business.name, "Harbor Light Dental LLC");
    assert_eq!(customer.business.kind, "Limited Liability Corporation");
    assert_eq!(customer.business.registration_identifier, "EIN");
    assert_eq!(customer.business.registration_number, "040000001");
    assert_eq!(customer.business.regions_of_operation, ["USA_AND_CANADA"]);
    let Address::New { street, street_secondary, city, region, postal_code, iso_country } = &customer.address
    else {
        panic!("the address is no new one")
    };
    assert_eq!(
        [street.as_str(), street_secondary, city, region, postal_code, iso_country],
        ["12 Harbor Street", "Suite 3", "Boston", "MA", "02110", "US"]
    );
    assert_eq!(customer.representative_1.phone_number, "+16175550123");
    assert_eq!(customer.representative_1.job_position, "CEO");
    assert!(customer.representative_2.is_none());
    let PhoneNumbers::Listed(numbers) = &customer.phone_numbers else { panic!("no numbers are listed") };
    let numbers: Vec<&str> = numbers
        .iter()
        .map(|number| match number {
            PhoneNumber::Sid(sid) => sid.as_str(),
            PhoneNumber::E164(number) => number,
        })
        .collect();
    assert_eq!(numbers, ["PN000000000000000000000000000000ab", "+16175550150", "+16175550151"]);
    assert_eq!(customer.voice_integrity.use_case, "Appointment Reminders");
    assert_eq!(customer.voice_integrity.business_employee_count, "25");
}

#[test]
fn all_mistakes_of_a_row_are_said_at_once() {
    let sheet = Sheet::of(1)
        .with(1, Column::SubaccountSid, "PN00000000000000000000000000000001")
        .with(1, Column::Email, "nobody")
        .with(1, Column::BusinessType, "Franchise")
        .with(1, Column::Region, "ZZ")
        .with(1, Column::Representative1PhoneNumber, "12")
        .with(1, Column::BusinessEmployeeCount, "some");
    let (validation, findings) = validate(&sheet.source());
    assert_eq!(
        said(&findings),
        [
            "A2 sid_kind",
            "C2 email_syntax",
            "J2 not_in_list",
            "U2 state_unknown",
            "AA2 phone_invalid",
            "AL2 count"
        ]
    );
    assert_eq!(findings[0].message, "This is a PN (phone number); an AC (account) belongs here.");
    assert_eq!((validation.rows, validation.valid, validation.invalid()), (1, 0, 1));
}

#[test]
fn both_rows_of_a_double_subaccount_are_told_of_each_other_and_neither_is_sent() {
    let sheet = Sheet::of(4).with(4, Column::SubaccountSid, "ac00000000000000000000000000000002");
    let source = sheet.source();
    let (validation, findings) = validate(&source);
    assert_eq!(said(&findings), ["A3 duplicate_subaccount", "A5 sid_spelling", "A5 duplicate_subaccount"]);
    assert_eq!(findings[0].message, "Row 5 has the same subaccount.");
    assert_eq!(findings[2].message, "Row 3 has the same subaccount.");
    assert_eq!((validation.valid, validation.shapes()[&0]), (2, 2));
    let sent: Vec<bool> = customers(&source, &rules(), &validation)
        .map(|entry| matches!(entry.unwrap(), Entry::Valid(_)))
        .collect();
    assert_eq!(sent, [true, false, true, false]);
    assert!(validation.is_valid(2) && !validation.is_valid(3));
}

#[test]
fn a_number_in_two_rows_is_an_error_in_both_whatever_its_form() {
    let sheet = Sheet::of(3).with(1, Column::PhoneNumbers, "+16175550150; +16175550151").with(
        3,
        Column::PhoneNumbers,
        "617.555.0151",
    );
    let (validation, findings) = validate(&sheet.source());
    assert_eq!(said(&findings), ["AJ2 duplicate_number", "AJ4 phone_reformatted", "AJ4 duplicate_number"]);
    assert_eq!(validation.valid, 1);
}

#[test]
fn one_ein_under_two_names_is_a_doubt_and_under_one_name_none() {
    let ein = good(Column::BusinessRegistrationNumber, 1);
    let sheet = Sheet::of(3)
        .with(2, Column::BusinessRegistrationNumber, &ein)
        .with(3, Column::BusinessRegistrationNumber, &ein)
        .with(2, Column::BusinessName, "HARBOR LIGHT DENTAL, LLC")
        .with(3, Column::BusinessName, "Somebody Else Inc");
    let (validation, findings) = validate(&sheet.source());
    assert_eq!(said(&findings), ["M2 ein_shared", "M4 ein_shared"]);
    assert_eq!(validation.valid, 3);
}

#[test]
fn findings_come_in_the_order_of_the_sheet_whatever_later_rows_say_of_earlier_ones() {
    let (number, cafe) = ("+16175550150", "\u{a0}Boston");
    let sheet = Sheet::of(300)
        .with(2, Column::PhoneNumbers, number)
        .with(3, Column::Region, "ZZ")
        .with(100, Column::City, cafe)
        .with(200, Column::Region, "ZZ")
        .with(299, Column::PhoneNumbers, number);
    let csv = sheet.csv().replacen("notes", "shoe size", 1);
    assert_eq!(
        said(&validate(&source(csv)).1),
        [
            "0 text_normalised",
            "AN1 unknown_column",
            "AJ3 duplicate_number",
            "U4 state_unknown",
            "U201 state_unknown",
            "AJ300 duplicate_number"
        ]
    );
}

#[test]
fn a_profile_a_product_or_an_address_can_be_of_one_row_only() {
    for column in [Column::CustomerProfileSid, Column::TrustProductSid] {
        let bundle = "BU00000000000000000000000000000007";
        let sheet =
            Sheet::of(3).with(1, column, bundle).with(3, column, &bundle.to_lowercase().replace("bu", "BU"));
        let source = sheet.source();
        let (validation, findings) = validate(&source);
        let cell = if column == Column::CustomerProfileSid { "F" } else { "G" };
        assert_eq!(said(&findings), [format!("{cell}2 duplicate_sid"), format!("{cell}4 duplicate_sid")]);
        assert_eq!(findings[0].message, format!("Row 4 has the same {}.", column.name()));
        assert_eq!(findings[0].value, bundle);
        assert_eq!(validation.valid, 1);
        let sent = customers(&source, &rules(), &validation)
            .map(|entry| matches!(entry.unwrap(), Entry::Valid(_)))
            .collect::<Vec<_>>();
        assert_eq!(sent, [false, true, false]);
    }
    // The primary profile is the parent's, so it is the same in many rows.
    let primary = "BU00000000000000000000000000000007";
    let sheet =
        Sheet::of(2).with(1, Column::PrimaryProfileSid, primary).with(2, Column::PrimaryProfileSid, primary);
    assert_eq!(validate(&sheet.source()).1, []);
}

#[test]
fn a_length_that_only_we_find_odd_keeps_no_row_back() {
    let long = "x".repeat(3_000);
    let address = format!("https://harborlight.example.com/{}", "a".repeat(3_000));
    let sheet = Sheet::of(1)
        .with(1, Column::Notes, &long)
        .with(1, Column::Representative1BusinessTitle, &long)
        .with(1, Column::StatusCallback, &address);
    let (validation, findings) = validate(&sheet.source());
    let codes = ["D2 unusually_long", "AB2 unusually_long", "AN2 unusually_long"];
    assert_eq!(said(&findings), codes);
    assert_eq!(validation.valid, 1);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
}

#[test]
fn the_business_name_must_fit_where_an_address_is_created_under_it() {
    // 64 bytes, and one more; a letter with an accent has two.
    let (fits, one_more) = ("é".repeat(32), format!("{}x", "é".repeat(32)));
    assert_eq!(validate(&Sheet::of(1).with(1, Column::BusinessName, &fits).source()).1, []);
    let sheet = Sheet::of(1).with(1, Column::BusinessName, &one_more);
    let (_, findings) = validate(&sheet.source());
    assert_eq!(said(&findings), ["H2 too_long"]);
    assert_eq!(
        findings[0].message,
        "The business name has 65 bytes; Twilio takes at most 64 as the name of an address."
    );
    let address = [Column::Street, Column::StreetSecondary, Column::City, Column::Region, Column::PostalCode];
    let existing = address.into_iter().fold(sheet, |sheet, column| sheet.with(1, column, "")).with(
        1,
        Column::AddressSid,
        "AD00000000000000000000000000000007",
    );
    assert_eq!(validate(&existing.source()).1, [], "no address is created");
}

#[test]
fn a_row_that_ends_early_is_told_once_and_where_in_every_format() {
    let csv = {
        let mut sheet = Sheet::of(2);
        sheet.rows[0].truncate(11);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(common::ALL.map(Column::name)).unwrap();
        sheet.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        source(writer.into_inner().unwrap())
    };
    let empty =
        (11..common::ALL.len()).fold(Sheet::of(2), |sheet, column| sheet.with(1, common::ALL[column], ""));
    for source in [csv, empty.source(), workbook(&empty, |_| ())] {
        let (validation, findings) = validate(&source);
        assert_eq!(said(&findings), ["L2 too_few_cells"]);
        assert_eq!(
            findings[0].message,
            "The row is empty from here on: business_registration_identifier and 13 more required cells."
        );
        assert_eq!(validation.valid, 1);
    }
    // A few empty cells at the end are named one by one.
    let few = Sheet::of(1)
        .with(1, Column::UseCase, "")
        .with(1, Column::BusinessEmployeeCount, "")
        .with(1, Column::AverageBusinessDayCallVolume, "")
        .with(1, Column::Notes, "");
    assert_eq!(said(&validate(&few.source()).1), ["AK2 required", "AL2 required", "AM2 required"]);
}

#[test]
fn a_strict_check_keeps_rows_with_warnings_back() {
    let sheet = Sheet::of(2).with(2, Column::Street, "P.O. Box 12");
    let strict = Rules { strictness: Strictness::Warnings, ..rules() };
    let source = sheet.source();
    assert_eq!(validate(&source).0.valid, 2);
    let (validation, _) = validate_with(&source, &strict);
    assert_eq!(validation.valid, 1);
    let second = customers(&source, &strict, &validation).nth(1);
    match second {
        Some(Ok(Entry::Invalid(invalid))) => assert_eq!(invalid.finding.code, "po_box"),
        _ => panic!("the row is sent"),
    }
}

#[test]
fn the_parent_account_is_no_customer() {
    let rules = Rules { parent: Sid::parse("AC00000000000000000000000000000001"), ..rules() };
    let (validation, findings) = validate_with(&Sheet::of(2).source(), &rules);
    assert_eq!(said(&findings), ["A2 parent_account"]);
    assert_eq!(validation.valid, 1);
}

#[test]
fn a_value_given_for_every_row_takes_the_place_of_a_column() {
    let csv = Sheet::of(2).csv().replacen("use_case", "purpose", 1);
    let rules = Rules { set: vec![(Column::UseCase, "Fraud Alerts".to_owned())], ..rules() };
    let source = source(csv);
    let (validation, findings) = validate_with(&source, &rules);
    assert_eq!(said(&findings), ["AK1 unknown_column"]);
    for entry in customers(&source, &rules, &validation) {
        let Ok(Entry::Valid(customer)) = entry else { panic!("the row is not valid") };
        assert_eq!(customer.voice_integrity.use_case, "Fraud Alerts");
    }
    let both = validate_with(&Sheet::of(1).source(), &rules).1;
    assert_eq!(said(&both), ["AK1 duplicate_column"]);
}

#[test]
fn an_address_sid_alone_is_enough_and_the_country_does_not_disturb_it() {
    let bare = [Column::Street, Column::StreetSecondary, Column::City, Column::Region, Column::PostalCode]
        .into_iter()
        .fold(Sheet::of(1), |sheet, column| sheet.with(1, column, ""))
        .with(1, Column::AddressSid, "AD00000000000000000000000000000007");
    let entries = entries(&bare.source());
    assert!(
        matches!(&entries[..], [Entry::Valid(customer)] if matches!(customer.address, Address::Existing(_)))
    );
}

#[test]
fn several_regions_are_read_once_each_in_the_order_of_the_sheet() {
    let sheet = Sheet::of(1).with(1, Column::BusinessRegionsOfOperation, "europe; USA, ASIA\nEUROPE");
    let source = sheet.source();
    assert_eq!(said(&validate(&source).1), ["N2 value_spelling", "N2 value_synonym"]);
    let entries = entries(&source);
    assert!(
        matches!(&entries[..], [Entry::Valid(customer)] if customer.business.regions_of_operation == ["EUROPE", "USA_AND_CANADA", "ASIA"])
    );
}

#[test]
fn valid_rows_are_counted_by_their_shapes_and_invalid_ones_are_not() {
    let sheet = Sheet::of(5)
        .with(2, Column::PhoneNumbers, "+16175550150; +16175550151; +16175550152")
        .with(3, Column::PhoneNumbers, "ALL")
        .with(4, Column::Email, "nobody");
    let shape = |customer: &Customer| match &customer.phone_numbers {
        PhoneNumbers::All => 100,
        PhoneNumbers::Listed(numbers) => numbers.len() as u32,
    };
    let rules = Rules { shape: Some(Arc::new(shape)), ..rules() };
    let validation = trusthub_onboard::check::validate(&sheet.source(), &rules, &mut |_| ()).unwrap();
    assert_eq!(validation.shapes().into_iter().collect::<Vec<_>>(), [(1, 2), (3, 1), (100, 1)]);
}

#[test]
fn the_second_pass_has_the_rows_of_the_first_whatever_becomes_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    let rows = |path: &std::path::Path, change: &dyn Fn()| {
        std::fs::write(path, Sheet::of(3).csv()).unwrap();
        let source = trusthub_onboard::sheet::Source::new(path, Default::default()).unwrap();
        let (validation, _) = validate(&source);
        change();
        customers(&source, &rules(), &validation).map(Result::unwrap).count()
    };
    assert_eq!(rows(&path, &|| std::fs::write(&path, Sheet::of(4).csv()).unwrap()), 3);
    assert_eq!(rows(&path, &|| std::fs::remove_file(&path).unwrap()), 3);
}

#[test]
fn rows_that_are_not_the_ones_that_were_checked_are_not_handed_on() {
    let (checked, _) = validate(&Sheet::of(3).source());
    let other = source(Sheet::of(3).csv().replace("Boston", "Austin"));
    let mut rows = customers(&other, &rules(), &checked);
    assert!(matches!(rows.next(), Some(Err(fault)) if fault.what().contains("changed")));
    assert!(rows.next().is_none());
}

#[test]
fn a_row_without_findings_is_a_customer_and_a_row_without_customer_has_an_error() {
    // Every column emptied, one after the other, and every row cut off after every cell.
    for column in common::ALL {
        let (validation, findings) = validate(&Sheet::of(1).with(1, column, "").source());
        let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(validation.valid == 0, has_error, "{}", column.name());
    }
    for cells in 1..common::ALL.len() {
        let mut sheet = Sheet::of(2);
        sheet.rows[0].truncate(cells);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(common::ALL.map(Column::name)).unwrap();
        sheet.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let source = source(writer.into_inner().unwrap());
        let (validation, findings) = validate(&source);
        let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(validation.valid == 1, has_error, "after {cells} cells: {findings:?}");
        assert_eq!(customers(&source, &rules(), &validation).count(), 2);
    }
}

#[test]
fn a_sheet_with_none_of_our_headers_is_not_read_from_a_row_of_values() {
    let csv = Sheet::of(3).csv();
    let (_, rows) = csv.split_once('\n').unwrap();
    let headers = (1..=common::ALL.len()).map(|column| format!("Col {column}")).collect::<Vec<_>>().join(",");
    let (validation, findings) = validate(&source(format!("{headers}\n{rows}")));
    assert_eq!((validation.layout.header_row, validation.rows, validation.valid), (1, 3, 0));
    assert_eq!(findings[0].message, "No row has headers that we know.");
}

#[test]
fn a_near_miss_names_the_likeliest_values() {
    let suggestion = |column: Column, value: &str| {
        let findings = validate(&Sheet::of(1).with(1, column, value).source()).1;
        findings
            .into_iter()
            .find(|it| it.code == "not_in_list")
            .unwrap_or_else(|| panic!("{value} is listed"))
            .suggestion
    };
    for (column, value, likely) in [
        (Column::BusinessIndustry, "Finance", "FINANCIAL"),
        (Column::BusinessIndustry, "HEALTHCAR", "HEALTHCARE"),
        (Column::BusinessType, "Corporaton", "Corporation"),
        (Column::UseCase, "Lead", "Lead Generation"),
        (Column::UseCase, "Appointment Remindrs", "Appointment Reminders"),
        (Column::BusinessRegionsOfOperation, "AFRIKA", "AFRICA"),
    ] {
        let said = suggestion(column, value);
        assert!(said.starts_with("Did you mean") && said.contains(likely), "{value}: {said}");
        // Two commas at most: never more than three values.
        assert!(said.matches([',']).count() <= 1, "{value}: {said}");
    }
    assert_eq!(suggestion(Column::UseCase, "Lead").matches("Lead").count(), 3);
}
