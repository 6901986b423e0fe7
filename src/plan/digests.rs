//! What each step stands for: the content that a row asks for, and its digest.

use super::facts::{Digest, Facts, UNKNOWN};
use super::{Plan, tag};
use crate::flow::{BundleId, Form, Key, Object, Part, StepId, Verb, from_hex};
use crate::model::{Address, PhoneNumber, PhoneNumbers, Sid};

impl Plan<'_> {
    /// What a step stands for: a created resource for its own content, an assignment for its
    /// object, an evaluation and a submission for the whole content of the bundle.
    pub fn digest(&self, step: StepId, facts: &Facts) -> Digest {
        if !self.steps.contains(&step) {
            return UNKNOWN;
        }
        match step.verb {
            Verb::Create(_) => self
                .made
                .iter()
                .find(|it| it.0 == step)
                .map(|it| it.1)
                .or_else(|| self.content(step, facts).map(|form| self.digest_of(&form)))
                .unwrap_or(UNKNOWN),
            Verb::Assign(object) => self.digest_of_object(object, facts),
            Verb::CheckAddress => match &self.customer.address {
                Address::Existing(sid) => from_hex(&sid.as_str()[2..]).unwrap_or(UNKNOWN),
                Address::New { .. } => UNKNOWN,
            },
            Verb::ResolveNumbers => self.digest_of_the_numbers(),
            Verb::Evaluate | Verb::Submit => self.digest_of_the_bundle(step.bundle, facts),
            Verb::CheckAccount | Verb::Discover | Verb::AssignNumbers | Verb::Review => UNKNOWN,
        }
    }

    /// What an assignment stands for, whether or not the row asks for it.
    pub fn digest_of_assignment(&self, key: Key, facts: &Facts) -> Digest {
        match key.step.verb {
            Verb::Assign(object) => self.digest_of_object(object, facts),
            _ => UNKNOWN,
        }
    }

    fn digest_of_object(&self, object: Object, facts: &Facts) -> Digest {
        self.object(object, facts).and_then(|sid| from_hex(&sid.as_str()[2..])).unwrap_or(UNKNOWN)
    }

    /// The digests that the row alone decides. They are asked for at every turn of the loop.
    pub(super) fn digests_from_the_row(&self) -> Vec<(StepId, Digest)> {
        let nothing_known = Facts::default();
        let steps = self.steps.iter().filter(|step| matches!(step.verb, Verb::Create(_)));
        steps
            .filter_map(|step| {
                let form = self.content(step, &nothing_known)?;
                Some((*step, self.digest_of(&form)))
            })
            .collect()
    }

    pub(super) fn digest_of(&self, form: &Form) -> Digest {
        let mut hasher = self.key.hasher();
        for (name, value) in form {
            hasher.add(name.as_bytes());
            hasher.add(value.as_bytes());
        }
        hasher.finish()
    }

    /// The order of the numbers in the cell means nothing. Earlier versions kept a digest in the order of
    /// the cell: to those, a row with several numbers looks as if it had been written otherwise.
    fn digest_of_the_numbers(&self) -> Digest {
        let mut numbers = match &self.customer.phone_numbers {
            PhoneNumbers::All => vec!["all"],
            PhoneNumbers::Listed(numbers) => numbers
                .iter()
                .map(|number| match number {
                    PhoneNumber::Sid(sid) => sid.as_str(),
                    PhoneNumber::E164(digits) => digits,
                })
                .collect(),
        };
        // What a product takes of them was found out with them.
        numbers.extend(self.customer.products.iter().filter(|it| it.numbers.is_some()).map(|it| it.name));
        numbers.sort_unstable();
        self.key.digest(&numbers)
    }

    fn digest_of_the_bundle(&self, bundle: BundleId, facts: &Facts) -> Digest {
        let mut hasher = self.key.hasher();
        for &step in self.steps.iter().filter(|it| it.bundle == bundle) {
            match step.verb {
                // The primary profile is not the row's content, and reports do not know it.
                Verb::Assign(Object::PrimaryProfile) => (),
                Verb::Create(_) | Verb::Assign(_) => hasher.add(&self.digest(step, facts)),
                Verb::AssignNumbers => {
                    let mut numbers: Vec<Part> = self.numbers(facts);
                    numbers.retain(|part| facts.is_done(Key { step, part: *part }));
                    numbers.sort_unstable();
                    for number in numbers {
                        hasher.add(number.to_text().as_bytes());
                    }
                }
                _ => (),
            }
        }
        hasher.finish()
    }

    /// The fields that create and update have in common: the name with our tag, and the content.
    pub(super) fn content(&self, step: StepId, facts: &Facts) -> Option<Form> {
        let Verb::Create(resource) = step.verb else { return None };
        if !self.steps.contains(&step) {
            return None;
        }
        let name = tag::friendly_name(&self.customer.friendly_name, &self.customer.subaccount, resource.tag);
        let mut form = vec![("FriendlyName", name)];
        let mut wanted = resource.names.iter().filter(|step| (step.wanted_by)(self.customer));
        let named = wanted.find_map(|step| facts.sid(*step));
        form.extend((resource.content)(self.customer, named)?);
        Some(form)
    }

    pub(super) fn object(&self, object: Object, facts: &Facts) -> Option<Sid> {
        match object {
            Object::PrimaryProfile => self.primary().cloned(),
            Object::MadeBy(step) => facts.sid(step).cloned(),
        }
    }
}
