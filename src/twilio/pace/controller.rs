//! Who is slowed down by a 429: the account that got it, or all. Pure: the time is passed in.

use super::Speed;
use super::adaptive_rate::{AdaptiveRate, Lately};
use super::meter::Meter;
use crate::facts::Time;
use crate::model::Sid;
use std::collections::{HashMap, HashSet, VecDeque};

/// The pace of a run: one rate for all, and one for each account that has a limit of its own.
///
/// The parent is an account like the others, so that its limit holds up nobody else's calls.
pub struct Controller {
    all: AdaptiveRate,
    sent: Meter,
    taken: Meter,
    /// Requests that wait in the common queue or are on their way.
    present: u32,
    /// The same over the last second or so, and when it was worked out.
    senders: f64,
    senders_at: Time,
    paused_until: Time,
    accounts: HashMap<Sid, Account>,
    /// So many accounts are looked through for idle ones.
    sweep_at: usize,
    /// The latest 429s, oldest first.
    refused: VecDeque<(Time, Sid)>,
}

/// What is known of one account.
struct Account {
    sent: Meter,
    last_sent: Time,
    paused_until: Time,
    /// Only where it is slower than the rest.
    rate: Option<AdaptiveRate>,
}

/// Evidence is looked for among so many 429s, none of them older than this.
const EVIDENCE_MAX: usize = 16;
const EVIDENCE_MS: Time = 30_000;

/// Three accounts that are refused at a time may be chance no longer.
const MANY: usize = 3;

/// An account that has sent nothing for this long is no longer at work, and forgotten; one with a
/// rate of its own, or in a pause, only after the second.
const IDLE_MS: Time = 10_000;
const IDLE_SLOWED_MS: Time = 60_000;

/// With fewer accounts than this, looking for idle ones is not worth the time.
const SWEEP_MIN: usize = 1_024;

/// More than are at work at once, ever; without a rate of its own, an account can be forgotten at any time.
const ACCOUNTS_MAX: usize = 50_000;

/// A longer pause than this is not waited out: the API is asked again.
const PAUSE_MAX_MS: Time = 5 * 60 * 1_000;

/// The number of senders is smoothed over this, so that a customer between two calls counts.
const SENDERS_MS: f64 = 1_000.0;

impl Controller {
    /// `cap` in requests a second; infinite for none.
    pub fn new(cap: f64, now: Time) -> Controller {
        Controller {
            all: AdaptiveRate::starting(cap, now),
            sent: Meter::default(),
            taken: Meter::default(),
            present: 0,
            senders: 0.0,
            senders_at: now,
            paused_until: 0,
            accounts: HashMap::new(),
            sweep_at: SWEEP_MIN,
            refused: VecDeque::new(),
        }
    }

    /// How fast all requests together may go out now.
    pub fn speed(&self, now: Time) -> Speed {
        match self.all.rate() {
            _ if now < self.paused_until => Speed::PausedUntil(self.paused_until),
            rate if rate.is_finite() => Speed::PerSecond(rate),
            _ => Speed::Unlimited,
        }
    }

    /// How fast the requests of one account may come to the common queue now.
    pub fn speed_of(&self, account: &Sid, now: Time) -> Speed {
        match self.accounts.get(account) {
            Some(known) if now < known.paused_until => Speed::PausedUntil(known.paused_until),
            Some(Account { rate: Some(rate), .. }) => Speed::PerSecond(rate.rate()),
            _ => Speed::Unlimited,
        }
    }

    /// A request comes to the common queue.
    pub fn enter(&mut self, now: Time) {
        self.present += 1;
        let passed = now.saturating_sub(self.senders_at) as f64 / SENDERS_MS;
        let before = self.senders.max(1.0);
        self.senders += (f64::from(self.present) - self.senders) * passed.min(1.0);
        self.senders_at = now;
        self.all.share_out(self.senders.max(1.0) / before);
    }

    /// A request has its answer, or will have none.
    pub fn leave(&mut self) {
        self.present = self.present.saturating_sub(1);
    }

    /// A request goes out.
    pub fn sent(&mut self, account: &Sid, now: Time) {
        self.all.sent();
        self.sent.count(now);
        if !self.accounts.contains_key(account) {
            self.forget_idle(now);
        }
        let known = self.account(account, now);
        known.sent.count(now);
        known.last_sent = now;
        if let Some(rate) = &mut known.rate {
            rate.sent();
        }
    }

    /// A request that went out at `sent_at` was taken.
    pub fn welcome(&mut self, account: &Sid, sent_at: Time, now: Time) {
        self.all.welcome(sent_at, now);
        self.taken.count(now);
        if let Some(Account { rate: Some(rate), .. }) = self.accounts.get_mut(account) {
            rate.welcome(sent_at, now);
        }
    }

    /// A request that went out at `sent_at` was answered with 429, and perhaps with a pause.
    pub fn too_many(&mut self, account: &Sid, sent_at: Time, pause_ms: Option<Time>, now: Time) {
        let until = pause_ms.map_or(0, |pause_ms| now + pause_ms.min(PAUSE_MAX_MS));
        self.refused.push_back((now, account.clone()));
        while self.refused.len() > EVIDENCE_MAX
            || self.refused.front().is_some_and(|it| it.0 + EVIDENCE_MS < now)
        {
            self.refused.pop_front();
        }
        let known = self.account(account, now);
        known.paused_until = known.paused_until.max(until);
        let active = self.accounts.values().filter(|it| it.last_sent + IDLE_MS >= now).count();
        if self.is_about_all(account, active) {
            self.paused_until = self.paused_until.max(until);
            let lately = Lately { sent: self.sent.per_second(now), taken: self.taken.per_second(now) };
            self.all.too_many(sent_at, lately, active, now);
            return;
        }
        let known = self.account(account, now);
        let speed = known.sent.per_second(now);
        match &mut known.rate {
            Some(rate) => rate.too_many(sent_at, Lately { sent: speed, taken: speed }, 1, now),
            None => known.rate = Some(AdaptiveRate::slowed(speed, now)),
        }
    }

    /// Whether the 429s speak of a limit on all requests: many of the accounts at work are refused,
    /// and this one no more than its share.
    fn is_about_all(&self, account: &Sid, active: usize) -> bool {
        let distinct: HashSet<&Sid> = self.refused.iter().map(|it| &it.1).collect();
        if distinct.len() < MANY {
            return false;
        }
        let own = self.refused.iter().filter(|it| &it.1 == account).count();
        let share = self.refused.len().div_ceil(active.max(1));
        own <= 2 * share
    }

    fn account(&mut self, account: &Sid, now: Time) -> &mut Account {
        // Not `entry`, which would copy the SID at every request.
        if !self.accounts.contains_key(account) {
            let fresh = Account { sent: Meter::default(), last_sent: now, paused_until: 0, rate: None };
            self.accounts.insert(account.clone(), fresh);
        }
        self.accounts.get_mut(account).unwrap_or_else(|| unreachable!("it was just put there"))
    }

    /// Lets go of accounts that are done, so that memory does not grow with them.
    fn forget_idle(&mut self, now: Time) {
        if self.accounts.len() < self.sweep_at {
            return;
        }
        self.accounts.retain(|_, it| {
            let slow = it.rate.is_some() || it.paused_until > now;
            it.last_sent + if slow { IDLE_SLOWED_MS } else { IDLE_MS } >= now
        });
        if self.accounts.len() >= ACCOUNTS_MAX {
            self.accounts.retain(|_, it| it.rate.is_some() || it.paused_until > now);
        }
        self.sweep_at = SWEEP_MIN.max(self.accounts.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> Sid {
        Sid::parse(&format!("AC{number:032x}")).unwrap()
    }

    #[test]
    fn accounts_that_are_done_are_forgotten_however_many_there_were() {
        let mut controller = Controller::new(f64::INFINITY, 0);
        for number in 0..100_000 {
            // A thousand accounts a second; every hundredth is refused and gets a rate of its own.
            let now = number;
            controller.sent(&account(number), now);
            match number % 100 {
                0 => controller.too_many(&account(number), now, None, now),
                _ => controller.welcome(&account(number), now, now),
            }
        }
        assert!(controller.accounts.len() <= 25_000, "{} are known", controller.accounts.len());
    }

    #[test]
    fn an_account_has_a_lane_after_its_first_429_and_the_others_have_none() {
        let mut controller = Controller::new(f64::INFINITY, 0);
        let parent = account(1);
        for now in (0..1_000).step_by(100) {
            controller.sent(&parent, now);
        }
        controller.too_many(&parent, 900, None, 1_000);
        let Speed::PerSecond(rate) = controller.speed_of(&parent, 1_000) else {
            panic!("it has no rate of its own")
        };
        assert!((7.0..9.0).contains(&rate), "{rate}");
        assert_eq!(controller.speed_of(&account(2), 1_000), Speed::Unlimited);
        assert_eq!(controller.speed(1_000), Speed::Unlimited);
    }
}
