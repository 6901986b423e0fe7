//! What may hang on what.

use serde_json::json;
use trusthub_onboard::sandbox::{Edit, Stance};

use crate::fixture::*;

async fn profile(fixture: &Fixture) -> String {
    format!("/v1/CustomerProfiles/{}", fixture.make_profile().await)
}

async fn attach(fixture: &Fixture, bundle: &str, object: &str) -> Reply {
    fixture.post(SUB, &format!("{bundle}/EntityAssignments"), &[("ObjectSid", object)]).await
}

#[tokio::test]
async fn objects_must_exist_and_be_the_accounts_own() {
    let fixture = Fixture::new().await;
    let profile = profile(&fixture).await;
    let own = fixture.make_end_user("authorized_representative_1", &json!({})).await;
    assert_eq!(attach(&fixture, &profile, &own).await.status, 201);
    assert_eq!(
        attach(&fixture, &profile, "IT000000000000000000000000000000ff").await.refusal(),
        (404, 20404)
    );
    assert_eq!(attach(&fixture, &profile, "IT00").await.refusal(), (400, 20423));
    let form = [("FriendlyName", "Rep"), ("Type", "authorized_representative_1")];
    let foreign = fixture.post(SIBLING, "/v1/EndUsers", &form).await.sid();
    assert_eq!(attach(&fixture, &profile, &foreign).await.refusal(), (400, 22205));
}

#[tokio::test]
async fn only_end_users_documents_and_bundles_are_assigned() {
    let fixture = Fixture::new().await;
    let profile = profile(&fixture).await;
    let document = fixture.make_document(ADDRESS).await;
    assert_eq!(attach(&fixture, &profile, &document).await.status, 201);
    assert_eq!(attach(&fixture, &profile, ADDRESS).await.refusal(), (400, 70002), "a bare address");
    assert_eq!(attach(&fixture, &profile, NUMBER).await.refusal(), (400, 70002));
}

#[tokio::test]
async fn end_users_must_fit_the_policy() {
    let fixture = Fixture::new().await;
    let profile = profile(&fixture).await;
    let product = format!("/v1/TrustProducts/{}", fixture.make_product().await);
    let representative = fixture.make_end_user("authorized_representative_2", &json!({})).await;
    let information = fixture.make_end_user("voice_integrity_information", &json!({})).await;
    assert_eq!(attach(&fixture, &profile, &representative).await.status, 201);
    assert_eq!(attach(&fixture, &profile, &information).await.refusal(), (400, 70002));
    assert_eq!(attach(&fixture, &product, &information).await.status, 201);
    assert_eq!(attach(&fixture, &product, &representative).await.refusal(), (400, 70002));
}

#[tokio::test]
async fn the_parents_primary_profile_is_the_only_bundle_of_another_account() {
    let fixture = Fixture::new().await;
    let (profile, other) = (profile(&fixture).await, profile(&fixture).await);
    let product = format!("/v1/TrustProducts/{}", fixture.make_product().await);
    let own = other.rsplit('/').next().unwrap_or_default();
    assert_eq!(attach(&fixture, &profile, PRIMARY).await.status, 201);
    assert_eq!(attach(&fixture, &profile, APPROVED_PROFILE).await.refusal(), (400, 22205), "a sibling's");
    assert_eq!(
        attach(&fixture, &profile, own).await.refusal(),
        (400, 70002),
        "a secondary under a secondary"
    );
    assert_eq!(attach(&fixture, &product, own).await.status, 201);
    assert_eq!(attach(&fixture, &product, PRIMARY).await.refusal(), (400, 22205), "under a product");
}

#[tokio::test]
async fn the_same_object_twice_makes_two_assignments_unless_that_is_switched_off() {
    let fixture = Fixture::new().await;
    let bundle = profile(&fixture).await;
    let first = attach(&fixture, &bundle, PRIMARY).await.sid();
    assert_ne!(attach(&fixture, &bundle, PRIMARY).await.sid(), first);
    let strict = Fixture::with(|settings| settings.undocumented.duplicate_entity = Stance::Refused).await;
    let bundle = profile(&strict).await;
    assert_eq!(attach(&strict, &bundle, PRIMARY).await.status, 201);
    assert_eq!(attach(&strict, &bundle, PRIMARY).await.refusal(), (409, 20409));
}

#[tokio::test]
async fn an_assignment_can_be_taken_back_from_a_draft() {
    let fixture = Fixture::new().await;
    let bundle = profile(&fixture).await;
    let representative = fixture.make_end_user("authorized_representative_1", &json!({})).await;
    let assignment = fixture.attach(&bundle, &representative).await;
    let end_user = format!("/v1/EndUsers/{representative}");
    assert_eq!(fixture.delete(SUB, &end_user).await.refusal(), (400, 21644), "it is in use");
    let path = format!("{bundle}/EntityAssignments/{assignment}");
    assert_eq!(fixture.get(SUB, &path).await.status, 200);
    assert_eq!(fixture.delete(SUB, &path).await.status, 204);
    assert_eq!(fixture.get(SUB, &path).await.refusal(), (404, 20404));
    assert_eq!(fixture.delete(SUB, &end_user).await.status, 204);
    assert_eq!(fixture.get(SUB, &end_user).await.refusal(), (404, 20404));
}

#[tokio::test]
async fn a_number_must_be_the_accounts_own_and_not_forbidden() {
    let fixture = Fixture::new().await;
    let bundle = profile(&fixture).await;
    assert_eq!(fixture.assign_number(&bundle, NUMBER).await.status, 201);
    assert_eq!(fixture.assign_number(&bundle, SIBLINGS_NUMBER).await.refusal(), (404, 20404));
    assert_eq!(fixture.assign_number(&bundle, ADDRESS).await.refusal(), (400, 20423));
    let mail = [("ChannelEndpointType", "mail"), ("ChannelEndpointSid", SECOND_NUMBER)];
    let reply = fixture.post(SUB, &format!("{bundle}/ChannelEndpointAssignments"), &mail).await;
    assert_eq!(reply.refusal(), (400, 20422));
    fixture.sandbox.edit(Edit::ForbidNumber { number: SECOND_NUMBER.into() }).expect("a known number");
    assert_eq!(fixture.assign_number(&bundle, SECOND_NUMBER).await.refusal(), (400, 70002));
}

#[tokio::test]
async fn a_number_sits_on_one_profile_only() {
    let fixture =
        Fixture::with(|settings| settings.undocumented.deletion_with_numbers = Stance::Accepted).await;
    let (first, second) = (profile(&fixture).await, profile(&fixture).await);
    let assignment = fixture.assign_number(&first, NUMBER).await.sid();
    let holder = first.rsplit('/').next().unwrap_or_default();
    for bundle in [&first, &second] {
        let again = fixture.assign_number(bundle, NUMBER).await;
        assert_eq!(again.refusal(), (409, 20409));
        assert!(again.message().ends_with(&format!("already assigned to {holder}")), "{}", again.message());
    }
    let path = format!("{first}/ChannelEndpointAssignments/{assignment}");
    assert_eq!(fixture.delete(SUB, &path).await.status, 204);
    assert_eq!(fixture.assign_number(&second, NUMBER).await.status, 201);
    assert_eq!(fixture.delete(SUB, &second).await.status, 204);
    assert_eq!(fixture.assign_number(&first, NUMBER).await.status, 201, "a deleted draft holds nothing");
}

#[tokio::test]
async fn a_number_on_the_parents_primary_profile_is_taken_too() {
    let fixture = Fixture::new().await;
    let bundle = profile(&fixture).await;
    let edit = Edit::AssignNumber { bundle: PRIMARY.into(), number: NUMBER.into() };
    fixture.sandbox.edit(edit).expect("both are known");
    let taken = fixture.assign_number(&bundle, NUMBER).await;
    assert_eq!(taken.refusal(), (409, 20409));
    assert!(taken.message().contains(PRIMARY), "{}", taken.message());
}

#[tokio::test]
async fn a_number_may_sit_on_one_product_of_each_policy() {
    let fixture = Fixture::new().await;
    let profile = profile(&fixture).await;
    assert_eq!(fixture.assign_number(&profile, NUMBER).await.status, 201);
    let shaken = "RN7a97559effdf62d00f4298208492a5ea";
    for (policy, status) in [(VOICE_INTEGRITY_POLICY, 201), (shaken, 201), (VOICE_INTEGRITY_POLICY, 409)] {
        let form = [("FriendlyName", "Acme"), ("Email", "ops@isv.example"), ("PolicySid", policy)];
        let product = format!("/v1/TrustProducts/{}", fixture.make("/v1/TrustProducts", &form).await);
        fixture.attach(&product, profile.rsplit('/').next().unwrap_or_default()).await;
        assert_eq!(fixture.assign_number(&product, NUMBER).await.status, status);
    }
}

#[tokio::test]
async fn the_code_for_a_taken_number_is_a_setting() {
    let fixture = Fixture::with(|settings| settings.undocumented.number_taken_code = 70003).await;
    let bundle = profile(&fixture).await;
    assert_eq!(fixture.assign_number(&bundle, NUMBER).await.status, 201);
    assert_eq!(fixture.assign_number(&bundle, NUMBER).await.refusal(), (409, 70003));
}

#[tokio::test]
async fn a_product_takes_only_numbers_of_its_profile() {
    let fixture = Fixture::new().await;
    let profile = profile(&fixture).await;
    let product = format!("/v1/TrustProducts/{}", fixture.make_product().await);
    assert_eq!(fixture.assign_number(&profile, NUMBER).await.status, 201);
    assert_eq!(
        fixture.assign_number(&product, NUMBER).await.refusal(),
        (400, 70002),
        "no profile linked yet"
    );
    fixture.attach(&product, profile.rsplit('/').next().unwrap_or_default()).await;
    assert_eq!(fixture.assign_number(&product, NUMBER).await.status, 201);
    assert_eq!(fixture.assign_number(&product, SECOND_NUMBER).await.refusal(), (400, 70002));
    assert_eq!(fixture.assign_number(&product, NUMBER).await.refusal(), (409, 20409));
}
