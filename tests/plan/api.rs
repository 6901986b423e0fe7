//! The API in memory: what was made, how each bundle stands, and the requests that are still on their way.

use crate::small::{self, *};
use crate::world::Wrong;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash};
use trusthub_onboard::facts::Time;
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{BundleId, Key, Verb};
use trusthub_onboard::plan::TURN_MAX_MS;

/// A resource or an assignment at the API.
#[derive(Clone, Hash)]
pub struct Thing {
    /// When lists begin to show it.
    pub listed_from: Time,
    /// Which row it says.
    pub row: usize,
}

/// A request that changes something.
#[derive(Clone, Copy, Hash)]
pub struct Request {
    pub key: Key,
    /// An update of what is there, instead of something new.
    pub updates: bool,
    /// The row that it says.
    pub row: usize,
    /// How long lists do not show what it makes.
    pub lag: Time,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq)]
pub enum Fate {
    CarriedOut,
    Late,
    Never,
}

impl Fate {
    pub fn word(self) -> &'static str {
        match self {
            Fate::CarriedOut => "carried out",
            Fate::Late => "carried out late",
            Fate::Never => "not carried out",
        }
    }
}

#[derive(Clone)]
pub struct Api {
    pub things: BTreeMap<Key, Vec<Thing>>,
    pub statuses: Vec<BundleStatus>,
    pub too_early: Vec<bool>,
    pub late: Vec<(Time, Request)>,
    /// Real time. The clock of a process may differ from it.
    pub real: Time,
}

impl Api {
    pub fn new(now: Time) -> Api {
        Api {
            things: BTreeMap::new(),
            statuses: FLOW.bundles().map(|_| BundleStatus::Draft).collect(),
            too_early: FLOW.bundles().map(|_| false).collect(),
            late: vec![],
            real: now,
        }
    }

    pub fn status(&self, bundle: BundleId) -> BundleStatus {
        self.statuses[place(bundle)]
    }

    pub fn go_out(&mut self, request: Request, fate: Fate) -> Result<(), Wrong> {
        match fate {
            Fate::CarriedOut => self.carry_out(request),
            Fate::Late => {
                self.late.push((self.real + TURN_MAX_MS + CALL_TIMEOUT, request));
                Ok(())
            }
            Fate::Never => Ok(()),
        }
    }

    /// The API does what a request says.
    fn carry_out(&mut self, request: Request) -> Result<(), Wrong> {
        let Request { key, updates, row, lag } = request;
        let bundle = key.step.bundle;
        let status = self.statuses[place(bundle)];
        let is_closed = !matches!(status, BundleStatus::Draft | BundleStatus::TwilioRejected);
        match key.step.verb {
            Verb::Evaluate => (),
            Verb::Submit if is_closed => (),
            Verb::Submit => {
                let of_it = bundle.all_steps().filter(|it| it.verb.creates() && it.name != "primary_link");
                for step in of_it {
                    let made = small::key(step);
                    let things = self.things.get(&made).map(Vec::as_slice);
                    let is_as_meant = matches!(things, Some([it]) if it.row == row || !depends_on_row(made));
                    if !is_as_meant {
                        return Err(format!("{bundle:?} was submitted with another {step} than was meant"));
                    }
                }
                let profile = bundle.depends_on().map(|it| self.statuses[place(it)]);
                let too_early = profile.is_some_and(|it| it != BundleStatus::TwilioApproved);
                self.too_early[place(bundle)] = too_early;
                self.statuses[place(bundle)] = match too_early {
                    true => BundleStatus::TwilioRejected,
                    false => BundleStatus::PendingReview,
                };
            }
            _ if updates => {
                let thing = self.things.get_mut(&key).and_then(|it| it.first_mut());
                let thing = thing.ok_or("an update of nothing")?;
                if is_closed && thing.row != row && depends_on_row(key) {
                    return Err(format!("{} changed after the submission", key.step));
                }
                thing.row = row;
            }
            _ => {
                if is_closed {
                    return Err(format!("{} came after the submission", key.step));
                }
                let things = self.things.entry(key).or_default();
                things.push(Thing { listed_from: self.real + lag, row });
                if things.len() > 1 {
                    return Err(format!("{} was made twice", key.step));
                }
            }
        }
        Ok(())
    }

    /// The ways in which a late request can arrive now.
    pub fn arrivals(&self) -> Result<Vec<(String, Api)>, Wrong> {
        let arrives = |at| {
            let mut api = self.clone();
            let (_, request) = api.late.remove(at);
            api.carry_out(request)?;
            Ok((format!("{} arrives", request.key.step), api))
        };
        (0..self.late.len()).map(arrives).collect()
    }

    /// Time passes, and what is late arrives at the latest moment.
    pub fn pass(&mut self, time: Time) -> Result<(), Wrong> {
        let end = self.real + time;
        while let Some(first) = (0..self.late.len()).min_by_key(|at| self.late[*at].0) {
            if self.late[first].0 > end {
                break;
            }
            let (at, request) = self.late.remove(first);
            self.real = at;
            self.carry_out(request)?;
        }
        self.real = end;
        Ok(())
    }

    /// Times count from now.
    pub fn hash_from_now(&self, to: &mut DefaultHasher) {
        for (key, things) in &self.things {
            key.hash(to);
            for thing in things {
                (thing.listed_from.saturating_sub(self.real), thing.row).hash(to);
            }
        }
        let words = self.statuses.iter().map(|it| it.word());
        words.for_each(|it| it.hash(to));
        self.too_early.hash(to);
        let late = self.late.iter().map(|it| (it.0 - self.real, it.1));
        late.for_each(|it| it.hash(to));
    }
}

pub fn place(bundle: BundleId) -> usize {
    FLOW.bundles().position(|it| it == bundle).expect("a bundle of the flow")
}

/// The two rows differ in the information alone.
pub fn depends_on_row(key: Key) -> bool {
    *key.step == INFORMATION
}
