//! Does what an outlook says. A bundle is read right before it is taken away, and what has changed since the look
//! counts.

use super::exchange::{Exchange, Reply, Stop};
use super::outlook::{Group, Outlook, Removal};
use super::{Entry, Fate, Undo, Why};
use crate::facts::{Code, Content, StepState};
use crate::flow::{BundleStatus, Key, Part, Verb};
use crate::model::{Fault, Sid};
use std::collections::HashSet;

/// "Bundle cannot be deleted due to an active number assignment" [docs].
const NUMBERS_ASSIGNED: u32 = 21648;

/// The work on one account.
struct Work<'a> {
    exchange: Exchange<'a>,
    account: &'a Sid,
    /// What is gone.
    taken: HashSet<Sid>,
    entries: Vec<Entry>,
}

impl Undo {
    pub(super) async fn take_away_from(&self, outlook: Outlook) -> Result<Vec<Entry>, Fault> {
        let Outlook { subaccount, kept, recorded, groups } = outlook;
        let mut work = Work {
            exchange: Exchange::new(self, &subaccount, recorded),
            account: &subaccount,
            taken: HashSet::new(),
            entries: vec![],
        };
        let ended = work.take_away(&groups).await;
        if let Err(Stop::Over(why)) = &ended {
            work.leave(&groups, why);
        }
        // The ledger may be the reason for a fault; what can be written is.
        let saved = work.exchange.save().await;
        match ended {
            Err(Stop::Fault(fault)) => return Err(fault),
            Ok(()) | Err(Stop::Over(_)) => saved?,
        }
        work.entries.extend(kept);
        Ok(work.entries)
    }
}

impl Work<'_> {
    async fn take_away(&mut self, groups: &[Group]) -> Result<(), Stop> {
        if groups.iter().flat_map(|it| &it.removals).any(|it| !it.is_gone) {
            self.exchange.check_account().await?;
        }
        for group in groups {
            self.take(group).await?;
        }
        Ok(())
    }

    async fn take(&mut self, group: &Group) -> Result<(), Stop> {
        let status = match &group.there {
            Some((sid, _)) if group.removals.iter().any(|it| !it.is_gone) => {
                let needed = |it: &&(Sid, Sid)| !self.taken.contains(&it.0) && !self.taken.contains(&it.1);
                if let Some((holder, _)) = group.after.iter().find(needed) {
                    let why = Why::NeededBy(holder.clone());
                    self.keep(group, sid, why);
                    return Ok(());
                }
                match self.status(group, sid).await? {
                    Some(status) if !self.exchange.undo.settings.scope.takes(status) => {
                        self.keep(group, sid, Why::ChangedMeanwhile(status));
                        return Ok(());
                    }
                    status => status,
                }
            }
            _ => None,
        };
        let is_over = match group.is_taken_whole(status) {
            true => self.take_whole(group).await?,
            false => self.take_apart(group, status).await?,
        };
        match is_over {
            true => self.forget(group).map(drop).map_err(Stop::Fault),
            false => Ok(()),
        }
    }

    /// How the bundle of a group stands now; `None` where it is gone.
    async fn status(&mut self, group: &Group, sid: &Sid) -> Result<Option<BundleStatus>, Stop> {
        let (bundle, account) = (group.bundle, self.account);
        let path = bundle.collection.path(account, Some(sid));
        match self.exchange.read(bundle.reviewed_by(), bundle.collection.host(), path).await? {
            Reply::Yes(item) => BundleStatus::of(&item).map(Some).ok_or(Stop::Over(Why::NoAnswer)),
            Reply::Gone => Ok(None),
            Reply::No(refusal) => Err(Stop::Over(Why::refused(&refusal))),
        }
    }

    /// Takes everything off a draft and out of it, then the draft itself. Gives whether there is none any more.
    async fn take_apart(&mut self, group: &Group, status: Option<BundleStatus>) -> Result<bool, Stop> {
        let mut is_as_read = true;
        for removal in &group.removals {
            if let (true, Some((sid, _)), Some(status), false) =
                (removal.is_bundle(), &group.there, status, is_as_read || removal.is_gone)
            {
                let now = self.status(group, sid).await?;
                if let Some(now) = now.filter(|it| *it != status) {
                    self.keep(group, sid, Why::ChangedMeanwhile(now));
                    return Ok(false);
                }
            }
            is_as_read = false;
            if self.delete(group, removal).await? {
                continue;
            }
            // It may have been submitted while it was taken apart.
            if let (Some((sid, _)), Some(status)) = (&group.there, status) {
                let now = self.status(group, sid).await?;
                if let Some(now) = now.filter(|it| *it != status) {
                    self.entries.pop();
                    self.keep(group, sid, Why::ChangedMeanwhile(now));
                    return Ok(false);
                }
            }
        }
        Ok(group.ends && group.itself().is_none_or(|it| self.taken.contains(&it.sid)))
    }

    /// Asks for a bundle that was submitted once, before anything else of it is touched. What was assigned to it goes
    /// with it; what it held is taken away after it. Gives whether there is none any more.
    async fn take_whole(&mut self, group: &Group) -> Result<bool, Stop> {
        let (Some(itself), Some((bundle, _))) = (group.itself(), &group.there) else { return Ok(false) };
        let on_it: Vec<&Removal> =
            group.removals.iter().filter(|it| !it.is_bundle() && !it.is_content()).collect();
        for removal in &on_it {
            self.adopt(removal)?;
        }
        let mut said = self.request(group, itself).await?;
        let numbers: Vec<&Removal> = group.removals.iter().filter(|it| it.is_number()).collect();
        let is_about_numbers = |why: &Why| matches!(why, Why::Refused(reason, _) if reason.code == Code::Twilio(NUMBERS_ASSIGNED));
        if said.as_ref().is_some_and(is_about_numbers) && !numbers.is_empty() {
            for number in &numbers {
                self.delete(group, number).await?;
            }
            said = self.request(group, itself).await?;
        }
        if let Some(why) = said {
            self.tell(itself.key, &itself.sid, why);
            self.keep_the_rest(group, bundle);
            return Ok(false);
        }
        for removal in on_it.into_iter().filter(|it| !self.taken.contains(&it.sid)).collect::<Vec<_>>() {
            self.taken.insert(removal.sid.clone());
            self.tell(removal.key, &removal.sid, Why::WentWith(bundle.clone()));
        }
        self.note_gone(itself)?;
        self.tell(itself.key, &itself.sid, Why::Deleted);
        for removal in group.removals.iter().filter(|it| it.is_content()) {
            self.delete(group, removal).await?;
        }
        Ok(true)
    }

    /// Deletes one thing, and says whether it is gone.
    async fn delete(&mut self, group: &Group, removal: &Removal) -> Result<bool, Stop> {
        let why = match removal.is_gone {
            true => {
                self.adopt(removal)?;
                Why::WasGone
            }
            false => self.request(group, removal).await?.unwrap_or(Why::Deleted),
        };
        let is_gone = why.fate() == Fate::Removed;
        if is_gone {
            self.note_gone(removal)?;
        }
        self.tell(removal.key, &removal.sid, why);
        Ok(is_gone)
    }

    /// Sends a deletion. Gives why the thing is still there, where it is.
    ///
    /// A crash or a lost reply leaves no doubt: what the next run or undo finds by itself, where it is there, is
    /// written down as gone before. Otherwise a run might rest on what is not there any more.
    async fn request(&mut self, group: &Group, removal: &Removal) -> Result<Option<Why>, Stop> {
        self.adopt(removal)?;
        let mut before = vec![];
        if removal.is_found_again {
            before.extend(self.exchange.facts.state(removal.key).map(|it| (removal.key, it.clone())));
            self.exchange.record(removal.key, StepState::Removed)?;
            if removal.is_bundle() {
                before.extend(self.forget(group)?);
            }
        }
        let said = self.exchange.delete(removal.key, removal.host, &removal.path).await;
        if let Ok(Reply::No(_)) | Err(Stop::Over(Why::NotReached)) = &said {
            self.restore(before)?;
        }
        match said? {
            Reply::Yes(()) | Reply::Gone => Ok(None),
            Reply::No(refusal) => Ok(Some(Why::refused(&refusal))),
        }
    }

    /// It is there all the same, or was not asked for.
    fn restore(&mut self, before: Vec<(Key, StepState)>) -> Result<(), Fault> {
        for (key, state) in before {
            let state = match state {
                StepState::Started { sid: sid @ Some(_), .. }
                | StepState::Refused { kept: sid @ Some(_), .. } => {
                    StepState::Done { sid, content: Content::without_digest(key.step.verb), note: None }
                }
                state => state,
            };
            self.exchange.record(key, state)?;
        }
        Ok(())
    }

    /// Writes down what was found and the ledger does not know: no SID that ever was is lost.
    fn adopt(&mut self, removal: &Removal) -> Result<(), Stop> {
        let Removal { key, sid, .. } = removal;
        let is_known = matches!(
            self.exchange.facts.state(*key),
            Some(StepState::Done { sid: Some(known), .. }) if known == sid
        );
        if !is_known {
            let content = Content::without_digest(key.step.verb);
            self.exchange.record(*key, StepState::Done { sid: Some(sid.clone()), content, note: None })?;
        }
        Ok(())
    }

    fn note_gone(&mut self, removal: &Removal) -> Result<(), Stop> {
        if self.exchange.facts.state(removal.key) != Some(&StepState::Removed) {
            self.exchange.record(removal.key, StepState::Removed)?;
        }
        self.taken.insert(removal.sid.clone());
        Ok(())
    }

    /// Of a bundle that is there no more nothing is left that was read, judged, decided or asked for: the next run
    /// begins anew. What it held and is still there stays known, and so does what a person has said. Gives what was
    /// known.
    fn forget(&mut self, group: &Group) -> Result<Vec<(Key, StepState)>, Fault> {
        let is_over = |key: &Key, state: &StepState| {
            let exists = matches!(key.step.verb, Verb::Create(_)) && self.exchange.facts.sid(*key).is_some();
            key.step.bundle == group.bundle
                && !matches!(key.part, Part::Disowned(_))
                && !matches!(state, StepState::Removed | StepState::Unsure { .. })
                && !exists
        };
        let states = self.exchange.facts.states().filter(|(key, state)| is_over(key, state));
        let over: Vec<(Key, StepState)> = states.map(|(key, state)| (key, state.clone())).collect();
        for (key, _) in &over {
            self.exchange.record(*key, StepState::Removed)?;
        }
        Ok(over)
    }

    fn tell(&mut self, key: Key, sid: &Sid, why: Why) {
        let (subaccount, step, sid) = (self.account.clone(), Some(key.step), Some(sid.clone()));
        self.entries.push(Entry { subaccount, step, sid, why });
    }

    /// A bundle is kept after all, with everything of it that was not taken away before.
    fn keep(&mut self, group: &Group, bundle: &Sid, why: Why) {
        self.tell(group.bundle.made_by().into(), bundle, why);
        self.keep_the_rest(group, bundle);
    }

    fn keep_the_rest(&mut self, group: &Group, bundle: &Sid) {
        let told: HashSet<Sid> = self.entries.iter().filter_map(|it| it.sid.clone()).collect();
        for removal in group.removals.iter().filter(|it| !told.contains(&it.sid)) {
            self.tell(removal.key, &removal.sid, Why::StaysWith(bundle.clone()));
        }
    }

    /// The work ends before everything was asked for.
    fn leave(&mut self, groups: &[Group], why: &Why) {
        let told: HashSet<Sid> = self.entries.iter().filter_map(|it| it.sid.clone()).collect();
        let left = groups.iter().flat_map(|it| &it.removals).filter(|it| !told.contains(&it.sid));
        for (at, removal) in left.enumerate() {
            // The first one has met the reason; the others were not reached.
            let why = if at == 0 { why.clone() } else { Why::NotReached };
            self.tell(removal.key, &removal.sid, why);
        }
    }
}
