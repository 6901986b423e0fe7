//! How the report of a row is made from its entry in the sheet, its plan and the ledger.

use super::cause::{self, Cause};
use super::numbers::{self, NumberReport};
use super::{BundleReport, ResourceReport, RowReport};
use crate::check::{Entry, Invalid};
use crate::engine::{CustomerEnd, Ended};
use crate::flow::{Flow, StepId, Verb};
use crate::ledger::{CustomerRun, Ledger};
use crate::model::{Customer, Fault, Sid, SidKind, shown};
use crate::plan::{Content, Facts, Outcome, Plan, Policy, RefusedNumbers, StepState};
use std::borrow::Cow;

/// What the reports of all rows are made from.
pub struct Reporter<'a> {
    pub flow: &'static Flow,
    /// `None` where nothing has been begun.
    pub ledger: Option<&'a Ledger>,
    pub policy: &'a Policy,
    /// The run that has just ended, if one has.
    pub ended: Option<&'a Ended>,
}

impl Reporter<'_> {
    /// What is known of one row.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn row(&self, entry: &Entry) -> Result<RowReport, Fault> {
        let mut report = match entry {
            Entry::Valid(customer) => self.customer(customer)?,
            Entry::Invalid(invalid) => self.invalid(invalid)?,
        };
        clean(&mut report);
        Ok(report)
    }

    fn customer(&self, customer: &Customer) -> Result<RowReport, Fault> {
        let Some(ledger) = self.ledger else { return Ok(self.untouched(customer)) };
        let (facts, run) = ledger.customer(&customer.subaccount)?;
        let end = self.ended.and_then(|ended| ended.customers.get(&customer.subaccount));
        let policy = match end {
            Some(_) => self.policy.clone(),
            None => policy_of_the_past(self.flow, self.policy, &facts),
        };
        let plan =
            Plan::of(self.flow, customer, &policy, customer.primary_profile.as_ref(), ledger.key(), &facts);
        let outcome = match (end, &run) {
            (Some(end), _) => end.outcome,
            // Begun, and cut off before anything was recorded.
            (None, Some(_)) if facts.is_empty() => Outcome::Unfinished,
            (None, _) => plan.standing(&facts),
        };
        let numbers = numbers::of_customer(&plan, &facts, end);
        let report = self.of_the_ledger(&facts, run.as_ref(), outcome, numbers);
        Ok(RowReport {
            row: customer.row,
            subaccount_sid: customer.subaccount.to_string(),
            business_name: customer.business.name.clone(),
            cause: Cause::of(&plan, &facts, outcome, end),
            remarks: cause::remarks(&plan, &facts, outcome, end),
            ..report
        })
    }

    /// The row is not sent, and says why. What was created for its subaccount, when the row was valid,
    /// is said all the same: nobody else knows it.
    fn invalid(&self, invalid: &Invalid) -> Result<RowReport, Fault> {
        let subaccount = Sid::parse_as(SidKind::Account, &invalid.subaccount);
        let (facts, run) = match (self.ledger, &subaccount) {
            (Some(ledger), Some(subaccount)) => ledger.customer(subaccount)?,
            _ => (Facts::default(), None),
        };
        let numbers = numbers::on_record(self.flow, &facts);
        let report = self.of_the_ledger(&facts, run.as_ref(), Outcome::Invalid, numbers);
        Ok(RowReport {
            row: invalid.row,
            subaccount_sid: invalid.subaccount.clone(),
            business_name: invalid.business_name.clone(),
            cause: Some(Cause::of_invalid(invalid)),
            ..report
        })
    }

    fn untouched(&self, customer: &Customer) -> RowReport {
        let report = self.of_the_ledger(&Facts::default(), None, Outcome::NotAttempted, vec![]);
        RowReport {
            row: customer.row,
            subaccount_sid: customer.subaccount.to_string(),
            business_name: customer.business.name.clone(),
            ..report
        }
    }

    /// The part that the ledger alone tells.
    fn of_the_ledger(
        &self,
        facts: &Facts,
        run: Option<&CustomerRun>,
        outcome: Outcome,
        phone_numbers: Vec<NumberReport>,
    ) -> RowReport {
        let bundles = self.flow.bundles().map(|bundle| BundleReport {
            name: bundle.name,
            sid: facts.sid(bundle.made_by()).map(Sid::to_string),
            status: facts.status(bundle),
        });
        let resource = |step: StepId| {
            // In the place of an address that is created, a row may name one.
            let sid = facts.sid(step).or_else(|| facts.sid(self.flow.instead_of(step)?))?;
            Some(ResourceReport { step: step.name, sid: sid.to_string() })
        };
        RowReport {
            row: 0,
            subaccount_sid: String::new(),
            business_name: String::new(),
            outcome,
            bundles: bundles.collect(),
            resources: resources(self.flow).filter_map(resource).collect(),
            phone_numbers_assigned: numbers::assigned(self.flow, &phone_numbers),
            phone_numbers_refused: phone_numbers.iter().filter(|it| it.is_refused()).count(),
            phone_numbers,
            cause: None,
            remarks: vec![],
            attempts: run.map_or(0, |run| self.calls(run)),
            started_at: run.map(|run| run.started_at),
            finished_at: run.and_then(|run| run.finished_at),
        }
    }

    /// Calls of an earlier run are not this run's.
    fn calls(&self, run: &CustomerRun) -> u32 {
        match self.ended {
            Some(ended) if run.started_at < ended.started_at => 0,
            _ => run.calls,
        }
    }
}

/// The steps that create something in a bundle, then those that assign it.
pub fn resources(flow: &Flow) -> impl Iterator<Item = StepId> {
    let contents = || flow.bundles().flat_map(|bundle| bundle.steps.contents.iter().copied());
    let created = contents().filter(|step| matches!(step.verb, Verb::Create(_)));
    created.chain(contents().filter(|step| matches!(step.verb, Verb::Assign(_))))
}

/// The flags of the run that has been, as far as the ledger tells them. A bundle that was submitted although
/// a number of it was refused was submitted with `--refused-numbers skip`; who asks how it stands need not
/// say so again.
fn policy_of_the_past(flow: &Flow, policy: &Policy, facts: &Facts) -> Policy {
    let left_out = |bundle: crate::flow::BundleId| {
        let by_us = facts.submitted(bundle).is_some_and(Content::is_known);
        let refused = |state: &StepState| matches!(state, StepState::Refused { .. });
        by_us && !facts.is_open(bundle) && facts.shares(bundle.numbered_by()).any(|it| refused(it.1))
    };
    match flow.bundles().any(left_out) {
        true => Policy { refused_numbers: RefusedNumbers::Skip, ..policy.clone() },
        false => policy.clone(),
    }
}

/// Names what is unseen in texts that others wrote.
fn clean(report: &mut RowReport) {
    let mut texts: Vec<&mut String> = vec![&mut report.subaccount_sid, &mut report.business_name];
    if let Some(cause) = &mut report.cause {
        texts.extend([&mut cause.message, &mut cause.hint]);
        texts.extend(cause.request_id.as_mut());
        texts.extend(cause.columns.iter_mut().map(|it| &mut it.value));
    }
    texts.extend(report.remarks.iter_mut().map(|it| &mut it.message));
    for number in &mut report.phone_numbers {
        texts.extend(number.phone_number.as_mut());
        texts.extend(number.message.as_mut());
    }
    for text in texts {
        if let Cow::Owned(cleaned) = shown(text) {
            *text = cleaned;
        }
    }
}

/// What this run has heard of one customer.
pub type Heard<'a> = Option<&'a CustomerEnd>;
