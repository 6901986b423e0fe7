//! Small files that would unpack to something gigantic: refused before anything is kept in memory.

use crate::common;
use crate::common::{Sheet, bytes, fault, patched, source, validate};

const ODS: &[u8] = include_bytes!("../fixtures/typed.ods");
const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";
const STYLES: &str = "xl/styles.xml";

/// Twice the longest text that any honest cell can have.
const LONG: usize = 1 << 21;

fn plain() -> Vec<u8> {
    bytes(&Sheet::of(2), |sheet| {
        sheet.write_string(3, 0, "x").unwrap();
    })
}

/// A workbook with something put in front of the end of an element.
fn with(file: &[u8], part: &str, before: &str, what: &str) -> Vec<u8> {
    patched(file, part, |xml| {
        let at = xml.find(before).unwrap_or_else(|| panic!("there is no {before} in {part}"));
        format!("{}{what}{}", &xml[..at], &xml[at..])
    })
}

fn refused(name: &str, file: &[u8]) {
    assert!(file.len() < 1 << 19, "{name}: the file is {} bytes long", file.len());
    let fault = fault(&source(file));
    assert!(fault.what().contains("damaged or too big"), "{name}: {fault}");
    assert!(fault.fix().contains("CSV"));
}

#[test]
fn a_gigantic_cell_is_refused_however_it_is_written() {
    let long = "x".repeat(LONG);
    let cell = |inside: &str| format!("<row r=\"9\"><c r=\"A9\" t=\"inlineStr\">{inside}</c></row>");
    let runs = "<r><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></r>".repeat(LONG / 40);
    for (name, what) in [
        ("one text", cell(&format!("<is><t>{long}</t></is>"))),
        ("a text of many parts", cell(&format!("<is>{runs}</is>"))),
        ("a value", cell(&format!("<v>{long}</v>"))),
        ("a formula", cell(&format!("<f>{long}</f>"))),
        ("an attribute", format!("<row r=\"9\" a=\"{}\"/>", "<c>".repeat(LONG / 3))),
        ("a comment", format!("<!--{}-->", "<c>".repeat(LONG / 3))),
    ] {
        refused(name, &with(&plain(), SHEET, "</sheetData>", &what));
    }
    let strings = format!("<si><t>{long}</t></si>");
    refused("a shared string", &with(&plain(), STRINGS, "</sst>", &strings));
    refused("a shared string of many parts", &with(&plain(), STRINGS, "</sst>", &format!("<si>{runs}</si>")));
}

#[test]
fn parts_that_are_kept_in_memory_have_a_limit() {
    refused("strings", &with(&plain(), STRINGS, "</sst>", &"<si><t>x</t></si>".repeat(4 << 20)));
    refused("styles", &with(&plain(), STYLES, "</cellXfs>", &"<xf/>".repeat(600_000)));
    refused("a list of sheets", &with(&plain(), "xl/workbook.xml", "</workbook>", &"<x/>".repeat(600_000)));
}

#[test]
fn a_part_that_lies_about_its_size_is_refused() {
    for (part, before) in [(SHEET, "</sheetData>"), (STRINGS, "</sst>"), (STYLES, "</styleSheet>")] {
        let mut file = with(&plain(), part, before, &format!("<x>{}</x>", "x".repeat(LONG)));
        refused(part, &file);
        // The size of the part, behind its name's place in both of its headers.
        let mut lies = 0;
        for (mark, name_at, size_at) in [(b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)] {
            let headers: Vec<_> = (0..file.len() - 4).filter(|at| file[*at..].starts_with(mark)).collect();
            for at in headers {
                if file[at + name_at..].starts_with(part.as_bytes()) {
                    file[at + size_at..at + size_at + 4].copy_from_slice(&100_u32.to_le_bytes());
                    lies += 1;
                }
            }
        }
        assert_eq!(lies, 2, "{part}");
        let fault = fault(&source(&file));
        assert!(fault.what().contains("damaged"), "{part}: {fault}");
    }
}

#[test]
fn an_ods_cell_of_many_spaces_or_many_times_is_refused() {
    let row = |cell: &str| format!("<table:table-row>{cell}</table:table-row>");
    let text = |inside: &str| {
        row(&format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{inside}</text:p></table:table-cell>"
        ))
    };
    let long = "x".repeat(60_000);
    for (name, what) in [
        ("a long text", text(&"x".repeat(LONG))),
        (
            "a text of many parts",
            text(&"<text:span>xxxxxxxxxxxxxxxxxxxxxxxxxxxxx</text:span>".repeat(LONG / 20)),
        ),
        ("spaces", text("<text:s text:c=\"4000000000\"/>")),
        (
            "a text in many cells",
            row(&format!(
                "<table:table-cell table:number-columns-repeated=\"4000\" office:value-type=\"string\"><text:p>{long}</text:p></table:table-cell>"
            )),
        ),
        (
            "a text in many rows",
            text(&long)
                .replace("<table:table-row>", "<table:table-row table:number-rows-repeated=\"90000\">"),
        ),
    ] {
        refused(name, &with(ODS, "content.xml", "</table:table>", &what));
    }
}

#[test]
fn ods_sheets_that_do_not_fit_into_memory_together_are_refused() {
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\"/>";
    let far = format!(
        "<table:table table:name=\"far\"><table:table-row>{cell}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"40000\"><table:table-cell/></table:table-row>\
         <table:table-row><table:table-cell table:number-columns-repeated=\"100\"/>{cell}</table:table-row></table:table>"
    );
    refused("many sheets", &with(ODS, "content.xml", "</office:spreadsheet>", &far.repeat(300)));
    // Cells that hold nothing but a formula, or a value without a type.
    for what in ["table:formula=\"of:=1\"", "office:value=\"1\""] {
        let cells = format!(
            "<table:table-row table:number-rows-repeated=\"90000\">\
             <table:table-cell table:number-columns-repeated=\"16000\" {what}/></table:table-row>"
        );
        refused(what, &with(ODS, "content.xml", "</table:table>", &cells));
    }
}

#[test]
fn the_longest_cell_that_a_spreadsheet_can_hold_is_no_reason_to_refuse_the_file() {
    let source = common::workbook(&Sheet::of(2), |sheet| {
        sheet.write_string(1, trusthub_onboard::model::Column::Notes as u16, "x".repeat(32_767)).unwrap();
    });
    let (validation, findings) = validate(&source);
    assert_eq!((validation.rows, findings.len()), (2, 1), "{findings:?}");
}
