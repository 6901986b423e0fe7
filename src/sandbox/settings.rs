//! What a sandbox is started with: how it behaves, and what exists in it from the beginning.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::faults::Faults;
use super::journal::Start;

/// Where the sandbox reads the time: unix milliseconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a sandbox behaves. Everything has a default.
#[derive(Clone)]
pub struct Settings {
    /// How long a review takes. A submitted bundle is `pending-review`, from half of this time on
    /// `in-review`, and after it approved or rejected; read from the clock, there are no timers.
    pub review_ms: u64,
    /// The clock; tests pass one that they move by hand. Default: the system's.
    pub clock: Clock,
    /// How it misbehaves from the start; `Sandbox::misbehave` changes that while it runs.
    pub faults: Faults,
    /// The world is kept in this file. `None`: it lives as long as the `Sandbox`.
    pub journal: Option<PathBuf>,
    /// What becomes of the world that the journal holds already. Default: it goes on.
    pub start: Start,
    /// All SIDs of a new world follow from this number. `None`: a random one. A world that is read
    /// from its journal keeps the number it was made with.
    pub world_seed: Option<u64>,
    /// Any well-formed account SID is a subaccount of the parent, with `on_demand_token` as its
    /// token, and any well-formed `PN` SID or US number asked for is that account's: for benches
    /// with more customers than anybody wants to list.
    pub accounts_on_demand: bool,
    /// What is not documented, decided here.
    pub undocumented: Undocumented,
}

/// The answers that only a live account could tell. Each default is what a client finds harder.
#[derive(Clone, Debug)]
pub struct Undocumented {
    /// Longest FriendlyName in characters that Trust Hub resources take.
    pub friendly_name_chars_max: usize,
    /// The code of the 409 for a number that sits on a bundle already: 20409 or 70003 were seen.
    pub number_taken_code: u32,
    /// Assigning the same object to the same bundle again.
    pub duplicate_entity: Stance,
    /// Assigning numbers to a bundle that is pending or in review.
    pub numbers_in_review: Stance,
    /// Status and other parameters in one update (22204).
    pub status_with_other_parameters: Stance,
    /// The call that asks for an evaluation.
    pub evaluation_call: Stance,
    /// When a product is rejected with 11005 because its profile is not approved.
    pub profile_approval_asked: ApprovalAsked,
    /// Whether evaluations find a profile without a second representative noncompliant.
    pub second_representative_required: bool,
    /// Whether a review rejects (18606) a first representative whose e-mail domain is not the website's.
    pub email_domain_must_match: bool,
    /// Status in the answer to a submission; later reads tell the true one.
    pub submission_answer: SubmissionAnswer,
    /// How SupportingDocument statuses are written.
    pub document_status: DocumentStatus,
    /// What `errors` of a rejected bundle holds.
    pub rejection_errors: RejectionErrors,
    /// HTTP status of 20005 "Account not active": 401 or 403.
    pub suspended_http_status: u16,
}

/// Whether something is done or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    Accepted,
    Refused,
}

/// The moment at which a product's profile must be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalAsked {
    AtSubmission,
    AtReview,
}

/// The status that the answer to a submission names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionAnswer {
    PendingReview,
    InReview,
}

/// The seed flow's samples say `draft`, the API description says `DRAFT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentStatus {
    LowerCase,
    UpperCase,
}

/// Often the reasons of a rejection are only in an e-mail, and `errors` is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionErrors {
    Listed,
    Null,
}

/// What exists from the beginning. Applied to a world that has been kept in a journal it adds what
/// is missing and never resets what is there.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    pub parent_sid: String,
    pub parent_token: String,
    /// The parent's approved primary business profile (`BU…`).
    pub primary_profile_sid: String,
    pub accounts: Vec<SeedAccount>,
}

/// A subaccount that exists from the beginning.
#[derive(Clone, Debug, Default)]
pub struct SeedAccount {
    pub sid: String,
    /// Empty: `on_demand_token` of the SID.
    pub auth_token: String,
    pub friendly_name: String,
    /// `active`, `suspended` or `closed`; empty means `active`.
    pub status: String,
    /// `PN…` and E.164; either may be empty and is then made from the other.
    pub phone_numbers: Vec<(String, String)>,
    /// `AD…`, each an address in the US.
    pub addresses: Vec<String>,
    /// `BU…` of approved secondary business profiles.
    pub customer_profiles: Vec<String>,
    /// `BU…` of approved Voice Integrity products, each with the first of the profiles on it.
    pub trust_products: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            review_ms: 1_000,
            clock: Arc::new(system_clock_ms),
            faults: Faults::default(),
            journal: None,
            start: Start::GoOn,
            world_seed: None,
            accounts_on_demand: false,
            undocumented: Undocumented::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("review_ms", &self.review_ms)
            .field("journal", &self.journal)
            .field("undocumented", &self.undocumented)
            .finish_non_exhaustive()
    }
}

impl Default for Undocumented {
    fn default() -> Undocumented {
        Undocumented {
            friendly_name_chars_max: 255,
            number_taken_code: 20409,
            duplicate_entity: Stance::Accepted,
            numbers_in_review: Stance::Accepted,
            status_with_other_parameters: Stance::Refused,
            evaluation_call: Stance::Accepted,
            profile_approval_asked: ApprovalAsked::AtSubmission,
            second_representative_required: false,
            email_domain_must_match: true,
            submission_answer: SubmissionAnswer::PendingReview,
            document_status: DocumentStatus::LowerCase,
            rejection_errors: RejectionErrors::Listed,
            suspended_http_status: 403,
        }
    }
}

fn system_clock_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}
