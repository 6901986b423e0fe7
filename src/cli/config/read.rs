//! A configuration file as it is read: which keys it holds, and in which line.

use super::keys::{known, refusal};
use crate::model::Fault;
use crate::report::reason;
use clap::Command;
use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file that is read where none is named. It is looked for in the working directory only.
pub const NAME: &str = "trusthub-onboard.toml";

/// Far more than seven keys need.
const BYTES_MAX: u64 = 1 << 20;

/// What a file says of one flag.
pub struct Entry {
    pub key: &'static str,
    /// Counted from 1.
    pub line: usize,
    /// As they would stand on the command line.
    pub values: Vec<String>,
    /// The line of each value: a table or a list may go over several.
    lines: Vec<usize>,
}

impl Entry {
    /// The line in which this value stands.
    pub fn line_of(&self, value: &str) -> usize {
        let at = self.values.iter().position(|it| it == value);
        at.and_then(|at| self.lines.get(at)).copied().unwrap_or(self.line)
    }
}

/// The file that is meant, with its text. `None`: none is named, and the working directory has none.
pub fn find(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, Fault> {
    let path = named.unwrap_or(Path::new(NAME));
    let unreadable = |why: &str| {
        Fault::new(
            format!("The configuration file {} cannot be read ({why})", path.display()),
            "Name another file with --config, or read none with --no-config.",
        )
    };
    match std::fs::metadata(path) {
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&reason(&error))),
        Ok(about) if about.is_dir() => return Err(unreadable("it is a folder")),
        // Reading anything else might never end. Who names a pipe means it.
        Ok(about) if named.is_none() && !about.is_file() => return Err(unreadable("it is no file")),
        Ok(_) => (),
    }
    let mut bytes = vec![];
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(&reason(&error)))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(unreadable("it is longer than a megabyte"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8"))?;
    Ok(Some((path.to_owned(), text.trim_start_matches('\u{feff}').to_owned())))
}

/// The entries of a file.
///
/// # Errors
/// The text is no TOML, or holds what no file may hold. What stands in the line is not repeated: it may be a secret.
pub fn entries(path: &Path, text: &str, program: &Command) -> Result<Vec<Entry>, Fault> {
    let line_at = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_at(error.span().map_or(0, |it| it.start));
        wrong(path, line, &format!("this is no TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let mut entries: Vec<Entry> = vec![];
    for (written, value) in table.get_ref() {
        let line = line_at(written.span().start);
        let name = written.get_ref();
        let Some(key) = known(name) else {
            return Err(wrong(path, line, &format!("{name}: {}", refusal(name, program))));
        };
        if entries.iter().any(|it| it.key == key) {
            return Err(wrong(path, line, &format!("{key} stands twice")));
        }
        let values = values(key, value).map_err(|why| wrong(path, line, &format!("{key}: {why}")))?;
        let (values, lines) = values.into_iter().map(|(value, at)| (value, line_at(at))).unzip();
        entries.push(Entry { key, line, values, lines });
    }
    entries.sort_by_key(|it| it.line);
    Ok(entries)
}

/// A fault in a line of the file.
pub fn wrong(path: &Path, line: usize, what: &str) -> Fault {
    Fault::new(
        format!("{}, line {line}: {what}", path.display()),
        "Correct the file, or read none with --no-config.",
    )
}

/// The values of a key as they would stand on the command line, and where in the text each begins.
fn values(key: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, usize)>, &'static str> {
    const ONE: &str = "one number or one text in quotation marks belongs here";
    const SEVERAL: &str = "texts in quotation marks belong here, in brackets and separated by commas";
    const PAIRS: &str = "pairs belong here, such as { \"Their Header\" = \"our_column\" }, each with a text in quotation marks";
    let one = |value: &Spanned<DeValue<'_>>| Some((plain(value.get_ref())?, value.span().start));
    match (key, value.get_ref()) {
        ("map" | "set", DeValue::Table(pairs)) => {
            let pair = |(left, right): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                Some((format!("{}={}", left.get_ref(), plain(right.get_ref())?), left.span().start))
            };
            pairs.iter().map(|it| pair(it).ok_or(PAIRS)).collect()
        }
        ("map" | "set" | "products", DeValue::Array(items)) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| one(item).ok_or(SEVERAL)).collect();
            items.and_then(
                |it| if key == "products" && it.is_empty() { Err("name one at least") } else { Ok(it) },
            )
        }
        ("map" | "set", _) => Ok(vec![one(value).ok_or(PAIRS)?]),
        ("products", _) => Ok(vec![one(value).ok_or(SEVERAL)?]),
        _ => Ok(vec![one(value).ok_or(ONE)?]),
    }
}

/// A text or a number.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        _ => None,
    }
}
