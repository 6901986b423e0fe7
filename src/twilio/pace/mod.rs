//! How fast requests go out: never faster than the cap, and under it as fast as the API takes them.
//!
//! Nobody publishes the limits of the API, so the pace learns them from answers with status 429.
//! `controller` decides, without a clock of its own; `adaptive_rate` is a rate that learns; `global_limiter` holds all
//! requests back, with governor, in the order in which they came; `account_limiter` those of one account before that.

mod account_limiter;
mod adaptive_rate;
mod controller;
mod global_limiter;
mod meter;
#[cfg(test)]
mod simulation;

use crate::clock::Clock;
use crate::facts::Time;
use crate::model::Sid;
use account_limiter::AccountLimiter;
use controller::Controller;
use global_limiter::GlobalLimiter;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cap on all requests of a run together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Requests a second, more than 0.
    PerSecond(f64),
    /// No cap: requests go out at once until the first 429 says that there is a limit.
    Unlimited,
}

/// The fastest rate that can be counted to a percent.
pub const RATE_MAX: f64 = 100_000.0;

/// The slowest rate: one request in a hundred seconds.
pub const RATE_MIN: f64 = 0.01;

/// The one place through which every request passes.
pub struct Pace {
    controller: Mutex<Controller>,
    gate: GlobalLimiter,
    /// Of accounts that are slower than the rest.
    account_limiters: Mutex<HashMap<Sid, Arc<AccountLimiter>>>,
    clock: Arc<dyn Clock>,
}

/// The turn of one request, up to its answer.
pub struct Turn<'a> {
    pace: &'a Pace,
    account: &'a Sid,
    sent_at: Time,
}

impl Turn<'_> {
    /// Learns from the answer; where none came there is nothing to learn.
    pub fn heard(self, heard: Heard) {
        let now = self.pace.clock.now();
        let mut controller = self.pace.controller();
        match heard {
            Heard::Welcome => controller.welcome(self.account, self.sent_at, now),
            Heard::TooMany { pause_ms } => controller.too_many(self.account, self.sent_at, pause_ms, now),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.controller().leave();
    }
}

/// How fast requests may go out just now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    Unlimited,
    PerSecond(f64),
    /// The API has asked for a pause until this moment.
    PausedUntil(Time),
}

/// What an answer says about the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was taken.
    Welcome,
    /// 429, with the pause that it asks for, in milliseconds.
    TooMany { pause_ms: Option<u64> },
}

impl Pace {
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Pace {
        let cap = match rate {
            Rate::PerSecond(rate) => rate.clamp(RATE_MIN, RATE_MAX),
            Rate::Unlimited => f64::INFINITY,
        };
        let gate = GlobalLimiter::new(cap.min(RATE_MAX), clock.clone());
        let controller = Mutex::new(Controller::new(cap, clock.now()));
        Pace { controller, gate, account_limiters: Mutex::default(), clock }
    }

    /// Waits for the turn of a request that bears this account's credentials. It goes out when this
    /// returns; a caller who gives up loses at most one slot.
    pub async fn turn<'a>(&'a self, account: &'a Sid) -> Turn<'a> {
        self.wait_in_lane(account).await;
        self.controller().enter(self.clock.now());
        let mut turn = Turn { pace: self, account, sent_at: 0 };
        // Without a limit there is no queue either.
        let speed = self.controller().speed(self.clock.now());
        if speed != Speed::Unlimited {
            self.gate.pass(|| self.controller().speed(self.clock.now())).await;
        }
        turn.sent_at = self.clock.now();
        self.controller().sent(account, turn.sent_at);
        turn
    }

    /// An account that is slower than the rest waits before the common queue, not in it.
    async fn wait_in_lane(&self, account: &Sid) {
        let speed = || self.controller().speed_of(account, self.clock.now());
        if speed() != Speed::Unlimited {
            let lane = self.lane(account);
            lane.pass(speed).await;
        }
    }

    fn lane(&self, account: &Sid) -> Arc<AccountLimiter> {
        let mut account_limiters = self.account_limiters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = account_limiters.get(account) {
            return lane.clone();
        }
        // Lanes of accounts that are done go when the controller has forgotten them.
        if account_limiters.len().is_power_of_two() {
            let (controller, now) = (self.controller(), self.clock.now());
            account_limiters.retain(|account, _| controller.speed_of(account, now) != Speed::Unlimited);
        }
        let lane = Arc::new(AccountLimiter::new(self.clock.clone()));
        account_limiters.insert(account.clone(), lane.clone());
        lane
    }

    fn controller(&self) -> MutexGuard<'_, Controller> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;
    use std::time::Duration;

    fn pace(rate: Rate) -> Arc<Pace> {
        Arc::new(Pace::new(rate, Arc::new(TokioClock::start())))
    }

    fn account(number: usize) -> Sid {
        Sid::parse(&format!("AC{number:032x}")).unwrap()
    }

    /// The moments at which `count` requests went out, in milliseconds from the start. Each is taken.
    async fn moments(pace: &Pace, count: usize) -> Vec<Time> {
        let mut moments = vec![];
        for number in 0..count {
            let account = account(number % 50);
            let turn = pace.turn(&account).await;
            moments.push(turn.sent_at);
            turn.heard(Heard::Welcome);
        }
        moments
    }

    fn most_in_a_second(moments: &[Time]) -> usize {
        let windows = (0..moments.len()).map(|first| &moments[first..]);
        windows.map(|it| it.partition_point(|moment| *moment < it[0] + 1_000)).max().unwrap_or_default()
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_of_a_second_holds_more_than_the_rate_and_one_percent_and_one_call() {
        for rate in [0.5, 1.0, 20.0, 333.0, 2_000.0] {
            let pace = pace(Rate::PerSecond(rate));
            let mut sent = moments(&pace, rate as usize * 3 + 5).await;
            // What was saved up while nothing was asked for is no more than the burst.
            #[expect(clippy::disallowed_methods, reason = "the time of tokio stands still in this test")]
            tokio::time::sleep(Duration::from_secs(60)).await;
            sent.extend(moments(&pace, rate as usize * 2 + 5).await);
            let (most, allowed) = (most_in_a_second(&sent), (rate * 1.01) as usize + 1);
            assert!(most <= allowed, "{most} at {rate}/s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_cap_holds_while_the_rate_learns() {
        let pace = pace(Rate::PerSecond(200.0));
        let mut sent = vec![];
        for number in 0..5_000 {
            let account = account(number % 50);
            let turn = pace.turn(&account).await;
            let sent_at = turn.sent_at;
            sent.push(sent_at);
            // A server that is out of breath in every third second.
            let heard = match sent_at / 1_000 % 3 {
                0 if number % 7 == 0 => Heard::TooMany { pause_ms: None },
                _ => Heard::Welcome,
            };
            turn.heard(heard);
        }
        assert!(most_in_a_second(&sent) <= 203, "{}", most_in_a_second(&sent));
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_is_used_to_the_full_after_the_first_second() {
        for rate in [20.0, 333.0, 2_000.0] {
            let sent = moments(&pace(Rate::PerSecond(rate)), rate as usize * 5).await;
            let used = sent.iter().filter(|it| (1_000..4_000).contains(*it)).count() as f64;
            assert!(used >= 0.98 * 3.0 * rate, "{used} calls in 3 s at {rate}/s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_came_first_goes_first() {
        let pace = pace(Rate::PerSecond(30.0));
        let order = Arc::new(Mutex::new(vec![]));
        let mut waiting = vec![];
        for number in 0..40 {
            let (its_pace, its_order) = (pace.clone(), order.clone());
            waiting.push(tokio::spawn(async move {
                its_pace.turn(&account(number)).await;
                its_order.lock().unwrap().push(number);
            }));
            tokio::task::yield_now().await;
        }
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..40).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_waits() {
        let sent = moments(&pace(Rate::Unlimited), 10_000).await;
        assert_eq!(sent.last(), Some(&0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_that_is_asked_to_pause_holds_up_nobody_else() {
        let pace = pace(Rate::PerSecond(100.0));
        let (slow, other) = (account(1), account(2));
        pace.turn(&slow).await.heard(Heard::TooMany { pause_ms: Some(7_000) });
        let waits = tokio::spawn({
            let (pace, slow) = (pace.clone(), slow.clone());
            async move { pace.turn(&slow).await.sent_at }
        });
        tokio::task::yield_now().await;
        assert!(pace.turn(&other).await.sent_at < 1_000);
        assert!(waits.await.unwrap() >= 7_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_account_does_not_wait_for_its_answer_and_then_as_long_again() {
        let pace = pace(Rate::Unlimited);
        let slow = account(1);
        for _ in 0..10 {
            pace.turn(&slow).await.heard(Heard::Welcome);
            pace.clock.sleep(500).await;
        }
        // Three in the last second were too many: from now on it is about 2.5.
        pace.turn(&slow).await.heard(Heard::TooMany { pause_ms: None });
        let began = pace.clock.now();
        for _ in 0..17 {
            let turn = pace.turn(&slow).await;
            pace.clock.sleep(300).await;
            turn.heard(Heard::Welcome);
        }
        let took = pace.clock.now() - began;
        assert!((6_000..8_000).contains(&took), "{took} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_for_all_holds_everybody_even_those_who_wait_already() {
        let pace = pace(Rate::PerSecond(20.0));
        let waits = tokio::spawn({
            let pace = pace.clone();
            async move { moments(&pace, 10).await }
        });
        tokio::task::yield_now().await;
        for number in 0..3 {
            let account = account(number);
            let turn = Turn { pace: &pace, account: &account, sent_at: 0 };
            turn.heard(Heard::TooMany { pause_ms: Some(5_000) });
        }
        let sent = waits.await.unwrap();
        assert!(sent[2..].iter().all(|it| *it >= 5_000), "{sent:?}");
    }
}
