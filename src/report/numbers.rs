//! One line for every phone number of a row.

use super::cause::{code_text, message_of};
use crate::engine::CustomerEnd;
use crate::flow::{BundleId, Flow, Key, Part};
use crate::model::{Customer, PhoneNumber, PhoneNumbers};
use crate::plan::{Ending, Facts, Next, Plan, Reason, StepState};

/// The columns of the numbers file, in order. Public: programs read them.
pub fn number_columns(flow: &Flow) -> Vec<String> {
    let on_bundles = flow.bundles().map(|bundle| format!("{}_number_assignment_sid", bundle.name));
    let head = ["row", "subaccount_sid", "phone_number_sid", "phone_number"].map(str::to_owned);
    let tail = ["outcome", "error_code", "error_message"].map(str::to_owned);
    head.into_iter().chain(on_bundles).chain(tail).collect()
}

/// How many of the numbers are on the profile.
pub fn assigned(flow: &Flow, numbers: &[Part], facts: &Facts) -> usize {
    let step = flow.profile.numbered_by();
    numbers.iter().filter(|part| facts.is_done(Key { step, part: **part })).count()
}

/// How many of the numbers were refused for any bundle.
pub fn refused(flow: &Flow, numbers: &[Part], facts: &Facts) -> usize {
    numbers.iter().filter(|part| refusal(flow, **part, facts).is_some()).count()
}

/// The numbers that the ledger knows of, where the row cannot say which it wants: those that were taken off
/// again are not among them.
pub fn on_record(flow: &Flow, facts: &Facts) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    for (Key { part, .. }, state) in flow.bundles().flat_map(|bundle| facts.shares(bundle.numbered_by())) {
        let is_number = matches!(part, Part::Number(_) | Part::Wanted(_));
        if is_number && !matches!(state, StepState::Removed) && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

/// How a number is called in messages: by its SID, or as the sheet has it where it has no SID.
pub fn name(plan: &Plan, part: Part) -> Option<String> {
    let digits = || match &plan.customer.phone_numbers {
        PhoneNumbers::All => None,
        PhoneNumbers::Listed(numbers) => numbers.iter().find_map(|number| match number {
            PhoneNumber::E164(digits) if plan.wanted_part(digits) == part => Some(digits.clone()),
            _ => None,
        }),
    };
    part.sid().map(|sid| sid.to_string()).or_else(digits)
}

/// The lines of one customer.
pub fn lines(customer: &Customer, plan: &Plan, facts: &Facts, end: Option<&CustomerEnd>) -> Vec<Vec<String>> {
    let digits = |part: Part| match &customer.phone_numbers {
        PhoneNumbers::All => None,
        PhoneNumbers::Listed(numbers) => numbers.iter().find_map(|number| match number {
            PhoneNumber::E164(digits) => {
                let wanted = plan.wanted_part(digits);
                let key = Key { step: plan.flow().phone_numbers, part: wanted };
                let same = wanted == part || facts.sid(key).map(Part::number) == Some(part);
                same.then(|| digits.clone())
            }
            PhoneNumber::Sid(_) => None,
        }),
    };
    // A number that was added after the submission has no state: the plan alone refuses it.
    let refused_by_us = match plan.next(&facts.clone().with_reads_done(plan.flow()), 0) {
        Next::Over(Ending::Refused(refused)) => refused,
        _ => vec![],
    };
    let (row, subaccount) = (customer.row, customer.subaccount.as_str());
    let line = |part: Part| {
        let ours = || refused_by_us.iter().find(|(key, _)| key.part == part).cloned();
        let refusal = refusal(plan.flow(), part, facts).or_else(ours);
        line(plan.flow(), row, subaccount, part, digits(part).unwrap_or_default(), refusal, facts, end)
    };
    plan.numbers(facts).into_iter().map(line).collect()
}

/// The lines of a row that cannot be read: how its numbers read, only the sheet would know.
pub fn lines_on_record(
    flow: &Flow,
    row: u64,
    subaccount: &str,
    numbers: &[Part],
    facts: &Facts,
) -> Vec<Vec<String>> {
    let line = |part: &Part| {
        line(flow, row, subaccount, *part, String::new(), refusal(flow, *part, facts), facts, None)
    };
    numbers.iter().map(line).collect()
}

#[allow(clippy::too_many_arguments)]
fn line(
    flow: &Flow,
    row: u64,
    subaccount: &str,
    part: Part,
    digits: String,
    refusal: Option<(Key, Reason)>,
    facts: &Facts,
    end: Option<&CustomerEnd>,
) -> Vec<String> {
    let on = |bundle: BundleId| {
        let key = Key { step: bundle.numbered_by(), part };
        facts.sid(key).map(ToString::to_string).unwrap_or_default()
    };
    let assignments: Vec<String> = flow.bundles().map(on).collect();
    let outcome = match &refusal {
        Some(_) => "refused",
        None if assignments.iter().all(|it| !it.is_empty()) => "assigned",
        None if assignments[0].is_empty() => "not_assigned",
        None => "on_customer_profile",
    };
    let (code, message) = match &refusal {
        Some((key, reason)) => (code_text(reason.code), message_of(key, reason, end)),
        None => (String::new(), String::new()),
    };
    let mut cells = vec![
        row.to_string(),
        subaccount.to_owned(),
        part.sid().map(|sid| sid.to_string()).unwrap_or_default(),
        digits,
    ];
    cells.extend(assignments);
    cells.extend([outcome.to_owned(), code, message]);
    cells
}

fn refusal(flow: &Flow, part: Part, facts: &Facts) -> Option<(Key, Reason)> {
    flow.bundles().find_map(|bundle| {
        let key = Key { step: bundle.numbered_by(), part };
        match facts.state(key) {
            Some(StepState::Refused { reason, .. }) => Some((key, reason.clone())),
            _ => None,
        }
    })
}
