//! The secondary business profile of a customer (seed, steps 1 to 10).

use super::{Place, Resource, always, attributes};
use crate::model::{Address, Customer, PhoneNumber, PhoneNumbers, Representative, Sid};
use crate::plan::{Bundle, Facts, Form, Object, Step, StepId, Verb};
use serde::Serialize;

const BUNDLE: Bundle = Bundle::CustomerProfile;

const fn step(id: StepId, verb: Verb, wanted_by: fn(&Customer) -> bool) -> Step {
    Step { id, verb, bundle: BUNDLE, wanted_by }
}

/// Everything up to the submission.
pub const STEPS: &[Step] = &[
    step(StepId::PhoneNumbers, Verb::ResolveNumbers, numbers_need_a_look),
    step(StepId::ExistingAddress, Verb::CheckAddress, has_an_address_sid),
    step(StepId::CustomerProfile, Verb::Make(&PROFILE), always),
    step(StepId::PrimaryProfileAssignment, Verb::Attach(Object::PrimaryProfile, BUNDLE), always),
    step(StepId::Address, Verb::Make(&ADDRESS), has_address_columns),
    step(StepId::SupportingDocument, Verb::Make(&DOCUMENT), always),
    step(StepId::SupportingDocumentAssignment, attach(StepId::SupportingDocument), always),
    step(StepId::BusinessInformation, Verb::Make(&BUSINESS), always),
    step(StepId::BusinessInformationAssignment, attach(StepId::BusinessInformation), always),
    step(StepId::Representative1, Verb::Make(&REPRESENTATIVE_1), always),
    step(StepId::Representative1Assignment, attach(StepId::Representative1), always),
    step(StepId::Representative2, Verb::Make(&REPRESENTATIVE_2), has_a_second_representative),
    step(StepId::Representative2Assignment, attach(StepId::Representative2), has_a_second_representative),
    step(StepId::CustomerProfileNumbers, Verb::AssignNumbers(BUNDLE), always),
    step(StepId::CustomerProfileEvaluation, Verb::Evaluate(BUNDLE), always),
    step(StepId::CustomerProfileSubmission, Verb::Submit(BUNDLE), always),
];

/// For a profile that the row names and that was submitted before us: only missing numbers are
/// added, and only when it is approved, because nothing says that a profile in review takes any.
pub const TAKEN: &[Step] = &[
    step(StepId::PhoneNumbers, Verb::ResolveNumbers, numbers_need_a_look),
    step(StepId::CustomerProfile, Verb::Make(&PROFILE), always),
    step(StepId::CustomerProfileReview, Verb::Review(BUNDLE), always),
    step(StepId::CustomerProfileNumbers, Verb::AssignNumbers(BUNDLE), always),
];

pub const REVIEW: &[Step] = &[step(StepId::CustomerProfileReview, Verb::Review(BUNDLE), always)];

const fn attach(made_by: StepId) -> Verb {
    Verb::Attach(Object::MadeBy(made_by), BUNDLE)
}

const PROFILE: Resource = Resource {
    place: Place::CustomerProfiles,
    mark: "profile",
    fixed: |policy| vec![("PolicySid", policy.secondary_profile_policy.to_string())],
    content: |customer, _| Some(bundle_content(customer)),
};

const ADDRESS: Resource = Resource {
    place: Place::Addresses,
    mark: "address",
    // The country cannot be changed later. The sheet's checks let no other one through (11003).
    fixed: |_| vec![("IsoCountry", "US".to_owned())],
    content: address_content,
};

const DOCUMENT: Resource = Resource {
    place: Place::SupportingDocuments,
    mark: "document",
    fixed: |_| vec![("Type", "customer_profile_address".to_owned())],
    content: |customer, facts| {
        let address_sids = address(customer, facts)?.as_str();
        Some(vec![("Attributes", attributes(&DocumentAttributes { address_sids }))])
    },
};

const BUSINESS: Resource = Resource {
    place: Place::EndUsers,
    mark: "business",
    fixed: |_| vec![("Type", "customer_profile_business_information".to_owned())],
    content: |customer, _| Some(business_content(customer)),
};

const REPRESENTATIVE_1: Resource = Resource {
    place: Place::EndUsers,
    mark: "rep1",
    fixed: |_| vec![("Type", "authorized_representative_1".to_owned())],
    content: |customer, _| Some(representative_content(&customer.representative_1)),
};

const REPRESENTATIVE_2: Resource = Resource {
    place: Place::EndUsers,
    mark: "rep2",
    fixed: |_| vec![("Type", "authorized_representative_2".to_owned())],
    content: |customer, _| customer.representative_2.as_ref().map(representative_content),
};

/// What both bundles take from the row besides their name.
pub(super) fn bundle_content(customer: &Customer) -> Form {
    let mut form = vec![("Email", customer.email.clone())];
    form.extend(customer.status_callback.as_ref().map(|url| ("StatusCallback", url.clone())));
    form
}

/// The address that the supporting document names: the row's own, or the one that was created.
pub fn address<'a>(customer: &Customer, facts: &'a Facts) -> Option<&'a Sid> {
    facts.sid(match customer.address {
        Address::Existing(_) => StepId::ExistingAddress,
        Address::New { .. } => StepId::Address,
    })
}

fn numbers_need_a_look(customer: &Customer) -> bool {
    match &customer.phone_numbers {
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

fn address_content(customer: &Customer, _: &Facts) -> Option<Form> {
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
