//! What a workbook says about its cells besides their values, and calamine does not tell: formulas,
//! hidden rows, merged cells, the digits that a number shows, and error values that are newer than calamine.
//!
//! The three formats say it in three ways, and what is said of it is the same.

mod ods;
mod xls;
mod xlsx;

use std::ops::Range;

use super::layout::Workbook;
use super::number_format;
use super::spool::Spool;

/// The properties of one worksheet.
#[derive(Clone, Debug, Default)]
pub struct CellProperties {
    /// Formula cells, row and column counted from 0, in order.
    formulas: Vec<(u32, u16)>,
    /// Error cells, likewise.
    errors: Vec<(u32, u16)>,
    /// Numbers that the spreadsheet shows as TRUE or FALSE, likewise.
    booleans: Vec<(u32, u16)>,
    /// Numbers that show more than their plain digits, in order, with the place of the text in `text`. XLSX has
    /// the format beside each cell and needs none.
    shown: Vec<((u32, u16), Range<u32>)>,
    text: String,
    /// Runs of hidden rows with something in them, first and last, counted from 0.
    hidden: Vec<(u32, u32)>,
    merged: Vec<Merged>,
}

/// Merged cells, rows and columns counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    pub first: (u32, u16),
    pub last: (u32, u16),
}

/// A sheet that would exhaust the memory, or that is damaged.
#[derive(Debug)]
pub(super) struct Unsound;

/// How many properties of a kind are kept. More than these say nothing more to a person, and a hostile
/// file must not fill the memory with them.
const PROPERTIES_MAX: usize = 4_000_000;

/// Reads the properties of a worksheet, which is the `index`th in the order of the file. Where the file is not as
/// calamine finds it, there are none: what is wrong with it is said by who reads the cells.
pub(super) fn read(
    kind: Workbook,
    file: Spool,
    sheet: &str,
    index: usize,
) -> Result<CellProperties, Unsound> {
    match kind {
        Workbook::Xlsx => xlsx::read(file, sheet),
        Workbook::Ods => ods::read(file, sheet),
        Workbook::Xls => Ok(xls::read(file, index).unwrap_or_default()),
    }
}

impl CellProperties {
    pub fn is_formula(&self, row: u32, column: u32) -> bool {
        has(&self.formulas, row, column)
    }

    pub(super) fn is_error(&self, row: u32, column: u32) -> bool {
        has(&self.errors, row, column)
    }

    pub(super) fn is_boolean(&self, row: u32, column: u32) -> bool {
        has(&self.booleans, row, column)
    }

    /// What the spreadsheet shows for a number, where that is more than its plain digits.
    pub(super) fn shown(&self, row: u32, column: u32) -> Option<&str> {
        let at = (row, u16::try_from(column).ok()?);
        let index = self.shown.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        let text = self.shown.get(index)?.1.clone();
        self.text.get(text.start as usize..text.end as usize)
    }

    /// The first error cell behind a position, in reading order.
    pub(super) fn error_after(&self, row: u32, column: Option<u32>) -> Option<(u32, u32)> {
        let behind = |at: &(u32, u16)| match column {
            Some(column) => *at <= (row, column as u16),
            None => *at < (row, 0),
        };
        let index = self.errors.partition_point(behind);
        self.errors.get(index).map(|(row, column)| (*row, u32::from(*column)))
    }

    /// Runs of hidden rows as the spreadsheet numbers them, first and last.
    pub fn hidden_rows(&self) -> impl Iterator<Item = (u64, u64)> {
        self.hidden.iter().map(|(first, last)| (u64::from(*first) + 1, u64::from(*last) + 1))
    }

    pub fn merged(&self) -> &[Merged] {
        &self.merged
    }

    fn show(&mut self, row: u32, column: u32, text: &str) {
        let in_order = self.shown.last().is_none_or(|(last, _)| *last < (row, column as u16));
        if self.shown.len() < PROPERTIES_MAX && column < u32::from(u16::MAX) && in_order {
            let start = self.text.len() as u32;
            self.text.push_str(text);
            self.shown.push(((row, column as u16), start..self.text.len() as u32));
        }
    }

    /// Notes a hidden row; rows come in order, and one may come several times.
    fn hide(&mut self, row: u32) {
        let runs = self.hidden.len();
        match self.hidden.last_mut() {
            Some((_, last)) if *last >= row => {}
            Some((_, last)) if *last + 1 == row => *last = row,
            _ if runs < PROPERTIES_MAX => self.hidden.push((row, row)),
            _ => {}
        }
    }

    fn merge(&mut self, first: (u32, u16), last: (u32, u16)) {
        if self.merged.len() < PROPERTIES_MAX && first != last {
            self.merged.push(Merged { first, last });
        }
    }
}

fn has(cells: &[(u32, u16)], row: u32, column: u32) -> bool {
    u16::try_from(column).is_ok_and(|column| cells.binary_search(&(row, column)).is_ok())
}

fn push(cells: &mut Vec<(u32, u16)>, row: u32, column: u32) {
    let in_order = cells.last().is_none_or(|last| *last < (row, column as u16));
    if cells.len() < PROPERTIES_MAX && column < u32::from(u16::MAX) && in_order {
        cells.push((row, column as u16));
    }
}
