//! The secondary business profile of a customer, and what comes before it (`docs/twilio-api.md`, section 1,
//! steps 0 to 10). Every product depends on it.

use super::{always, attributes, bundle_content};
use crate::flow::{Bundle, Collection, Form, Object, Resource, Step, StepId, Steps, Verb};
use crate::model::{Address, Customer, PhoneNumber, PhoneNumbers, Representative};
use serde::Serialize;

/// The secondary business profile.
pub static PROFILE: Bundle = Bundle {
    name: "customer_profile",
    collection: Collection::CustomerProfiles,
    // "Secondary Customer Profile of type Business", the same in every account (`docs/twilio-api.md`, section 4).
    policy_sid: "RNdfbf3fae0e1107f8aded0e7cead80bf5",
    product: None,
    usual_review_days: (1, 3),
    depends_on: None,
    column: "customer_profile_sid",
    named_by: |customer| customer.customer_profile.as_ref(),
    steps: Steps {
        before: &[&PHONE_NUMBERS, &EXISTING_ADDRESS],
        creation: &CUSTOMER_PROFILE,
        contents: &[
            &PRIMARY_PROFILE_ASSIGNMENT,
            &ADDRESS,
            &SUPPORTING_DOCUMENT,
            &SUPPORTING_DOCUMENT_ASSIGNMENT,
            &BUSINESS_INFORMATION,
            &BUSINESS_INFORMATION_ASSIGNMENT,
            &REPRESENTATIVE_1,
            &REPRESENTATIVE_1_ASSIGNMENT,
            &REPRESENTATIVE_2,
            &REPRESENTATIVE_2_ASSIGNMENT,
        ],
        numbers: &NUMBERS,
        evaluation: &EVALUATION,
        submission: &SUBMISSION,
        review: &REVIEW,
    },
};

const fn step(name: &'static str, verb: Verb) -> Step {
    step_if(name, verb, always)
}

const fn step_if(name: &'static str, verb: Verb, wanted_by: fn(&Customer) -> bool) -> Step {
    Step { name, verb, bundle: &PROFILE, wanted_by }
}

const fn assignment(name: &'static str, made_by: StepId, wanted_by: fn(&Customer) -> bool) -> Step {
    step_if(name, Verb::Assign(Object::MadeBy(made_by)), wanted_by)
}

pub(super) static ACCOUNT: Step = step("account", Verb::CheckAccount);
pub(super) static DISCOVERY: Step = step("existing_resources", Verb::Discover);
pub(super) static PHONE_NUMBERS: Step = step_if("phone_numbers", Verb::ResolveNumbers, numbers_need_a_look);
/// An address that the row names by its SID.
static EXISTING_ADDRESS: Step = step_if("existing_address", Verb::CheckAddress, has_an_address_sid);
pub(super) static CUSTOMER_PROFILE: Step = step("customer_profile", Verb::Create(&PROFILE_RESOURCE));
pub(super) static PRIMARY_PROFILE_ASSIGNMENT: Step =
    step("primary_profile_assignment", Verb::Assign(Object::PrimaryProfile));
/// An address that is created from the row.
static ADDRESS: Step = step_if("address", Verb::Create(&ADDRESS_RESOURCE), has_address_columns);
static SUPPORTING_DOCUMENT: Step = step("supporting_document", Verb::Create(&DOCUMENT));
static SUPPORTING_DOCUMENT_ASSIGNMENT: Step =
    assignment("supporting_document_assignment", &SUPPORTING_DOCUMENT, always);
static BUSINESS_INFORMATION: Step = step("business_information", Verb::Create(&BUSINESS));
static BUSINESS_INFORMATION_ASSIGNMENT: Step =
    assignment("business_information_assignment", &BUSINESS_INFORMATION, always);
static REPRESENTATIVE_1: Step = step("representative_1", Verb::Create(&FIRST_REPRESENTATIVE));
static REPRESENTATIVE_1_ASSIGNMENT: Step =
    assignment("representative_1_assignment", &REPRESENTATIVE_1, always);
static REPRESENTATIVE_2: Step =
    step_if("representative_2", Verb::Create(&SECOND_REPRESENTATIVE), has_a_second_representative);
static REPRESENTATIVE_2_ASSIGNMENT: Step =
    assignment("representative_2_assignment", &REPRESENTATIVE_2, has_a_second_representative);
static NUMBERS: Step = step("customer_profile_phone_numbers", Verb::AssignNumbers);
static EVALUATION: Step = step("customer_profile_evaluation", Verb::Evaluate);
static SUBMISSION: Step = step("customer_profile_submission", Verb::Submit);
static REVIEW: Step = step("customer_profile_review", Verb::Review);

static PROFILE_RESOURCE: Resource = Resource {
    collection: Collection::CustomerProfiles,
    tag: "profile",
    fixed: &[],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(bundle_content(customer)),
};

static ADDRESS_RESOURCE: Resource = Resource {
    collection: Collection::Addresses,
    tag: "address",
    // The country cannot be changed later. The sheet's checks let no other one through (11003).
    fixed: &[("IsoCountry", "US")],
    names: &[],
    earlier: &[],
    content: |customer, _| address_content(customer),
};

static DOCUMENT: Resource = Resource {
    collection: Collection::SupportingDocuments,
    tag: "document",
    fixed: &[("Type", "customer_profile_address")],
    // The row's own address, or the one that was created.
    names: &[&EXISTING_ADDRESS, &ADDRESS],
    earlier: &[],
    content: |_, address| {
        let address_sids = address?.as_str();
        Some(vec![("Attributes", attributes(&DocumentAttributes { address_sids }))])
    },
};

static BUSINESS: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "business",
    fixed: &[("Type", "customer_profile_business_information")],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(business_content(customer)),
};

static FIRST_REPRESENTATIVE: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "rep1",
    fixed: &[("Type", "authorized_representative_1")],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(representative_content(&customer.representative_1)),
};

static SECOND_REPRESENTATIVE: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "rep2",
    fixed: &[("Type", "authorized_representative_2")],
    names: &[],
    earlier: &[],
    content: |customer, _| customer.representative_2.as_ref().map(representative_content),
};

fn numbers_need_a_look(customer: &Customer) -> bool {
    // Whether a product takes a number is told by its digits.
    let products_choose = customer.products.iter().any(|product| product.numbers.is_some());
    match &customer.phone_numbers {
        _ if products_choose => true,
        PhoneNumbers::All => true,
        PhoneNumbers::Listed(numbers) => numbers.iter().any(|it| matches!(it, PhoneNumber::E164(_))),
    }
}

fn has_an_address_sid(customer: &Customer) -> bool {
    matches!(customer.address, Address::Existing(_))
}

fn has_address_columns(customer: &Customer) -> bool {
    !has_an_address_sid(customer)
}

fn has_a_second_representative(customer: &Customer) -> bool {
    customer.representative_2.is_some()
}

fn address_content(customer: &Customer) -> Option<Form> {
    let Address::New { street, street_secondary, city, region, postal_code, .. } = &customer.address else {
        return None;
    };
    Some(vec![
        ("CustomerName", customer.business.name.clone()),
        ("Street", street.clone()),
        ("StreetSecondary", street_secondary.clone()),
        ("City", city.clone()),
        ("Region", region.clone()),
        ("PostalCode", postal_code.clone()),
    ])
}

fn business_content(customer: &Customer) -> Form {
    let business = &customer.business;
    let value = BusinessAttributes {
        business_name: &business.name,
        business_identity: &business.identity,
        business_type: &business.kind,
        business_industry: &business.industry,
        business_registration_identifier: &business.registration_identifier,
        business_registration_number: &business.registration_number,
        business_regions_of_operation: business.regions_of_operation.join(","),
        website_url: &business.website_url,
        social_media_profile_urls: &business.social_media_profile_urls,
    };
    vec![("Attributes", attributes(&value))]
}

fn representative_content(representative: &Representative) -> Form {
    let value = RepresentativeAttributes {
        first_name: &representative.first_name,
        last_name: &representative.last_name,
        email: &representative.email,
        phone_number: &representative.phone_number,
        business_title: &representative.business_title,
        job_position: &representative.job_position,
    };
    vec![("Attributes", attributes(&value))]
}

/// One SID as a string, not an array, in every sample [seed].
#[derive(Serialize)]
struct DocumentAttributes<'a> {
    address_sids: &'a str,
}

#[derive(Serialize)]
struct BusinessAttributes<'a> {
    business_name: &'a str,
    business_identity: &'a str,
    business_type: &'a str,
    business_industry: &'a str,
    business_registration_identifier: &'a str,
    business_registration_number: &'a str,
    /// Several are joined by commas [public code].
    business_regions_of_operation: String,
    website_url: &'a str,
    social_media_profile_urls: &'a str,
}

#[derive(Serialize)]
struct RepresentativeAttributes<'a> {
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    phone_number: &'a str,
    business_title: &'a str,
    job_position: &'a str,
}
