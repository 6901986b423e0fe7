//! The way out of `unsure`.

use crate::checks::step_named;
use crate::fixture::{Fixture, PARENT, PARENT_TOKEN, customer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::events::Nobody;
use trusthub_onboard::facts::{Code, Existing, OurCode, Outcome};
use trusthub_onboard::flow::StepId;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Fault, Sid};
use trusthub_onboard::plan::tag;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::resolve::{Choice, resolve};
use trusthub_onboard::sandbox::{BundleKind, Edit};
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};

/// A customer with two end users, or two profiles, that bear our tag, after a run that found them.
async fn unsure(step: StepId) -> (Fixture, [String; 2]) {
    let fixture = Fixture::with(vec![customer(1)]);
    let own = customer(1).subaccount;
    let twin = || {
        let account = own.to_string();
        let edit = match step.name {
            "customer_profile" => Edit::AddBundle {
                account,
                kind: BundleKind::CustomerProfile,
                friendly_name: format!("Twin{}", tag(&own, "profile")),
            },
            _ => Edit::AddObject {
                account,
                object_type: "customer_profile_business_information".to_owned(),
                friendly_name: format!("Twin{}", tag(&own, "business")),
                attributes: "{}".to_owned(),
            },
        };
        fixture.sandbox.edit(edit).expect("an edit")
    };
    let twins = [twin(), twin()];
    assert_eq!(fixture.outcome().await, Outcome::Unsure);
    (fixture, twins)
}

async fn say(fixture: &Fixture, step: StepId, choice: Choice) -> Result<(), Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = fixture.sandbox.serve(listener).expect("a server");
    say_at(server.base_url(), fixture, step, choice).await
}

async fn say_at(url: &str, fixture: &Fixture, step: StepId, choice: Choice) -> Result<(), Fault> {
    let timeouts = Timeouts { connect_ms: 5_000, call_ms: 60_000 };
    let clock = fixture.clock.clone();
    let pace = Pace::new(Rate::Unlimited, clock.clone());
    let endpoint = Endpoint::other(url)?;
    let client = Client::new(&endpoint, timeouts, pace, clock.clone(), Arc::new(Nobody))?;
    let ledger = Ledger::open(&fixture.ledger, &FLOW, &fixture.sandbox.id(), 0, Arc::new(Nobody))?;
    let parent = Identity { account: Sid::parse(PARENT).expect("a SID"), token: PARENT_TOKEN.into() };
    let subaccount = customer(1).subaccount;
    let settled = resolve(&ledger, &client, &parent, clock.as_ref(), &subaccount, step, &choice).await;
    ledger.close()?;
    settled
}

/// Whoever decides sits in front of it: nobody has to wait until the API is back.
#[tokio::test]
async fn an_api_that_cannot_be_reached_is_said_after_a_few_tries() {
    let step = step_named("business_information");
    let (fixture, twins) = unsure(step).await;
    let nowhere = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let (url, began) = (format!("http://{nowhere}"), fixture.clock.now());
    let saying = say_at(&url, &fixture, step, Choice::Use(sid(&twins[0])));
    let said = tokio::time::timeout(Duration::from_secs(60), saying).await.expect("it comes to its end");
    let fault = said.expect_err("a fault");
    assert!(fault.fix().contains("Nothing was written down"), "{fault}");
    assert!(fixture.clock.now() - began < 60_000);
}

fn sid(text: &str) -> Sid {
    Sid::parse(text).expect("a SID")
}

#[tokio::test]
async fn the_one_that_is_named_is_used_and_the_other_is_left_alone() {
    for step in [step_named("business_information"), step_named("customer_profile")] {
        for chosen in [0, 1] {
            let (fixture, twins) = unsure(step).await;
            say(&fixture, step, Choice::Use(sid(&twins[chosen]))).await.expect("settled");
            assert_eq!(fixture.outcome().await, Outcome::Approved);
            assert_eq!(fixture.facts().sid(step), Some(&sid(&twins[chosen])));
            let other = fixture.sandbox.resources().into_iter().find(|it| it.sid == twins[1 - chosen]);
            assert!(other.is_some_and(|it| it.friendly_name.starts_with("Twin")), "it is as it was");
        }
    }
}

#[tokio::test]
async fn with_none_another_one_is_made_and_both_are_left_alone() {
    for step in [step_named("business_information"), step_named("customer_profile")] {
        let (fixture, twins) = unsure(step).await;
        say(&fixture, step, Choice::None).await.expect("settled");
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        let facts = fixture.facts();
        let used = facts.sid(step).expect("a new one");
        assert!(!twins.contains(&used.to_string()));
    }
}

#[tokio::test]
async fn what_is_no_candidate_or_not_unsure_or_not_there_is_refused() {
    let step = step_named("business_information");
    let (fixture, twins) = unsure(step).await;
    let stranger = sid("IT000000000000000000000000000000ee");
    let refused = say(&fixture, step, Choice::Use(stranger)).await.expect_err("refused");
    assert!(refused.what().contains(&twins[0]), "the candidates are named: {refused}");
    assert!(say(&fixture, step_named("address"), Choice::None).await.is_err(), "that step is not unsure");
    fixture.sandbox.edit(Edit::Remove { sid: twins[0].clone() }).expect("an edit");
    assert!(say(&fixture, step, Choice::Use(sid(&twins[0]))).await.is_err(), "it is not there any more");
    assert_eq!(fixture.made(), [], "nothing was made");
}

#[tokio::test]
async fn a_lost_ledger_is_made_up_for_unless_that_is_refused() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let (made, facts) = (fixture.made(), fixture.facts());
    fixture.ledger = fixture.folder.path().join("another.db");
    fixture.policy.existing = Existing::Refuse;
    let end = fixture.end().await;
    assert_eq!((end.outcome, end.code), (Outcome::Refused, Some(Code::Ours(OurCode::UnknownToTheLedger))));
    fixture.policy.existing = Existing::Adopt;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(fixture.made(), made, "nothing was created");
    for step in FLOW.steps() {
        // The evaluations are not asked for again.
        let evaluation = step.name.ends_with("evaluation");
        assert!(evaluation || fixture.facts().sid(step) == facts.sid(step), "{step}");
    }
}
