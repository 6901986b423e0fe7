//! How the report of a row is made from its entry in the sheet, its plan and the ledger.

use super::cause::{self, Cause, Known};
use super::columns::Columns;
use super::numbers::{self, NumberReport};
use super::{BundleReport, ResourceReport, RowReport};
use crate::check::{Entry, Invalid};
use crate::engine::{CustomerEnd, Ended};
use crate::facts::{Facts, Outcome, Policy, Submission, Time};
use crate::flow::{BundleId, BundleStatus, Flow, StepId, Verb};
use crate::ledger::{CustomerRun, Ledger};
use crate::model::{Customer, Fault, Sid, SidKind, shown};
use crate::plan::Plan;
use crate::report::console::console_url;
use crate::report::history::DAY_MS;
use crate::report::next::{Who, next_action, who};
use crate::sheet::Layout;
use std::borrow::Cow;

/// What the reports of all rows are made from.
pub struct Reporter<'a> {
    pub flow: &'static Flow,
    /// `None` where nothing has been begun.
    pub ledger: Option<&'a Ledger>,
    /// For customers with whom the ledger has kept none, as earlier versions did not.
    pub policy: &'a Policy,
    /// The run that has just ended, if one has.
    pub ended: Option<&'a Ended>,
    /// Where the columns stand in the sheet, so that cells can be named.
    pub layout: Option<&'a Layout>,
    columns: Columns,
    /// When the reports are made.
    pub now: Option<Time>,
}

impl<'a> Reporter<'a> {
    pub fn new(
        flow: &'static Flow,
        ledger: Option<&'a Ledger>,
        policy: &'a Policy,
        ended: Option<&'a Ended>,
    ) -> Reporter<'a> {
        Reporter { flow, ledger, policy, ended, layout: None, columns: Columns::of(flow), now: None }
    }

    /// The same at this time: with it a report says for how long a row has been waiting.
    pub fn at(self, now: Time) -> Reporter<'a> {
        Reporter { now: Some(now), ..self }
    }

    /// The same, for the rows of a sheet with this layout.
    pub fn of_sheet(self, layout: &'a Layout) -> Reporter<'a> {
        Reporter { layout: Some(layout), ..self }
    }

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
        let times = ledger.submitted_at(&customer.subaccount)?;
        let end = self.ended.and_then(|ended| ended.customers.get(&customer.subaccount));
        let recorded = run.as_ref().and_then(|run| run.policy.as_ref());
        let policy = recorded.unwrap_or(self.policy);
        let plan =
            Plan::of(self.flow, customer, policy, customer.primary_profile.as_ref(), ledger.key(), &facts);
        let outcome = match &run {
            // Begun, and cut off before anything was recorded.
            Some(_) if facts.is_empty() && !facts.is_taken_away() => Outcome::Unfinished,
            _ => plan.standing(&facts),
        };
        let numbers = numbers::of_customer(&plan, &facts, end);
        let known =
            Known { plan: &plan, facts: &facts, heard: end, columns: &self.columns, layout: self.layout };
        let cause = Cause::of(&known, outcome);
        let remarks = cause::remarks(&known, outcome, &numbers);
        let mut outcomes: Vec<(BundleId, Outcome)> = match facts.is_empty() {
            true => plan.bundles().iter().map(|it| (*it, outcome)).collect(),
            false => plan.standings(&facts),
        };
        outcomes.extend(wanted_no_more(self.flow, customer, &facts));
        let report = self.of_the_ledger(&facts, run.as_ref(), outcome, &outcomes, &times, numbers);
        let of_remarks =
            remarks.iter().map(|it| it.hint).find(|it| outcome == Outcome::Approved && !it.is_empty());
        Ok(RowReport {
            row: customer.row,
            subaccount_sid: customer.subaccount.to_string(),
            business_name: customer.business.name.clone(),
            next_action: of_remarks.map_or_else(|| next_action(outcome, cause.as_ref()), str::to_owned),
            cause,
            remarks,
            flags_are_recorded: run.is_none() || recorded.is_some(),
            no_submit: policy.submission == Submission::Never,
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
        let times = match (self.ledger, &subaccount) {
            (Some(ledger), Some(subaccount)) => ledger.submitted_at(subaccount)?,
            _ => vec![],
        };
        let numbers = numbers::on_record(self.flow, &facts);
        let outcomes: Vec<_> = self.flow.bundles().map(|it| (it, Outcome::Invalid)).collect();
        let report = self.of_the_ledger(&facts, run.as_ref(), Outcome::Invalid, &outcomes, &times, numbers);
        let cause = Some(Cause::of_invalid(invalid));
        Ok(RowReport {
            row: invalid.row,
            subaccount_sid: invalid.subaccount.clone(),
            business_name: invalid.business_name.clone(),
            next_action: next_action(Outcome::Invalid, cause.as_ref()),
            cause,
            ..report
        })
    }

    fn untouched(&self, customer: &Customer) -> RowReport {
        let outcome = Outcome::NotAttempted;
        let outcomes: Vec<_> = self.flow.bundles_of(customer).into_iter().map(|it| (it, outcome)).collect();
        let report = self.of_the_ledger(&Facts::default(), None, outcome, &outcomes, &[], vec![]);
        RowReport {
            row: customer.row,
            subaccount_sid: customer.subaccount.to_string(),
            business_name: customer.business.name.clone(),
            next_action: next_action(outcome, None),
            ..report
        }
    }

    /// The part that the ledger alone tells.
    fn of_the_ledger(
        &self,
        facts: &Facts,
        run: Option<&CustomerRun>,
        outcome: Outcome,
        outcomes: &[(BundleId, Outcome)],
        times: &[(StepId, Time)],
        phone_numbers: Vec<NumberReport>,
    ) -> RowReport {
        let bundles = outcomes.iter().map(|(bundle, outcome)| BundleReport {
            name: bundle.name,
            outcome: *outcome,
            sid: facts.sid(bundle.made_by()).map(Sid::to_string),
            status: facts.status(bundle),
            submitted_at: times.iter().find(|it| it.0 == bundle.submitted_by()).map(|it| it.1),
        });
        let bundles: Vec<BundleReport> = bundles.collect();
        let submitted_at = bundles.iter().filter_map(|it| it.submitted_at).max();
        let resource = |step: StepId| {
            // In the place of an address that is created, a row may name one.
            let sid = facts.sid(step).or_else(|| facts.sid(self.flow.instead_of(step)?))?;
            Some(ResourceReport { step: step.name, sid: sid.to_string() })
        };
        let waiting_since = submitted_at.filter(|_| who(outcome) == Who::Twilio);
        let console_url = facts.sid(self.flow.profile.made_by()).map(console_url);
        RowReport {
            row: 0,
            subaccount_sid: String::new(),
            business_name: String::new(),
            outcome,
            who: who(outcome),
            next_action: String::new(),
            bundles,
            resources: resources(self.flow).filter_map(resource).collect(),
            phone_numbers_assigned: numbers::assigned(self.flow, &phone_numbers),
            phone_numbers_refused: phone_numbers.iter().filter(|it| it.is_refused()).count(),
            phone_numbers,
            cause: None,
            remarks: vec![],
            attempts: run.map_or(0, |run| self.calls(run)),
            started_at: run.map(|run| run.started_at),
            finished_at: run.and_then(|run| run.finished_at),
            submitted_at,
            waiting_since,
            days_waiting: waiting_since.zip(self.now).map(|(since, now)| now.saturating_sub(since) / DAY_MS),
            console_url,
            flags_are_recorded: run.is_none_or(|run| run.policy.is_some()),
            no_submit: self.policy.submission == Submission::Never,
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

/// The products that were made earlier and that the row asks for no more: they are left as they are.
fn wanted_no_more(flow: &'static Flow, customer: &Customer, facts: &Facts) -> Vec<(BundleId, Outcome)> {
    let stands = |bundle: BundleId| {
        let outcome = match facts.status(bundle)? {
            BundleStatus::Draft => Outcome::Drafted,
            BundleStatus::PendingReview | BundleStatus::InReview => Outcome::Submitted,
            BundleStatus::TwilioRejected => Outcome::Rejected,
            BundleStatus::TwilioApproved => Outcome::Approved,
        };
        Some((bundle, outcome))
    };
    flow.bundles().filter(|bundle| !bundle.is_wanted_by(customer)).filter_map(stands).collect()
}

/// Names what is unseen in texts that others wrote.
fn clean(report: &mut RowReport) {
    let mut texts: Vec<&mut String> =
        vec![&mut report.subaccount_sid, &mut report.business_name, &mut report.next_action];
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
