//! A strict, stateful stand-in for Twilio's Trust Hub API and the parts of the 2010 API that the
//! onboarding needs. It is started on a loopback port, keeps a world of accounts and resources, and
//! refuses what the real API would refuse: wrong credentials, foreign SIDs, missing parameters, JSON
//! bodies, edits of what is under review, numbers that sit elsewhere, incomplete bundles.
//!
//! What is not documented is decided in [`Undocumented`], each time for the harder case. On purpose
//! it imports nothing from the rest of the crate, so that it cannot share its mistakes. It answers no
//! XML, sends no status callbacks and knows no API keys.
//!
//! Where to look: `routes` for what a request does, `policies` for what a bundle needs, `review` for
//! how it is decided, `undocumented` for what nobody knows, `world` for the state, `journal` for the file,
//! `faults`, `late` and `wire` for all that goes wrong.

mod answers;
mod call;
mod edit;
mod evaluation;
mod faults;
mod geography;
mod journal;
mod late;
mod paging;
mod policies;
mod review;
mod routes;
mod seed;
mod server;
mod settings;
mod shapes;
mod sid;
mod snapshot;
mod undocumented;
mod wire;
mod world;

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

pub use call::Method;
pub use edit::Edit;
pub use faults::{Among, Fault, Faults, Lag, Limit, Rule, When};
pub use journal::{Start, world_id};
pub use policies::{BundleKind, end_users_of};
pub use review::{Reviewer, Verdict};
pub use settings::{Clock, Seed, SeedAccount, Settings};
pub use snapshot::{Kind, Resource};
pub use undocumented::{
    AddressCorrection, ApprovalAsked, DocumentStatus, EmptyParameter, RejectionErrors, Stance,
    SubmissionAnswer, Undocumented,
};

use call::Call;
use faults::{FaultState, mix};
use journal::{Journal, Unkept};
use late::Late;
use sid::Sid;
use wire::{Listener, Refusal};
use world::World;

/// How many of the latest requests are kept for [`Sandbox::requests`].
const REQUESTS_KEPT: usize = 4_096;

/// A world and its rules. It can be served on several listeners, one after the other as well.
#[derive(Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

/// A sandbox that answers on a port until this is dropped.
#[derive(Debug)]
pub struct Server {
    base_url: String,
    id: String,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

/// How many requests came, and the latest of them.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    pub count: u64,
    /// Oldest first, the latest 4,096.
    pub latest: Vec<Request>,
}

/// One request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Without the query.
    pub path: String,
    /// The account that the credentials name, right or wrong.
    pub account_sid: Option<String>,
    /// Of the answer; `None` if the connection was closed without one.
    pub status: Option<u16>,
}

impl Sandbox {
    /// Opens the world of the journal, or a new one, and adds what the seed has and the world has not.
    ///
    /// # Errors
    /// A SID of the seed is not one; the journal is in use, damaged, of a newer version or of
    /// another parent, or cannot be read or written.
    pub fn open(settings: Settings, seed: Seed) -> io::Result<Sandbox> {
        let parent = seed::sid("parent account", "AC", &seed.parent_sid)?;
        let (journal, kept) = match &settings.journal {
            None => (None, None),
            Some(path) => {
                let (journal, kept) = Journal::open(path, settings.start)?;
                if let Some(world) = &kept {
                    journal::must_fit(path, world, parent)?;
                }
                (Some(journal), kept)
            }
        };
        let is_new = kept.is_none();
        let mut world = kept.unwrap_or_else(|| {
            let number = settings.world_seed.unwrap_or_else(|| RandomState::new().hash_one(parent));
            World::new(parent, format!("sandbox-{:016x}", mix(number)), number)
        });
        if journal.is_some() {
            world.unwritten = Some(Vec::new());
        }
        if is_new {
            let headline = world.headline();
            world.commit(headline);
        }
        let now_ms = (settings.clock)();
        seed::apply(&mut world, &seed, now_ms)?;
        let inner = Inner {
            world: Mutex::new(world),
            faults: Mutex::new(FaultState::new(settings.faults.clone())),
            journal,
            settings,
            refusal: Arc::default(),
            late: Mutex::default(),
            start: RandomState::new().hash_one(parent),
            requests: AtomicU64::new(0),
            latest: Mutex::new(VecDeque::with_capacity(REQUESTS_KEPT)),
        };
        inner.keep()?;
        Ok(Sandbox { inner: Arc::new(inner) })
    }

    /// Answers on a listener, in tasks of the present tokio runtime, until the `Server` is dropped.
    ///
    /// # Errors
    /// The listener has no local address.
    pub fn serve(&self, listener: tokio::net::TcpListener) -> io::Result<Server> {
        let listener = Listener::new(listener, self.inner.refusal.clone())?;
        let address = axum::serve::Listener::local_addr(&listener)?;
        let stop = CancellationToken::new();
        let router = axum::Router::new().fallback(server::answer).with_state(self.inner.clone());
        let service = router.into_make_service_with_connect_info::<wire::Line>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
        let task = tokio::spawn(async move {
            // It never returns an error: a listener that fails is tried again.
            let _ = serving.await;
        });
        Ok(Server { base_url: format!("http://{address}"), id: self.id(), stop, task: Some(task) })
    }

    /// The name of this world; it stays the same for as long as the journal lives.
    pub fn id(&self) -> String {
        self.inner.world().id.clone()
    }

    /// Everything that bundles are made of, and the bundles, in the order of creation.
    pub fn resources(&self) -> Vec<Resource> {
        late::carry_out(&self.inner, &mut self.inner.world());
        snapshot::resources(&self.inner.world(), self.inner.now_ms())
    }

    /// The requests that came.
    pub fn requests(&self) -> Requests {
        let latest = self.inner.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.inner.requests.load(Ordering::Relaxed);
        Requests { count, latest: latest.iter().cloned().collect() }
    }

    /// Misbehaves like this from now on. Rules start to count at their next request.
    pub fn misbehave(&self, faults: Faults) {
        self.inner.faults().set(faults);
    }

    /// Refuses connections for so many milliseconds, and closes those that are used meanwhile.
    pub fn refuse_connections(&self, ms: u64) {
        self.inner.refusal.begin(ms);
    }

    /// Does what a person in the Console, or Twilio, does meanwhile. Returns the SID of what was
    /// added or changed, or the new token.
    ///
    /// # Errors
    /// There is nothing with such a SID.
    pub fn edit(&self, edit: Edit) -> io::Result<String> {
        let now_ms = self.inner.now_ms();
        let outcome = {
            let mut world = self.inner.world();
            late::carry_out(&self.inner, &mut world);
            if self.inner.settings.accounts_on_demand {
                edit::demand(&mut world, &edit, now_ms);
            }
            edit::apply(&mut world, edit, now_ms)?
        };
        self.inner.keep()?;
        Ok(outcome)
    }

    /// Stops for good, as if the process had been killed: nothing is committed from now on, and the
    /// journal can be opened by another sandbox.
    pub fn stop(&self) {
        if let Some(journal) = &self.inner.journal {
            journal.stop();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    /// Where it answers, such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The name of the world that it serves.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Stops answering and waits until all open connections have come to an end.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // A task that panicked has stopped as well.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The token of an account that exists on demand.
pub fn on_demand_token(account_sid: &str) -> String {
    let digest = Sha256::digest(format!("token of {account_sid}"));
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What all connections share.
#[derive(Debug)]
struct Inner {
    settings: Settings,
    world: Mutex<World>,
    faults: Mutex<FaultState>,
    journal: Option<Journal>,
    refusal: Arc<Refusal>,
    /// Requests that are to be carried out later.
    late: Mutex<Vec<Late>>,
    /// A random number that tells this start from others.
    start: u64,
    requests: AtomicU64,
    latest: Mutex<VecDeque<Request>>,
}

impl Inner {
    fn now_ms(&self) -> u64 {
        (self.settings.clock)()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, FaultState> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what has been committed to the journal.
    fn keep(&self) -> io::Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        journal.write(&self.world).map_err(|unkept| match unkept {
            Unkept::Stopped => io::Error::other("the sandbox has been stopped"),
            Unkept::Broken(problem) => io::Error::other(problem),
        })
    }

    /// The `RQ…` of a request. Another start of the same world gives others.
    fn next_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("RQ{:016x}{:016x}", mix(self.start), mix(self.start ^ number))
    }

    fn log(&self, call: &Call, account: Option<Sid>, status: Option<u16>) {
        let request = Request {
            method: call.method,
            path: call.path.clone(),
            account_sid: account.map(|sid| sid.to_string()),
            status,
        };
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() == REQUESTS_KEPT {
            latest.pop_front();
        }
        latest.push_back(request);
    }

    fn rotate(&self, account: Option<Sid>) {
        if let Some(account) = account {
            edit::rotate(&mut self.world(), account, self.now_ms());
        }
    }

    fn suspend(&self, account: Option<Sid>) {
        if let Some(account) = account {
            edit::suspend(&mut self.world(), account, self.now_ms());
        }
    }
}
