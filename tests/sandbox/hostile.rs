//! Requests that nobody would send, and long mixes of requests that somebody might.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use trusthub_onboard::sandbox::{Kind, Resource, Sandbox, Settings};

use crate::fixture::*;

/// One step of a random session. Numbers choose among what has been made so far.
#[derive(Clone, Debug)]
enum Step {
    Profile,
    Product,
    EndUser(usize),
    Document,
    Attach(usize, usize),
    Number(usize, usize),
    Submit(usize),
    Evaluate(usize),
    Delete(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Profile),
        Just(Step::Product),
        (0..4usize).prop_map(Step::EndUser),
        Just(Step::Document),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Step::Attach(a, b)),
        (any::<usize>(), 0..3usize).prop_map(|(a, b)| Step::Number(a, b)),
        any::<usize>().prop_map(Step::Submit),
        any::<usize>().prop_map(Step::Evaluate),
        any::<usize>().prop_map(Step::Delete),
        (0..900u64).prop_map(Step::Wait),
    ]
}

const TYPES: [&str; 4] = [
    "customer_profile_business_information",
    "authorized_representative_1",
    "authorized_representative_2",
    "voice_integrity_information",
];

async fn take(fixture: &Fixture, step: &Step) {
    let made: Vec<Resource> = fixture.sandbox.resources();
    let of = |kinds: &[Kind], n: usize| -> Option<&Resource> {
        let fitting: Vec<&Resource> = made.iter().filter(|resource| kinds.contains(&resource.kind)).collect();
        fitting.get(n % fitting.len().max(1)).copied()
    };
    let bundles = [Kind::CustomerProfile, Kind::TrustProduct];
    match step {
        Step::Profile => drop(fixture.make_profile().await),
        Step::Product => drop(fixture.make_product().await),
        Step::EndUser(n) => drop(fixture.make_end_user(TYPES[*n], &voice_information()).await),
        Step::Document => drop(fixture.make_document(ADDRESS).await),
        Step::Attach(bundle, object) => {
            let objects = [
                Kind::EndUser,
                Kind::SupportingDocument,
                Kind::CustomerProfile,
                Kind::TrustProduct,
                Kind::Address,
            ];
            if let (Some(bundle), Some(object)) = (of(&bundles, *bundle), of(&objects, *object)) {
                let path = format!("{}/EntityAssignments", path_of(bundle));
                fixture.post(SUB, &path, &[("ObjectSid", &object.sid)]).await;
            }
        }
        Step::Number(bundle, number) => {
            if let Some(bundle) = of(&bundles, *bundle) {
                let number = [NUMBER, SECOND_NUMBER, SIBLINGS_NUMBER][*number];
                fixture.assign_number(&path_of(bundle), number).await;
            }
        }
        Step::Submit(bundle) => {
            if let Some(bundle) = of(&bundles, *bundle) {
                fixture.submit(&path_of(bundle)).await;
            }
        }
        Step::Evaluate(bundle) => {
            if let Some(bundle) = of(&bundles, *bundle) {
                fixture
                    .post(SUB, &format!("{}/Evaluations", path_of(bundle)), &[("PolicySid", &bundle.of)])
                    .await;
            }
        }
        Step::Delete(n) => {
            if let Some(resource) = made.get(n % made.len().max(1)) {
                fixture.delete(SUB, &path_of(resource)).await;
            }
        }
        Step::Wait(ms) => fixture.advance_ms(*ms),
    }
}

fn path_of(resource: &Resource) -> String {
    let sid = &resource.sid;
    let bundle = resource.bundle_sid.as_deref().unwrap_or_default();
    match resource.kind {
        Kind::CustomerProfile => format!("/v1/CustomerProfiles/{sid}"),
        Kind::TrustProduct => format!("/v1/TrustProducts/{sid}"),
        Kind::EndUser => format!("/v1/EndUsers/{sid}"),
        Kind::SupportingDocument => format!("/v1/SupportingDocuments/{sid}"),
        Kind::Address => format!("/2010-04-01/Accounts/{SUB}/Addresses/{sid}.json"),
        Kind::EntityAssignment => format!("/v1/CustomerProfiles/{bundle}/EntityAssignments/{sid}"),
        Kind::ChannelEndpointAssignment => {
            format!("/v1/CustomerProfiles/{bundle}/ChannelEndpointAssignments/{sid}")
        }
        Kind::Evaluation => format!("/v1/CustomerProfiles/{bundle}/Evaluations/{sid}"),
    }
}

/// What holds in every world.
fn check(world: &[Resource]) {
    let sids: HashSet<&str> = world.iter().map(|resource| resource.sid.as_str()).collect();
    assert_eq!(sids.len(), world.len(), "every SID is there once");
    let mut numbers = HashSet::new();
    for resource in world {
        if let Some(bundle) = &resource.bundle_sid {
            assert!(sids.contains(bundle.as_str()), "{resource:?} has no bundle");
        }
        let object = resource.object_sid.as_deref().unwrap_or_default();
        match resource.kind {
            Kind::EntityAssignment => assert!(sids.contains(object), "{resource:?} has no object"),
            Kind::ChannelEndpointAssignment => {
                let kind_of_bundle =
                    world.iter().find(|other| Some(&other.sid) == resource.bundle_sid.as_ref());
                let kind = kind_of_bundle.map(|bundle| bundle.kind);
                assert!(numbers.insert((kind, object)), "{object} sits on two bundles of a kind");
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_session_leaves_a_sound_world_that_its_journal_gives_back(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let journal = folder.path().join("sandbox.world");
            let path = journal.clone();
            let fixture = Fixture::with(|settings| settings.journal = Some(path)).await;
            for step in &steps {
                take(&fixture, step).await;
            }
            fixture.advance_ms(5_000);
            let world = fixture.sandbox.resources();
            check(&world);
            let now_ms = fixture.now_ms();
            drop(fixture);
            let settings =
                Settings { journal: Some(journal), clock: Arc::new(move || now_ms), ..Settings::default() };
            let again = Sandbox::open(settings, seed()).expect("it opens again");
            assert_eq!(again.resources(), world);
        });
    }

    #[test]
    fn any_path_query_and_body_is_answered_and_never_with_a_server_error(
        requests in proptest::collection::vec(
            (
                prop_oneof![Just("GET"), Just("POST"), Just("DELETE"), Just("PATCH")],
                prop_oneof![
                    "/(v1|2010-04-01)(/(CustomerProfiles|EndUsers|Accounts|EntityAssignments|[A-Za-z0-9.%]{0,40})){0,5}",
                    Just(format!("/v1/CustomerProfiles/{APPROVED_PROFILE}/EntityAssignments")),
                    Just(format!("/2010-04-01/Accounts/{SIBLING}/Addresses.json")),
                ],
                "(\\?(PageSize|Page|PageToken|Status|FriendlyName)=[ -~&&[^# ]]{0,20})?",
                proptest::collection::vec(any::<u8>(), 0..80),
            ),
            1..20,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            for (method, path, query, body) in requests {
                let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
                let request = fixture
                    .request(method, SIBLING, &format!("{path}{query}"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(body);
                let reply = fixture.send(request).await.expect("an answer");
                assert!(reply.status < 500, "{path}: {}", reply.status);
            }
        });
    }
}
