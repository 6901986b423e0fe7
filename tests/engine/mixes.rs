//! Random mixes of everything that can go wrong, for several customers at once, until all is done.

use crate::checks::sids;
use crate::fixture::{Fixture, customer, with_every_product};
use crate::watch::{Killer, Moment};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::plan::tag;
use trusthub_onboard::sandbox::{Among, Edit, Fault, Faults, Kind, Lag, Rule, When};

const CUSTOMERS: u32 = 4;
/// The customer with a number that no bundle takes.
const REFUSED: u32 = 2;
/// The customer in whose account somebody has made things by hand.
const LOOK_ALIKE: u32 = 3;

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::LoseReply),
        2 => Just(Fault::DropRequest),
        1 => Just(Fault::FailBefore(500)),
        1 => Just(Fault::FailBefore(503)),
        2 => Just(Fault::FailAfter(500)),
        1 => Just(Fault::TearBody),
        1 => Just(Fault::TearHeaders),
        1 => Just(Fault::CutJson),
        1 => Just(Fault::Html(200)),
        1 => Just(Fault::Html(502)),
        1 => Just(Fault::EmptyBody),
        1 => Just(Fault::NullAccount),
        1 => Just(Fault::NoAccount),
        1 => Just(Fault::Throttle(None)),
        1 => Just(Fault::Throttle(Some(30))),
        1 => Just(Fault::IgnoreSubmission),
        1 => Just(Fault::RefuseConnections(1)),
        2 => prop::sample::select(vec![401, 404, 429]).prop_map(Fault::HtmlAfter),
        1 => Just(Fault::CloseConnection),
        1 => Just(Fault::DelayRequest(2)),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let rule = (fault(), prop_oneof![Just(Among::All), Just(Among::Posts)], 0.0..0.2)
        .prop_map(|(fault, among, share)| Rule { fault, among, when: When::Share(share) });
    let lag = (0u64..9_500, 0u64..9_500, 0.0..1.0f64).prop_map(|(lists_ms, objects_ms, share)| Lag {
        lists_ms,
        objects_ms,
        share,
    });
    (any::<u64>(), prop::collection::vec(rule, 1..4), lag).prop_map(|(seed, rules, lag)| Faults {
        seed,
        rules,
        lag,
        ..Faults::default()
    })
}

#[derive(Clone, Debug)]
struct Mix {
    faults: Faults,
    /// Runs that are cut off, each at that moment.
    cut_off: Vec<(bool, u64)>,
    /// Runs under the faults that are let go on to their end.
    runs: usize,
}

fn mix() -> impl Strategy<Value = Mix> {
    (faults(), prop::collection::vec((any::<bool>(), 2u64..120), 0..3), 1usize..4)
        .prop_map(|(faults, cut_off, runs)| Mix { faults, cut_off, runs })
}

fn fixture() -> (Fixture, Vec<String>) {
    let fixture = Fixture::with((1..=CUSTOMERS).map(with_every_product).collect());
    let number = format!("PN{REFUSED:032x}");
    fixture.sandbox.edit(Edit::ForbidNumber { number }).expect("an edit");
    let by_hand = customer(LOOK_ALIKE).subaccount;
    let mut made = vec![];
    for (object_type, kind) in
        [("customer_profile_business_information", "business"), ("voice_integrity_information", "voice")]
    {
        let edit = Edit::AddObject {
            account: by_hand.to_string(),
            object_type: object_type.to_owned(),
            friendly_name: format!("Brightwater 3{} (old)", tag(&by_hand, kind)),
            attributes: "{}".to_owned(),
        };
        made.push(fixture.sandbox.edit(edit).expect("an edit"));
    }
    (fixture, made)
}

async fn go_through(mix: Mix) {
    let (fixture, by_hand) = fixture();
    let fixture = Arc::new(fixture);
    fixture.sandbox.misbehave(mix.faults.clone());
    for (writes, at) in &mix.cut_off {
        let moment = if *writes { Moment::Write } else { Moment::Sent };
        let (cut_off, killer) = (fixture.clone(), Killer::at(moment, *at));
        // In a task of its own, because the look-up of the primary profile may be what is cut off.
        let _ = tokio::spawn(async move { cut_off.run_watched(killer).await.err() }).await;
    }
    for _ in 0..mix.runs {
        // The look-up of the primary profile may find no way through.
        let _ = fixture.run().await;
    }
    fixture.sandbox.misbehave(Faults { lag: mix.faults.lag, ..Faults::default() });
    let refused = customer(REFUSED).subaccount;
    let mut done = false;
    for _ in 0..20 {
        // Connections may still be refused for a moment.
        let Ok(ended) = fixture.run().await else { continue };
        done = ended.customers.iter().all(|(subaccount, end)| match end.outcome {
            Outcome::Approved => true,
            outcome => outcome == Outcome::Refused && *subaccount == refused,
        });
        if done {
            break;
        }
    }
    assert!(done, "it does not come to an end");
    check(&fixture, &by_hand);
}

/// Every resource once, none with our tag left over, every SID in the ledger.
fn check(fixture: &Fixture, by_hand: &[String]) {
    let made = fixture.made();
    for row in &fixture.customers {
        let known = sids(&fixture.facts_of(row));
        let own: Vec<_> = made.iter().filter(|it| it.account_sid == row.subaccount.as_str()).collect();
        let mut counts: BTreeMap<(Kind, String), u32> = BTreeMap::new();
        for resource in &own {
            assert!(known.contains(&resource.sid), "{:?} {} is lost", resource.kind, resource.sid);
            let what = match resource.kind {
                Kind::EntityAssignment | Kind::ChannelEndpointAssignment => {
                    format!("{:?} in {:?}", resource.object_sid, resource.bundle_sid)
                }
                _ => resource.friendly_name.clone(),
            };
            *counts.entry((resource.kind, what)).or_default() += 1;
        }
        assert!(counts.values().all(|count| *count == 1), "twins: {counts:#?}");
        let count = |kind| own.iter().filter(|it| it.kind == kind).count();
        let of_each = [
            count(Kind::CustomerProfile),
            count(Kind::TrustProduct),
            count(Kind::EndUser),
            count(Kind::EntityAssignment),
            count(Kind::ChannelEndpointAssignment),
        ];
        let is_refused = row.subaccount == customer(REFUSED).subaccount;
        assert_eq!(of_each, if is_refused { [1, 0, 3, 5, 1] } else { [1, 3, 5, 10, 8] });
        let approved = own.iter().filter(|it| it.status.as_deref() == Some("twilio-approved")).count();
        assert_eq!(approved, if is_refused { 0 } else { 4 });
        assert!(by_hand.iter().all(|sid| !known.contains(sid)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, max_shrink_iters: 60,
        // The same mixes every time.
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
 failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_goes_wrong_everything_is_there_once_in_the_end(mix in mix()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(go_through(mix));
    }
}
