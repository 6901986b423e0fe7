//! Where each column of ours stands in this sheet, and what is wrong with its headers.

use std::borrow::Cow;

use super::rule::{self, Rule};
use crate::model::column::{COLUMNS, Need};
use crate::model::{Column, Finding, Severity, counted};
use crate::sheet::names::{Meaning, nearest};
use crate::sheet::{Format, Layout, column_letters};

/// Where a column's cells come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Absent,
    /// The sheet's column, counted from 0.
    At(u16),
    /// The same value for every row (`--set`), by its place in [`Plan::set`].
    Set(u16),
}

/// How the sheet's columns map to ours.
pub(super) struct Plan {
    places: [Place; COLUMNS.len()],
    pub set: Vec<(Column, String)>,
    /// What each column of the sheet is called: our name for it, or its own header.
    names: Vec<Cow<'static, str>>,
    /// How many columns there are up to the last header that is not ours.
    pub data_width: usize,
    /// Columns to the right of the last header that our own files have put headers behind.
    pub strays: Vec<usize>,
}

impl Plan {
    /// Reads the headers; the findings are all about them. Where one of them is an error, no row of
    /// the sheet can be trusted.
    pub fn new(layout: &Layout, set: &[(Column, String)]) -> (Plan, Vec<Finding>) {
        let mut places = [Place::Absent; COLUMNS.len()];
        let mut findings = Vec::new();
        for (index, (column, _)) in set.iter().enumerate() {
            places[*column as usize] = Place::Set(index as u16);
        }
        let header =
            |rule: &Rule, at: usize, column: Cow<'static, str>, message: String, suggestion: String| {
                Finding {
                    row: layout.header_row,
                    cell: format!("{}{}", column_letters(at), layout.header_row),
                    column,
                    code: rule.code,
                    severity: rule.severity,
                    value: layout.headers[at].trim().to_owned(),
                    message,
                    suggestion,
                }
            };
        let mut unknown = Vec::new();
        for (at, meaning) in layout.meanings.iter().enumerate() {
            match meaning {
                Meaning::Nothing => {}
                Meaning::Unknown => unknown.push(at),
                Meaning::Column(column) => match places[*column as usize] {
                    Place::Absent => places[*column as usize] = Place::At(at as u16),
                    Place::At(first) => findings.push(header(
                        &rule::DUPLICATE_COLUMN,
                        at,
                        column.name().into(),
                        format!(
                            "The headers \"{}\" ({}) and \"{}\" both mean {}.",
                            layout.headers[usize::from(first)].trim(),
                            column_letters(usize::from(first)),
                            layout.headers[at].trim(),
                            column.name()
                        ),
                        rule::DUPLICATE_COLUMN.fix.to_owned(),
                    )),
                    Place::Set(_) => findings.push(header(
                        &rule::DUPLICATE_COLUMN,
                        at,
                        column.name().into(),
                        format!("The column {} is in the sheet and is given with --set too.", column.name()),
                        "Leave out the --set, or leave out the column with --map \"Header=\".".to_owned(),
                    )),
                },
            }
        }
        let missing = missing(&places);
        if !missing.is_empty() {
            findings.push(missing_columns(layout, &missing));
        }
        if !unknown.is_empty() {
            findings.push(unknown_columns(layout, &unknown));
        }
        findings.extend(rivals(layout));
        findings.extend(hidden_rows(layout));
        findings.extend(merged_cells(layout));
        let strays = (layout.data_width()..layout.width())
            .filter(|at| layout.headers[*at].trim().is_empty())
            .collect();
        let plan =
            Plan { strays, data_width: layout.data_width(), places, set: set.to_vec(), names: names(layout) };
        (plan, findings)
    }

    pub fn place(&self, column: Column) -> Place {
        self.places[column as usize]
    }

    /// The name of a column of the sheet, counted from 0; empty beyond the headers.
    pub fn column_name(&self, at: usize) -> Cow<'static, str> {
        self.names.get(at).cloned().unwrap_or_default()
    }

    /// The cell of a column as a spreadsheet names it, such as `F17`.
    pub fn cell_name(&self, column: Column, row: u64) -> String {
        match self.place(column) {
            Place::At(at) => format!("{}{row}", column_letters(usize::from(at))),
            Place::Absent | Place::Set(_) => String::new(),
        }
    }
}

fn names(layout: &Layout) -> Vec<Cow<'static, str>> {
    let name = |(header, meaning): (&String, &Meaning)| match meaning {
        Meaning::Column(column) => column.name().into(),
        Meaning::Nothing | Meaning::Unknown => header.trim().to_owned().into(),
    };
    layout.headers.iter().zip(&layout.meanings).map(name).collect()
}

/// The columns that a row needs and the sheet does not have. The address may come in two ways; one
/// of them must be there.
fn missing(places: &[Place]) -> Vec<Column> {
    let is_absent = |column: Column| places[column as usize] == Place::Absent;
    let has_address = !is_absent(Column::AddressSid);
    COLUMNS
        .iter()
        .filter(|spec| match spec.need {
            Need::Required => true,
            // US is taken where there is no country.
            Need::WithoutAddressSid => !has_address && spec.column != Column::IsoCountry,
            Need::Optional | Need::AllOrNone => false,
        })
        .map(|spec| spec.column)
        .filter(|column| is_absent(*column))
        .collect()
}

fn missing_columns(layout: &Layout, missing: &[Column]) -> Finding {
    let names: Vec<_> = missing.iter().map(|column| column.name()).collect();
    let knows_any = layout.meanings.iter().any(|meaning| matches!(meaning, Meaning::Column(_)));
    let message = match names.as_slice() {
        _ if !knows_any => "No row has headers that we know.".to_owned(),
        [name] => format!("The column {name} is missing."),
        names => format!("{} columns are missing: {}.", names.len(), names.join(", ")),
    };
    let suggestion = if knows_any {
        rule::MISSING_COLUMN.fix.to_owned()
    } else {
        "Write the sheet with `template -o customers.csv`, or say with --header-row where the headers are and with --map what they mean."
            .to_owned()
    };
    Finding {
        row: layout.header_row,
        cell: String::new(),
        column: if let [column] = missing { column.name().into() } else { Cow::Borrowed("") },
        code: rule::MISSING_COLUMN.code,
        severity: Severity::Error,
        value: String::new(),
        message,
        suggestion,
    }
}

fn unknown_columns(layout: &Layout, unknown: &[usize]) -> Finding {
    let names: Vec<String> = unknown
        .iter()
        .map(|at| {
            let header = layout.headers[*at].trim();
            match nearest(header) {
                Some(column) => {
                    format!("\"{header}\" ({}; did you mean {}?)", column_letters(*at), column.name())
                }
                None => format!("\"{header}\" ({})", column_letters(*at)),
            }
        })
        .collect();
    let message = match names.as_slice() {
        [name] => format!("The column {name} is none that we know; it is not read."),
        names => {
            format!("{} columns are none that we know; they are not read: {}.", names.len(), names.join(", "))
        }
    };
    Finding {
        row: layout.header_row,
        cell: format!("{}{}", column_letters(unknown[0]), layout.header_row),
        column: layout.headers[unknown[0]].trim().to_owned().into(),
        code: rule::UNKNOWN_COLUMN.code,
        severity: Severity::Warning,
        value: layout.headers[unknown[0]].trim().to_owned(),
        message,
        suggestion: rule::UNKNOWN_COLUMN.fix.to_owned(),
    }
}

/// The other sheets that could be the one that is meant.
fn rivals(layout: &Layout) -> Option<Finding> {
    let Format::Workbook { sheet, rivals, .. } = &layout.format else { return None };
    if rivals.is_empty() {
        return None;
    }
    let named: Vec<_> = rivals.iter().take(NAMED).map(|rival| format!("\"{rival}\"")).collect();
    let more = if rivals.len() > NAMED { " …" } else { "" };
    Some(Finding {
        row: 0,
        cell: String::new(),
        column: "".into(),
        code: rule::SHEET_CHOICE.code,
        severity: Severity::Warning,
        value: String::new(),
        message: format!(
            "The sheet \"{sheet}\" is read; the headers of {}{more} match as well, and they are not read.",
            named.join(", ")
        ),
        suggestion: rule::SHEET_CHOICE.fix.to_owned(),
    })
}

/// How many places one finding names.
const NAMED: usize = 5;

fn hidden_rows(layout: &Layout) -> Option<Finding> {
    let below = |(_, last): &(u64, u64)| *last > layout.header_row;
    let runs: Vec<_> = layout.marks.as_ref()?.hidden_rows().filter(below).collect();
    let (first, _) = runs.first()?;
    let rows: u64 = runs.iter().map(|(first, last)| last - (*first).max(layout.header_row + 1) + 1).sum();
    let named: Vec<_> = runs
        .iter()
        .take(NAMED)
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    let more = if runs.len() > NAMED { " …" } else { "" };
    Some(Finding {
        row: 0,
        cell: format!("A{first}"),
        column: "".into(),
        code: rule::HIDDEN_ROWS.code,
        severity: Severity::Warning,
        value: String::new(),
        message: format!(
            "{} {} hidden or filtered out in the spreadsheet and read all the same: {}{more}.",
            counted(rows, "row"),
            if rows == 1 { "is" } else { "are" },
            named.join(", ")
        ),
        suggestion: rule::HIDDEN_ROWS.fix.to_owned(),
    })
}

/// Merged cells below the headers, in columns that are read.
fn merged_cells(layout: &Layout) -> Option<Finding> {
    let merged: Vec<_> = layout
        .marks
        .as_ref()?
        .merged()
        .iter()
        .filter(|merged| {
            u64::from(merged.last.0) >= layout.header_row && usize::from(merged.first.1) < layout.width()
        })
        .map(|merged| {
            let corner = |(row, column): (u32, u16)| {
                format!("{}{}", column_letters(usize::from(column)), u64::from(row) + 1)
            };
            format!("{}:{}", corner(merged.first), corner(merged.last))
        })
        .collect();
    let first = merged.first()?;
    let more = if merged.len() > NAMED { " …" } else { "" };
    Some(Finding {
        row: 0,
        cell: first.split(':').next().unwrap_or_default().to_owned(),
        column: "".into(),
        code: rule::MERGED_CELLS.code,
        severity: Severity::Warning,
        value: String::new(),
        message: format!(
            "Cells are merged ({}{more}); only the first of them has a value, the others are empty.",
            merged.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
        ),
        suggestion: rule::MERGED_CELLS.fix.to_owned(),
    })
}
