//! Findings in the order of the sheet, though some are known only when a later row has been read.

use crate::model::Finding;

/// How many findings are held back so that they can be put in order, at some hundred bytes each. A sheet with
/// more says the rest as it is read, and at its end what later rows have to do with earlier ones.
const HELD_MAX: usize = 100_000;

/// Hands findings on by row: those about the file, about the headers, then row by row.
pub(super) struct InOrder<'a> {
    each: &'a mut dyn FnMut(Finding),
    held: Vec<Finding>,
    is_full: bool,
}

impl<'a> InOrder<'a> {
    pub fn new(each: &'a mut dyn FnMut(Finding)) -> InOrder<'a> {
        InOrder { each, held: Vec::new(), is_full: false }
    }

    pub fn say(&mut self, finding: Finding) {
        if self.is_full {
            (self.each)(finding);
            return;
        }
        self.held.push(finding);
        if self.held.len() == HELD_MAX {
            self.is_full = true;
            self.hand_on();
        }
    }

    /// Hands on what is held back.
    pub fn finish(mut self) {
        self.hand_on();
    }

    fn hand_on(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        // Stable: what is said of one row stays in the order of its columns.
        held.sort_by_key(|finding| finding.row);
        held.into_iter().for_each(|finding| (self.each)(finding));
    }
}
