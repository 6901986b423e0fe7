//! How many customers ended how, and what that means for the exit code.

use super::row::RowReport;
use crate::facts::Outcome;

/// Customers by outcome.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; Outcome::ALL.len()],
    /// Of those whose product is ready, the ones whose last run was to submit nothing.
    held_back: u64,
    /// Those with whom the ledger has kept no flags.
    without_flags: u64,
    /// The numbers that were left out, and of how many customers.
    numbers_left_out: (u64, u64),
}

impl Tally {
    pub fn add(&mut self, outcome: Outcome) {
        self.counts[index(outcome)] += 1;
    }

    /// Counts a row.
    pub fn count(&mut self, row: &RowReport) {
        self.add(row.outcome);
        self.held_back += u64::from(row.is_held_back());
        self.without_flags += u64::from(!row.flags_are_recorded && row.outcome != Outcome::Invalid);
        let left_out = row.numbers_left_out() as u64;
        self.numbers_left_out.0 += left_out;
        self.numbers_left_out.1 += u64::from(left_out > 0);
    }

    /// How many numbers were left out (`--refused-numbers skip`), and of how many customers.
    pub fn numbers_left_out(&self) -> (u64, u64) {
        self.numbers_left_out
    }

    /// How many customers are ready to be submitted, and the next run does it.
    pub fn to_submit(&self) -> u64 {
        self.of(Outcome::ProfileApproved).saturating_sub(self.held_back)
    }

    /// With how many begun customers the ledger has kept no flags.
    pub fn without_flags(&self) -> u64 {
        self.without_flags
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
