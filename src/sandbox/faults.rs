//! How the sandbox misbehaves: faults by call number and by chance, limits, latency, lag.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::answers::{Answer, Json};
use super::call::Method;
use super::sid::Sid;
use super::world::Birth;

/// All misbehaviour. The default is none. Chance comes from `seed`, so the same requests in the same
/// order meet the same faults.
#[derive(Clone, Debug)]
pub struct Faults {
    pub seed: u64,
    /// The first rule that fits a request decides; every rule counts on its own.
    pub rules: Vec<Rule>,
    /// An answer is held back this long, milliseconds of real time, drawn evenly from the range.
    /// Half of it passes before the request is carried out, half after.
    pub latency_ms: RangeInclusive<u64>,
    pub limit_per_account: Limit,
    /// Over all accounts.
    pub limit_global: Limit,
    pub lag: Lag,
}

/// A limit on requests; what is above it is answered 429 and not carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limit {
    /// A token bucket: requests per second, with a depth of 100 ms of that and at least 2.
    pub per_second: Option<f64>,
    /// Requests that are being answered at the same time.
    pub concurrent: Option<u32>,
    /// The `Retry-After` header of the 429, seconds; `None`: no such header.
    pub retry_after_s: Option<u64>,
}

/// New resources stay out of sight for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Lists show a new resource only after this.
    pub lists_ms: u64,
    /// Reading, changing or assigning a new resource by its SID is a 404 until this has passed.
    pub objects_ms: u64,
    /// The share of resources that lag, 0 to 1.
    pub share: f64,
}

/// A fault and the requests that meet it.
#[derive(Clone, Debug)]
pub struct Rule {
    pub fault: Fault,
    /// Which requests are counted at all.
    pub among: Among,
    /// Which of the counted ones meet the fault.
    pub when: When,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Carried out; the connection closes without an answer.
    LoseReply,
    /// Not carried out; the connection closes without an answer.
    DropRequest,
    /// Not carried out; this status, such as 500 or 503, with an error body.
    FailBefore(u16),
    /// Carried out; this status with an error body all the same.
    FailAfter(u16),
    /// Carried out; the connection closes in the middle of the body that Content-Length promises.
    TearBody,
    /// Carried out; the connection closes in the middle of the headers.
    TearHeaders,
    /// Carried out; the body is half of the JSON, with a Content-Length that fits it.
    CutJson,
    /// An HTML page with this status; carried out if the status is below 300.
    Html(u16),
    /// Carried out; an HTML page with this status all the same, as from a gateway that gave up on an
    /// answer that it did not like.
    HtmlAfter(u16),
    /// Carried out; the right status and an empty body.
    EmptyBody,
    /// Carried out; `account_sid` is null in the answer.
    NullAccount,
    /// Carried out; `account_sid` is not in the answer.
    NoAccount,
    /// Carried out; `account_sid` in the answer is this one.
    OtherAccount(String),
    /// Not carried out; this status with 20162, as if another request were changing the same resource.
    ConflictingUpdate(u16),
    /// Not carried out; 429 with these seconds of `Retry-After`.
    Throttle(Option<u64>),
    /// The account's token changes just before the request is carried out.
    RotateToken,
    /// The account is suspended just before the request is carried out.
    Suspend,
    /// A submission is answered 200 with the status unchanged, and nothing happens.
    IgnoreSubmission,
    /// Carried out; what the request makes shows in lists only after these milliseconds.
    Hide(u64),
    /// Carried out and answered; then the connection closes.
    CloseConnection,
    /// Carried out only after these milliseconds, whether or not the client still waits.
    DelayRequest(u64),
    /// An update or a submission is answered as if it had been carried out, and is carried out only after these
    /// milliseconds; other requests are carried out at once.
    ApplyLate(u64),
    /// The connection closes without an answer, and the request is carried out only after these milliseconds.
    LoseReplyApplyLate(u64),
    /// Carried out at once and answered after these milliseconds.
    DelayAnswer(u64),
    /// This request and all others of these milliseconds are closed at once; new connections are refused.
    RefuseConnections(u64),
}

/// The requests that a rule counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Among {
    All,
    Posts,
    /// Requests with this method and a path that contains the text.
    Matching(Method, String),
    /// Requests that this account authenticates.
    Account(String),
}

/// The counted requests that meet a fault. Counting starts at 1 when the faults are set.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    Always,
    Nth(u64),
    /// From the first number to the second.
    Between(u64, u64),
    /// This share of them, 0 to 1.
    Share(f64),
}

/// What a request meets.
#[derive(Debug, Default)]
pub struct Fate {
    pub fault: Option<Fault>,
    /// Above a limit; with its `Retry-After`.
    pub throttled: Option<Option<u64>>,
    pub latency_ms: u64,
    pub lag: Lag,
    /// Requests of this account that are being answered, this one included.
    pub concurrent: u32,
}

impl Fate {
    /// Whether the request waits anywhere.
    pub fn delays(&self) -> bool {
        self.latency_ms > 0 || matches!(self.fault, Some(Fault::DelayRequest(_) | Fault::DelayAnswer(_)))
    }
}

/// Faults and the counters that they need.
#[derive(Debug)]
pub struct FaultState {
    faults: Faults,
    counts: Vec<u64>,
    requests: u64,
    global: Load,
    accounts: HashMap<Sid, Load>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            seed: 0,
            rules: Vec::new(),
            latency_ms: 0..=0,
            limit_per_account: Limit::default(),
            limit_global: Limit::default(),
            lag: Lag::default(),
        }
    }
}

impl Faults {
    /// One fault at the nth request, counted from 1.
    pub fn nth(among: Among, n: u64, fault: Fault) -> Faults {
        Faults { rules: vec![Rule { fault, among, when: When::Nth(n) }], ..Faults::default() }
    }

    /// Everything that a bad network and a bad day at the API can do to a single request, evenly mixed,
    /// at this share of all requests (0 to 1).
    pub fn storm(seed: u64, share: f64) -> Faults {
        let kinds = [
            Fault::LoseReply,
            Fault::DropRequest,
            Fault::FailBefore(500),
            Fault::FailBefore(503),
            Fault::FailAfter(500),
            Fault::FailAfter(503),
            Fault::TearBody,
            Fault::TearHeaders,
            Fault::CutJson,
            Fault::EmptyBody,
            Fault::Html(201),
            Fault::Html(502),
            Fault::Throttle(None),
            Fault::CloseConnection,
        ];
        let each = When::Share(share / kinds.len() as f64);
        let rule = |fault| Rule { fault, among: Among::All, when: each.clone() };
        Faults { seed, rules: kinds.into_iter().map(rule).collect(), ..Faults::default() }
    }
}

impl Default for Lag {
    fn default() -> Lag {
        Lag { lists_ms: 0, objects_ms: 0, share: 1.0 }
    }
}

impl Lag {
    pub fn is_listed(&self, birth: &Birth, now_ms: u64) -> bool {
        now_ms >= birth.hidden_until_ms && self.has_passed(birth, self.lists_ms, now_ms)
    }

    pub fn is_reachable(&self, birth: &Birth, now_ms: u64) -> bool {
        self.has_passed(birth, self.objects_ms, now_ms)
    }

    fn has_passed(&self, birth: &Birth, lag_ms: u64, now_ms: u64) -> bool {
        birth.seeded || now_ms >= birth.at_ms.saturating_add(lag_ms) || draw(birth.order) >= self.share
    }
}

impl FaultState {
    pub fn new(faults: Faults) -> FaultState {
        let counts = vec![0; faults.rules.len()];
        FaultState { faults, counts, requests: 0, global: Load::default(), accounts: HashMap::new() }
    }

    /// Sets other faults. Counting starts again; what is in flight stays counted.
    pub fn set(&mut self, faults: Faults) {
        self.counts = vec![0; faults.rules.len()];
        self.faults = faults;
        for load in self.accounts.values_mut().chain([&mut self.global]) {
            load.tokens = None;
        }
    }

    /// Decides what a request meets, and counts it as in flight until [`FaultState::leave`].
    pub fn enter(&mut self, method: Method, path: &str, account: Option<Sid>, now_ms: u64) -> Fate {
        self.requests += 1;
        let mut fault = None;
        for (position, rule) in self.faults.rules.iter().enumerate() {
            if !rule.among.counts(method, path, account) {
                continue;
            }
            self.counts[position] += 1;
            let number = self.counts[position];
            let chance = draw(self.faults.seed ^ number.wrapping_add((position as u64) << 40));
            if fault.is_none() && rule.when.is_met(number, chance) {
                fault = Some(rule.fault.clone());
            }
        }
        let mut throttled = None;
        if !self.global.admits(&self.faults.limit_global, now_ms) {
            throttled = Some(self.faults.limit_global.retry_after_s);
        }
        let mut concurrent = 1;
        if let Some(account) = account {
            let load = self.accounts.entry(account).or_default();
            concurrent = load.in_flight + 1;
            if throttled.is_none() && !load.admits(&self.faults.limit_per_account, now_ms) {
                throttled = Some(self.faults.limit_per_account.retry_after_s);
            }
            if throttled.is_none() {
                load.take();
            }
            load.in_flight += 1;
        }
        if throttled.is_none() {
            self.global.take();
        }
        self.global.in_flight += 1;
        let (low, high) = (*self.faults.latency_ms.start(), *self.faults.latency_ms.end());
        let spread = high.saturating_sub(low);
        let jitter = (draw(self.faults.seed.wrapping_add(self.requests << 1)) * (spread + 1) as f64) as u64;
        Fate { fault, throttled, latency_ms: low + jitter.min(spread), lag: self.faults.lag, concurrent }
    }

    /// The request has its answer.
    pub fn leave(&mut self, account: Option<Sid>) {
        self.global.in_flight = self.global.in_flight.saturating_sub(1);
        let Some(sid) = account else { return };
        if let Some(load) = self.accounts.get_mut(&sid) {
            load.in_flight = load.in_flight.saturating_sub(1);
            // Without a limit nothing about an idle account is worth keeping.
            if load.in_flight == 0 && self.faults.limit_per_account.per_second.is_none() {
                self.accounts.remove(&sid);
            }
        }
    }
}

impl Among {
    fn counts(&self, method: Method, path: &str, account: Option<Sid>) -> bool {
        match self {
            Among::All => true,
            Among::Posts => method == Method::Post,
            Among::Matching(wanted, text) => method == *wanted && path.contains(text),
            Among::Account(sid) => account.is_some_and(|account| account.as_str() == sid),
        }
    }
}

impl When {
    fn is_met(&self, number: u64, chance: f64) -> bool {
        match self {
            When::Always => true,
            When::Nth(n) => number == *n,
            When::Between(first, last) => (*first..=*last).contains(&number),
            When::Share(share) => chance < *share,
        }
    }
}

/// The error body of a status that is a fault and no decision of the API.
pub fn failure(status: u16) -> Answer {
    let message = match status {
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        500..=599 => "Internal Server Error",
        _ => "Request failed",
    };
    let code = 20_000 + u32::from(status);
    super::answers::Refused::new(status, code, message).into_answer()
}

/// Another request is changing the same resource. The Error Dictionary names the code and no status.
pub fn conflicting_update(status: u16) -> Answer {
    super::answers::Refused::new(status, 20162, "A conflicting resource update is in progress").into_answer()
}

/// A body whose `account_sid` is this JSON text instead; `None` takes it out.
pub fn with_account(body: &[u8], account: Option<&str>) -> Vec<u8> {
    let Ok(serde_json::Value::Object(mut map)) = serde_json::from_slice(body) else { return body.to_vec() };
    if map.remove("account_sid").is_none() {
        return body.to_vec();
    }
    let mut json = Json::object();
    if let Some(account) = account {
        json.raw("account_sid", account.as_bytes());
    }
    for (key, value) in &map {
        json.raw(key, value.to_string().as_bytes());
    }
    json.end()
}

/// What a proxy in front of the API might say.
pub const HTML: &[u8] =
    b"<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>\n";

/// How busy an account, or the whole API, is.
#[derive(Debug, Default)]
struct Load {
    in_flight: u32,
    /// `None`: the bucket is full.
    tokens: Option<f64>,
    filled_ms: u64,
}

impl Load {
    /// Whether one request more fits; nothing is taken yet.
    fn admits(&mut self, limit: &Limit, now_ms: u64) -> bool {
        if limit.concurrent.is_some_and(|most| self.in_flight >= most) {
            return false;
        }
        let Some(rate) = limit.per_second else {
            self.tokens = None;
            return true;
        };
        let depth = (rate * 0.1).max(2.0);
        // A clock that jumps back fills nothing and takes nothing.
        let elapsed_s = now_ms.saturating_sub(self.filled_ms) as f64 / 1_000.0;
        let tokens = self.tokens.map_or(depth, |tokens| (tokens + elapsed_s * rate).min(depth));
        self.tokens = Some(tokens);
        self.filled_ms = now_ms;
        tokens >= 1.0
    }

    fn take(&mut self) {
        if let Some(tokens) = &mut self.tokens {
            *tokens -= 1.0;
        }
    }
}

/// An even draw from 0 to 1 that follows from a number.
fn draw(number: u64) -> f64 {
    (mix(number) >> 11) as f64 / (1u64 << 53) as f64
}

/// Spreads a number over 64 bits (the finaliser of SplitMix64).
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
