//! XLSX, XLS and ODS workbooks, read through calamine.
//!
//! XLSX is read cell by cell: a table of the whole sheet would cost 500 GB for a file of 4 KB that
//! has a cell in its last corner. XLS and ODS can only be read whole; their own limits bound them.

mod active;
mod cells;
mod rows;

use std::cmp::Ordering;
use std::io::{BufReader, Seek};
use std::sync::{Arc, Mutex, PoisonError};

use calamine::{Data, Ods, OdsError, Range, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};

use super::archive;
use super::batch::{Batch, COLUMNS_MAX};
use super::layout::{Format, HEADER_ROWS_MAX, Header, Layout, Workbook, find_header, short};
use super::properties::{self, CellProperties, Unsound};
use super::source::Source;
use super::spool::Spool;
use crate::model::Fault;
use cells::{Value, stream, walk};
use rows::Rows;

/// How many cells are looked at per sheet to find its headers.
const SAMPLE_CELLS: usize = 20_000;

/// Chooses the sheet and the row in it that name most of our columns.
pub(super) fn detect(source: &Source, file: Spool, kind: Workbook) -> Result<Layout, Fault> {
    let options = source.options();
    for (is_given, flag) in
        [(options.delimiter.is_some(), "--delimiter"), (options.encoding.is_some(), "--encoding")]
    {
        if is_given {
            return Err(only_for_csv(source, kind, flag));
        }
    }
    let again = file.reader();
    let mut book = Book::open(source, file, kind)?;
    let sheets = book.sheets();
    let wanted: Vec<String> = match &source.options().sheet {
        Some(name) => {
            let found = sheets.iter().find(|sheet| sheet.trim().eq_ignore_ascii_case(name.trim()));
            vec![found.ok_or_else(|| no_such_sheet(source, name, &sheets))?.clone()]
        }
        None => sheets.clone(),
    };
    let mut best: Option<(String, Header, Option<CellProperties>)> = None;
    let mut rivals = Vec::new();
    for sheet in wanted {
        // XLSX is read cell by cell, so it is here that every sheet is looked at before calamine reads it.
        let properties = match kind {
            Workbook::Xlsx => Some(properties_of(source, &again, &book, kind, &sheet)?),
            Workbook::Xls | Workbook::Ods => None,
        };
        let rows = book.first_rows(source, &sheet, source.options().header_row)?;
        let Some(header) = find_header(rows, &source.options().map, source.options().header_row) else {
            continue;
        };
        match best.as_ref().map(|(_, best, _)| header.score.cmp(&best.score)) {
            None | Some(Ordering::Greater) => {
                best = Some((sheet, header, properties));
                rivals.clear();
            }
            Some(Ordering::Equal) if header.score > 0 => rivals.push(sheet),
            Some(Ordering::Equal | Ordering::Less) => {}
        }
    }
    let (sheet, header, properties) = best.ok_or_else(|| super::empty(source))?;
    let properties = match properties {
        Some(properties) => properties,
        None => properties_of(source, &again, &book, kind, &sheet)?,
    };
    // Only where there is something to choose it is asked which one people see first.
    let active = if rivals.is_empty() { None } else { active::sheet(kind, &again, &book.all_sheets()) };
    let format = Format::Workbook { kind, sheet, others: sheets.len().saturating_sub(1), rivals, active };
    source.opened.put(book);
    Ok(Layout::new(format, header, &source.options().map).with_properties(properties))
}

fn properties_of(
    source: &Source,
    file: &Spool,
    book: &Book,
    kind: Workbook,
    sheet: &str,
) -> Result<CellProperties, Fault> {
    let index = book.metadata().iter().position(|it| it.name == sheet).unwrap_or(0);
    properties::read(kind, file.reader(), sheet, index).map_err(|Unsound| archive::too_big(source, kind))
}

/// The worksheets of a workbook in the order of their tabs, and whether each is hidden.
pub(super) fn sheets(
    source: &Source,
    file: Spool,
    kind: Workbook,
) -> Result<Vec<(String, Visibility)>, Fault> {
    let book = Book::open(source, file, kind)?;
    let sheets = book.metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let visibility = |visible| match visible {
        SheetVisible::Visible => Visibility::Visible,
        SheetVisible::Hidden | SheetVisible::VeryHidden => Visibility::Hidden,
    };
    Ok(sheets.map(|sheet| (sheet.name.clone(), visibility(sheet.visible))).collect())
}

/// Whether a worksheet is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Visible,
    Hidden,
}

/// Reads the rows below the headers, handing them on batch by batch until `each` says no.
pub(super) fn read(
    source: &Source,
    file: Spool,
    layout: &Layout,
    each: &mut dyn FnMut(Batch) -> bool,
) -> Result<(), Fault> {
    let Format::Workbook { kind, sheet, .. } = &layout.format else { return Ok(()) };
    let again = file.reader();
    let book = match source.opened.take() {
        Some(book) => book,
        None => Book::open(source, file, *kind)?,
    };
    let properties = match &layout.properties {
        Some(properties) => properties.clone(),
        None => Arc::new(properties_of(source, &again, &book, *kind, sheet)?),
    };
    let mut rows = Rows::new(layout, &properties, each);
    match book {
        Book::Xlsx(mut book) => {
            let each = &mut |row, column, cell: Value| rows.cell(row, column, cell);
            stream(source, &mut book, sheet, &properties, each)?;
        }
        Book::Xls(mut book) => rows.range(&range(source, sheet, book.worksheet_range(sheet))?),
        Book::Ods(mut book) => rows.range(&range(source, sheet, book.worksheet_range(sheet))?),
    }
    rows.finish();
    Ok(())
}

/// A workbook that was opened to find its headers, kept for the pass that follows: opening one means
/// reading all its strings. It is taken once; later passes open the file again.
#[derive(Clone, Default)]
pub(super) struct Opened(Arc<Mutex<Option<Book>>>);

impl Opened {
    fn put(&self, book: Book) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(book);
    }

    fn take(&self) -> Option<Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

enum Book {
    Xlsx(Xlsx<BufReader<Spool>>),
    Xls(Xls<BufReader<Spool>>),
    Ods(Ods<BufReader<Spool>>),
}

impl Book {
    fn open(source: &Source, file: Spool, kind: Workbook) -> Result<Book, Fault> {
        // An XLSX file with a password is an OLE container, as an XLS file is.
        if kind == Workbook::Xls
            && matches!(Xlsx::new(BufReader::new(file.reader())), Err(XlsxError::Password))
        {
            return Err(protected(source));
        }
        let mut file = BufReader::new(file);
        file.rewind().map_err(|error| source.broken_off(&error))?;
        match kind {
            Workbook::Xlsx => Xlsx::new(file).map(Book::Xlsx).map_err(|error| match error {
                XlsxError::Password => protected(source),
                error => damaged(source, &error),
            }),
            Workbook::Xls => Xls::new(file).map(Book::Xls).map_err(|error| match error {
                XlsError::Password => protected(source),
                error => damaged(source, &error),
            }),
            Workbook::Ods => Ods::new(file).map(Book::Ods).map_err(|error| match error {
                OdsError::Password => protected(source),
                error => damaged(source, &error),
            }),
        }
    }

    fn metadata(&self) -> &[calamine::Sheet] {
        match self {
            Book::Xlsx(book) => book.sheets_metadata(),
            Book::Xls(book) => book.sheets_metadata(),
            Book::Ods(book) => book.sheets_metadata(),
        }
    }

    /// The worksheets, in the order of their tabs. Hidden ones hold lists and leftovers, not
    /// customers; they are only taken by name or where there is no other.
    fn sheets(&self) -> Vec<String> {
        let worksheets = || self.metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let visible: Vec<_> = worksheets()
            .filter(|sheet| sheet.visible == SheetVisible::Visible)
            .map(|sheet| sheet.name.clone())
            .collect();
        if visible.is_empty() { worksheets().map(|sheet| sheet.name.clone()).collect() } else { visible }
    }

    /// All sheets in the order of their tabs, hidden ones and charts too.
    fn all_sheets(&self) -> Vec<String> {
        self.metadata().iter().map(|sheet| sheet.name.clone()).collect()
    }

    /// The first rows of a sheet as text, to look for headers in; or the one row that the user says it is.
    fn first_rows(
        &mut self,
        source: &Source,
        sheet: &str,
        wanted: Option<u64>,
    ) -> Result<Vec<(u64, Vec<String>)>, Fault> {
        let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
        let mut cells = 0;
        let mut add = |row: u32, column: u32, cell: Value| {
            let number = u64::from(row) + 1;
            if wanted.is_some_and(|wanted| wanted != number) {
                return wanted > Some(number);
            }
            cells += 1;
            if rows.last().is_none_or(|(last, _)| *last != number) {
                rows.push((number, Vec::new()));
            }
            if let (Some((_, row)), true) = (rows.last_mut(), (column as usize) < COLUMNS_MAX) {
                row.resize(row.len().max(column as usize + 1), String::new());
                row[column as usize] = cell.text.into_owned();
            }
            rows.len() <= HEADER_ROWS_MAX && cells < SAMPLE_CELLS
        };
        match self {
            Book::Xlsx(book) => stream(source, book, sheet, &CellProperties::default(), &mut add)?,
            Book::Xls(book) => {
                walk(
                    &range(source, sheet, book.worksheet_range(sheet))?,
                    &CellProperties::default(),
                    &mut add,
                );
            }
            Book::Ods(book) => {
                walk(
                    &range(source, sheet, book.worksheet_range(sheet))?,
                    &CellProperties::default(),
                    &mut add,
                );
            }
        }
        rows.truncate(HEADER_ROWS_MAX);
        Ok(rows)
    }
}

fn range<E: std::error::Error>(
    source: &Source,
    sheet: &str,
    range: Result<Range<Data>, E>,
) -> Result<Range<Data>, Fault> {
    range.map_err(|error| {
        Fault::new(
            format!("Sheet \"{sheet}\" of {} could not be read: {error}.", source.name()),
            "Open it in a spreadsheet program, save it as XLSX, and use that file.",
        )
    })
}

fn only_for_csv(source: &Source, kind: Workbook, flag: &str) -> Fault {
    Fault::new(
        format!("{} is a workbook ({}), and {flag} is for CSV files.", source.name(), kind.name()),
        format!("Leave {flag} out."),
    )
}

/// How many sheets a message names.
const NAMED: usize = 20;

fn listed(sheets: &[String]) -> String {
    let named: Vec<_> = sheets.iter().take(NAMED).map(|sheet| short(sheet)).collect();
    let more = if sheets.len() > NAMED { " …" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn no_such_sheet(source: &Source, name: &str, sheets: &[String]) -> Fault {
    Fault::new(
        format!("{} has no sheet \"{}\".", source.name(), short(name)),
        format!("Its sheets are: {}. Give one of these with --sheet.", listed(sheets)),
    )
}

pub(super) fn protected(source: &Source) -> Fault {
    Fault::new(
        format!("{} is protected by a password.", source.name()),
        "Open it in a spreadsheet program, save it without a password, and use that file.",
    )
}

fn damaged(source: &Source, error: &dyn std::error::Error) -> Fault {
    Fault::new(
        format!("{} is damaged or no real workbook: {error}.", source.name()),
        "Open it in a spreadsheet program, save it again as XLSX, and use that file.",
    )
}
