//! The reads about numbers: which the account has, and which are on a bundle that was submitted.
//!
//! What follows the sheet after a submission follows lists, and a list may come back empty, short, or behind what was
//! done. So nothing counts as gone because a list lacks it: it is read by its SID, and where that shows it, the list is
//! in doubt and nothing is taken off.

use super::exchange::{Fresh, NOT_YET_WAIT_MS, Reply};
use super::row::{Row, Stop};
use crate::facts::{Content, Ending, OurCode, Reason, StepState};
use crate::flow::{Assignments, Call, Host, Item, Key, Part, Verb};
use crate::model::{PhoneNumber, PhoneNumbers, Sid};
use std::collections::HashSet;

impl Row<'_> {
    /// The sheet's numbers as SIDs; the ledger keeps SIDs and digests, never the numbers. A number that the
    /// subaccount does not have is refused.
    pub(super) async fn resolve_numbers(&mut self, key: Key) -> Result<(), Stop> {
        let items = match self.owned_numbers(key).await? {
            Ok(items) => items,
            Err(reply) => return self.not_yes(key, reply),
        };
        let content = self.plan.content_of(key.step, &self.facts);
        let share = |part| Key { step: key.step, part };
        let numbers = self.flow().profile.numbered_by();
        let on_the_profile = |part| Key { step: numbers, part };
        let mut found = vec![];
        let mut missing = vec![];
        let mut is_short = false;
        match &self.customer.phone_numbers {
            PhoneNumbers::All => {
                found.extend(items.iter().filter_map(Item::sid).map(|sid| (share(Part::number(&sid)), sid)));
                let known = self.facts.shares(key.step).map(|it| it.0);
                let known: Vec<Key> = known.filter(|it| self.facts.is_done(*it)).collect();
                let listed: HashSet<Key> = found.iter().map(|it| it.0).collect();
                let unlisted = known.into_iter().filter(|it| !listed.contains(it));
                missing.extend(unlisted.filter(|it| matches!(it.part, Part::Number(_))).map(|it| it.part));
            }
            PhoneNumbers::Listed(numbers) => {
                for number in numbers {
                    let PhoneNumber::E164(digits) = number else { continue };
                    let part = self.plan.wanted_part(digits);
                    let item = items.iter().find(|it| it.phone_number.as_deref() == Some(digits));
                    match item.and_then(Item::sid) {
                        Some(sid) => found.push((share(part), sid)),
                        None => missing.push(part),
                    }
                }
            }
        }
        let is_submitted = !self.facts.is_open(self.flow().profile);
        for part in missing {
            // What was found once and is on a bundle by now may only be missing from the list.
            if let Some(sid) = self.facts.sid(share(part)).cloned().filter(|_| is_submitted) {
                if self.is_owned(&sid).await? {
                    is_short = true;
                    found.push((share(part), sid));
                    continue;
                }
                let gone = StepState::Refused { reason: Reason::ours(OurCode::NumberNotFound), kept: None };
                self.finish(share(part), gone);
            }
            if let Part::Wanted(_) = part {
                let reason = Reason::ours(OurCode::NumberNotFound);
                self.finish(on_the_profile(part), StepState::Refused { reason, kept: None });
            }
        }
        let named = match &self.customer.phone_numbers {
            PhoneNumbers::All => 0,
            PhoneNumbers::Listed(numbers) => {
                numbers.iter().filter(|it| matches!(it, PhoneNumber::Sid(_))).count()
            }
        };
        if found.is_empty() && named == 0 {
            return self.refuse(key, OurCode::NoNumbers);
        }
        for (key, sid) in found {
            self.finish(key, StepState::done(Some(sid), Content::Nothing));
        }
        self.leave_numbers_off(&items);
        let count = items.len();
        let doubt = is_short.then(|| not_listed("the account", count, self.plan.numbers(&self.facts).len()));
        self.facts.look(key.step, doubt);
        self.finish(key, StepState::done(None, content));
        self.claim_numbers();
        Ok(())
    }

    /// A number of the row on a bundle that the row names is the row's from now on, whoever put it there.
    fn claim_numbers(&mut self) {
        let named = self.plan.bundles().iter().filter(|it| it.named_by(self.customer).is_some());
        let wanted = self.plan.numbers(&self.facts);
        let keys = named.flat_map(|it| wanted.iter().map(|part| Key { step: it.numbered_by(), part: *part }));
        for key in keys.collect::<Vec<Key>>() {
            if let Some(StepState::Done { sid, content: Content::BeforeUs, .. }) =
                self.facts.state(key).cloned()
            {
                let is_proven = self.facts.is_proven(key);
                self.finish(key, StepState::done(sid, Content::Nothing));
                if is_proven {
                    self.facts.prove(key);
                }
            }
        }
    }

    /// The list of the account's numbers.
    async fn owned_numbers(
        &mut self,
        key: Key,
    ) -> Result<Result<Vec<Item>, Reply<crate::twilio::Page>>, Stop> {
        let of_the_account = Key::from(self.flow().phone_numbers);
        let Some(call) = self.plan.request(of_the_account, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        let listed = self.list(key, call).await?;
        if let Ok(items) = &listed {
            self.owned = Some(items.iter().filter_map(Item::sid).collect());
        }
        Ok(listed)
    }

    /// Whether the account has a number that its list does not show.
    async fn is_owned(&mut self, number: &Sid) -> Result<bool, Stop> {
        let path =
            format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{number}.json", self.customer.subaccount);
        let key = Key::from(self.flow().phone_numbers);
        match self.ask_for(key, &Call::get(Host::Api, path), Fresh::No, Some(number)).await? {
            Reply::Yes(_) => Ok(true),
            Reply::NotFound(_) => Ok(false),
            other => Err(self.not_listed(key, other)),
        }
    }

    /// Notes which of the row's numbers a product does not take.
    fn leave_numbers_off(&mut self, items: &[Item]) {
        let e164 = |part: Part| {
            let item = items.iter().find(|item| item.sid() == part.sid())?;
            item.phone_number.as_deref()
        };
        let mut left_off = vec![];
        for bundle in self.plan.products() {
            let Some(rule) = bundle.product.and_then(|it| it.numbers.as_ref()) else { continue };
            let numbers = self.plan.numbers(&self.facts).into_iter().filter(|part| part.has_sid());
            let numbers = numbers.filter(|part| e164(*part).is_some_and(|number| !(rule.takes)(number)));
            left_off.extend(numbers.map(|part| Key { step: bundle.numbered_by(), part }));
        }
        for key in left_off.into_iter().filter(|key| !self.facts.is_done(*key)).collect::<Vec<_>>() {
            let reason = Reason::ours(OurCode::NumberNotEligible);
            self.finish(key, StepState::Refused { reason, kept: None });
        }
    }

    /// Reads which numbers are on an approved bundle, and where numbers may be taken off, which of them the account
    /// still has.
    pub(super) async fn look_at_numbers(&mut self, key: Key) -> Result<(), Stop> {
        let bundle = key.step.bundle;
        let items = self.assignments(bundle, Assignments::ChannelEndpoints).await?;
        self.hold_numbers(bundle, &items).await?;
        let mut doubt = None;
        if self.policy().numbers.removal.is_some() {
            doubt = self.doubt_of_the_list(key, items).await?;
            if doubt.is_none() {
                doubt = self.look_for_owners(key).await?;
            }
        }
        self.facts.look(key.step, doubt);
        Ok(())
    }

    /// A list that does not show an assignment which is there is read again until it is no longer too new to be
    /// listed; then it is in doubt.
    async fn doubt_of_the_list(&mut self, key: Key, mut items: Vec<Item>) -> Result<Option<Reason>, Stop> {
        let until = self.run.clock.now() + self.policy().visibility_window_ms;
        loop {
            let listed: HashSet<Sid> = items.iter().filter_map(Item::sid).collect();
            let is_there = |it: &Key| self.facts.is_done(*it) && !self.is_assumed(*it);
            let on_it = self.facts.shares(key.step).map(|it| it.0).filter(is_there);
            let known: Vec<&Sid> = on_it.filter_map(|it| self.facts.sid(it)).collect();
            let is_short = known.iter().any(|sid| !listed.contains(*sid));
            if !is_short && !items.is_empty() {
                return Ok(None);
            }
            if self.run.clock.now() >= until || !is_short {
                return Ok(Some(not_listed(key.step.bundle.name, items.len(), known.len())));
            }
            self.pause(NOT_YET_WAIT_MS).await;
            if self.run.drain.is_cancelled() {
                return Err(Stop::Over(Ending::Unfinished(key)));
            }
            items = self.assignments(key.step.bundle, Assignments::ChannelEndpoints).await?;
        }
    }

    /// Finds out which of the row's numbers and of those on a bundle the account does not have any more.
    async fn look_for_owners(&mut self, key: Key) -> Result<Option<Reason>, Stop> {
        if self.owned.is_none()
            && let Err(reply) = self.owned_numbers(key).await?
        {
            return Err(self.not_listed(key, reply));
        }
        let owned = self.owned.clone().unwrap_or_default();
        let on_it = self.facts.shares(key.step).filter(|it| self.facts.is_done(it.0)).map(|it| it.0.part);
        let known: HashSet<Part> = on_it.chain(self.plan.numbers(&self.facts)).collect();
        let known: Vec<Sid> = known.into_iter().filter_map(Part::sid).collect();
        let in_doubt = Some(not_listed("the account", owned.len(), known.len()));
        if owned.is_empty() {
            return Ok(in_doubt);
        }
        let unlisted: Vec<Sid> = known.into_iter().filter(|sid| !owned.contains(sid)).collect();
        for sid in unlisted {
            let of_the_account = Key { step: self.flow().phone_numbers, part: Part::number(&sid) };
            if let Some(StepState::Refused { .. }) = self.facts.state(of_the_account) {
                continue;
            }
            if self.is_owned(&sid).await? {
                return Ok(in_doubt);
            }
            let reason = Reason::ours(OurCode::NumberNotFound);
            self.finish(of_the_account, StepState::Refused { reason, kept: None });
        }
        Ok(None)
    }

    /// Why numbers were not taken off is kept for reports, which look at nothing.
    pub(super) fn keep_objection(&mut self, ending: &Ending) {
        let Ending::Refused(refused) = ending else { return };
        let is_one = |key: &Key| matches!(key.step.verb, Verb::AssignNumbers) && key.part == Part::Whole;
        for (key, reason) in refused.iter().filter(|it| is_one(&it.0)) {
            if self.facts.state(*key).is_none() {
                self.record(*key, StepState::Refused { reason: reason.clone(), kept: None });
            }
        }
    }
}

/// A list does not show what is there.
fn not_listed(what: &str, listed: usize, known: usize) -> Reason {
    let fields = format!("the list of {what} shows {listed}, and {known} are known");
    Reason { fields: Some(fields), ..Reason::ours(OurCode::NumbersNotListed) }
}
