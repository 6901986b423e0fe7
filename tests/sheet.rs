//! What comes out of files as people really have them, and out of files that are none.

mod common;

use std::io::Write;

use common::{Sheet, bytes, fault, patched, said, source, source_with, survey, workbook};
use rust_xlsxwriter::{Format, Workbook};
use trusthub_onboard::model::Column;
use trusthub_onboard::sheet::{Encoding, Mapping, Options, Source};

#[test]
fn a_file_that_is_no_sheet_is_said_to_be_what_it_is() {
    for (bytes, what) in [
        (&b""[..], "is empty"),
        (b"\n \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"<html><table>", "web page"),
        (b"  <!DOCTYPE html>", "web page"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"PK\x03\x04 and then nothing", "cut off or damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0", "binary"),
    ] {
        let fault = fault(&source(bytes));
        assert!(fault.what().contains(what), "{what}: {fault}");
        assert!(!fault.fix().is_empty());
    }
}

#[test]
fn bytes_that_are_no_text_are_no_sheet_whatever_their_name_says() {
    // Every byte value once, and bytes without any order, as in an encrypted or compressed file.
    let mut seed = 7_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    for length in [60, 1_000, 300_000] {
        let mut bytes: Vec<u8> = (0..length).map(|_| random()).collect();
        for mark in [&b""[..], b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"] {
            bytes.splice(0..0, mark.iter().copied());
            for name in ["customers.xlsx", "CUSTOMERS.XLS", "customers.ods", "customers.csv"] {
                let source = Source::spooled(name.to_owned(), &bytes[..], Options::default()).unwrap();
                let fault = fault(&source);
                assert!(fault.what().contains("is not a spreadsheet"), "{length} {name}: {fault}");
                let ending = name.rsplit_once('.').unwrap().1.to_ascii_lowercase();
                let is_said = fault.what().contains(&format!("although its name ends in .{ending}"));
                assert_eq!(is_said, ending != "csv", "{fault}");
            }
            bytes.drain(..mark.len());
        }
    }
}

#[test]
fn a_csv_file_with_the_name_of_a_workbook_is_read_as_what_it_is() {
    for name in ["customers.xlsx", "customers.xls"] {
        let source =
            Source::spooled(name.to_owned(), Sheet::of(2).csv().as_bytes(), Options::default()).unwrap();
        let (survey, findings) = survey(&source);
        assert_eq!((survey.valid, said(&findings)), (2, vec![]));
        assert!(survey.layout.to_string().starts_with("CSV, UTF-8"));
    }
}

#[test]
fn a_text_in_another_script_is_text_although_no_header_is_known() {
    let text = "会社名,住所\n東京の会社,東京\nКомпания,Москва\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [&b"\xff\xfe"[..], &utf16].concat();
    for bytes in [text.as_bytes(), &marked] {
        let (survey, findings) = survey(&source(bytes));
        assert_eq!(said(&findings), ["1 missing_column", "A1 unknown_column"]);
        assert_eq!(survey.rows, 2);
    }
}

#[test]
fn a_sheet_without_known_headers_is_not_said_to_have_no_rows_too() {
    let (_, findings) = survey(&source("one,two\n"));
    assert_eq!(said(&findings), ["1 missing_column", "A1 unknown_column"]);
}

#[test]
fn flags_for_another_kind_of_file_are_a_fault() {
    let csv = Sheet::of(1).csv();
    let options = Options { sheet: Some("Customers".to_owned()), ..Options::default() };
    let fault_of_csv = fault(&source_with(&csv, options));
    assert!(fault_of_csv.what().contains("no worksheets") && fault_of_csv.fix().contains("--sheet"));
    let workbook = bytes(&Sheet::of(1), |_| {});
    let delimiter = Options { delimiter: Some(b';'), ..Options::default() };
    let encoding = Options { encoding: Some(Encoding::Utf8), ..Options::default() };
    for (options, flag) in [(delimiter, "--delimiter"), (encoding, "--encoding")] {
        let fault = fault(&source_with(&workbook, options));
        assert!(fault.what().contains(flag) && fault.what().contains("XLSX"), "{fault}");
    }
}

#[test]
fn a_path_that_is_no_file_is_a_fault_with_a_way_out() {
    let missing = Source::new("no/such/file.csv", Options::default()).err().unwrap();
    assert!(missing.what().contains("no file") && missing.fix().contains("template"));
    let folder = tempfile::tempdir().unwrap();
    let directory = Source::new(folder.path(), Options::default()).err().unwrap();
    assert!(directory.what().contains("directory"));
}

#[cfg(unix)]
#[test]
fn what_comes_over_a_pipe_is_kept_where_nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let before: Vec<_> = temporary_files();
    let source = Sheet::of(2).source();
    let new: Vec<_> = temporary_files().into_iter().filter(|path| !before.contains(path)).collect();
    assert!(!new.is_empty());
    for path in new.iter().filter_map(|path| std::fs::metadata(path).ok()) {
        assert_eq!(path.permissions().mode() & 0o077, 0);
    }
    assert_eq!(survey(&source).0.valid, 2);
}

#[cfg(unix)]
fn temporary_files() -> Vec<std::path::PathBuf> {
    std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp")))
        .filter(|path| path.is_file())
        .collect()
}

#[test]
fn headers_without_rows_are_an_error_of_the_sheet() {
    let (survey, findings) = survey(&Sheet::of(0).source());
    assert_eq!((survey.rows, survey.valid), (0, 0));
    assert_eq!(said(&findings), ["1 no_rows"]);
}

#[test]
fn missing_columns_are_one_error_and_no_row_is_valid() {
    let csv = Sheet::of(3).csv().replacen("use_case", "purpose", 1).replacen("business_name", "nothing", 1);
    let (survey, findings) = survey(&source(csv));
    assert_eq!(said(&findings), ["1 missing_column", "H1 unknown_column"]);
    assert_eq!(findings[0].message, "2 columns are missing: business_name, use_case.");
    assert_eq!((survey.rows, survey.valid), (3, 0));
}

#[test]
fn an_unknown_column_is_said_once_with_the_nearest_name() {
    let csv = Sheet::of(3).csv().replacen("friendly_name", "freindly_name", 1);
    let (survey, findings) = survey(&source(csv));
    assert_eq!(said(&findings), ["B1 unknown_column"]);
    assert!(findings[0].message.contains("did you mean friendly_name?"), "{}", findings[0].message);
    assert_eq!(survey.valid, 3);
}

#[test]
fn two_headers_for_one_column_are_an_error() {
    let csv = Sheet::of(1).csv().replacen("friendly_name", "Legal Business Name", 1);
    let (survey, findings) = survey(&source(csv));
    assert_eq!(said(&findings), ["H1 duplicate_column"]);
    assert_eq!(survey.valid, 0);
}

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
        let (survey, findings) = survey(&source);
        assert_eq!(survey.layout.to_string(), line, "{name}");
        assert_eq!(survey.valid, 3, "{name}: {findings:?}");
        let names: Vec<_> = common::entries(&source)
            .into_iter()
            .map(|entry| match entry {
                trusthub_onboard::check::Entry::Valid(customer) => (
                    customer.row - survey.layout.header_row,
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
    let layout = survey(&source_with(&csv, options)).0.layout;
    assert_eq!(layout.to_string(), "CSV, Windows-1252, separated by semicolons, headers in row 1");
    let options = Options { header_row: Some(2), ..Options::default() };
    assert_eq!(survey(&source_with(&csv, options)).0.layout.header_row, 2);
}

#[test]
fn headers_are_known_by_their_letters_and_by_what_people_call_them() {
    let csv = Sheet::of(2).csv();
    let headers = csv.lines().next().unwrap();
    let decorated: Vec<_> = headers
        .split(',')
        .map(|header| format!("\u{feff} \u{a0}{}\u{200b} ", header.replace('_', "\u{a0}").to_uppercase()))
        .collect();
    let named = headers
        .replace("business_name", "Legal Business Name")
        .replace("business_registration_number", "EIN")
        .replace("postal_code", "Zip")
        .replace("representative_1_first_name", "Rep First Name");
    for new in [decorated.join(","), named] {
        let (survey, findings) = survey(&source(csv.replacen(headers, &new, 1)));
        assert_eq!((survey.valid, said(&findings)), (2, vec![]), "{new}");
    }
}

#[test]
fn a_line_of_nothing_that_can_be_seen_is_no_row() {
    for end in ["\u{1a}", "\u{a0}\u{200b}", " \t", "\u{feff},,,"] {
        let (survey, findings) = survey(&source(format!("{}{end}", Sheet::of(2).csv())));
        assert_eq!((survey.rows, said(&findings)), (2, vec![]), "{end:?}");
    }
}

#[test]
fn characters_that_nobody_sees_or_means_are_counted_in_one_note() {
    let sheet = Sheet::of(3)
        .with(1, Column::BusinessName, "\u{201c}Joe\u{201d}\u{2019}s \u{2013} Diner\u{a0}LLC")
        .with(2, Column::City, " Boston\u{200b}")
        .with(3, Column::City, "Boston ");
    let (survey, findings) = survey(&sheet.source());
    assert_eq!((survey.valid, said(&findings)), (3, vec!["0 text_normalised".to_owned()]));
    assert!(findings[0].message.contains("In 3 cells") && findings[0].message.contains("H2, T3, T4"));
    let entries = common::entries(&sheet.source());
    let trusthub_onboard::check::Entry::Valid(customer) = &entries[0] else { panic!("not valid") };
    assert_eq!(customer.business.name, "\"Joe\"'s - Diner LLC");
}

#[test]
fn error_values_that_other_programs_write_into_csv_files_are_errors() {
    for value in ["#N/A", "#ERROR!", "Err:502"] {
        let findings = survey(&Sheet::of(1).with(1, Column::City, value).source()).1;
        assert_eq!(said(&findings), ["T2 cell_is_error"], "{value}");
    }
    assert_eq!(said(&survey(&Sheet::of(1).with(1, Column::City, "Err:or").source()).1), [""; 0]);
}

#[test]
fn a_users_own_headers_can_be_mapped() {
    let csv = Sheet::of(1).csv().replacen("use_case", "Wofür", 1).replacen("notes", "Company", 1);
    let map = vec![Mapping::parse("Wofür=use_case").unwrap(), Mapping::parse("Company=").unwrap()];
    let (survey, findings) = survey(&source_with(csv, Options { map, ..Options::default() }));
    assert_eq!(said(&findings), [""; 0]);
    assert_eq!(survey.valid, 1);
    assert!(Mapping::parse("Company=bussiness_name").unwrap_err().contains("did you mean `business_name`?"));
    assert!(Mapping::parse("nothing").is_err());
}

#[test]
fn one_damaged_byte_is_an_error_in_its_cell_and_no_other_encoding() {
    let csv = Sheet::of(2).with(1, Column::BusinessName, "Café Zürich").csv();
    let mut bytes = csv.into_bytes();
    let at = bytes.windows(6).rposition(|window| window == b"Boston").unwrap();
    bytes[at] = 0xe9;
    let (survey, findings) = survey(&source(bytes));
    assert_eq!(said(&findings), ["T3 undecodable"]);
    assert_eq!(survey.valid, 1);
}

#[test]
fn an_unclosed_quote_is_an_error_at_its_line() {
    let csv = Sheet::of(3).csv().replacen("12 Harbor Street,Suite 3", "12 Harbor Street,\"Suite 3", 1);
    let (broken, findings) = survey(&source(&csv));
    assert_eq!(broken.valid, 0);
    assert!(
        findings.iter().any(|finding| finding.code == "unclosed_quote" && finding.message.contains("line 2")),
        "{findings:?}"
    );
    // Closed by a quotation mark of a later row: the rows between are in one cell.
    let late = Sheet::of(3).with(3, Column::Notes, "a, b").csv();
    let late = late.replacen("12 Harbor Street,Suite 3", "12 Harbor Street,\"Suite 3", 1);
    assert!(survey(&source(late)).1.iter().any(|finding| finding.code == "unclosed_quote"));
}

fn at(column: Column) -> u16 {
    column as u16
}

#[test]
fn digits_that_are_stored_as_a_number_come_back_as_their_format_shows_them() {
    let source = workbook(&Sheet::of(1), |sheet| {
        let zip = Format::new().set_num_format("00000");
        let ein = Format::new().set_num_format(r"00\-0000000");
        let phone = Format::new().set_num_format(r"[<=9999999]###\-####;\(###\)\ ###\-####");
        sheet.write_number_with_format(1, at(Column::PostalCode), 2110, &zip).unwrap();
        sheet.write_number_with_format(1, at(Column::BusinessRegistrationNumber), 41_234_567, &ein).unwrap();
        sheet
            .write_number_with_format(1, at(Column::Representative1PhoneNumber), 6_175_550_123.0, &phone)
            .unwrap();
        sheet.write_number(1, at(Column::BusinessEmployeeCount), 10.0).unwrap();
    });
    let entries = common::entries(&source);
    let [trusthub_onboard::check::Entry::Valid(customer)] = entries.as_slice() else { panic!("not valid") };
    assert_eq!(customer.business.registration_number, "041234567");
    assert_eq!(customer.representative_1.phone_number, "+16175550123");
    assert_eq!(customer.voice_integrity.business_employee_count, 10);
    let trusthub_onboard::model::Address::New { postal_code, .. } = &customer.address else {
        panic!("no address")
    };
    assert_eq!(postal_code, "02110");
}

#[test]
fn digits_that_are_lost_are_an_error_and_never_sent_short() {
    let source = workbook(&Sheet::of(1), |sheet| {
        sheet.write_number(1, at(Column::PostalCode), 211).unwrap();
        sheet.write_number(1, at(Column::BusinessRegistrationNumber), 41_234_567).unwrap();
        sheet.write_number(1, at(Column::Representative1PhoneNumber), 5_550_123).unwrap();
    });
    let (survey, findings) = survey(&source);
    assert_eq!(said(&findings), ["M2 digits_lost", "V2 digits_lost", "AA2 phone_invalid"]);
    assert_eq!(survey.valid, 0);
    assert!(findings[0].suggestion.contains("041234567"));
}

#[test]
fn cells_that_are_no_text_are_errors_where_text_belongs() {
    let source = workbook(&Sheet::of(1), |sheet| {
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_number_with_format(1, at(Column::BusinessName), 46000, &date).unwrap();
        sheet.write_boolean(1, at(Column::City), true).unwrap();
        sheet
            .write_formula(1, at(Column::Street), rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A"))
            .unwrap();
        sheet.write_boolean(1, at(Column::Notes), true).unwrap();
    });
    let (_, findings) = survey(&source);
    assert_eq!(said(&findings), ["H2 cell_is_date", "R2 cell_is_error", "T2 cell_is_boolean"]);
    assert_eq!(findings[0].value, "2025-12-09");
}

#[test]
fn a_formula_that_was_never_calculated_is_no_empty_cell() {
    let formula = |result: &str| rust_xlsxwriter::Formula::new("=A1").set_result(result);
    let plain = bytes(&Sheet::of(2), |sheet| {
        sheet.write_formula(1, at(Column::City), formula("MARKER")).unwrap();
        sheet.write_formula(1, at(Column::Notes), formula("MARKER")).unwrap();
        // This one was calculated, and its value is an empty text.
        sheet.write_formula(2, at(Column::Notes), formula("EMPTY")).unwrap();
    });
    let source = source(patched(&plain, "xl/worksheets/sheet1.xml", |xml| {
        xml.replace(" t=\"str\"><f>A1</f><v>MARKER</v>", "><f>A1</f><v/>").replace("<v>EMPTY</v>", "<v></v>")
    }));
    let (survey, findings) = survey(&source);
    assert_eq!(said(&findings), ["T2 cell_not_calculated", "AN2 cell_not_calculated"]);
    assert_eq!(survey.valid, 1);
}

#[test]
fn the_sheet_whose_headers_match_is_taken_unless_one_is_named() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Read me").unwrap().write_string(0, 0, "Email").unwrap();
    for (name, rows) in [("Customers", 2), ("Old", 1)] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        let content = Sheet::of(rows);
        for (column, of) in content.columns.iter().enumerate() {
            sheet.write_string(2, column as u16, of.name()).unwrap();
            for (row, cells) in content.rows.iter().enumerate() {
                sheet.write_string(row as u32 + 3, column as u16, &cells[column]).unwrap();
            }
        }
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let (chosen, findings) = survey(&source(&bytes));
    assert_eq!(
        chosen.layout.to_string(),
        "XLSX, sheet \"Customers\" of 3, headers in row 3 (what is above is skipped)"
    );
    assert_eq!((chosen.valid, said(&findings)), (2, vec!["0 sheet_choice".to_owned()]));
    assert!(
        findings[0].message.contains("\"Customers\" is read; the headers of \"Old\""),
        "{}",
        findings[0].message
    );
    assert!(findings[0].suggestion.contains("--sheet"));
    let named =
        |name: &str| source_with(&bytes, Options { sheet: Some(name.to_owned()), ..Options::default() });
    let (old, findings) = survey(&named("old"));
    assert_eq!((old.valid, said(&findings)), (1, vec![]));
    assert!(fault(&named("New")).fix().contains("Read me, Customers, Old"));
}

#[test]
fn a_cell_in_the_last_corner_of_a_small_workbook_costs_nothing() {
    let source = workbook(&Sheet::of(1), |sheet| {
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
    });
    let (survey, findings) = survey(&source);
    assert_eq!(said(&findings), ["1048576 too_many_cells"]);
    assert!(findings[0].message.contains("XFD1048576"), "{}", findings[0].message);
    assert_eq!((survey.rows, survey.valid), (2, 1));
}

#[test]
fn rows_of_nothing_but_format_at_the_end_are_no_rows() {
    let source = workbook(&Sheet::of(1), |sheet| {
        let red = Format::new().set_background_color(rust_xlsxwriter::Color::Red);
        (2..50).for_each(|row| {
            sheet.write_blank(row, 0, &red).unwrap();
            sheet.write_string(row, 5, " ").unwrap();
        });
    });
    assert_eq!(survey(&source).0.rows, 1);
}

#[test]
fn a_row_of_a_million_cells_does_not_stop_the_others() {
    let mut bytes = Sheet::of(1).csv().into_bytes();
    writeln!(bytes, "{}", ",".repeat(1 << 19)).unwrap();
    bytes.extend(Sheet::of(2).csv().lines().last().unwrap().bytes());
    let (survey, findings) = survey(&source(bytes));
    assert_eq!((survey.rows, survey.valid), (2, 2), "{findings:?}");
}

#[test]
fn formulas_hidden_rows_and_merged_cells_are_said() {
    let source = workbook(&Sheet::of(4), |sheet| {
        let ein = rust_xlsxwriter::Formula::new("=TEXT(B1,\"00-0000000\")").set_result("04-0000001");
        sheet.write_formula(1, at(Column::BusinessRegistrationNumber), ein).unwrap();
        sheet
            .write_formula(
                1,
                at(Column::City),
                rust_xlsxwriter::Formula::new("=\"Boston\"").set_result("Boston"),
            )
            .unwrap();
        sheet.set_row_hidden(2).unwrap();
        sheet.set_row_hidden(3).unwrap();
        sheet.merge_range(3, at(Column::City), 4, at(Column::City), "Boston", &Format::new()).unwrap();
    });
    let (survey, findings) = survey(&source);
    assert_eq!(
        said(&findings),
        [
            "A3 hidden_rows",
            "T4 merged_cells",
            "M2 cell_is_formula",
            "M2 registration_number_reformatted",
            "T5 required"
        ]
    );
    assert!(
        findings[0].message.contains("2 rows") && findings[0].message.contains("3-4"),
        "{}",
        findings[0].message
    );
    assert!(findings[1].message.contains("T4:T5"), "{}", findings[1].message);
    assert_eq!(survey.valid, 3);
}

#[test]
fn an_error_value_of_a_newer_spreadsheet_program_is_found_in_its_cell() {
    let plain = bytes(&Sheet::of(2), |_| {});
    // The cells of column I, in both rows, become error values that calamine does not know.
    let source = source(patched(&plain, "xl/worksheets/sheet1.xml", |mut xml| {
        for cell in ["I2", "I3"] {
            let start = xml.find(&format!("<c r=\"{cell}\"")).unwrap();
            let end = start + xml[start..].find("</c>").unwrap();
            xml.replace_range(start..end, &format!("<c r=\"{cell}\" t=\"e\"><v>#FIELD!</v>"));
        }
        xml
    }));
    assert_eq!(said(&survey(&source).1), ["I2 cell_is_error", "I3 cell_is_error"]);
}

#[test]
fn a_workbook_that_lies_about_its_strings_or_rows_is_a_fault() {
    let plain = bytes(&Sheet::of(2), |_| {});
    let boast = patched(&plain, "xl/sharedStrings.xml", |xml| {
        xml.replace("uniqueCount=\"", "uniqueCount=\"99999999999999")
    });
    assert!(fault(&source(boast)).what().contains("damaged"));
    let unordered = patched(&plain, "xl/worksheets/sheet1.xml", |xml| {
        xml.replace("<row r=\"2\"", "<row r=\"9\"").replace("2\" t=\"s\"", "9\" t=\"s\"")
    });
    assert!(fault(&source(unordered)).what().contains("not in order"));
    let cut = &plain[..plain.len() / 2];
    assert!(fault(&source(cut)).what().contains("cut off or damaged"));
}
