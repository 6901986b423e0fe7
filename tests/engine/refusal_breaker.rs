//! The circuit breaker: a run whose first customers all fail alike stops by itself.

use crate::checks::step_named;
use crate::fixture::{Fixture, customer};
use trusthub_onboard::engine::RefusalBreaker;
use trusthub_onboard::facts::{Code, OurCode};
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::sandbox::Edit;

/// Customers who each have one number, which no bundle takes.
fn stage_without_numbers(count: u32, good: &[u32]) -> Fixture {
    let one_number = |number: u32| {
        let sid = Sid::parse(&format!("PN{number:032x}")).unwrap();
        let phone_numbers = PhoneNumbers::Listed(vec![PhoneNumber::Sid(sid)]);
        Customer { phone_numbers, ..customer(number) }
    };
    let mut fixture = Fixture::with((1..=count).map(one_number).collect());
    for number in (1..=count).filter(|it| !good.contains(it)) {
        let number = format!("PN{number:032x}");
        fixture.sandbox.edit(Edit::ForbidNumber { number }).unwrap();
    }
    // One after the other, so that what is begun when the circuit breaker acts is certain.
    fixture.concurrency = 1;
    fixture.refusal_breaker = RefusalBreaker::On;
    fixture
}

#[tokio::test]
async fn five_refusals_alike_at_the_beginning_stop_the_run() {
    let fixture = stage_without_numbers(12, &[]);
    let ended = fixture.run().await.expect("no fault");
    let (key, code) = ended.tripped.expect("the refusal_breaker");
    assert_eq!(key.step, step_named("customer_profile_phone_numbers"));
    assert!(matches!(code, Code::Twilio(_) | Code::Ours(OurCode::NumberElsewhere)), "{code:?}");
    assert!(ended.customers.len() <= 7, "{} customers were taken on", ended.customers.len());
}

#[tokio::test]
async fn one_customer_who_gets_through_releases_the_brake() {
    let fixture = stage_without_numbers(9, &[3]);
    let ended = fixture.run().await.expect("no fault");
    assert_eq!(ended.tripped, None);
    assert_eq!(ended.customers.len(), 9);
}

#[tokio::test]
async fn without_the_brake_every_customer_is_taken_on() {
    let mut fixture = stage_without_numbers(9, &[]);
    fixture.refusal_breaker = RefusalBreaker::Off;
    let ended = fixture.run().await.expect("no fault");
    assert_eq!((ended.tripped, ended.customers.len()), (None, 9));
}
