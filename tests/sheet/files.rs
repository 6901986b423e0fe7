//! What may be named as a sheet, and what is said of what is none.

use crate::common::{Sheet, bytes, fault, said, source, source_with, validate};
use trusthub_onboard::sheet::{Encoding, Options, Source};

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
        let (validation, findings) = validate(&source);
        assert_eq!((validation.valid, said(&findings)), (2, vec![]));
        assert!(validation.layout.to_string().starts_with("CSV, UTF-8"));
    }
}

#[test]
fn a_text_in_another_script_is_text_although_no_header_is_known() {
    let text = "会社名,住所\n東京の会社,東京\nКомпания,Москва\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [&b"\xff\xfe"[..], &utf16].concat();
    for bytes in [text.as_bytes(), &marked] {
        let (validation, findings) = validate(&source(bytes));
        assert_eq!(said(&findings), ["1 missing_column", "A1 unknown_column"]);
        assert_eq!(validation.rows, 2);
    }
}

#[test]
fn a_sheet_without_known_headers_is_not_said_to_have_no_rows_too() {
    let (_, findings) = validate(&source("one,two\n"));
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
