//! Broken quoting: whatever mark is lost or too many, no customer vanishes and no wrong cell is sent unseen.

use crate::common::{Sheet, entries, good, said, source, validate};
use proptest::prelude::*;
use trusthub_onboard::check::Entry;
use trusthub_onboard::model::{Address, Column, Customer, Finding, Severity};

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/damaged");
    std::fs::read(folder.join(name)).unwrap()
}

/// A sheet of two customers, the first of which has a cell written exactly so.
fn with_raw(column: Column, raw: &str) -> String {
    Sheet::of(2).with(1, column, "MARKER").csv().replacen("MARKER", raw, 1)
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_lost_quotation_mark_never_swallows_the_next_customer() {
    let (survey_, findings) = validate(&source(fixture("quote-swallows-customer.csv")));
    assert_eq!((survey_.valid, said(&findings)), (0, vec!["Z2 unclosed_quote".to_owned()]));
    assert!(findings[0].message.contains("line 2"), "{}", findings[0].message);
    // The mark that ends the swallowing is a real closing one, so only what is in the cell tells of it.
    let rest = Sheet::of(3).csv();
    let second = rest.lines().nth(2).unwrap().to_owned();
    for swallowed in [
        format!("\"Calls patients\n{second}\""),
        // In a file that does not begin with the subaccount.
        format!("\"x\nAcme,{},y,z\"", good(Column::SubaccountSid, 2)),
        // A customer without a subaccount is one too.
        "\"x\n,,Acme,direct_customer,,EIN,041234567,,,,,\"".to_owned(),
        // The cells of the other rows are between semicolons.
        format!("\"Calls patients\n{}\"", second.replace(',', ";")),
    ] {
        let (validation, findings) = validate(&source(with_raw(Column::Notes, &swallowed)));
        assert_eq!(said(&findings), ["AN2 unclosed_quote"], "{swallowed}");
        assert_eq!((validation.rows, validation.valid), (2, 1));
    }
}

#[test]
fn a_column_that_is_not_ours_can_swallow_customers_too() {
    let csv = Sheet::of(3).csv();
    let wide = |index: usize, line: &str| match index {
        0 => format!("{line},favourite colour"),
        1 => format!("{line},\"call them"),
        2 => format!("{line},call us\""),
        _ => format!("{line},nothing"),
    };
    let csv: Vec<String> = csv.lines().enumerate().map(|(index, line)| wide(index, line)).collect();
    let (validation, findings) = validate(&source(csv.join("\n")));
    assert_eq!(codes(&findings), ["unknown_column", "unclosed_quote"]);
    assert_eq!((findings[1].cell.as_str(), validation.valid), ("AO2", 1));
}

#[test]
fn a_header_that_swallows_customers_is_an_error_of_the_sheet() {
    let csv = Sheet::of(3).csv().replacen("notes\n", "\"notes\n", 1).replacen("Suite 3,", "Suite 3\",", 1);
    let csv = csv.replacen("average_business_day_call_volume,", "average_business_day_call_volume,more,", 1);
    let (validation, findings) = validate(&source(csv));
    assert!(codes(&findings).contains(&"unclosed_quote"), "{findings:?}");
    assert_eq!(validation.valid, 0);
}

#[test]
fn broken_quoting_is_an_error_at_its_cell_whatever_its_kind() {
    for (column, raw, cell) in [
        // Text behind a closing mark.
        (Column::BusinessName, r#""Acme \"Best\" LLC""#, "H2"),
        (Column::BusinessName, r#""Joe" Diner"#, "H2"),
        (Column::Notes, r#""one" "two""#, "AN2"),
        (Column::Street, r#""12 "Harbor" Street""#, "R2"),
        // A backslash does not escape in CSV.
        (Column::BusinessName, r#"Acme \"Best\" LLC"#, "H2"),
        (Column::BusinessName, r#""Acme \""Best\"" LLC""#, "H2"),
        (Column::Representative1LastName, r"O\'Brien", "Y2"),
        // A space before the mark that opens a cell with a delimiter in it.
        (Column::BusinessName, r#" "Acme, LLC""#, "H2"),
        (Column::BusinessName, r#"="Acme, LLC""#, "H2"),
        // One of two marks is lost.
        (Column::BusinessName, r#"Acme LLC""#, "H2"),
        (Column::StreetSecondary, r#"Suite 3""#, "S2"),
        (Column::BusinessName, r#"Acme "Best LLC"#, "H2"),
    ] {
        let (validation, findings) = validate(&source(with_raw(column, raw)));
        let told: Vec<_> = findings.iter().filter(|it| it.severity == Severity::Error).collect();
        assert_eq!(told[0].cell, cell, "{raw}: {findings:?}");
        assert_eq!((told[0].code, told.len(), validation.valid), ("unclosed_quote", 1, 1), "{raw}");
    }
    let findings = validate(&source(fixture("backslash-quote.csv"))).1;
    assert_eq!(said(&findings), ["C2 unclosed_quote"]);
    assert!(findings[0].suggestion.contains("backslash"), "{}", findings[0].suggestion);
}

#[test]
fn sound_quoting_has_no_finding() {
    for (column, raw, text) in [
        (Column::BusinessName, r#""Acme ""Best"" LLC""#, r#"Acme "Best" LLC"#),
        (Column::BusinessName, r#"Acme "Best" LLC"#, r#"Acme "Best" LLC"#),
        (Column::BusinessName, r#"5" Pipe LLC"#, r#"5" Pipe LLC"#),
        (Column::BusinessName, r#""Display 27""""#, r#"Display 27""#),
        (Column::BusinessName, r#""Studio ""54""""#, r#"Studio "54""#),
        (Column::BusinessName, "O'Brien's", "O'Brien's"),
    ] {
        let source = source(with_raw(column, raw));
        assert_eq!(said(&validate(&source).1), [""; 0], "{raw}");
        let Entry::Valid(customer) = &entries(&source)[0] else { panic!("{raw} is not valid") };
        assert_eq!(customer.business.name, text);
    }
    let notes = "\"Calls patients, confirms, moves,\nand cancels, all day, every day, since 2009, by phone, \
                 by text, and so on\"";
    assert_eq!(said(&validate(&source(with_raw(Column::Notes, notes))).1), [""; 0]);
}

#[test]
fn what_has_one_safe_reading_is_unwrapped_and_said() {
    for raw in [
        r#"="Acme LLC""#,
        r#""=""Acme LLC""""#,
        r#" "Acme LLC""#,
        r#""""Acme LLC""""#,
        r#"'Acme LLC'"#,
        "\u{201c}Acme LLC\u{201d}",
        "\u{201e}Acme LLC\u{201c}",
        r#"= "Acme LLC""#,
    ] {
        let source = source(with_raw(Column::BusinessName, raw));
        let findings = validate(&source).1;
        assert_eq!(said(&findings), ["H2 quotes_removed"], "{raw}");
        assert!(findings[0].message.contains("Acme LLC"), "{}", findings[0].message);
        let Entry::Valid(customer) = &entries(&source)[0] else { panic!("{raw} is not valid") };
        assert_eq!(customer.business.name, "Acme LLC", "{raw}");
    }
    let of_digits = source(with_raw(Column::BusinessRegistrationNumber, r#"="041234567""#));
    let Entry::Valid(customer) = &entries(&of_digits)[0] else { panic!("not valid") };
    assert_eq!(customer.business.registration_number, "041234567");
    assert_eq!(said(&validate(&source(fixture("equals-quote.csv"))).1), ["C2 quotes_removed"]);
    // Other formulas cannot be calculated here.
    for raw in ["=A1", "\"=\"\"A\"\"&\"\"B\"\"\"", "=CONCAT(A1;B1)"] {
        assert_eq!(
            said(&validate(&source(with_raw(Column::City, raw))).1),
            ["T2 cell_not_calculated"],
            "{raw}"
        );
    }
}

#[test]
fn a_nul_is_an_error_at_its_cell_and_the_rest_is_read() {
    let (survey_, findings) = validate(&source(fixture("nul-byte.csv")));
    assert_eq!((survey_.rows, said(&findings)), (1, vec!["Z2 nul_character".to_owned()]));
    for raw in ["\0Acme", "Ac\0me", "\0\0\0\0", "\"Acme, \0LLC\""] {
        let (validation, findings) = validate(&source(with_raw(Column::BusinessName, raw)));
        assert_eq!(validation.layout.to_string(), "CSV, UTF-8, separated by commas, headers in row 1");
        assert_eq!((findings[0].cell.as_str(), validation.valid), ("H2", 1), "{raw:?}: {findings:?}");
    }
    // In a header, and as what some programs fill the last block of a file with.
    let headers = Sheet::of(2).csv().replacen("city", "ci\0ty", 1) + &"\0".repeat(600);
    let (survey_, findings) = validate(&source(headers));
    assert_eq!((survey_.valid, said(&findings)), (2, vec!["T1 nul_character".to_owned()]));
    // In an optional cell that holds nothing else.
    let (survey_, findings) = validate(&source(with_raw(Column::StreetSecondary, "\0\0")));
    assert_eq!((survey_.valid, findings[0].code), (1, "nul_character"), "{findings:?}");
}

/// All that is sent of a customer whom a lost mark could change.
fn told(customer: &Customer) -> Vec<String> {
    let address = match &customer.address {
        Address::New { street, street_secondary, city, region, postal_code, .. } => {
            [street, street_secondary, city, region, postal_code].map(String::as_str).join("|")
        }
        Address::Existing(sid) => sid.to_string(),
    };
    let first = &customer.representative_1;
    [
        customer.email.as_str(),
        &customer.friendly_name,
        customer.status_callback.as_deref().unwrap_or_default(),
        &customer.business.name,
        &customer.business.registration_number,
        &customer.business.website_url,
        &customer.business.social_media_profile_urls,
        &address,
        &first.first_name,
        &first.last_name,
        &first.email,
        &first.phone_number,
        &first.business_title,
        &customer.voice_integrity.business_employee_count.to_string(),
        &customer.voice_integrity.notes,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn quoted(style: csv::QuoteStyle) -> String {
    let sheet = Sheet::of(4)
        .with(1, Column::Notes, "Calls patients, confirms")
        .with(2, Column::BusinessName, "Acme \"Best\", LLC")
        .with(3, Column::Notes, "one\ntwo, \"three\"")
        .with(4, Column::Street, "12 Harbor Street, East");
    let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
    writer.write_record(sheet.columns.iter().map(|column| column.name())).unwrap();
    sheet.rows.iter().for_each(|row| writer.write_record(row).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Every customer of the sound file is there as it was, or something is said of its row or of the sheet.
fn nobody_is_lost_unseen(damaged: &str) -> Result<(), TestCaseError> {
    let sound = entries(&source(quoted(csv::QuoteStyle::Necessary)));
    let source = source(damaged);
    let (validation, findings) = validate(&source);
    if findings.iter().any(|it| it.severity == Severity::Error && it.row <= validation.layout.header_row) {
        return Ok(());
    }
    let found = entries(&source);
    let mut lost = 0;
    for entry in &sound {
        let Entry::Valid(before) = entry else { panic!("the sound file is not sound") };
        let after = found.iter().find_map(|entry| match entry {
            Entry::Valid(after) if after.subaccount == before.subaccount => Some(after),
            _ => None,
        });
        let Some(after) = after else {
            lost += 1;
            continue;
        };
        // Where a cell of two lines is cut in two, its second line is the row that follows.
        let rows = after.row..=after.row + 1;
        let is_said = findings.iter().any(|it| rows.contains(&it.row) && it.severity > Severity::Note);
        prop_assert!(is_said || told(after) == told(before), "{:?}", told(after));
    }
    prop_assert!(lost == 0 || validation.counts.errors > 0, "{lost} customers are gone unseen");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_customer_is_lost_or_changed_unseen_by_a_lost_quotation_mark(
        at in any::<prop::sample::Index>(),
        always in any::<bool>(),
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut text = quoted(style);
        let marks: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
        text.remove(marks[at.index(marks.len())]);
        nobody_is_lost_unseen(&text)?;
    }

    #[test]
    fn no_customer_is_lost_or_changed_unseen_by_a_quotation_mark_too_many(
        at in any::<prop::sample::Index>(),
        always in any::<bool>(),
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut text = quoted(style);
        let at = at.index(text.len());
        // Within a plain cell a mark behind a digit stands for inches.
        prop_assume!(!text[..at].ends_with(|c: char| c.is_ascii_digit()));
        text.insert(at, '"');
        nobody_is_lost_unseen(&text)?;
    }
}
