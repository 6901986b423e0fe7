//! A circuit breaker: while the API is away for everyone, all customers pause together, instead of each
//! using up its tries, and go on together when it is back.
//!
//! It opens when requests of several customers fail in a row. While it is open, one request goes out every
//! few seconds as a probe, whether or not the one before has come back; the first answer closes it.

use crate::clock::Clock;
use crate::events::{Event, Observer};
use crate::facts::Time;
use crate::flow::{Host, Method};
use crate::model::Sid;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// So many requests in a row without an answer of the API, and no customer's own trouble is to blame. One
/// in three being lost, which is a very bad network, comes to it once in 240.
const FAILURES_MIN: u32 = 5;

/// A server may stumble over what one customer holds, again and again; hardly over another one's at the same
/// time, with no answer to anyone in between.
const CUSTOMERS_MIN: usize = 2;

/// So many connections in a row that do not stand: no customer has to do with that.
const CONNECTIONS_MIN: u32 = 3;

/// The wait before the first probe; it doubles up to the second constant. So everybody goes on within a
/// quarter of a minute, and one answer, after the API is back.
const PROBE_FIRST_WAIT_MS: u64 = 1_000;
const PROBE_WAIT_MAX_MS: u64 = 15_000;

/// A look is the better probe, because one that gets no answer leaves nothing in doubt: what changes
/// something goes out only when no look has been waiting for this long.
const WRITE_LATER_MS: u64 = 500;

/// A run that gets no answer at all for this long ends in good order. A router, a VPN or a proxy restarts
/// in less; whoever started the run is still there to hear of it. `--wait` makes it longer.
pub const AWAY_MAX_MS: u64 = 5 * 60 * 1_000;

pub struct Breaker {
    /// One for each host.
    circuits: Mutex<[Circuit; 2]>,
    /// Whether one customer is enough to open a circuit.
    one_is_enough: AtomicBool,
    /// Told when a circuit is closed.
    closed: Notify,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
}

#[derive(Default)]
struct Circuit {
    /// In a row, without an answer between them.
    failures: u32,
    connections: u32,
    customers: Vec<Sid>,
    open: Option<Open>,
}

struct Open {
    since: Time,
    next_probe: Time,
    probe_wait_ms: u64,
    reason: String,
}

/// How a request failed.
pub enum Failure {
    NoConnection,
    /// It went out and there was no answer of the API.
    NoAnswer,
}

/// How a request may go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    Closed,
    /// Whatever has become of the circuit meanwhile.
    Probe,
}

/// What a request has to do.
enum Step {
    Go(Pass),
    Wait(u64),
    GiveUp(String),
}

impl Breaker {
    pub fn new(clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Breaker {
        let one_is_enough = AtomicBool::new(false);
        Breaker { circuits: Mutex::default(), one_is_enough, closed: Notify::new(), clock, observer }
    }

    /// From now on one customer is enough: all that is left to do is to wait for reviews, and few may be left.
    pub fn let_one_be_enough(&self) {
        self.one_is_enough.store(true, Ordering::Relaxed);
    }

    /// Waits while the API is away.
    ///
    /// # Errors
    /// It has been for [`AWAY_MAX_MS`], and until the given time: the reason.
    pub async fn pass(&self, host: Host, method: Method, until: Time) -> Result<Pass, String> {
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            match self.step(host, method, until) {
                Step::Go(pass) => return Ok(pass),
                Step::GiveUp(reason) => return Err(reason),
                Step::Wait(wait_ms) => tokio::select! {
                    () = self.clock.sleep(wait_ms) => (),
                    () = closed => (),
                },
            }
        }
    }

    fn step(&self, host: Host, method: Method, until: Time) -> Step {
        let now = self.clock.now();
        let mut circuits = self.circuits();
        let Some(open) = &mut circuits[host as usize].open else { return Step::Go(Pass::Closed) };
        let end = until.max(open.since + AWAY_MAX_MS);
        if now >= end {
            return Step::GiveUp(open.reason.clone());
        }
        let later = if method == Method::Get { 0 } else { WRITE_LATER_MS };
        let due = open.next_probe + later;
        if now < due {
            return Step::Wait(due.min(end) - now);
        }
        open.probe_wait_ms = (open.probe_wait_ms * 2).min(PROBE_WAIT_MAX_MS);
        open.next_probe = now + open.probe_wait_ms;
        Step::Go(Pass::Probe)
    }

    /// Whether requests to this host have to wait.
    pub fn is_open(&self, host: Host) -> bool {
        self.circuits()[host as usize].open.is_some()
    }

    /// Whether the API is away, whichever part of it.
    pub fn is_any_open(&self) -> bool {
        self.circuits().iter().any(|it| it.open.is_some())
    }

    /// The API has answered.
    pub fn answered(&self, host: Host) {
        let before = std::mem::take(&mut self.circuits()[host as usize]);
        if let Some(open) = before.open {
            self.closed.notify_waiters();
            let away_ms = self.clock.now().saturating_sub(open.since);
            self.observer.on(&Event::ApiIsBack { away_ms });
        }
    }

    /// A request of this customer got no answer of the API.
    pub fn failed(&self, host: Host, customer: &Sid, failure: Failure, reason: &str) {
        let now = self.clock.now();
        let mut circuits = self.circuits();
        // Where one host is away for everyone, it is hardly by chance that another one fails as well.
        let is_away = circuits.iter().any(|it| it.open.is_some());
        let circuit = &mut circuits[host as usize];
        if circuit.open.is_some() {
            return;
        }
        circuit.failures += 1;
        circuit.connections = match failure {
            Failure::NoConnection => circuit.connections + 1,
            Failure::NoAnswer => 0,
        };
        if circuit.customers.len() < CUSTOMERS_MIN && !circuit.customers.contains(customer) {
            circuit.customers.push(customer.clone());
        }
        let are_enough =
            circuit.customers.len() >= CUSTOMERS_MIN || self.one_is_enough.load(Ordering::Relaxed);
        let is_everyones = circuit.failures >= FAILURES_MIN && are_enough;
        if !is_away && !is_everyones && circuit.connections < CONNECTIONS_MIN {
            return;
        }
        let (next_probe, probe_wait_ms) = (now + PROBE_FIRST_WAIT_MS, PROBE_FIRST_WAIT_MS);
        circuit.open = Some(Open { since: now, next_probe, probe_wait_ms, reason: reason.to_owned() });
        drop(circuits);
        self.observer.on(&Event::ApiIsAway { reason });
    }

    fn circuits(&self) -> MutexGuard<'_, [Circuit; 2]> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;
    use crate::events::Nobody;

    fn breaker() -> Arc<Breaker> {
        Arc::new(Breaker::new(Arc::new(TokioClock::start()), Arc::new(Nobody)))
    }

    fn customer(number: u32) -> Sid {
        Sid::parse(&format!("AC{number:032x}")).unwrap()
    }

    fn fail(breaker: &Breaker, customers: u32, times: u32) {
        for number in 0..times {
            breaker.failed(Host::TrustHub, &customer(number % customers), Failure::NoAnswer, "HTTP 503");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_for_several_customers_in_a_row_and_not_for_one_or_with_an_answer_between() {
        let breaker = breaker();
        fail(&breaker, 1, 100);
        assert!(!breaker.is_any_open(), "one customer's trouble");
        breaker.answered(Host::TrustHub);
        fail(&breaker, 4, 4);
        breaker.answered(Host::TrustHub);
        fail(&breaker, 4, 4);
        assert!(!breaker.is_any_open(), "an answer between");
        fail(&breaker, 4, 1);
        assert!(breaker.is_open(Host::TrustHub) && !breaker.is_open(Host::Api));
    }

    #[tokio::test(start_paused = true)]
    async fn all_go_on_together_within_a_quarter_of_a_minute_after_the_api_is_back() {
        let breaker = breaker();
        fail(&breaker, 4, 5);
        let (back_at, probes) = (200_000, Arc::new(Mutex::new(vec![])));
        let mut waiting = vec![];
        for _ in 0..50 {
            let (breaker, probes) = (breaker.clone(), probes.clone());
            waiting.push(tokio::spawn(async move {
                // Whoever is sent as a probe in vain comes again.
                while breaker.pass(Host::TrustHub, Method::Get, 0).await == Ok(Pass::Probe) {
                    let now = breaker.clock.now();
                    probes.lock().unwrap().push(now);
                    if now >= back_at {
                        breaker.answered(Host::TrustHub);
                    }
                }
                breaker.clock.now()
            }));
        }
        for one in waiting {
            let went_on = one.await.unwrap();
            assert!((back_at..=back_at + PROBE_WAIT_MAX_MS).contains(&went_on), "{went_on}");
        }
        assert!(probes.lock().unwrap().len() < 25, "{:?}", probes.lock().unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_for_no_longer_than_said_and_for_as_long_as_asked_for() {
        for (until, end) in [(0, AWAY_MAX_MS), (3_600_000, 3_600_000)] {
            let breaker = breaker();
            fail(&breaker, 4, 5);
            while let Ok(pass) = breaker.pass(Host::TrustHub, Method::Post, until).await {
                assert!(pass == Pass::Probe);
            }
            assert_eq!(breaker.clock.now(), end);
        }
    }
}
