//! Another request is changing the same resource (20162): it is waited for, and nothing else changes.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer};
use trusthub_onboard::clock::Clock;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Lag, Method, Rule, When};

fn at(first: u64, last: u64, status: u16) -> Rule {
    let (fault, when) = (Fault::ConflictingUpdate(status), When::Between(first, last));
    Rule { fault, among: Among::All, when }
}

#[tokio::test]
async fn a_conflicting_update_is_waited_for_wherever_it_comes() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    // Request 1 is the parent's. A status that is another's sign elsewhere must not be taken for it.
    for (n, status) in (1..=35).flat_map(|n| [(n, 400), (n, 409)]) {
        let context = format!("{status} at request {n}");
        let fixture = Fixture::with(customers.clone());
        // What was refused was not created: it must not be looked for in lists that lag.
        let lag = Lag { lists_ms: 9_000, ..Lag::default() };
        fixture.sandbox.misbehave(Faults { rules: vec![at(n, n + 2, status)], lag, ..Faults::default() });
        let before = fixture.clock.now();
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        assert!(fixture.clock.now() - before >= 1_000, "{context}: it waits before it asks again");
        fixture.is_as(&undisturbed, &context);
    }
}

#[tokio::test]
async fn a_conflicting_update_without_an_end_leaves_a_customer_unfinished_and_the_next_run_heals_it() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for path in ["/v1/CustomerProfiles", "/v1/EndUsers", "/ChannelEndpointAssignments"] {
        let fixture = Fixture::with(customers.clone());
        let among = Among::Matching(Method::Post, path.to_owned());
        let rule = Rule { fault: Fault::ConflictingUpdate(409), among, when: When::Always };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        let end = fixture.end().await;
        assert_eq!(end.outcome, Outcome::Unfinished, "{path}");
        assert!(end.messages.iter().any(|(_, text)| text.contains("20162")), "{path}: {:?}", end.messages);
        assert!(fixture.sandbox.requests().count < 60, "{path}: it gives up");
        fixture.sandbox.misbehave(Faults::default());
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{path}");
        fixture.is_as(&undisturbed, path);
    }
}
