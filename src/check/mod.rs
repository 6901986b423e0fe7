//! Everything that can be known of a sheet without the network: cells in, customers or findings out.
//!
//! The sheet is read twice. [`validation`] checks every row and keeps a few dozen bytes of each;
//! [`customers`] reads the rows again and hands them on one by one, so that a run over a million rows
//! needs no more memory than one over twenty. A sheet that changed in between is a fault.

mod accept;
mod across;
mod cells;
mod clean;
mod closed;
mod column_map;
mod cursor;
mod customers;
mod digits;
mod keys;
mod markup;
mod order;
mod phone;
mod places;
mod quotes;
mod residue;
mod row;
pub mod rule;
mod signs;
mod validation;
mod web;

pub use accept::parse_accept;
pub use cells::{Cells, Checked};
pub use customers::{Customers, Entry, Invalid, customers};
pub use validation::{Counts, ValidationReport, validate};

use crate::model::{Column, Customer, Product, Sid};
use column_map::ColumnMap;
use std::sync::Arc;

/// What the user says about the rules.
#[derive(Clone, Default)]
pub struct Rules {
    /// The parent account, if it is known: no row may name it.
    pub parent: Option<Sid>,
    pub strictness: Strictness,
    pub products: Products,
    /// `--set`: values that are the same for every row.
    pub set: Vec<(Column, String)>,
    /// `--accept`: values that are sent as they are written, although a rule calls them wrong.
    pub accept: Vec<(Column, String)>,
    /// What customers have in common for whom the same is to be done: counted over the valid rows.
    pub shape: Option<Shape>,
}

/// What rows can ask for.
#[derive(Clone, Default)]
pub struct Products {
    /// Every product, in the order in which they are worked on.
    pub known: Vec<&'static Product>,
    /// `--products`: those of a row whose cell `products` is empty.
    pub wanted: Vec<&'static Product>,
}

impl Products {
    /// Whether a row that asks for these products needs this column at all: most are for every row, and some
    /// for one product alone.
    fn need(&self, column: Column, products: &[&'static Product]) -> bool {
        let is_for = |product: &&Product| product.columns == Some(column.spec().group);
        products.iter().any(&is_for) || !self.known.iter().any(is_for)
    }
}

/// A number for each kind of customer.
pub type Shape = Arc<dyn Fn(&Customer) -> u32 + Send + Sync>;

/// What keeps a row from being sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Errors only.
    #[default]
    Errors,
    /// `--strict`: warnings too.
    Warnings,
}

/// Reads `our_column=value` of `--set`. The error says what is wrong, for the command line.
pub fn parse_set(text: &str) -> Result<(Column, String), String> {
    named_value(text)
}

fn named_value(text: &str) -> Result<(Column, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is not of the form our_column=value"))?;
    match Column::named(name) {
        Some(column) => Ok((column, value.trim().to_owned())),
        None => Err(format!("there is no column `{}`; the template lists them all", name.trim())),
    }
}

/// How many cells were made plain, and the first of them.
#[derive(Default)]
struct Tally {
    cells: u64,
    first: Vec<String>,
}

impl Tally {
    /// How many cells are named.
    const NAMED: usize = 3;

    fn add(&mut self, map: &ColumnMap, column: Column, row: u64) {
        self.cells += 1;
        if self.first.len() < Tally::NAMED {
            self.first.push(map.cell_name(column, row));
        }
    }

    fn merge(&mut self, later: Tally) {
        self.cells += later.cells;
        let room = Tally::NAMED.saturating_sub(self.first.len());
        self.first.extend(later.first.into_iter().take(room));
    }
}
