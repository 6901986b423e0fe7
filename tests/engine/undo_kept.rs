//! What an undo keeps, and what it takes away only when it is named.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, PARENT, customer, with_every_product};
use crate::undo::{DRAFTS, EVERYTHING, InHand, Undone, approved, drafts, lenient};
use crate::watch::watching;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::{Code, OurCode, Outcome, Submission};
use trusthub_onboard::flow::{BundleStatus, Method};
use trusthub_onboard::model::Sid;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox::{self, BundleKind, Edit, Kind, Undocumented, Verdict};
use trusthub_onboard::undo::{Account, Fate, Scope, Why};

/// The profile approved, the product in review.
async fn profile_approved_and_product_in_review() -> Fixture {
    let mut fixture = Fixture::set(
        vec![customer(1)],
        sandbox::Settings { review_ms: 60_000, undocumented: lenient(), ..sandbox::Settings::default() },
    );
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.clock.set(fixture.clock.now() + 60_000);
    assert_eq!(fixture.outcome().await, Outcome::Submitted);
    fixture
}

#[tokio::test]
async fn what_is_in_review_is_kept_and_so_is_what_it_needs() {
    let fixture = profile_approved_and_product_in_review().await;
    let world = fixture.world();
    for scope in [DRAFTS, EVERYTHING] {
        let undone = fixture.undo(scope).await;
        assert_eq!((fixture.deletions(), fixture.world()), (vec![], world.clone()));
        assert!(undone.of(Fate::Removed).is_empty() && undone.of(Fate::Failed).is_empty());
        let product = &fixture.sids_made(Kind::TrustProduct)[0];
        let profile = &fixture.sids_made(Kind::CustomerProfile)[0];
        assert_eq!(undone.why(product), &Why::Status(BundleStatus::PendingReview));
        let of_the_profile = match scope.approved {
            true => Why::NeededBy(Sid::parse(product).expect("a SID")),
            false => Why::Status(BundleStatus::TwilioApproved),
        };
        assert_eq!(undone.why(profile), &of_the_profile);
        assert!(undone.entries.iter().all(|it| it.why.leaves_ours()));
    }
    assert_eq!(fixture.outcome().await, Outcome::Submitted, "nothing has happened to the row");
}

#[tokio::test]
async fn what_is_approved_or_rejected_goes_only_when_it_is_named() {
    let fixture = approved(vec![with_every_product(1)], lenient()).await;
    let (world, before) = (fixture.world(), fixture.past());
    for scope in [DRAFTS, Scope { rejected: true, ..DRAFTS }] {
        let undone = fixture.undo(scope).await;
        assert_eq!((undone.of(Fate::Removed).len(), fixture.world()), (0, world.clone()));
    }
    let undone = fixture.undo(EVERYTHING).await;
    assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{:#?}", undone.entries);
    assert_eq!(fixture.world(), [] as [String; 0]);
    // Submitted and approved once, deleted, and made again: nothing of the past confuses the run.
    assert_eq!(fixture.report().outcome, Outcome::NotAttempted);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&world, "made again");
    assert!(before.iter().all(|it| fixture.sids_of_the_past().contains(it)));

    // The same of what was rejected.
    let settings = sandbox::Settings { undocumented: lenient(), ..sandbox::Settings::default() };
    let fixture = Fixture::set(vec![customer(1)], settings);
    let account = fixture.customers[0].subaccount.to_string();
    fixture.edit(Edit::Review { account, verdict: Verdict::Rejected(vec![18601]) });
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    // The product is a draft and goes at once.
    let undone = fixture.undo(DRAFTS).await;
    let profile = &fixture.sids_made(Kind::CustomerProfile)[0];
    assert_eq!(undone.why(profile), &Why::Status(BundleStatus::TwilioRejected));
    assert_eq!(fixture.sids_made(Kind::TrustProduct), [] as [String; 0]);
    fixture.undo(Scope { rejected: true, ..DRAFTS }).await;
    assert_eq!(fixture.world(), [] as [String; 0]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&undisturbed(&[customer(1)]).await, "made again after a rejection");
}

#[tokio::test]
async fn where_the_api_says_no_to_what_was_submitted_once_nothing_of_it_is_taken_apart() {
    let fixture = approved(vec![with_every_product(1)], Undocumented::default()).await;
    let world = fixture.world();
    let undone = fixture.undo(EVERYTHING).await;
    assert_eq!(fixture.world(), world);
    let is_it = |why: &Why| matches!(why, Why::Refused(reason, _) if reason.code == Code::Twilio(21647));
    let refused = undone.of(Fate::Failed).into_iter().filter(|it| is_it(&it.why)).count();
    // One no for each product, and the profile is not even asked for: they need it.
    assert_eq!((refused, fixture.deletions().len()), (FLOW.products.len(), FLOW.products.len()));
    let profile = &fixture.sids_made(Kind::CustomerProfile)[0];
    assert!(matches!(undone.why(profile), Why::NeededBy(_)));
    let calls = fixture.changing_calls();
    fixture.run().await.expect("no fault");
    assert_eq!((fixture.changing_calls(), fixture.report().outcome), (calls, Outcome::Approved));
}

#[tokio::test]
async fn a_bundle_that_was_submitted_between_the_look_and_its_turn_is_kept() {
    let fixture = drafts(vec![customer(1)]).await;
    let before = fixture.sids_left();
    let InHand { undo, outlooks } = fixture.look(DRAFTS, &fixture.accounts()).await;
    let profile = fixture.sids_made(Kind::CustomerProfile)[0].clone();
    let product = fixture.sids_made(Kind::TrustProduct)[0].clone();
    fixture.submit_by_hand(&product);
    let entries = undo.take_away(outlooks).await.expect("no fault");
    undo.close().expect("closed");
    let undone = Undone { told: vec![], entries };
    assert!(matches!(undone.why(&product), Why::ChangedMeanwhile(_)), "{:#?}", undone.entries);
    assert_eq!(undone.why(&profile), &Why::NeededBy(Sid::parse(&product).expect("a SID")));
    assert_eq!((fixture.deletions(), fixture.sids_left()), (vec![], before));
}

#[tokio::test]
async fn a_bundle_that_is_submitted_while_it_is_taken_apart_is_kept() {
    for n in 1..6 {
        let fixture = Arc::new(drafts(vec![customer(1)]).await);
        let product = fixture.sids_made(Kind::TrustProduct)[0].clone();
        let (here, bundle, seen) = (fixture.clone(), product.clone(), Mutex::new(0));
        let observer = watching(move |event| {
            let Event::Sent(request, _) = event else { return };
            let mut seen = seen.lock().expect("nobody died");
            *seen += u32::from(request.method == Method::Delete);
            if request.method == Method::Delete && *seen == n {
                here.submit_by_hand(&bundle);
            }
        });
        let accounts = fixture.accounts();
        let undone =
            fixture.undo_whatever_happens(DRAFTS, &accounts, observer, CancellationToken::new()).await;
        let undone = undone.expect("no fault");
        assert!(matches!(undone.why(&product), Why::ChangedMeanwhile(_)), "{n}: {:#?}", undone.entries);
        assert!(undone.of(Fate::Failed).is_empty(), "{n}: {:#?}", undone.entries);
        assert_eq!(fixture.sids_made(Kind::TrustProduct), [product]);
        // Two numbers, then the link to the profile: once that is off, nothing needs the profile.
        assert_eq!(fixture.sids_made(Kind::CustomerProfile).len(), usize::from(n < 3), "{n}");
    }
}

#[tokio::test]
async fn what_a_row_names_is_kept_and_what_was_made_for_it_goes() {
    for knows_the_row in [true, false] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let account = fixture.customers[0].subaccount.to_string();
        let kind = BundleKind::CustomerProfile;
        let draft = fixture.edit(Edit::AddBundle { account, kind, friendly_name: "By hand".to_owned() });
        fixture.customers[0].customer_profile = Sid::parse(&draft);
        fixture.policy.submission = Submission::Never;
        assert_eq!(fixture.outcome().await, Outcome::Drafted);
        let world = fixture.world();
        assert!(world.len() > 15);
        let accounts = if knows_the_row { fixture.accounts() } else { fixture.subaccounts() };
        let undone = fixture.undo_of(DRAFTS, &accounts).await;
        assert_eq!(undone.why(&draft), &Why::Named);
        assert!(!undone.entries.iter().any(|it| it.why.leaves_ours()), "{:#?}", undone.entries);
        assert_eq!(fixture.sids_left(), BTreeSet::new(), "the row is known: {knows_the_row}");
        assert_eq!(fixture.bundles(Kind::CustomerProfile), BTreeSet::from([draft.clone()]));
        assert_eq!(fixture.outcome().await, Outcome::Drafted, "a run fills it again");
        assert_eq!(fixture.world(), world);
        assert_eq!(fixture.bundles(Kind::CustomerProfile), BTreeSet::from([draft]));
    }
}

/// The draft bears our tag by then: only the sheet says whose it is.
#[tokio::test]
async fn without_the_ledger_the_sheet_says_which_draft_is_somebody_elses_and_what_bears_our_tag_goes_all_the_same()
 {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let account = fixture.customers[0].subaccount.to_string();
    let kind = BundleKind::CustomerProfile;
    let draft = fixture.edit(Edit::AddBundle { account, kind, friendly_name: "By hand".to_owned() });
    fixture.customers[0].customer_profile = Sid::parse(&draft);
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    fixture.lose_the_ledger();
    let undone = fixture.undo(DRAFTS).await;
    assert_eq!(undone.why(&draft), &Why::Named);
    assert_eq!(fixture.bundles(Kind::CustomerProfile), BTreeSet::from([draft]));
    // Who has put the numbers and the primary profile on it, nobody knows any more.
    let left: BTreeSet<Kind> = fixture.made().into_iter().map(|it| it.kind).collect();
    assert_eq!(left, BTreeSet::from([Kind::EntityAssignment, Kind::ChannelEndpointAssignment]));
    assert_eq!(fixture.sids_made(Kind::EntityAssignment).len(), 1);
}

#[tokio::test]
async fn the_parent_account_is_nobodys_customer() {
    let fixture = drafts(vec![customer(1)]).await;
    let subaccount = Sid::parse(PARENT).expect("a SID");
    let undone = fixture.undo_of(EVERYTHING, &[Account { subaccount, named: None }]).await;
    let [entry] = undone.entries.as_slice() else { panic!("{:#?}", undone.entries) };
    let is_it = |why: &Why| matches!(why, Why::Refused(reason, _) if reason.code == Code::Ours(OurCode::NotASubaccount));
    assert!(is_it(&entry.why), "{entry:?}");
}

#[tokio::test]
async fn what_bears_our_tag_is_found_without_the_ledger_and_its_sids_are_written_down() {
    let fixture = drafts(vec![with_every_product(1)]).await;
    let (world, made) = (fixture.world(), fixture.made());
    fixture.lose_the_ledger();
    let undone = fixture.undo_of(DRAFTS, &fixture.subaccounts()).await;
    assert_eq!(undone.of(Fate::Removed).len(), made.len());
    assert_eq!(fixture.world(), [] as [String; 0]);
    assert!(made.iter().all(|it| fixture.sids_of_the_past().contains(&it.sid)));
    fixture.run().await.expect("no fault");
    assert_eq!(fixture.world(), world);
}

#[tokio::test]
async fn what_a_person_has_made_or_needs_is_kept() {
    let account = customer(1).subaccount.to_string();
    let bundle = |fixture: &Fixture, kind: BundleKind| {
        let friendly_name = "By hand".to_owned();
        fixture.edit(Edit::AddBundle { account: account.clone(), kind, friendly_name })
    };
    let assign = |fixture: &Fixture, bundle: &str, object: &str| {
        fixture.edit(Edit::AssignEntity { bundle: bundle.to_owned(), object: object.to_owned() });
    };
    let sid = |text: &str| Sid::parse(text).expect("a SID");

    // Somebody's product links our profile.
    let fixture = drafts(vec![customer(1)]).await;
    let profile = fixture.sids_made(Kind::CustomerProfile)[0].clone();
    let on_it = |fixture: &Fixture| {
        fixture.made().into_iter().filter(|it| it.bundle_sid.as_ref() == Some(&profile)).count()
    };
    let before = on_it(&fixture);
    let theirs = bundle(&fixture, BundleKind::TrustProduct);
    assign(&fixture, &theirs, &profile);
    let undone = fixture.undo(DRAFTS).await;
    assert_eq!(undone.why(&profile), &Why::NeededBy(sid(&theirs)));
    assert!(undone.told.iter().all(|it| !it.path.contains(&profile)), "it is foretold as well");
    assert_eq!(on_it(&fixture), before, "nothing of it is taken apart");
    assert_eq!(fixture.bundles(Kind::TrustProduct), BTreeSet::from([theirs]));
    assert!(undone.of(Fate::Removed).len() > 4 && undone.of(Fate::Failed).is_empty());

    // Something of theirs is on our draft.
    let fixture = drafts(vec![customer(1)]).await;
    let product = fixture.sids_made(Kind::TrustProduct)[0].clone();
    let theirs = fixture.edit(Edit::AddObject {
        account: account.clone(),
        object_type: "voice_integrity_information".to_owned(),
        friendly_name: "By hand".to_owned(),
        attributes: "{}".to_owned(),
    });
    assign(&fixture, &product, &theirs);
    let world = fixture.world();
    let undone = fixture.undo(DRAFTS).await;
    assert_eq!(undone.why(&product), &Why::Holds(sid(&theirs)));
    assert_eq!(fixture.world(), world);

    // Something of ours is on their draft, and it names an address of ours.
    let fixture = drafts(vec![customer(1)]).await;
    let theirs = bundle(&fixture, BundleKind::CustomerProfile);
    let document = fixture.sids_made(Kind::SupportingDocument)[0].clone();
    let address = fixture.sids_made(Kind::Address)[0].clone();
    assign(&fixture, &theirs, &document);
    let undone = fixture.undo(DRAFTS).await;
    assert_eq!(undone.why(&document), &Why::NeededBy(sid(&theirs)));
    assert_eq!(undone.why(&address), &Why::StaysWith(sid(&document)));
    let mut left = fixture.sids_left();
    left.retain(|it| !it.starts_with("BV"));
    assert_eq!(left, BTreeSet::from([document, address]));
}

#[tokio::test]
async fn of_several_that_bear_our_tag_the_one_that_the_ledger_knows_goes_and_without_a_ledger_none() {
    let fixture = drafts(vec![customer(1)]).await;
    let profile = fixture.sids_made(Kind::CustomerProfile)[0].clone();
    let name = fixture.made().into_iter().find(|it| it.sid == profile).expect("it is there").friendly_name;
    let account = fixture.customers[0].subaccount.to_string();
    let kind = BundleKind::CustomerProfile;
    let twin = fixture.edit(Edit::AddBundle { account, kind, friendly_name: name });
    let InHand { undo, outlooks } = fixture.look(DRAFTS, &fixture.accounts()).await;
    undo.close().expect("closed");
    let goes = |sid: &str| outlooks[0].deletions().iter().any(|it| it.sid.as_str() == sid);
    assert_eq!((goes(&profile), goes(&twin)), (true, false));
    fixture.lose_the_ledger();
    let undone = fixture.undo_of(DRAFTS, &fixture.subaccounts()).await;
    assert_eq!((undone.why(&profile), undone.why(&twin)), (&Why::LooksAlike, &Why::LooksAlike));
    assert_eq!(fixture.bundles(Kind::CustomerProfile), BTreeSet::from([profile, twin]));
}
