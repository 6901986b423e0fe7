//! The Voice Integrity trust product of a customer (seed, second half; steps 11 to 16).

use super::secondary_profile::bundle_content;
use super::{Place, Resource, always, attributes};
use crate::model::Customer;
use crate::plan::{Bundle, Form, Object, Step, StepId, Verb};
use serde::Serialize;

const BUNDLE: Bundle = Bundle::TrustProduct;

const fn step(id: StepId, verb: Verb) -> Step {
    Step { id, verb, bundle: BUNDLE, wanted_by: always }
}

/// Everything up to the evaluation.
pub const STEPS: &[Step] = &[
    step(StepId::TrustProduct, Verb::Make(&PRODUCT)),
    step(StepId::VoiceIntegrityInformation, Verb::Make(&INFORMATION)),
    step(StepId::VoiceIntegrityInformationAssignment, attach(StepId::VoiceIntegrityInformation)),
    step(StepId::CustomerProfileAssignment, attach(StepId::CustomerProfile)),
    step(StepId::TrustProductNumbers, Verb::AssignNumbers(BUNDLE)),
];

/// For a product that the row names and that was submitted before us: only missing numbers are
/// added, which the seed allows before and after the submission.
pub const TAKEN: &[Step] = &[
    step(StepId::TrustProduct, Verb::Make(&PRODUCT)),
    step(StepId::TrustProductNumbers, Verb::AssignNumbers(BUNDLE)),
];

/// By default these wait for the approval of the profile (error 11005).
pub const SUBMISSION: &[Step] = &[
    step(StepId::TrustProductEvaluation, Verb::Evaluate(BUNDLE)),
    step(StepId::TrustProductSubmission, Verb::Submit(BUNDLE)),
];

pub const REVIEW: &[Step] = &[step(StepId::TrustProductReview, Verb::Review(BUNDLE))];

const fn attach(made_by: StepId) -> Verb {
    Verb::Attach(Object::MadeBy(made_by), BUNDLE)
}

const PRODUCT: Resource = Resource {
    place: Place::TrustProducts,
    mark: "product",
    fixed: |policy| vec![("PolicySid", policy.voice_integrity_policy.to_string())],
    content: |customer, _| Some(bundle_content(customer)),
};

const INFORMATION: Resource = Resource {
    place: Place::EndUsers,
    mark: "voice",
    fixed: |_| vec![("Type", "voice_integrity_information".to_owned())],
    content: |customer, _| Some(information_content(customer)),
};

fn information_content(customer: &Customer) -> Form {
    let voice = &customer.voice_integrity;
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
