//! The products that a customer can be onboarded to: one file each, an ordered table of steps and
//! the builders of its requests. A new product is one more file and the columns that it needs.

pub mod secondary_profile;
pub mod voice_integrity;

use crate::model::{Customer, Sid, SidKind};
use crate::plan::{Bundle, Evaluate, Facts, Form, Host, Policy, Step, StepId, Submission, Verb};

/// How a resource is created and known again.
pub struct Resource {
    pub place: Place,
    /// The end of our mark in its name: what kind of thing it is to us.
    pub mark: &'static str,
    /// The fields that only its creation takes, and that tell its kind in a list.
    pub fixed: fn(&Policy) -> Form,
    /// What the row puts into it; `None` while a SID that it needs is not known.
    pub content: fn(&Customer, &Facts) -> Option<Form>,
}

/// The collections in which resources are created and listed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    CustomerProfiles,
    TrustProducts,
    EndUsers,
    SupportingDocuments,
    Addresses,
}

impl Place {
    pub fn host(self) -> Host {
        match self {
            Place::Addresses => Host::Api,
            _ => Host::TrustHub,
        }
    }

    /// Where one resource is, or all of them are listed and created.
    pub fn path(self, subaccount: &Sid, sid: Option<&Sid>) -> String {
        let collection = match self {
            Place::CustomerProfiles => Bundle::CustomerProfile.path().to_owned(),
            Place::TrustProducts => Bundle::TrustProduct.path().to_owned(),
            Place::EndUsers => "/v1/EndUsers".to_owned(),
            Place::SupportingDocuments => "/v1/SupportingDocuments".to_owned(),
            Place::Addresses => format!("/2010-04-01/Accounts/{subaccount}/Addresses"),
        };
        // The 2010 API answers XML unless the path ends in .json [docs].
        let suffix = if self == Place::Addresses { ".json" } else { "" };
        match sid {
            Some(sid) => format!("{collection}/{sid}{suffix}"),
            None => format!("{collection}{suffix}"),
        }
    }

    /// What its SIDs begin with.
    pub fn sid_kind(self) -> SidKind {
        match self {
            Place::CustomerProfiles | Place::TrustProducts => SidKind::Bundle,
            Place::EndUsers => SidKind::EndUser,
            Place::SupportingDocuments => SidKind::SupportingDocument,
            Place::Addresses => SidKind::Address,
        }
    }

    /// The bundle whose collection this is.
    pub fn bundle(self) -> Option<Bundle> {
        match self {
            Place::CustomerProfiles => Some(Bundle::CustomerProfile),
            Place::TrustProducts => Some(Bundle::TrustProduct),
            _ => None,
        }
    }
}

/// What comes before both products: reads only.
const BEGINNING: &[Step] = &[
    Step {
        id: StepId::Account,
        verb: Verb::CheckAccount,
        bundle: Bundle::CustomerProfile,
        wanted_by: always,
    },
    Step { id: StepId::Existing, verb: Verb::Survey, bundle: Bundle::CustomerProfile, wanted_by: always },
];

/// The steps of one row, in their order.
pub fn steps(customer: &Customer, policy: &Policy, facts: &Facts) -> Vec<Step> {
    let taken = |bundle: Bundle| facts.is_taken_as_is(bundle, bundle.named_by(customer));
    let profile = match taken(Bundle::CustomerProfile) {
        true => secondary_profile::TAKEN,
        false => secondary_profile::STEPS,
    };
    let product = match taken(Bundle::TrustProduct) {
        true => voice_integrity::TAKEN,
        false => voice_integrity::STEPS,
    };
    let product_submission = voice_integrity::SUBMISSION;
    let profile_review = secondary_profile::REVIEW;
    let product_review = voice_integrity::REVIEW;
    let parts: [&[Step]; 6] = match policy.submission {
        Submission::ProductAfterApproval => {
            [BEGINNING, profile, product, profile_review, product_submission, product_review]
        }
        Submission::ProductNow => {
            [BEGINNING, profile, product, product_submission, profile_review, product_review]
        }
        // The evaluations of the drafts are part of a rehearsal that submits nothing. What has been
        // submitted earlier is no draft: its review is read.
        Submission::Never => {
            let if_submitted = |bundle, review: &'static [Step]| match facts.submitted(bundle) {
                Some(_) => review,
                None => &[],
            };
            let profile_review = if_submitted(Bundle::CustomerProfile, profile_review);
            let product_review = if_submitted(Bundle::TrustProduct, product_review);
            [BEGINNING, profile, product, profile_review, product_submission, product_review]
        }
    };
    let mut steps: Vec<Step> = vec![];
    for step in parts.into_iter().flatten() {
        let off = match step.verb {
            Verb::Evaluate(_) => policy.evaluate == Evaluate::Off,
            Verb::Submit(_) => policy.submission == Submission::Never,
            _ => false,
        };
        let as_it_is = matches!(step.verb, Verb::Evaluate(_) | Verb::Submit(_)) && taken(step.bundle);
        // A taken profile is reviewed before its numbers; reading it once is enough.
        let twice = steps.iter().any(|it| it.id == step.id);
        if (step.wanted_by)(customer) && !off && !as_it_is && !twice {
            steps.push(*step);
        }
    }
    steps
}

/// The line of that step in any table.
pub fn step(id: StepId) -> Option<Step> {
    let tables = [
        BEGINNING,
        secondary_profile::STEPS,
        secondary_profile::REVIEW,
        voice_integrity::STEPS,
        voice_integrity::SUBMISSION,
        voice_integrity::REVIEW,
    ];
    tables.into_iter().flatten().copied().find(|step| step.id == id)
}

fn always(_: &Customer) -> bool {
    true
}

/// A JSON object as the API takes it: the text of one form field.
fn attributes(value: &impl serde::Serialize) -> String {
    // Structs of strings always serialise; an empty object would be refused by the evaluation.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}
