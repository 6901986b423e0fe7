//! Which sheet, which row of headers and which of two columns is meant; and files of ours that are no sheet.

use crate::common::{Sheet, fault, patched, said, source, source_with, validate};
use rust_xlsxwriter::Workbook;
use trusthub_onboard::check::Entry;
use trusthub_onboard::model::{Column, Finding};
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::{number_columns, result_columns};
use trusthub_onboard::sheet::{Mapping, Options, Source};

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn mapped(text: &str) -> Options {
    Options { map: vec![Mapping::parse(text).unwrap()], ..Options::default() }
}

/// A workbook of sheets that all match, of which one is open.
fn alike(names: &[&str], active: usize) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (index, name) in names.iter().enumerate() {
        let worksheet = workbook.add_worksheet().set_name(*name).unwrap();
        let content = Sheet::of(2);
        for (column, of) in content.columns.iter().enumerate() {
            worksheet.write_string(0, column as u16, of.name()).unwrap();
            for (row, cells) in content.rows.iter().enumerate() {
                worksheet.write_string(row as u32 + 1, column as u16, &cells[column]).unwrap();
            }
        }
        if index == active {
            worksheet.set_active(true);
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn choice(findings: &[Finding]) -> &Finding {
    findings.iter().find(|it| it.code == "sheet_choice").expect("a choice is asked for")
}

#[test]
fn two_sheets_that_match_equally_well_are_an_error_and_the_active_one_is_proposed() {
    for (names, active) in [(["Customers", "Old"], 0), (["Customers", "Old"], 1), (["2024", "2025"], 1)] {
        let workbook = alike(&names, active);
        let (both, findings) = validate(&source(&workbook));
        assert_eq!((both.rows, both.valid), (2, 0));
        let choice = choice(&findings);
        assert!(
            names.iter().all(|name| choice.message.contains(&format!("\"{name}\""))),
            "{}",
            choice.message
        );
        let proposed = format!("--sheet \"{}\", the one that was open", names[active]);
        assert!(choice.suggestion.contains(&proposed), "{}", choice.suggestion);
        for name in names {
            let options = Options { sheet: Some(name.to_owned()), ..Options::default() };
            let (one, findings) = validate(&source_with(&workbook, options));
            assert_eq!((one.valid, said(&findings)), (2, vec![]));
        }
    }
}

#[test]
fn libreoffice_says_in_each_of_its_formats_which_sheet_is_open() {
    for name in ["two-sheets.xlsx", "two-sheets.xls", "two-sheets.ods"] {
        let mut file = std::fs::read(fixture(name)).unwrap();
        if name.ends_with("ods") {
            // LibreOffice writes it only where it has shown the file.
            file = patched(&file, "settings.xml", |xml| {
                let active =
                    "<config:config-item config:name=\"ActiveTable\" config:type=\"string\">November";
                xml.replacen(
                    "<config:config-item ",
                    &format!("{active}</config:config-item><config:config-item "),
                    1,
                )
            });
        }
        let findings = validate(&source(file)).1;
        let choice = choice(&findings);
        assert!(choice.message.contains("\"October\" and \"November\""), "{name}: {}", choice.message);
        assert!(
            choice.suggestion.contains("--sheet \"November\", the one that was open"),
            "{name}: {}",
            choice.suggestion
        );
    }
}

#[test]
fn validate_and_run_refuse_to_choose_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.xlsx");
    std::fs::write(&path, alike(&["Customers", "Old"], 1)).unwrap();
    let results = folder.path().join("results.csv");
    for arguments in [vec!["validate"], vec!["run", "--sandbox", "--results", results.to_str().unwrap()]] {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
        command.current_dir(folder.path()).args(&arguments[..1]).arg(&path).args(&arguments[1..]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("sheet_choice") && said.contains("--sheet \"Old\""), "{said}");
    }
    if let Ok(written) = std::fs::read_to_string(results) {
        assert!(!written.contains("approved"), "{written}");
    }
}

#[test]
fn of_two_headers_of_one_name_the_letter_of_a_column_says_which_is_meant() {
    let path = fixture("damaged/dup-header.csv");
    let open = |options| Source::new(&path, options).unwrap();
    let findings = validate(&open(Options::default())).1;
    assert_eq!(said(&findings), ["Z1 duplicate_column"]);
    for letter in ["C=business_name", "Z=business_name"] {
        assert!(findings[0].suggestion.contains(letter), "{}", findings[0].suggestion);
    }
    for map in ["C=business_name", "Z=", "Z=notes", "z="] {
        let (validation, findings) = validate(&open(mapped(map)));
        assert_eq!((validation.valid, said(&findings)), (1, vec![]), "{map}");
    }
    // The other one is empty here.
    assert_eq!(said(&validate(&open(mapped("Z=business_name"))).1), ["Z2 required"]);
    // In a workbook, between a synonym and our name, and far to the right.
    let csv = Sheet::of(1).csv().replacen("friendly_name", "Legal Business Name", 1);
    assert_eq!(validate(&source_with(&csv, mapped("H=business_name"))).0.valid, 1);
    assert_eq!(validate(&source_with(&csv, mapped("B=friendly_name"))).0.valid, 1);
    let wide = csv.lines().enumerate().map(|(at, line)| format!("{line},{}\n", ["use_case", "Helpdesk"][at]));
    let wide: String = wide.collect();
    let far = vec![Mapping::parse("AO=").unwrap(), Mapping::parse("B=").unwrap()];
    assert_eq!(validate(&source_with(wide, Options { map: far, ..Options::default() })).0.valid, 1);
}

#[test]
fn the_row_of_the_headers_may_be_any_row() {
    let row = |row| Options { header_row: Some(row), ..Options::default() };
    let of_61 = Source::new(fixture("damaged/header-row-61.csv"), row(61)).unwrap();
    let (found, findings) = validate(&of_61);
    assert_eq!((found.layout.header_row, found.valid, said(&findings)), (61, 1, vec![]));
    let csv = Sheet::of(2).csv();
    // Beyond what is read to find out the encoding.
    let title = format!("{}\n", "title ".repeat(20));
    for rows in [60, 400, 20_000] {
        let source = source_with(format!("{}{csv}", title.repeat(rows)), row(rows as u64 + 1));
        let (found, findings) = validate(&source);
        assert_eq!((found.layout.header_row, found.valid, said(&findings)), (rows as u64 + 1, 2, vec![]));
    }
    // Empty lines and lines within a cell count as a spreadsheet program counts them.
    let odd = format!("{}\"a\nb\"\n{csv}", "\n".repeat(99));
    assert_eq!(validate(&source_with(odd, row(101))).0.valid, 2);
    let mut workbook = Workbook::new();
    let worksheet = workbook.add_worksheet();
    let content = Sheet::of(1);
    (0..299).for_each(|row| _ = worksheet.write_string(row, 0, "title").unwrap());
    for (column, of) in content.columns.iter().enumerate() {
        worksheet.write_string(299, column as u16, of.name()).unwrap();
        worksheet.write_string(300, column as u16, &content.rows[0][column]).unwrap();
    }
    let workbook = workbook.save_to_buffer().unwrap();
    assert_eq!(validate(&source_with(&workbook, row(300))).0.valid, 1);
    for source in [source_with(&workbook, row(5_000)), source_with(&csv, row(5_000))] {
        let fault = fault(&source);
        assert!(
            fault.what().contains("nothing in row 5000") && fault.fix().contains("--header-row"),
            "{fault}"
        );
    }
}

#[test]
fn a_file_that_a_run_wrote_is_no_sheet_and_is_said_to_be_what_it_is() {
    let line = |columns: &[String]| format!("{}\n{}\n", columns.join(","), "x,".repeat(columns.len() - 1));
    let findings = "row,cell,column,code,severity,value,message,suggestion\n2,A2,email,required,error,,x,y\n";
    for (file, what) in [
        (line(&result_columns(&FLOW)), "the results of a run"),
        (line(&number_columns(&FLOW)), "phone numbers"),
        (findings.to_owned(), "findings"),
        // Opened and saved by a program with other separators.
        (line(&result_columns(&FLOW)).replace(',', ";"), "the results of a run"),
    ] {
        let (found, findings) = validate(&source(&file));
        assert_eq!((said(&findings), found.valid), (vec!["1 not_the_sheet".to_owned()], 0), "{file}");
        assert!(findings[0].message.contains(what), "{}", findings[0].message);
    }
}

#[test]
fn a_file_of_failed_rows_is_read_and_said_to_be_one() {
    let csv = Sheet::of(2).csv();
    let failed: String = csv
        .lines()
        .enumerate()
        .map(|(at, line)| {
            format!("{line},{}\n", if at == 0 { "onboarding_state,onboarding_error" } else { "refused,x" })
        })
        .collect();
    let source = source(failed);
    let (found, findings) = validate(&source);
    assert_eq!((found.valid, said(&findings)), (2, vec![]));
    assert!(found.layout.to_string().contains("failed rows that a run wrote"), "{}", found.layout);
    let all_valid = crate::common::entries(&source).iter().all(|entry| matches!(entry, Entry::Valid(_)));
    assert!(
        all_valid
            && !validate(&Sheet::of(1).with(1, Column::Notes, "x").source())
                .0
                .layout
                .to_string()
                .contains("failed")
    );
}
