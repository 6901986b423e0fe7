//! The sheet that a command works on: opened, surveyed, and read again as often as it takes.

use super::args::SheetArgs;
use crate::check::{self, Entry, Products, Rules, Shape, Strictness, ValidationReport};
use crate::engine::{Customers, DefaultPrimary};
use crate::model::{Fault, Finding, Sid};
use crate::report::Annotations;
use crate::sheet::{Options, Source};
use std::collections::HashSet;
use std::sync::OnceLock;

/// A sheet after its first pass.
pub struct Sheet {
    pub source: Source,
    rules: Rules,
    pub validation: ValidationReport,
    /// The customers whom a run leaves out.
    held_back: OnceLock<HashSet<Sid>>,
}

impl SheetArgs {
    /// What they say about how the sheet is read.
    pub fn options(&self) -> Options {
        let reading = &self.reading;
        Options {
            sheet: reading.sheet.clone(),
            encoding: reading.encoding,
            delimiter: reading.delimiter,
            header_row: reading.header_row,
            map: reading.map.clone(),
        }
    }
}

/// Every row with anything in it, in order.
pub type Entries = Box<dyn Iterator<Item = Result<Entry, Fault>>>;

impl Sheet {
    /// Reads the whole sheet once. Every finding is handed to `each`.
    pub fn validate(
        args: &SheetArgs,
        parent: Option<Sid>,
        each: &mut dyn FnMut(Finding),
    ) -> Result<Sheet, Fault> {
        Sheet::validate_with(args, parent, None, each)
    }

    /// As `validate`, and counts the valid rows by their shapes.
    pub fn validate_with(
        args: &SheetArgs,
        parent: Option<Sid>,
        shape: Option<Shape>,
        each: &mut dyn FnMut(Finding),
    ) -> Result<Sheet, Fault> {
        let source = Source::new(&args.path, args.options())?;
        let reading = &args.reading;
        let strictness = if reading.strict { Strictness::Warnings } else { Strictness::Errors };
        let known = crate::products::known();
        // In the order in which they are worked on, each once.
        let wanted = known.iter().copied().filter(|it| reading.products.contains(it)).collect();
        let products = Products { known, wanted };
        let (set, accept) = (reading.set.clone(), reading.accept.clone());
        let rules = Rules { parent, strictness, products, set, accept, shape };
        let validation = check::validate(&source, &rules, each)?;
        Ok(Sheet { source, rules, validation, held_back: OnceLock::new() })
    }

    /// What is wrong with some of its rows, found once more.
    pub fn annotations(&self, is_wanted: impl Fn(u64) -> bool) -> Result<Annotations, Fault> {
        let mut annotations = Annotations::default();
        check::validate(&self.source, &self.rules, &mut |finding| {
            if is_wanted(finding.row) {
                annotations.add(finding);
            }
        })?;
        Ok(annotations)
    }

    /// Its name for messages.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Every row, in the order of the sheet.
    pub fn entries(&self) -> Result<Entries, Fault> {
        Ok(Box::new(check::customers(&self.source, &self.rules, &self.validation)?))
    }

    /// The valid customers, in the order of the sheet.
    pub fn customers(&self) -> Result<Customers, Fault> {
        let entries = check::customers(&self.source, &self.rules, &self.validation)?;
        let held_back = self.held_back.get().cloned().unwrap_or_default();
        Ok(Box::new(entries.filter_map(move |entry| match entry {
            Ok(Entry::Valid(customer)) if held_back.contains(&customer.subaccount) => None,
            Ok(Entry::Valid(customer)) => Some(Ok(*customer)),
            Ok(Entry::Invalid(_)) => None,
            Err(fault) => Some(Err(fault)),
        })))
    }

    /// Leaves these customers out from now on: they are no customers of the run, and rows of the sheet all the same.
    pub fn hold_back(&self, customers: HashSet<Sid>) {
        let _ = self.held_back.set(customers);
    }

    /// Whether any valid row names no primary profile of its own.
    pub fn default_primary(&self) -> Result<DefaultPrimary, Fault> {
        for customer in self.customers()? {
            if customer?.primary_profile.is_none() {
                return Ok(DefaultPrimary::Needed);
            }
        }
        Ok(DefaultPrimary::NotNeeded)
    }
}
