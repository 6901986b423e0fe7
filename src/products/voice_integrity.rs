//! The Voice Integrity trust product of a customer (`docs/twilio-api.md`, section 1, steps 11 to 16).

use super::profile::{CUSTOMER_PROFILE, PROFILE};
use super::{always, attributes, bundle_content};
use crate::flow::{Bundle, Collection, Dependency, Form, Object, Resource, Step, Steps, Verb};
use crate::model::column::Group;
use crate::model::{Product, VoiceIntegrity};
use serde::Serialize;

/// The Voice Integrity trust product.
pub static VOICE_INTEGRITY: Bundle = Bundle {
    name: "trust_product",
    collection: Collection::TrustProducts,
    policy_sid: "RN5b3660f9598883b1df4e77f77acefba0",
    product: Some(&Product {
        name: "voice_integrity",
        title: "Voice Integrity",
        columns: Some(Group::VoiceIntegrity),
        sid_column: "trust_product_sid",
        numbers: None,
    }),
    usual_review_days: (1, 2),
    depends_on: Some(Dependency {
        bundle: &PROFILE,
        // "Voice Integrity rejected because the linked business profile is not approved" (error dictionary).
        too_early: &[11005],
        requirement: ("customer_profile", "bundle_status"),
    }),
    column: "trust_product_sid",
    named_by: |customer| customer.trust_product.as_ref(),
    steps: Steps {
        before: &[],
        creation: &TRUST_PRODUCT,
        contents: &[&INFORMATION, &INFORMATION_ASSIGNMENT, &PROFILE_ASSIGNMENT],
        numbers: &NUMBERS,
        evaluation: &EVALUATION,
        submission: &SUBMISSION,
        review: &REVIEW,
    },
};

const fn step(name: &'static str, verb: Verb) -> Step {
    Step { name, verb, bundle: &VOICE_INTEGRITY, wanted_by: always }
}

static TRUST_PRODUCT: Step = step("trust_product", Verb::Create(&PRODUCT_RESOURCE));
static INFORMATION: Step = step("voice_integrity_information", Verb::Create(&INFORMATION_RESOURCE));
static INFORMATION_ASSIGNMENT: Step =
    step("voice_integrity_information_assignment", Verb::Assign(Object::MadeBy(&INFORMATION)));
static PROFILE_ASSIGNMENT: Step =
    step("customer_profile_assignment", Verb::Assign(Object::MadeBy(&CUSTOMER_PROFILE)));
static NUMBERS: Step = step("trust_product_phone_numbers", Verb::AssignNumbers);
static EVALUATION: Step = step("trust_product_evaluation", Verb::Evaluate);
static SUBMISSION: Step = step("trust_product_submission", Verb::Submit);
static REVIEW: Step = step("trust_product_review", Verb::Review);

static PRODUCT_RESOURCE: Resource = Resource {
    collection: Collection::TrustProducts,
    tag: "product",
    fixed: &[],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(bundle_content(customer)),
};

static INFORMATION_RESOURCE: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "voice",
    fixed: &[("Type", "voice_integrity_information")],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(information_content(&customer.voice_integrity)),
};

fn information_content(voice: &VoiceIntegrity) -> Form {
    let value = InformationAttributes {
        use_case: &voice.use_case,
        business_employee_count: &voice.business_employee_count,
        average_business_day_call_volume: &voice.average_business_day_call_volume,
        notes: &voice.notes,
    };
    vec![("Attributes", attributes(&value))]
}

/// Both counts are JSON strings [seed].
#[derive(Serialize)]
struct InformationAttributes<'a> {
    use_case: &'a str,
    business_employee_count: &'a str,
    average_business_day_call_volume: &'a str,
    notes: &'a str,
}
