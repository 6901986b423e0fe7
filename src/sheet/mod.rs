//! The sheet as it is read: which file, which format, which header row, and then its rows.
//!
//! Input and output only. What a cell means is decided in `check`. Every pass over the sheet begins
//! with the same [`Layout`], which [`Source::layout`] finds out once.

mod archive;
mod batch;
mod compound;
mod delimited;
mod encoding;
mod formula_guard;
mod layout;
pub mod names;
mod number_format;
mod ole;
mod properties;
mod quoting;
mod rewrite;
mod source;
mod spool;
mod tags;
pub mod template;
mod text;
mod workbook;

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};

pub use batch::{
    Batch, COLUMNS_MAX, Cell, Flaw, Kind, ROW_BYTES_MAX, ROWS_MAX, Row, column_letters, is_unclosed,
};
pub use encoding::{Encoding, misread, undoubled};
pub use formula_guard::{csv_safe, csv_unguarded};
pub use layout::{Format, Layout, Workbook, short};
pub use properties::{CellProperties, Merged};
pub use rewrite::NewCells;
pub use source::{Mapping, Options, Source};
pub use workbook::Visibility;

use crate::model::Fault;

/// The rows below the headers, batch by batch, read by a thread of their own while the caller works.
pub struct Batches {
    batches: Receiver<Result<Batch, Fault>>,
}

/// How many batches are read ahead: enough to keep both sides busy, at about a megabyte each.
const READ_AHEAD: usize = 4;

impl Source {
    /// Finds out how the sheet is to be read. A sheet without any row is a fault; one without known
    /// headers is not, since only `check` can say what is missing.
    pub fn layout(&self) -> Result<Layout, Fault> {
        let mut file = self.open();
        let mut start = Vec::new();
        (&mut file).take(4096).read_to_end(&mut start).map_err(|error| self.broken_off(&error))?;
        file.rewind().map_err(|error| self.broken_off(&error))?;
        match content(&start) {
            Content::Nothing => Err(empty(self)),
            Content::Zip => {
                let kind = archive::workbook(self, &mut file)?;
                guarded(self, || workbook::detect(self, file, kind))
            }
            Content::Ole => {
                archive::xls(self, &mut file)?;
                guarded(self, || workbook::detect(self, file, Workbook::Xls))
            }
            Content::Foreign(what) => Err(not_a_spreadsheet(self, what)),
            Content::Text => text::detect(self, &mut file),
        }
    }

    /// The worksheets of a workbook, in the order of their tabs; none of a CSV file.
    pub fn worksheets(&self, layout: &Layout) -> Result<Vec<(String, Visibility)>, Fault> {
        let Format::Workbook { kind, .. } = layout.format else { return Ok(Vec::new()) };
        let file = self.open();
        guarded(self, || workbook::sheets(self, file, kind))
    }

    /// Reads the rows below the headers. Rows come in the order of the sheet, blank ones included
    /// where the format has them.
    pub fn batches(&self, layout: &Layout) -> Result<Batches, Fault> {
        let file = self.open();
        let (sender, batches) = sync_channel(READ_AHEAD);
        let (source, layout) = (self.clone(), layout.clone());
        let read = move || {
            // When nobody listens any more, there is nobody to tell.
            let each = &mut |batch| sender.send(Ok(batch)).is_ok();
            let done = guarded(&source, || match layout.format {
                Format::Csv { .. } => text::read(&source, file, &layout, each),
                Format::Workbook { .. } => workbook::read(&source, file, &layout, each),
            });
            if let Err(fault) = done {
                let _ = sender.send(Err(fault));
            }
        };
        std::thread::Builder::new().name("sheet".to_owned()).spawn(read).map_err(|error| {
            Fault::new(
                format!("No thread could be started to read {}: {error}.", self.name()),
                "The machine is out of processes or memory; end other programs, then run the same command again.",
            )
        })?;
        Ok(Batches { batches })
    }
}

impl Batches {
    /// The next batch if it has been read already.
    pub fn next_if_ready(&mut self) -> Option<Result<Batch, Fault>> {
        self.batches.try_recv().ok()
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.recv().ok()
    }
}

enum Content {
    Nothing,
    Zip,
    Ole,
    Text,
    /// Something that is no spreadsheet; what it is.
    Foreign(&'static str),
}

/// What the first bytes say the file is. Names lie: many a `.xls` is a web page.
fn content(start: &[u8]) -> Content {
    let text = start.trim_ascii_start();
    let begins = |magic: &[u8]| start.starts_with(magic);
    let tag =
        |name: &str| text.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
    match () {
        () if text.is_empty() => Content::Nothing,
        () if begins(b"PK\x03\x04") => Content::Zip,
        () if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Content::Ole,
        () if begins(b"%PDF") => Content::Foreign("it is a PDF file"),
        () if begins(b"\x89PNG") || begins(b"\xff\xd8\xff") || begins(b"GIF8") => {
            Content::Foreign("it is a picture")
        }
        () if begins(b"\x1f\x8b") || begins(b"7z\xbc\xaf") || begins(b"Rar!") || begins(b"PK") => {
            Content::Foreign("it is an archive")
        }
        () if begins(b"{\\rtf") => Content::Foreign("it is a text document (RTF)"),
        () if begins(b"SQLite format 3\0") => Content::Foreign("it is a database"),
        () if tag("<!doctype") || tag("<html") || tag("<table") || tag("<head") || tag("<meta") => {
            Content::Foreign("it is a web page (HTML)")
        }
        () if tag("<?xml") => Content::Foreign("it is an XML file"),
        () if text.len() == 3 && begins(b"\xef\xbb\xbf") => Content::Nothing,
        () => Content::Text,
    }
}

/// Runs a reader of foreign files; where a library gives up in a panic, that is a fault like others.
fn guarded<T>(source: &Source, read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(Fault::new(
            format!("{} is damaged in a way that cannot be read.", source.name()),
            "Open it in a spreadsheet program, save it as XLSX or CSV, and use that file.",
        ))
    })
}

fn empty(source: &Source) -> Fault {
    if let Some(row) = source.options().header_row {
        return Fault::new(
            format!("{} has nothing in row {row}.", source.name()),
            "Leave --header-row out to have the row of the headers found, or name another one.",
        );
    }
    Fault::new(
        format!("{} is empty.", source.name()),
        "Fill it in; `template -o customers.csv` writes a sheet with all headers.",
    )
}

fn not_a_spreadsheet(source: &Source, what: &str) -> Fault {
    let name = source.name().to_ascii_lowercase();
    let ending = [".xlsx", ".xlsm", ".xls", ".ods"].into_iter().find(|ending| name.ends_with(ending));
    let although = ending.map_or(String::new(), |ending| format!(", although its name ends in {ending}"));
    Fault::new(
        format!("{} is not a spreadsheet{although}: {what}.", source.name()),
        "Open it in a spreadsheet program, save it as XLSX or CSV, and use that file.",
    )
}
