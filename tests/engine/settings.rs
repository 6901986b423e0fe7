//! What nobody knows of the API is tried both ways: content is what the row says, or it is refused by name.

use crate::changes::{
    corrected_name, one_representative, other_street, other_use_case, stage_for, with, world_of,
};
use crate::fixture::{Fixture, customer};
use crate::watch::{die, watching};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::{Code, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::flow::Method;
use trusthub_onboard::model::{Address, Customer};
use trusthub_onboard::sandbox::{
    AddressCorrection, Among, EmptyParameter, Fault, Faults, Settings, Undocumented,
};
use trusthub_onboard::twilio::Rate;

fn street(street: &'static str, secondary: &'static str) -> Customer {
    with(|it| {
        if let Address::New { street: first, street_secondary, .. } = &mut it.address {
            *first = street.to_owned();
            *street_secondary = secondary.to_owned();
        }
    })
}

fn with_all_that_may_be_empty() -> Customer {
    let mut row = street("1 Harbor Way", "Suite 5");
    row.voice_integrity.notes = "Weekdays only".to_owned();
    row.business.social_media_profile_urls = "https://social.example/brightwater".to_owned();
    row
}

fn emptied() -> Customer {
    let mut row = street("1 Harbor Way", "");
    row.voice_integrity.notes = String::new();
    row.business.social_media_profile_urls = String::new();
    row
}

fn set(row: Customer, undocumented: Undocumented) -> Fixture {
    Fixture::set(vec![row], Settings { undocumented, ..Settings::default() })
}

/// Whether nothing has been submitted.
fn all_drafts(fixture: &Fixture) -> bool {
    fixture.made().iter().all(|it| it.status.as_deref().is_none_or(|status| status == "draft"))
}

#[tokio::test]
async fn a_cell_that_was_emptied_is_empty_at_the_api_or_refused_by_name_and_not_submitted() {
    for empty_parameter in [EmptyParameter::Clears, EmptyParameter::IsNotGiven] {
        for ledger_is_lost in [false, true] {
            let mut fixture = set(
                with_all_that_may_be_empty(),
                Undocumented { empty_parameter, ..Undocumented::default() },
            );
            fixture.policy.submission = Submission::Never;
            assert_eq!(fixture.outcome().await, Outcome::Drafted);
            if ledger_is_lost {
                fixture.ledger = fixture.folder.path().join("another.db");
            }
            fixture.customers = vec![emptied()];
            fixture.policy.submission = Submission::ProductAfterApproval;
            let context = format!("{empty_parameter:?}, ledger lost: {ledger_is_lost}");
            for _ in 0..2 {
                let end = fixture.end().await;
                if empty_parameter == EmptyParameter::Clears {
                    assert_eq!(end.outcome, Outcome::Approved, "{context}");
                    fixture.is_as_far_as_connected(&world_of(&emptied()).await, &context);
                    break;
                }
                assert_eq!(end.code, Some(Code::Ours(OurCode::ContentNotTaken)), "{context}");
                let facts = fixture.facts();
                match end.failed.and_then(|key| facts.state(key)) {
                    Some(StepState::Refused { reason, .. }) => {
                        assert_eq!(reason.fields.as_deref(), Some("StreetSecondary"), "{context}")
                    }
                    other => panic!("{context}: {other:?}"),
                }
                assert!(all_drafts(&fixture), "{context}: it was submitted");
            }
        }
    }
}

/// A street that a postal service writes otherwise: created, and corrected in the sheet.
#[tokio::test]
async fn an_address_that_the_api_would_correct_is_as_the_row_says_or_refused() {
    let (before, row) = (street("1 Harbor Way", ""), street("12 Harbor Street", ""));
    let expected = world_of(&row).await;
    for address_correction in [AddressCorrection::OrKept, AddressCorrection::OrRefused] {
        for first in [None, Some(before.clone())] {
            let context = format!("{address_correction:?}, drafted before: {}", first.is_some());
            let undocumented = Undocumented { address_correction, ..Undocumented::default() };
            let mut fixture = set(row.clone(), undocumented);
            if let Some(first) = first {
                fixture.customers = vec![first];
                fixture.policy.submission = Submission::Never;
                assert_eq!(fixture.outcome().await, Outcome::Drafted, "{context}");
                fixture.policy.submission = Submission::ProductAfterApproval;
                fixture.customers = vec![row.clone()];
            }
            let end = fixture.end().await;
            match address_correction {
                AddressCorrection::OrRefused => {
                    assert_eq!(
                        (end.outcome, end.code),
                        (Outcome::Refused, Some(Code::Twilio(21629))),
                        "{context}"
                    );
                    assert!(all_drafts(&fixture), "{context}: it was submitted");
                }
                _ => {
                    assert_eq!(end.outcome, Outcome::Approved, "{context}");
                    fixture.is_as_far_as_connected(&expected, &context);
                }
            }
        }
    }
}

fn die_without_an_answer(event: &Event<'_>) {
    if let Event::Sent(request, response) = event
        && request.method == Method::Post
        && response.status.is_none()
    {
        die();
    }
}

/// Each update of a correction, and each submission, arrives late; and the row is corrected once more at once.
#[tokio::test]
async fn a_request_that_is_carried_out_late_leaves_what_the_sheet_says_or_is_told() {
    for other in [other_street(), corrected_name(), other_use_case(), one_representative()] {
        let expected = world_of(&customer(1)).await;
        // At one request a second: it arrives between any two of the requests that follow.
        let lost = (1..=12).map(|seconds| Fault::LoseReplyApplyLate(1_000 * seconds));
        for fault in lost.chain([Fault::ApplyLate(5_000)]) {
            for n in [1, 2, 3, 4] {
                let context = format!("{fault:?} at POST {n}");
                let mut fixture = stage_for(&customer(1), &other);
                fixture.policy.submission = Submission::Never;
                fixture.run().await.expect("no fault");
                fixture.policy.submission = Submission::ProductAfterApproval;
                fixture.customers = vec![other.clone()];
                fixture.rate = Rate::PerSecond(1.0);
                fixture.wait_ms = 0;
                fixture.sandbox.misbehave(Faults::nth(Among::Posts, n, fault.clone()));
                // The one who gets no answer is killed.
                let _ = fixture.run_watched(watching(die_without_an_answer)).await;
                fixture.sandbox.misbehave(Faults::default());
                fixture.customers = vec![customer(1)];
                fixture.wait_ms = 600_000;
                let end = fixture.end().await;
                match end.outcome {
                    // Nothing was left to be done: what was submitted stays, and it is said that the sheet differs.
                    Outcome::Approved if fixture.differs() => (),
                    Outcome::Approved => fixture.is_as_far_as_connected(&expected, &context),
                    Outcome::Refused => {
                        assert!(!all_drafts(&fixture), "{context}: refused, and nothing was submitted");
                        assert_eq!(end.code, Some(Code::Ours(OurCode::ChangedAfterSubmission)), "{context}");
                    }
                    outcome => panic!("{context}: {outcome:?}"),
                }
            }
        }
    }
}
