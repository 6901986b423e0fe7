//! The phone numbers of a row, each with how it stands.

use super::cause::{code_text, message_of};
use super::make::Heard;
use crate::facts::{Code, Facts, OurCode, Reason, StepState};
use crate::flow::{BundleId, Flow, Key, Part};
use crate::model::{PhoneNumber, PhoneNumbers, Sid, counted};
use crate::plan::Plan;
use serde::{Serialize, Serializer};

/// One phone number of a row.
#[derive(Clone, Debug, Serialize)]
pub struct NumberReport {
    /// `PN…`, where it is known.
    pub sid: Option<String>,
    /// `+1…`, where the sheet says it so.
    pub phone_number: Option<String>,
    pub state: NumberState,
    /// Every bundle of the flow, in its order; those that the row does not ask for too.
    pub bundles: Vec<NumberOnBundle>,
    /// Why it was refused, or is left off a product: Twilio's number, or one of our words.
    pub code: Option<String>,
    pub message: Option<String>,
}

/// Whether a number is on a bundle.
#[derive(Clone, Debug, Serialize)]
pub struct NumberOnBundle {
    /// Such as `customer_profile`.
    pub bundle: &'static str,
    /// `RA…`, once it is on it.
    pub assignment_sid: Option<String>,
}

/// How a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberState {
    /// On every bundle that the row asks for and that takes it.
    Assigned,
    /// On the profile, and not on every product yet.
    OnProfile,
    NotAssigned,
    /// For one bundle at least.
    Refused,
    /// On a bundle that was submitted, although the row does not have it.
    NotInRow,
}

impl NumberState {
    /// The word in the numbers file. Public.
    pub fn word(self) -> &'static str {
        match self {
            NumberState::Assigned => "assigned",
            NumberState::OnProfile => "on_customer_profile",
            NumberState::NotAssigned => "not_assigned",
            NumberState::Refused => "refused",
            NumberState::NotInRow => "not_in_row",
        }
    }
}

impl Serialize for NumberState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl NumberReport {
    pub fn is_refused(&self) -> bool {
        self.state == NumberState::Refused
    }
}

/// How many of the row's numbers are on the profile.
pub fn assigned(flow: &Flow, numbers: &[NumberReport]) -> usize {
    let on_it = |it: &NumberOnBundle| it.bundle == flow.profile.name && it.assignment_sid.is_some();
    let of_the_row = numbers.iter().filter(|number| number.state != NumberState::NotInRow);
    of_the_row.filter(|number| number.bundles.iter().any(on_it)).count()
}

/// How a number is called in messages: by its SID, or as the sheet has it where it has no SID.
pub fn name(plan: &Plan, part: Part) -> Option<String> {
    part.sid().map(|sid| sid.to_string()).or_else(|| digits(plan, part, None))
}

/// The digits of a number as the sheet has them: its own share, or that of its SID.
fn digits(plan: &Plan, part: Part, facts: Option<&Facts>) -> Option<String> {
    let PhoneNumbers::Listed(numbers) = &plan.customer.phone_numbers else { return None };
    numbers.iter().find_map(|number| {
        let PhoneNumber::E164(digits) = number else { return None };
        let wanted = plan.wanted_part(digits);
        let found = || {
            let key = Key { step: plan.flow().phone_numbers, part: wanted };
            facts.and_then(|it| it.sid(key)).map(Part::number) == Some(part)
        };
        (wanted == part || found()).then(|| digits.clone())
    })
}

/// The numbers that the row asks for, then those that are on its bundles all the same.
pub fn of_customer(plan: &Plan, facts: &Facts, heard: Heard) -> Vec<NumberReport> {
    let gone = |part: Part| match facts.state(Key { step: plan.flow().phone_numbers, part })? {
        StepState::Refused { reason, .. } => Some((key(plan.flow().profile, part), reason.clone())),
        _ => None,
    };
    let report = |part: Part| {
        let refusal = refusal(plan.bundles(), part, facts).or_else(|| gone(part));
        NumberReport {
            phone_number: digits(plan, part, Some(facts)),
            ..number(plan.flow(), plan.bundles(), part, refusal, facts, heard)
        }
    };
    let wanted = plan.numbers(facts);
    let mut left: Vec<Part> = plan.leftover_numbers(facts).into_iter().map(|key| key.part).collect();
    left.retain(|part| !wanted.contains(part));
    left.sort_unstable();
    left.dedup();
    let words = "it is on a submitted bundle, and the row does not have it";
    let not_in_row = |part| {
        let report = report(part);
        let message = report.message.or_else(|| Some(words.to_owned()));
        NumberReport { state: NumberState::NotInRow, message, ..report }
    };
    wanted.iter().map(|part| report(*part)).chain(left.iter().map(|part| not_in_row(*part))).collect()
}

/// The numbers that the ledger knows of, where the row cannot say which it wants: those that were taken off
/// again are not among them. How they read, only the sheet would know.
pub fn on_record(flow: &Flow, facts: &Facts) -> Vec<NumberReport> {
    let mut parts: Vec<Part> = vec![];
    for (Key { part, .. }, state) in flow.bundles().flat_map(|bundle| facts.shares(bundle.numbered_by())) {
        let is_number = matches!(part, Part::Number(_) | Part::Wanted(_));
        if is_number && !matches!(state, StepState::Removed) && !parts.contains(&part) {
            parts.push(part);
        }
    }
    // What the row asks for is not known; what was begun for it is.
    let begun: Vec<BundleId> = flow.bundles().filter(|it| facts.sid(it.made_by()).is_some()).collect();
    let report = |part| number(flow, &begun, part, refusal(&begun, part, facts), facts, None);
    parts.into_iter().map(report).collect()
}

fn number(
    flow: &Flow,
    asked_for: &[BundleId],
    part: Part,
    refusal: Option<(Key, Reason)>,
    facts: &Facts,
    heard: Heard,
) -> NumberReport {
    let on = |bundle: BundleId| {
        let sid = facts.sid(key(bundle, part)).map(Sid::to_string);
        NumberOnBundle { bundle: bundle.name, assignment_sid: sid }
    };
    let bundles: Vec<NumberOnBundle> = flow.bundles().map(on).collect();
    let left_off: Vec<BundleId> = asked_for
        .iter()
        .copied()
        .filter(|bundle| facts.state(key(bundle, part)).is_some_and(leaves_off))
        .collect();
    let is_on = |bundle: BundleId| facts.sid(key(bundle, part)).is_some();
    let mut taken_by = asked_for.iter().copied().filter(|bundle| !left_off.contains(bundle));
    let state = match &refusal {
        Some(_) => NumberState::Refused,
        None if taken_by.all(is_on) => NumberState::Assigned,
        None if !is_on(flow.profile) => NumberState::NotAssigned,
        None => NumberState::OnProfile,
    };
    let left_off = left_off_words(&left_off);
    NumberReport {
        sid: part.sid().map(|sid| sid.to_string()),
        phone_number: None,
        state,
        bundles,
        code: match &refusal {
            Some((_, reason)) => code_text(reason.code),
            None => left_off.as_ref().map(|_| OurCode::NumberNotEligible.name().to_owned()),
        },
        message: refusal.as_ref().map(|(key, reason)| message_of(key, reason, heard)).or(left_off),
    }
}

fn key(bundle: BundleId, part: Part) -> Key {
    Key { step: bundle.numbered_by(), part }
}

fn refusal(bundles: &[BundleId], part: Part, facts: &Facts) -> Option<(Key, Reason)> {
    bundles.iter().find_map(|bundle| match facts.state(key(bundle, part)) {
        Some(StepState::Refused { reason, .. }) if !is_left_off(reason) => {
            Some((key(bundle, part), reason.clone()))
        }
        _ => None,
    })
}

/// Whether a number is left off a product that does not take it, which is no refusal.
fn is_left_off(reason: &Reason) -> bool {
    reason.code == Code::Ours(OurCode::NumberNotEligible)
}

fn leaves_off(state: &StepState) -> bool {
    matches!(state, StepState::Refused { reason, .. } if is_left_off(reason))
}

/// Which products do not take a number, and what they take.
fn left_off_words(bundles: &[BundleId]) -> Option<String> {
    let words = |bundle: &BundleId| {
        let product = bundle.product?;
        Some(format!("left off {}, which takes {}", product.title, product.numbers.as_ref()?.words))
    };
    let all: Vec<String> = bundles.iter().filter_map(words).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Numbers in words: how many, and the first of them.
pub fn in_words(parts: &[Part]) -> String {
    const NAMED_MAX: usize = 5;
    let sids = parts.iter().filter_map(|part| part.sid()).take(NAMED_MAX);
    let mut names: Vec<String> = sids.map(|sid| sid.to_string()).collect();
    if parts.len() > NAMED_MAX {
        names.push(format!("and {} more", parts.len() - NAMED_MAX));
    }
    format!("{}: {}", counted(parts.len() as u64, "phone number"), names.join(", "))
}

/// The numbers that are left off a product, each product with their number.
pub fn left_off(plan: &Plan, facts: &Facts) -> Vec<String> {
    let of = |bundle: &BundleId| {
        let count = plan
            .numbers(facts)
            .into_iter()
            .filter(|part| facts.state(key(bundle, *part)).is_some_and(leaves_off));
        match count.count() as u64 {
            0 => None,
            count => Some(format!("{} {}", counted(count, "number"), left_off_words(&[bundle])?)),
        }
    };
    plan.bundles().iter().filter_map(of).collect()
}
