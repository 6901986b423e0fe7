//! What each customer has been through, in the order in which it was written down.

use super::{Ledger, schema, unusable};
use crate::flow::{Flow, StepId};
use crate::model::Fault;
use crate::plan::{BundleStatus, Time};
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

impl Ledger {
    /// Tells of every state that any step of any customer has been in, the oldest first. A ledger of format 1,
    /// which kept no history, tells of the last one of each.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn history(&self, each: &mut dyn FnMut(PastState<'_>)) -> Result<(), Fault> {
        let reader = self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        read(&reader, self.flow, self.world, each).map_err(|error| unusable(&self.path, &error))
    }
}

fn read(
    connection: &Connection,
    flow: &Flow,
    world: i64,
    each: &mut dyn FnMut(PastState<'_>),
) -> rusqlite::Result<()> {
    let table = if schema::format(connection)? < 2 { "steps WHERE world = ?1 ORDER BY at" } else { IN_ORDER };
    let mut statement =
        connection.prepare_cached(&format!("SELECT subaccount, step, part, state, code, at FROM {table}"))?;
    let mut rows = statement.query([world])?;
    while let Some(row) = rows.next()? {
        if let Some(past) = past(row, flow)? {
            each(past);
        }
    }
    Ok(())
}

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
    Ok(Some(PastState { subaccount: text(0)?, step, part: text(2)?, turn, at: row.get(5)? }))
}
