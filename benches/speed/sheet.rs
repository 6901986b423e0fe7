//! Sheets of any length, in which nothing is wrong.

use std::io::Write;
use std::path::{Path, PathBuf};
use trusthub_onboard::model::Column;
use trusthub_onboard::model::column::COLUMNS;

/// Writes the sheet with so many customers of one number each, or finds it written.
pub fn written(folder: &Path, customers: u64) -> PathBuf {
    with_numbers(folder, customers, 1)
}

/// Writes the sheet with so many customers, and so many numbers for each.
pub fn with_numbers(folder: &Path, customers: u64, numbers: u64) -> PathBuf {
    let path = folder.join(format!("{customers}-{numbers}.csv"));
    if !path.exists() {
        std::fs::create_dir_all(folder).expect("a folder");
        let file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
        let mut sheet = csv::Writer::from_writer(file);
        sheet.write_record(Column::ALL.iter().map(|column| column.name())).expect("the headers");
        for customer in 1..=customers {
            sheet
                .write_record(Column::ALL.iter().map(|column| cell(*column, customer, numbers)))
                .expect("a row");
        }
        sheet
            .into_inner()
            .map_err(|_| "the end of the sheet")
            .and_then(|mut it| it.flush().map_err(|_| "it"))
            .expect("the sheet");
    }
    path
}

/// Writes the same sheet as a workbook, every cell a text, with so many customers of one number each.
pub fn workbook(folder: &Path, customers: u64) -> PathBuf {
    let path = folder.join(format!("{customers}.xlsx"));
    if !path.exists() {
        std::fs::create_dir_all(folder).expect("a folder");
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (at, column) in Column::ALL.iter().enumerate() {
            sheet.write(0, at as u16, column.name()).expect("a header");
            for customer in 1..=customers {
                let cell = cell(*column, customer, 1);
                if !cell.is_empty() {
                    sheet.write(customer as u32, at as u16, cell).expect("a cell");
                }
            }
        }
        book.save(&path).expect("the workbook");
    }
    path
}

/// How many cells the first sheet of a workbook has, counted by going through them.
pub fn cells_of_workbook(path: &Path) -> u64 {
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).expect("a workbook");
    let name = book.sheet_names().first().cloned().unwrap_or_default();
    let mut cells = book.worksheet_cells_reader(&name).expect("a sheet");
    let mut count = 0;
    while let Ok(Some(_)) = cells.next_cell() {
        count += 1;
    }
    count
}

/// The example of the column, different in each row where two rows may not have the same.
fn cell(column: Column, customer: u64, numbers: u64) -> String {
    match column {
        Column::SubaccountSid => format!("AC{customer:032x}"),
        Column::BusinessRegistrationNumber => format!("04{customer:07}"),
        Column::PhoneNumbers => {
            let sids: Vec<String> = (0..numbers).map(|it| format!("PN{customer:016x}{it:016x}")).collect();
            sids.join(";")
        }
        Column::AddressSid
        | Column::PrimaryProfileSid
        | Column::CustomerProfileSid
        | Column::TrustProductSid => String::new(),
        column if column.name().starts_with("representative_2") => String::new(),
        column => COLUMNS[column as usize].example.to_owned(),
    }
}
