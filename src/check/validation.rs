//! The first pass: every row checked, every finding handed on, a few dozen bytes of each row kept.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::across::{Across, Clash};
use super::column_map::{CellSource, ColumnMap};
use super::cursor::Cursor;
use super::keys::Keys;
use super::order::InOrder;
use super::{Rules, Strictness, Tally, row, rule};
use crate::model::{Column, Customer, Fault, Finding, Severity, counted};
use crate::sheet::template::EXAMPLE;
use crate::sheet::{Batch, Batches, Layout, ROWS_MAX, Row, Source};

/// What is known of a sheet after the first pass.
pub struct ValidationReport {
    /// How the sheet was read; its `Display` says it in one line.
    pub layout: Layout,
    /// The rows with anything in them, without the template's example.
    pub rows: u64,
    pub valid: u64,
    pub counts: Counts,
    /// What is wrong with the headers, where it is so wrong that no row can be read.
    pub(super) broken_headers: Option<Finding>,
    /// The rows that are valid, in order, each with its shape.
    pub(super) valid_rows: Vec<(u32, u32)>,
    /// What is wrong with rows only because of other rows.
    pub(super) clashes: HashMap<u32, Clash>,
    /// The digest of each batch, in order: the second pass must see the same.
    pub(super) digests: Vec<u64>,
}

/// How many findings there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
    pub by_code: BTreeMap<&'static str, u64>,
}

impl ValidationReport {
    pub fn invalid(&self) -> u64 {
        self.rows - self.valid
    }

    /// How many valid rows there are of each shape.
    pub fn shapes(&self) -> BTreeMap<u32, u64> {
        let mut shapes = BTreeMap::new();
        for (_, shape) in &self.valid_rows {
            *shapes.entry(*shape).or_default() += 1;
        }
        shapes
    }

    /// Whether a row, by its number in the spreadsheet, is one that a run may send.
    pub fn is_valid(&self, row: u64) -> bool {
        self.valid_rows.binary_search_by_key(&row, |(valid, _)| u64::from(*valid)).is_ok()
    }
}

/// Checks the whole sheet. Findings are handed on in the order of the sheet: about the file, about the
/// headers, then row by row.
pub fn validate(
    source: &Source,
    rules: &Rules,
    each: &mut dyn FnMut(Finding),
) -> Result<ValidationReport, Fault> {
    let layout = source.layout()?;
    let (map, header_findings) = ColumnMap::new(&layout, rules);
    let broken_headers = header_findings.iter().find(|finding| finding.severity == Severity::Error).cloned();
    let mut batches = source.batches(&layout)?;
    let mut pass = Pass {
        rules,
        map: &map,
        findings: InOrder::new(each),
        across: Across::default(),
        tally: Tally::default(),
        earlier: Vec::new(),
        validation: ValidationReport {
            layout: layout.clone(),
            rows: 0,
            valid: 0,
            counts: Counts::default(),
            broken_headers,
            valid_rows: Vec::new(),
            clashes: HashMap::new(),
            digests: Vec::new(),
        },
    };
    for finding in header_findings {
        pass.say(finding);
    }
    let group_max = rayon::current_num_threads() * 2;
    while let Some(group) = next_group(&mut batches, group_max)? {
        pass.group(source, &group)?;
    }
    Ok(pass.finish())
}

/// Waits for one batch and takes along what else is there already.
fn next_group(batches: &mut Batches, max: usize) -> Result<Option<Vec<Batch>>, Fault> {
    let Some(first) = batches.next().transpose()? else { return Ok(None) };
    let mut group = vec![first];
    while group.len() < max
        && let Some(batch) = batches.next_if_ready().transpose()?
    {
        group.push(batch);
    }
    Ok(Some(group))
}

/// The rows that one thread checks at a time.
const PART_ROWS: usize = 128;

/// Below this many rows, handing them to other threads costs more than it saves.
const ROWS_FOR_ONE: usize = 64;

struct Pass<'a> {
    rules: &'a Rules,
    map: &'a ColumnMap,
    findings: InOrder<'a>,
    across: Across,
    tally: Tally,
    /// Clashes of rows that were handed on before the other row was met.
    earlier: Vec<Clash>,
    validation: ValidationReport,
}

/// What one thread found out about some rows.
#[derive(Default)]
struct Part {
    rows: Vec<Checked>,
    findings: Vec<Finding>,
    keys: Keys,
    tally: Tally,
    digest: Option<u64>,
}

struct Checked {
    number: u64,
    is: RowIs,
    findings: usize,
    /// What the row has to do; `None` where it is not valid.
    /// Its shape, where it is valid.
    shape: Option<u32>,
}

impl Pass<'_> {
    fn group(&mut self, source: &Source, group: &[Batch]) -> Result<(), Fault> {
        let mut tasks: Vec<(&Batch, usize)> = Vec::new();
        for batch in group {
            tasks.extend((0..batch.len()).step_by(PART_ROWS).map(|from| (batch, from)));
        }
        let (map, rules) = (self.map, self.rules);
        let is_broken = self.validation.broken_headers.is_some();
        let check = |(batch, from): (&Batch, usize)| {
            let mut part = Part { digest: (from == 0).then(|| batch.digest()), ..Part::default() };
            for row in batch.rows().skip(from).take(PART_ROWS) {
                if is_broken {
                    part.count(map, row);
                } else {
                    part.check(map, rules, row);
                }
            }
            part
        };
        let rows: usize = group.iter().map(Batch::len).sum();
        let parts: Vec<Part> = if rows <= ROWS_FOR_ONE {
            tasks.into_iter().map(check).collect()
        } else {
            tasks.into_par_iter().map(check).collect()
        };
        for part in parts {
            self.part(part);
        }
        match group.last().and_then(|batch| batch.rows().last()) {
            Some(row) if row.number() > ROWS_MAX => Err(Fault::new(
                format!("{} has more than {ROWS_MAX} rows.", source.name()),
                "Cut it into several sheets.",
            )),
            _ => Ok(()),
        }
    }

    /// Takes over what was found out about some rows, in the order of the sheet.
    fn part(&mut self, part: Part) {
        self.validation.digests.extend(part.digest);
        self.tally.merge(part.tally);
        let mut findings = part.findings.into_iter();
        let mut keys = part.keys.keys.into_iter().peekable();
        for checked in part.rows {
            self.validation.rows += u64::from(checked.is == RowIs::Customer);
            let row = checked.number as u32;
            for finding in findings.by_ref().take(checked.findings) {
                self.say(finding);
            }
            let mut is_valid = true;
            while let Some((_, key)) = keys.next_if(|(of, _)| *of == row) {
                let Some((clash, earlier)) = self.across.note(row, key) else { continue };
                is_valid &= !self.keeps_back(clash);
                self.say(clash.finding(self.map));
                self.earlier.extend(earlier);
            }
            if let (Some(shape), true) = (checked.shape, is_valid) {
                self.validation.valid_rows.push((row, shape));
            }
        }
    }

    /// Notes the clash for the second pass if it keeps the row from being sent.
    fn keeps_back(&mut self, clash: Clash) -> bool {
        let keeps_back = clash.rule.severity >= least_severity(self.rules);
        if keeps_back {
            self.validation.clashes.entry(clash.row).or_insert(clash);
        }
        keeps_back
    }

    fn say(&mut self, finding: Finding) {
        let counts = &mut self.validation.counts;
        match finding.severity {
            Severity::Error => counts.errors += 1,
            Severity::Warning => counts.warnings += 1,
            Severity::Note => counts.notes += 1,
        }
        *counts.by_code.entry(finding.code).or_default() += 1;
        self.findings.say(finding);
    }

    fn finish(mut self) -> ValidationReport {
        let mut earlier = std::mem::take(&mut self.earlier);
        earlier.sort_by_key(|clash| clash.row);
        for clash in earlier {
            self.keeps_back(clash);
            self.say(clash.finding(self.map));
        }
        if self.tally.cells > 0 {
            let note = text_normalised(&self.tally);
            self.say(note);
        }
        // Where the headers are broken, that is said already, and what is below them is not known.
        if self.validation.rows == 0 && self.validation.broken_headers.is_none() {
            let error = no_rows(&self.validation.layout);
            self.say(error);
        }
        self.findings.finish();
        let validation = &mut self.validation;
        validation.valid_rows.retain(|(row, _)| !validation.clashes.contains_key(row));
        validation.valid_rows.shrink_to_fit();
        validation.valid = validation.valid_rows.len() as u64;
        self.validation
    }
}

/// The least severity that keeps a row from being sent.
pub(super) fn least_severity(rules: &Rules) -> Severity {
    match rules.strictness {
        Strictness::Errors => Severity::Error,
        Strictness::Warnings => Severity::Warning,
    }
}

/// What a row is, before its cells are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowIs {
    Blank,
    /// The example that the template writes.
    Example,
    Customer,
}

pub(super) fn row_is(map: &ColumnMap, row: Row<'_>) -> RowIs {
    if row.is_blank() {
        return RowIs::Blank;
    }
    let CellSource::At(at) = map.place(Column::SubaccountSid) else { return RowIs::Customer };
    let text = row.cell(usize::from(at)).text.trim_start();
    let is_example = text.get(..EXAMPLE.len()).is_some_and(|start| start.eq_ignore_ascii_case(EXAMPLE));
    if is_example { RowIs::Example } else { RowIs::Customer }
}

impl Part {
    fn check(&mut self, map: &ColumnMap, rules: &Rules, row: Row<'_>) {
        let before = self.findings.len();
        let mut cursor = Cursor::new(map, row, &mut self.findings, &mut self.tally);
        let is = row_is(map, row);
        let customer = match is {
            RowIs::Blank => return,
            RowIs::Example => {
                cursor.report_row(&rule::EXAMPLE_ROW).say();
                None
            }
            RowIs::Customer => {
                self.keys.begin(row.number());
                row::customer(&mut cursor, rules, &mut self.keys)
            }
        };
        let found = &self.findings[before..];
        let is_kept_back = found.iter().any(|finding| finding.severity >= least_severity(rules));
        let shape_of = |customer: Customer| rules.shape.as_ref().map_or(0, |of| of(&customer));
        let shape = customer.filter(|_| !is_kept_back).map(shape_of);
        self.rows.push(Checked { number: row.number(), is, findings: found.len(), shape });
    }

    /// Counts a row of a sheet whose headers are broken.
    fn count(&mut self, map: &ColumnMap, row: Row<'_>) {
        let is = row_is(map, row);
        if is == RowIs::Customer {
            self.rows.push(Checked { number: row.number(), is, findings: 0, shape: None });
        }
    }
}

fn text_normalised(tally: &Tally) -> Finding {
    let cells = counted(tally.cells, "cell");
    let message = format!(
        "In {cells} outer spaces, no-break or invisible characters were removed, typographic quotes and dashes made plain, or line breaks made spaces: {}{}.",
        tally.first.join(", "),
        if tally.cells > tally.first.len() as u64 { " …" } else { "" }
    );
    Finding {
        row: 0,
        cell: String::new(),
        column: "".into(),
        code: rule::TEXT_NORMALISED.code,
        severity: Severity::Note,
        value: String::new(),
        message,
        suggestion: String::new(),
    }
}

fn no_rows(layout: &Layout) -> Finding {
    Finding {
        row: layout.header_row,
        cell: String::new(),
        column: "".into(),
        code: rule::NO_ROWS.code,
        severity: Severity::Error,
        value: String::new(),
        message: rule::NO_ROWS.text.to_owned(),
        suggestion: rule::NO_ROWS.fix.to_owned(),
    }
}
