//! What was read, until all of it is known: a file is written whole or not at all.

use super::Outcome;
use crate::model::Fault;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use tempfile::{SpooledTempFile, spooled_tempfile};

/// So many bytes stay in memory; more go to a file without a name that only this process can read.
const IN_MEMORY_BYTES: usize = 8 << 20;

/// The outcomes of accounts, in the order in which they were added.
pub struct Spool(SpooledTempFile);

impl Default for Spool {
    fn default() -> Spool {
        Spool(spooled_tempfile(IN_MEMORY_BYTES))
    }
}

impl Spool {
    /// # Errors
    /// The disk for temporary files is full.
    pub fn add(&mut self, outcome: &Outcome) -> Result<(), Fault> {
        let line = serde_json::to_string(outcome).map_err(io::Error::from);
        line.and_then(|line| writeln!(self.0, "{line}")).map_err(|error| cannot_be_kept(&error))
    }

    /// Hands on every outcome once more.
    ///
    /// # Errors
    /// The temporary file cannot be read, or what `each` says.
    pub fn each(&mut self, each: &mut dyn FnMut(Outcome) -> Result<(), Fault>) -> Result<(), Fault> {
        self.0.rewind().map_err(|error| cannot_be_kept(&error))?;
        for line in BufReader::new(&mut self.0 as &mut dyn Read).lines() {
            let line = line.map_err(|error| cannot_be_kept(&error))?;
            each(serde_json::from_str(&line).map_err(|error| cannot_be_kept(&error.into()))?)?;
        }
        self.0.seek(io::SeekFrom::End(0)).map(drop).map_err(|error| cannot_be_kept(&error))
    }
}

fn cannot_be_kept(error: &io::Error) -> Fault {
    Fault::new(
        format!("What was read cannot be kept until the files are written ({error})"),
        "Make room on the disk for temporary files, then run the same command again.",
    )
}
