//! What waits for Twilio: each review with its age, and what is to be told Twilio's support of those that take too long.

use super::history::DAY_MS;
use super::log::rfc3339;
use super::preview::spell_duration;
use super::row::RowReport;
use super::words::usual_review;
use crate::facts::Time;
use crate::flow::{BundleId, Flow};
use crate::model::Sid;
use serde::Serialize;

/// A review is worth a question when it takes so many times as long as usual.
const LONG: u64 = 2;

/// How many reviews a person is shown, the oldest first. Whoever has more reads the results.
const SHOWN_MAX: usize = 10;

/// A review that is waited for.
#[derive(Clone, Debug, Serialize)]
pub struct Wait {
    pub row: u64,
    /// `AC…`; `null` where the cell of an invalid row holds something else.
    pub subaccount_sid: Option<String>,
    pub business_name: String,
    /// Such as `customer_profile`.
    pub bundle: &'static str,
    pub bundle_sid: Option<String>,
    /// Twilio's word, as it was last read.
    pub status: Option<&'static str>,
    pub submitted_at: String,
    pub waiting_hours: u64,
    /// What such a review usually takes, such as `1 to 3 days`.
    pub usual: String,
    /// Whether it waits longer than `--long`.
    pub is_long: bool,
    #[serde(skip)]
    waited_ms: u64,
}

/// The reviews that are waited for, gathered row by row.
pub struct Waits {
    flow: &'static Flow,
    now: Time,
    long_ms: Option<u64>,
    all: Vec<Wait>,
}

/// How long a review of this bundle may take before it is pointed out, where nobody has said it.
pub fn usually_long_ms(bundle: BundleId) -> u64 {
    LONG * bundle.usual_review_days.1 * DAY_MS
}

impl Waits {
    /// `long_ms`: what is longer is pointed out; `None` for twice the usual time of each review.
    pub fn new(flow: &'static Flow, now: Time, long_ms: Option<u64>) -> Waits {
        Waits { flow, now, long_ms, all: vec![] }
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// Takes in the reviews of a row.
    pub fn add(&mut self, row: &RowReport) {
        for bundle in row.bundles.iter().filter(|it| it.waits()) {
            let Some(submitted_at) = bundle.submitted_at else { continue };
            let Some(id) = self.flow.bundles().find(|it| it.name == bundle.name) else { continue };
            let waited_ms = self.now.saturating_sub(submitted_at);
            self.all.push(Wait {
                row: row.row,
                subaccount_sid: Sid::parse(&row.subaccount_sid).map(|it| it.to_string()),
                business_name: row.business_name.clone(),
                bundle: bundle.name,
                bundle_sid: bundle.sid.clone(),
                status: bundle.status.map(|it| it.word()),
                submitted_at: rfc3339(submitted_at),
                waiting_hours: waited_ms / (DAY_MS / 24),
                usual: usual_review(id),
                is_long: waited_ms > self.long_ms.unwrap_or(usually_long_ms(id)),
                waited_ms,
            });
        }
    }

    /// All of them, the oldest first.
    pub fn oldest(&self) -> Vec<&Wait> {
        let mut all: Vec<&Wait> = self.all.iter().collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.waited_ms));
        all
    }
}

/// What a person is told of the reviews that are waited for, line by line.
pub fn lines(waits: &[&Wait]) -> Vec<String> {
    if waits.is_empty() {
        return vec![];
    }
    let long = waits.iter().filter(|it| it.is_long).count();
    let head = if long > 0 { format!(", {long} of them for too long") } else { String::new() };
    let mut lines = vec![format!("Reviews under way: {}{head}", waits.len())];
    for wait in waits.iter().take(SHOWN_MAX) {
        let Wait { row, business_name, bundle, usual, .. } = wait;
        let waits = spell_duration(wait.waited_ms / 1_000);
        lines.push(format!("  row {row}  {business_name}: {bundle} for {waits} (usual: {usual})"));
    }
    if waits.len() > SHOWN_MAX {
        let more = waits.len() - SHOWN_MAX;
        lines.push(format!("  and {more} more that wait less: see the column days_waiting of the results"));
    }
    lines
}

/// The text of a ticket at Twilio's support about the reviews that take too long, to be copied as it is: SIDs, times
/// and Twilio's own words, and nothing of the customers. `None` where no review does.
pub fn ticket(waits: &[&Wait]) -> Option<String> {
    let long: Vec<&&Wait> = waits.iter().filter(|it| it.is_long).collect();
    if long.is_empty() {
        return None;
    }
    let mut text = String::from(
        "These Trust Hub bundles have been in review for longer than usual. Please tell us how they stand, and whether \
         anything is needed from us.\n\
         account SID, bundle SID, kind, status, submitted at (UTC)\n",
    );
    for it in long {
        let word = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
        let (account, sid) = (word(it.subaccount_sid.as_deref()), word(it.bundle_sid.as_deref()));
        text += &format!("{account}, {sid}, {}, {}, {}\n", it.bundle, word(it.status), it.submitted_at);
    }
    Some(text)
}
