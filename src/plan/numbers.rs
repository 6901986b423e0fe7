//! The phone numbers of a row: which they are, and what is to be done about each.

use super::digest::DigestKey;
use super::facts::Facts;
use super::state::StepState;
use super::{Ending, Next, Plan};
use crate::flow::{Key, Part};
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
    /// What is to be done about a number that has no state.
    pub(super) fn assign(&self, key: Key, facts: &Facts) -> Next {
        let closed = self.is_closed(key.step.bundle, facts);
        match facts.left_out(key) {
            // It was refused before the submission, which went without it: the bundle cannot be asked again.
            Some(reason) if closed => {
                let refused = Ending::Refused(vec![(key, reason.clone())]);
                self.after_a_look(key.step.bundle, facts, Next::Over(refused))
            }
            // A number that was not found is looked up again by every run.
            _ if key.part.sid().is_none() => self.resolve(facts),
            _ if closed => self.refused_as_changed(key, facts),
            _ => Next::Send(key),
        }
    }

    /// Looks the row's numbers up. What a number that is not there means depends on whether the profile
    /// may still be changed.
    pub(super) fn resolve(&self, facts: &Facts) -> Next {
        let read = Next::Read(self.flow.phone_numbers.into());
        match self.is_closed(self.flow.profile, facts) {
            true => self.after_a_look(self.flow.profile, facts, read),
            false => read,
        }
    }

    /// Whether there is nothing to look up: each number has a SID, or was refused, and no product asks what it is.
    pub(super) fn knows_every_number(&self, facts: &Facts) -> bool {
        let known = |part| {
            let key = Key { step: self.flow.profile.numbered_by(), part };
            facts.sid(Key { step: self.flow.phone_numbers, part }).is_some()
                || facts.left_out(key).is_some()
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
                let parts = facts.shares(self.flow.phone_numbers).map(|(key, _)| key.part);
                parts.filter(|part| matches!(part, Part::Number(_))).collect()
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
