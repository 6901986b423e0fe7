//! The results files: one line for every row of the sheet, one for every phone number. Both are
//! made from the sheet and the ledger alone and can be made again at any time; only Twilio's own
//! words about a refusal are known to the run that heard them and to no one after it.

use super::book::{Earlier, ResultsBook};
use super::csv::{NumbersFile, ResultsFile};
use super::history::Gathered;
use super::own::Kept;
use super::row::{Reporter, RowReport};
use super::summary::Tally;
use super::write::{write_pair, write_pair_in_place};
use crate::check::Entry;
use crate::model::Fault;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the results go.
#[derive(Clone, Debug)]
pub struct ResultsPaths {
    pub results: PathBuf,
    /// A CSV file beside it, with `-numbers` in its name.
    pub numbers: PathBuf,
    /// The ledger that knows the results of earlier runs, whether it is there yet or not.
    pub ledger: Option<PathBuf>,
    /// What the workbook said that is about to be replaced.
    pub earlier: Option<Earlier>,
    /// The files of other people that had these names, once the results are written.
    pub kept: Vec<Kept>,
    /// Why they are not where they belong, if they had to be written elsewhere.
    pub cause: Option<Fault>,
}

impl ResultsPaths {
    pub fn beside(results: &Path) -> ResultsPaths {
        let stem = results.file_stem().unwrap_or_default().to_string_lossy();
        let extension = match results.extension() {
            Some(_) if is_workbook(results) => ".csv".to_owned(),
            Some(other) => format!(".{}", other.to_string_lossy()),
            None => String::new(),
        };
        ResultsPaths {
            results: results.to_owned(),
            numbers: results.with_file_name(format!("{stem}-numbers{extension}")),
            ledger: None,
            earlier: None,
            kept: vec![],
            cause: None,
        }
    }

    /// The same, told from other people's files by this ledger.
    pub fn known_to(self, ledger: PathBuf) -> ResultsPaths {
        ResultsPaths { ledger: Some(ledger), ..self }
    }

    /// The same, with what the workbook of that name says now: the new one says what has changed since.
    pub fn with_last_look(self) -> ResultsPaths {
        let earlier = Earlier::read(&self.results).filter(|_| is_workbook(&self.results));
        ResultsPaths { earlier, ..self }
    }
}

/// A row that was written. Where a name cannot be taken, both files are written once more: from the first row on.
pub struct WrittenRow<'a> {
    pub report: &'a RowReport,
    pub is_first: bool,
}

/// The rows of the sheet, in its order.
type Entries = Box<dyn Iterator<Item = Result<Entry, Fault>>>;

impl Reporter<'_> {
    /// Writes both files, each as a whole. Gives the tally, and the names that were taken: where a
    /// file cannot be replaced, a second name is.
    ///
    /// # Errors
    /// The sheet cannot be read again, the ledger cannot be read, or no name can be written.
    pub fn write(
        &self,
        paths: &ResultsPaths,
        entries: impl Fn() -> Result<Entries, Fault>,
        mut each: impl FnMut(WrittenRow<'_>),
    ) -> Result<(Tally, ResultsPaths), Fault> {
        write_pair(paths, |results, numbers| self.fill(paths, results, numbers, entries()?, &mut each))
    }

    /// Writes both files while a run goes on: under their own names or not at all.
    ///
    /// # Errors
    /// As `write`, or they could not be written where they belong.
    pub fn write_meanwhile(
        &self,
        paths: &ResultsPaths,
        entries: impl Fn() -> Result<Entries, Fault>,
        mut each: impl FnMut(WrittenRow<'_>),
    ) -> Result<ResultsPaths, Fault> {
        let fill = |results: &mut dyn Write, numbers: &mut dyn Write| {
            self.fill(paths, results, numbers, entries()?, &mut each)
        };
        write_pair_in_place(paths, fill).map(|written| written.1)
    }

    fn fill(
        &self,
        paths: &ResultsPaths,
        results: &mut dyn Write,
        numbers: &mut dyn Write,
        entries: Entries,
        each: &mut dyn FnMut(WrittenRow<'_>),
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut results = Results::begin(self, paths, results)?;
        let mut numbers = NumbersFile::begin(self.flow, numbers)?;
        for entry in entries {
            let row = self.row(&entry?)?;
            tally.count(&row);
            results.row(&row)?;
            numbers.row(&row)?;
            each(WrittenRow { report: &row, is_first: tally.total() == 1 });
        }
        results.end(self, paths)?;
        numbers.end()?;
        Ok(tally)
    }
}

/// Whether results of this name are written as a workbook.
pub fn is_workbook(path: &Path) -> bool {
    path.extension().is_some_and(|it| it.eq_ignore_ascii_case("xlsx"))
}

/// The results in the making, in either format.
enum Results<'a> {
    Csv(Box<ResultsFile<&'a mut dyn Write>>),
    Workbook(Box<ResultsBook>, Gathered, &'a mut dyn Write),
}

impl<'a> Results<'a> {
    fn begin(
        reporter: &Reporter<'_>,
        paths: &ResultsPaths,
        output: &'a mut dyn Write,
    ) -> Result<Results<'a>, Fault> {
        Ok(match is_workbook(&paths.results) {
            true => {
                let book = ResultsBook::begin(reporter.flow, reporter.now.unwrap_or_default())?;
                Results::Workbook(Box::new(book), Gathered::default(), output)
            }
            false => Results::Csv(Box::new(ResultsFile::begin(reporter.flow, output)?)),
        })
    }

    fn row(&mut self, row: &RowReport) -> Result<(), Fault> {
        match self {
            Results::Csv(file) => file.row(row),
            Results::Workbook(book, gathered, _) => {
                gathered.add(row);
                book.row(row)
            }
        }
    }

    fn end(self, reporter: &Reporter<'_>, paths: &ResultsPaths) -> Result<(), Fault> {
        match self {
            Results::Csv(file) => file.end(),
            Results::Workbook(book, gathered, output) => {
                let now = reporter.now.unwrap_or_default();
                let past = gathered.past(reporter.flow, reporter.ledger, now)?;
                book.end(&past, paths.earlier.as_ref(), output)
            }
        }
    }
}
