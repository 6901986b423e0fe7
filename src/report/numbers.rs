//! One line for every phone number of a row.

use super::results::{code_text, message_of};
use crate::engine::CustomerEnd;
use crate::model::{Customer, PhoneNumber, PhoneNumbers};
use crate::plan::{Bundle, Facts, Key, Mark, Part, Plan, Reason};

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

/// The numbers that are on the profile.
pub fn assigned(plan: &Plan, facts: &Facts) -> usize {
    let step = Bundle::CustomerProfile.numbered_by();
    plan.numbers(facts).into_iter().filter(|part| facts.is_done(Key { step, part: *part })).count()
}

/// The numbers that were refused for either bundle.
pub fn refused(plan: &Plan, facts: &Facts) -> usize {
    plan.numbers(facts).into_iter().filter(|part| refusal(*part, facts).is_some()).count()
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
    let line = |part: Part| {
        let sid = |bundle: Bundle| {
            let key = Key { step: bundle.numbered_by(), part };
            facts.sid(key).map(ToString::to_string).unwrap_or_default()
        };
        let (on_profile, on_product) = (sid(Bundle::CustomerProfile), sid(Bundle::TrustProduct));
        let refusal = refusal(part, facts);
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
            customer.row.to_string(),
            customer.subaccount.to_string(),
            part.sid().map(|sid| sid.to_string()).unwrap_or_default(),
            digits(part).unwrap_or_default(),
            on_profile,
            on_product,
            outcome.to_owned(),
            code,
            message,
        ]
    };
    plan.numbers(facts).into_iter().map(line).collect()
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
