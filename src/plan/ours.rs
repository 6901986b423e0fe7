//! How a resource that an answer shows is recognised as ours.

use super::{Plan, tag};
use crate::facts::Facts;
use crate::flow::{BundleId, Item, Key, Resource, StepId, Verb};
use crate::model::{Sid, SidKind};

impl Plan<'_> {
    /// Whether a listed resource is what this step creates: by tag and type, or by what it assigns;
    /// never by attributes, because what was made by hand may well have the same ones.
    pub fn is_ours(&self, key: Key, facts: &Facts, item: &Item) -> bool {
        if item.sid().is_some_and(|sid| facts.is_disowned(key.step, &sid)) {
            return false;
        }
        match key.step.verb {
            Verb::Create(resource) => {
                let name = item.friendly_name.as_deref().unwrap_or_default();
                item.sid().is_some_and(|sid| sid.is(resource.collection.sid_kind()))
                    && self.is_of_the_kind(key.step, item)
                    && tag::bears_tag(name, &self.customer.subaccount, resource.tag)
            }
            Verb::Assign(object) => {
                item.sid().is_some_and(|sid| sid.is(SidKind::EntityAssignment))
                    && self.is_on(key.step.bundle, facts, item)
                    && self.object(object, facts).is_some_and(|sid| Item::is(&item.object_sid, sid.as_str()))
            }
            Verb::AssignNumbers => {
                item.sid().is_some_and(|sid| sid.is(SidKind::ChannelEndpointAssignment))
                    && self.is_on(key.step.bundle, facts, item)
                    && key.part.sid().is_some_and(|sid| Item::is(&item.channel_endpoint_sid, sid.as_str()))
            }
            _ => false,
        }
    }

    /// Whether an assignment is on this bundle, as far as it says.
    fn is_on(&self, bundle: BundleId, facts: &Facts, item: &Item) -> bool {
        let said = [&item.customer_profile_sid, &item.trust_product_sid];
        let ours = facts.sid(bundle.made_by());
        said.into_iter().flatten().all(|it| Sid::parse(it).as_ref() == ours)
    }

    /// The type of a resource that somebody else has made, if it is one that we make for this bundle,
    /// whether or not the row asks for it.
    pub fn kind_not_ours(&self, bundle: BundleId, facts: &Facts, item: &Item) -> Option<String> {
        let mut of_the_kind = bundle.all_steps().filter(|step| self.is_of_the_kind(step, item)).peekable();
        of_the_kind.peek()?;
        let is_ours = of_the_kind.any(|step| self.is_ours(step.into(), facts, item));
        if is_ours { None } else { item.kind.clone() }
    }

    /// Whether a listed resource is of the kind that this step creates, whoever made it.
    pub fn is_of_the_kind(&self, step: StepId, item: &Item) -> bool {
        let Verb::Create(resource) = step.verb else { return false };
        self.fixed(step, resource).all(|(field, value)| match field {
            "PolicySid" => Item::is(&item.policy_sid, value),
            "Type" => Item::is(&item.kind, value),
            "IsoCountry" => Item::is(&item.iso_country, value),
            _ => true,
        })
    }

    /// What only the creation of a resource takes: for a bundle its policy.
    pub(super) fn fixed(
        &self,
        step: StepId,
        resource: &'static Resource,
    ) -> impl Iterator<Item = (&'static str, &str)> {
        let policy = step.creates_its_bundle().then(|| ("PolicySid", self.policy.policy_sid(step.bundle)));
        resource.fixed.iter().copied().chain(policy)
    }
}
