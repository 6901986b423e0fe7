//! Whose each thing is, as far as the ledger's history says it.

use crate::flow::{Key, Part};
use crate::ledger::{Ledger, PastRun, PastState, Turn};
use crate::model::{Fault, Sid};
use std::collections::{HashMap, HashSet};

/// How something came to stand in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program asked for it. `line`: the place of that in the history.
    Made { line: i64 },
    /// A row named it: somebody else had made it.
    Named,
    /// It was found, and bore our tag; or a row named it, and a version of the program that does not tell the two
    /// apart has written it down.
    Found { tells_apart: bool },
    /// The ledger knows nothing of it.
    Unknown,
}

/// What the history says of the things of some accounts.
#[derive(Default)]
pub struct Origins(HashMap<Sid, HashMap<Key, Thread>>);

/// What has become of one step so far.
#[derive(Default)]
struct Thread {
    /// The creation that was asked for last and has no answer yet.
    asked_at: Option<i64>,
    /// What is there, or was there last, and how it came to be.
    there: Option<(Sid, Origin)>,
}

impl Origins {
    /// Reads the history of these accounts.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn read(ledger: &Ledger, of: &HashSet<Sid>) -> Result<Origins, Fault> {
        // What was written before the first run that has a number says nothing of names.
        let tells_apart_after = ledger.runs()?.first().map_or(i64::MAX, |it| it.after);
        let mut origins = Origins::default();
        ledger.history(&mut |past| {
            let Some((account, key)) = thing(&past).filter(|it| of.contains(&it.0)) else { return };
            let thread = origins.0.entry(account).or_default().entry(key).or_default();
            thread.note(&past, past.line > tells_apart_after);
        })?;
        Ok(origins)
    }

    /// How this thing of an account came to be.
    pub fn of(&self, account: &Sid, key: Key, sid: &Sid) -> Origin {
        let Some(thread) = self.0.get(account).and_then(|it| it.get(&key)) else { return Origin::Unknown };
        match (&thread.there, thread.asked_at) {
            (Some((there, origin)), _) if there == sid => *origin,
            // It was asked for, and its answer never came.
            (_, Some(line)) => Origin::Made { line },
            _ => Origin::Unknown,
        }
    }
}

impl Thread {
    fn note(&mut self, past: &PastState<'_>, tells_apart: bool) {
        match (past.turn, past.sid.and_then(Sid::parse)) {
            (Turn::Started, None) => self.asked_at = Some(past.line),
            (Turn::Done, Some(sid)) => {
                let origin = match (&self.there, self.asked_at.take()) {
                    _ if past.is_named => Origin::Named,
                    // It was found once more, or updated.
                    (Some((there, origin)), _) if *there == sid => *origin,
                    (_, Some(line)) => Origin::Made { line },
                    _ => Origin::Found { tells_apart },
                };
                self.there = Some((sid, origin));
            }
            (Turn::Removed, _) => self.asked_at = None,
            _ => (),
        }
    }
}

/// The accounts in which a run has asked for anything.
///
/// # Errors
/// The ledger cannot be read.
pub fn accounts_of(run: PastRun, ledger: &Ledger) -> Result<Vec<Sid>, Fault> {
    let (mut accounts, mut known) = (vec![], HashSet::new());
    ledger.history(&mut |past| {
        let is_of_it = run.after < past.line && past.line <= run.last;
        if let Some((account, _)) = thing(&past)
            && is_of_it
            && (past.turn, past.sid) == (Turn::Started, None)
            && known.insert(account.clone())
        {
            accounts.push(account);
        }
    })?;
    Ok(accounts)
}

/// What a line of the history is about, where that is something that the program makes.
fn thing(past: &PastState<'_>) -> Option<(Sid, Key)> {
    let key = Key { step: past.step, part: Part::parse(past.part)? };
    let is_made = past.step.verb.creates() && !matches!(key.part, Part::Disowned(_));
    Some((Sid::parse(past.subaccount)?, key)).filter(|_| is_made)
}
