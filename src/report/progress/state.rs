//! What a run has come to, from what has happened in it: a pure account of events and times.

use crate::events::Event;
use crate::facts::{Outcome, Time};
use crate::model::Sid;
use std::collections::{HashMap, VecDeque};

/// The rate is that of the last minute: long enough to be steady, short enough to follow a change.
const WINDOW_MS: u64 = 60_000;

/// Before this nothing is foretold: the first calls say little.
const FIRST_MS: u64 = 3_000;

/// A new estimate that is later than the old one counts only if it is later by this much, in percent of the time left.
/// Anything less is noise, in which the time left would jump up and down.
const LATER_PERCENT: u64 = 50;

/// How a customer stands for this run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The run has nothing more to do for it.
    Done,
    InReview,
    /// Its turn is over, and it is not through.
    NotDone,
}

/// A customer whose turn it is.
#[derive(Default)]
struct UnderWay {
    calls: u64,
    /// Until when it waits for what a lost reply may have left behind to show.
    waits_until: Time,
}

pub struct State {
    began: Time,
    customers: u64,
    expected_calls: u64,
    calls: u64,
    too_many: u64,
    turns_over: HashMap<u64, Standing>,
    under_way: HashMap<Sid, UnderWay>,
    is_away: bool,
    looks_again: Option<Time>,
    /// The calls made at moments of the last minute.
    samples: VecDeque<(Time, u64)>,
    /// When the run will have taken everyone on, as it was last said.
    ends_at: Option<Time>,
}

/// What there is to show at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// 0 where it is not known.
    pub customers: u64,
    /// Those for whom the run has nothing more to do.
    pub done: u64,
    pub in_review: u64,
    /// How many wait until a lost reply is certain, and for how many seconds more.
    pub waiting: Option<(u64, u64)>,
    pub calls_per_second: Option<u64>,
    /// The share of calls that were refused for load, in percent.
    pub too_many: f64,
    pub seconds_left: Option<u64>,
    pub looks_again_in: Option<u64>,
    pub is_away: bool,
}

impl State {
    /// `customers` and `expected_calls` are what the run is expected to take; 0 where that is not known.
    pub fn new(now: Time, customers: u64, expected_calls: u64) -> State {
        State {
            began: now,
            customers,
            expected_calls,
            calls: 0,
            too_many: 0,
            turns_over: HashMap::new(),
            under_way: HashMap::new(),
            is_away: false,
            looks_again: None,
            samples: VecDeque::from([(now, 0)]),
            ends_at: None,
        }
    }

    /// Calls made so far, and for how many milliseconds the run goes on.
    pub fn totals(&self, now: Time) -> (u64, u64) {
        (self.calls, now.saturating_sub(self.began))
    }

    pub fn on(&mut self, event: &Event<'_>, now: Time) {
        match event {
            Event::CustomerBegins { subaccount, .. } => {
                if self.looks_again.take().is_some() {
                    // The pause between two looks is no work.
                    self.start_anew(now);
                }
                self.under_way.insert((*subaccount).clone(), UnderWay::default());
            }
            Event::Sent(request, response) => {
                self.calls += 1;
                self.too_many += u64::from(response.status == Some(429));
                if let Some(one) = request.customer.and_then(|it| self.under_way.get_mut(it)) {
                    one.calls += 1;
                }
            }
            Event::CustomerWaits { subaccount, until } => {
                if let Some(one) = self.under_way.get_mut(*subaccount) {
                    one.waits_until = *until;
                }
            }
            Event::CustomerEnds { row, subaccount, outcome, .. } => {
                self.under_way.remove(*subaccount);
                self.turns_over.insert(*row, standing(*outcome));
            }
            Event::ApiIsAway { .. } => self.is_away = true,
            Event::ApiIsBack { .. } => {
                self.is_away = false;
                self.start_anew(now);
            }
            Event::Polls { wait_ms, .. } => self.looks_again = Some(now + wait_ms),
            _ => (),
        }
    }

    /// What there is to show now. To be asked for regularly: the rate and the time left are worked out from it.
    pub fn shown(&mut self, now: Time) -> Shown {
        let count = |which| self.turns_over.values().filter(|it| **it == which).count() as u64;
        let (done, in_review) = (count(Standing::Done), count(Standing::InReview));
        let waits = self.under_way.values().map(|it| it.waits_until).filter(|until| *until > now);
        let waiting = waits.clone().max().map(|until| (waits.count() as u64, (until - now).div_ceil(1_000)));
        let per_second = self.rate(now);
        let looks_again_in = self.looks_again.map(|at| at.saturating_sub(now).div_ceil(1_000));
        let is_still = self.is_away || looks_again_in.is_some();
        Shown {
            customers: self.customers.max(self.turns_over.len() as u64 * u64::from(self.customers > 0)),
            done,
            in_review,
            waiting,
            calls_per_second: per_second.filter(|_| !is_still).map(|it| it.round() as u64),
            too_many: 100.0 * self.too_many as f64 / self.calls.max(1) as f64,
            seconds_left: if is_still { None } else { self.left(now, per_second) },
            looks_again_in,
            is_away: self.is_away,
        }
    }

    /// Calls a second over the last minute, once that says anything.
    fn rate(&mut self, now: Time) -> Option<f64> {
        if self.samples.back().is_none_or(|last| now >= last.0 + 1_000) {
            self.samples.push_back((now, self.calls));
        }
        while self.samples.len() > 2 && self.samples.get(1).is_some_and(|it| it.0 + WINDOW_MS <= now) {
            self.samples.pop_front();
        }
        let (since, before) = *self.samples.front()?;
        let passed = now.saturating_sub(since);
        (passed >= FIRST_MS).then(|| (self.calls - before) as f64 * 1_000.0 / passed as f64)
    }

    /// The seconds until everyone has had a turn. Less than a second is not worth saying.
    fn left(&mut self, now: Time, per_second: Option<f64>) -> Option<u64> {
        let per_second = per_second.filter(|it| *it > 0.0)?;
        if self.customers == 0 {
            return None;
        }
        let of_one = (self.expected_calls as f64 / self.customers as f64).max(1.0);
        let begun = (self.turns_over.len() + self.under_way.len()) as u64;
        let not_begun = self.customers.saturating_sub(begun) as f64 * of_one;
        let rest_of = |one: &UnderWay| (of_one - one.calls as f64).max(1.0);
        let calls = not_begun + self.under_way.values().map(rest_of).sum::<f64>();
        let longest_wait = self.under_way.values().map(|it| it.waits_until.saturating_sub(now)).max();
        let left_ms = ((calls / per_second * 1_000.0) as u64).max(longest_wait.unwrap_or(0));
        let said_ms = self.ends_at.map(|at| at.saturating_sub(now)).filter(|it| *it > 0);
        let is_later = |said: u64| left_ms > said + said * LATER_PERCENT / 100 + FIRST_MS;
        if said_ms.is_none_or(|said| left_ms < said || is_later(said)) {
            self.ends_at = Some(now + left_ms);
        }
        let left_ms = self.ends_at.unwrap_or(now).saturating_sub(now);
        Some(left_ms.div_ceil(1_000)).filter(|_| left_ms >= 1_000)
    }

    fn start_anew(&mut self, now: Time) {
        self.samples = VecDeque::from([(now, self.calls)]);
        self.ends_at = None;
    }
}

fn standing(outcome: Outcome) -> Standing {
    match outcome {
        Outcome::Approved | Outcome::Drafted | Outcome::Rejected | Outcome::Refused | Outcome::Unsure => {
            Standing::Done
        }
        Outcome::Submitted | Outcome::AwaitingProfileApproval => Standing::InReview,
        _ => Standing::NotDone,
    }
}
