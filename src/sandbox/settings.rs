//! What a sandbox is started with: how it behaves, and what exists in it from the beginning.
#![expect(clippy::disallowed_methods, reason = "the sandbox imports nothing of ours, our clock included")]

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::faults::Faults;
use super::journal::Start;
use super::undocumented::Undocumented;

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
    /// Approved trust products under other policies, each with the first of the profiles on it: `RN…` and `BU…`.
    pub other_products: Vec<(String, String)>,
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

fn system_clock_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}
