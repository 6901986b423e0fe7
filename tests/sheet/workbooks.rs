//! Workbooks: what their cells, rows and sheets mean.

use crate::common::{Sheet, bytes, fault, patched, said, source, source_with, validate, workbook};
use rust_xlsxwriter::{Format, Workbook};
use std::io::Write;
use trusthub_onboard::model::Column;
use trusthub_onboard::sheet::Options;

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
    let entries = crate::common::entries(&source);
    let [trusthub_onboard::check::Entry::Valid(customer)] = entries.as_slice() else { panic!("not valid") };
    assert_eq!(customer.business.registration_number, "041234567");
    assert_eq!(customer.representative_1.phone_number, "+16175550123");
    assert_eq!(customer.voice_integrity.business_employee_count, "10");
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
    let (validation, findings) = validate(&source);
    assert_eq!(said(&findings), ["M2 digits_lost", "V2 digits_lost", "AA2 phone_invalid"]);
    assert_eq!(validation.valid, 0);
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
    let (_, findings) = validate(&source);
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
    let (validation, findings) = validate(&source);
    assert_eq!(said(&findings), ["T2 cell_not_calculated", "AN2 cell_not_calculated"]);
    assert_eq!(validation.valid, 1);
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
    let (chosen, findings) = validate(&source(&bytes));
    assert_eq!(
        chosen.layout.to_string(),
        "XLSX, sheet \"Customers\" of 3, headers in row 3 (what is above is skipped)"
    );
    // Two of them match equally well.
    assert_eq!((chosen.valid, said(&findings)), (0, vec!["0 sheet_choice".to_owned()]));
    assert!(findings[0].message.contains("\"Customers\" and \"Old\" match"), "{}", findings[0].message);
    assert!(findings[0].suggestion.contains("--sheet"));
    let named =
        |name: &str| source_with(&bytes, Options { sheet: Some(name.to_owned()), ..Options::default() });
    let (old, findings) = validate(&named("old"));
    assert_eq!((old.valid, said(&findings)), (1, vec![]));
    assert!(fault(&named("New")).fix().contains("Read me, Customers, Old"));
}

#[test]
fn a_cell_in_the_last_corner_of_a_small_workbook_costs_nothing() {
    let source = workbook(&Sheet::of(1), |sheet| {
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
    });
    let (validation, findings) = validate(&source);
    assert_eq!(said(&findings), ["XFD1048576 too_many_cells"]);
    assert!(findings[0].message.contains("XFD1048576"), "{}", findings[0].message);
    assert_eq!((validation.rows, validation.valid), (2, 1));
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
    assert_eq!(validate(&source).0.rows, 1);
}

#[test]
fn a_row_of_far_too_many_cells_is_named_by_its_line() {
    let mut bytes = Sheet::of(1).csv().into_bytes();
    writeln!(bytes, "{}", ",".repeat(1 << 19)).unwrap();
    bytes.extend(Sheet::of(2).csv().lines().last().unwrap().bytes());
    let fault = fault(&source(bytes));
    assert!(fault.what().contains("line 3 has more than 16384 cells"), "{fault}");
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
    let (validation, findings) = validate(&source);
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
    assert_eq!(validation.valid, 3);
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
    assert_eq!(said(&validate(&source).1), ["I2 cell_is_error", "I3 cell_is_error"]);
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
