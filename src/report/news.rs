//! What has changed since somebody last looked: told by the ledger's history, which also says how far it was told.
//!
//! A look that dies before it has said everything leaves no mark, and the next one says it all. Only `status` leaves one:
//! what a run, a report or a plan says eats no news. The mark stands with each customer, so that a look at one sheet
//! eats nothing of another sheet's with the same ledger.

use super::history::Standing;
use super::log::rfc3339;
use super::row::{ColumnToCorrect, RowReport};
use super::words::needs_a_look;
use crate::facts::{Outcome, Time};
use crate::flow::{BundleStatus, Flow};
use crate::ledger::{Ledger, Line};
use crate::model::{Fault, Sid};
use serde::Serialize;
use std::collections::HashMap;

/// How many rows of each outcome a person is shown. Whoever has more reads the results.
const SHOWN_MAX: usize = 10;

/// What is news to whoever looks.
pub struct News {
    flow: &'static Flow,
    /// When somebody last looked.
    since: Option<Time>,
    customers: HashMap<String, Told>,
    changed: Vec<Change>,
}

#[derive(Default)]
struct Told {
    before: Standing,
    now: Standing,
}

/// What has changed of a row.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub row: u64,
    pub subaccount_sid: String,
    pub business_name: String,
    /// How it stood at the last look, in words.
    pub before: &'static str,
    pub outcome: Outcome,
    /// The bundles whose status is another one now.
    pub bundles: Vec<BundleChange>,
    /// What went wrong, where something did.
    pub message: String,
    /// The columns to correct with their cells, such as `business_name (F17)`.
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct BundleChange {
    /// Such as `customer_profile`.
    pub name: &'static str,
    pub sid: Option<String>,
    /// Twilio's words.
    pub before: Option<&'static str>,
    pub status: Option<&'static str>,
}

/// The news as it stands in a document.
#[derive(Serialize)]
pub struct NewsDocument<'a> {
    /// When the last look was; `null` where this is the first.
    pub since: Option<String>,
    /// How many rows have come to stand so.
    pub outcomes: serde_json::Map<String, serde_json::Value>,
    pub changed: &'a [Change],
}

impl News {
    /// Reads the history to its end.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn read(flow: &'static Flow, ledger: &Ledger, parent: &Sid) -> Result<News, Fault> {
        let mut customers: HashMap<String, Told> = HashMap::new();
        let mut since = None;
        ledger.history_with_looks(&mut |line| match line {
            Line::Told { account, at } if account == parent.as_str() => since = Some(at),
            Line::Told { account, .. } => {
                if let Some(told) = customers.get_mut(account) {
                    told.before = told.now.clone();
                }
            }
            Line::State(past) => match customers.get_mut(past.subaccount) {
                Some(told) => told.now.note(flow, &past),
                None => {
                    customers.entry(past.subaccount.to_owned()).or_default().now.note(flow, &past);
                }
            },
        })?;
        customers.retain(|_, told| !told.now.is_as(&told.before));
        Ok(News { flow, since, customers, changed: vec![] })
    }

    pub fn clear(&mut self) {
        self.changed.clear();
    }

    /// Takes a row in, if something of it has changed.
    pub fn add(&mut self, row: &RowReport) {
        let Some(told) = self.customers.get(&row.subaccount_sid) else { return };
        let word = |status: Option<BundleStatus>| status.map(|it| it.word());
        let bundles = row.bundles.iter().map(|it| BundleChange {
            name: it.name,
            sid: it.sid.clone(),
            before: word(told.before.status(it.name)),
            status: word(told.now.status(it.name)),
        });
        self.changed.push(Change {
            row: row.row,
            subaccount_sid: row.subaccount_sid.clone(),
            business_name: row.business_name.clone(),
            before: told.before.stage(self.flow).words(),
            outcome: row.outcome,
            bundles: bundles.filter(|it| it.before != it.status).collect(),
            message: if row.cause.is_some() { row.words() } else { String::new() },
            columns: row.columns().into_iter().map(ColumnToCorrect::place).collect(),
        });
    }

    /// The customers whose news is told, once it is.
    pub fn told(&self) -> Vec<Sid> {
        self.changed.iter().filter_map(|it| Sid::parse(&it.subaccount_sid)).collect()
    }

    fn counts(&self) -> impl Iterator<Item = (Outcome, usize)> + '_ {
        let count = |outcome| self.changed.iter().filter(|it| it.outcome == outcome).count();
        Outcome::ALL.into_iter().map(move |it| (it, count(it))).filter(|it| it.1 > 0)
    }

    pub fn document(&self) -> NewsDocument<'_> {
        let outcomes = self.counts().map(|(outcome, count)| (outcome.word().to_owned(), count.into()));
        NewsDocument { since: self.since.map(rfc3339), outcomes: outcomes.collect(), changed: &self.changed }
    }

    /// What a person is told, line by line: the sum, then the rows, those that need somebody first.
    pub fn lines(&self) -> Vec<String> {
        let counts: Vec<_> = self.counts().collect();
        let sum: Vec<String> = counts.iter().map(|(it, count)| format!("{count} {}", it.word())).collect();
        let sum = if sum.is_empty() { "nothing has changed".to_owned() } else { sum.join(", ") };
        let mut lines = vec![match self.since {
            Some(since) => format!("Since the last look ({}): {sum}", rfc3339(since)),
            None => format!("Since the beginning (this is the first look): {sum}"),
        }];
        let (first, then): (Vec<_>, Vec<_>) = counts.into_iter().partition(|it| needs_a_look(it.0));
        for (outcome, count) in first.into_iter().chain(then) {
            let rows = self.changed.iter().filter(|it| it.outcome == outcome);
            lines.extend(rows.take(SHOWN_MAX).map(Change::line));
            if count > SHOWN_MAX {
                let more = count - SHOWN_MAX;
                lines.push(format!("  and {more} more {}: see the results", outcome.word()));
            }
        }
        lines
    }
}

impl Change {
    fn line(&self) -> String {
        let mut text = format!("  row {}  {}: {}", self.row, self.business_name, self.outcome.word());
        let of = |it: &BundleChange| Some(format!("{} {}", it.name, it.status?));
        let bundles: Vec<String> = self.bundles.iter().filter_map(of).collect();
        if !bundles.is_empty() {
            text += &format!(" ({})", bundles.join(", "));
        }
        if !self.message.is_empty() {
            text += &format!("; {}", self.message);
        }
        if !self.columns.is_empty() {
            text += &format!("; cells: {}", self.columns.join("; "));
        }
        text
    }
}
