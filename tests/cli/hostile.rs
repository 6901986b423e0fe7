//! What others wrote does nothing to a terminal, a results file or a copy of the sheet.

use super::desk::*;

/// Turns the text around, clears a terminal, hides what follows, and begins a line of its own.
const HOSTILE: &str = "x\u{202e}y\u{1b}[2Jz\u{9b}8m\u{7f}\u{2066}\u{200f}";

fn is_hostile(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn must_be_clean(what: &str, text: &str) {
    if let Some(at) = text.find(is_hostile) {
        panic!("{what}: {:?}", text[at..].chars().take(60).collect::<String>());
    }
}

#[test]
fn headers_cells_and_names_of_files_and_sheets_are_clean_wherever_they_are_printed_or_written() {
    let desk = Desk::new();
    let mut rows = sample_rows()[..4].to_vec();
    let (email, city) = (column(&rows, "email"), column(&rows, "city"));
    let (account, name) = (column(&rows, "subaccount_sid"), column(&rows, "business_name"));
    rows[0].push(format!("colour {HOSTILE}"));
    rows[1].push("red".to_owned());
    rows[2].push(String::new());
    rows[3].push(String::new());
    rows[1][email] = format!("nobody{HOSTILE}");
    rows[1][name] = format!("Harbor {HOSTILE}");
    rows[2][city] = format!("#N/A{HOSTILE}");
    rows[2][account] = format!("AC1{HOSTILE}");
    let sheet = format!("sheet{HOSTILE}.csv");
    desk.write(&sheet, csv_of(&rows));
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let worksheet = workbook.add_worksheet().set_name("S\u{202e}\u{2066}\u{9b}").expect("a name");
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            worksheet.write_string(row as u32, column as u16, cell).expect("a cell");
        }
    }
    let book = format!("book{HOSTILE}.xlsx");
    workbook.save(desk.path(&book)).expect("a workbook");
    let (results, failed, log) =
        (format!("r{HOSTILE}.csv"), format!("f{HOSTILE}.csv"), format!("l{HOSTILE}"));
    for sheet in [&sheet, &book] {
        for arguments in [
            &["validate", sheet][..],
            &["validate", sheet, "--format", "json"],
            &["validate", sheet, "--format", "csv"],
            &["validate", sheet, "--sheet", HOSTILE],
            &["run", sheet, "--sandbox", "--results", &results, "--failed", &failed, "--log", &log],
            &["results", sheet, "--sandbox", "--results", &results],
            &["status", sheet, "--sandbox", "--results", &results],
        ] {
            let done = desk.run(arguments);
            must_be_clean(&format!("output of {arguments:?}"), &format!("{}{}", done.out, done.err));
        }
        must_be_clean("the results", &desk.read(&results));
        must_be_clean("the results of the numbers", &desk.read(&format!("r{HOSTILE}-numbers.csv")));
        must_be_clean("the log", &desk.read(&log));
        let written = desk.read(&failed);
        let first = written.lines().next().expect("headers");
        must_be_clean("the headers of the failed rows", first);
        assert!(first.contains("colour"), "{first}");
    }
    for missing in [format!("none{HOSTILE}.csv"), format!("none{HOSTILE}/sheet.csv")] {
        let done = desk.run(&["validate", &missing]);
        assert_eq!(done.code, 1);
        must_be_clean("a message", &done.err);
        assert!(done.err.contains("<U+202E>"), "what was taken out is named: {}", done.err);
    }
}
