//! Reports for tests.

use super::{Cause, ColumnToCorrect, RowReport};
use crate::facts::Outcome;
use crate::model::Sid;
use crate::report::console::console_url;
use crate::report::next::{Who, next_action, who};

/// A row that stands like this.
pub fn example(row: u64, outcome: Outcome) -> RowReport {
    let is_wrong =
        matches!(outcome, Outcome::Rejected | Outcome::Refused | Outcome::Unsure | Outcome::Invalid);
    let cause = is_wrong.then(|| Cause {
        code: Some(if outcome == Outcome::Rejected { "18606" } else { "not_in_list" }.to_owned()),
        message: format!("what Twilio says of row {row}"),
        hint: "what to do about it".to_owned(),
        columns: vec![ColumnToCorrect {
            column: "email",
            cell: format!("C{row}"),
            value: format!("someone-{row}@example.com"),
        }],
        ..Cause::default()
    });
    let profile = Sid::parse(&format!("BU{row:032x}")).filter(|_| outcome != Outcome::NotAttempted);
    let waits = who(outcome) == Who::Twilio;
    RowReport {
        row,
        subaccount_sid: format!("AC{row:032x}"),
        business_name: format!("Business {row} of Somewhere LLC"),
        outcome,
        who: who(outcome),
        next_action: next_action(outcome, cause.as_ref()),
        bundles: vec![],
        resources: vec![],
        phone_numbers: vec![],
        phone_numbers_assigned: 1,
        phone_numbers_refused: 0,
        cause,
        remarks: vec![],
        attempts: 23,
        started_at: Some(1_800_000_000_000),
        finished_at: Some(1_800_000_001_000),
        submitted_at: waits.then_some(1_800_000_000_500),
        waiting_since: waits.then_some(1_800_000_000_500),
        days_waiting: waits.then_some(4),
        console_url: profile.as_ref().map(console_url),
        flags_are_recorded: true,
        no_submit: false,
    }
}
