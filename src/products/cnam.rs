//! The CNAM trust product of a customer, by which its calls show a name (`docs/twilio-api.md`, section 18).

use super::profile::{CUSTOMER_PROFILE, PROFILE};
use super::{always, attributes, bundle_content};
use crate::flow::{Bundle, Collection, Dependency, Form, Object, Resource, Step, Steps, Verb};
use crate::model::column::Group;
use crate::model::{Customer, NumberRule, Product};
use rlibphonenumber::PHONE_NUMBER_UTIL;
use rlibphonenumber::enums::Region;
use serde::Serialize;

/// The CNAM trust product.
pub static CNAM: Bundle = Bundle {
    name: "cnam",
    collection: Collection::TrustProducts,
    policy_sid: "RNf3db3cd1fe25fcfd3c3ded065c8fea53",
    product: Some(&Product {
        name: "cnam",
        title: "CNAM",
        columns: Some(Group::Cnam),
        sid_column: "cnam_sid",
        numbers: Some(NumberRule { takes: is_a_us_long_code, words: "US long codes only" }),
    }),
    usual_review_days: (2, 3),
    depends_on: Some(Dependency {
        bundle: &PROFILE,
        // "CNAM registration rejected: linked Business Profile is not approved" (error dictionary).
        too_early: &[11006],
        requirement: ("customer_profile", "bundle_status"),
    }),
    column: "cnam_sid",
    named_by: |customer| customer.named_in("cnam_sid"),
    steps: Steps {
        before: &[],
        creation: &CREATION,
        // The profile comes first here, unlike in Voice Integrity [docs].
        contents: &[&PROFILE_ASSIGNMENT, &INFORMATION, &INFORMATION_ASSIGNMENT],
        numbers: &NUMBERS,
        // Not in the guide; public code gets an answer to it.
        evaluation: &EVALUATION,
        submission: &SUBMISSION,
        review: &REVIEW,
    },
};

const fn step(name: &'static str, verb: Verb) -> Step {
    Step { name, verb, bundle: &CNAM, wanted_by: always }
}

static CREATION: Step = step("cnam", Verb::Create(&PRODUCT_RESOURCE));
static PROFILE_ASSIGNMENT: Step =
    step("cnam_customer_profile_assignment", Verb::Assign(Object::MadeBy(&CUSTOMER_PROFILE)));
static INFORMATION: Step = step("cnam_information", Verb::Create(&INFORMATION_RESOURCE));
static INFORMATION_ASSIGNMENT: Step =
    step("cnam_information_assignment", Verb::Assign(Object::MadeBy(&INFORMATION)));
static NUMBERS: Step = step("cnam_phone_numbers", Verb::AssignNumbers);
static EVALUATION: Step = step("cnam_evaluation", Verb::Evaluate);
static SUBMISSION: Step = step("cnam_submission", Verb::Submit);
static REVIEW: Step = step("cnam_review", Verb::Review);

static PRODUCT_RESOURCE: Resource = Resource {
    collection: Collection::TrustProducts,
    tag: "cnam",
    fixed: &[],
    names: &[],
    content: |customer, _| Some(bundle_content(customer)),
    earlier: &[],
};

static INFORMATION_RESOURCE: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "name",
    fixed: &[("Type", "cnam_information")],
    names: &[],
    content: |customer, _| Some(information_content(customer)),
    earlier: &[],
};

fn information_content(customer: &Customer) -> Form {
    vec![(
        "Attributes",
        attributes(&InformationAttributes { cnam_display_name: &customer.cnam_display_name }),
    )]
}

#[derive(Serialize)]
struct InformationAttributes<'a> {
    cnam_display_name: &'a str,
}

/// Codes that are called free of charge: those in use and those that are kept for it (NANPA, "8YY").
const TOLL_FREE: [&str; 17] = [
    "800", "822", "833", "844", "855", "866", "877", "880", "881", "882", "883", "884", "885", "886", "887",
    "888", "889",
];

/// Whether a number, in E.164, is one of the United States that is no toll-free number: CNAM takes no Canadian and
/// no toll-free numbers [docs]. An area code that is new and not known yet counts as one of the United States.
fn is_a_us_long_code(e164: &str) -> bool {
    let Some(national) = e164.strip_prefix("+1").filter(|it| it.len() == 10) else { return false };
    if TOLL_FREE.iter().any(|code| national.starts_with(code)) {
        return false;
    }
    let Ok(number) = PHONE_NUMBER_UTIL.parse(e164, None) else { return false };
    let us = [Region::US, Region::PR, Region::VI, Region::GU, Region::AS, Region::MP];
    number.get_region_code().is_none_or(|region| us.contains(&region))
}

#[cfg(test)]
mod tests {
    use super::is_a_us_long_code;

    #[test]
    fn only_long_codes_of_the_united_states_are_taken() {
        for number in ["+16175550150", "+12125550100", "+17875550123", "+18612345678"] {
            assert!(is_a_us_long_code(number), "{number}");
        }
        // Toll-free, Canadian, Jamaican, British, and none at all.
        for number in
            ["+18005550123", "+18335550123", "+14165550130", "+18765550123", "+442071838750", "+1617", ""]
        {
            assert!(!is_a_us_long_code(number), "{number}");
        }
    }
}
