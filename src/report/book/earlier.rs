//! What the last workbook of the same name said: the last look at the results.

use super::summary::{AS_OF, BY_OUTCOME, SUMMARY};
use crate::facts::Outcome;
use calamine::{Data, Reader, Xlsx, open_workbook};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// How the customers stood at the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// As the workbook said it, in UTC.
    pub as_of: String,
    counts: Vec<(Outcome, u64)>,
}

impl Earlier {
    /// Reads a workbook that is about to be replaced. `None` where there is none, or it is not one of ours; also one
    /// that was saved again by a spreadsheet program is still read.
    pub fn read(path: &Path) -> Option<Earlier> {
        let mut workbook: Xlsx<BufReader<File>> = open_workbook(path).ok()?;
        let sheet = workbook.worksheet_range(SUMMARY).ok()?;
        let text = |cell: Option<&Data>| cell.map(ToString::to_string).unwrap_or_default();
        let as_of = sheet.rows().find(|row| text(row.first()) == AS_OF)?;
        let as_of = text(as_of.get(1));
        let counts = sheet.rows().skip_while(|row| text(row.first()) != BY_OUTCOME).skip(1);
        let counts = counts.map_while(|row| {
            let word = text(row.first());
            let outcome = Outcome::ALL.into_iter().find(|it| it.word() == word)?;
            let Some(Data::Float(count)) = row.get(1) else { return None };
            Some((outcome, *count as u64))
        });
        Some(Earlier { as_of, counts: counts.collect() })
    }

    pub fn of(&self, outcome: Outcome) -> u64 {
        self.counts.iter().find(|it| it.0 == outcome).map_or(0, |it| it.1)
    }
}
