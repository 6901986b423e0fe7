//! Every way in which a run can go: lost answers, requests that arrive late, crashes, lists that are behind, clocks
//! that jump, rows that are corrected and bundles that are rejected, in every order. It is explored in memory, up to
//! two faults on a path.
//!
//! A request is carried out at once, at any later turn up to the end of the time-out, or never; lists show it at
//! once or after the whole visibility window.
//!
//! What must hold is in `world`: nothing is made twice, no SID is lost, nothing is submitted that its run has not
//! seen as the row says it, nothing changes what is in review, no product holds up the other, and every path ends.

use crate::small::*;
use crate::world::World;
use std::collections::HashMap;
use trusthub_onboard::facts::{Evaluate, Policy, Submission};
use trusthub_onboard::model::Customer;
use trusthub_onboard::plan::Plan;

/// Longer than any path can be.
const TURNS_MAX: usize = 1_000;

/// Explores everything that can happen with so many faults, and says how many states there are. A state that is
/// reached again on its own path would go round for ever.
fn explore(policy: &Policy, faults: u32) -> usize {
    let secret = digest_key();
    let (first, mut second) = (customer(), customer());
    second.business.website_url = "https://www.brightwater.org".to_owned();
    let rows: [&Customer; 2] = [&first, &second];
    let plans = rows.map(|row| plan(row, policy, &secret));
    let mut seen = HashMap::new();
    let start = World::new(faults);
    seen.insert(start.fingerprint(), OnPath::Yes);
    let mut path = vec![Turn::of("the first run".to_owned(), start, &plans, &[])];
    while let Some(turn) = path.last_mut() {
        let Some((what, world)) = turn.left.pop() else {
            seen.insert(turn.fingerprint, OnPath::No);
            path.pop();
            continue;
        };
        let fingerprint = world.fingerprint();
        match seen.get(&fingerprint) {
            Some(OnPath::No) => continue,
            Some(OnPath::Yes) => panic!("it goes round for ever:\n{}{what}", told(&path)),
            None => (),
        }
        assert!(path.len() < TURNS_MAX, "it does not end:\n{}", told(&path));
        seen.insert(fingerprint, OnPath::Yes);
        let next = Turn::of(what, world, &plans, &path);
        path.push(next);
    }
    seen.len()
}

enum OnPath {
    Yes,
    No,
}

/// One turn of the path that is being explored.
struct Turn {
    what: String,
    fingerprint: u64,
    /// The ways on that have not been taken yet.
    left: Vec<(String, World)>,
}

impl Turn {
    fn of(what: String, world: World, plans: &[Plan<'_>], path: &[Turn]) -> Turn {
        match world.next(plans) {
            Ok(left) => Turn { fingerprint: world.fingerprint(), what, left },
            Err(wrong) => panic!("{wrong}:\n{}{what}", told(path)),
        }
    }
}

fn told(path: &[Turn]) -> String {
    path.iter().map(|turn| format!("{}\n", turn.what)).collect()
}

#[test]
fn whatever_goes_wrong_nothing_is_made_twice_lost_or_submitted_unseen_and_it_ends() {
    let policy = Policy { evaluate: Evaluate::Off, ..policy() };
    // Fewer faults first: a path that fails is then told with as few as it takes.
    let states = [0, 1, 2].map(|faults| explore(&policy, faults));
    // About twenty turns, and about twenty things that can go wrong at each.
    assert!(states[1] > 1_000 && states[2] > 10_000, "{states:?}: ways are left out");
}

#[test]
fn the_same_holds_with_evaluations_and_with_products_that_do_not_wait_for_their_profile() {
    for (evaluate, submission) in [
        (Evaluate::Refuse, Submission::ProductAfterApproval),
        (Evaluate::Refuse, Submission::ProductNow),
        (Evaluate::Off, Submission::ProductNow),
    ] {
        let policy = Policy { evaluate, submission, ..policy() };
        let states = [0, 1].map(|faults| explore(&policy, faults));
        assert!(states[1] > 1_000, "{evaluate:?}, {submission:?}, {states:?}: ways are left out");
    }
}
