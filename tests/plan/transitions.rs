//! From where a step may get where: every state after every other one, for every verb.

use crate::small::*;
use crate::table::VERBS;
use std::collections::BTreeMap;
use trusthub_onboard::facts::{Content, Facts, OurCode, Reason, StepState};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::model::Sid;

/// One of each kind of state, by the word that errors have for it.
fn states() -> Vec<(&'static str, Option<StepState>)> {
    let sid: Sid = made_by(&INFORMATION, 0);
    let (at, content) = (1, Content::Unknown);
    let refused = |kept| StepState::Refused { reason: Reason::ours(OurCode::Noncompliant), kept };
    vec![
        ("nothing", None),
        ("started", Some(StepState::Started { at, content, sid: None })),
        ("update started", Some(StepState::Started { at, content, sid: Some(sid.clone()) })),
        ("done", Some(StepState::Done { sid: Some(sid.clone()), content, note: None })),
        ("seen", Some(StepState::Seen { status: BundleStatus::InReview, codes: vec![] })),
        ("refused", Some(refused(None))),
        ("update refused", Some(refused(Some(sid.clone())))),
        ("unsure", Some(StepState::Unsure { candidates: vec![sid.clone(), made_by(&INFORMATION, 1)] })),
        ("removed", Some(StepState::Removed)),
    ]
}

/// Of each verb and each state: the states that may come after it.
type Table = BTreeMap<(String, String), Vec<String>>;

const AFTER: &str = include_str!("transitions.txt");

fn as_it_should_be() -> Table {
    let (mut table, mut verbs) = (Table::new(), vec![]);
    for line in AFTER.lines().filter(|it| !it.is_empty()) {
        match line.strip_prefix("  ") {
            None => verbs = line.split(", ").map(str::to_owned).collect(),
            Some(line) => {
                let (before, after) = line.split_once('|').expect("a state and what comes after it");
                let after: Vec<String> =
                    after.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect();
                for verb in &verbs {
                    let line = (verb.clone(), before.trim().to_owned());
                    assert!(table.insert(line.clone(), after.clone()).is_none(), "{line:?} stands twice");
                }
            }
        }
    }
    table
}

#[test]
fn every_state_comes_only_after_those_that_it_can_come_after() {
    let should_be = as_it_should_be();
    let mut said = Table::new();
    for (verb, step) in VERBS {
        for (before, previous) in states() {
            let legal = states().into_iter().filter_map(|(name, state)| {
                let after = state?.after(previous.as_ref(), step.verb);
                after.as_ref().err().inspect(|why| assert_eq!((why.before, why.now), (before, name)));
                after.is_ok().then(|| name.to_owned())
            });
            said.insert((verb.to_owned(), before.to_owned()), legal.collect());
        }
    }
    let wrong: Vec<String> = said
        .iter()
        .filter(|(line, after)| should_be.get(*line) != Some(*after))
        .map(|(line, after)| format!("{line:?}: it says {after:?}, not {:?}", should_be.get(line)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(said.len(), should_be.len(), "there are no other cases");
}

#[test]
fn a_state_that_cannot_come_changes_nothing() {
    let key = key(&INFORMATION);
    let mut facts = Facts::default();
    let done = StepState::Done { sid: Some(made_by(&INFORMATION, 0)), content: Content::Unknown, note: None };
    facts.apply(key, done.clone()).expect("it was found");
    facts.prove(key);
    let again = StepState::Started { at: 1, content: Content::Unknown, sid: None };
    let why = facts.apply(key, again).expect_err("it is there already");
    assert_eq!((why.before, why.now), ("done", "started"));
    assert_eq!(facts.state(key), Some(&done));
    assert!(facts.is_proven(key));
    assert_eq!(facts.times_sent(key), 0);
}
