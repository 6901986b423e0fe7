//! The phone numbers of a row: which they are, and what is to be done about each.

use super::{Next, Plan};
use crate::facts::DigestKey;
use crate::facts::Ending;
use crate::facts::Facts;
use crate::facts::StepState;
use crate::facts::{OurCode, Reason};
use crate::flow::{BundleId, BundleStatus, Key, Part, StepId, Verb};
use crate::model::{PhoneNumber, PhoneNumbers};

/// A number of the sheet.
#[derive(Clone)]
pub(super) enum Wanted {
    Known(Part),
    ToResolve(Part),
}

impl Wanted {
    pub fn of(number: &PhoneNumber, key: &DigestKey) -> Wanted {
        match number {
            PhoneNumber::Sid(sid) => Wanted::Known(Part::number(sid)),
            PhoneNumber::E164(digits) => Wanted::ToResolve(Part::Wanted(key.digest(&[digits]))),
        }
    }
}

impl Plan<'_> {
    /// What is to be done about a number that has no state; `None` where it has to wait.
    pub(super) fn assign(&self, key: Key, facts: &Facts) -> Option<Next> {
        let submitted = !facts.is_open(key.step.bundle);
        Some(match () {
            // Whether a bundle in review takes numbers is not documented: it is asked after the decision.
            () if submitted && !is_approved(key.step.bundle, facts) => return None,
            () if self.is_gone(key.part, facts) => {
                Next::Over(Ending::Refused(vec![(key, Reason::ours(OurCode::NumberNotFound))]))
            }
            // A number that was not found is looked up again by every run.
            () if !key.part.has_sid() => Next::Read(self.flow.phone_numbers.into()),
            // Somebody may have put it there, and some servers assign a number twice.
            () if submitted && facts.missed(key).is_none() => Next::Adopt(key),
            () => Next::Send(key),
        })
    }

    /// Whether this run is to read a list of numbers although they are known: what has come to the account or dropped
    /// off an approved bundle, only the list says. Every run asks so for `all` numbers of an account.
    pub(super) fn is_to_look(&self, step: StepId, facts: &Facts) -> bool {
        let is_asked = match step.verb {
            Verb::ResolveNumbers => matches!(self.customer.phone_numbers, PhoneNumbers::All),
            Verb::AssignNumbers => false,
            _ => return false,
        };
        let follows = self.policy.numbers.alone || self.policy.numbers.removal.is_some();
        let is_refused = matches!(facts.state(step), Some(StepState::Refused { .. }));
        (is_asked || follows) && is_approved(step.bundle, facts) && !facts.has_looked(step) && !is_refused
    }

    /// Whether the account has this number no more: it was released, or moved to another account.
    pub(super) fn is_gone(&self, part: Part, facts: &Facts) -> bool {
        let of_the_account = Key { step: self.flow.phone_numbers, part };
        part.has_sid() && matches!(facts.state(of_the_account), Some(StepState::Refused { .. }))
    }

    /// Whether there is nothing to look up: each number has a SID, or was refused, and no product asks what it is.
    pub(super) fn knows_every_number(&self, facts: &Facts) -> bool {
        let known = |part| {
            let key = Key { step: self.flow.profile.numbered_by(), part };
            facts.sid(Key { step: self.flow.phone_numbers, part }).is_some()
                || matches!(facts.state(key), Some(StepState::Refused { .. }))
        };
        self.customer.products.iter().all(|it| it.numbers.is_none())
            && !self.wanted.is_empty()
            && self.wanted.iter().all(|it| match it {
                Wanted::Known(_) => true,
                Wanted::ToResolve(part) => known(*part),
            })
    }

    /// The shares of the row's numbers: with a SID where one is known.
    pub fn numbers(&self, facts: &Facts) -> Vec<Part> {
        let resolved = |part: Part| facts.sid(Key { step: self.flow.phone_numbers, part }).map(Part::number);
        match &self.customer.phone_numbers {
            PhoneNumbers::All => {
                let owned = facts.shares(self.flow.phone_numbers).map(|(key, _)| key);
                let owned = owned.filter(|key| matches!(key.part, Part::Number(_)) && facts.is_done(*key));
                owned.map(|key| key.part).collect()
            }
            PhoneNumbers::Listed(_) => {
                let mut parts = Vec::with_capacity(self.wanted.len());
                for wanted in &self.wanted {
                    let part = match wanted {
                        Wanted::Known(part) => *part,
                        Wanted::ToResolve(part) => resolved(*part).unwrap_or(*part),
                    };
                    // A row may name one number twice, once by its SID and once by its digits.
                    if !parts.contains(&part) {
                        parts.push(part);
                    }
                }
                parts
            }
        }
    }

    /// The shares under which a look at the row's numbers keeps what it finds. Of an account that was never asked
    /// for `all` of them, one stands for each.
    pub fn wanted_parts(&self, facts: &Facts) -> Vec<Part> {
        if let PhoneNumbers::All = self.customer.phone_numbers {
            let known = self.numbers(facts);
            return if known.is_empty() { vec![Part::Number([0xff; 16])] } else { known };
        }
        let of = |wanted: &Wanted| match wanted {
            Wanted::ToResolve(part) => Some(*part),
            Wanted::Known(_) => None,
        };
        self.wanted.iter().filter_map(of).collect()
    }

    /// The share under which the SID of a number of the sheet is kept.
    pub fn wanted_part(&self, e164: &str) -> Part {
        Part::Wanted(self.key.digest(&[e164]))
    }
}

/// Whether a bundle was submitted and approved.
pub(super) fn is_approved(bundle: BundleId, facts: &Facts) -> bool {
    !facts.is_open(bundle) && facts.status(bundle) == Some(BundleStatus::TwilioApproved)
}
