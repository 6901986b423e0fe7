//! The first touch of a customer in a run: what is there already. Because of it, even an older copy
//! of the ledger, or none, creates nothing twice.

use super::exchange::{Fresh, Reply};
use super::read_back::each_once;
use super::row::{Row, Stop};
use crate::facts::{Content, Ending, Existing, Note, OurCode, Reason, StepState};
use crate::flow::BundleStatus;
use crate::flow::{Assignments, BundleId, Call, Collection, Item, Key};
use crate::ledger::Record;
use crate::model::{Sid, SidKind};
use crate::plan::CONTENTS;

impl Row<'_> {
    /// Reads what is there under our policies and takes over what bears our tag.
    pub(super) async fn discover(&mut self) -> Result<(), Stop> {
        for bundle in self.plan.bundles_to_discover(&self.facts) {
            self.discover_bundle(bundle).await?;
            if let Some(StepState::Refused { reason, .. }) = self.facts.state(bundle.made_by()) {
                let refused = vec![(bundle.made_by().into(), reason.clone())];
                return Err(Stop::Over(Ending::Refused(refused)));
            }
        }
        // What the row names may turn out to be under way already, or to be rejected and ours, which changes
        // the plan and what is looked for.
        self.plan = self.plan.anew(self.primary, &self.facts);
        for collection in CONTENTS {
            if self.plan.has_to_discover(collection, &self.facts) {
                self.discover_resources(collection).await?;
            }
        }
        for bundle in self.plan.bundles_to_discover(&self.facts) {
            if self.facts.sid(bundle.made_by()).is_some() {
                self.discover_assignments(bundle).await?;
            }
        }
        self.finish(self.flow().discovery.into(), StepState::done(None, Content::Nothing));
        self.forget_what_held_back();
        Ok(())
    }

    /// What held an earlier run back and was not found again is not to be reported any more.
    fn forget_what_held_back(&mut self) {
        let at = self.run.clock.now();
        for key in std::mem::take(&mut self.held_back) {
            if self.facts.state(key).is_none() {
                self.unsaved.push(Record::Step { key, state: StepState::Removed, at });
            }
        }
    }

    async fn discover_bundle(&mut self, bundle: BundleId) -> Result<(), Stop> {
        let key = Key::from(bundle.made_by());
        let items = self.items(self.plan.list_bundles(bundle)).await?;
        let named = bundle.named_by(self.customer).cloned();
        let known = self.facts.sid(key).cloned();
        let ours: Vec<&Item> =
            items.iter().filter(|item| self.plan.is_ours(key, &self.facts, item)).collect();
        // Always counted, also where the ledger knows one of them.
        let twins = each_once(known.as_ref(), &ours);
        if twins.len() > 1 {
            return Err(self.unsure(key, twins));
        }
        let begun = known.clone().or_else(|| ours.first().and_then(|item| item.sid()));
        match (begun, named) {
            (Some(begun), Some(named)) if begun != named => {
                return self.refuse_for(key, Reason::ours(OurCode::OtherBundleBegun).naming(begun));
            }
            (_, Some(named)) if known.is_none() => {
                let listed = items.iter().find(|item| item.sid().as_ref() == Some(&named)).cloned();
                return self.take_over_named(key, bundle, named, listed).await;
            }
            _ => (),
        }
        let sid = match known {
            Some(known) => known,
            None => match ours.as_slice() {
                [] => {
                    let strangers = items.iter().filter(|item| self.plan.is_of_the_kind(key.step, item));
                    let mut sids = strangers.filter_map(Item::sid);
                    return match sids.find(|sid| !self.facts.is_disowned(key.step, sid)) {
                        Some(sid) => self.refuse_for(key, Reason::ours(OurCode::ExistsAlready).naming(sid)),
                        None => Ok(()),
                    };
                }
                [item] if self.is_somebody_elses(key) => {
                    let reason = Reason::ours(OurCode::UnknownToTheLedger);
                    return match item.sid() {
                        Some(sid) => self.refuse_for(key, reason.naming(sid)),
                        None => Ok(()),
                    };
                }
                [item, ..] => match item.sid() {
                    Some(sid) => {
                        self.finish(key, StepState::done(Some(sid.clone()), Content::Unknown));
                        sid
                    }
                    None => return Ok(()),
                },
            },
        };
        if let Some(item) = items.iter().find(|item| item.sid().as_ref() == Some(&sid)) {
            self.note_status(bundle, sid, item);
            self.hold_bundle(bundle, item);
        }
        Ok(())
    }

    /// Whether a bundle with our tag may be another ledger's: this one has not asked for it.
    fn is_somebody_elses(&self, key: Key) -> bool {
        self.policy().existing == Existing::Refuse && self.facts.state(key).is_none()
    }

    /// A bundle that the row names: it must be there, under our policy, in this account.
    async fn take_over_named(
        &mut self,
        key: Key,
        bundle: BundleId,
        named: Sid,
        listed: Option<Item>,
    ) -> Result<(), Stop> {
        let item = match listed {
            Some(item) => item,
            None => {
                let call =
                    Call::get(bundle.collection.host(), self.plan.path_of(bundle.collection, Some(&named)));
                match self.ask(key, &call, Fresh::No).await? {
                    Reply::Yes(answer) => answer.value,
                    _ => {
                        return self.refuse_for(key, Reason::ours(OurCode::NotSuchABundle).naming(named));
                    }
                }
            }
        };
        if !self.plan.is_of_the_kind(key.step, &item) {
            return self.refuse_for(key, Reason::ours(OurCode::NotSuchABundle).naming(named));
        }
        if BundleStatus::of(&item) == Some(BundleStatus::Draft) {
            let strangers = self.strangers(bundle, &named).await?;
            if let [(_, first), ..] = strangers.as_slice() {
                let list: Vec<String> = strangers.iter().map(|(kind, sid)| format!("{kind} {sid}")).collect();
                let reason = Reason::ours(OurCode::HoldsWhatIsNotOurs).naming(first.clone());
                return self.refuse_for(key, Reason { fields: Some(list.join(", ")), ..reason });
            }
        }
        let (sid, content) = (Some(named.clone()), Content::Unknown);
        self.finish(key, StepState::Done { sid, content, note: Some(Note::Named) });
        // A SID of the sheet is none that this customer has just got.
        self.fresh.retain(|(sid, _)| *sid != named);
        self.note_status(bundle, named, &item);
        Ok(())
    }

    /// What a draft that the row names holds and we have not made, of the types that we make, each with
    /// its type: a bundle takes one of each, so ours would be a second one. What somebody made by hand is
    /// not changed in place, because it may be in use elsewhere, and only our tag says that a thing is ours.
    async fn strangers(&mut self, bundle: BundleId, draft: &Sid) -> Result<Vec<(String, Sid)>, Stop> {
        let assigned = self.items(self.plan.list_entities_of(bundle, draft)).await?;
        let linked = match bundle.depends_on() {
            None => self.primary,
            Some(profile) => self.facts.sid(profile.made_by()),
        };
        let linked = linked.cloned();
        let mut strangers = vec![];
        for sid in assigned.iter().filter_map(|it| Sid::parse(it.object_sid.as_deref()?)) {
            if sid.is(SidKind::Bundle) {
                if linked.as_ref() != Some(&sid) {
                    strangers.push(("customer_profile".to_owned(), sid));
                }
                continue;
            }
            let collection =
                if sid.is(SidKind::EndUser) { Collection::EndUsers } else { Collection::SupportingDocuments };
            let call = Call::get(collection.host(), self.plan.path_of(collection, Some(&sid)));
            let key = Key::from(self.flow().discovery);
            match self.ask(key, &call, Fresh::Perhaps).await? {
                Reply::Yes(answer) => {
                    let kind = self.plan.kind_not_ours(bundle, &self.facts, &answer.value);
                    strangers.extend(kind.map(|kind| (kind, sid)));
                }
                // What is gone is no second one.
                Reply::NotFound(_) => (),
                other => return Err(self.not_listed(key, other)),
            }
        }
        Ok(strangers)
    }

    /// A bundle beyond draft has been submitted, whoever did it.
    pub(super) fn note_status(&mut self, bundle: BundleId, sid: Sid, item: &Item) {
        let Some(status) = BundleStatus::of(item) else { return };
        if status == BundleStatus::Draft {
            return;
        }
        let submission = Key::from(bundle.submitted_by());
        if !self.facts.is_done(submission) {
            self.found_submitted.push(bundle);
        }
        match self.facts.state(submission) {
            Some(StepState::Done { .. }) => (),
            // A second submission after a rejection is decided by its own reading.
            Some(StepState::Started { .. }) if status == BundleStatus::TwilioRejected => (),
            Some(StepState::Started { content, .. }) => {
                let content = *content;
                self.finish(submission, StepState::done(Some(sid), content));
            }
            _ => self.finish(submission, StepState::done(Some(sid), Content::BeforeUs)),
        }
        self.finish(bundle.reviewed_by().into(), StepState::Seen { status, codes: item.codes() });
        let is_ours = self.plan.is_ours(bundle.made_by().into(), &self.facts, item);
        if status == BundleStatus::TwilioRejected && is_ours {
            self.facts.note_rejected_ours(bundle);
        }
    }

    async fn discover_assignments(&mut self, bundle: BundleId) -> Result<(), Stop> {
        let taken = self.facts.is_taken_as_is(bundle, bundle.named_by(self.customer));
        let (mut entities, mut numbers) = self.plan.assignments_to_discover(bundle, &self.facts);
        // What was submitted without our knowing is read whole, and a difference from the row is said.
        if !taken && self.found_submitted.contains(&bundle) {
            (entities, numbers) = (true, true);
        }
        if entities {
            let items = self.assignments(bundle, Assignments::Entities).await?;
            self.hold_entities(bundle, &items).await?;
        }
        if numbers {
            let items = self.assignments(bundle, Assignments::ChannelEndpoints).await?;
            self.hold_numbers(bundle, &items).await?;
        }
        if entities && numbers {
            self.facts.note_whole(bundle);
        }
        if !taken && self.found_submitted.contains(&bundle) {
            self.read_back(bundle).await?;
        }
        Ok(())
    }

    pub(super) async fn list_of(&mut self, collection: Collection) -> Result<Vec<Item>, Stop> {
        let call = self.plan.list(collection);
        self.items(call).await
    }

    pub(super) async fn assignments(
        &mut self,
        bundle: BundleId,
        collection: Assignments,
    ) -> Result<Vec<Item>, Stop> {
        match self.plan.list_assignments(bundle, collection, &self.facts) {
            Some(call) => {
                let mut items = self.items(call).await?;
                items.retain(|item| !self.is_assumed_off(item));
                Ok(items)
            }
            None => Ok(vec![]),
        }
    }

    /// The discovery is one step to the ledger, however many lists it reads.
    async fn items(&mut self, call: Call) -> Result<Vec<Item>, Stop> {
        let key = Key::from(self.flow().discovery);
        match self.list(key, call).await? {
            Ok(items) => Ok(items),
            Err(reply) => Err(self.not_listed(key, reply)),
        }
    }

    pub(super) fn not_listed<T>(&mut self, key: Key, reply: Reply<T>) -> Stop {
        match (self.not_yes(key, reply), self.facts.state(key)) {
            (Err(stop), _) => stop,
            (Ok(()), Some(StepState::Refused { reason, .. })) => {
                Stop::Over(Ending::Refused(vec![(key, reason.clone())]))
            }
            (Ok(()), _) => Stop::Lost(key),
        }
    }

    /// Takes over what a request of ours made. What it says is known from the answer that shows it.
    pub(super) fn take_over(&mut self, key: Key, item: &Item) {
        let Some(sid) = item.sid() else { return };
        self.finish(key, StepState::done(Some(sid), Content::Unknown));
        self.hold(key, item);
    }

    pub(super) fn unsure(&mut self, key: Key, candidates: Vec<Sid>) -> Stop {
        self.finish(key, StepState::Unsure { candidates: candidates.clone() });
        Stop::Over(Ending::Unsure(key, candidates))
    }
}
