//! A fixture for one test: customers, a sandbox that knows them, a ledger file, a clock that is moved
//! by waiting.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::check::Entry;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{
    CustomerEnd, Customers, DefaultPrimary, Ended, Only, Previews, RefusalBreaker, Run, Selection, Settings,
    YoungLedger,
};
use trusthub_onboard::events::{Event, Nobody, Observer};
use trusthub_onboard::facts::{Evaluate, Existing, Facts, Outcome, Policy, RefusedNumbers, Submission};
use trusthub_onboard::flow::BundleId;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{
    Address, Business, Customer, Fault, PhoneNumber, PhoneNumbers, Representative, Sid, VoiceIntegrity,
};
use trusthub_onboard::products::{FLOW, VOICE_INTEGRITY};
use trusthub_onboard::report::{Reporter, RowReport, result_cells, result_columns};
use trusthub_onboard::sandbox::{self, Kind, Resource, Sandbox, Seed, SeedAccount, Server};
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};

pub const PARENT: &str = "AC000000000000000000000000000000ff";
pub const PARENT_TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const PRIMARY: &str = "BU000000000000000000000000000000ff";

/// A clock that stands still until someone waits. It is the sandbox's clock too, so it stands still as well
/// for as long as a request is on its way: none takes a minute because another customer waits one.
#[derive(Default)]
pub struct FixtureClock {
    now_ms: AtomicU64,
    pub on_their_way: AtomicI64,
    /// Every wait takes so much real time, in which the others get something done: without it, one customer
    /// may wait five times while the others wait for one commit of the ledger.
    real_ms: AtomicU64,
}

impl FixtureClock {
    pub fn let_others_work(&self, real_ms: u64) {
        self.real_ms.store(real_ms, Ordering::SeqCst);
    }

    pub fn set(&self, now_ms: u64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for FixtureClock {
    fn now(&self) -> u64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn sleep(&self, wait_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            #[expect(
                clippy::disallowed_methods,
                reason = "real time for what really happens: a server that answers later"
            )]
            let began = std::time::Instant::now();
            while began.elapsed().as_millis() < u128::from(self.real_ms.load(Ordering::SeqCst)) {
                tokio::task::yield_now().await;
            }
            while self.on_their_way.load(Ordering::SeqCst) > 0 {
                tokio::task::yield_now().await;
            }
            self.now_ms.fetch_add(wait_ms, Ordering::SeqCst);
        })
    }
}

/// Counts the requests that are on their way. Where the one who watches dies, the request counts as over
/// or as never sent.
struct Counting {
    clock: Arc<FixtureClock>,
    inner: Arc<dyn Observer>,
}

impl Observer for Counting {
    fn on(&self, event: &Event<'_>) {
        if let Event::Sent(..) = event {
            self.clock.on_their_way.fetch_sub(1, Ordering::SeqCst);
        }
        self.inner.on(event);
        if let Event::Sending(_) = event {
            self.clock.on_their_way.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub struct Fixture {
    pub customers: Vec<Customer>,
    pub policy: Policy,
    pub sandbox: Sandbox,
    pub clock: Arc<FixtureClock>,
    /// How far the sandbox's clock is ahead of ours.
    pub ahead_ms: Arc<AtomicU64>,
    pub folder: TempDir,
    pub ledger: PathBuf,
    pub only: Only,
    pub limit: Option<u64>,
    pub refusal_breaker: RefusalBreaker,
    pub young_ledger: YoungLedger,
    pub wait_ms: u64,
    pub poll_ms: u64,
    pub concurrency: usize,
    pub rate: Rate,
    /// How long an answer is waited for, in real time.
    pub call_ms: u64,
    pub parent: String,
    pub parent_token: String,
    pub primary_profile: Option<Sid>,
    /// Another server than the sandbox.
    pub elsewhere: Option<String>,
    /// The server of the run before.
    pub server: tokio::sync::Mutex<Option<Server>>,
}

/// In memory where the system has a place for that: hundreds of runs wait for hundreds of commits each.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// 2027-01-15, so that times look like times.
const START_MS: u64 = 1_800_000_000_000;

impl Fixture {
    pub fn with(customers: Vec<Customer>) -> Fixture {
        Fixture::set(customers, sandbox::Settings::default())
    }

    pub fn set(customers: Vec<Customer>, settings: sandbox::Settings) -> Fixture {
        let seed = seed(&customers);
        Fixture::seeded(customers, settings, seed)
    }

    pub fn seeded(customers: Vec<Customer>, settings: sandbox::Settings, seed: Seed) -> Fixture {
        let clock = Arc::new(FixtureClock::default());
        clock.set(START_MS);
        let ahead_ms = Arc::new(AtomicU64::new(0));
        let (hands, ahead) = (clock.clone(), ahead_ms.clone());
        let its_clock = Arc::new(move || hands.now().wrapping_add(ahead.load(Ordering::SeqCst)));
        let settings = sandbox::Settings { clock: its_clock, world_seed: Some(7), ..settings };
        let sandbox = Sandbox::open(settings, seed).expect("a sandbox");
        let folder = folder();
        Fixture {
            customers,
            policy: policy(),
            sandbox,
            clock,
            ahead_ms,
            ledger: folder.path().join("ledger.db"),
            folder,
            only: Only::Everyone,
            limit: None,
            refusal_breaker: RefusalBreaker::Off,
            young_ledger: YoungLedger::Waits,
            // Long enough for every review, also after a wait for something that does not show.
            wait_ms: 600_000,
            poll_ms: 1_000,
            concurrency: 4,
            rate: Rate::Unlimited,
            call_ms: 60_000,
            parent: PARENT.to_owned(),
            parent_token: PARENT_TOKEN.to_owned(),
            primary_profile: None,
            elsewhere: None,
            server: tokio::sync::Mutex::default(),
        }
    }

    /// Sets our clock back; the sandbox's goes on.
    pub fn set_back(&self, ms: u64) {
        self.clock.set(self.clock.now() - ms);
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets our clock forward; the sandbox's goes on.
    pub fn set_forward(&self, ms: u64) {
        self.clock.set(self.clock.now() + ms);
        self.ahead_ms.fetch_sub(ms, Ordering::SeqCst);
    }

    /// Runs all customers against the sandbox.
    pub async fn run(&self) -> Result<Ended, Fault> {
        self.run_watched(Arc::new(Nobody)).await
    }

    pub async fn run_watched(&self, observer: Arc<dyn Observer>) -> Result<Ended, Fault> {
        self.run_until(observer, CancellationToken::new()).await
    }

    pub async fn run_until(
        &self,
        observer: Arc<dyn Observer>,
        drain: CancellationToken,
    ) -> Result<Ended, Fault> {
        self.run_whatever_happens(observer, drain).await?.unbroken()
    }

    /// Runs and gives back what is known in the end, also of a run that a fault has broken off.
    pub async fn run_whatever_happens(
        &self,
        observer: Arc<dyn Observer>,
        drain: CancellationToken,
    ) -> Result<Ended, Fault> {
        let ledger = Ledger::open(
            &self.ledger,
            &FLOW,
            &self.sandbox.id(),
            self.clock.now(),
            self.counting(&observer),
        )?;
        self.run_with(observer, drain, ledger, None).await
    }

    pub fn counting(&self, observer: &Arc<dyn Observer>) -> Arc<dyn Observer> {
        Arc::new(Counting { clock: self.clock.clone(), inner: observer.clone() })
    }

    /// Runs with this ledger; where previews are asked for, only foretells.
    pub async fn run_with(
        &self,
        observer: Arc<dyn Observer>,
        drain: CancellationToken,
        ledger: Ledger,
        previews: Option<Previews>,
    ) -> Result<Ended, Fault> {
        let base_url = self.serve().await;
        self.clock.on_their_way.store(0, Ordering::SeqCst);
        let observer = self.counting(&observer);
        let endpoint = Endpoint::other(self.elsewhere.as_deref().unwrap_or(&base_url))?;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let timeouts = Timeouts { connect_ms: 5_000, call_ms: self.call_ms };
        let pace = Pace::new(self.rate, clock.clone());
        let client = Client::new(&endpoint, timeouts, pace, clock.clone(), observer.clone())?;
        let parent = Sid::parse(&self.parent).expect("a SID");
        let settings = Settings {
            flow: &FLOW,
            parent: Identity { account: parent, token: self.parent_token.clone().into() },
            policy: self.policy.clone(),
            primary_profile: self.primary_profile.clone(),
            default_primary: DefaultPrimary::Needed,
            concurrency: self.concurrency,
            selection: Selection { only: self.only, limit: self.limit },
            refusal_breaker: self.refusal_breaker,
            young_ledger: self.young_ledger,
            wait_ms: self.wait_ms,
            poll_ms: self.poll_ms,
            previews,
        };
        let run = Run::new(settings, client, ledger, clock, observer, drain);
        let customers = self.customers.clone();
        let ended = run
            .go(move || {
                let customers: Customers = Box::new(customers.clone().into_iter().map(Ok));
                Ok(customers)
            })
            .await;
        run.close()?;
        Ok(ended)
    }

    /// Starts a server for a run. What an earlier run has sent and not waited for is carried out before: a
    /// minute of this clock may pass in no time, and no request is on its way for longer than that.
    pub async fn serve(&self) -> String {
        let mut server = self.server.lock().await;
        if let Some(before) = server.take() {
            before.stop().await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        server.insert(self.sandbox.serve(listener).expect("a server")).base_url().to_owned()
    }

    /// Runs and says how the only customer ended.
    pub async fn outcome(&self) -> Outcome {
        self.end().await.outcome
    }

    /// Runs and says how the only customer ended, with all that is known of it.
    pub async fn end(&self) -> CustomerEnd {
        let mut ended = self.run().await.expect("no fault");
        // Who is finished is not taken on.
        ended.customers.remove(&self.customers[0].subaccount).unwrap_or_else(|| CustomerEnd {
            outcome: self.report().outcome,
            failed: None,
            code: None,
            messages: vec![],
            remarks: vec![],
            in_review: false,
            is_unanswered: false,
        })
    }

    /// What the results say of the first customer.
    pub fn report(&self) -> RowReport {
        let ledger = Ledger::open_for_reading(&self.ledger, &FLOW, &self.sandbox.id()).expect("a ledger");
        let entry = Entry::Valid(Box::new(self.customers[0].clone()));
        Reporter::new(&FLOW, Some(&ledger), &self.policy, None).row(&entry).expect("a row")
    }

    /// Whether the results say that the row is another one than what was submitted.
    pub fn differs(&self) -> bool {
        let says_so = ["sheet_differs", "numbers_not_in_row"];
        self.report().remarks.iter().any(|it| says_so.contains(&it.code) && !it.columns.is_empty())
    }

    /// What the ledger has of the first customer.
    pub fn facts(&self) -> Facts {
        let ledger = Ledger::open_for_reading(&self.ledger, &FLOW, &self.sandbox.id()).expect("a ledger");
        ledger.customer(&self.customers[0].subaccount).expect("facts").0
    }

    /// What requests made, apart from evaluations, which may be repeated.
    pub fn made(&self) -> Vec<Resource> {
        let resources = self.sandbox.resources().into_iter();
        resources.filter(|it| !it.seeded && it.kind != Kind::Evaluation).collect()
    }

    /// The world without its SIDs: what there is, what it says, and what is connected with what.
    /// Twins, gaps and misrouted all show.
    pub fn world(&self) -> Vec<String> {
        self.world_of(&self.made())
    }

    /// These resources without their SIDs.
    pub fn world_of(&self, resources: &[Resource]) -> Vec<String> {
        let all = self.sandbox.resources();
        let names: BTreeMap<&str, String> = all
            .iter()
            .filter(|it| !matches!(it.kind, Kind::EntityAssignment | Kind::ChannelEndpointAssignment))
            .map(|it| (it.sid.as_str(), format!("{:?} {} {}", it.kind, it.friendly_name, it.of)))
            .collect();
        let name = |sid: &Option<String>| {
            let sid = sid.as_deref().unwrap_or_default();
            names.get(sid).cloned().unwrap_or_else(|| sid.to_owned())
        };
        let mut lines: Vec<String> = resources
            .iter()
            .map(|it| {
                let mut attributes = it.attributes.clone().unwrap_or_default();
                if it.kind == Kind::Address {
                    // The body of an address holds its SID and dates.
                    attributes = attributes.split("\"date_created\"").next().unwrap_or_default().to_owned();
                }
                for (sid, name) in &names {
                    attributes = attributes.replace(sid, name);
                }
                format!(
                    "{} {:?} {:?} {} {:?} {:?} {:?} {attributes} in {} of {}",
                    it.account_sid,
                    it.kind,
                    it.friendly_name,
                    it.of,
                    it.status,
                    it.email,
                    it.status_callback,
                    name(&it.bundle_sid),
                    name(&it.object_sid),
                )
            })
            .collect();
        lines.sort();
        lines
    }
}

/// The auth token that an account has in the beginning.
pub fn token_of(account: &str) -> String {
    format!("token{}", &account[2..])[..32].to_owned()
}

/// Everything that the sheet takes for granted.
pub fn seed(customers: &[Customer]) -> Seed {
    let account = |customer: &Customer| {
        let own = &customer.subaccount.as_str()[2..];
        let mut phone_numbers = vec![];
        match &customer.phone_numbers {
            PhoneNumbers::All => {
                for n in 0..3 {
                    phone_numbers.push((format!("PN{n:02x}{}", &own[2..]), format!("+1415555{n:04}")));
                }
            }
            PhoneNumbers::Listed(numbers) => {
                for (n, number) in numbers.iter().enumerate() {
                    match number {
                        PhoneNumber::Sid(sid) => {
                            phone_numbers.push((sid.to_string(), format!("+1212555{n:04}")))
                        }
                        PhoneNumber::E164(digits) => {
                            phone_numbers.push((format!("PNe{n}{}", &own[2..]), digits.clone()));
                        }
                    }
                }
            }
        }
        let addresses = match &customer.address {
            Address::Existing(sid) => vec![sid.to_string()],
            Address::New { .. } => vec![],
        };
        SeedAccount {
            sid: customer.subaccount.to_string(),
            auth_token: token_of(customer.subaccount.as_str()),
            friendly_name: customer.business.name.clone(),
            phone_numbers,
            addresses,
            ..SeedAccount::default()
        }
    };
    Seed {
        parent_sid: PARENT.to_owned(),
        parent_token: PARENT_TOKEN.to_owned(),
        primary_profile_sid: PRIMARY.to_owned(),
        accounts: customers.iter().map(account).collect(),
    }
}

pub fn policy() -> Policy {
    Policy {
        submission: Submission::ProductAfterApproval,
        evaluate: Evaluate::Refuse,
        refused_numbers: RefusedNumbers::Refuse,
        existing: Existing::Adopt,
        numbers: Default::default(),
        visibility_window_ms: 10_000,
        call_timeout_ms: 60_000,
        policy_sids: vec![],
    }
}

/// The same customer, onboarded to these products.
pub fn customer_for(number: u32, products: &[BundleId]) -> Customer {
    let products = products.iter().filter_map(|bundle| bundle.product).collect();
    Customer { products, ..customer(number) }
}

/// The same customer, onboarded to everything.
pub fn with_every_product(number: u32) -> Customer {
    customer_for(number, FLOW.products)
}

/// A customer with all of it: two representatives, an address to create, numbers of both spellings.
pub fn customer(number: u32) -> Customer {
    let sid = |prefix: &str, n: u32| Sid::parse(&format!("{prefix}{n:032x}")).expect("a SID");
    let representative = |first_name: &str| Representative {
        first_name: first_name.to_owned(),
        last_name: "Okafor".to_owned(),
        email: format!("{}@brightwater.com", first_name.to_lowercase()),
        phone_number: "+14155550123".to_owned(),
        business_title: "Head of Operations".to_owned(),
        job_position: "Director".into(),
    };
    Customer {
        row: u64::from(number) + 1,
        subaccount: sid("AC", number),
        email: "status@reseller.com".to_owned(),
        friendly_name: format!("Brightwater {number}"),
        status_callback: None,
        primary_profile: None,
        customer_profile: None,
        trust_product: None,
        products: [VOICE_INTEGRITY.product].into_iter().flatten().collect(),
        named_products: vec![],
        business: Business {
            name: "Brightwater Dental".to_owned(),
            identity: "direct_customer".into(),
            kind: "Limited Liability Corporation".into(),
            industry: "HEALTHCARE".into(),
            registration_identifier: "EIN".into(),
            registration_number: "123456789".to_owned(),
            regions_of_operation: vec!["USA_AND_CANADA".into()],
            website_url: "https://www.brightwater.com".to_owned(),
            social_media_profile_urls: String::new(),
        },
        address: Address::New {
            street: "101 Spear Street".to_owned(),
            street_secondary: String::new(),
            city: "San Francisco".to_owned(),
            region: "CA".to_owned(),
            postal_code: "94105".to_owned(),
            iso_country: "US".to_owned(),
        },
        representative_1: representative("Ada"),
        representative_2: Some(representative("Grace")),
        phone_numbers: PhoneNumbers::Listed(vec![
            PhoneNumber::Sid(sid("PN", number)),
            PhoneNumber::E164(format!("+1628555{number:04}")),
        ]),
        cnam_display_name: "Brightwater".to_owned(),
        voice_integrity: VoiceIntegrity {
            use_case: "Appointment Reminders".into(),
            business_employee_count: "40".to_owned(),
            average_business_day_call_volume: "120".to_owned(),
            notes: String::new(),
        },
    }
}

/// The cell of a row in the results file, by its column.
pub fn cell(row: &RowReport, column: &str) -> String {
    let at = result_columns(&FLOW).iter().position(|it| it == column).expect("a column");
    result_cells(&FLOW, row).swap_remove(at)
}
