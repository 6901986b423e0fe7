//! How many calls a run makes, worked out from the sheet alone.

use crate::check::Work;
use crate::plan::Submission;

/// The least that a run over all valid rows does, both halves of it where the second one waits for
/// an approval. Reviews are polled on top, and so is everything that has to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub calls: u64,
}

/// The account, the lists of profiles, products, end users and documents.
const FIRST_TOUCH: u64 = 5;

/// Profile, primary profile, document, business information and first representative with their
/// assignments, and the address: created, or read where the row names one.
const PROFILE: u64 = 9;

/// Product, information and its assignment, the profile's assignment.
const PRODUCT: u64 = 4;

/// One evaluation of each bundle.
const EVALUATION: u64 = 1;

/// A submission and the reading that decides it.
const SUBMISSION: u64 = 2;

/// A run that goes on after an approval reads the account and both bundles' lists again.
const SECOND_TOUCH: u64 = 3;

impl Estimate {
    pub fn of(work: &Work, submission: Submission) -> Estimate {
        let made_profiles = work.customers - work.existing_profiles;
        let made_products = work.customers - work.existing_products;
        // The list of addresses is read only where one is created.
        let addresses = work.customers - work.existing_addresses;
        // A subaccount whose row says `all` has one number at least.
        let numbers = 2 * (work.numbers + work.all_numbers);
        let submissions = match submission {
            Submission::Never => 0,
            Submission::ProductNow => SUBMISSION * (made_profiles + made_products),
            Submission::ProductAfterApproval => {
                SUBMISSION * (made_profiles + made_products) + SECOND_TOUCH * made_products
            }
        };
        let calls = FIRST_TOUCH * work.customers
            + addresses
            + (PROFILE + EVALUATION) * made_profiles
            + (PRODUCT + EVALUATION) * made_products
            + 2 * work.second_representatives
            + numbers
            + submissions;
        Estimate { calls }
    }
}

/// A duration in the two units that matter, such as `3 h 20 min`.
pub fn spell_duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
