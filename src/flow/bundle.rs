//! What is submitted for vetting, and where it stands.

use super::request::Host;
use super::step::{Step, StepId, Verb};
use crate::model::{Customer, Product, Sid, SidKind};
use std::fmt;

/// Something that is submitted for vetting as a whole: a customer profile or a trust product. Twilio gives
/// both the letters BU.
pub struct Bundle {
    /// Its name in columns, steps and messages, such as `trust_product`.
    pub name: &'static str,
    pub collection: Collection,
    /// The policy that it is made under, unless the user names another.
    pub policy_sid: &'static str,
    /// What a row calls it that asks for it; `None` for the profile, which every row needs.
    pub product: Option<&'static Product>,
    /// How many days its review usually takes, from and to (`docs/twilio-api.md`, sections 8 and 17).
    pub usual_review_days: (u64, u64),
    /// The bundle that must be there before it.
    pub depends_on: Option<Dependency>,
    /// The column in which a row can name one that is there already.
    pub column: &'static str,
    /// What stands in that column.
    pub named_by: fn(&Customer) -> Option<&Sid>,
    pub steps: Steps,
}

/// One bundle of the flow, known by its address.
pub type BundleId = &'static Bundle;

/// The steps of a bundle, in the order in which they are done.
pub struct Steps {
    /// Reads that come before it is created.
    pub before: &'static [StepId],
    pub creation: StepId,
    /// What is created and assigned to it.
    pub contents: &'static [StepId],
    pub numbers: StepId,
    pub evaluation: StepId,
    pub submission: StepId,
    pub review: StepId,
}

/// What a bundle owes to another one.
pub struct Dependency {
    pub bundle: BundleId,
    /// The codes with which it is rejected when that one is not approved yet, as far as they are known.
    pub too_early: &'static [u32],
    /// The requirement of its evaluation that says that the other is not approved, and the field of it. The
    /// flow waits for the approval by itself.
    pub requirement: (&'static str, &'static str),
}

impl Bundle {
    /// The step that creates it.
    pub fn made_by(&self) -> StepId {
        self.steps.creation
    }

    pub fn submitted_by(&self) -> StepId {
        self.steps.submission
    }

    pub fn reviewed_by(&self) -> StepId {
        self.steps.review
    }

    /// The step that puts numbers on it.
    pub fn numbered_by(&self) -> StepId {
        self.steps.numbers
    }

    /// The one that the row names, if it does.
    pub fn named_by<'a>(&self, customer: &'a Customer) -> Option<&'a Sid> {
        (self.named_by)(customer)
    }

    /// Whether the row asks for it.
    pub fn is_wanted_by(&self, customer: &Customer) -> bool {
        self.product.is_none_or(|product| customer.wants(product))
    }

    /// The bundle that must be there before it.
    pub fn depends_on(&self) -> Option<BundleId> {
        self.depends_on.as_ref().map(|it| it.bundle)
    }

    /// All its steps, in their order.
    pub fn all_steps(&self) -> impl Iterator<Item = StepId> {
        let Steps { before, creation, contents, numbers, evaluation, submission, review } = self.steps;
        let end = [numbers, evaluation, submission, review];
        before.iter().copied().chain([creation]).chain(contents.iter().copied()).chain(end)
    }
}

impl PartialEq for Bundle {
    fn eq(&self, other: &Bundle) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Bundle {}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The products that are put together, in their order.
pub struct Flow {
    /// Reads the subaccount and its token.
    pub account: StepId,
    /// Reads what is there already.
    pub discovery: StepId,
    /// Looks the row's numbers up.
    pub phone_numbers: StepId,
    /// Links the reseller's own profile.
    pub primary_link: StepId,
    /// The profile that every product depends on.
    pub profile: BundleId,
    /// The trust products.
    pub products: &'static [BundleId],
}

impl Flow {
    /// Every bundle: the profile first, because the others name it.
    pub fn bundles(&self) -> impl DoubleEndedIterator<Item = BundleId> + Clone {
        std::iter::once(self.profile).chain(self.products.iter().copied())
    }

    /// The bundles that a row asks for: the profile, and its products in the order of the flow. One that was made
    /// earlier and is wanted no more is left as it is.
    pub fn bundles_of(&self, customer: &Customer) -> Vec<BundleId> {
        self.bundles().filter(|bundle| bundle.is_wanted_by(customer)).collect()
    }

    /// Every step, in an order in which none comes before what it needs.
    pub fn steps(&self) -> impl Iterator<Item = StepId> {
        [self.account, self.discovery].into_iter().chain(self.bundles().flat_map(Bundle::all_steps))
    }

    /// The step of that public name.
    pub fn step(&self, name: &str) -> Option<StepId> {
        self.steps().find(|step| step.name == name)
    }

    /// The step that may yield the SID of a resource in the place of the step that creates it.
    pub fn instead_of(&self, creation: StepId) -> Option<StepId> {
        let names = self.steps().find_map(|step| match step.verb {
            Verb::Create(it) if it.names.contains(&creation) => Some(it.names),
            _ => None,
        })?;
        names.iter().copied().find(|step| *step != creation)
    }

    /// Every step that creates something in this collection, other than a bundle.
    pub fn created_in(&self, collection: Collection) -> impl Iterator<Item = StepId> {
        let is_it = move |step: &StepId| matches!(step.verb, Verb::Create(it) if it.collection == collection);
        self.steps().filter(is_it).filter(|step| !step.creates_its_bundle())
    }
}

/// The collections in which resources are created and listed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Collection {
    CustomerProfiles,
    TrustProducts,
    EndUsers,
    SupportingDocuments,
    Addresses,
}

impl Collection {
    pub fn host(self) -> Host {
        match self {
            Collection::Addresses => Host::Api,
            Collection::CustomerProfiles
            | Collection::TrustProducts
            | Collection::EndUsers
            | Collection::SupportingDocuments => Host::TrustHub,
        }
    }

    /// Where one resource is, or all of them are listed and created.
    pub fn path(self, subaccount: &Sid, sid: Option<&Sid>) -> String {
        let (collection, suffix) = match self {
            Collection::CustomerProfiles => ("/v1/CustomerProfiles".to_owned(), ""),
            Collection::TrustProducts => ("/v1/TrustProducts".to_owned(), ""),
            Collection::EndUsers => ("/v1/EndUsers".to_owned(), ""),
            Collection::SupportingDocuments => ("/v1/SupportingDocuments".to_owned(), ""),
            // The 2010 API answers XML unless the path ends in .json [docs].
            Collection::Addresses => (format!("/2010-04-01/Accounts/{subaccount}/Addresses"), ".json"),
        };
        match sid {
            Some(sid) => format!("{collection}/{sid}{suffix}"),
            None => format!("{collection}{suffix}"),
        }
    }

    /// What its SIDs begin with.
    pub fn sid_kind(self) -> SidKind {
        match self {
            Collection::CustomerProfiles | Collection::TrustProducts => SidKind::Bundle,
            Collection::EndUsers => SidKind::EndUser,
            Collection::SupportingDocuments => SidKind::SupportingDocument,
            Collection::Addresses => SidKind::Address,
        }
    }
}

/// The two lists of what is assigned to a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assignments {
    /// End users, documents and other bundles.
    Entities,
    /// Phone numbers.
    ChannelEndpoints,
}

impl Assignments {
    /// The end of its path.
    pub fn path(self) -> &'static str {
        match self {
            Assignments::Entities => "EntityAssignments",
            Assignments::ChannelEndpoints => "ChannelEndpointAssignments",
        }
    }
}

impl Step {
    /// Whether what it creates is the bundle itself.
    pub fn creates_its_bundle(&self) -> bool {
        *self.bundle.steps.creation == *self
    }
}
