//! What has changed while a run waits, for a program of the user's own: counts and SIDs, and nothing of the customers.

use super::json::{Counts, VERSION};
use super::log::rfc3339;
use super::row::RowReport;
use super::summary::Tally;
use super::waits::{Wait, Waits};
use crate::facts::{Outcome, Time};
use crate::flow::{BundleStatus, Flow};
use crate::model::Sid;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the rows stood at one moment.
pub struct Snapshot {
    at: Time,
    is_over: bool,
    tally: Tally,
    rows: BTreeMap<u64, Stands>,
    waits: Waits,
}

/// How a row stands.
#[derive(Clone, PartialEq, Eq)]
struct Stands {
    subaccount_sid: Option<String>,
    outcome: Outcome,
    code: Option<String>,
    bundles: Vec<Bundle>,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
struct Bundle {
    name: &'static str,
    sid: Option<String>,
    status: Option<&'static str>,
    outcome: Outcome,
}

/// The document. Its schema is `docs/schema/change.json`; fields are only ever added.
#[derive(Serialize)]
pub struct ChangeDocument<'a> {
    version: u32,
    at: String,
    /// Whether the run has come to its end.
    is_over: bool,
    counts: Counts,
    /// How many reviews are under way.
    waiting: u64,
    changed: Vec<ChangedRow<'a>>,
    /// The reviews that take longer than `--long`, the oldest first.
    long: Vec<Long<'a>>,
}

#[derive(Serialize)]
struct ChangedRow<'a> {
    row: u64,
    subaccount_sid: Option<&'a str>,
    /// `null` where the row was not known before.
    before: Option<Outcome>,
    outcome: Outcome,
    /// The code of a refusal, a rejection or a finding.
    code: Option<&'a str>,
    bundles: &'a [Bundle],
}

#[derive(Serialize)]
struct Long<'a> {
    row: u64,
    subaccount_sid: Option<&'a str>,
    bundle: &'static str,
    bundle_sid: Option<&'a str>,
    status: Option<&'static str>,
    submitted_at: &'a str,
}

impl Snapshot {
    pub fn new(flow: &'static Flow, at: Time, long_ms: Option<u64>) -> Snapshot {
        let waits = Waits::new(flow, at, long_ms);
        Snapshot { at, is_over: false, tally: Tally::default(), rows: BTreeMap::new(), waits }
    }

    /// The same, of a run that has come to its end.
    pub fn of_the_end(self) -> Snapshot {
        Snapshot { is_over: true, ..self }
    }

    pub fn add(&mut self, row: &RowReport) {
        let bundles = row.bundles.iter().map(|it| Bundle {
            name: it.name,
            sid: it.sid.clone(),
            status: it.status.map(BundleStatus::word),
            outcome: it.outcome,
        });
        let stands = Stands {
            // The cell of an invalid row may hold anything.
            subaccount_sid: Sid::parse(&row.subaccount_sid).map(|it| it.to_string()),
            outcome: row.outcome,
            code: row.cause.as_ref().and_then(|it| it.code.clone()),
            bundles: bundles.collect(),
        };
        self.tally.count(row);
        self.rows.insert(row.row, stands);
        self.waits.add(row);
    }

    /// How many rows were seen.
    pub fn rows(&self) -> u64 {
        self.tally.total()
    }

    fn long(&self) -> impl Iterator<Item = &Wait> {
        self.waits.oldest().into_iter().filter(|it| it.is_long)
    }

    /// What has become otherwise since an earlier moment; `None` where nothing has that anybody would want to hear of.
    pub fn since<'a>(&'a self, before: &Snapshot) -> Option<ChangeDocument<'a>> {
        let changed: Vec<ChangedRow<'a>> = self
            .rows
            .iter()
            .filter(|(row, stands)| before.rows.get(row).is_none_or(|was| !was.is_as(stands)))
            .map(|(row, stands)| ChangedRow {
                row: *row,
                subaccount_sid: stands.subaccount_sid.as_deref(),
                before: before.rows.get(row).map(|it| it.outcome),
                outcome: stands.outcome,
                code: stands.code.as_deref(),
                bundles: &stands.bundles,
            })
            .collect();
        let was_long = |it: &Wait| before.long().any(|was| (was.row, was.bundle) == (it.row, it.bundle));
        if changed.is_empty() && self.long().all(was_long) {
            return None;
        }
        let long = self.long().map(|it| Long {
            row: it.row,
            subaccount_sid: it.subaccount_sid.as_deref(),
            bundle: it.bundle,
            bundle_sid: it.bundle_sid.as_deref(),
            status: it.status,
            submitted_at: &it.submitted_at,
        });
        Some(ChangeDocument {
            version: VERSION,
            at: rfc3339(self.at),
            is_over: self.is_over,
            counts: Counts::of(&self.tally),
            waiting: self.waits.oldest().len() as u64,
            long: long.collect(),
            changed,
        })
    }
}

impl Stands {
    /// Which of the two words Twilio has for a review that is under way is no change.
    fn is_as(&self, other: &Stands) -> bool {
        let word = |it: &Bundle| match it.status {
            Some(status) if status == BundleStatus::InReview.word() => {
                Some(BundleStatus::PendingReview.word())
            }
            status => status,
        };
        let plain = |of: &Stands| -> Vec<Bundle> {
            of.bundles.iter().map(|it| Bundle { status: word(it), ..it.clone() }).collect()
        };
        (self.outcome, &self.code) == (other.outcome, &other.code) && plain(self) == plain(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::FLOW;
    use crate::report::row::example::example;

    #[test]
    fn nothing_of_a_cell_is_told_also_where_the_cell_of_the_subaccount_holds_something_else() {
        let mut now = Snapshot::new(&FLOW, 1_800_000_000_000, None);
        let rows = (2..).zip(Outcome::ALL).map(|(row, outcome)| RowReport {
            subaccount_sid: "Ada Okafor, +1 415 555 0123".to_owned(),
            ..example(row, outcome)
        });
        rows.for_each(|it| now.add(&it));
        let document = now.since(&Snapshot::new(&FLOW, 0, None)).expect("all is new");
        assert_eq!(document.changed.len(), Outcome::ALL.len());
        let text = serde_json::to_string(&document).expect("JSON");
        for cell in ["Okafor", "Business", "Somewhere", "example.com", "what Twilio says", "what to do"] {
            assert!(!text.contains(cell), "{cell} in {text}");
        }
    }

    #[test]
    fn what_has_not_changed_is_not_told_again_and_a_wait_that_becomes_too_long_is() {
        let row = |status| {
            let mut row = example(2, Outcome::AwaitingProfileApproval);
            row.bundles = vec![crate::report::BundleReport {
                name: FLOW.profile.name,
                outcome: Outcome::Submitted,
                sid: Some(format!("BU{:032x}", 2)),
                status: Some(status),
                submitted_at: Some(0),
            }];
            row
        };
        let at = |now, status| {
            let mut snapshot = Snapshot::new(&FLOW, now, Some(1_000));
            snapshot.add(&row(status));
            snapshot
        };
        let before = at(500, BundleStatus::PendingReview);
        assert!(at(900, BundleStatus::InReview).since(&before).is_none(), "another word for the same");
        let late = at(2_000, BundleStatus::InReview);
        let document = late.since(&before).expect("it is too long by now");
        assert_eq!((document.changed.len(), document.long.len()), (0, 1));
        assert!(at(3_000, BundleStatus::InReview).since(&late).is_none(), "that was told");
        assert!(at(900, BundleStatus::TwilioApproved).since(&before).is_some());
    }
}
