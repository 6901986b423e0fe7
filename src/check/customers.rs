//! The second pass: the rows again, one by one, as customers to work on.

use std::collections::VecDeque;

use super::column_map::{CellSource, ColumnMap};
use super::cursor::{Cursor, cut};
use super::keys::Keys;
use super::validation::{RowIs, ValidationReport, least_severity, row_is};
use super::{Rules, Tally, row, rule};
use crate::model::{Column, Customer, Fault, Finding};
use crate::sheet::{Batch, Batches, Row, Source};

/// One row of the sheet with anything in it.
pub enum Entry {
    /// A customer that a run may send.
    Valid(Box<Customer>),
    Invalid(Box<Invalid>),
}

/// A row that is not sent.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The row as the spreadsheet shows it.
    pub row: u64,
    /// `subaccount_sid` as far as it can be read.
    pub subaccount: String,
    /// `business_name` as far as it can be read.
    pub business_name: String,
    /// The first finding that keeps the row from being sent.
    pub finding: Finding,
    /// How many other such findings there are; those that come from other rows are not counted.
    pub others: usize,
}

impl Entry {
    /// The row as the spreadsheet shows it.
    pub fn row(&self) -> u64 {
        match self {
            Entry::Valid(customer) => customer.row,
            Entry::Invalid(invalid) => invalid.row,
        }
    }
}

/// Reads the sheet that was surveyed once more: every row with anything in it, in order. The rules
/// must be those of the validation.
pub fn customers(source: &Source, rules: &Rules, validation: &ValidationReport) -> Result<Customers, Fault> {
    let (map, _) = ColumnMap::new(&validation.layout, rules);
    Ok(Customers {
        source: source.clone(),
        rules: rules.clone(),
        map,
        batches: source.batches(&validation.layout)?,
        digests: validation.digests.clone().into_iter(),
        clashes: validation.clashes.iter().map(|(row, clash)| (*row, *clash)).collect(),
        broken_headers: validation.broken_headers.clone(),
        ready: VecDeque::new(),
        is_done: false,
    })
}

/// The rows of the second pass. After a fault there is nothing more.
pub struct Customers {
    source: Source,
    rules: Rules,
    map: ColumnMap,
    batches: Batches,
    digests: std::vec::IntoIter<u64>,
    clashes: std::collections::HashMap<u32, super::across::Clash>,
    broken_headers: Option<Finding>,
    ready: VecDeque<Entry>,
    is_done: bool,
}

impl Iterator for Customers {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.is_done {
            if let Err(fault) = self.read_on() {
                self.is_done = true;
                return Some(Err(fault));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl Customers {
    fn read_on(&mut self) -> Result<(), Fault> {
        let batch = self.batches.next().transpose()?;
        // Not one row is handed on before its whole batch is known to be the one that was checked.
        if batch.as_ref().map(Batch::digest) != self.digests.next() {
            return Err(self.source.changed());
        }
        match batch {
            Some(batch) => self.ready = batch.rows().filter_map(|row| self.entry(row)).collect(),
            None => self.is_done = true,
        }
        Ok(())
    }

    fn entry(&self, row: Row<'_>) -> Option<Entry> {
        if row_is(&self.map, row) != RowIs::Customer {
            return None;
        }
        if let Some(finding) = &self.broken_headers {
            return Some(self.invalid(row, finding.clone(), 0));
        }
        let mut findings = Vec::new();
        let (mut tally, mut keys) = (Tally::default(), Keys::default());
        let mut cursor = Cursor::new(&self.map, row, &mut findings, &mut tally);
        let customer = row::customer(&mut cursor, &self.rules, &mut keys);
        let clash = self.clashes.get(&(row.number() as u32)).map(|clash| clash.finding(&self.map));
        let mut grave = findings
            .into_iter()
            .filter(|finding| finding.severity >= least_severity(&self.rules))
            .chain(clash);
        match (grave.next(), customer) {
            (Some(first), _) => {
                let others = grave.count();
                Some(self.invalid(row, first, others))
            }
            (None, Some(customer)) => Some(Entry::Valid(Box::new(customer))),
            // Every way to no customer says why. If one does not, the row must not vanish.
            (None, None) => {
                let mut said = Vec::new();
                Cursor::new(&self.map, row, &mut said, &mut tally).report_row(&rule::REQUIRED).say();
                said.pop().map(|finding| self.invalid(row, finding, 0))
            }
        }
    }

    fn invalid(&self, row: Row<'_>, finding: Finding, others: usize) -> Entry {
        let text = |column: Column| match self.map.place(column) {
            CellSource::At(at) => cut(row.cell(usize::from(at)).text.trim()),
            CellSource::Set(index) => self.map.set[usize::from(index)].1.clone(),
            CellSource::Absent => String::new(),
        };
        Entry::Invalid(Box::new(Invalid {
            row: row.number(),
            subaccount: text(Column::SubaccountSid),
            business_name: text(Column::BusinessName),
            finding,
            others,
        }))
    }
}
