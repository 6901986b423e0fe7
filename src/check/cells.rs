//! One row that is in no file yet: whether it will be a customer, and what has to be accepted for that.

use super::accept::parse_accept;
use super::clean::clean;
use super::column_map::ColumnMap;
use super::cursor::{Cursor, cut, takes_lines};
use super::keys::Keys;
use super::row::{self, parts};
use super::{Rules, Tally};
use crate::model::{Column, Customer, Finding, Severity};
use crate::sheet::{Batch, Layout, csv_unguarded};

/// Checks rows under these headers, as if they stood in a CSV file of ours.
pub struct Cells {
    layout: Layout,
    map: ColumnMap,
    rules: Rules,
}

/// What the check says of a row.
pub struct Checked {
    /// `None` where the row is invalid whatever is accepted.
    pub customer: Option<Customer>,
    /// The values that `--accept` has to name so that the row is valid.
    pub accept: Vec<(Column, String)>,
    /// The errors that are left.
    pub errors: Vec<Finding>,
}

impl Cells {
    pub fn new(headers: &[&str], rules: Rules) -> Cells {
        let layout = Layout::of_headers(headers.iter().map(|it| (*it).to_owned()).collect());
        let (map, _) = ColumnMap::new(&layout, &rules);
        Cells { layout, map, rules }
    }

    /// Checks a row, and finds out which of its values have to be accepted.
    pub fn check(&self, cells: &[String]) -> Checked {
        let mut rules = self.rules.clone();
        loop {
            let (customer, errors) = self.check_with(cells, &rules);
            let named = |error: &Finding| self.acceptable(cells, error);
            let mut more: Vec<(Column, String)> = errors.iter().filter_map(named).collect();
            more.retain(|it| !rules.accept.contains(it));
            more.dedup();
            // Each turn accepts something that the row holds, so that there is an end.
            if customer.is_some() || more.is_empty() {
                let accept = rules.accept.split_off(self.rules.accept.len());
                return Checked { customer, accept, errors };
            }
            rules.accept.extend(more);
        }
    }

    fn check_with(&self, cells: &[String], rules: &Rules) -> (Option<Customer>, Vec<Finding>) {
        let batch = Batch::of_cells(self.layout.header_row + 1, cells);
        let (mut findings, mut tally, mut keys) = (vec![], Tally::default(), Keys::default());
        let customer = batch.rows().next().and_then(|row| {
            keys.begin(row.number());
            row::customer(&mut Cursor::new(&self.map, row, &mut findings, &mut tally), rules, &mut keys)
        });
        findings.retain(|finding| finding.severity == Severity::Error);
        (customer.filter(|_| findings.is_empty()), findings)
    }

    /// The value that an error is about, where it can be accepted: the whole cell, or the part of it that the
    /// error shows.
    fn acceptable(&self, cells: &[String], error: &Finding) -> Option<(Column, String)> {
        let column = Column::named(&error.column)?;
        let at = (0..cells.len()).find(|at| self.map.column_name(*at) == column.name())?;
        let text = clean(csv_unguarded(&cells[at])).into_owned();
        let text = if takes_lines(column) { text } else { text.replace('\n', " ") };
        let mut values = std::iter::once(text.as_str()).chain(parts(&text));
        let value = values.find(|value| cut(value) == error.value)?;
        parse_accept(&format!("{}={value}", column.name())).ok().filter(|it| it.1 == value)
    }
}
