//! One line for every phone number of a row.

use super::cause::{code_text, message_of};
use crate::engine::CustomerEnd;
use crate::model::{Customer, PhoneNumber, PhoneNumbers};
use crate::plan::{Bundle, Ending, Facts, Key, Mark, Next, Part, Plan, Reason};

/// The columns of the numbers file, in order. Public: programs read them.
pub const NUMBER_COLUMNS: [&str; 9] = [
    "row",
    "subaccount_sid",
    "phone_number_sid",
    "phone_number",
    "customer_profile_number_assignment_sid",
    "trust_product_number_assignment_sid",
    "outcome",
    "error_code",
    "error_message",
];

/// How many of the numbers are on the profile.
pub fn assigned(numbers: &[Part], facts: &Facts) -> usize {
    let step = Bundle::CustomerProfile.numbered_by();
    numbers.iter().filter(|part| facts.is_done(Key { step, part: **part })).count()
}

/// How many of the numbers were refused for either bundle.
pub fn refused(numbers: &[Part], facts: &Facts) -> usize {
    numbers.iter().filter(|part| refusal(**part, facts).is_some()).count()
}

/// The numbers that the ledger knows of, where the row cannot say which it wants: those that were taken off
/// again are not among them.
pub fn on_record(facts: &Facts) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    for (part, mark) in Bundle::BOTH.into_iter().flat_map(|bundle| facts.shares(bundle.numbered_by())) {
        let is_number = matches!(part, Part::Number(_) | Part::Wanted(_));
        if is_number && !matches!(mark, Mark::Removed) && !parts.contains(&part) {
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
                let key = Key { step: crate::plan::StepId::PhoneNumbers, part: wanted };
                let same = wanted == part || facts.sid(key).map(Part::number) == Some(part);
                same.then(|| digits.clone())
            }
            PhoneNumber::Sid(_) => None,
        }),
    };
    // A number that was added after the submission has no mark: the plan alone refuses it.
    let refused_by_us = match plan.next(&facts.clone().with_reads_done(), 0) {
        Next::Over(Ending::Refused(refused)) => refused,
        _ => vec![],
    };
    let (row, subaccount) = (customer.row, customer.subaccount.as_str());
    let line = |part: Part| {
        let ours = || refused_by_us.iter().find(|(key, _)| key.part == part).cloned();
        let refusal = refusal(part, facts).or_else(ours);
        line(row, subaccount, part, digits(part).unwrap_or_default(), refusal, facts, end)
    };
    plan.numbers(facts).into_iter().map(line).collect()
}

/// The lines of a row that cannot be read: how its numbers read, only the sheet would know.
pub fn lines_on_record(row: u64, subaccount: &str, numbers: &[Part], facts: &Facts) -> Vec<Vec<String>> {
    let line = |part: &Part| line(row, subaccount, *part, String::new(), refusal(*part, facts), facts, None);
    numbers.iter().map(line).collect()
}

fn line(
    row: u64,
    subaccount: &str,
    part: Part,
    digits: String,
    refusal: Option<(Key, Reason)>,
    facts: &Facts,
    end: Option<&CustomerEnd>,
) -> Vec<String> {
    let sid = |bundle: Bundle| {
        let key = Key { step: bundle.numbered_by(), part };
        facts.sid(key).map(ToString::to_string).unwrap_or_default()
    };
    let (on_profile, on_product) = (sid(Bundle::CustomerProfile), sid(Bundle::TrustProduct));
    let outcome = match (&refusal, on_profile.is_empty(), on_product.is_empty()) {
        (Some(_), ..) => "refused",
        (None, false, false) => "assigned",
        (None, false, true) => "on_customer_profile",
        (None, true, _) => "not_assigned",
    };
    let (code, message) = match &refusal {
        Some((key, reason)) => (code_text(reason.code), message_of(key, reason, end)),
        None => (String::new(), String::new()),
    };
    vec![
        row.to_string(),
        subaccount.to_owned(),
        part.sid().map(|sid| sid.to_string()).unwrap_or_default(),
        digits,
        on_profile,
        on_product,
        outcome.to_owned(),
        code,
        message,
    ]
}

fn refusal(part: Part, facts: &Facts) -> Option<(Key, Reason)> {
    Bundle::BOTH.into_iter().find_map(|bundle| {
        let key = Key { step: bundle.numbered_by(), part };
        match facts.mark(key) {
            Some(Mark::Refused { reason, .. }) => Some((key, reason.clone())),
            _ => None,
        }
    })
}
