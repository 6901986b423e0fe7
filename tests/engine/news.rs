//! What a look says that has changed: whole after every crash, lost reply and outage, and told once.

use crate::fixture::{Fixture, customer};
use crate::watch::{Killer, Moment};
use std::sync::Arc;
use trusthub_onboard::check::Entry;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Ended, Only};
use trusthub_onboard::events::{Nobody, Observer};
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Fault as Broken, Sid};
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::{News, Reporter, RowReport, result_cells, result_columns};
use trusthub_onboard::sandbox::{Among, Edit, Fault, Faults, Reviewer, Rule, Verdict, When};

const DAY_MS: u64 = 86_400_000;

/// Four customers in review, who were looked at; since then one was approved and one rejected.
async fn two_decided() -> Fixture {
    let mut fixture = Fixture::with((1..=4).map(customer).collect());
    for (n, reviewer) in [(1, None), (2, Some(Reviewer::RejectsAll(vec![18602])))] {
        let account = fixture.customers[n].subaccount.to_string();
        fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    }
    for n in [0, 3] {
        let (account, reviewer) =
            (fixture.customers[n].subaccount.to_string(), Some(Reviewer::LeavesInReview));
        fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    }
    fixture.wait_ms = 0;
    fixture.run().await.expect("no fault");
    fixture.only = Only::ToLookAt;
    assert_eq!(say(&fixture).await, ["awaiting_profile_approval"; 4]);
    fixture.clock.set(fixture.clock.now() + DAY_MS);
    fixture
}

fn parent(fixture: &Fixture) -> Sid {
    Sid::parse(&fixture.parent).expect("a SID")
}

fn reports(fixture: &Fixture, ended: Option<&Ended>) -> Vec<RowReport> {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let reporter = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, ended).at(fixture.clock.now());
    let row = |it: &trusthub_onboard::model::Customer| reporter.row(&Entry::Valid(Box::new(it.clone())));
    fixture.customers.iter().map(|it| row(it).expect("a row")).collect()
}

/// What is news now.
fn news(fixture: &Fixture) -> News {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let mut news = News::read(&FLOW, &ledger, &parent(fixture)).expect("a history");
    reports(fixture, None).iter().for_each(|it| news.add(it));
    news
}

fn outcomes(news: &News) -> Vec<&'static str> {
    news.document().changed.iter().map(|it| it.outcome.word()).collect()
}

/// Notes that this was told.
async fn tell(fixture: &Fixture, news: &News, observer: Arc<dyn Observer>) -> Result<(), Broken> {
    let now = fixture.clock.now();
    let ledger = Ledger::open(&fixture.ledger, &FLOW, &fixture.sandbox.id(), now, observer)?;
    let done = ledger.note_told(&parent(fixture), news.told(), now).await;
    ledger.close()?;
    done
}

async fn say(fixture: &Fixture) -> Vec<&'static str> {
    let news = news(fixture);
    tell(fixture, &news, Arc::new(Nobody)).await.expect("written");
    outcomes(&news)
}

#[tokio::test]
async fn a_look_that_is_cut_off_at_any_moment_leaves_all_the_news_to_the_next_one() {
    for moment in [Moment::Write, Moment::Sending, Moment::Sent] {
        for at in 1.. {
            let fixture = two_decided().await;
            let killer = Killer::at(moment, at);
            // It dies, or it is over before.
            let _ = fixture.run_watched(killer.clone()).await;
            fixture.run().await.expect("no fault");
            assert_eq!(say(&fixture).await, ["profile_approved", "rejected"], "{moment:?} {at}");
            assert_eq!(say(&fixture).await, [""; 0], "{moment:?} {at}");
            if !killer.has_struck() {
                assert!(at > 8, "only {at} moments");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_look_that_dies_as_it_notes_what_it_has_told_has_noted_all_or_nothing() {
    let mut found = vec![];
    for at in 1..=2 {
        let fixture = two_decided().await;
        fixture.run().await.expect("no fault");
        let told = news(&fixture);
        let killer = Killer::at(Moment::Write, at);
        let _ = tell(&fixture, &told, killer.clone()).await;
        assert!(killer.has_struck());
        found.push(say(&fixture).await.len());
    }
    assert_eq!(found, [2, 0], "before the commit nothing is noted, and after it all");
}

#[tokio::test]
async fn no_reply_that_is_lost_or_unreadable_loses_or_invents_news() {
    let faults =
        [Fault::LoseReply, Fault::FailBefore(503), Fault::Html(200), Fault::DropRequest, Fault::CutJson];
    for fault in faults {
        for n in 1..=10 {
            let mut fixture = two_decided().await;
            let rule = Rule { fault: fault.clone(), among: Among::All, when: When::Nth(n) };
            fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
            fixture.run().await.expect("no fault");
            let first = say(&fixture).await;
            fixture.sandbox.misbehave(Faults::default());
            fixture.run().await.expect("no fault");
            let mut all = [first, say(&fixture).await].concat();
            all.sort_unstable();
            assert_eq!(all, ["profile_approved", "rejected"], "{fault:?} at {n}");
            fixture.only = Only::Everyone;
        }
    }
}

/// What a row says apart from when it was last looked at, and that it was not.
fn lasting(row: &RowReport) -> Vec<String> {
    let cells = result_columns(&FLOW).into_iter().zip(result_cells(&FLOW, row));
    let of_the_look = ["attempts", "started_at", "finished_at", "remarks"];
    cells.filter(|it| !of_the_look.contains(&it.0.as_str())).map(|it| format!("{}: {}", it.0, it.1)).collect()
}

#[tokio::test]
async fn a_look_that_reaches_nobody_leaves_every_row_as_it_was() {
    let mut fixture = two_decided().await;
    // Somebody of every kind: approved, rejected, in review, refused, begun and not begun.
    fixture.only = Only::Everyone;
    let approves = |n: usize| fixture.customers[n].subaccount.to_string();
    let edit = Edit::Review { account: approves(0), verdict: Verdict::Approved };
    fixture.sandbox.edit(edit).expect("an edit");
    let edit = Edit::SetReviewer { account: approves(0), reviewer: Some(Reviewer::ApprovesAll) };
    fixture.sandbox.edit(edit).expect("an edit");
    let edit = Edit::SetAccountStatus { account: approves(3), status: "suspended".to_owned() };
    fixture.sandbox.edit(edit).expect("an edit");
    fixture.run().await.expect("no fault");
    fixture.clock.set(fixture.clock.now() + DAY_MS);
    fixture.run().await.expect("no fault");
    fixture.customers.push(customer(5));
    let before = reports(&fixture, None);
    let stands: Vec<Outcome> = before.iter().map(|it| it.outcome).collect();
    for outcome in [Outcome::Approved, Outcome::Rejected, Outcome::Refused, Outcome::NotAttempted] {
        assert!(stands.contains(&outcome), "{stands:?}");
    }
    say(&fixture).await;
    fixture.only = Only::ToLookAt;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    fixture.elsewhere = Some(format!("http://{}", listener.local_addr().expect("an address")));
    drop(listener);
    let mut ended = fixture.run().await.expect("no fault");
    assert!(ended.away.is_some());
    ended.customers.retain(|_, end| end.failed.is_some());
    for (before, after) in before.iter().zip(reports(&fixture, Some(&ended))) {
        assert_eq!(lasting(before), lasting(&after));
    }
    assert_eq!(say(&fixture).await, [""; 0]);
}
