//! The flow of Twilio's guide, and what is done about rows that meet a no.

use crate::fixture::{Fixture, customer};
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox::{Kind, Method};

#[tokio::test]
async fn a_customer_goes_through_all_steps_up_to_both_approvals() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let made = fixture.made();
    let count = |kind| made.iter().filter(|it| it.kind == kind).count();
    assert_eq!(count(Kind::CustomerProfile), 1);
    assert_eq!(count(Kind::TrustProduct), 1);
    assert_eq!(count(Kind::Address), 1);
    assert_eq!(count(Kind::SupportingDocument), 1);
    assert_eq!(count(Kind::EndUser), 4, "business, two representatives, voice integrity");
    assert_eq!(
        count(Kind::EntityAssignment),
        7,
        "primary, document, business, two representatives; end user, profile"
    );
    assert_eq!(count(Kind::ChannelEndpointAssignment), 4, "two numbers on two bundles");
    let facts = fixture.facts();
    for bundle in FLOW.bundles_of(&customer(1)) {
        assert_eq!(facts.status(bundle), Some(BundleStatus::TwilioApproved));
    }
    for resource in &made {
        let known = FLOW.steps().any(|step| {
            facts.shares(step).any(|(key, _)| facts.sid(key).is_some_and(|sid| sid.as_str() == resource.sid))
        });
        assert!(known, "{:?} {} is not in the ledger", resource.kind, resource.sid);
    }
}

#[tokio::test]
async fn a_finished_customer_costs_no_call() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let before = fixture.sandbox.requests().count;
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.is_empty());
    assert_eq!(fixture.sandbox.requests().count - before, 1, "only the primary profile is looked up");
}

#[tokio::test]
async fn what_goes_out_is_what_the_seed_says() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let made = fixture.made();
    let attributes = |of: &str| {
        let resource = made.iter().find(|it| it.of == of && it.attributes.is_some()).expect(of);
        serde_json::from_str::<serde_json::Value>(resource.attributes.as_deref().unwrap_or_default())
            .expect("JSON")
    };
    assert_eq!(
        attributes("customer_profile_business_information"),
        serde_json::json!({
            "business_name": "Brightwater Dental",
            "business_identity": "direct_customer",
            "business_type": "Limited Liability Corporation",
            "business_industry": "HEALTHCARE",
            "business_registration_identifier": "EIN",
            "business_registration_number": "123456789",
            "business_regions_of_operation": "USA_AND_CANADA",
            "website_url": "https://www.brightwater.com",
            "social_media_profile_urls": "",
        })
    );
    assert_eq!(
        attributes("authorized_representative_2"),
        serde_json::json!({
            "first_name": "Grace",
            "last_name": "Okafor",
            "email": "grace@brightwater.com",
            "phone_number": "+14155550123",
            "business_title": "Head of Operations",
            "job_position": "Director",
        })
    );
    assert_eq!(
        attributes("voice_integrity_information"),
        serde_json::json!({
            "use_case": "Appointment Reminders",
            "business_employee_count": "40",
            "average_business_day_call_volume": "120",
            "notes": "",
        })
    );
    let address = made.iter().find(|it| it.kind == Kind::Address).expect("an address");
    assert_eq!(attributes("customer_profile_address"), serde_json::json!({ "address_sids": address.sid }));
    for resource in made.iter().filter(|it| !it.friendly_name.is_empty()) {
        assert!(resource.friendly_name.starts_with("Brightwater 1 [tho-"), "{}", resource.friendly_name);
        assert!(resource.friendly_name.chars().count() <= 64);
    }
}

#[tokio::test]
async fn the_calls_of_a_customer_come_in_the_order_of_the_seed() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let posts: Vec<String> = fixture
        .sandbox
        .requests()
        .latest
        .iter()
        .filter(|it| it.method == Method::Post)
        .map(|it| {
            let parts = it.path.trim_start_matches("/v1/").split('/');
            // SIDs tell nothing here.
            let words: Vec<&str> = parts.filter(|part| part.len() != 34).collect();
            words.join("/")
        })
        .collect();
    let assign = |bundle: &str, what: &str| format!("{bundle}/{what}");
    let mut order = vec!["CustomerProfiles".to_owned(), assign("CustomerProfiles", "EntityAssignments")];
    order.push("/2010-04-01/Accounts/Addresses.json".to_owned());
    order.push("SupportingDocuments".to_owned());
    order.push(assign("CustomerProfiles", "EntityAssignments"));
    for _ in ["business", "representative 1", "representative 2"] {
        order.push("EndUsers".to_owned());
        order.push(assign("CustomerProfiles", "EntityAssignments"));
    }
    order.extend(vec![assign("CustomerProfiles", "ChannelEndpointAssignments"); 2]);
    order.push(assign("CustomerProfiles", "Evaluations"));
    order.push("CustomerProfiles".to_owned());
    order.extend(["TrustProducts", "EndUsers"].map(str::to_owned));
    order.extend(vec![assign("TrustProducts", "EntityAssignments"); 2]);
    order.extend(vec![assign("TrustProducts", "ChannelEndpointAssignments"); 2]);
    order.push(assign("TrustProducts", "Evaluations"));
    order.push("TrustProducts".to_owned());
    assert_eq!(posts, order);
}
