//! What was found out about a sheet: its format and where its headers are.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::batch::COLUMNS_MAX;
use super::encoding::{Encoding, Guess};
use super::names::{self, Meaning};
use super::properties::CellProperties;
use super::source::Mapping;
use crate::model::{is_unseen, shown_in_line};

/// How the sheet is to be read. Found once, used by every pass.
#[derive(Clone, Debug)]
pub struct Layout {
    pub format: Format,
    /// The row of the headers, counted from 1 as the spreadsheet shows it.
    pub header_row: u64,
    /// The headers from the first column to the last one that has one.
    pub headers: Vec<String>,
    /// The first header with a NUL character in it, counted from 0.
    pub damaged_header: Option<usize>,
    /// Where headers are expected, what each of them means.
    pub meanings: Vec<Meaning>,
    /// What a workbook says about its cells besides their values; `None` where that has not been read.
    pub properties: Option<Arc<CellProperties>>,
}

/// The format of the file, and what is particular to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    Csv {
        encoding: Encoding,
        /// That nothing in the file says its encoding, and what speaks against the one that is taken.
        guess: Option<Guess>,
        delimiter: u8,
        /// How many bytes of byte order mark stand in front.
        skip: usize,
        /// Whether a line `sep=;` stands in front. Spreadsheet programs do not show it as a row.
        sep_line: bool,
    },
    Workbook {
        kind: Workbook,
        sheet: String,
        /// How many other worksheets there are.
        others: usize,
        /// Those of them whose headers match as well as the ones of `sheet`.
        rivals: Vec<String>,
        /// The sheet that a spreadsheet program shows when it opens the file, where the file says so.
        active: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workbook {
    Xlsx,
    Xls,
    Ods,
}

impl Workbook {
    pub fn name(self) -> &'static str {
        match self {
            Workbook::Xlsx => "XLSX",
            Workbook::Xls => "XLS",
            Workbook::Ods => "ODS",
        }
    }
}

impl Layout {
    pub(super) fn new(format: Format, header: Header, map: &[Mapping]) -> Layout {
        let mut headers = header.cells;
        while headers.last().is_some_and(|header| header.trim().is_empty()) {
            headers.pop();
        }
        let meanings = names::meanings(&headers, map);
        let damaged_header = headers.iter().position(|header| header.contains('\0'));
        // From here on they are only shown and copied.
        for header in &mut headers {
            header.retain(|c| c == '\t' || !is_unseen(c));
        }
        Layout { format, header_row: header.row, headers, damaged_header, meanings, properties: None }
    }

    /// That of a CSV file of ours with these headers in its first row.
    pub fn of_headers(headers: Vec<String>) -> Layout {
        let format =
            Format::Csv { encoding: Encoding::Utf8, guess: None, delimiter: b',', skip: 0, sep_line: false };
        Layout::new(format, Header { row: 1, cells: headers, score: 0 }, &[])
    }

    pub(super) fn with_properties(mut self, properties: CellProperties) -> Layout {
        self.properties = Some(Arc::new(properties));
        self
    }

    /// How many columns are read.
    pub fn width(&self) -> usize {
        self.headers.len()
    }

    /// How many columns belong to the sheet itself: those that our own files add at the end do not.
    pub fn data_width(&self) -> usize {
        let is_data = |header: &String| !header.trim().is_empty() && !names::is_state_header(header);
        self.headers.iter().rposition(is_data).map_or(0, |last| last + 1)
    }

    /// The same sheet read whole: from its first row on, and every column.
    pub fn whole(&self) -> Layout {
        Layout {
            header_row: 0,
            headers: vec![String::new(); COLUMNS_MAX],
            meanings: vec![Meaning::Nothing; COLUMNS_MAX],
            ..self.clone()
        }
    }

    /// Another sheet of the same workbook, read whole.
    pub fn other_sheet(&self, name: &str) -> Layout {
        let mut layout = Layout { properties: None, ..self.whole() };
        if let Format::Workbook { sheet, .. } = &mut layout.format {
            *sheet = name.to_owned();
        }
        layout
    }
}

/// What was chosen, in one line: `CSV, UTF-8, separated by commas, headers in row 1`.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.format {
            Format::Csv { encoding, delimiter, .. } => {
                let separator = match delimiter {
                    b',' => "commas".to_owned(),
                    b';' => "semicolons".to_owned(),
                    b'\t' => "tabs".to_owned(),
                    b'|' => "vertical bars".to_owned(),
                    other => format!("`{}`", char::from(*other)),
                };
                write!(f, "CSV, {}, separated by {separator}", encoding.name())?;
            }
            Format::Workbook { kind, sheet, others, .. } => {
                write!(f, "{}, sheet \"{}\"", kind.name(), short(&shown_in_line(sheet)))?;
                if *others > 0 {
                    write!(f, " of {}", others + 1)?;
                }
            }
        }
        write!(f, ", headers in row {}", self.header_row)?;
        if self.header_row > 1 {
            write!(f, " (what is above is skipped)")?;
        }
        if names::own_file(&self.headers) == Some(names::OwnFile::FailedRows) {
            write!(f, "; this is a file of failed rows that a run wrote, not the whole sheet")?;
        }
        Ok(())
    }
}

/// How much of a text of the file a message repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// A text of the file, short enough for a line.
pub fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The row that is taken for the headers.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub row: u64,
    pub cells: Vec<String>,
    /// How many different columns of ours it names.
    pub score: usize,
}

/// Only this many rows are looked at for headers: titles and remarks above them are short.
pub(super) const HEADER_ROWS_MAX: usize = 50;

/// The row that names most of our columns, the first of equals; the first filled row where none
/// names two. One alone may be a value: a cell with `EIN` in it is as a rule no header. `wanted` is the row that the user says it is.
pub(super) fn find_header(
    rows: impl IntoIterator<Item = (u64, Vec<String>)>,
    map: &[Mapping],
    wanted: Option<u64>,
) -> Option<Header> {
    let mut best: Option<Header> = None;
    for (row, cells) in rows {
        let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
        if is_blank || wanted.is_some_and(|wanted| wanted != row) {
            continue;
        }
        let score = score(&cells, map);
        if best.as_ref().is_none_or(|best| score > best.score.max(1)) {
            best = Some(Header { row, cells, score });
        }
    }
    best
}

fn score(cells: &[String], map: &[Mapping]) -> usize {
    let mut columns: Vec<_> = names::meanings(cells, map)
        .into_iter()
        .filter_map(|meaning| match meaning {
            Meaning::Column(column) => Some(column),
            Meaning::Nothing | Meaning::Unknown => None,
        })
        .collect();
    columns.sort_unstable();
    columns.dedup();
    columns.len()
}
