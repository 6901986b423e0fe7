//! Sheets for tests, built cell by cell.
#![allow(dead_code)]

use trusthub_onboard::check::{self, Customers, Entry, Products, Rules, ValidationReport};
use trusthub_onboard::model::column::COLUMNS;
use trusthub_onboard::model::{Column, Fault, Finding};
use trusthub_onboard::products;
use trusthub_onboard::sheet::{Options, Source};

/// The columns of a sheet for Voice Integrity, in the order of the template.
pub const ALL: [Column; Column::Notes as usize + 1] = {
    let mut all = [Column::SubaccountSid; Column::Notes as usize + 1];
    let mut at = 0;
    while at < all.len() {
        all[at] = Column::ALL[at];
        at += 1;
    }
    all
};

/// A sheet under construction: every column of a sheet for Voice Integrity, every row in order until a cell is changed.
pub struct Sheet {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// A sheet of rows in which nothing is wrong and nothing stands twice.
    pub fn of(rows: usize) -> Sheet {
        let columns = ALL.to_vec();
        let rows =
            (1..=rows).map(|number| columns.iter().map(|column| good(*column, number)).collect()).collect();
        Sheet { columns, rows }
    }

    /// Changes a cell; rows are counted from 1.
    pub fn with(mut self, row: usize, column: Column, value: &str) -> Sheet {
        self.rows[row - 1][column as usize] = value.to_owned();
        self
    }

    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|column| column.name())).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    pub fn source(&self) -> Source {
        source(self.csv())
    }
}

/// A value of the column that no rule has anything to say about, different in each row.
pub fn good(column: Column, row: usize) -> String {
    match column {
        Column::SubaccountSid => format!("AC{row:032x}"),
        Column::BusinessRegistrationNumber => format!("04{row:07}"),
        Column::PhoneNumbers => format!("PN{row:032x}"),
        Column::AddressSid
        | Column::PrimaryProfileSid
        | Column::CustomerProfileSid
        | Column::TrustProductSid => String::new(),
        column if COLUMNS[column as usize].name.starts_with("representative_2") => String::new(),
        column => COLUMNS[column as usize].example.to_owned(),
    }
}

pub fn source(bytes: impl AsRef<[u8]>) -> Source {
    source_with(bytes, Options::default())
}

pub fn source_with(bytes: impl AsRef<[u8]>, options: Options) -> Source {
    Source::spooled("the sheet".to_owned(), bytes.as_ref(), options).unwrap()
}

/// The rules of a run that says nothing more: all rows are for Voice Integrity.
pub fn rules() -> Rules {
    rules_for(&["voice_integrity"])
}

/// The rules of a run whose rows are for these products.
pub fn rules_for(names: &[&str]) -> Rules {
    let known = products::known();
    let wanted = known.iter().copied().filter(|it| names.contains(&it.name)).collect();
    Rules { products: Products { known, wanted }, ..Rules::default() }
}

pub fn validate(source: &Source) -> (ValidationReport, Vec<Finding>) {
    validate_with(source, &rules())
}

pub fn validate_with(source: &Source, rules: &Rules) -> (ValidationReport, Vec<Finding>) {
    let mut findings = Vec::new();
    let validation = check::validate(source, rules, &mut |finding| findings.push(finding)).unwrap();
    (validation, findings)
}

pub fn fault(source: &Source) -> Fault {
    match check::validate(source, &rules(), &mut |_| {}) {
        Ok(_) => panic!("the sheet was read"),
        Err(fault) => fault,
    }
}

pub fn customers(source: &Source, rules: &Rules, validation: &ValidationReport) -> Customers {
    check::customers(source, rules, validation).unwrap()
}

pub fn entries(source: &Source) -> Vec<Entry> {
    let rules = rules();
    let (validation, _) = validate_with(source, &rules);
    customers(source, &rules, &validation).map(Result::unwrap).collect()
}

/// The findings as `cell code`, which is what most tests compare.
pub fn said(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| match finding.cell.as_str() {
            "" => format!("{} {}", finding.row, finding.code),
            cell => format!("{cell} {}", finding.code),
        })
        .collect()
}

/// A workbook with the text of one of its parts changed.
pub fn patched(workbook: &[u8], part: &str, change: impl FnOnce(String) -> String) -> Vec<u8> {
    use std::io::{Read, Write};
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut change = Some(change);
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().to_string();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if name == part {
            let text = String::from_utf8(content).unwrap();
            content = change.take().unwrap()(text).into_bytes();
        }
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&content).unwrap();
    }
    assert!(change.is_none(), "there is no {part}");
    writer.finish().unwrap().into_inner()
}

/// A workbook with the sheet's cells as text, changed by `edit`.
pub fn workbook(sheet: &Sheet, edit: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Source {
    source(bytes(sheet, edit))
}

pub fn bytes(sheet: &Sheet, edit: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let worksheet = workbook.add_worksheet();
    for (column, of) in sheet.columns.iter().enumerate() {
        worksheet.write_string(0, column as u16, of.name()).unwrap();
        for (row, cells) in sheet.rows.iter().enumerate() {
            if !cells[column].is_empty() {
                worksheet.write_string(row as u32 + 1, column as u16, &cells[column]).unwrap();
            }
        }
    }
    edit(worksheet);
    workbook.save_to_buffer().unwrap()
}
