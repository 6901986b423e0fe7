//! What each customer has been through, in the order in which it was written down.

use super::record::says_named;
use super::{Ledger, Record, schema, unusable};
use crate::facts::Time;
use crate::flow::BundleStatus;
use crate::flow::{Flow, StepId};
use crate::model::{Fault, Sid};
use rusqlite::{Connection, Row};

/// A state that a step of a customer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastState<'a> {
    pub subaccount: &'a str,
    pub step: StepId,
    /// Tells the steps of one number or person from those of another.
    pub part: &'a str,
    pub turn: Turn,
    pub at: Time,
    /// Its place in the history; 0 in a ledger of format 1.
    pub line: i64,
    /// What came of the step, or what an update was about.
    pub sid: Option<&'a str>,
    /// Whether the row has named what is there: somebody else had made it.
    pub is_named: bool,
}

/// A command that has written to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Its number, counted from 1 over all runs of the ledger.
    pub id: i64,
    pub started_at: Time,
    /// Its lines of the history are those after this one,
    pub after: i64,
    /// up to this one.
    pub last: i64,
}

/// What came of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Started,
    Done,
    /// A bundle was read.
    Seen(BundleStatus),
    Refused,
    Unsure,
    Removed,
}

/// A line of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    State(PastState<'a>),
    /// What had become of this account by then was told to whoever looks after it; of the parent account: somebody
    /// has looked.
    Told {
        account: &'a str,
        at: Time,
    },
}

/// The step and the state of a line that is no state of a step: it marks what was told. Whoever does not know it
/// passes over it, as earlier versions do.
pub(super) const LOOK: &str = "look";
pub(super) const TOLD: &str = "told";

impl Ledger {
    /// Notes that what the history has of these customers was told.
    ///
    /// # Errors
    /// The ledger cannot write.
    pub async fn note_told(&self, parent: &Sid, customers: Vec<Sid>, at: Time) -> Result<(), Fault> {
        self.append(parent, vec![Record::Told { customers, at }]).await
    }

    /// Tells of every state that any step of any customer has been in, the oldest first. A ledger of format 1,
    /// which kept no history, tells of the last one of each.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn history(&self, each: &mut dyn FnMut(PastState<'_>)) -> Result<(), Fault> {
        self.history_with_looks(&mut |line| match line {
            Line::State(past) => each(past),
            Line::Told { .. } => (),
        })
    }

    /// The same, and between them what was told when.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn history_with_looks(&self, each: &mut dyn FnMut(Line<'_>)) -> Result<(), Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        read(&reader, self.flow, self.world, each).map_err(|error| unusable(&self.path, &error))
    }
}

impl Ledger {
    /// The run that this opening of the ledger is; `None` where it is only read.
    pub fn run(&self) -> Option<i64> {
        self.run
    }

    /// The commands that have written to the ledger for this world, the oldest first. What was written before
    /// there were runs (formats 1 and 2) belongs to none.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn runs(&self) -> Result<Vec<PastRun>, Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        runs(&reader, self.world).map_err(|error| unusable(&self.path, &error))
    }
}

fn runs(connection: &Connection, world: i64) -> rusqlite::Result<Vec<PastRun>> {
    if schema::format(connection)? < 3 {
        return Ok(vec![]);
    }
    let mut statement = connection.prepare(
        "SELECT id, started_at, after,
             coalesce(lead(after) OVER (ORDER BY id), (SELECT coalesce(max(id), 0) FROM history)), world
         FROM runs ORDER BY id",
    )?;
    let run = |row: &Row<'_>| {
        let run = PastRun { id: row.get(0)?, started_at: row.get(1)?, after: row.get(2)?, last: row.get(3)? };
        Ok((run, row.get::<_, i64>(4)?))
    };
    let all = statement.query_map([], run)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|(run, of)| *of == world && run.last > run.after).map(|it| it.0).collect())
}

fn read(
    connection: &Connection,
    flow: &Flow,
    world: i64,
    each: &mut dyn FnMut(Line<'_>),
) -> rusqlite::Result<()> {
    let (line, table) = if schema::format(connection)? < 2 { ("0", BY_TIME) } else { ("id", IN_ORDER) };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT subaccount, step, part, state, code, at, {line}, sid, detail FROM {table}"
    ))?;
    let mut rows = statement.query([world])?;
    while let Some(row) = rows.next()? {
        if let Some(past) = past(row, flow)? {
            each(Line::State(past));
        } else if row.get_ref(1)?.as_str()? == LOOK && row.get_ref(3)?.as_str()? == TOLD {
            each(Line::Told { account: row.get_ref(0)?.as_str()?, at: row.get(5)? });
        }
    }
    Ok(())
}

const BY_TIME: &str = "steps WHERE world = ?1 ORDER BY at";
const IN_ORDER: &str = "history WHERE world = ?1 ORDER BY id";

/// `None` for what only a later version has words for.
fn past<'a>(row: &'a Row<'_>, flow: &Flow) -> rusqlite::Result<Option<PastState<'a>>> {
    let text = |column| row.get_ref(column).and_then(|it| Ok(it.as_str()?));
    let Some(step) = flow.step(text(1)?) else { return Ok(None) };
    let status = || row.get_ref(4).ok()?.as_str().ok().and_then(BundleStatus::parse);
    let turn = match text(3)? {
        "started" => Turn::Started,
        "done" => Turn::Done,
        "refused" => Turn::Refused,
        "unsure" => Turn::Unsure,
        "removed" => Turn::Removed,
        "seen" => match status() {
            Some(status) => Turn::Seen(status),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let sid = row.get_ref(7)?.as_str_or_null()?;
    let is_named = turn == Turn::Done && row.get_ref(8)?.as_str_or_null()?.is_some_and(says_named);
    let (at, line) = (row.get(5)?, row.get(6)?);
    Ok(Some(PastState { subaccount: text(0)?, step, part: text(2)?, turn, at, line, sid, is_named }))
}
