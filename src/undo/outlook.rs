//! What is to go, and what is kept and why: pure, from what a look has shown, the ledger, and what was asked for.

use super::look::{Seen, is_bundle, is_tagged};
use super::origin::{Origin, Origins};
use super::{Account, Entry, Scope, Why};
use crate::facts::{Facts, StepState};
use crate::flow::{
    Assignments, BundleId, BundleStatus, Collection, Flow, Host, Item, Key, Object, Part, StepId, Verb,
};
use crate::model::{Sid, SidKind};
use std::collections::{HashMap, HashSet};

/// What would be done in one account.
#[derive(Clone)]
pub struct Outlook {
    pub subaccount: Sid,
    /// What is kept, and why; an account that cannot be looked at stands here too.
    pub kept: Vec<Entry>,
    pub(super) recorded: Facts,
    pub(super) groups: Vec<Group>,
}

/// A bundle, and what is taken off it and out of it, in that order: the reverse of the one in which it was made.
#[derive(Clone)]
pub(super) struct Group {
    pub bundle: BundleId,
    /// The one that is there, whosever it is, and how it stood at the look.
    pub there: Option<(Sid, BundleStatus)>,
    /// Whether it is to go itself.
    pub goes: bool,
    /// Whether nothing of it is left when that is done.
    pub ends: bool,
    /// What depends on it and is to go before: a bundle, and its link to this one.
    pub after: Vec<(Sid, Sid)>,
    pub removals: Vec<Removal>,
}

/// One thing that is to go.
#[derive(Clone)]
pub(super) struct Removal {
    pub key: Key,
    pub sid: Sid,
    pub host: Host,
    pub path: String,
    /// It is there no more: only the ledger does not know it yet.
    pub is_gone: bool,
    /// The next run or undo finds it whether or not the ledger knows it: it bears our tag, or hangs on a draft that does.
    pub is_found_again: bool,
}

/// A request that would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub step: StepId,
    pub sid: Sid,
    pub path: String,
    /// How the bundle stands that it belongs to.
    pub status: Option<BundleStatus>,
    /// It is sent only where the API wants the numbers off an approved bundle first (21648).
    pub only_if_asked: bool,
}

impl Group {
    /// Whether the bundle is asked for first. Of a draft everything is taken off and out before; what was submitted
    /// once may be refused, and must not be taken apart for nothing.
    pub fn is_taken_whole(&self, status: Option<BundleStatus>) -> bool {
        self.goes && status.is_some_and(|it| it != BundleStatus::Draft)
    }

    /// The bundle itself, where it goes.
    pub fn itself(&self) -> Option<&Removal> {
        self.removals.iter().find(|it| self.goes && it.is_bundle())
    }

    fn deletions(&self) -> Vec<Deletion> {
        let status = self.there.as_ref().map(|it| it.1);
        let deletion = |it: &Removal, only_if_asked| Deletion {
            step: it.key.step,
            sid: it.sid.clone(),
            path: it.path.clone(),
            status,
            only_if_asked,
        };
        let there = || self.removals.iter().filter(|it| !it.is_gone);
        let (Some(itself), true) = (self.itself(), self.is_taken_whole(status)) else {
            return there().map(|it| deletion(it, false)).collect();
        };
        let mut deletions = vec![deletion(itself, false)];
        let numbers: Vec<Deletion> =
            there().filter(|it| it.is_number()).map(|it| deletion(it, true)).collect();
        if !numbers.is_empty() {
            deletions.extend(numbers);
            deletions.push(deletion(itself, true));
        }
        deletions.extend(there().filter(|it| it.is_content()).map(|it| deletion(it, false)));
        deletions
    }
}

impl Removal {
    pub fn is_bundle(&self) -> bool {
        self.key.step.creates_its_bundle()
    }

    pub fn is_number(&self) -> bool {
        matches!(self.key.step.verb, Verb::AssignNumbers)
    }

    /// Whether it is an end user, a document or an address.
    pub fn is_content(&self) -> bool {
        matches!(self.key.step.verb, Verb::Create(_)) && !self.is_bundle()
    }
}

impl Outlook {
    /// Of an account that cannot be looked at.
    pub(super) fn barred(subaccount: Sid, recorded: Facts, why: Why) -> Outlook {
        let entry = Entry { subaccount: subaccount.clone(), step: None, sid: None, why };
        Outlook { subaccount, kept: vec![entry], recorded, groups: vec![] }
    }

    pub(super) fn of(
        flow: &'static Flow,
        account: &Account,
        recorded: Facts,
        origins: &Origins,
        seen: &Seen,
        scope: &Scope,
    ) -> Outlook {
        let mut making = Making {
            flow,
            account,
            facts: &recorded,
            origins,
            seen,
            scope,
            ours: HashMap::new(),
            going: HashSet::new(),
            kept: vec![],
        };
        making.find_ours();
        let groups = flow.bundles().rev().map(|bundle| making.group(bundle)).collect();
        let kept = making.kept;
        Outlook { subaccount: account.subaccount.clone(), kept, recorded, groups }
    }

    /// Call by call, what would be sent to change something.
    pub fn deletions(&self) -> Vec<Deletion> {
        self.groups.iter().flat_map(Group::deletions).collect()
    }

    /// Whether anything is to be done: a request to be sent, or something that is gone to be written down.
    pub fn is_idle(&self) -> bool {
        self.groups.iter().all(|it| it.removals.is_empty())
    }
}

struct Making<'a> {
    flow: &'static Flow,
    account: &'a Account,
    facts: &'a Facts,
    origins: &'a Origins,
    seen: &'a Seen,
    scope: &'a Scope,
    /// What each step that creates something has made, where that may go.
    ours: HashMap<StepId, Sid>,
    /// What is to go so far.
    going: HashSet<Sid>,
    kept: Vec<Entry>,
}

impl Making<'_> {
    fn keep(&mut self, step: StepId, sid: Sid, why: Why) {
        let entry =
            Entry { subaccount: self.account.subaccount.clone(), step: Some(step), sid: Some(sid), why };
        if !self.kept.iter().any(|it| it.sid == entry.sid) {
            self.kept.push(entry);
        }
    }

    /// Tells of every step that creates something what is ours of what is there.
    fn find_ours(&mut self) {
        let creations = self.flow.steps().filter_map(|step| match step.verb {
            Verb::Create(it) => Some((step, it.collection)),
            _ => None,
        });
        for (step, collection) in creations.collect::<Vec<_>>() {
            let known = self.facts.sid(step).filter(|it| !self.seen.is_gone(it)).cloned();
            let tagged = self.tagged(step, collection);
            let others = tagged.iter().filter(|it| known.as_ref() != Some(it)).cloned();
            let others: Vec<Sid> = others.collect();
            let in_doubt = matches!(self.facts.state(step), Some(StepState::Unsure { .. }));
            let found = match (known, others.as_slice()) {
                (Some(known), _) => Some(known),
                (None, [one]) if !in_doubt => Some(one.clone()),
                _ => None,
            };
            for other in others.into_iter().filter(|it| found.as_ref() != Some(it)) {
                if self.scope.run.is_none() {
                    self.keep(step, other, Why::LooksAlike);
                }
            }
            let Some(sid) = found else { continue };
            match self.why_not_ours(step, &sid, tagged.contains(&sid)) {
                Some(why) if self.scope.run.is_none() => self.keep(step, sid, why),
                Some(_) => (),
                None if self.is_in_scope(step.into(), &sid) => {
                    self.ours.insert(step, sid);
                }
                None => (),
            }
        }
    }

    fn tagged(&self, step: StepId, collection: Collection) -> Vec<Sid> {
        let items = self.seen.of(collection).filter(|it| is_tagged(step, &self.account.subaccount, it));
        items.filter_map(Item::sid).filter(|sid| !self.facts.is_disowned(step, sid)).collect()
    }

    /// Why something that is in use or bears our tag is not the program's, if it is not.
    fn why_not_ours(&self, step: StepId, sid: &Sid, is_tagged: bool) -> Option<Why> {
        let origin = self.origins.of(&self.account.subaccount, step.into(), sid);
        let is_named = |named: &Vec<(BundleId, Sid)>| named.iter().any(|it| it.1 == *sid);
        match (origin, is_tagged) {
            _ if self.account.named.as_ref().is_some_and(is_named) => Some(Why::Named),
            (Origin::Made { .. }, _) => None,
            (Origin::Named, _) => Some(Why::Named),
            (_, false) => Some(Why::WithoutTag),
            (Origin::Found { tells_apart: false }, _)
                if step.creates_its_bundle() && self.account.named.is_none() =>
            {
                Some(Why::PerhapsNamed)
            }
            (Origin::Found { .. } | Origin::Unknown, true) => None,
        }
    }

    /// Whether what was asked for takes in what a step has made.
    fn is_in_scope(&self, key: Key, sid: &Sid) -> bool {
        let Some(run) = self.scope.run else { return true };
        match self.origins.of(&self.account.subaccount, key, sid) {
            Origin::Made { line } => run.after < line && line <= run.last,
            _ => false,
        }
    }

    /// The bundle that is in use, or that bears our tag, and how it stands.
    fn there(&self, bundle: BundleId) -> Option<(Sid, BundleStatus)> {
        let creation = bundle.made_by();
        let sid = self.ours.get(&creation).or_else(|| {
            let known = self.facts.sid(creation).filter(|it| !self.seen.is_gone(it));
            known.or_else(|| {
                let named = self.account.named.iter().flatten();
                let named = named.into_iter().find(|it| it.0 == bundle && it.1.is(SidKind::Bundle));
                named.map(|it| &it.1).filter(|it| self.seen.item(it).is_some())
            })
        })?;
        // What cannot be read is not touched.
        let status = BundleStatus::of(self.seen.item(sid)?).unwrap_or(BundleStatus::InReview);
        Some((sid.clone(), status))
    }

    fn group(&mut self, bundle: BundleId) -> Group {
        let creation = bundle.made_by();
        let there = self.there(bundle);
        let mut after = vec![];
        let mut goes = self.ours.contains_key(&creation) && there.is_some();
        if let (true, Some((sid, status))) = (goes, &there)
            && let Err(why) = self.may_go(sid, *status, &mut after)
        {
            goes = false;
            self.keep(creation, sid.clone(), why);
        }
        if let (true, Some((sid, _))) = (goes, &there) {
            self.going.insert(sid.clone());
        }
        let mut removals = vec![];
        let steps: Vec<StepId> = bundle.all_steps().filter(|it| it.verb.creates()).collect();
        for step in steps.into_iter().rev() {
            match step.verb {
                Verb::Create(_) => removals.extend(self.creation(step, goes)),
                _ => {
                    if let Some((sid, status)) = &there {
                        removals.extend(self.assignments(step, sid, *status, goes));
                    }
                }
            }
        }
        let is_kept = self.kept.iter().any(|it| it.step == Some(creation));
        let in_doubt = matches!(self.facts.state(creation), Some(StepState::Unsure { .. }));
        let ends = goes || (there.is_none() && !is_kept && !in_doubt);
        Group { bundle, there, goes, ends, after, removals }
    }

    /// Whether a bundle of ours may go. What depends on it, and goes before, is added to `after`.
    fn may_go(&self, sid: &Sid, status: BundleStatus, after: &mut Vec<(Sid, Sid)>) -> Result<(), Why> {
        if !self.scope.takes(status) {
            return Err(Why::Status(status));
        }
        let objects = self.seen.entities(sid).iter().filter(|it| !is_bundle(it));
        let mut objects = objects.filter_map(|it| Sid::parse(it.object_sid.as_deref()?));
        let is_ours = |object: &Sid| self.ours_or_outside(object);
        if let Some(stranger) = objects.find(|it| !is_ours(it)) {
            return Err(Why::Holds(stranger));
        }
        for (holder, link) in self.seen.holders(sid) {
            if !self.going.contains(&holder) && !self.going.contains(&link) {
                return Err(Why::NeededBy(holder));
            }
            after.push((holder, link));
        }
        Ok(())
    }

    /// Whether the program has made something that is assigned, in whichever run.
    fn ours_or_outside(&self, object: &Sid) -> bool {
        let is_known = |step: StepId| self.facts.sid(step) == Some(object);
        self.ours.values().any(|it| it == object)
            || self.flow.steps().any(|step| matches!(step.verb, Verb::Create(_)) && is_known(step))
    }

    /// What a step has created, if it goes.
    fn creation(&mut self, step: StepId, goes: bool) -> Option<Removal> {
        let Verb::Create(resource) = step.verb else { return None };
        let tagged = self.tagged(step, resource.collection);
        let removal = |sid: Sid, is_gone| Removal {
            is_found_again: tagged == [sid.clone()],
            key: step.into(),
            path: resource.collection.path(&self.account.subaccount, Some(&sid)),
            host: resource.collection.host(),
            sid,
            is_gone,
        };
        let Some(sid) = self.ours.get(&step).cloned() else {
            let gone = self.facts.sid(step).filter(|it| self.seen.is_gone(it)).cloned()?;
            return Some(removal(gone, true));
        };
        if step.creates_its_bundle() {
            return goes.then(|| removal(sid, false));
        }
        let stays = |it: &(Sid, Sid)| !self.going.contains(&it.0) && !self.going.contains(&it.1);
        let holder = self.seen.holders(&sid).into_iter().find(stays).map(|it| it.0);
        let holder = holder.or_else(|| self.seen.documents_of(&sid).find(|it| !self.going.contains(it)));
        match holder {
            None => {
                let removal = removal(sid.clone(), false);
                self.going.insert(sid);
                Some(removal)
            }
            Some(holder) => {
                let is_used_by_ours = self.is_of_ours(&holder);
                let why = if is_used_by_ours { Why::StaysWith(holder) } else { Why::NeededBy(holder) };
                self.keep(step, sid, why);
                None
            }
        }
    }

    /// Whether the program works with it.
    fn is_of_ours(&self, sid: &Sid) -> bool {
        let creations = self.flow.steps().filter(|it| matches!(it.verb, Verb::Create(_)));
        self.ours.values().any(|it| it == sid)
            || creations.into_iter().any(|it| self.facts.sid(it) == Some(sid))
    }

    /// What a step has assigned to the bundle that is there. All of it goes with the bundle; off a bundle that stays
    /// goes what the ledger says that the program has put there.
    fn assignments(&mut self, step: StepId, bundle: &Sid, status: BundleStatus, goes: bool) -> Vec<Removal> {
        let list = match step.verb {
            Verb::AssignNumbers => Assignments::ChannelEndpoints,
            _ => Assignments::Entities,
        };
        let mut found: Vec<(Key, Sid)> = match step.verb {
            Verb::AssignNumbers => {
                let of = |it: &Item| {
                    let part = Part::number(&Sid::parse(it.channel_endpoint_sid.as_deref()?)?);
                    Some((Key { step, part }, it.sid()?))
                };
                self.seen.numbers(bundle).iter().filter_map(of).collect()
            }
            Verb::Assign(object) => {
                let of = |it: &Item| Some((Key::from(step), it.sid()?));
                let on_it = self.seen.entities(bundle).iter();
                on_it.filter(|it| self.is_object(step, object, it)).filter_map(of).collect()
            }
            _ => vec![],
        };
        // What its list does not show yet may be there all the same.
        let known = self.facts.shares(step).filter_map(|(key, _)| Some((key, self.facts.sid(key)?.clone())));
        let known = known.filter(|it| !matches!(it.0.part, Part::Disowned(_)));
        let unlisted: Vec<_> = known.filter(|it| !found.iter().any(|known| known.1 == it.1)).collect();
        let listed = found.len();
        found.extend(unlisted);
        // What is ours and stays keeps what it has. Nothing but numbers can be changed on what is approved.
        let may_change = self.is_others(step.bundle, bundle)
            && self.scope.takes(status)
            && (status != BundleStatus::TwilioApproved || matches!(step.verb, Verb::AssignNumbers));
        let is_tagged = self.tagged(step.bundle.made_by(), step.bundle.collection) == [bundle.clone()];
        let mut removals = vec![];
        for (at, (key, sid)) in found.into_iter().enumerate() {
            let origin = self.origins.of(&self.account.subaccount, key, &sid);
            // Who has assigned a thing of ours is told by the thing, where the ledger does not tell it.
            let is_of_ours = matches!(step.verb, Verb::Assign(Object::MadeBy(it)) if !it.creates_its_bundle()
                && self.ours.contains_key(&it));
            let is_made = matches!(origin, Origin::Made { .. }) || (origin != Origin::Named && is_of_ours);
            let is_taken_off = goes || (is_made && may_change && self.is_in_scope(key, &sid));
            if !is_taken_off {
                continue;
            }
            self.going.insert(sid.clone());
            let is_found_again = at < listed && goes && is_tagged;
            let path = step.bundle.collection.path(&self.account.subaccount, Some(bundle));
            let path = format!("{path}/{}/{sid}", list.path());
            removals.push(Removal { key, sid, host: Host::TrustHub, path, is_gone: false, is_found_again });
        }
        removals
    }

    /// Whether a bundle is somebody else's, or another run's than the one that was asked for.
    fn is_others(&self, bundle: BundleId, sid: &Sid) -> bool {
        let why = self.kept.iter().find(|it| it.sid.as_ref() == Some(sid)).map(|it| &it.why);
        match why {
            Some(why) => matches!(why, Why::Named | Why::WithoutTag),
            None => !self.ours.contains_key(&bundle.made_by()),
        }
    }

    /// Whether an assignment is the one that a step has made. Every bundle on ours is linked by the step that links
    /// one.
    fn is_object(&self, step: StepId, object: Object, item: &Item) -> bool {
        let object_sid = item.object_sid.as_deref().and_then(Sid::parse);
        let is_known = item.sid().as_ref() == self.facts.sid(step);
        is_known
            || match object {
                Object::PrimaryProfile => is_bundle(item),
                Object::MadeBy(creation) if creation.creates_its_bundle() => is_bundle(item),
                Object::MadeBy(creation) => {
                    let made = self.ours.get(&creation).or_else(|| self.facts.sid(creation));
                    object_sid.is_some_and(|it| !it.is(SidKind::Bundle) && made == Some(&it))
                }
            }
    }
}
