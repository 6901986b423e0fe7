//! Requests that arrive late: the process that sent them is gone, and the row has changed meanwhile.

use crate::changes::{corrected_name, one_representative, other_street, other_use_case, stage_for, world_of};
use crate::fixture::customer;
use crate::holding::Holding;
use crate::watch::{die, watching};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::{Code, OurCode, Outcome, Submission};
use trusthub_onboard::flow::Method;
use trusthub_onboard::model::Customer;

/// A run of `first` is killed when the held request gets no answer; `second` is run, and the held request
/// arrives after any number of its requests, at the latest when the time-out of a call is over.
async fn arriving_anywhere(
    drafted: Option<Customer>,
    first: Customer,
    second: Customer,
    held: (&'static str, &'static str),
) {
    let expected = world_of(&second).await;
    for after in 0..14 {
        let context = format!("{held:?} arrived after {after} requests");
        let mut fixture = stage_for(&first, &second);
        if let Some(row) = &drafted {
            fixture.customers = vec![row.clone()];
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            fixture.policy.submission = Submission::ProductAfterApproval;
        }
        let holding = Holding::before(&fixture, held, after).await;
        fixture.elsewhere = Some(holding.base_url.clone());
        fixture.customers = vec![first.clone()];
        let killer = watching(|event| {
            if let Event::Sent(request, response) = event
                && request.method == Method::Post
                && response.status.is_none()
            {
                die();
            }
        });
        fixture.run_watched(killer).await.err().expect("it was cut off");
        assert!(holding.holds(), "{context}: nothing was held");
        fixture.customers = vec![second.clone()];
        let end = fixture.end().await;
        holding.release().await;
        let stands =
            fixture.made().iter().any(|it| it.status.as_deref().is_some_and(|status| status != "draft"));
        match end.outcome {
            Outcome::Approved if fixture.differs() => assert!(stands, "{context}: nothing was submitted"),
            Outcome::Approved => fixture.is_as_far_as_connected(&expected, &context),
            Outcome::Refused => {
                assert!(stands, "{context}: refused, and nothing was submitted");
                assert_eq!(end.code, Some(Code::Ours(OurCode::ChangedAfterSubmission)), "{context}");
            }
            other => panic!("{context}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_update_that_arrives_late_does_not_overwrite_a_newer_correction() {
    arriving_anywhere(Some(customer(1)), other_street(), customer(1), ("/Addresses/", "1+Harbor+Way")).await;
    arriving_anywhere(Some(customer(1)), corrected_name(), customer(1), ("/v1/EndUsers/", "Group")).await;
    arriving_anywhere(
        Some(customer(1)),
        other_use_case(),
        customer(1),
        ("/v1/EndUsers/", "Customer+Support"),
    )
    .await;
}

#[tokio::test]
async fn a_submission_that_arrives_late_under_a_corrected_row_is_what_the_row_says_or_is_told() {
    let profile = ("/v1/CustomerProfiles/", "Status=pending-review");
    arriving_anywhere(None, customer(1), corrected_name(), profile).await;
    arriving_anywhere(None, customer(1), one_representative(), profile).await;
    let product = ("/v1/TrustProducts/", "Status=pending-review");
    arriving_anywhere(None, customer(1), other_use_case(), product).await;
}

#[tokio::test]
async fn a_creation_that_arrives_late_under_another_row_is_not_on_what_is_submitted() {
    let representative = ("/v1/EndUsers", "authorized_representative_2");
    arriving_anywhere(None, customer(1), one_representative(), representative).await;
}
