//! The controller against servers whose limits it does not know, in virtual time: minutes of calls
//! in milliseconds. Chance is seeded.

use super::Speed;
use super::account_limiter::Spacing;
use super::controller::Controller;
use crate::model::Sid;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

/// Microseconds from the start.
type Micros = u64;

const SECOND: Micros = 1_000_000;

/// What a trial is made of.
struct Trial {
    cap: f64,
    /// Customers at once. Each sends one call after the other, as fast as it may.
    customers: usize,
    /// A customer is done after so many calls, and another account takes its place.
    calls_each: u64,
    latency_ms: u64,
    seconds: u64,
    seed: u64,
    /// Calls a second that the server takes at this moment: over all, and of this customer's account.
    limit: fn(Micros) -> f64,
    limit_of_account: fn(Micros, usize) -> f64,
    /// The first call of each customer goes out as the parent, whose account has its limit too.
    parent: Parent,
    /// The `Retry-After` of a 429, in milliseconds.
    pause_ms: Option<u64>,
}

const UNKNOWN_LIMIT: Trial = Trial {
    cap: 1_000.0,
    customers: 50,
    calls_each: u64::MAX,
    latency_ms: 50,
    seconds: 180,
    seed: 1,
    limit: |_| f64::INFINITY,
    limit_of_account: |_, _| f64::INFINITY,
    parent: Parent::NotAsked,
    pause_ms: None,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    NotAsked,
    AskedFirst,
}

/// The place of the parent among the customers of the server's books.
const PARENT: usize = usize::MAX;

/// One call as the server saw it.
#[derive(Clone, Copy)]
struct Seen {
    at: Micros,
    customer: usize,
    taken: bool,
}

struct Outcome {
    seen: Vec<Seen>,
}

impl Outcome {
    /// Calls a second that were taken from one second to another.
    fn taken(&self, from: u64, to: u64) -> f64 {
        self.rate(from, to, |it| it.taken)
    }

    fn rate(&self, from: u64, to: u64, counts: impl Fn(&Seen) -> bool) -> f64 {
        let within = |it: &&Seen| (from * SECOND..to * SECOND).contains(&it.at) && counts(it);
        self.seen.iter().filter(within).count() as f64 / (to - from) as f64
    }

    fn refused(&self) -> usize {
        self.seen.iter().filter(|it| !it.taken).count()
    }

    fn share_refused(&self) -> f64 {
        self.refused() as f64 / self.seen.len() as f64
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A customer wants to send.
    Wants(usize),
    /// The first in the limiter of this sender may go on, or asks again.
    LaneOpens(usize),
    /// It comes to the common queue.
    Queues(usize),
    /// The first in the queue may go, or asks again.
    Opens,
    Arrives(usize),
    Answered(usize, bool),
}

/// The server's bucket holds 100 ms of its rate, and at least 2.
#[derive(Default)]
struct Bucket {
    spent: f64,
    filled_at: Micros,
}

impl Bucket {
    fn has_room(&mut self, rate: f64, now: Micros) -> bool {
        if !rate.is_finite() {
            return true;
        }
        let refill = (now - self.filled_at) as f64 * rate / SECOND as f64;
        self.spent = (self.spent - refill).max(0.0);
        self.filled_at = now;
        self.spent + 1.0 <= (rate * 0.1).max(2.0)
    }
}

#[derive(Default)]
struct SimulatedLane {
    queue: VecDeque<usize>,
    spacing: Spacing,
}

/// When somebody is let through, in the microseconds of the trial.
fn opens_at(spacing: &mut Spacing, speed: Speed, now: Micros) -> Micros {
    let now_ms = now as f64 / 1_000.0;
    match spacing.opens_at(speed, now_ms) {
        opens_at if opens_at > now_ms => (opens_at * 1_000.0).ceil() as Micros,
        _ => now,
    }
}

impl Trial {
    fn run(&self) -> Outcome {
        let mut events: BinaryHeap<Reverse<(Micros, u64, Event)>> = BinaryHeap::new();
        let mut order = 0;
        let mut random = self.seed;
        let mut controller = Controller::new(self.cap, 0);
        let mut accounts: Vec<Sid> = (0..self.customers).map(|it| account(it as u64)).collect();
        let mut next_account = self.customers as u64;
        let mut calls = vec![0u64; self.customers];
        let mut sent_at = vec![0; self.customers];
        let mut tries = vec![0u32; self.customers];
        let mut queue: VecDeque<usize> = VecDeque::new();
        // The common global, without governor.
        let mut global = Spacing::default();
        let mut account_limiters: HashMap<usize, SimulatedLane> = HashMap::new();
        let mut opening = false;
        let mut all = Bucket::default();
        let mut each: HashMap<usize, Bucket> = HashMap::new();
        let mut seen = vec![];
        let parent = account(u64::MAX);
        // As whom a customer sends its next call.
        let whose = |calls: &[u64], customer: usize| match calls[customer] {
            0 if self.parent == Parent::AskedFirst => PARENT,
            _ => customer,
        };
        let mut push = |events: &mut BinaryHeap<_>, at: Micros, event: Event| {
            order += 1;
            events.push(Reverse((at, order, event)));
        };
        for customer in 0..self.customers {
            push(&mut events, 0, Event::Wants(customer));
        }
        while let Some(Reverse((now, _, event))) = events.pop() {
            if now >= self.seconds * SECOND {
                break;
            }
            let now_ms = now / 1_000;
            match event {
                Event::Wants(customer) => {
                    let sender = whose(&calls, customer);
                    let limiter = account_limiters.entry(sender).or_default();
                    limiter.queue.push_back(customer);
                    if limiter.queue.len() == 1 {
                        push(&mut events, now, Event::LaneOpens(sender));
                    }
                }
                Event::LaneOpens(sender) => {
                    let limiter = account_limiters.entry(sender).or_default();
                    let Some(&customer) = limiter.queue.front() else { continue };
                    let bearer = if sender == PARENT { &parent } else { &accounts[customer] };
                    let wait_until = opens_at(&mut limiter.spacing, controller.speed_of(bearer, now_ms), now);
                    if wait_until <= now {
                        limiter.queue.pop_front();
                        push(&mut events, now, Event::Queues(customer));
                    }
                    push(&mut events, wait_until, Event::LaneOpens(sender));
                }
                Event::Queues(customer) => {
                    queue.push_back(customer);
                    controller.enter(now_ms);
                    if !opening {
                        opening = true;
                        push(&mut events, now, Event::Opens);
                    }
                }
                Event::Opens => {
                    let Some(&customer) = queue.front() else {
                        opening = false;
                        continue;
                    };
                    let wait_until = opens_at(&mut global, controller.speed(now_ms), now);
                    if wait_until <= now {
                        queue.pop_front();
                        let bearer =
                            if whose(&calls, customer) == PARENT { &parent } else { &accounts[customer] };
                        controller.sent(bearer, now_ms);
                        sent_at[customer] = now_ms;
                        push(&mut events, now + self.latency_ms * 500, Event::Arrives(customer));
                    }
                    push(&mut events, wait_until, Event::Opens);
                }
                Event::Arrives(customer) => {
                    let sender = whose(&calls, customer);
                    let of_account = each.entry(sender).or_default();
                    let taken = all.has_room((self.limit)(now), now)
                        & of_account.has_room((self.limit_of_account)(now, sender), now);
                    if taken {
                        all.spent += 1.0;
                        of_account.spent += 1.0;
                    }
                    seen.push(Seen { at: now, customer, taken });
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    // The way back takes half the latency and up to a fifth more.
                    let jitter = (random >> 33) % (self.latency_ms * 200 + 1);
                    push(&mut events, now + self.latency_ms * 500 + jitter, Event::Answered(customer, taken));
                }
                Event::Answered(customer, true) => {
                    let bearer =
                        if whose(&calls, customer) == PARENT { &parent } else { &accounts[customer] };
                    controller.leave();
                    controller.welcome(bearer, sent_at[customer], now_ms);
                    tries[customer] = 0;
                    calls[customer] += 1;
                    if calls[customer] >= self.calls_each {
                        calls[customer] = 0;
                        accounts[customer] = account(next_account);
                        next_account += 1;
                        each.remove(&customer);
                    }
                    push(&mut events, now, Event::Wants(customer));
                }
                Event::Answered(customer, false) => {
                    let bearer =
                        if whose(&calls, customer) == PARENT { &parent } else { &accounts[customer] };
                    controller.leave();
                    controller.too_many(bearer, sent_at[customer], self.pause_ms, now_ms);
                    // As the client does: from half a second on, doubled, spread over its second half.
                    let wait_ms = 500u64 << tries[customer].min(6);
                    tries[customer] += 1;
                    let spread = (random >> 40) % (wait_ms / 2);
                    let wait_ms = (wait_ms / 2 + spread).max(self.pause_ms.unwrap_or(0));
                    push(&mut events, now + wait_ms * 1_000, Event::Wants(customer));
                }
            }
        }
        Outcome { seen }
    }
}

fn account(number: u64) -> Sid {
    Sid::parse(&format!("AC{number:032x}")).expect("a well-formed SID")
}

#[test]
fn a_known_limit_is_used_to_the_full_and_never_refused() {
    for (rate, limit) in [(50.0, (|_| 50.0) as fn(Micros) -> f64), (500.0, |_| 500.0), (2_000.0, |_| 2_000.0)]
    {
        let outcome = Trial { cap: rate, customers: 256, seconds: 60, limit, ..UNKNOWN_LIMIT }.run();
        assert_eq!(outcome.refused(), 0, "at {rate}/s");
        let used = outcome.taken(1, 60) / rate;
        assert!(used >= 0.98, "{used} of {rate}/s");
    }
}

#[test]
fn an_unknown_limit_on_all_calls_is_found_and_used() {
    for seed in 1..=5 {
        for (cap, customers) in [(1_000.0, 16), (1_000.0, 50), (1_000.0, 256), (f64::INFINITY, 50)] {
            let outcome = Trial { cap, customers, seed, limit: |_| 100.0, ..UNKNOWN_LIMIT }.run();
            let (used, refused) = (outcome.taken(10, 180) / 100.0, outcome.share_refused());
            assert!(used >= 0.9 && refused < 0.02, "{customers} below {cap}: {used} used, {refused} refused");
        }
    }
}

#[test]
fn a_limit_on_each_account_is_found_and_used() {
    for seed in 1..=5 {
        for calls_each in [u64::MAX, 27] {
            let limit_of_account: fn(Micros, usize) -> f64 = |_, _| 2.0;
            let outcome = Trial { limit_of_account, seed, calls_each, ..UNKNOWN_LIMIT }.run();
            let (used, refused) = (outcome.taken(10, 180) / 100.0, outcome.share_refused());
            assert!(used >= 0.9 && refused < 0.02, "{calls_each}: {used} used, {refused} refused");
        }
    }
}

#[test]
fn a_limit_on_each_account_holds_for_the_parent_too() {
    let limit_of_account: fn(Micros, usize) -> f64 = |_, _| 2.0;
    for seed in 1..=5 {
        // Fifty customers who stay: the last of them gets its token after 25 seconds.
        let parent = Parent::AskedFirst;
        let trial = Trial { limit_of_account, parent, seed, ..UNKNOWN_LIMIT };
        let outcome = trial.run();
        let (used, refused) = (outcome.taken(30, 180) / 100.0, outcome.share_refused());
        assert!(used >= 0.9 && refused < 0.02, "50 stay: {used} used, {refused} refused");
        for customer in 0..50 {
            let own = outcome.rate(60, 180, |it| it.customer == customer && it.taken);
            assert!(own >= 0.8 * 2.0, "customer {customer} of seed {seed} got {own}/s");
        }
        // Ever new customers: two begin in a second, and that is the limit of all.
        let outcome = Trial { calls_each: 24, ..trial }.run();
        let (used, refused) = (outcome.taken(20, 180) / 48.0, outcome.share_refused());
        assert!(used >= 0.9 && refused < 0.02, "ever new: {used} used, {refused} refused");
    }
}

#[test]
fn a_limit_that_halves_in_mid_run_is_followed() {
    for seed in 1..=5 {
        let outcome =
            Trial { seed, limit: |now| if now < 90 * SECOND { 100.0 } else { 50.0 }, ..UNKNOWN_LIMIT }.run();
        let (before, after) = (outcome.taken(10, 90) / 100.0, outcome.taken(92, 180) / 50.0);
        let refused = outcome.share_refused();
        assert!(before >= 0.9 && after >= 0.9 && refused < 0.02, "{before}, {after} used, {refused} refused");
    }
}

#[test]
fn a_limit_that_is_lifted_is_left_behind_without_being_told() {
    let limit: fn(Micros) -> f64 = |now| if now < 60 * SECOND { 20.0 } else { f64::INFINITY };
    let outcome = Trial { cap: 500.0, limit, ..UNKNOWN_LIMIT }.run();
    assert!(outcome.taken(150, 180) >= 0.98 * 500.0, "{}", outcome.taken(150, 180));
}

#[test]
fn the_429s_of_one_account_slow_that_account_alone() {
    let limit_of_account: fn(Micros, usize) -> f64 = |_, it| if it == 0 { 1.0 } else { f64::INFINITY };
    let outcome = Trial { cap: 500.0, limit_of_account, ..UNKNOWN_LIMIT }.run();
    let others = outcome.rate(10, 180, |it| it.customer != 0);
    let own = outcome.rate(10, 180, |it| it.customer == 0 && it.taken);
    assert!(others >= 0.97 * 500.0, "the others got {others}/s");
    assert!(own >= 0.8, "the slow one got {own}/s");
}

#[test]
fn a_pause_that_is_asked_for_is_kept_by_whom_it_concerns() {
    let limit: fn(Micros) -> f64 = |now| if (60..62).contains(&(now / SECOND)) { 0.0 } else { f64::INFINITY };
    let outcome = Trial { cap: 500.0, limit, pause_ms: Some(5_000), ..UNKNOWN_LIMIT }.run();
    let first = outcome.seen.iter().find(|it| !it.taken).expect("one is refused").at;
    // What was on its way is answered; after that nobody asks before the pause is over.
    let (heard, over) = (first + 100_000, first + 5_000_000);
    let asked = outcome.seen.iter().filter(|it| (heard..over).contains(&it.at)).count();
    assert_eq!(asked, 0, "calls in the pause");
    assert!(outcome.taken(130, 180) >= 0.98 * 500.0, "and it goes on after it");
}
