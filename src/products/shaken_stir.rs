//! The SHAKEN/STIR trust product of a customer (`docs/twilio-api.md`, section 18). It needs nothing but the
//! profile and its numbers: no end user, no document, and so no column of its own.

use super::profile::{CUSTOMER_PROFILE, PROFILE};
use super::{always, bundle_content};
use crate::flow::{Bundle, Collection, Dependency, Object, Resource, Step, Steps, Verb};
use crate::model::Product;

/// The SHAKEN/STIR trust product.
pub static SHAKEN_STIR: Bundle = Bundle {
    name: "shaken_stir",
    collection: Collection::TrustProducts,
    policy_sid: "RN7a97559effdf62d00f4298208492a5ea",
    product: Some(&Product {
        name: "shaken_stir",
        title: "SHAKEN/STIR",
        columns: None,
        sid_column: "shaken_stir_sid",
        // It takes the numbers that are on the profile [docs]; that they must be of the US is only inferred.
        numbers: None,
    }),
    usual_review_days: (1, 3),
    depends_on: Some(Dependency {
        bundle: &PROFILE,
        // Which code it gets whose profile is not approved is not documented: inferred from Voice Integrity.
        too_early: &[11005],
        requirement: ("customer_profile", "bundle_status"),
    }),
    column: "shaken_stir_sid",
    named_by: |customer| customer.named_in("shaken_stir_sid"),
    steps: Steps {
        before: &[],
        creation: &CREATION,
        contents: &[&PROFILE_ASSIGNMENT],
        numbers: &NUMBERS,
        // The guide has no evaluation, and the API takes one for every policy [spec]. Where it refuses the call,
        // that is said and the review decides.
        evaluation: &EVALUATION,
        submission: &SUBMISSION,
        review: &REVIEW,
    },
};

const fn step(name: &'static str, verb: Verb) -> Step {
    Step { name, verb, bundle: &SHAKEN_STIR, wanted_by: always }
}

static CREATION: Step = step("shaken_stir", Verb::Create(&PRODUCT_RESOURCE));
static PROFILE_ASSIGNMENT: Step =
    step("shaken_stir_customer_profile_assignment", Verb::Assign(Object::MadeBy(&CUSTOMER_PROFILE)));
static NUMBERS: Step = step("shaken_stir_phone_numbers", Verb::AssignNumbers);
static EVALUATION: Step = step("shaken_stir_evaluation", Verb::Evaluate);
static SUBMISSION: Step = step("shaken_stir_submission", Verb::Submit);
static REVIEW: Step = step("shaken_stir_review", Verb::Review);

static PRODUCT_RESOURCE: Resource = Resource {
    collection: Collection::TrustProducts,
    tag: "shaken",
    fixed: &[],
    names: &[],
    content: |customer, _| Some(bundle_content(customer)),
    earlier: &[],
};
