//! Cells put together to rows, and rows to batches.

use calamine::{Data, Range};

use super::super::batch::{Batch, Span};
use super::super::layout::Layout;
use super::super::properties::CellProperties;
use super::cells::{Value, walk};

/// Puts cells together to rows, and rows to batches.
pub(super) struct Rows<'a> {
    layout: &'a Layout,
    properties: &'a CellProperties,
    each: &'a mut dyn FnMut(Batch) -> bool,
    batch: Batch,
    number: u64,
    /// The cells of the row; their text is in the batch already.
    row: Vec<Option<Span>>,
    beyond: Option<usize>,
    goes_on: bool,
}

impl<'a> Rows<'a> {
    pub fn new(
        layout: &'a Layout,
        properties: &'a CellProperties,
        each: &'a mut dyn FnMut(Batch) -> bool,
    ) -> Rows<'a> {
        Rows {
            layout,
            properties,
            each,
            batch: Batch::default(),
            number: 0,
            row: vec![None; layout.width()],
            beyond: None,
            goes_on: true,
        }
    }

    pub fn cell(&mut self, row: u32, column: u32, value: Value) -> bool {
        let number = u64::from(row) + 1;
        if number != self.number {
            self.end_row();
            self.number = number;
        }
        if number <= self.layout.header_row {
            return self.goes_on;
        }
        match self.row.get_mut(column as usize) {
            Some(cell) => {
                let is_formula = self.properties.is_formula(row, column);
                *cell = Some(self.batch.keep(&value.text, value.shown.as_deref(), value.kind, is_formula));
            }
            None if self.beyond.is_none() && !value.text.trim().is_empty() => {
                self.beyond = Some(column as usize);
            }
            None => {}
        }
        self.goes_on
    }

    pub fn range(&mut self, range: &Range<Data>) {
        let properties = self.properties;
        walk(range, properties, &mut |row, column, value| self.cell(row, column, value));
    }

    fn end_row(&mut self) {
        let is_blank = self.beyond.is_none() && self.row.iter().all(Option::is_none);
        if !is_blank {
            let filled = self.row.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            for cell in &mut self.row[..filled] {
                self.batch.push_span(cell.take().unwrap_or_default());
            }
            self.batch.end_row(self.number, filled, self.beyond.take(), None);
        }
        if self.batch.is_full() {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.goes_on = self.goes_on && (batch.is_empty() || (self.each)(batch));
    }

    pub fn finish(mut self) {
        self.end_row();
        self.hand_on();
    }
}
