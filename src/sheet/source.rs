//! Where the sheet comes from: a file, or standard input.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::workbook::Opened;
use crate::model::{Column, Fault};

/// A sheet that can be read several times: once to check it, once to work on it.
#[derive(Clone)]
pub struct Source {
    name: String,
    path: PathBuf,
    /// Holds what came over standard input or a pipe; removed with the last clone.
    _spool: Option<Arc<NamedTempFile>>,
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

/// `--map "Their Header=our_column"`; `--map "Their Header="` leaves the column out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub header: String,
    pub column: Option<Column>,
}

/// The encodings that spreadsheet programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

impl Encoding {
    pub const ALL: [Encoding; 4] =
        [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];

    /// The name in messages and for `--encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Windows1252 => "Windows-1252",
        }
    }

    /// Reads a name as people write it, such as `utf8` or `cp1252`.
    pub fn named(text: &str) -> Option<Encoding> {
        match encoding_rs::Encoding::for_label(text.trim().replace("utf16", "utf-16").as_bytes()) {
            Some(found) if found == encoding_rs::UTF_16LE => Some(Encoding::Utf16Le),
            Some(found) if found == encoding_rs::UTF_16BE => Some(Encoding::Utf16Be),
            Some(found) if found == encoding_rs::UTF_8 => Some(Encoding::Utf8),
            Some(found) if found == encoding_rs::WINDOWS_1252 => Some(Encoding::Windows1252),
            _ if text.eq_ignore_ascii_case("cp1252") => Some(Encoding::Windows1252),
            _ => None,
        }
    }

    pub(super) fn rules(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        }
    }
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

/// What tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp { len: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl Source {
    /// Takes a path, or `-` for standard input, which is copied to a private temporary file first:
    /// the sheet is read more than once. So is anything else that is no regular file.
    pub fn new(path: impl AsRef<Path>, options: Options) -> Result<Source, Fault> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Source::spooled("standard input".to_owned(), io::stdin().lock(), options);
        }
        let name = path.display().to_string();
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(&name, &error))?;
        if metadata.is_dir() {
            return Err(Fault::new(
                format!("{name} is a directory, not a spreadsheet."),
                "Give the path of a CSV, XLSX, XLS or ODS file.",
            ));
        }
        if !metadata.is_file() {
            let pipe = File::open(path).map_err(|error| unreadable(&name, &error))?;
            return Source::spooled(name, pipe, options);
        }
        Ok(Source { name, path: path.to_owned(), _spool: None, opened: Opened::default(), options })
    }

    /// Copies a stream to a temporary file that only this user may read.
    pub fn spooled(name: String, mut stream: impl Read, options: Options) -> Result<Source, Fault> {
        let failed = |error: io::Error| {
            Fault::new(
                format!("What came over {name} could not be kept in a temporary file: {error}."),
                "Check the free space of the temporary directory (TMPDIR), or save the sheet to a file.",
            )
        };
        // tempfile creates its files with mode 0600.
        let mut spool = NamedTempFile::new().map_err(failed)?;
        io::copy(&mut stream, spool.as_file_mut()).map_err(failed)?;
        Ok(Source {
            name,
            path: spool.path().to_owned(),
            _spool: Some(Arc::new(spool)),
            opened: Opened::default(),
            options,
        })
    }

    /// What to call the sheet in messages: its path, or "standard input".
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn open(&self) -> Result<(File, Stamp), Fault> {
        let file = File::open(&self.path).map_err(|error| unreadable(&self.name, &error))?;
        let metadata = file.metadata().map_err(|error| unreadable(&self.name, &error))?;
        Ok((file, Stamp::of(&metadata)))
    }

    /// Opens the file again and makes sure that it is still the one of before.
    pub(super) fn reopen(&self, before: &Stamp) -> Result<File, Fault> {
        let (file, now) = self.open()?;
        if now == *before { Ok(file) } else { Err(self.changed()) }
    }

    /// The fault of a sheet that another program has written to since it was checked.
    pub(crate) fn changed(&self) -> Fault {
        Fault::new(
            format!("{} has changed since it was checked.", self.name),
            "Wait until no other program writes to it, then run the same command again; nothing is done twice.",
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
