//! What nobody knows of the API, both ways.

use serde_json::json;
use trusthub_onboard::sandbox::{AddressCorrection, DocumentStatus, Stance};

use crate::fixture::*;

/// The codes of a rejected profile, or none of an approved one.
async fn codes_of(fixture: &Fixture, parts: &Parts) -> Vec<u64> {
    let profile = fixture.full_profile_without_number(parts).await;
    assert_eq!(fixture.submit(&profile).await.status, 200);
    fixture.advance_ms(1_000);
    let body = fixture.get(SUB, &profile).await.body;
    let codes = body["errors"].as_array().cloned().unwrap_or_default();
    assert_eq!(body["status"] == "twilio-approved", codes.is_empty(), "{body}");
    codes.iter().filter_map(|error| error["code"].as_u64()).collect()
}

fn business(changed: &[(&str, &str)]) -> Parts {
    let mut parts = Parts::default();
    for (field, value) in changed {
        parts.business[field] = json!(value);
    }
    parts
}

#[tokio::test]
async fn a_registration_number_may_have_dashes_and_must_be_one() {
    let fixture = Fixture::new().await;
    let (identifier, number) = ("business_registration_identifier", "business_registration_number");
    for (kind, value) in [
        ("EIN", "12-3456789"),
        ("EIN", "123456789"),
        ("USA: Employer Identification Number (EIN)", "12-3456789"),
        ("DUNS", "12-345-6789"),
        ("CN", "HRB 12345"),
    ] {
        assert_eq!(
            codes_of(&fixture, &business(&[(identifier, kind), (number, value)])).await,
            [0; 0],
            "{value}"
        );
    }
    for (kind, value) in
        [("EIN", "1234"), ("EIN", "12-34567890"), ("DUNS", "1234"), ("CN", "1234"), ("Other", "-")]
    {
        assert_eq!(
            codes_of(&fixture, &business(&[(identifier, kind), (number, value)])).await,
            [18602],
            "{kind} {value}"
        );
    }
    let lenient =
        Fixture::with(|settings| settings.undocumented.implausible_details = Stance::Accepted).await;
    assert_eq!(codes_of(&lenient, &business(&[(identifier, "CN"), (number, "1234")])).await, [0; 0]);
    assert_eq!(codes_of(&lenient, &business(&[(number, "1234")])).await, [18602], "an EIN has nine digits");
}

#[tokio::test]
async fn a_website_is_the_name_of_a_host() {
    let fixture = Fixture::new().await;
    for website in ["good", "https://good", "https://", "good website.example"] {
        assert_eq!(codes_of(&fixture, &business(&[("website_url", website)])).await, [18601], "{website}");
    }
    for website in ["https://www.acme.example", "www.acme.example", "http://acme.example/shop"] {
        assert_eq!(codes_of(&fixture, &business(&[("website_url", website)])).await, [0; 0], "{website}");
    }
    let lenient =
        Fixture::with(|settings| settings.undocumented.implausible_details = Stance::Accepted).await;
    assert_eq!(codes_of(&lenient, &business(&[("website_url", "good")])).await, [0; 0]);
}

#[tokio::test]
async fn status_goes_together_with_a_callback_and_with_a_name_where_that_is_taken() {
    let fixture = Fixture::new().await;
    let profile = fixture.full_profile(&Parts::default()).await;
    let form = [("Status", "pending-review"), ("StatusCallback", "https://isv.example/hook")];
    let submitted = fixture.post(SUB, &profile, &form).await;
    assert_eq!((submitted.status, &submitted.body["status"]), (200, &json!("pending-review")));
    assert_eq!(submitted.body["status_callback"], json!("https://isv.example/hook"));
    assert_eq!(fixture.get(SUB, &profile).await.body["status_callback"], json!("https://isv.example/hook"));

    let named = [("Status", "pending-review"), ("FriendlyName", "Newer"), ("Email", "new@isv.example")];
    for names in [&named[..2], &[named[0], named[2]], &named] {
        let strict = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
        assert_eq!(fixture.post(SUB, &strict, names).await.refusal(), (400, 22204));
        let lenient =
            Fixture::with(|settings| settings.undocumented.status_with_other_parameters = Stance::Accepted)
                .await;
        let profile = format!("/v1/CustomerProfiles/{}", lenient.make_profile().await);
        let reply = lenient.post(SUB, &profile, names).await;
        assert_eq!((reply.status, &reply.body["status"]), (200, &json!("pending-review")));
    }
}

#[tokio::test]
async fn an_update_is_carried_out_whole_or_not_at_all() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let form = [("Status", "draft"), ("StatusCallback", "https://isv.example/hook")];
    assert_eq!(fixture.post(SUB, &profile, &form).await.refusal(), (400, 70002));
    assert_eq!(fixture.get(SUB, &profile).await.body["status_callback"], json!(null));
}

#[tokio::test]
async fn documents_are_drafts_in_capitals_or_not() {
    for (setting, status) in [(DocumentStatus::UpperCase, "DRAFT"), (DocumentStatus::LowerCase, "draft")] {
        let fixture = Fixture::with(|settings| settings.undocumented.document_status = setting).await;
        let document = fixture.make_document(ADDRESS).await;
        let body = fixture.get(SUB, &format!("/v1/SupportingDocuments/{document}")).await.body;
        assert_eq!(body["status"], json!(status));
    }
    let fixture = Fixture::new().await;
    fixture.make_document(ADDRESS).await;
    assert_eq!(
        fixture.get(SUB, "/v1/SupportingDocuments").await.body["results"][0]["status"],
        json!("DRAFT")
    );
}

#[tokio::test]
async fn decided_bundles_can_be_deleted_only_where_that_is_set() {
    // Accepted for rejected ones, for approved ones, and what a deletion answers: 204 or a code.
    let cases = [
        (Stance::Refused, Stance::Refused),
        (Stance::Accepted, Stance::Refused),
        (Stance::Refused, Stance::Accepted),
    ];
    for (rejected, approved) in cases {
        let fixture = Fixture::with(|settings| {
            settings.undocumented.deletion_of_rejected = rejected;
            settings.undocumented.deletion_of_approved = approved;
        })
        .await;
        let sound = fixture.full_profile_without_number(&Parts::default()).await;
        let unsound = fixture.full_profile_without_number(&business(&[("website_url", "good")])).await;
        for (profile, status, setting) in
            [(sound, "twilio-approved", approved), (unsound, "twilio-rejected", rejected)]
        {
            fixture.submit(&profile).await;
            assert_eq!(fixture.delete(SUB, &profile).await.refusal(), (400, 21647), "pending-review");
            fixture.advance_ms(500);
            assert_eq!(fixture.delete(SUB, &profile).await.refusal(), (400, 21647), "in-review");
            fixture.advance_ms(500);
            assert_eq!(fixture.status(&profile).await, status);
            let reply = fixture.delete(SUB, &profile).await;
            match setting {
                Stance::Accepted => {
                    assert_eq!((reply.status, fixture.get(SUB, &profile).await.status), (204, 404))
                }
                Stance::Refused => assert_eq!(reply.refusal(), (400, 21647), "{status}"),
            }
        }
    }
}

#[tokio::test]
async fn a_draft_with_something_on_it_is_deleted_only_where_that_is_set() {
    // Numbers, other assignments, and what a deletion of a full draft answers: 204 or a code.
    let cases = [
        (Stance::Refused, Stance::Accepted, Some(21648)),
        (Stance::Accepted, Stance::Accepted, None),
        (Stance::Accepted, Stance::Refused, Some(70002)),
    ];
    for (numbers, entities, code) in cases {
        let fixture = Fixture::with(|settings| {
            settings.undocumented.deletion_with_numbers = numbers;
            settings.undocumented.deletion_with_entities = entities;
        })
        .await;
        let profile = fixture.full_profile(&Parts::default()).await;
        let reply = fixture.delete(SUB, &profile).await;
        match code {
            Some(code) => assert_eq!(reply.refusal(), (400, code), "{numbers:?} {entities:?}"),
            None => assert_eq!((reply.status, fixture.get(SUB, &profile).await.status), (204, 404)),
        }
    }
}

#[tokio::test]
async fn what_is_assigned_can_be_deleted_where_that_is_set_and_its_assignment_stays() {
    let fixture =
        Fixture::with(|settings| settings.undocumented.deletion_of_assigned = Stance::Accepted).await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let end_user = fixture.make_end_user("authorized_representative_1", &json!({})).await;
    fixture.attach(&profile, &end_user).await;
    let path = format!("/v1/EndUsers/{end_user}");
    assert_eq!((fixture.delete(SUB, &path).await.status, fixture.get(SUB, &path).await.status), (204, 404));
    let list = fixture.get(SUB, &format!("{profile}/EntityAssignments")).await.body;
    assert_eq!(list["results"][0]["object_sid"], json!(end_user));
    assert_eq!(fixture.delete(SUB, &profile).await.status, 204);
}

#[tokio::test]
async fn an_approved_bundle_with_numbers_on_it_cannot_be_deleted() {
    let fixture =
        Fixture::with(|settings| settings.undocumented.deletion_of_approved = Stance::Accepted).await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.submit(&profile).await;
    fixture.advance_ms(1_000);
    assert_eq!(fixture.delete(SUB, &profile).await.refusal(), (400, 21648));
    let list = fixture.get(SUB, &format!("{profile}/ChannelEndpointAssignments")).await.body;
    let assignment = list["results"][0]["sid"].as_str().unwrap_or_default().to_owned();
    let path = format!("{profile}/ChannelEndpointAssignments/{assignment}");
    assert_eq!(fixture.delete(SUB, &path).await.status, 204);
    assert_eq!(fixture.delete(SUB, &profile).await.status, 204);
}

#[tokio::test]
async fn what_is_assigned_cannot_be_deleted_by_the_dictionarys_codes() {
    let fixture = Fixture::new().await;
    let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
    let end_user = fixture.make_end_user("authorized_representative_1", &json!({})).await;
    let document = fixture.make_document(ADDRESS).await;
    for (path, sid, code) in [("EndUsers", end_user, 21644), ("SupportingDocuments", document, 21645)] {
        let path = format!("/v1/{path}/{sid}");
        let assignment = fixture.attach(&profile, &sid).await;
        assert_eq!(fixture.delete(SUB, &path).await.refusal(), (400, code));
        assert_eq!(
            fixture.delete(SUB, &format!("{profile}/EntityAssignments/{assignment}")).await.status,
            204
        );
        assert_eq!(fixture.delete(SUB, &path).await.status, 204);
    }
}

#[tokio::test]
async fn the_address_of_a_draft_can_be_changed_and_deleted_where_that_is_set() {
    for (setting, status) in [(Stance::Refused, 400), (Stance::Accepted, 204)] {
        let fixture =
            Fixture::with(|settings| settings.undocumented.deletion_of_drafts_address = setting).await;
        let profile = format!("/v1/CustomerProfiles/{}", fixture.make_profile().await);
        let document = fixture.make_document(ADDRESS).await;
        fixture.attach(&profile, &document).await;
        let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
        assert_eq!(fixture.post(SUB, &address, &[("Street", "2 Main St")]).await.status, 200, "a draft's");
        assert_eq!(fixture.delete(SUB, &address).await.status, status, "{setting:?}");
    }
    let fixture =
        Fixture::with(|settings| settings.undocumented.deletion_of_drafts_address = Stance::Accepted).await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.submit(&profile).await;
    let address = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
    assert_eq!(fixture.delete(SUB, &address).await.refusal(), (400, 21630), "under review");
}

#[tokio::test]
async fn a_number_twice_on_one_bundle_is_a_conflict_or_a_second_assignment() {
    for (setting, status) in [(Stance::Refused, 409), (Stance::Accepted, 201)] {
        let fixture = Fixture::with(|settings| settings.undocumented.duplicate_number = setting).await;
        let (first, second) = (fixture.make_profile().await, fixture.make_profile().await);
        let [first, second] = [first, second].map(|sid| format!("/v1/CustomerProfiles/{sid}"));
        assert_eq!(fixture.assign_number(&first, NUMBER).await.status, 201);
        assert_eq!(fixture.assign_number(&first, NUMBER).await.status, status, "{setting:?}");
        assert_eq!(fixture.assign_number(&second, NUMBER).await.status, 409, "on another bundle it never is");
    }
}

#[tokio::test]
async fn a_number_that_is_not_on_the_profile_is_refused_in_the_words_that_were_seen() {
    let fixture = Fixture::new().await;
    let profile = fixture.make_profile().await;
    let product = format!("/v1/TrustProducts/{}", fixture.make_product().await);
    fixture.attach(&product, &profile).await;
    let reply = fixture.assign_number(&product, NUMBER).await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("required supporting Customer Profile"), "{}", reply.message());
}

#[tokio::test]
async fn streets_are_corrected_where_that_is_set_and_asked_for() {
    let written = "1  Main Street";
    let cases = [
        (AddressCorrection::Off, None, Some(written)),
        (AddressCorrection::Off, Some("false"), Some(written)),
        (AddressCorrection::OrKept, None, Some("1 Main St")),
        (AddressCorrection::OrKept, Some("true"), Some("1 Main St")),
        (AddressCorrection::OrKept, Some("false"), Some(written)),
        (AddressCorrection::OrRefused, None, Some("1 Main St")),
        (AddressCorrection::OrRefused, Some("false"), None),
    ];
    for (setting, asked, expected) in cases {
        let fixture = Fixture::with(|settings| settings.undocumented.address_correction = setting).await;
        let mut form = vec![
            ("CustomerName", "Acme"),
            ("Street", written),
            ("City", "Springfield"),
            ("Region", "IL"),
            ("PostalCode", "62701"),
            ("IsoCountry", "US"),
        ];
        form.extend(asked.map(|asked| ("AutoCorrectAddress", asked)));
        let path = format!("/2010-04-01/Accounts/{SUB}/Addresses.json");
        let reply = fixture.post(SUB, &path, &form).await;
        let own = format!("/2010-04-01/Accounts/{SUB}/Addresses/{ADDRESS}.json");
        let update: Vec<_> =
            form.iter().filter(|it| ["Street", "AutoCorrectAddress"].contains(&it.0)).copied().collect();
        let updated = fixture.post(SUB, &own, &update).await;
        match expected {
            Some(street) => {
                assert_eq!(
                    (reply.status, &reply.body["street"]),
                    (201, &json!(street)),
                    "{setting:?} {asked:?}"
                );
                assert_eq!((updated.status, &updated.body["street"]), (200, &json!(street)));
                let read = fixture.get(SUB, &own).await.body;
                assert_eq!(read["street"], json!(street), "it is what is read");
            }
            None => {
                assert_eq!((reply.refusal(), updated.refusal()), ((400, 21629), (400, 21629)));
                assert!(reply.message().contains("1 Main St"), "it suggests: {}", reply.message());
                let mut right = form.clone();
                right[1] = ("Street", "1 Main St");
                assert_eq!(fixture.post(SUB, &path, &right).await.status, 201, "what is right is taken");
            }
        }
    }
}
