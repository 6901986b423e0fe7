//! The policy that a customer was run with, in words.

use crate::facts::{Evaluate, Existing, Numbers, Policy, RefusedNumbers, Submission};
use crate::flow::{BundleId, Flow};
use crate::model::Sid;
use rusqlite::Row;

use super::record::unreadable;

/// The words of a policy, as the table `customers` holds them.
pub struct Words {
    pub submission: &'static str,
    pub evaluate: &'static str,
    pub refused_numbers: &'static str,
    pub existing: &'static str,
    /// Such as `trust_product=RN…`, comma-separated.
    pub policy_sids: String,
}

/// Its columns, in that order.
pub const COLUMNS: &str = "submission, evaluate, refused_numbers, existing, policy_sids";

/// What stands in their place where the ledger has none of them.
pub const NONE: &str = "NULL, NULL, NULL, NULL, NULL";

const SUBMISSIONS: [Submission; 3] =
    [Submission::ProductAfterApproval, Submission::ProductNow, Submission::Never];
const EVALUATES: [Evaluate; 3] = [Evaluate::Refuse, Evaluate::Warn, Evaluate::Off];
const REFUSED_NUMBERS: [RefusedNumbers; 2] = [RefusedNumbers::Refuse, RefusedNumbers::Skip];
const EXISTING: [Existing; 2] = [Existing::Adopt, Existing::Refuse];

fn submission_word(submission: Submission) -> &'static str {
    match submission {
        Submission::ProductAfterApproval => "after_approval",
        Submission::ProductNow => "now",
        Submission::Never => "never",
    }
}

fn evaluate_word(evaluate: Evaluate) -> &'static str {
    match evaluate {
        Evaluate::Refuse => "refuse",
        Evaluate::Warn => "warn",
        Evaluate::Off => "off",
    }
}

fn refused_numbers_word(refused_numbers: RefusedNumbers) -> &'static str {
    match refused_numbers {
        RefusedNumbers::Refuse => "refuse",
        RefusedNumbers::Skip => "skip",
    }
}

fn existing_word(existing: Existing) -> &'static str {
    match existing {
        Existing::Adopt => "adopt",
        Existing::Refuse => "refuse",
    }
}

impl Words {
    pub fn of(policy: &Policy) -> Words {
        let sids = policy.policy_sids.iter().map(|(bundle, sid)| format!("{}={sid}", bundle.name));
        Words {
            submission: submission_word(policy.submission),
            evaluate: evaluate_word(policy.evaluate),
            refused_numbers: refused_numbers_word(policy.refused_numbers),
            existing: existing_word(policy.existing),
            policy_sids: sids.collect::<Vec<_>>().join(","),
        }
    }
}

/// Reads a policy from the columns that begin at `first`; `None` where the run was one that did not write it
/// down. The two times, which the ledger does not hold, are those of a run that was given none.
pub fn read(row: &Row, first: usize, flow: &Flow) -> rusqlite::Result<Option<Policy>> {
    let mut words: [String; 5] = Default::default();
    for (at, word) in words.iter_mut().enumerate() {
        let Some(written) = row.get(first + at)? else { return Ok(None) };
        *word = written;
    }
    let unknown = |at: usize, word: &str| unreadable(first + at, &format!("policy {word:?}"));
    let sids = words[4].split(',').filter(|it| !it.is_empty());
    let sids = sids.map(|it| policy_sid(flow, it).ok_or_else(|| unknown(4, it)));
    Ok(Some(Policy {
        submission: meaning(&SUBMISSIONS, submission_word, &words[0]).ok_or_else(|| unknown(0, &words[0]))?,
        evaluate: meaning(&EVALUATES, evaluate_word, &words[1]).ok_or_else(|| unknown(1, &words[1]))?,
        refused_numbers: meaning(&REFUSED_NUMBERS, refused_numbers_word, &words[2])
            .ok_or_else(|| unknown(2, &words[2]))?,
        existing: meaning(&EXISTING, existing_word, &words[3]).ok_or_else(|| unknown(3, &words[3]))?,
        policy_sids: sids.collect::<rusqlite::Result<_>>()?,
        // Why numbers were not taken off stands with the step itself.
        numbers: Numbers::default(),
        visibility_window_ms: Policy::VISIBILITY_WINDOW_MS,
        call_timeout_ms: Policy::CALL_TIMEOUT_MS,
    }))
}

fn policy_sid(flow: &Flow, text: &str) -> Option<(BundleId, Sid)> {
    let (name, sid) = text.split_once('=')?;
    Some((flow.bundles().find(|it| it.name == name)?, Sid::parse(sid)?))
}

fn meaning<T: Copy>(all: &[T], word_of: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|it| word_of(*it) == word)
}
