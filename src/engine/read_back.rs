//! What is there is held against what the row says: content, assignments and numbers of a bundle.
//!
//! Nothing is submitted on the word of the ledger. What this run made and whose answer showed it is
//! proven; everything else on a bundle is read before the bundle is submitted. What differs is updated,
//! what is missing is made, what is too much is taken off: the plan does it, from the states that are
//! written here.

use super::exchange::{As, Fresh, Reply};
use super::row::{Row, Stop};
use crate::facts::{Callback, Content, StepState, Surplus};
use crate::flow::BundleStatus;
use crate::flow::{Assignments, BundleId, Call, Collection, Host, Item, Key, Part, Verb};
use crate::model::Sid;
use crate::plan::CONTENTS;
use crate::twilio::Answer;
use serde::de::IgnoredAny;
use std::collections::HashSet;

impl Row<'_> {
    /// Holds a bundle that was read against the row: one of ours, or one that we complete.
    pub(super) fn hold_bundle(&mut self, bundle: BundleId, item: &Item) {
        let key = Key::from(bundle.made_by());
        if (self.facts.is_open(bundle) || self.plan.is_ours(key, &self.facts, item))
            && !self.facts.is_taken_as_is(bundle, bundle.named_by(self.customer))
        {
            self.hold(key, item);
        }
    }

    /// Reads all of a bundle that this run has not seen.
    pub(super) async fn read_back(&mut self, bundle: BundleId) -> Result<(), Stop> {
        if !self.facts.is_proven(bundle.made_by().into()) && !self.read_back_bundle(bundle).await? {
            return Ok(());
        }
        self.read_back_resources(bundle).await?;
        if !self.facts.is_whole(bundle) {
            let items = self.assignments(bundle, Assignments::Entities).await?;
            self.hold_entities(bundle, &items).await?;
            let items = self.assignments(bundle, Assignments::ChannelEndpoints).await?;
            self.hold_numbers(bundle, &items).await?;
            self.facts.note_whole(bundle);
        }
        // What was made and could not be read would be read for ever.
        let is_as_the_row_says = |key: &Key| {
            matches!(self.facts.state(*key), Some(StepState::Done { content, .. })
                if content.is(self.plan.content_of(key.step, &self.facts)))
        };
        match self.plan.unproven(bundle, &self.facts).into_iter().find(is_as_the_row_says) {
            Some(key) => Err(Stop::Lost(key)),
            None => Ok(()),
        }
    }

    /// Whether the bundle is still there to be submitted.
    async fn read_back_bundle(&mut self, bundle: BundleId) -> Result<bool, Stop> {
        match self.read_one(bundle.made_by().into()).await? {
            Reply::Yes(Answer { value: item, .. }) => {
                if let Some(sid) = item.sid() {
                    self.note_status(bundle, sid, &item);
                }
                self.hold_bundle(bundle, &item);
                Ok(matches!(
                    BundleStatus::of(&item),
                    Some(BundleStatus::Draft | BundleStatus::TwilioRejected)
                ))
            }
            other => self.not_yes(bundle.made_by().into(), other).map(|()| false),
        }
    }

    /// Reads what a step made, by its SID.
    async fn read_one(&mut self, key: Key) -> Result<Reply<Item>, Stop> {
        match (self.plan.resource(key, &self.facts), self.facts.sid(key).cloned()) {
            (Some(call), Some(sid)) => self.ask_for(key, &call, Fresh::Perhaps, Some(&sid)).await,
            _ => Err(self.wrong_table(key.step)),
        }
    }

    /// End users, documents and addresses: by their lists, which show twins too; what a list does not
    /// show is read by its SID.
    async fn read_back_resources(&mut self, bundle: BundleId) -> Result<(), Stop> {
        for collection in CONTENTS {
            let unseen = |row: &Self| row.plan.unproven_in(collection, bundle, &row.facts);
            if unseen(self).is_empty() {
                continue;
            }
            self.discover_resources(collection).await?;
            for key in unseen(self) {
                if !self.seen.contains(&key) {
                    self.read_back_one(key).await?;
                }
            }
        }
        Ok(())
    }

    async fn read_back_one(&mut self, key: Key) -> Result<(), Stop> {
        match self.read_one(key).await? {
            Reply::Yes(answer) => {
                self.hold(key, &answer.value);
                Ok(())
            }
            // It is gone, and is made again.
            Reply::NotFound(_) => {
                self.finish(key, StepState::Removed);
                Ok(())
            }
            other => self.not_yes(key, other),
        }
    }

    /// Reads a list of resources, and takes in what of it is ours: what is known is held against the row,
    /// what was not known is taken over. Two of a kind with our tag leave the customer unsure, also
    /// where the ledger knows one of them.
    pub(super) async fn discover_resources(&mut self, collection: Collection) -> Result<(), Stop> {
        let items = self.list_of(collection).await?;
        for key in self.flow().created_in(collection).map(Key::from) {
            let bundle = key.step.bundle;
            if self.facts.is_stopped(bundle) || !self.plan.bundles().contains(&bundle) || self.is_assumed(key)
            {
                continue;
            }
            let known = self.facts.sid(key).cloned();
            let is_known = |item: &&Item| known.is_some() && item.sid() == known;
            let ours: Vec<&Item> = items
                .iter()
                .filter(|item| is_known(item) || self.plan.is_ours(key, &self.facts, item))
                .collect();
            let sids = each_once(known.as_ref(), &ours);
            match (sids.as_slice(), ours.first()) {
                ([_], Some(item)) => {
                    if known.is_none() {
                        self.take_over(key, item);
                    }
                    self.hold(key, item);
                }
                ([_, _, ..], _) => return Err(self.unsure(key, sids)),
                _ => (),
            }
        }
        Ok(())
    }

    /// Holds what an answer shows against what the row says, and writes down what is there.
    pub(super) fn hold(&mut self, key: Key, item: &Item) {
        if self.is_assumed(key) {
            return;
        }
        let Some(StepState::Done { sid: Some(sid), content, note }) = self.facts.state(key).cloned() else {
            return self.hold_update(key, item);
        };
        self.note_callback(key, item);
        let Some(shown) = self.plan.shown(key.step, &self.facts, item) else { return };
        if !shown.content.is(content) {
            self.finish(key, StepState::Done { sid: Some(sid), content: shown.content, note });
        }
        self.seen.insert(key);
        if shown.is_as_wanted() {
            self.facts.prove(key);
        }
    }

    /// An update of an earlier run whose end is not known: what is there may still be overwritten, and the
    /// plan waits until it cannot be. Where it is the update that the row asks for, it has arrived.
    fn hold_update(&mut self, key: Key, item: &Item) {
        let Some(StepState::Started { sid: Some(sid), content, .. }) = self.facts.state(key).cloned() else {
            return;
        };
        let shown = self.plan.shown(key.step, &self.facts, item);
        if let Some(shown) = shown
            && shown.is_as_wanted()
            && shown.content.is(content)
        {
            self.finish(key, StepState::done(Some(sid), content));
            self.facts.prove(key);
        }
    }

    /// A status callback that an earlier row has left on a bundle is cleared by the next update.
    pub(super) fn note_callback(&mut self, key: Key, item: &Item) {
        let bundle = key.step.bundle;
        if !key.step.creates_its_bundle() {
            return;
        }
        let callback = match self.plan.has_stray_callback(item) {
            true if self.facts.callback(bundle) == Some(Callback::Stays) => Some(Callback::Stays),
            true => Some(Callback::ToClear),
            false => None,
        };
        self.facts.note_callback(bundle, callback);
    }

    /// Holds the entities on a bundle against what the row asks for. The list is whole.
    pub(super) async fn hold_entities(&mut self, bundle: BundleId, items: &[Item]) -> Result<(), Stop> {
        let mut accounted: HashSet<Sid> = HashSet::new();
        let steps = bundle.all_steps().filter(|step| matches!(step.verb, Verb::Assign(_)));
        for key in steps.map(Key::from) {
            if self.is_assumed(key) {
                continue;
            }
            let of_it = |row: &Self| {
                let ours = items.iter().filter(|item| row.plan.is_ours(key, &row.facts, item));
                ours.filter_map(Item::sid).collect::<Vec<Sid>>()
            };
            let known = self.facts.sid(key).cloned();
            let ours = of_it(self);
            // Of two assignments of one thing, the one that is on record is kept.
            let chosen = known.iter().find(|sid| ours.contains(sid)).or(ours.first()).cloned();
            if let Some(sid) = chosen {
                let content = self.plan.content_of_assignment(key, &self.facts);
                accounted.insert(sid.clone());
                self.stands(key, sid, content);
                continue;
            }
            // What is known by its SID may be of another object, which the plan takes off, or not listed.
            let Some(known) = known else { continue };
            if items.iter().any(|item| item.sid().as_ref() == Some(&known)) {
                accounted.insert(known);
                continue;
            }
            match self.read_assignment(key, bundle, Assignments::Entities, &known).await? {
                Some(item) => {
                    accounted.insert(known);
                    if self.plan.is_ours(key, &self.facts, &item) {
                        self.facts.prove(key);
                    }
                }
                None => self.finish(key, StepState::Removed),
            }
        }
        // On a bundle that a person made, only what we have put there is ours to take off.
        if bundle.named_by(self.customer).is_none() {
            self.note_surplus(bundle, Assignments::Entities, items, &accounted);
        }
        Ok(())
    }

    /// Holds the numbers on a bundle against what the row asks for. The list is whole. On a bundle of ours,
    /// numbers that the row does not have are noted too: the plan takes them off again.
    pub(super) async fn hold_numbers(&mut self, bundle: BundleId, items: &[Item]) -> Result<(), Stop> {
        let step = bundle.numbered_by();
        let key = |part| Key { step, part };
        let wanted = self.plan.numbers(&self.facts);
        let unresolved = wanted.is_empty() || wanted.iter().any(|part| !part.has_sid());
        let by_hand = bundle.named_by(self.customer).is_some();
        let is_submitted = !self.facts.is_open(bundle);
        let mut accounted: HashSet<Sid> = HashSet::new();
        let mut listed: HashSet<Part> = HashSet::new();
        let of_number = |item: &Item| {
            let number = Part::number(&Sid::parse(item.channel_endpoint_sid.as_deref()?)?);
            Some((number, item.sid()?)).filter(|it| matches!(it.0, Part::Number(_)))
        };
        for (number, sid) in items.iter().filter_map(of_number) {
            let known = self.facts.sid(key(number)).cloned();
            let is_on_record = known.as_ref().is_some_and(|known| {
                *known != sid && items.iter().any(|item| item.sid().as_ref() == Some(known))
            });
            if listed.contains(&number) || is_on_record {
                continue;
            }
            let is_wanted = wanted.contains(&number);
            if known.is_some() || !by_hand || unresolved || is_wanted || is_submitted {
                listed.insert(number);
                accounted.insert(sid.clone());
                let content = match self.facts.state(key(number)) {
                    Some(StepState::Done { content, .. }) if !is_wanted => *content,
                    // Whoever put it there may want it there.
                    _ if by_hand && !is_wanted => Content::BeforeUs,
                    _ => Content::Nothing,
                };
                self.stands(key(number), sid, content);
            }
        }
        let recorded: Vec<(Key, Sid)> = self
            .facts
            .shares(step)
            .filter(|(key, _)| matches!(key.part, Part::Number(_)) && !listed.contains(&key.part))
            .filter(|(key, _)| !self.is_assumed(*key))
            .filter_map(|(key, _)| Some((key, self.facts.sid(key)?.clone())))
            .collect();
        for (key, sid) in recorded {
            match self.read_assignment(key, bundle, Assignments::ChannelEndpoints, &sid).await? {
                Some(_) => self.facts.prove(key),
                None => self.finish(key, StepState::Removed),
            }
        }
        if !by_hand {
            self.note_surplus(bundle, Assignments::ChannelEndpoints, items, &accounted);
        }
        Ok(())
    }

    /// An assignment is there.
    fn stands(&mut self, key: Key, sid: Sid, content: Content) {
        let is_claimed = |before: Content| before == Content::BeforeUs && content != before;
        let as_recorded = matches!(self.facts.state(key),
            Some(StepState::Done { sid: Some(known), content: before, .. })
                if *known == sid && before.is(content) && !is_claimed(*before));
        if !as_recorded {
            self.finish(key, StepState::done(Some(sid), content));
        }
        self.facts.prove(key);
    }

    /// An assignment that a list does not show, by its SID; `None` where it is gone.
    async fn read_assignment(
        &mut self,
        key: Key,
        bundle: BundleId,
        collection: Assignments,
        sid: &Sid,
    ) -> Result<Option<Item>, Stop> {
        let Some(path) = self.plan.assignment_path(bundle, collection, sid, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        match self.ask_for(key, &Call::get(Host::TrustHub, path), Fresh::Perhaps, Some(sid)).await? {
            Reply::Yes(answer) => Ok(Some(answer.value)),
            Reply::NotFound(_) => Ok(None),
            other => Err(self.not_listed(key, other)),
        }
    }

    fn note_surplus(
        &mut self,
        bundle: BundleId,
        collection: Assignments,
        items: &[Item],
        accounted: &HashSet<Sid>,
    ) {
        for sid in items.iter().filter_map(Item::sid).filter(|sid| !accounted.contains(sid)) {
            self.facts.note_surplus(Surplus { bundle, collection, sid });
        }
    }

    /// Taking something off can be repeated: what is not found is off.
    pub(super) async fn take_off(&mut self, surplus: Surplus) -> Result<(), Stop> {
        let key = Key::from(surplus.bundle.submitted_by());
        let Some(call) = self.plan.taking_off(&surplus, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        match self.call::<IgnoredAny>(surplus.step().into(), &call, As::Subaccount, Fresh::No).await? {
            Reply::Yes(_) | Reply::NotFound(_) => {
                self.facts.forget_surplus(&surplus);
                Ok(())
            }
            // On what is submitted it is too much and does no harm: it stops nothing.
            Reply::No(refusal) | Reply::Conflict(refusal) if !self.facts.is_open(surplus.bundle) => {
                let Surplus { bundle, sid, .. } = &surplus;
                let text = format!(
                    "{}: {sid}, a number's second assignment, stays: {}",
                    bundle.numbered_by(),
                    refusal.message
                );
                self.remarks.push(text);
                self.facts.forget_surplus(&surplus);
                Ok(())
            }
            other => self.not_yes(key, other),
        }
    }
}

/// What is known of a kind and what is listed of it, each SID once.
pub(super) fn each_once(known: Option<&Sid>, listed: &[&Item]) -> Vec<Sid> {
    let mut sids: Vec<Sid> =
        known.cloned().into_iter().chain(listed.iter().filter_map(|it| it.sid())).collect();
    let mut counted = HashSet::new();
    sids.retain(|sid| counted.insert(sid.clone()));
    sids
}
