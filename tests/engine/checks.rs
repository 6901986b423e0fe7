//! What must be true of a fixture in the end.

use crate::fixture::{Fixture, customer, token_of};
use std::collections::BTreeSet;
use trusthub_onboard::engine::Ended;
use trusthub_onboard::facts::{Facts, Outcome};
use trusthub_onboard::flow::{BundleId, StepId};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::Customer;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox::{Kind, Method, Resource};

/// Creations, assignments, evaluations and submissions.
pub const POSTS: Method = Method::Post;

/// Where the bundles of this kind are listed.
pub fn path_of(bundle: BundleId) -> String {
    bundle.collection.path(&customer(1).subaccount, None)
}

/// The step of that public name.
pub fn step_named(name: &str) -> StepId {
    FLOW.step(name).unwrap_or_else(|| panic!("no step {name}"))
}

/// The world after a run in which nothing went wrong.
pub async fn undisturbed(customers: &[Customer]) -> Vec<String> {
    let fixture = Fixture::with(customers.to_vec());
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    fixture.world()
}

impl Fixture {
    /// The world is the undisturbed one, and the ledger knows every SID in it.
    #[track_caller]
    pub fn is_as(&self, undisturbed: &[String], context: &str) {
        self.must_be(&self.made(), undisturbed, context);
    }

    /// As `is_as`, but what a changed row has left behind, connected with nothing, does not count.
    #[track_caller]
    pub fn is_as_far_as_connected(&self, undisturbed: &[String], context: &str) {
        let made = self.made();
        let is_named = |it: &Resource| {
            made.iter().any(|other| {
                other.object_sid.as_ref() == Some(&it.sid)
                    || (other.kind == Kind::SupportingDocument
                        && other.attributes.as_ref().is_some_and(|text| text.contains(&it.sid)))
            })
        };
        let can_be_left = [Kind::EndUser, Kind::SupportingDocument, Kind::Address];
        let connected: Vec<Resource> =
            made.iter().filter(|it| !can_be_left.contains(&it.kind) || is_named(it)).cloned().collect();
        self.must_be(&connected, undisturbed, context);
        let mut names: Vec<&str> =
            made.iter().map(|it| it.friendly_name.as_str()).filter(|it| !it.is_empty()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "{context}: twins in {names:?}");
    }

    #[track_caller]
    fn must_be(&self, resources: &[Resource], undisturbed: &[String], context: &str) {
        let world = self.world_of(resources);
        let without = |all: &[String], these: &[String]| -> Vec<String> {
            let mut rest = all.to_vec();
            for line in these {
                if let Some(at) = rest.iter().position(|it| it == line) {
                    rest.remove(at);
                }
            }
            rest
        };
        let (lacks, has_too_much) = (without(undisturbed, &world), without(&world, undisturbed));
        assert!(
            lacks.is_empty() && has_too_much.is_empty(),
            "{context}: the world lacks {lacks:#?} and has too much: {has_too_much:#?}"
        );
        self.has_every_sid(context);
    }

    /// Runs until every customer has come to an end other than `unfinished`, at most so often.
    pub async fn run_until_finished(&self, most: u32, context: &str) -> Ended {
        for _ in 0..most {
            let ended = self.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            if ended.customers.values().all(|end| end.outcome != Outcome::Unfinished) {
                return ended;
            }
        }
        panic!("{context}: still unfinished after {most} runs");
    }

    /// Everything that a request made stands in the ledger.
    #[track_caller]
    pub fn has_every_sid(&self, context: &str) {
        let known: BTreeSet<String> =
            self.customers.iter().flat_map(|customer| sids(&self.facts_of(customer))).collect();
        for resource in self.made() {
            assert!(
                known.contains(&resource.sid),
                "{context}: {:?} {} is not in the ledger",
                resource.kind,
                resource.sid
            );
        }
    }

    /// What the ledger has of a customer.
    pub fn facts_of(&self, customer: &Customer) -> Facts {
        let ledger = Ledger::open_for_reading(&self.ledger, &FLOW, &self.sandbox.id()).expect("a ledger");
        ledger.customer(&customer.subaccount).expect("facts").0
    }

    /// What the API says of a path of the first customer's account.
    pub async fn read(&self, path: &str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = self.sandbox.serve(listener).expect("a server");
        let account = self.customers[0].subaccount.as_str();
        let request = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let request = request.get(format!("{}{path}", server.base_url()));
        let answer = request.basic_auth(account, Some(token_of(account))).send().await.expect("an answer");
        answer.text().await.expect("a body")
    }

    /// Takes something off or away, as a person in the Console would.
    pub async fn remove(&self, sid: &str) {
        let resource = self.made().into_iter().find(|it| it.sid == sid).expect("it is there");
        let path = match resource.kind {
            Kind::EntityAssignment | Kind::ChannelEndpointAssignment => {
                let bundle = resource.bundle_sid.expect("a bundle");
                let is_profile =
                    self.made().iter().any(|it| it.sid == bundle && it.kind == Kind::CustomerProfile);
                let collection = if is_profile { "CustomerProfiles" } else { "TrustProducts" };
                let list = match resource.kind {
                    Kind::EntityAssignment => "EntityAssignments",
                    _ => "ChannelEndpointAssignments",
                };
                format!("/v1/{collection}/{bundle}/{list}/{sid}")
            }
            _ => {
                let edit = trusthub_onboard::sandbox::Edit::Remove { sid: sid.to_owned() };
                self.sandbox.edit(edit).expect("an edit");
                return;
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = self.sandbox.serve(listener).expect("a server");
        let account = self.customers[0].subaccount.as_str();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let request = client.delete(format!("{}{path}", server.base_url()));
        let answer = request.basic_auth(account, Some(token_of(account))).send().await.expect("an answer");
        assert_eq!(answer.status(), 204, "{path}");
    }

    /// How many requests changed something or tried to, since the sandbox began.
    pub fn changing_calls(&self) -> usize {
        self.sandbox.requests().latest.iter().filter(|it| it.method != Method::Get).count()
    }
}

/// Every SID that the facts hold.
pub fn sids(facts: &Facts) -> BTreeSet<String> {
    let keys = FLOW.steps().flat_map(|step| facts.shares(step).map(|it| it.0).collect::<Vec<_>>());
    keys.filter_map(|key| facts.sid(key).map(ToString::to_string)).collect()
}
