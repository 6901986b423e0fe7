//! What each step stands for: the content that a row asks for, and its digest.

use super::{Plan, tag};
use crate::facts::Facts;
use crate::facts::StepState;
use crate::facts::{Content, Digest};
use crate::flow::{BundleId, Form, Key, Object, Part, StepId, Verb, from_hex};
use crate::model::{Address, Customer, PhoneNumber, PhoneNumbers, Sid};
use std::sync::OnceLock;

/// The name of each resource that these steps create, with our tag: they are asked for at every turn of the loop.
pub(super) fn names(steps: &[StepId], customer: &Customer) -> Vec<(StepId, String)> {
    let name = |&step: &StepId| match step.verb {
        Verb::Create(resource) => {
            Some((step, tag::friendly_name(&customer.friendly_name, &customer.subaccount, resource.tag)))
        }
        _ => None,
    };
    steps.iter().filter_map(name).collect()
}

/// What the row's content comes to, told once it is asked for: it is asked for at every turn of the loop.
#[derive(Clone, Default)]
pub(super) struct Digests {
    /// Those of all resources, as far as they could be told then.
    resources: OnceLock<Vec<Made>>,
    numbers: OnceLock<[u8; 16]>,
}

/// The digest of the content of a resource.
#[derive(Clone)]
struct Made {
    step: StepId,
    /// The resource that the content names.
    named: Option<Sid>,
    bytes: [u8; 16],
}

impl Plan<'_> {
    /// What a step stands for: a created resource for its own content, an assignment for its
    /// object, an evaluation and a submission for the whole content of the bundle.
    pub fn content_of(&self, step: StepId, facts: &Facts) -> Content {
        let bytes = match step.verb {
            _ if !self.steps.contains(&step) => None,
            Verb::Create(_) => return self.content_of_resource(step, facts),
            Verb::Assign(object) => self.digits_of_object(object, facts),
            Verb::CheckAddress => match &self.customer.address {
                Address::Existing(sid) => from_hex(&sid.as_str()[2..]),
                Address::New { .. } => None,
            },
            Verb::ResolveNumbers => Some(*self.digests.numbers.get_or_init(|| self.digest_of_the_numbers())),
            Verb::Evaluate | Verb::Submit => Some(self.digest_of_the_bundle(step.bundle, facts)),
            Verb::CheckAccount | Verb::Discover | Verb::AssignNumbers | Verb::Review => None,
        };
        first_version(bytes)
    }

    /// What an assignment stands for, whether or not the row asks for it.
    pub fn content_of_assignment(&self, key: Key, facts: &Facts) -> Content {
        first_version(match key.step.verb {
            Verb::Assign(object) => self.digits_of_object(object, facts),
            _ => None,
        })
    }

    fn content_of_resource(&self, step: StepId, facts: &Facts) -> Content {
        let (newest, version) = (step.verb.content_version(), self.version(step, facts));
        match recorded(step, facts) {
            // A later release knows what was sent then, and this one does not.
            Some(later) if version > newest => Content::Known(later),
            _ => {
                let is_it = |it: &&Made| it.step == step && it.named.as_ref() == self.named(step, facts);
                let made = self.digests.resources.get_or_init(|| self.digests_by_now(facts));
                let made = made.iter().find(is_it).filter(|_| version == newest).map(|it| it.bytes);
                let bytes = made.or_else(|| self.form_in(version, step, facts).map(|it| self.digest_of(&it)));
                bytes.map_or(Content::Unknown, |bytes| Content::Known(Digest { version, bytes }))
            }
        }
    }

    /// The version in which the content of a resource is put together: today's, and after the submission of its
    /// bundle the one that was sent then.
    pub(super) fn version(&self, step: StepId, facts: &Facts) -> u8 {
        match recorded(step, facts) {
            Some(sent) if facts.submitted(step.bundle).is_some() => sent.version,
            _ => step.verb.content_version(),
        }
    }

    fn digits_of_object(&self, object: Object, facts: &Facts) -> Option<[u8; 16]> {
        self.object(object, facts).and_then(|sid| from_hex(&sid.as_str()[2..]))
    }

    fn digests_by_now(&self, facts: &Facts) -> Vec<Made> {
        let steps = self.steps.iter().filter(|step| matches!(step.verb, Verb::Create(_)));
        let made = |&step: &StepId| {
            let bytes = self.digest_of(&self.form(step, facts)?);
            Some(Made { step, named: self.named(step, facts).cloned(), bytes })
        };
        steps.filter_map(made).collect()
    }

    /// Takes in that this has become known, where a resource names it.
    pub fn learn(&mut self, known: StepId) {
        let names = |step: &StepId| matches!(step.verb, Verb::Create(it) if it.names.contains(&known));
        if self.steps.iter().any(names) {
            self.digests.resources.take();
        }
    }

    /// The digest of the content of one request.
    pub fn digest_of(&self, form: &Form) -> [u8; 16] {
        let mut hasher = self.key.hasher();
        for (name, value) in form {
            hasher.add(name.as_bytes());
            hasher.add(value.as_bytes());
        }
        hasher.finish()
    }

    /// The order of the numbers in the cell means nothing. Earlier versions kept a digest in the order of
    /// the cell: to those, a row with several numbers looks as if it had been written otherwise.
    fn digest_of_the_numbers(&self) -> [u8; 16] {
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

    fn digest_of_the_bundle(&self, bundle: BundleId, facts: &Facts) -> [u8; 16] {
        let mut hasher = self.key.hasher();
        for &step in self.steps.iter().filter(|it| it.bundle == bundle) {
            match step.verb {
                // The primary profile is not the row's content, and reports do not know it.
                Verb::Assign(Object::PrimaryProfile) => (),
                Verb::Create(_) | Verb::Assign(_) => hasher.add(&match self.content_of(step, facts) {
                    Content::Known(digest) => digest.bytes,
                    Content::Unknown | Content::BeforeUs | Content::Nothing => [0; 16],
                }),
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
    pub(super) fn form(&self, step: StepId, facts: &Facts) -> Option<Form> {
        self.form_in(step.verb.content_version(), step, facts)
    }

    /// The same in an earlier version.
    pub(super) fn form_in(&self, version: u8, step: StepId, facts: &Facts) -> Option<Form> {
        let Verb::Create(resource) = step.verb else { return None };
        let name = self.names.iter().find(|it| it.0 == step)?.1.clone();
        let mut form = vec![("FriendlyName", name)];
        let content = resource.earlier.get(usize::from(version) - 1).unwrap_or(&resource.content);
        form.extend(content(self.customer, self.named(step, facts))?);
        Some(form)
    }

    /// The resource that the content of another one names, as far as it is known.
    fn named<'f>(&self, step: StepId, facts: &'f Facts) -> Option<&'f Sid> {
        let Verb::Create(resource) = step.verb else { return None };
        let mut wanted = resource.names.iter().filter(|step| (step.wanted_by)(self.customer));
        wanted.find_map(|step| facts.sid(*step))
    }

    pub(super) fn object(&self, object: Object, facts: &Facts) -> Option<Sid> {
        match object {
            Object::PrimaryProfile => self.primary().cloned(),
            Object::MadeBy(step) => facts.sid(step).cloned(),
        }
    }
}

/// The digest that is on record for a resource.
pub(super) fn recorded(step: StepId, facts: &Facts) -> Option<Digest> {
    match facts.state(step) {
        Some(StepState::Started { content: Content::Known(digest), .. })
        | Some(StepState::Done { content: Content::Known(digest), .. }) => Some(*digest),
        _ => None,
    }
}

/// What is hashed in the same way ever since.
fn first_version(bytes: Option<[u8; 16]>) -> Content {
    bytes.map_or(Content::Nothing, |bytes| Content::Known(Digest { version: 1, bytes }))
}
