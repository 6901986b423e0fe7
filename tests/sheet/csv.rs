//! CSV in all its dialects.

use crate::common::{Sheet, said, source, source_with, validate};
use trusthub_onboard::model::Column;
use trusthub_onboard::sheet::{Encoding, Options};

#[test]
fn every_dialect_of_csv_gives_the_same_customers() {
    let sheet =
        Sheet::of(3).with(2, Column::BusinessName, "Café “Zürich” Ltd").with(3, Column::Notes, "one\ntwo");
    let plain = sheet.csv();
    let cp1252 = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let separated = |delimiter: u8| {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        csv::Reader::from_reader(plain.as_bytes())
            .into_records()
            .for_each(|record| writer.write_record(&record.unwrap()).unwrap());
        let body = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let header = plain.lines().next().unwrap().replace(',', &char::from(delimiter).to_string());
        format!("{header}\n{body}")
    };
    let with_mark = format!("\u{feff}{plain}");
    let crlf = plain.replace('\n', "\r\n");
    let cr = plain.replace('\n', "\r");
    let titled = format!("Customers of October,,\n\nsent on the 3rd,,\n{plain}");
    let sep = format!("sep=;\n{}", separated(b';'));
    for (name, bytes, line) in [
        ("UTF-8", plain.clone().into_bytes(), "CSV, UTF-8, separated by commas, headers in row 1"),
        ("a byte order mark", with_mark.into_bytes(), "CSV, UTF-8, separated by commas, headers in row 1"),
        ("Windows-1252", cp1252(&plain), "CSV, Windows-1252, separated by commas, headers in row 1"),
        (
            "UTF-16LE with a mark",
            utf16(&plain, u16::to_le_bytes, true),
            "CSV, UTF-16LE, separated by commas, headers in row 1",
        ),
        (
            "UTF-16BE with a mark",
            utf16(&plain, u16::to_be_bytes, true),
            "CSV, UTF-16BE, separated by commas, headers in row 1",
        ),
        (
            "UTF-16LE without a mark",
            utf16(&plain, u16::to_le_bytes, false),
            "CSV, UTF-16LE, separated by commas, headers in row 1",
        ),
        (
            "UTF-16BE without a mark",
            utf16(&plain, u16::to_be_bytes, false),
            "CSV, UTF-16BE, separated by commas, headers in row 1",
        ),
        ("CRLF", crlf.into_bytes(), "CSV, UTF-8, separated by commas, headers in row 1"),
        ("CR", cr.into_bytes(), "CSV, UTF-8, separated by commas, headers in row 1"),
        ("semicolons", separated(b';').into_bytes(), "CSV, UTF-8, separated by semicolons, headers in row 1"),
        ("tabs", separated(b'\t').into_bytes(), "CSV, UTF-8, separated by tabs, headers in row 1"),
        ("bars", separated(b'|').into_bytes(), "CSV, UTF-8, separated by vertical bars, headers in row 1"),
        ("a sep line", sep.into_bytes(), "CSV, UTF-8, separated by semicolons, headers in row 1"),
        (
            "titles",
            titled.into_bytes(),
            "CSV, UTF-8, separated by commas, headers in row 4 (what is above is skipped)",
        ),
    ] {
        let source = source(bytes);
        let (validation, findings) = validate(&source);
        assert_eq!(validation.layout.to_string(), line, "{name}");
        assert_eq!(validation.valid, 3, "{name}: {findings:?}");
        let names: Vec<_> = crate::common::entries(&source)
            .into_iter()
            .map(|entry| match entry {
                trusthub_onboard::check::Entry::Valid(customer) => (
                    customer.row - validation.layout.header_row,
                    customer.business.name,
                    customer.voice_integrity.notes,
                ),
                _ => panic!("{name}: a row is invalid"),
            })
            .collect();
        assert_eq!(names[1].0, 2, "{name}");
        assert_eq!(names[1].1, "Café \"Zürich\" Ltd", "{name}");
        assert_eq!(names[2].2, "one\ntwo", "{name}");
    }
}

#[test]
fn flags_override_what_would_be_chosen() {
    let csv = Sheet::of(1).csv();
    let options =
        Options { encoding: Some(Encoding::Windows1252), delimiter: Some(b';'), ..Options::default() };
    let layout = validate(&source_with(&csv, options)).0.layout;
    assert_eq!(layout.to_string(), "CSV, Windows-1252, separated by semicolons, headers in row 1");
    let options = Options { header_row: Some(2), ..Options::default() };
    assert_eq!(validate(&source_with(&csv, options)).0.layout.header_row, 2);
}

#[test]
fn a_line_of_nothing_that_can_be_seen_is_no_row() {
    for end in ["\u{1a}", "\u{a0}\u{200b}", " \t", "\u{feff},,,"] {
        let (validation, findings) = validate(&source(format!("{}{end}", Sheet::of(2).csv())));
        assert_eq!((validation.rows, said(&findings)), (2, vec![]), "{end:?}");
    }
}

#[test]
fn characters_that_nobody_sees_or_means_are_counted_in_one_note() {
    let sheet = Sheet::of(3)
        .with(1, Column::BusinessName, "\u{201c}Joe\u{201d}\u{2019}s \u{2013} Diner\u{a0}LLC")
        .with(2, Column::City, " Boston\u{200b}")
        .with(3, Column::City, "Boston ");
    let (validation, findings) = validate(&sheet.source());
    assert_eq!((validation.valid, said(&findings)), (3, vec!["0 text_normalised".to_owned()]));
    assert!(findings[0].message.contains("In 3 cells") && findings[0].message.contains("H2, T3, T4"));
    let entries = crate::common::entries(&sheet.source());
    let trusthub_onboard::check::Entry::Valid(customer) = &entries[0] else { panic!("not valid") };
    assert_eq!(customer.business.name, "\"Joe\"'s - Diner LLC");
}

#[test]
fn error_values_that_other_programs_write_into_csv_files_are_errors() {
    for value in ["#N/A", "#ERROR!", "Err:502"] {
        let findings = validate(&Sheet::of(1).with(1, Column::City, value).source()).1;
        assert_eq!(said(&findings), ["T2 cell_is_error"], "{value}");
    }
    assert_eq!(said(&validate(&Sheet::of(1).with(1, Column::City, "Err:or").source()).1), [""; 0]);
}

#[test]
fn one_damaged_byte_is_an_error_in_its_cell_and_no_other_encoding() {
    let csv = Sheet::of(2).with(1, Column::BusinessName, "Café Zürich").csv();
    let mut bytes = csv.into_bytes();
    let at = bytes.windows(6).rposition(|window| window == b"Boston").unwrap();
    bytes[at] = 0xe9;
    let (validation, findings) = validate(&source(bytes));
    assert_eq!(said(&findings), ["T3 undecodable"]);
    assert_eq!(validation.valid, 1);
}

#[test]
fn an_unclosed_quote_is_an_error_at_its_line() {
    let csv = Sheet::of(3).csv().replacen("12 Harbor Street,Suite 3", "12 Harbor Street,\"Suite 3", 1);
    let (broken, findings) = validate(&source(&csv));
    assert_eq!(broken.valid, 0);
    assert!(
        findings.iter().any(|finding| finding.code == "unclosed_quote" && finding.message.contains("line 2")),
        "{findings:?}"
    );
    // Closed by a quotation mark of a later row: the rows between are in one cell.
    let late = Sheet::of(3).with(3, Column::Notes, "a, b").csv();
    let late = late.replacen("12 Harbor Street,Suite 3", "12 Harbor Street,\"Suite 3", 1);
    assert!(validate(&source(late)).1.iter().any(|finding| finding.code == "unclosed_quote"));
}
