//! How many customers ended how, and what that means for the exit code.

use crate::plan::Outcome;

/// Customers by outcome.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; Outcome::ALL.len()],
}

impl Tally {
    pub fn add(&mut self, outcome: Outcome) {
        self.counts[index(outcome)] += 1;
    }

    pub fn of(&self, outcome: Outcome) -> u64 {
        self.counts[index(outcome)]
    }

    /// Outcomes that occurred, best first.
    pub fn occurring(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        Outcome::ALL.into_iter().map(|outcome| (outcome, self.of(outcome))).filter(|it| it.1 > 0)
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

fn index(outcome: Outcome) -> usize {
    Outcome::ALL.iter().position(|it| *it == outcome).unwrap_or(0)
}
