//! One row of the sheet: how it stands, what came of it, and who has to do what next. The results files, the file of
//! failed rows, JSON, the terminal and the exit code are all written from this one report, and from nothing else.

mod cause;
mod columns;
#[cfg(test)]
pub mod example;
mod make;
mod numbers;

pub use cause::{Cause, ColumnToCorrect, Remark};
pub use make::{Reporter, resources};
pub use numbers::{NumberOnBundle, NumberReport, NumberState};

use super::log::rfc3339;
use super::next::Who;
use crate::facts::{Outcome, Time};
use crate::flow::BundleStatus;
use cause::NUMBERS_LEFT_OUT;
use serde::{Serialize, Serializer};

/// How one row of the sheet stands. Made from the sheet, the plan and the ledger; of the run that has just ended it
/// holds only Twilio's own words and the run's remarks, which are kept nowhere else.
///
/// As JSON the fields have these names. Fields are only ever added.
#[derive(Clone, Debug, Serialize)]
pub struct RowReport {
    /// The row as the spreadsheet shows it, counted from 1.
    pub row: u64,
    /// `AC…`; of an invalid row whatever its cell holds.
    pub subaccount_sid: String,
    pub business_name: String,
    /// The worst of its bundles' outcomes.
    pub outcome: Outcome,
    /// Who acts next.
    pub who: Who,
    /// What is to be done next, in one sentence.
    pub next_action: String,
    /// Every bundle of the flow, in its order: the profile first.
    pub bundles: Vec<BundleReport>,
    /// What the steps created and assigned, in the order of the flow.
    pub resources: Vec<ResourceReport>,
    pub phone_numbers: Vec<NumberReport>,
    /// How many of them are on the profile.
    pub phone_numbers_assigned: usize,
    /// How many of them were refused for any bundle.
    pub phone_numbers_refused: usize,
    /// What keeps the row from its end.
    pub cause: Option<Cause>,
    /// What is worth knowing although it keeps nothing back.
    pub remarks: Vec<Remark>,
    /// The calls of this run for the row, or of its last run where no run has just ended.
    pub attempts: u32,
    /// When its last run began.
    #[serde(serialize_with = "as_time")]
    pub started_at: Option<Time>,
    /// When its last run ended; `null` while it goes on, or if it was cut off.
    #[serde(serialize_with = "as_time")]
    pub finished_at: Option<Time>,
    /// When a bundle of it was last submitted.
    #[serde(serialize_with = "as_time")]
    pub submitted_at: Option<Time>,
    /// Since when it waits for Twilio; `null` where it does not.
    #[serde(serialize_with = "as_time")]
    pub waiting_since: Option<Time>,
    /// For how many whole days it waits for Twilio.
    pub days_waiting: Option<u64>,
    /// The page of its profile in Twilio's Console, once there is one.
    pub console_url: Option<String>,
    /// Whether the ledger knows the flags of its last run. Where it does not, because an earlier version has made the
    /// record, the flags of this command decide how the row stands.
    pub flags_are_recorded: bool,
    /// Whether its last run was to submit nothing (`--no-submit`).
    pub no_submit: bool,
}

/// How one bundle of a row stands.
#[derive(Clone, Debug, Serialize)]
pub struct BundleReport {
    /// Such as `customer_profile`.
    pub name: &'static str,
    pub outcome: Outcome,
    /// `BU…`, once it exists.
    pub sid: Option<String>,
    /// Twilio's word, such as `pending-review`, as it was last read.
    pub status: Option<BundleStatus>,
    /// When it was last submitted.
    #[serde(serialize_with = "as_time")]
    pub submitted_at: Option<Time>,
}

/// What a step created or assigned.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceReport {
    /// Such as `business_information`.
    pub step: &'static str,
    pub sid: String,
}

impl BundleReport {
    /// Whether Twilio reviews it, as far as is known.
    pub fn waits(&self) -> bool {
        match self.status {
            Some(status) => matches!(status, BundleStatus::PendingReview | BundleStatus::InReview),
            None => self.submitted_at.is_some(),
        }
    }
}

impl RowReport {
    /// The SID of what a step created or assigned.
    pub fn resource(&self, step: &str) -> Option<&str> {
        self.resources.iter().find(|it| it.step == step).map(|it| it.sid.as_str())
    }

    /// Whether it is ready to be submitted, and its last run was to submit nothing.
    pub fn is_held_back(&self) -> bool {
        self.outcome == Outcome::ProfileApproved && self.no_submit
    }

    /// How many of its numbers a run has gone on without (`--refused-numbers skip`).
    pub fn numbers_left_out(&self) -> usize {
        let is_said = self.remarks.iter().any(|it| it.code == NUMBERS_LEFT_OUT);
        if is_said { self.phone_numbers_refused } else { 0 }
    }

    /// The columns that its cause and its remarks are about.
    pub fn columns(&self) -> Vec<&ColumnToCorrect> {
        let of_remarks = self.remarks.iter().flat_map(|it| &it.columns);
        self.cause.iter().flat_map(|it| &it.columns).chain(of_remarks).collect()
    }

    /// The bundle of that name.
    pub fn bundle(&self, name: &str) -> Option<&BundleReport> {
        self.bundles.iter().find(|it| it.name == name)
    }

    /// What went wrong, in words; where nothing did, what is worth knowing all the same.
    pub fn words(&self) -> String {
        match &self.cause {
            Some(cause) => cause.message.clone(),
            None => self.remarks.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; "),
        }
    }

    /// What to do about what went wrong; where nothing did, about what is worth knowing.
    pub fn hint(&self) -> &str {
        let of_remarks = || self.remarks.iter().map(|it| it.hint).find(|it| !it.is_empty());
        self.cause.as_ref().map_or_else(|| of_remarks().unwrap_or(""), |it| it.hint.as_str())
    }
}

/// RFC 3339 in UTC, such as `2027-01-15T08:00:00.000Z`.
fn as_time<S: Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(rfc3339).serialize(serializer)
}
