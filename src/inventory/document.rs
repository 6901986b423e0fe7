//! The inventory as one JSON document: `--format json` prints it, and a list of defects that is named `.json` holds it.
//! Its schema is in `docs/schema`; fields are only ever added.

use super::{Census, Defect, Kind, Outcome, Spool, Standing};
use crate::model::{Fault, json_shown};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// Of the document. It grows where a field changes its meaning, and not where one is added.
pub const VERSION: u32 = 1;

/// What stands beside the defects.
#[derive(Serialize)]
pub struct Document {
    version: u32,
    command: &'static str,
    pub counts: Counts,
    pub exit: Exit,
    pub files: Files,
    /// The command that says of the sheet that nothing is to be done; `null` where no sheet was written that it reads.
    pub plan: Option<String>,
}

/// The code that the command ends with.
#[derive(Clone, Serialize)]
pub struct Exit {
    pub code: u8,
    pub reason: String,
}

/// Where the files are.
#[derive(Clone, Default, Serialize)]
pub struct Files {
    pub sheet: String,
    pub defects: String,
}

/// How many there are of what.
#[derive(Default, Serialize)]
pub struct Counts {
    pub accounts: Census,
    pub read: u64,
    pub without_bundles: u64,
    pub not_read: u64,
    /// Rows of the sheet.
    pub rows: u64,
    /// Every kind has its number, also where that is 0.
    pub defects: Map<String, Value>,
    #[serde(skip)]
    of_kind: [u64; Kind::ALL.len()],
}

impl Counts {
    /// Takes an account in.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome.standing {
            Standing::Read => self.read += 1,
            Standing::WithoutBundles => {
                self.read += 1;
                self.without_bundles += 1;
            }
            Standing::NotRead => self.not_read += 1,
            Standing::NotActive => (),
        }
        self.rows += u64::from(outcome.row.is_some());
        for Defect { kind, .. } in &outcome.defects {
            self.of_kind[*kind as usize] += 1;
        }
    }

    /// How many defects there are of a kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.of_kind[kind as usize]
    }

    /// What is wrong, accounts that were not read apart.
    pub fn wrong(&self) -> u64 {
        self.of_kind.iter().sum::<u64>() - self.of(Kind::AccountNotRead)
    }
}

impl Document {
    pub fn new(mut counts: Counts, exit: Exit, files: Files, plan: Option<String>) -> Document {
        let of = |kind: Kind| (kind.word().to_owned(), counts.of(kind).into());
        counts.defects = Kind::ALL.into_iter().map(of).collect();
        Document { version: VERSION, command: "inventory", counts, exit, files, plan }
    }

    /// Writes the document, with the defects as its last field.
    ///
    /// # Errors
    /// The output cannot be written, or what was read cannot be read again.
    pub fn write(&self, spool: &mut Spool, output: &mut dyn Write) -> io::Result<()> {
        let head = serde_json::to_string(self)?;
        let head = json_shown(&head).into_owned();
        // Without the brace at its end.
        write!(output, "{},\"defects\":[", &head[..head.len() - 1])?;
        let (mut separator, mut failed) = ("\n", None);
        let read = spool.each(&mut |outcome| {
            for defect in &outcome.defects {
                let line = serde_json::to_string(defect).map_err(io::Error::from);
                let written = line.and_then(|line| write!(output, "{separator}{}", json_shown(&line)));
                if let Err(error) = written {
                    let fault = Fault::new(error.to_string(), "");
                    failed = Some(error);
                    return Err(fault);
                }
                separator = ",\n";
            }
            Ok(())
        });
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, Err(fault)) => Err(io::Error::other(fault.what().to_owned())),
            (None, Ok(())) => write!(output, "\n]}}\n"),
        }
    }
}
