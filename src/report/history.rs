//! What the customers of a sheet have been through since the beginning, by the ledger's history: how many stood where
//! at the end of each day, and how many were ever submitted, rejected or refused.

use super::log::timestamp;
use super::row::RowReport;
use crate::facts::{Outcome, Time};
use crate::flow::BundleStatus;
use crate::flow::{BundleId, Flow, StepId};
use crate::ledger::{Ledger, PastState, Turn};
use crate::model::Fault;
use std::collections::{BTreeSet, HashMap};

/// A day in milliseconds.
pub const DAY_MS: Time = 24 * 60 * 60 * 1_000;

/// How far a customer has come, the farthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Approved,
    /// The profile is approved, and a product of it is in review.
    ProductInReview,
    ProfileInReview,
    /// Begun, and nothing of it is in review.
    InPreparation,
    /// Something was rejected or refused, or must be chosen.
    NeedsYou,
    NotBegun,
}

impl Stage {
    pub const ALL: [Stage; 6] = [
        Stage::Approved,
        Stage::ProductInReview,
        Stage::ProfileInReview,
        Stage::InPreparation,
        Stage::NeedsYou,
        Stage::NotBegun,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Stage::Approved => "approved",
            Stage::ProductInReview => "product in review",
            Stage::ProfileInReview => "profile in review",
            Stage::InPreparation => "in preparation",
            Stage::NeedsYou => "needs you",
            Stage::NotBegun => "not begun",
        }
    }

    /// Where a customer is whose row stands so now.
    pub fn of(outcome: Outcome) -> Stage {
        match outcome {
            Outcome::Approved => Stage::Approved,
            Outcome::Submitted => Stage::ProductInReview,
            Outcome::AwaitingProfileApproval => Stage::ProfileInReview,
            Outcome::ProfileApproved | Outcome::Drafted | Outcome::Unfinished => Stage::InPreparation,
            Outcome::Rejected | Outcome::Refused | Outcome::Unsure | Outcome::Invalid => Stage::NeedsYou,
            Outcome::NotAttempted => Stage::NotBegun,
        }
    }
}

/// How many customers stood where.
pub type Counts = [u64; Stage::ALL.len()];

fn place(stage: Stage) -> usize {
    Stage::ALL.iter().position(|it| *it == stage).unwrap_or(0)
}

/// What has been.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// When the first customer was begun.
    pub begun_at: Option<Time>,
    pub begun: u64,
    /// Customers of whom a bundle was ever submitted, rejected, refused.
    pub submitted: u64,
    pub rejected: u64,
    pub refused: u64,
    /// The end of each day from the first on (UTC, such as `2027-01-15`); the last one is how things stand now.
    pub days: Vec<(String, Counts)>,
}

/// Gathers the rows of a sheet, to tell of the past of their customers.
#[derive(Default)]
pub struct Gathered {
    customers: HashMap<String, Customer>,
    now: Counts,
}

#[derive(Default)]
struct Customer {
    standing: Standing,
    was_submitted: bool,
    was_rejected: bool,
    was_refused: bool,
}

impl Gathered {
    pub fn add(&mut self, row: &RowReport) {
        self.now[place(Stage::of(row.outcome))] += 1;
        self.customers.entry(row.subaccount_sid.clone()).or_default();
    }

    /// Reads the ledger's history. `now` is the time of the rows.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn past(mut self, flow: &Flow, ledger: Option<&Ledger>, now: Time) -> Result<Past, Fault> {
        let mut past = Past::default();
        let mut counts = Counts::default();
        counts[place(Stage::NotBegun)] = self.now.iter().sum();
        let mut day = None;
        let mut each = |event: PastState<'_>| {
            let Some(customer) = self.customers.get_mut(event.subaccount) else { return };
            past.begun_at.get_or_insert(event.at);
            let today = event.at / DAY_MS;
            let last = *day.get_or_insert(today);
            for ended in last..today {
                past.days.push((date(ended), counts));
            }
            // A clock that was set back changes nothing of the days that are over.
            day = Some(last.max(today));
            let before = customer.standing.stage(flow);
            customer.note(flow, &event);
            counts[place(before)] = counts[place(before)].saturating_sub(1);
            counts[place(customer.standing.stage(flow))] += 1;
        };
        if let Some(ledger) = ledger {
            ledger.history(&mut each)?;
        }
        if let Some(day) = day {
            for ended in day..now / DAY_MS {
                past.days.push((date(ended), counts));
            }
        }
        past.days.push((date(now / DAY_MS), self.now));
        for customer in self.customers.values() {
            past.begun += u64::from(customer.standing.is_begun);
            past.submitted += u64::from(customer.was_submitted);
            past.rejected += u64::from(customer.was_rejected);
            past.refused += u64::from(customer.was_refused);
        }
        Ok(past)
    }
}

impl Customer {
    fn note(&mut self, flow: &Flow, event: &PastState<'_>) {
        self.standing.note(flow, event);
        match event.turn {
            Turn::Refused => self.was_refused = true,
            Turn::Seen(BundleStatus::TwilioRejected) => self.was_rejected = true,
            Turn::Done if event.step == event.step.bundle.submitted_by() => self.was_submitted = true,
            _ => (),
        }
    }
}

/// How a customer stands, as the history tells it.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    is_begun: bool,
    statuses: Vec<(BundleId, BundleStatus)>,
    refused: Vec<(StepId, String)>,
}

impl Standing {
    /// Takes in what came next.
    pub fn note(&mut self, flow: &Flow, event: &PastState<'_>) {
        self.is_begun = true;
        let bundle = event.step.bundle;
        let is_it = |it: &(StepId, String)| it.0 == event.step && it.1 == event.part;
        self.refused.retain(|it| !is_it(it));
        match event.turn {
            Turn::Refused | Turn::Unsure => self.refused.push((event.step, event.part.to_owned())),
            Turn::Seen(status) if flow.bundles().any(|it| it == bundle) => self.set(bundle, status),
            Turn::Done if event.step == bundle.submitted_by() => {
                self.set(bundle, BundleStatus::PendingReview)
            }
            Turn::Done if event.step == bundle.made_by() => self.set(bundle, BundleStatus::Draft),
            // It is there no more.
            Turn::Removed if event.step == bundle.made_by() => self.statuses.retain(|it| it.0 != bundle),
            Turn::Started | Turn::Done | Turn::Seen(_) | Turn::Removed => (),
        }
    }

    fn set(&mut self, bundle: BundleId, status: BundleStatus) {
        self.statuses.retain(|it| it.0 != bundle);
        self.statuses.push((bundle, status));
    }

    /// Twilio's word for a bundle, as it was last read.
    pub fn status(&self, name: &str) -> Option<BundleStatus> {
        self.statuses.iter().find(|it| it.0.name == name).map(|it| it.1)
    }

    /// Whether anything is otherwise that somebody would want to hear of. Which of the two words Twilio has for a
    /// review that is under way is nothing of that kind.
    pub fn is_as(&self, other: &Standing) -> bool {
        let statuses = |of: &Standing| {
            let word = |it: &(BundleId, BundleStatus)| match it.1 {
                BundleStatus::InReview => (it.0.name, BundleStatus::PendingReview.word()),
                status => (it.0.name, status.word()),
            };
            of.statuses.iter().map(word).collect::<BTreeSet<_>>()
        };
        let refused =
            |of: &Standing| of.refused.iter().map(|it| (it.0.name, it.1.clone())).collect::<BTreeSet<_>>();
        self.is_begun == other.is_begun
            && statuses(self) == statuses(other)
            && refused(self) == refused(other)
    }

    pub fn stage(&self, flow: &Flow) -> Stage {
        let is = |wanted: &[BundleStatus]| self.statuses.iter().any(|it| wanted.contains(&it.1));
        let in_review = [BundleStatus::PendingReview, BundleStatus::InReview];
        let profile = self.statuses.iter().find(|it| it.0 == flow.profile).map(|it| it.1);
        if !self.is_begun {
            Stage::NotBegun
        } else if !self.refused.is_empty() || is(&[BundleStatus::TwilioRejected]) {
            Stage::NeedsYou
        } else if !self.statuses.is_empty()
            && self.statuses.iter().all(|it| it.1 == BundleStatus::TwilioApproved)
        {
            Stage::Approved
        } else if profile.is_some_and(|it| in_review.contains(&it)) {
            Stage::ProfileInReview
        } else if is(&in_review) {
            Stage::ProductInReview
        } else {
            Stage::InPreparation
        }
    }
}

/// A day since 1970, such as `2027-01-15`.
fn date(day: u64) -> String {
    timestamp(day * DAY_MS).map_or_else(String::new, |time| time.strftime("%Y-%m-%d").to_string())
}
