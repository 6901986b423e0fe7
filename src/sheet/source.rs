//! Where the sheet comes from: a file, or standard input. It is read once, into a private copy.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::encoding::Encoding;
use super::spool::Spool;
use super::workbook::Opened;
use crate::model::{Column, Fault};

/// A sheet that can be read several times: once to check it, once to work on it, and again for every results
/// file. All of them read a private copy, so that what was checked is what is sent and reported, whatever
/// becomes of the file meanwhile: a run may last days.
#[derive(Clone)]
pub struct Source {
    name: String,
    spool: Spool,
    pub(super) opened: Opened,
    options: Options,
}

/// What the user says about the sheet; all else is found out.
#[derive(Clone, Default)]
pub struct Options {
    /// `--sheet`: the worksheet to read.
    pub sheet: Option<String>,
    /// `--encoding`: of a CSV file.
    pub encoding: Option<Encoding>,
    /// `--delimiter`: of a CSV file, one ASCII character.
    pub delimiter: Option<u8>,
    /// `--header-row`: the row of the headers, counted from 1 as the spreadsheet shows it.
    pub header_row: Option<u64>,
    /// `--map`: what the user's own headers mean.
    pub map: Vec<Mapping>,
}

/// `--map "Their Header=our_column"`; `--map "Their Header="` leaves the column out. Where no header is called
/// so, `H=our_column` means the column with that letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub header: String,
    pub column: Option<Column>,
}

impl Mapping {
    /// Reads `Their Header=our_column`. The error says what is wrong, for the command line.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        let (header, name) = split_assignment(text)?;
        let column = match name {
            "" => None,
            _ => Some(Column::named(name).ok_or_else(|| unknown_column(name))?),
        };
        Ok(Mapping { header: header.to_owned(), column })
    }
}

/// Cuts `left=right` at the last `=`, since a header may hold one and our names do not.
fn split_assignment(text: &str) -> Result<(&str, &str), String> {
    match text.rsplit_once('=') {
        Some((left, right)) if !left.trim().is_empty() => Ok((left.trim(), right.trim())),
        _ => Err(format!("`{text}` is not of the form \"Their Header=our_column\"")),
    }
}

fn unknown_column(name: &str) -> String {
    match super::names::nearest(name) {
        Some(column) => format!("there is no column `{name}`; did you mean `{}`?", column.name()),
        None => format!("there is no column `{name}`; the template lists them all"),
    }
}

impl Source {
    /// Takes a path, or `-` for standard input, and copies the sheet to a private temporary file.
    ///
    /// # Errors
    /// There is no such file, it may not be read, another program is writing to it, or the temporary
    /// directory is full.
    pub fn new(path: impl AsRef<Path>, options: Options) -> Result<Source, Fault> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Source::spooled("standard input".to_owned(), io::stdin().lock(), options);
        }
        let name = path.display().to_string();
        let unreadable = |error| unreadable(&name, &error);
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Err(Fault::new(
                format!("{name} is a directory, not a spreadsheet."),
                "Give the path of a CSV, XLSX, XLS or ODS file.",
            ));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let before = file.metadata().map_err(unreadable)?;
        let source = Source::spooled(name.clone(), &mut file, options)?;
        let after = file.metadata().map_err(unreadable)?;
        let is_unchanged = before.len() == source.spool.len()
            && before.len() == after.len()
            && before.modified().ok() == after.modified().ok();
        if before.is_file() && !is_unchanged {
            return Err(Fault::new(
                format!("{name} was being written to while it was read."),
                "Wait until no other program writes to it, then run the same command again.",
            ));
        }
        Ok(source)
    }

    /// Copies a stream to a temporary file that only this process has.
    pub fn spooled(name: String, mut stream: impl Read, options: Options) -> Result<Source, Fault> {
        let spool = Spool::of(&mut stream).map_err(|error| {
            Fault::new(
                format!("{name} could not be read into a temporary file: {error}."),
                "Check that it can be read, and the free space of the temporary directory; another one can be \
                 named with TMPDIR.",
            )
        })?;
        Ok(Source { name, spool, opened: Opened::default(), options })
    }

    /// What to call the sheet in messages: its path, or "standard input".
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The bytes of the sheet, from their start.
    pub(super) fn open(&self) -> Spool {
        self.spool.reader()
    }

    /// The same for who copies the file rather than its rows.
    pub(crate) fn bytes(&self) -> impl io::Read + io::Seek + use<> {
        self.open()
    }

    /// The fault of rows that are not the ones that were checked.
    pub(crate) fn changed(&self) -> Fault {
        Fault::new(
            format!("{} has changed since it was checked.", self.name),
            "Check the disk of the temporary directory, then run the same command again; nothing is done twice.",
        )
    }

    pub(super) fn broken_off(&self, error: &io::Error) -> Fault {
        unreadable(&self.name, error)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound => Fault::new(
            format!("There is no file {name}."),
            "Check the path; `template -o customers.csv` writes a sheet to fill in.",
        ),
        io::ErrorKind::InvalidData => Fault::new(
            format!("{name} cannot be read: {error}."),
            "Look at that row in a text editor: it is damaged, or the file is not the sheet.",
        ),
        io::ErrorKind::PermissionDenied => Fault::new(
            format!("{name} may not be read: permission denied."),
            "Give your user the right to read it, or copy it to a place of your own.",
        ),
        _ => Fault::new(
            format!("{name} could not be read: {error}."),
            "Check the file and the disk it is on, then run the same command again.",
        ),
    }
}
