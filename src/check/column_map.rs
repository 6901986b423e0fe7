//! Where each column of ours stands in this sheet, and what is wrong with its headers.

use std::borrow::Cow;

use super::Rules;
use super::cursor::cut;
use super::quotes;
use super::rule::{self, Rule};
use crate::model::column::{COLUMNS, Need, header_key};
use crate::model::{Column, Finding, Product, Severity, counted};
use crate::sheet::names::{self as sheet_names, Meaning, OwnFile, nearest};
use crate::sheet::{Encoding, Format, Layout, column_letters, short};

/// Where a column's cells come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellSource {
    Absent,
    /// The sheet's column, counted from 0.
    At(u16),
    /// The same value for every row (`--set`), by its place in [`ColumnMap::set`].
    Set(u16),
}

/// How the sheet's columns map to ours.
pub(super) struct ColumnMap {
    places: [CellSource; COLUMNS.len()],
    pub set: Vec<(Column, String)>,
    /// What each column of the sheet is called: our name for it, or its own header.
    names: Vec<Cow<'static, str>>,
    /// How many columns there are up to the last header that is not ours.
    pub data_width: usize,
    /// The encoding of a CSV file if it is a guess, and another that looks more likely.
    pub guessed: Option<(Encoding, Option<Encoding>)>,
    /// Columns to the right of the last header that our own files have put headers behind.
    pub strays: Vec<usize>,
    /// The columns, counted from 0, in which rows name products that are there already.
    pub product_sids: Vec<(&'static Product, usize)>,
}

impl ColumnMap {
    /// Reads the headers; the findings are all about them. Where one of them is an error, no row of
    /// the sheet can be trusted.
    pub fn new(layout: &Layout, rules: &Rules) -> (ColumnMap, Vec<Finding>) {
        let set = &rules.set;
        let mut places = [CellSource::Absent; COLUMNS.len()];
        let mut findings = Vec::new();
        findings.extend(swallowed_header(layout));
        findings.extend(damaged_header(layout));
        for (index, (column, _)) in set.iter().enumerate() {
            places[*column as usize] = CellSource::Set(index as u16);
        }
        let header =
            |rule: &Rule, at: usize, column: Cow<'static, str>, message: String, suggestion: String| {
                Finding {
                    row: layout.header_row,
                    cell: format!("{}{}", column_letters(at), layout.header_row),
                    column,
                    code: rule.code,
                    severity: rule.severity,
                    value: cut(layout.headers[at].trim()),
                    message,
                    suggestion,
                }
            };
        let twice = |first: usize, at: usize, column: &'static str| {
            let shown = |at: usize| short(layout.headers[at].trim());
            header(
                &rule::DUPLICATE_COLUMN,
                at,
                column.into(),
                format!(
                    "The headers \"{}\" ({}) and \"{}\" ({}) both mean {column}.",
                    shown(first),
                    column_letters(first),
                    shown(at),
                    column_letters(at),
                ),
                format!(
                    "Delete or rename one of them; or say --map \"{0}={column}\" if the first is meant, --map \"{1}={column}\" if the second is.",
                    column_letters(first),
                    column_letters(at),
                ),
            )
        };
        let mut unknown = Vec::new();
        let mut product_sids: Vec<(&'static Product, usize)> = Vec::new();
        for (at, meaning) in layout.meanings.iter().enumerate() {
            match meaning {
                Meaning::Nothing => {}
                Meaning::Unknown => match product_of_sids(rules, &layout.headers[at]) {
                    Some(product) => match product_sids.iter().find(|it| it.0 == product) {
                        None => product_sids.push((product, at)),
                        Some((_, first)) => findings.push(twice(*first, at, product.sid_column)),
                    },
                    None => unknown.push(at),
                },
                Meaning::Column(column) => match places[*column as usize] {
                    CellSource::Absent => places[*column as usize] = CellSource::At(at as u16),
                    CellSource::At(first) => findings.push(twice(usize::from(first), at, column.name())),
                    CellSource::Set(_) => findings.push(header(
                        &rule::DUPLICATE_COLUMN,
                        at,
                        column.name().into(),
                        format!("The column {} is in the sheet and is given with --set too.", column.name()),
                        "Leave out the --set, or leave out the column with --map \"Header=\".".to_owned(),
                    )),
                },
            }
        }
        let missing = missing(&places, rules);
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
        if let Some(own_file) = own_file(layout) {
            // It says why its headers are not ours.
            findings = vec![own_file];
        }
        let mut names = names(layout);
        product_sids.iter().for_each(|(product, at)| names[*at] = product.sid_column.into());
        let guessed = match layout.format {
            Format::Csv { encoding, guess, .. } => guess.map(|guess| (encoding, guess.rival)),
            Format::Workbook { .. } => None,
        };
        let map = ColumnMap {
            strays,
            product_sids,
            guessed,
            data_width: layout.data_width(),
            places,
            set: set.to_vec(),
            names,
        };
        (map, findings)
    }

    pub fn place(&self, column: Column) -> CellSource {
        self.places[column as usize]
    }

    /// Whether a column of the sheet, counted from 0, is one of ours.
    pub fn is_read(&self, at: usize) -> bool {
        self.places.contains(&CellSource::At(at as u16))
    }

    /// The name of a column of the sheet, counted from 0; empty beyond the headers.
    pub fn column_name(&self, at: usize) -> Cow<'static, str> {
        self.names.get(at).cloned().unwrap_or_default()
    }

    /// The cell of a column as a spreadsheet names it, such as `F17`.
    pub fn cell_name(&self, column: Column, row: u64) -> String {
        match self.place(column) {
            CellSource::At(at) => format!("{}{row}", column_letters(usize::from(at))),
            CellSource::Absent | CellSource::Set(_) => String::new(),
        }
    }
}

/// The product of which rows name in this column one that is there already.
fn product_of_sids(rules: &Rules, header: &str) -> Option<&'static Product> {
    let key = header_key(header);
    rules.products.known.iter().copied().find(|it| header_key(it.sid_column) == key)
}

fn names(layout: &Layout) -> Vec<Cow<'static, str>> {
    let name = |(header, meaning): (&String, &Meaning)| match meaning {
        Meaning::Column(column) => column.name().into(),
        Meaning::Nothing | Meaning::Unknown => cut(header.trim()).into(),
    };
    layout.headers.iter().zip(&layout.meanings).map(name).collect()
}

/// The columns that a row needs and the sheet does not have. The address may come in two ways; one
/// of them must be there.
fn missing(places: &[CellSource], rules: &Rules) -> Vec<Column> {
    let is_absent = |column: Column| places[column as usize] == CellSource::Absent;
    let has_address = !is_absent(Column::AddressSid);
    // Where rows may differ in their products, each says for itself what it lacks.
    let wanted: &[_] = if is_absent(Column::Products) { &rules.products.wanted } else { &[] };
    COLUMNS
        .iter()
        .filter(|spec| rules.products.need(spec.column, wanted))
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
    let more = if unknown.len() > UNKNOWN_NAMED { " …" } else { "" };
    let names: Vec<String> = unknown
        .iter()
        .take(UNKNOWN_NAMED)
        .map(|at| {
            let header = short(layout.headers[*at].trim());
            let header = header.as_ref();
            match nearest(header) {
                Some(column) => {
                    format!("\"{header}\" ({}; did you mean {}?)", column_letters(*at), column.name())
                }
                None => format!("\"{header}\" ({})", column_letters(*at)),
            }
        })
        .collect();
    let message = match names.as_slice() {
        [name] => format!("The column {name} is unknown and is not read."),
        names => {
            format!("{} columns are unknown and are not read: {}{more}.", unknown.len(), names.join(", "))
        }
    };
    Finding {
        row: layout.header_row,
        cell: format!("{}{}", column_letters(unknown[0]), layout.header_row),
        column: cut(layout.headers[unknown[0]].trim()).into(),
        code: rule::UNKNOWN_COLUMN.code,
        severity: Severity::Warning,
        value: cut(layout.headers[unknown[0]].trim()),
        message,
        suggestion: rule::UNKNOWN_COLUMN.fix.to_owned(),
    }
}

/// The other sheets that could be the one that is meant.
fn rivals(layout: &Layout) -> Option<Finding> {
    let Format::Workbook { sheet, rivals, active, .. } = &layout.format else { return None };
    if rivals.is_empty() {
        return None;
    }
    let named: Vec<_> = rivals.iter().take(NAMED).map(|rival| format!("\"{}\"", short(rival))).collect();
    let more = if rivals.len() > NAMED { " …" } else { "" };
    Some(Finding {
        row: 0,
        cell: String::new(),
        column: "".into(),
        code: rule::SHEET_CHOICE.code,
        severity: rule::SHEET_CHOICE.severity,
        value: String::new(),
        message: format!(
            "The headers of the sheets \"{}\" and {}{more} match equally well, so no row is taken.",
            short(sheet),
            named.join(", ")
        ),
        suggestion: match active.iter().find(|active| *active == sheet || rivals.contains(active)) {
            Some(active) => format!(
                "Say which is meant: --sheet \"{}\", the one that was open when the workbook was saved, or another; or delete the others.",
                short(active)
            ),
            None => {
                format!("Say which is meant, such as --sheet \"{}\", or delete the others.", short(sheet))
            }
        },
    })
}

/// How many places one finding names.
const NAMED: usize = 5;

/// How many unknown headers one finding names. A sheet of somebody else's has some dozens; a file that is no
/// sheet may have a thousand.
const UNKNOWN_NAMED: usize = 30;

/// Says that the file is one of our own that is no sheet of customers.
fn own_file(layout: &Layout) -> Option<Finding> {
    let what = match sheet_names::own_file(&layout.headers)? {
        OwnFile::Results => "the results of a run",
        OwnFile::Numbers => "the phone numbers of a run's results",
        OwnFile::Findings => "the findings about a sheet",
        // That one is input, and what it is stands in the line about the layout.
        OwnFile::FailedRows => return None,
    };
    Some(Finding {
        row: layout.header_row,
        cell: String::new(),
        column: "".into(),
        code: rule::NOT_THE_SHEET.code,
        severity: rule::NOT_THE_SHEET.severity,
        value: String::new(),
        message: format!(
            "This file holds {what}, written by this program; it is not the sheet of customers."
        ),
        suggestion: rule::NOT_THE_SHEET.fix.to_owned(),
    })
}

/// A header that holds rows: a quotation mark among the headers is lost.
fn swallowed_header(layout: &Layout) -> Option<Finding> {
    let is_swallowed =
        |header: &String| quotes::fault(header, quotes::Holds::Text) == Some(quotes::Fault::Swallowed);
    let at = layout.headers.iter().position(is_swallowed)?;
    Some(Finding {
        row: layout.header_row,
        cell: format!("{}{}", column_letters(at), layout.header_row),
        column: "".into(),
        code: rule::UNCLOSED_QUOTE.code,
        severity: rule::UNCLOSED_QUOTE.severity,
        value: cut(layout.headers[at].trim()),
        message: quotes::Fault::Swallowed.message().unwrap_or_default().replacen("cell", "header", 1),
        suggestion: rule::UNCLOSED_QUOTE.fix.to_owned(),
    })
}

/// A header with a NUL character in it. It is read without it, but something has damaged the file.
fn damaged_header(layout: &Layout) -> Option<Finding> {
    let at = layout.damaged_header?;
    let header = cut(layout.headers[at].trim());
    Some(Finding {
        row: layout.header_row,
        cell: format!("{}{}", column_letters(at), layout.header_row),
        column: "".into(),
        code: rule::NUL_CHARACTER.code,
        severity: Severity::Warning,
        message: format!("The header \"{header}\" holds a NUL character: something has damaged the file."),
        value: header,
        suggestion: "Look for cells that are damaged too, or export the sheet again.".to_owned(),
    })
}

fn hidden_rows(layout: &Layout) -> Option<Finding> {
    let below = |(_, last): &(u64, u64)| *last > layout.header_row;
    let runs: Vec<_> = layout.properties.as_ref()?.hidden_rows().filter(below).collect();
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
        .properties
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
