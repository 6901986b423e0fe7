//! The sum over the rows of a sheet, and how it is worked out where every customer is new.

use super::{RowPlan, is_open_ended};
use crate::facts::{DigestKey, Facts, Policy};
use crate::flow::{Flow, Part, Verb};
use crate::model::{Customer, Fault, PhoneNumber, PhoneNumbers, Sid, counted};
use crate::plan::Plan;
use crate::preview::{Preview, Write, WriteKind};
use crate::twilio::Rate;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a run does over all rows that it takes on.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub customers: u64,
    calls: u64,
    /// The further calls once the reviews have ended with an approval, looks at reviews apart.
    pub calls_after_approval: u64,
    pub at_least: bool,
    /// What it does to approved bundles.
    pub on_approved: OnApproved,
    /// The primary profiles that are read, each once: `None` is the one that most rows share.
    primaries: HashSet<Option<Sid>>,
}

/// How many numbers are put on approved bundles and taken off them, and of how many customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnApproved {
    pub added: u64,
    pub taken_off: u64,
    pub customers: u64,
}

impl OnApproved {
    /// What these requests do for one customer. A number counts once, on however many bundles it is.
    pub fn of(writes: &[Write]) -> OnApproved {
        let numbers = |kind: WriteKind| {
            let is_number = |it: &&Write| matches!(it.key.step.verb, Verb::AssignNumbers);
            let of_it = writes.iter().filter(|it| it.on_approved && it.kind == kind).filter(is_number);
            // A second assignment of a number has no number here.
            let which = |it: &Write| match it.key.part {
                Part::Whole => it.path.clone(),
                part => part.to_text(),
            };
            of_it.map(which).collect::<HashSet<String>>().len() as u64
        };
        let (added, taken_off) = (numbers(WriteKind::Assign), numbers(WriteKind::TakeOff));
        OnApproved { added, taken_off, customers: u64::from(added + taken_off > 0) }
    }

    fn add(&mut self, other: &OnApproved, customers: u64) {
        self.added += other.added * customers;
        self.taken_off += other.taken_off * customers;
        self.customers += other.customers * customers;
    }

    pub fn is_nothing(&self) -> bool {
        self.added + self.taken_off == 0
    }

    /// Such as `2 phone numbers added to and 1 taken off approved bundles of 1 customer`.
    pub fn in_words(&self) -> String {
        let added = format!("{} added to", counted(self.added, "phone number"));
        let doing = match (self.added, self.taken_off) {
            (_, 0) => added,
            (0, off) => format!("{} taken off", counted(off, "phone number")),
            (_, off) => format!("{added} and {off} taken off"),
        };
        format!("{doing} approved bundles of {}", counted(self.customers, "customer"))
    }
}

impl Sums {
    /// Adds a row that is taken on.
    pub fn add(&mut self, plan: &RowPlan, primary: Option<&Sid>) {
        self.add_all(plan, 1);
        self.primaries.insert(primary.cloned());
    }

    fn add_all(&mut self, plan: &RowPlan, customers: u64) {
        self.customers += customers;
        self.calls += plan.calls * customers;
        self.calls_after_approval += plan.calls_after_approval * customers;
        self.at_least |= plan.at_least;
        self.on_approved.add(&plan.on_approved, customers);
    }

    /// Whether any row names a primary profile of its own.
    pub fn has_own_primaries(&self) -> bool {
        self.primaries.iter().any(Option::is_some)
    }

    /// All requests of the run.
    pub fn calls(&self) -> u64 {
        self.calls + self.primaries.len() as u64
    }

    /// Such as `at least 1,200 calls`.
    pub fn in_words(&self) -> String {
        let least = if self.at_least { "at least " } else { "" };
        format!("{least}{}", counted(self.calls(), "call"))
    }

    /// The least number of seconds that the calls take; `None` without a limit.
    pub fn seconds(&self, rate: Rate) -> Option<u64> {
        match rate {
            Rate::PerSecond(rate) => Some((self.calls() as f64 / rate) as u64),
            Rate::Unlimited => None,
        }
    }

    /// The calls, the least time, and what follows the reviews, in one sentence.
    pub fn sentence(&self, rate: Rate) -> String {
        let mut text = self.in_words();
        if let (Some(seconds), Rate::PerSecond(rate)) = (self.seconds(rate), rate) {
            text = format!(
                "{text}: at {rate} calls/s that takes at least {}, reviews apart",
                spell_duration(seconds)
            );
        }
        if self.calls_after_approval > 0 {
            text = format!(
                "{text}; once the reviews have ended well, at least {} more",
                counted(self.calls_after_approval, "call")
            );
        }
        text
    }
}

/// What decides how much a new customer takes, apart from what is in its cells.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shape {
    /// Which of the flow's steps and bundles the row asks for or names, a bit each.
    asks_for: u128,
    numbers: Option<(usize, usize)>,
    primary: Option<Sid>,
}

/// What is done for customers who are new: of those who are alike, only the first is run forward.
pub struct Shapes {
    flow: &'static Flow,
    policy: Policy,
    key: DigestKey,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    numbers: HashMap<Shape, u32>,
    /// Of each number the first row, without its writes.
    rows: Vec<(RowPlan, Option<Sid>)>,
    /// What cannot be told of a customer, a mistake in the program.
    fault: Option<Fault>,
}

impl Known {
    fn must_be_told(&self) -> Result<(), Fault> {
        self.fault.clone().map_or(Ok(()), Err)
    }
}

impl Shapes {
    pub fn new(flow: &'static Flow, policy: Policy) -> Shapes {
        // Nothing is kept of the digests, so that any key does.
        Shapes { flow, policy, key: DigestKey::new([0; 32]), known: Mutex::default() }
    }

    /// A number that all customers share for whom a first run does the same.
    pub fn of(&self, customer: &Customer) -> u32 {
        let shape = self.shape(customer);
        let mut known = self.known();
        if let Some(number) = known.numbers.get(&shape) {
            return *number;
        }
        let facts = Facts::default();
        let primary = customer.primary_profile.as_ref();
        let plan = Plan::of(self.flow, customer, &self.policy, primary, &self.key, &facts);
        let at_least = is_open_ended(&plan);
        let preview = Preview::offline(plan, facts.clone(), 0);
        known.fault = known.fault.take().or_else(|| preview.fault(&customer.subaccount));
        let row = RowPlan::of(customer, &preview, &facts, at_least, |_| None);
        let number = known.rows.len() as u32;
        known.rows.push((RowPlan { writes: vec![], ..row }, primary.cloned()));
        known.numbers.insert(shape, number);
        number
    }

    /// What is done for a new customer, but for the single writes.
    ///
    /// # Errors
    /// The program is mistaken about some row.
    pub fn row(&self, customer: &Customer) -> Result<RowPlan, Fault> {
        let number = self.of(customer) as usize;
        let known = self.known();
        known.must_be_told()?;
        let like = known.rows.get(number).map(|it| it.0.clone());
        let like = like.unwrap_or_else(|| RowPlan::left(customer, super::Action::Nothing));
        Ok(RowPlan { row: customer.row, subaccount_sid: customer.subaccount.to_string(), ..like })
    }

    /// The sum over so many customers of each shape.
    ///
    /// # Errors
    /// The program is mistaken about some row.
    pub fn sums(&self, counts: &BTreeMap<u32, u64>) -> Result<Sums, Fault> {
        let known = self.known();
        known.must_be_told()?;
        let mut sums = Sums::default();
        for (number, customers) in counts {
            if let Some((row, primary)) = known.rows.get(*number as usize) {
                sums.add_all(row, *customers);
                sums.primaries.insert(primary.clone());
            }
        }
        Ok(sums)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shape(&self, customer: &Customer) -> Shape {
        let wanted = self.flow.steps().map(|step| (step.wanted_by)(customer));
        let named = self.flow.bundles().map(|bundle| bundle.named_by(customer).is_some());
        let asked = self.flow.bundles().map(|bundle| bundle.is_wanted_by(customer));
        let asks_for = wanted.chain(named).chain(asked).fold(0, |bits, bit| bits << 1 | u128::from(bit));
        let numbers = match &customer.phone_numbers {
            PhoneNumbers::All => None,
            PhoneNumbers::Listed(numbers) => {
                let by_sid = numbers.iter().filter(|it| matches!(it, PhoneNumber::Sid(_))).count();
                Some((by_sid, numbers.len() - by_sid))
            }
        };
        Shape { asks_for, numbers, primary: customer.primary_profile.clone() }
    }
}

/// A duration in the two units that matter, such as `3 h 20 min`.
pub fn spell_duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
