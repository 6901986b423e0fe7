//! What a run would do, row by row: made from the preview of each customer and what is recorded of it.

mod columns;
mod document;
mod sums;
mod text;

pub use document::{Changed, Document, PlanFormat, Saved, print_csv};
pub use sums::{OnApproved, Shapes, Sums, spell_duration};
pub use text::Groups;

use super::hints::hint;
use super::log::rfc3339;
use crate::check::Invalid;
use crate::facts::{Code, Ending, Facts, OurCode, Reason, StepState, Time};
use crate::flow::{BundleId, Key, Verb, to_hex};
use crate::model::{Customer, PhoneNumbers, shown};
use crate::plan::Plan;
use crate::preview::{Preview, Write, WriteKind};
use columns::columns_of;
use serde::Serialize;
use std::collections::HashSet;

/// What a run would do for one row of the sheet.
///
/// As JSON the fields have these names. Fields are only ever added.
#[derive(Clone, Debug, Serialize)]
pub struct RowPlan {
    /// The row as the spreadsheet shows it, counted from 1.
    pub row: u64,
    /// `AC…`; of an invalid row whatever its cell holds.
    pub subaccount_sid: String,
    /// The word for the row: what it does first, or `blocked` where anything of it is.
    pub action: Action,
    /// All that it does, in order.
    pub does: Vec<Does>,
    /// The requests of the run for it.
    pub calls: u64,
    /// The further requests once its reviews have ended with an approval, looks at reviews apart.
    pub calls_after_approval: u64,
    /// Whether it may take more: how many numbers it has, or how what it names stands, was not asked.
    pub at_least: bool,
    /// The requests that change something, in order.
    pub writes: Vec<PlannedWrite>,
    /// What it does to bundles that are approved.
    #[serde(skip)]
    pub on_approved: OnApproved,
}

/// What can be done for a row. The words are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Everything is made: nothing of the customer is there.
    Create,
    /// A run has begun it, and goes on.
    Continue,
    /// What is there is brought to what the row says now.
    Update,
    AssignNumbers,
    RemoveNumbers,
    Submit,
    SubmitAgain,
    /// Only its review is read.
    Wait,
    Blocked,
    Nothing,
    /// The row is not sent.
    Invalid,
    /// `--only` or `--limit` leaves it out.
    NotSelected,
}

impl Action {
    pub const ALL: [Action; 12] = [
        Action::Create,
        Action::Continue,
        Action::Update,
        Action::AssignNumbers,
        Action::RemoveNumbers,
        Action::Submit,
        Action::SubmitAgain,
        Action::Wait,
        Action::Blocked,
        Action::Nothing,
        Action::Invalid,
        Action::NotSelected,
    ];

    /// The word in JSON and CSV.
    pub fn word(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Continue => "continue",
            Action::Update => "update",
            Action::AssignNumbers => "assign_numbers",
            Action::RemoveNumbers => "remove_numbers",
            Action::Submit => "submit",
            Action::SubmitAgain => "submit_again",
            Action::Wait => "wait",
            Action::Blocked => "blocked",
            Action::Nothing => "nothing",
            Action::Invalid => "invalid",
            Action::NotSelected => "not_selected",
        }
    }

    /// Whether a run takes the row on.
    pub fn is_taken_on(self) -> bool {
        !matches!(self, Action::Nothing | Action::Invalid | Action::NotSelected)
    }

    /// Whether a run changes something at the API.
    pub fn changes(self) -> bool {
        self.is_taken_on() && !matches!(self, Action::Wait | Action::Blocked)
    }
}

/// One thing that is done. Which of the fields there are depends on the action.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Does {
    pub action: Option<Action>,
    /// Where it goes on, or is blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'static str>,
    /// What is submitted or waited for, such as `customer_profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<&'static str>,
    /// The columns that were changed or are to be corrected: each of them, or one of them, because the ledger holds
    /// no values to compare with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<&'static str>,
    /// How many numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_numbers: Option<usize>,
    /// Since when it waits: RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it is blocked: Twilio's code, or our word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One request that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct PlannedWrite {
    pub step: String,
    pub action: String,
    pub method: String,
    /// With the name of its step in braces in place of a bundle that is yet to be created.
    pub path: String,
    /// A digest of what is sent, with the ledger's key.
    pub digest: String,
}

impl Does {
    fn of(action: Action) -> Does {
        Does { action: Some(action), ..Does::default() }
    }
}

impl RowPlan {
    fn empty(row: u64, subaccount_sid: String, does: Does) -> RowPlan {
        let action = does.action.unwrap_or(Action::Nothing);
        RowPlan {
            row,
            subaccount_sid,
            action,
            does: vec![does],
            calls: 0,
            calls_after_approval: 0,
            at_least: false,
            writes: vec![],
            on_approved: OnApproved::default(),
        }
    }

    /// A row that is not sent.
    pub fn invalid(invalid: &Invalid) -> RowPlan {
        let finding = &invalid.finding;
        let more = if invalid.others > 0 { format!(" (and {} more)", invalid.others) } else { String::new() };
        let does = Does {
            code: Some(finding.code.to_owned()),
            message: Some(format!("{}: {}{more}", finding.column, finding.message)),
            hint: Some(finding.suggestion.clone()).filter(|it| !it.is_empty()),
            ..Does::of(Action::Invalid)
        };
        RowPlan::empty(invalid.row, shown(&invalid.subaccount).into_owned(), does)
    }

    /// A row for which nothing is done.
    pub fn left(customer: &Customer, action: Action) -> RowPlan {
        RowPlan::empty(customer.row, customer.subaccount.to_string(), Does::of(action))
    }

    /// What a run would do for a customer. `since` says when a bundle was submitted.
    pub fn of(
        customer: &Customer,
        preview: &Preview,
        recorded: &Facts,
        at_least: bool,
        since: impl Fn(BundleId) -> Option<Time>,
    ) -> RowPlan {
        let mut does = written(customer, &preview.writes, recorded);
        does.extend(ended(customer, preview, recorded, since));
        if does.is_empty() {
            does.push(Does::of(Action::Nothing));
        }
        let actions = || does.iter().filter_map(|it| it.action);
        let action = match actions().any(|it| it == Action::Blocked) {
            true => Action::Blocked,
            false => actions().next().unwrap_or(Action::Nothing),
        };
        RowPlan {
            row: customer.row,
            subaccount_sid: customer.subaccount.to_string(),
            action,
            calls: preview.calls,
            calls_after_approval: preview.calls_after_approval,
            at_least,
            writes: preview.writes.iter().map(PlannedWrite::of).collect(),
            on_approved: OnApproved::of(&preview.writes),
            does,
        }
    }
}

impl PlannedWrite {
    fn of(write: &Write) -> PlannedWrite {
        let action = match write.kind {
            WriteKind::Create => "create",
            WriteKind::Update => "update",
            WriteKind::Assign => "assign",
            WriteKind::TakeOff => "remove",
            WriteKind::Evaluate => "evaluate",
            WriteKind::Submit => "submit",
            WriteKind::SubmitAgain => "submit_again",
        };
        PlannedWrite {
            step: write.key.step.name.to_owned(),
            action: action.to_owned(),
            method: write.method.name().to_owned(),
            path: write.path.clone(),
            digest: to_hex(&write.digest),
        }
    }
}

/// Whether more than is counted may have to be done, as far as only the API could say.
pub fn is_open_ended(plan: &Plan<'_>) -> bool {
    let all = matches!(plan.customer.phone_numbers, PhoneNumbers::All);
    all || plan.bundles().iter().any(|it| it.named_by(plan.customer).is_some())
}

fn written(customer: &Customer, writes: &[Write], recorded: &Facts) -> Vec<Does> {
    let is_numbers = |it: &&Write| {
        matches!(it.key.step.verb, Verb::AssignNumbers) || it.path.contains("/ChannelEndpointAssignments")
    };
    let numbers = |kind: WriteKind| {
        let of_it = writes.iter().filter(|it| it.kind == kind).filter(is_numbers);
        // One number is put on several bundles.
        let distinct: HashSet<_> = of_it.clone().map(|it| it.key.part).collect();
        distinct.len()
    };
    let has_begun = recorded.states().any(|(key, state)| {
        key.step.verb.creates() && (matches!(state, StepState::Started { .. }) || recorded.sid(key).is_some())
    });
    let is_submitted = |it: &BundleId| writes.iter().any(|w| is_submission(w) && w.key.step.bundle == *it);
    let is_again = |bundle: BundleId| {
        let mut of_it = writes.iter().filter(|it| it.key.step.bundle == bundle);
        of_it.any(|it| it.kind == WriteKind::SubmitAgain)
    };
    let was_submitted = |write: &&Write| {
        recorded.submitted(write.key.step.bundle).is_some() || is_again(write.key.step.bundle)
    };
    let makes = |it: &&Write| match it.kind {
        WriteKind::Create => true,
        WriteKind::Assign => !is_numbers(it),
        WriteKind::Evaluate => !is_submitted(&it.key.step.bundle),
        _ => false,
    };
    let mut does = vec![];
    let made: Vec<&Write> = writes.iter().filter(makes).filter(|it| !was_submitted(it)).collect();
    let (on, off) = (numbers(WriteKind::Assign), numbers(WriteKind::TakeOff));
    let first = made.first().map(|it| it.key.step.name);
    let profile = |it: &&Write| it.key.step.creates_its_bundle() && it.key.step.bundle.depends_on().is_none();
    // Where the ledger was lost, what is there already says that it was begun.
    let is_new = !has_begun && (made.iter().any(profile) || names_its_profile(customer, &made));
    match (first, !is_new) {
        (Some(_), false) => does.push(Does::of(Action::Create)),
        (Some(step), true) => does.push(Does { step: Some(step), ..Does::of(Action::Continue) }),
        (None, _) => (),
    }
    let updates = |it: &&Write| match it.kind {
        WriteKind::Update => true,
        WriteKind::TakeOff => !is_numbers(it),
        _ => makes(it) && was_submitted(it),
    };
    let mut columns: Vec<&'static str> = vec![];
    for write in writes.iter().filter(updates) {
        for column in columns_of(write.key.step, customer) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    if writes.iter().any(|it| updates(&it)) {
        does.push(Does { columns, ..Does::of(Action::Update) });
    }
    for (count, action) in [(on, Action::AssignNumbers), (off, Action::RemoveNumbers)] {
        if count > 0 {
            does.push(Does { phone_numbers: Some(count), ..Does::of(action) });
        }
    }
    for write in writes.iter().filter(|it| is_submission(it)) {
        let again = write.kind == WriteKind::SubmitAgain;
        let action = if again { Action::SubmitAgain } else { Action::Submit };
        does.push(Does { bundle: Some(write.key.step.bundle.name), ..Does::of(action) });
    }
    does
}

/// Whether what is made depends on a profile that the row names.
fn names_its_profile(customer: &Customer, made: &[&Write]) -> bool {
    let mut profiles = made.iter().filter_map(|it| it.key.step.bundle.depends_on());
    profiles.any(|it| it.named_by(customer).is_some())
}

fn is_submission(write: &Write) -> bool {
    matches!(write.kind, WriteKind::Submit | WriteKind::SubmitAgain)
}

fn ended(
    customer: &Customer,
    preview: &Preview,
    recorded: &Facts,
    since: impl Fn(BundleId) -> Option<Time>,
) -> Vec<Does> {
    let submits =
        |bundle: BundleId| preview.writes.iter().any(|it| is_submission(it) && it.key.step.bundle == bundle);
    let blocked = |step: &'static str, code: &str, message: String| Does {
        step: Some(step),
        code: Some(code.to_owned()),
        message: Some(message),
        ..Does::of(Action::Blocked)
    };
    match &preview.ending {
        // It follows from the submission.
        Some(Ending::Waiting(bundle)) if submits(bundle) => vec![],
        Some(Ending::Waiting(bundle)) => vec![Does {
            bundle: Some(bundle.name),
            since: since(bundle).map(rfc3339),
            ..Does::of(Action::Wait)
        }],
        Some(Ending::Rejected(bundle)) => {
            let codes = match recorded.state(bundle.reviewed_by()) {
                Some(StepState::Seen { codes, .. }) => codes.clone(),
                _ => vec![],
            };
            let known = codes.first().and_then(|code| super::hints::hint_for(*code));
            let message = match known {
                Some(hint) => format!("Twilio rejected it: {}", hint.meaning),
                None => "Twilio rejected it".to_owned(),
            };
            let code = codes.first().map_or("rejected".to_owned(), u32::to_string);
            let fix = known.map_or("Correct the row; it is then submitted again.", |it| it.fix);
            vec![Does { hint: Some(fix.to_owned()), ..blocked(bundle.reviewed_by().name, &code, message) }]
        }
        Some(Ending::Refused(refused)) => {
            let mut all: Vec<Does> = vec![];
            for (key, reason) in refused {
                let one = refusal(customer, key, reason);
                if !all.iter().any(|it| it.step == one.step && it.code == one.code) {
                    all.push(one);
                }
            }
            all
        }
        Some(Ending::Unsure(key, candidates)) => {
            let sids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            let message = format!("several resources bear our tag: {}", sids.join(", "));
            let hint = format!(
                "Look at them in the Console, then: trusthub-onboard resolve {} {} SID",
                customer.subaccount, key.step
            );
            vec![Does { hint: Some(hint), ..blocked(key.step.name, "unsure", message) }]
        }
        Some(Ending::Unfinished(key)) => {
            vec![blocked(key.step.name, "unfinished", "what there is could not be read".to_owned())]
        }
        Some(Ending::Done) | None => vec![],
    }
}

fn refusal(customer: &Customer, key: &Key, reason: &Reason) -> Does {
    let hint = hint(reason);
    let mut message = hint.map_or("refused", |it| it.meaning).to_owned();
    if let Some(fields) = &reason.fields {
        message = format!("{message}: {fields}");
    }
    if let Some(sid) = &reason.sid {
        message = format!("{message} ({sid})");
    }
    let code = match reason.code {
        Code::Twilio(code) => code.to_string(),
        Code::Ours(code) => code.name().to_owned(),
        Code::None => reason.http_status.map_or("refused".to_owned(), |it| format!("http_{it}")),
    };
    // Where the row would have to be written otherwise.
    let columns = match reason.code {
        Code::Ours(OurCode::ExistsAlready | OurCode::UnknownToTheLedger) => vec![key.step.bundle.column],
        _ => columns_of(key.step, customer),
    };
    Does {
        step: Some(key.step.name),
        code: Some(code),
        columns,
        message: Some(message),
        hint: hint.map(|it| it.fix.to_owned()),
        ..Does::of(Action::Blocked)
    }
}
