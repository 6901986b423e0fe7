//! One customer: ask the plan, write *started* down, send, write the answer down, ask again.

use super::waiting::Kept;
use super::{CustomerEnd, Only, Run, Slot, failed_key};
use crate::events::Event;
use crate::facts::{Ending, Facts, Numbers, Outcome, Policy, Reason, StepState, Time};
use crate::flow::{BundleId, Flow, Item, Key, Part, Verb};
use crate::ledger::{CustomerRun, Record};
use crate::model::{Customer, Fault, Sid};
use crate::plan::{Next, Plan};
use crate::preview::Preview;
use crate::twilio::{Lost, Token};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// What a customer's work knows besides its plan.
pub(super) struct Row<'a> {
    pub(super) run: &'a Run,
    pub(super) customer: &'a Customer,
    /// `None` where nothing is linked to it in this run.
    pub(super) primary: Option<&'a Sid>,
    pub(super) plan: Plan<'a>,
    pub(super) facts: Facts,
    pub(super) slot: Slot,
    /// Records that are not durable yet. They are before anything else is sent.
    pub(super) unsaved: Vec<Record>,
    pub(super) token: Option<Token>,
    pub(super) token_read_again: bool,
    pub(super) lost: Lost,
    pub(super) calls: u32,
    /// What this customer has got lately, and until when it may only be too new if it is not found.
    pub(super) fresh: Vec<(Sid, Time)>,
    /// A submission that was answered with yes: what is read after it is its effect.
    pub(super) answered: Option<Key>,
    pub(super) messages: Vec<(Key, String)>,
    pub(super) remarks: Vec<String>,
    /// The bundles whose review was read in this run.
    pub(super) looked_at: Vec<BundleId>,
    /// Whether the last request got no answer of the API.
    pub(super) is_unanswered: bool,
    /// Whether several reviews were to be read by one list already: what that has not shown is read by itself.
    pub(super) reviews_listed: bool,
    /// The bundles that turned out to be submitted although no record said so.
    pub(super) found_submitted: Vec<BundleId>,
    /// The numbers that the account's list has shown to this run.
    pub(super) owned: Option<HashSet<Sid>>,
    /// The steps whose content an answer of this run has shown, whatever it was.
    pub(super) seen: HashSet<Key>,
    /// What held the customer back in an earlier run, until this run has looked for itself.
    pub(super) held_back: Vec<Key>,
    /// A step has come to a state that it cannot come to. That is written nowhere, and stops the run.
    pub(super) illegal: Option<Fault>,
    /// What would be written, where nothing is: a run that only foretells.
    pub(super) preview: Option<Preview>,
}

/// Why a customer's work pauses or ends.
pub(super) enum Stop {
    /// The answer to this step is not known.
    Lost(Key),
    Over(Ending),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl Row<'_> {
    /// Takes one customer as far as it goes now. `None`: the run was stopped before this one was begun.
    pub async fn take(
        run: Arc<Run>,
        customer: Customer,
        (recorded, earlier): (Facts, Option<CustomerRun>),
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<(Sid, CustomerEnd)>, Fault> {
        if run.drain.is_cancelled() {
            return Ok(None);
        }
        let started_at = run.clock.now();
        let flow = run.settings.flow;
        let in_doubt = recorded.in_doubt().is_some();
        let held_back = held_back(&recorded);
        let was_refused = refusals(&recorded);
        let objected = objections(&recorded);
        let facts = recorded.for_a_new_run(started_at);
        let (facts, token, remarks, messages) = match run.waiting.take(&customer.subaccount) {
            Some(kept) => {
                let mut facts =
                    facts.with_the_account_read(flow, kept.discovered, kept.rejected_ours, &kept.proven);
                kept.over.into_iter().for_each(|(product, ending)| facts.stop(product, ending));
                facts.remember(kept.looks, kept.refused_numbers);
                (facts, Some(kept.token), kept.remarks, kept.messages)
            }
            None => (facts, None, vec![], vec![]),
        };
        let primary = match run.settings.selection.only {
            Only::ToLookAt => None,
            Only::Everyone | Only::Failed | Only::Numbers => match run.primary_of(&customer).await? {
                None => return Ok(None),
                Some(Ok(primary)) => Some(primary),
                Some(Err(reason)) => {
                    return Row::refuse_at_once(&run, &customer, &facts, reason).await.map(Some);
                }
            },
        };
        run.observer.on(&Event::CustomerBegins { row: customer.row, subaccount: &customer.subaccount });
        let policy = &run.settings.policy;
        let recorded_policy = match run.settings.selection.only {
            // Who only looks decides nothing.
            Only::ToLookAt => earlier.as_ref().and_then(|it| it.policy.clone()),
            Only::Numbers => {
                let usual = || Policy { numbers: Numbers::default(), ..policy.clone() };
                earlier.as_ref().map_or_else(|| Some(usual()), |it| it.policy.clone())
            }
            Only::Everyone | Only::Failed => Some(policy.clone()),
        };
        let (began, calls) = match earlier {
            // A later round of this run goes on with the same line.
            Some(earlier) if earlier.started_at >= run.started_at => (earlier.started_at, earlier.calls),
            _ => (started_at, 0),
        };
        // Durable before the first request, so that a customer who is cut off counts as begun.
        let mut of_the_run =
            CustomerRun { calls, started_at: began, finished_at: None, policy: recorded_policy.clone() };
        // What an earlier run got may be too new as well: how long ago that was no clock can say for sure.
        let fresh_until = started_at + policy.visibility_window_ms;
        let made = facts.states().map(|(key, _)| key).filter(|key| key.step.verb.creates());
        let fresh = made.filter_map(|key| Some((facts.sid(key)?.clone(), fresh_until))).collect();
        let mut row = Row {
            run: &run,
            customer: &customer,
            primary: primary.as_ref(),
            plan: Plan::of(flow, &customer, policy, primary.as_ref(), run.ledger.key(), &facts),
            facts,
            slot: Slot::new(run.slots.clone(), slot),
            unsaved: vec![Record::Customer(of_the_run.clone())],
            token,
            token_read_again: false,
            lost: Lost::default(),
            calls: 0,
            fresh,
            answered: None,
            messages,
            remarks,
            looked_at: vec![],
            is_unanswered: false,
            reviews_listed: false,
            found_submitted: vec![],
            owned: None,
            seen: HashSet::new(),
            held_back,
            illegal: None,
            preview: run.settings.previews.as_ref().map(|_| Preview::default()),
        };
        let ending = match row.go().await {
            Ok(ending) => ending,
            Err(fault) => {
                // Before anything is waited for: nobody else is to begin anything.
                run.drain.cancel();
                // The ledger may be the reason; what can be written is.
                let _ = row.save().await;
                return Err(fault);
            }
        };
        of_the_run.calls += row.calls;
        of_the_run.finished_at = Some(run.clock.now());
        row.unsaved.push(Record::Customer(of_the_run));
        if let Ending::Unfinished(_) = ending {
            row.forget_refusals(&was_refused);
        }
        row.forget(&objected);
        row.save().await?;
        let outcome = match (run.settings.selection.only, &ending) {
            // A look at the reviews clears up nothing.
            (Only::ToLookAt, _) if in_doubt => Outcome::Unsure,
            // What the run before was refused for is recorded, and is not in question here.
            (Only::ToLookAt, Ending::Done) => {
                row.plan.standing(&run.ledger.customer(&customer.subaccount)?.0)
            }
            // What else is to be done for it, the plan of the whole row says.
            (Only::Numbers, Ending::Done | Ending::Waiting(_)) => {
                let recorded = run.ledger.customer(&customer.subaccount)?.0;
                let of_then = recorded_policy.unwrap_or_else(|| policy.clone());
                row.plan.under(&of_then, &recorded).standing(&recorded)
            }
            (_, Ending::Unfinished(_)) => row.unfinished()?,
            _ => row.plan.outcome(&ending, &row.facts),
        };
        if let (Some(mut preview), Some(tell)) = (row.preview.take(), &run.settings.previews) {
            preview.calls += u64::from(row.calls);
            let facts = row.facts.clone();
            preview.end(ending.clone(), row.plan.anew(row.primary, &facts), facts, run.clock.now());
            tell(&customer, preview);
        }
        let (failed, code) = failed_key(&ending);
        let (messages, remarks) = (std::mem::take(&mut row.messages), std::mem::take(&mut row.remarks));
        let ends = row.plan.ends(&row.facts, run.clock.now()).unwrap_or_default();
        let in_review = super::is_waiting(outcome) || ends.waits();
        let is_unanswered = row.is_unanswered && matches!(ending, Ending::Unfinished(_));
        let end = CustomerEnd { outcome, in_review, is_unanswered, failed, code, messages, remarks };
        if in_review
            && run.settings.wait_ms > 0
            && let Some(kept) = Kept::of(row.token.take(), &row.plan, &row.facts, ends.over(), &end)
        {
            run.waiting.keep(customer.subaccount.clone(), kept);
        }
        drop(row);
        run.observer.on(&Event::CustomerEnds {
            row: customer.row,
            subaccount: &customer.subaccount,
            outcome,
            failed_step: failed.map(|key| key.step),
        });
        Ok(Some((customer.subaccount, end)))
    }

    /// A customer who cannot even begin.
    async fn refuse_at_once(
        run: &Run,
        customer: &Customer,
        facts: &Facts,
        reason: Reason,
    ) -> Result<(Sid, CustomerEnd), Fault> {
        run.observer.on(&Event::CustomerBegins { row: customer.row, subaccount: &customer.subaccount });
        let key = Key::from(run.settings.flow.primary_link);
        let code = Some(reason.code);
        if let Some(tell) = &run.settings.previews {
            tell(customer, Preview::ended(Ending::Refused(vec![(key, reason.clone())])));
        }
        let now = run.clock.now();
        let policy = Some(run.settings.policy.clone());
        let ended = CustomerRun { calls: 0, started_at: now, finished_at: Some(now), policy };
        let mut records = vec![Record::Customer(ended)];
        // A request that went out earlier is still to be looked for: reports find the refusal where every run
        // looks anew.
        let (at, kept) = match facts.is_started(key) {
            true => (run.settings.flow.discovery.into(), None),
            false => (key, facts.sid(key).cloned()),
        };
        let state = StepState::Refused { reason, kept }.after(facts.state(at), at.step.verb);
        let state = state.map_err(|why| why.fault(&customer.subaccount, at))?;
        records.push(Record::Step { key: at, state, at: now });
        run.ledger.append(&customer.subaccount, records).await?;
        let outcome = Outcome::Refused;
        run.observer.on(&Event::CustomerEnds {
            row: customer.row,
            subaccount: &customer.subaccount,
            outcome,
            failed_step: Some(key.step),
        });
        let (messages, remarks) = (vec![], vec![]);
        let (in_review, is_unanswered) = (false, false);
        let end =
            CustomerEnd { outcome, in_review, is_unanswered, failed: Some(key), code, messages, remarks };
        Ok((customer.subaccount.clone(), end))
    }

    /// The one loop: first run, resume and rerun.
    async fn go(&mut self) -> Result<Ending, Fault> {
        let mut at = Key::from(self.flow().account);
        loop {
            if self.run.drain.is_cancelled() {
                return Ok(Ending::Unfinished(at));
            }
            let now = self.now();
            let next = match self.run.settings.selection.only {
                Only::ToLookAt => self.next_to_look_at(),
                Only::Everyone | Only::Failed | Only::Numbers => self.plan.next(&self.facts, now),
            };
            if let Some(key) = next.key() {
                at = key;
            }
            if let Some(preview) = &mut self.preview {
                match &next {
                    Next::Wait(until) => {
                        preview.ahead_ms += until.saturating_sub(now);
                        continue;
                    }
                    next if next.writes() => {
                        preview.write(&self.plan, &mut self.facts, next, now);
                        match preview.fault(&self.customer.subaccount) {
                            Some(fault) => return Err(fault),
                            None => continue,
                        }
                    }
                    _ => (),
                }
            }
            let turn = match next {
                Next::Read(key) => self.read(key).await,
                Next::Send(key) => self.send(key).await,
                Next::Adopt(key) => self.adopt(key).await,
                Next::Update(key) => self.update(key).await,
                Next::Remove(key) => self.remove(key).await,
                Next::ReadBack(bundle) => self.read_back(bundle).await,
                Next::TakeOff(surplus) => self.take_off(surplus).await,
                Next::Wait(until) => {
                    let subaccount = &self.customer.subaccount;
                    self.run.observer.on(&Event::CustomerWaits { subaccount, until });
                    self.park(until.saturating_sub(now)).await
                }
                Next::Over(ending) => {
                    self.keep_objection(&ending);
                    return Ok(ending);
                }
            };
            match turn {
                Ok(()) => (),
                Err(Stop::Lost(key)) => {
                    // What keeps everyone away uses up nobody's tries.
                    let wait_ms = match self.run.client.is_away() {
                        true => Some(self.lost.wait_ms()),
                        false => self.lost.another(),
                    };
                    match wait_ms {
                        Some(wait_ms) => self.pause(wait_ms).await,
                        None => return Ok(Ending::Unfinished(key)),
                    }
                }
                Err(Stop::Over(ending)) => {
                    if let Some(ending) = self.plan.stop(ending, &mut self.facts) {
                        return Ok(ending);
                    }
                }
                Err(Stop::Fault(fault)) => return Err(fault),
            }
        }
    }

    /// The policy of a run that only looks: the account, then each bundle once.
    fn next_to_look_at(&self) -> Next {
        let account = self.flow().account;
        match self.facts.state(account) {
            None => return Next::Read(account.into()),
            Some(StepState::Refused { reason, .. }) => {
                return Next::Over(Ending::Refused(vec![(account.into(), reason.clone())]));
            }
            Some(_) => (),
        }
        match self.to_look_at().next() {
            Some(bundle) => Next::Read(bundle.reviewed_by().into()),
            None => Next::Over(Ending::Done),
        }
    }

    /// The bundles that a run which only looks has not read yet.
    pub(super) fn to_look_at(&self) -> impl Iterator<Item = BundleId> {
        let is_left = |it: &BundleId| self.facts.sid(it.made_by()).is_some() && !self.looked_at.contains(it);
        self.flow().bundles().filter(is_left)
    }

    /// How a customer stands whom the run did not get through with. One in review still is: only the look at
    /// it has failed.
    fn unfinished(&self) -> Result<Outcome, Fault> {
        let (recorded, _) = self.run.ledger.customer(&self.customer.subaccount)?;
        let standing = self.plan.standing(&recorded);
        let is_told = super::is_waiting(standing) || standing == Outcome::ProfileApproved;
        Ok(if is_told { standing } else { Outcome::Unfinished })
    }

    /// A run that is not through has asked again for what an earlier one was refused, and has no answer yet: how the
    /// customer stands is open, and the old refusal is not to be reported any more. Numbers apart: those that were
    /// left out of a submission stay so.
    fn forget_refusals(&mut self, was_refused: &[Key]) {
        let looks_only = self.run.settings.selection.only == Only::ToLookAt;
        let at = self.run.clock.now();
        for key in was_refused.iter().copied().filter(|_| !looks_only) {
            let state = match self.facts.state(key) {
                None => StepState::Removed,
                Some(StepState::Refused { .. }) => continue,
                Some(state) => state.clone(),
            };
            self.unsaved.push(Record::Step { key, state, at });
        }
    }

    /// What spoke against a removal, and which numbers the account had no more, is found out anew by every run.
    fn forget(&mut self, objected: &[Key]) {
        let looks_only = self.run.settings.selection.only == Only::ToLookAt;
        let at = self.run.clock.now();
        for key in objected.iter().copied().filter(|key| !looks_only && self.facts.state(*key).is_none()) {
            self.unsaved.push(Record::Step { key, state: StepState::Removed, at });
        }
    }

    /// A step has come to an end of some kind.
    pub(super) fn finish(&mut self, key: Key, state: StepState) {
        // What is only found again brings nobody further.
        if self.facts.state(key) != Some(&state) {
            self.lost.forget();
        }
        if let StepState::Done { sid: Some(sid), .. } = &state
            && key.step.verb.creates()
        {
            let now = self.run.clock.now();
            self.fresh.retain(|(_, until)| now < *until);
            self.fresh.push((sid.clone(), now + self.policy().visibility_window_ms));
        }
        self.record(key, state);
    }

    /// A step has come to its end with an answer that shows what was sent.
    pub(super) fn finish_proven(&mut self, key: Key, state: StepState) {
        self.finish(key, state);
        self.facts.prove(key);
    }

    pub(super) fn record(&mut self, key: Key, state: StepState) {
        match self.facts.apply(key, state.clone()) {
            Ok(()) => {
                self.plan.learn(key.step);
                self.unsaved.push(Record::Step { key, state, at: self.run.clock.now() });
            }
            Err(why) => {
                self.illegal.get_or_insert_with(|| why.fault(&self.customer.subaccount, key));
            }
        }
    }

    /// # Errors
    /// The ledger cannot write, or a step came to a state that it cannot come to: nothing more may be sent.
    pub(super) async fn save(&mut self) -> Result<(), Fault> {
        if !self.unsaved.is_empty() {
            self.run.ledger.append(&self.customer.subaccount, std::mem::take(&mut self.unsaved)).await?;
        }
        self.illegal.clone().map_or(Ok(()), Err)
    }

    /// The time; for a run that only foretells, after the waits that it does not wait for.
    pub(super) fn now(&self) -> Time {
        self.run.clock.now() + self.preview.as_ref().map_or(0, |it| it.ahead_ms)
    }

    /// Whether this step was only assumed to be written: no answer shows it.
    pub(super) fn is_assumed(&self, key: Key) -> bool {
        self.preview.as_ref().is_some_and(|it| it.assumes(key))
    }

    /// Whether an assignment that is listed was assumed to be taken off.
    pub(super) fn is_assumed_off(&self, item: &Item) -> bool {
        self.preview.as_ref().zip(item.sid()).is_some_and(|(it, sid)| it.is_off(&sid))
    }

    pub(super) fn flow(&self) -> &'static Flow {
        self.run.settings.flow
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.run.settings.policy
    }

    /// A long wait: another customer gets the place meanwhile.
    pub(super) async fn park(&mut self, wait_ms: u64) -> Result<(), Stop> {
        self.save().await?;
        self.slot.give_up();
        self.pause(wait_ms).await;
        // Whoever has a place may need a minute for its last answer.
        let _ = self.run.drain.run_until_cancelled(self.slot.take_back()).await;
        Ok(())
    }

    /// A wait that ends early when the run does.
    pub(super) async fn pause(&self, wait_ms: u64) {
        tokio::select! {
            () = self.run.clock.sleep(wait_ms) => (),
            () = self.run.drain.cancelled() => (),
        }
    }
}

/// The steps that an earlier run was refused, numbers apart.
fn refusals(recorded: &Facts) -> Vec<Key> {
    let is_one = |key: Key, state: &StepState| {
        matches!(state, StepState::Refused { .. }) && !matches!(key.step.verb, Verb::AssignNumbers)
    };
    recorded.states().filter(|(key, state)| is_one(*key, state)).map(|it| it.0).collect()
}

/// What an earlier run had against taking numbers off, the lists that it was refused, and the numbers that the account
/// had no more.
fn objections(recorded: &Facts) -> Vec<Key> {
    let is_one = |key: Key| match key.step.verb {
        // A list of numbers that was refused is on record there.
        Verb::Discover => true,
        Verb::AssignNumbers => key.part == Part::Whole,
        Verb::ResolveNumbers => key.part != Part::Whole,
        _ => false,
    };
    let refused = recorded.states().filter(|it| matches!(it.1, StepState::Refused { .. }));
    refused.map(|it| it.0).filter(|key| is_one(*key)).collect()
}

/// The steps at which an earlier run was held back and nothing exists.
fn held_back(recorded: &Facts) -> Vec<Key> {
    let is_one = |key: Key, state: &StepState| {
        matches!(state, StepState::Refused { kept: None, .. } | StepState::Unsure { .. })
            && key.step.verb.can_hold_back()
    };
    recorded.states().filter(|(key, state)| is_one(*key, state)).map(|it| it.0).collect()
}
