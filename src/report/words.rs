//! What is said about outcomes to people who look at the results, in the workbook and on the page.

use super::next::Who;
use super::row::{BundleReport, RowReport};
use crate::facts::Outcome;
use crate::flow::{BundleId, Flow};

/// What a review of this bundle usually takes.
pub fn usual_review(bundle: BundleId) -> String {
    let (from, to) = bundle.usual_review_days;
    format!("{from} to {to} days")
}

/// What a review of any bundle usually takes.
pub fn usual_reviews(flow: &Flow) -> String {
    let from = flow.bundles().map(|it| it.usual_review_days.0).min().unwrap_or_default();
    format!("{from} to {} days", longest_usual_review_days(flow))
}

/// After so many days any review is worth a question.
pub fn longest_usual_review_days(flow: &Flow) -> u64 {
    flow.bundles().map(|it| it.usual_review_days.1).max().unwrap_or_default()
}

/// The bundle of a row whose review is waited for; of several the one that usually takes longest.
pub fn in_review(flow: &Flow, row: &RowReport) -> Option<BundleId> {
    let of = |it: &BundleReport| it.waits().then(|| flow.bundles().find(|bundle| bundle.name == it.name))?;
    row.bundles.iter().filter_map(of).max_by_key(|it| it.usual_review_days.1)
}

/// What an outcome means, in one sentence.
pub fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "Twilio has approved all that the row asks for.",
        Outcome::Submitted => "All is submitted; Twilio reviews it.",
        Outcome::AwaitingProfileApproval => "Twilio reviews the profile; the product waits for it.",
        Outcome::ProfileApproved => "The profile is approved; the product is ready to be submitted.",
        Outcome::Drafted => "Everything is there and nothing is submitted.",
        Outcome::Rejected => "A review said no.",
        Outcome::Refused => "Something was refused before a review.",
        Outcome::Unsure => "Two things could be the customer's; one must be chosen.",
        Outcome::Unfinished => "The run ended before the customer was finished.",
        Outcome::Invalid => "The row has errors and was not sent.",
        Outcome::NotAttempted => "The customer has not been begun.",
    }
}

/// Who acts next, in words for people.
pub fn who_in_words(who: Who) -> &'static str {
    match who {
        Who::You => "you",
        Who::Twilio => "Twilio",
        Who::Nobody => "nobody: all is done",
    }
}

/// What happened to a row, in one sentence: what went wrong, or what the outcome means.
pub fn happened(row: &RowReport) -> String {
    match row.words() {
        words if words.is_empty() => meaning(row.outcome).to_owned(),
        words => words,
    }
}

/// The cells that a row's cause and remarks are about, such as `business_name (F17)`.
pub fn cells(row: &RowReport) -> String {
    row.columns().into_iter().map(|it| it.place()).collect::<Vec<_>>().join("; ")
}

/// Whether a row needs somebody to look at it; the others that are the user's to act on need only another run.
pub fn needs_a_look(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Rejected | Outcome::Refused | Outcome::Unsure | Outcome::Invalid)
}
