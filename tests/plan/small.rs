//! A flow of a profile and two trust products that share a collection: as few steps as have every verb.

use trusthub_onboard::facts::{
    DigestKey, Evaluate, Existing, Facts, Policy, RefusedNumbers, Submission, Time,
};
use trusthub_onboard::flow::{
    Bundle, BundleId, Collection, Dependency, Flow, Key, Object, Part, Resource, Step, StepId, Steps, Verb,
};
use trusthub_onboard::model::{
    Address, Business, Customer, PhoneNumber, PhoneNumbers, Product, Representative, Sid, VoiceIntegrity,
};
use trusthub_onboard::plan::Plan;

/// Short, so that the times in a failing path are easy to read.
pub const WINDOW: Time = 5_000;
pub const CALL_TIMEOUT: Time = 20_000;

/// Twilio's "profile is not approved", for both products.
pub const TOO_EARLY: u32 = 11005;

pub static FLOW: Flow = Flow {
    account: &ACCOUNT,
    discovery: &DISCOVERY,
    phone_numbers: &PHONE_NUMBERS,
    primary_link: &PRIMARY_LINK,
    profile: &PROFILE,
    products: &[&CALLS, &TEXTS],
};

pub static PROFILE: Bundle = Bundle {
    name: "profile",
    collection: Collection::CustomerProfiles,
    policy_sid: "RN00000000000000000000000000000001",
    product: None,
    usual_review_days: (1, 3),
    depends_on: None,
    column: "profile_sid",
    named_by: |_| None,
    steps: Steps {
        before: &[&PHONE_NUMBERS, &EXISTING_ADDRESS],
        creation: &PROFILE_CREATION,
        contents: &[&INFORMATION, &INFORMATION_ASSIGNMENT],
        numbers: &PROFILE_NUMBERS,
        evaluation: &PROFILE_EVALUATION,
        submission: &PROFILE_SUBMISSION,
        review: &PROFILE_REVIEW,
    },
};

fn always(_: &Customer) -> bool {
    true
}

const fn step(name: &'static str, bundle: BundleId, verb: Verb) -> Step {
    Step { name, verb, bundle, wanted_by: always }
}

pub static ACCOUNT: Step = step("account", &PROFILE, Verb::CheckAccount);
pub static DISCOVERY: Step = step("discovery", &PROFILE, Verb::Discover);
pub static PHONE_NUMBERS: Step = Step {
    wanted_by: |customer| matches!(&customer.phone_numbers, PhoneNumbers::Listed(all) if all.iter().any(|it| matches!(it, PhoneNumber::E164(_)))),
    ..step("phone_numbers", &PROFILE, Verb::ResolveNumbers)
};
pub static EXISTING_ADDRESS: Step = Step {
    wanted_by: |customer| matches!(customer.address, Address::Existing(_)),
    ..step("existing_address", &PROFILE, Verb::CheckAddress)
};
/// No row asks for it: the reseller's own profile has no part in this flow.
static PRIMARY_LINK: Step =
    Step { wanted_by: |_| false, ..step("primary_link", &PROFILE, Verb::Assign(Object::PrimaryProfile)) };
pub static PROFILE_CREATION: Step = step("profile", &PROFILE, Verb::Create(&PROFILE_RESOURCE));
pub static INFORMATION: Step = step("information", &PROFILE, Verb::Create(&INFORMATION_RESOURCE));
pub static INFORMATION_ASSIGNMENT: Step =
    step("information_assignment", &PROFILE, Verb::Assign(Object::MadeBy(&INFORMATION)));
pub static PROFILE_NUMBERS: Step = step("profile_numbers", &PROFILE, Verb::AssignNumbers);
pub static PROFILE_EVALUATION: Step = step("profile_evaluation", &PROFILE, Verb::Evaluate);
pub static PROFILE_SUBMISSION: Step = step("profile_submission", &PROFILE, Verb::Submit);
pub static PROFILE_REVIEW: Step = step("profile_review", &PROFILE, Verb::Review);

static PROFILE_RESOURCE: Resource = bundle_resource(Collection::CustomerProfiles, "profile");
static INFORMATION_RESOURCE: Resource = Resource {
    collection: Collection::EndUsers,
    tag: "information",
    fixed: &[("Type", "information")],
    names: &[],
    earlier: &[],
    content: |customer, _| Some(vec![("Attributes", customer.business.website_url.clone())]),
};

const fn bundle_resource(collection: Collection, tag: &'static str) -> Resource {
    Resource {
        collection,
        tag,
        fixed: &[],
        names: &[],
        earlier: &[],
        content: |customer, _| Some(vec![("Email", customer.email.clone())]),
    }
}

/// A trust product: two of them differ in their names and their policies alone.
macro_rules! product {
    ($bundle:ident, $name:literal, $policy:literal, $creation:ident, $link:ident, $numbers:ident,
     $evaluation:ident, $submission:ident, $review:ident, $resource:ident) => {
        pub static $bundle: Bundle = Bundle {
            name: $name,
            collection: Collection::TrustProducts,
            policy_sid: $policy,
            product: Some(&Product {
                name: $name,
                title: $name,
                columns: None,
                sid_column: concat!($name, "_sid"),
                numbers: None,
            }),
            usual_review_days: (1, 3),
            depends_on: Some(Dependency {
                bundle: &PROFILE,
                too_early: &[TOO_EARLY],
                requirement: ("profile", "bundle_status"),
            }),
            column: concat!($name, "_sid"),
            named_by: |_| None,
            steps: Steps {
                before: &[],
                creation: &$creation,
                contents: &[&$link],
                numbers: &$numbers,
                evaluation: &$evaluation,
                submission: &$submission,
                review: &$review,
            },
        };
        pub static $creation: Step = step($name, &$bundle, Verb::Create(&$resource));
        pub static $link: Step =
            step(concat!($name, "_link"), &$bundle, Verb::Assign(Object::MadeBy(&PROFILE_CREATION)));
        pub static $numbers: Step = step(concat!($name, "_numbers"), &$bundle, Verb::AssignNumbers);
        pub static $evaluation: Step = step(concat!($name, "_evaluation"), &$bundle, Verb::Evaluate);
        pub static $submission: Step = step(concat!($name, "_submission"), &$bundle, Verb::Submit);
        pub static $review: Step = step(concat!($name, "_review"), &$bundle, Verb::Review);
        static $resource: Resource = bundle_resource(Collection::TrustProducts, $name);
    };
}

product!(
    CALLS,
    "calls",
    "RN00000000000000000000000000000002",
    CALLS_CREATION,
    CALLS_LINK,
    CALLS_NUMBERS,
    CALLS_EVALUATION,
    CALLS_SUBMISSION,
    CALLS_REVIEW,
    CALLS_RESOURCE
);
product!(
    TEXTS,
    "texts",
    "RN00000000000000000000000000000003",
    TEXTS_CREATION,
    TEXTS_LINK,
    TEXTS_NUMBERS,
    TEXTS_EVALUATION,
    TEXTS_SUBMISSION,
    TEXTS_REVIEW,
    TEXTS_RESOURCE
);

pub fn sid(prefix: &str, number: usize) -> Sid {
    Sid::parse(&format!("{prefix}{number:032x}")).expect("a SID")
}

/// The number of every row.
pub fn number() -> Sid {
    sid("PN", 1)
}

/// A row with one number, by its SID, and an address of its own.
pub fn customer() -> Customer {
    Customer {
        row: 2,
        subaccount: sid("AC", 1),
        email: "status@reseller.com".to_owned(),
        friendly_name: "Brightwater".to_owned(),
        status_callback: None,
        primary_profile: None,
        customer_profile: None,
        trust_product: None,
        products: [CALLS.product, TEXTS.product].into_iter().flatten().collect(),
        named_products: vec![],
        business: Business {
            name: "Brightwater Dental".to_owned(),
            identity: "direct_customer".into(),
            kind: "Corporation".into(),
            industry: "HEALTHCARE".into(),
            registration_identifier: "EIN".into(),
            registration_number: "123456789".to_owned(),
            regions_of_operation: vec![],
            website_url: "https://www.brightwater.com".to_owned(),
            social_media_profile_urls: String::new(),
        },
        address: Address::New {
            street: "101 Spear Street".to_owned(),
            street_secondary: String::new(),
            city: "San Francisco".to_owned(),
            region: "CA".to_owned(),
            postal_code: "94105".to_owned(),
            iso_country: "US".to_owned(),
        },
        representative_1: Representative {
            first_name: "Ada".to_owned(),
            last_name: "Okafor".to_owned(),
            email: "ada@brightwater.com".to_owned(),
            phone_number: "+14155550123".to_owned(),
            business_title: "Director".to_owned(),
            job_position: "Director".into(),
        },
        representative_2: None,
        phone_numbers: PhoneNumbers::Listed(vec![PhoneNumber::Sid(number())]),
        cnam_display_name: String::new(),
        voice_integrity: VoiceIntegrity {
            use_case: "Appointment Reminders".into(),
            business_employee_count: "40".to_owned(),
            average_business_day_call_volume: "120".to_owned(),
            notes: String::new(),
        },
    }
}

pub fn policy() -> Policy {
    Policy {
        submission: Submission::ProductAfterApproval,
        evaluate: Evaluate::Refuse,
        refused_numbers: RefusedNumbers::Refuse,
        existing: Existing::Adopt,
        numbers: Default::default(),
        visibility_window_ms: WINDOW,
        call_timeout_ms: CALL_TIMEOUT,
        policy_sids: vec![],
    }
}

pub fn digest_key() -> DigestKey {
    DigestKey::new([7; 32])
}

pub fn plan<'a>(customer: &'a Customer, policy: &'a Policy, key: &'a DigestKey) -> Plan<'a> {
    Plan::of(&FLOW, customer, policy, None, key, &Facts::default())
}

/// The key of a step: for numbers, that of the one number.
pub fn key(step: StepId) -> Key {
    let part = if matches!(step.verb, Verb::AssignNumbers) { Part::number(&number()) } else { Part::Whole };
    Key { step, part }
}

/// The SID of what a step makes: the same in every test, and another for a second one of it.
pub fn made_by(step: StepId, copy: usize) -> Sid {
    let place = FLOW.steps().position(|it| it == step).expect("a step of the flow");
    let prefix = match step.verb {
        Verb::Create(it) => it.collection.sid_kind().prefix(),
        Verb::AssignNumbers => "RA",
        Verb::CheckAddress => "AD",
        Verb::Evaluate => "EL",
        Verb::Submit => return made_by(step.bundle.made_by(), copy),
        _ => "BV",
    };
    sid(prefix, 100 * place + copy)
}
