//! The steps that change something, and the looks that resolve what became of them.

use crate::facts::Evaluate;
use crate::facts::{Callback, Content, Ending, Note, OurCode, Reason, StepState};
use crate::flow::BundleStatus;
use crate::flow::{BundleId, Call, Item, Key, Verb};
use crate::model::Sid;
use crate::twilio::{Answer, Evaluation, Page, Refusal};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::exchange::{As, Fresh, NOT_YET_WAIT_MS, Reply};
use super::row::{Row, Stop};

/// How often a resource is read after an update whose answer does not show it: an API that is behind by more
/// than a few seconds is one that has not taken the update.
const LOOKS_AFTER_AN_UPDATE: u32 = 3;

impl Row<'_> {
    pub(super) async fn send(&mut self, key: Key) -> Result<(), Stop> {
        let Some(call) = self.plan.request(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        let content = self.plan.content_of(key.step, &self.facts);
        let at = self.run.clock.now();
        let before = self.facts.state(key).cloned();
        self.record(key, StepState::Started { at, content, sid: None });
        let reply = match key.step.verb {
            // Repeated as it is, neither makes anything twice.
            Verb::Evaluate => {
                let reply = self.call(key, &call, As::Subaccount, Fresh::Perhaps).await?;
                return self.evaluated(key, content, reply).await;
            }
            Verb::Submit => {
                let bundle = self.facts.sid(key.step.bundle.made_by()).cloned();
                self.ask_for(key, &call, Fresh::Perhaps, bundle.as_ref()).await?
            }
            _ => match self.create(key, &call, content).await? {
                Some(reply) => reply,
                None => return Ok(()),
            },
        };
        match (key.step.verb, reply) {
            // A submission is decided by reading, whatever its answer was; only whose answer it is counts.
            (Verb::Submit, Reply::Yes(_)) => {
                self.answered = Some(key);
                Ok(())
            }
            (Verb::Submit, Reply::No(refusal) | Reply::Conflict(refusal) | Reply::NotFound(refusal)) => {
                match (self.submitted_status(key).await?, before) {
                    (Some(_), _) => Ok(()),
                    // Not submitted again: what was rejected is still what had been submitted.
                    (None, Some(rejected @ StepState::Done { .. })) => {
                        self.finish(key, rejected);
                        Err(self.look_refused(key, Reply::<Item>::No(refusal)))
                    }
                    (None, _) => self.refused(key, &refusal),
                }
            }
            (_, Reply::Yes(Answer { value: item, .. })) => match item.sid() {
                Some(sid) if self.plan.is_ours(key, &self.facts, &item) => {
                    self.made(key, sid, content, &item);
                    Ok(())
                }
                _ => Err(Stop::Lost(key)),
            },
            (_, Reply::Conflict(refusal)) => self.conflict(key, content, &refusal).await,
            // A creation hardly names anything that could be missing, so that this answer is not to be
            // trusted: the step stays started, and the next run looks for it once more.
            (Verb::Create(_) | Verb::Assign(_), Reply::NotFound(refusal))
                if self.names_what_is_new(&call) =>
            {
                // What this run has made is not found yet, which passes by itself.
                self.messages.push((key, refusal.message.clone()));
                Err(Stop::Over(Ending::Unfinished(key)))
            }
            (Verb::Create(_), Reply::NotFound(refusal)) => {
                Err(self.look_refused(key, Reply::<Item>::NotFound(refusal)))
            }
            (_, reply) => self.not_yes(key, reply),
        }
    }

    /// Something new is there. It is proven where its answer shows what was sent; otherwise it is read before
    /// its bundle is submitted.
    fn made(&mut self, key: Key, sid: Sid, content: Content, item: &Item) {
        self.finish(key, StepState::done(Some(sid), content));
        match key.step.verb {
            Verb::Create(_) => {
                self.note_callback(key, item);
                let shown = self.plan.shown(key.step, &self.facts, item);
                if shown.is_some_and(|it| it.is_as_wanted()) {
                    self.facts.prove(key);
                }
                if key.step.creates_its_bundle() {
                    self.facts.note_whole(key.step.bundle);
                }
            }
            _ => self.facts.prove(key),
        }
    }

    /// Asks for something new. What the request names may be too new to be found; but a 404 may also
    /// come after the work was done, so that nothing is asked for again before it was looked for.
    /// `None`: it was there.
    async fn create(&mut self, key: Key, call: &Call, content: Content) -> Result<Option<Reply<Item>>, Stop> {
        loop {
            let sent_at = self.run.clock.now();
            let refusal = match self.ask(key, call, Fresh::No).await? {
                Reply::NotFound(refusal) => refusal,
                reply => return Ok(Some(reply)),
            };
            // Asked before the look, after which what the request names has been seen.
            let may_be_too_new = self.names_something_new(call, sent_at);
            match self.find(key).await? {
                Ok(Some(item)) => {
                    self.found(key, content, &item);
                    return Ok(None);
                }
                Ok(None) if may_be_too_new => {
                    self.wait_for_another_try(key, call, NOT_YET_WAIT_MS).await?;
                    let now = self.run.clock.now();
                    self.writing(key).sent_again(call, now);
                }
                Ok(None) => return Ok(Some(Reply::NotFound(refusal))),
                Err(reply) => return Err(self.look_refused(key, reply)),
            }
        }
    }

    /// It may be there already: on our bundle it is done, elsewhere it is refused by name.
    pub(super) async fn conflict(
        &mut self,
        key: Key,
        content: Content,
        refusal: &Refusal,
    ) -> Result<(), Stop> {
        let found = match self.find(key).await? {
            Ok(found) => found,
            Err(reply) => return Err(self.look_refused(key, reply)),
        };
        let named = refusal.names_bundle();
        let ours = self.facts.sid(key.step.bundle.made_by());
        match (found, key.step.verb) {
            (Some(item), _) => self.found(key, content, &item),
            // The message says that it is on ours, and only the list does not show it yet.
            (None, Verb::AssignNumbers) if named.is_some() && named.as_ref() == ours => {
                return Err(Stop::Lost(key));
            }
            (None, Verb::AssignNumbers) => {
                let reason = Reason { sid: named, ..refusal.reason_of_ours(OurCode::NumberElsewhere) };
                self.messages.push((key, refusal.message.clone()));
                self.finish(key, StepState::Refused { reason, kept: None });
            }
            (None, _) => return self.refused(key, refusal),
        }
        Ok(())
    }

    async fn evaluated(&mut self, key: Key, content: Content, reply: Reply<Evaluation>) -> Result<(), Stop> {
        let answer = match reply {
            Reply::Yes(answer) => answer,
            // Twilio's guide has no evaluation; it is our own care. Without it, the review decides.
            Reply::No(_) | Reply::NotFound(_) | Reply::Conflict(_) => {
                self.finish(key, StepState::Done { sid: None, content, note: Some(Note::NotEvaluated) });
                return Ok(());
            }
        };
        // The account is compared before anything of the answer is believed.
        let evaluation = answer.value;
        let item = evaluation.item();
        self.check_landing(key, &item, answer.request_id.clone()).await?;
        let failing = evaluation.failing(key.step.bundle);
        if failing.is_empty() {
            self.finish(key, StepState::done(item.sid(), content));
            return Ok(());
        }
        self.messages.push((key, evaluation.in_words(&failing)));
        let state = match self.policy().evaluate {
            Evaluate::Warn => StepState::Done { sid: item.sid(), content, note: Some(Note::Noncompliant) },
            Evaluate::Refuse | Evaluate::Off => StepState::Refused {
                reason: Reason {
                    http_status: Some(answer.status),
                    request_id: answer.request_id,
                    fields: Some(evaluation.in_codes(&failing)),
                    ..Reason::ours(OurCode::Noncompliant)
                },
                kept: None,
            },
        };
        self.finish(key, state);
        Ok(())
    }

    /// All there is of recovery: a lost answer and a crash both leave *started* and come here.
    pub(super) async fn adopt(&mut self, key: Key) -> Result<(), Stop> {
        let looked = self.now();
        if let Verb::Submit = key.step.verb {
            if self.submitted_status(key).await?.is_none() {
                self.facts.miss(key, looked);
            }
            return Ok(());
        }
        let content = match self.facts.state(key) {
            Some(StepState::Started { content, .. }) => *content,
            // A number that somebody else may have put there.
            _ => Content::Nothing,
        };
        match self.find(key).await? {
            Ok(Some(item)) => self.found(key, content, &item),
            Ok(None) => self.facts.miss(key, looked),
            Err(reply) => return Err(self.look_refused(key, reply)),
        }
        Ok(())
    }

    /// Reads a bundle after its submission; `None` where it has not been submitted.
    pub(super) async fn submitted_status(&mut self, key: Key) -> Result<Option<BundleStatus>, Stop> {
        let bundle = key.step.bundle;
        let content = match self.facts.state(key) {
            Some(StepState::Started { content, .. }) => *content,
            _ => Content::Unknown,
        };
        let was_rejected = self.facts.status(bundle) == Some(BundleStatus::TwilioRejected);
        let Some(call) = self.plan.look(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        let (item, status) = match self.status(key, &call).await? {
            Ok(shown) => shown,
            Err(other) => return Err(self.look_refused(key, other)),
        };
        let unchanged = match status {
            BundleStatus::Draft => true,
            // A rejected bundle that is still rejected was not submitted again, unless its answer said so.
            BundleStatus::TwilioRejected => was_rejected && self.answered != Some(key),
            _ => false,
        };
        if unchanged {
            return Ok(None);
        }
        self.finish(key, StepState::done(self.facts.sid(bundle.made_by()).cloned(), content));
        self.finish(bundle.reviewed_by().into(), StepState::Seen { status, codes: item.codes() });
        Ok(Some(status))
    }

    /// Updates a resource in place. It is a success where an answer shows what was sent.
    pub(super) async fn update(&mut self, key: Key) -> Result<(), Stop> {
        let Some(sid) = self.facts.sid(key).cloned() else {
            return Err(self.wrong_table(key.step));
        };
        let content = self.plan.content_of(key.step, &self.facts);
        let at = self.run.clock.now();
        self.record(key, StepState::Started { at, content, sid: Some(sid.clone()) });
        let mut reply = self.send_update(key).await?;
        let bundle = key.step.creates_its_bundle().then_some(key.step.bundle);
        if let (Some(bundle), Reply::No(_)) = (bundle, &reply)
            && self.facts.callback(bundle) == Some(Callback::ToClear)
        {
            self.leave_the_callback(key, bundle);
            reply = self.send_update(key).await?;
        }
        let mut item = match reply {
            Reply::Yes(answer) => answer.value,
            other => return self.not_yes(key, other),
        };
        if item.sid().as_ref() != Some(&sid) {
            return Err(Stop::Lost(key));
        }
        for look in 0..=LOOKS_AFTER_AN_UPDATE {
            if look > 0 {
                // The answer may have been older than the update.
                let Some(call) = self.plan.resource(key, &self.facts) else {
                    return Err(self.wrong_table(key.step));
                };
                if look > 1 {
                    self.wait_for_another_try(key, &call, NOT_YET_WAIT_MS).await?;
                }
                item = match self.ask_for(key, &call, Fresh::Perhaps, Some(&sid)).await? {
                    Reply::Yes(answer) => answer.value,
                    other => return self.not_yes(key, other),
                };
            }
            if self.plan.shown(key.step, &self.facts, &item).is_some_and(|it| it.is_as_wanted()) {
                break;
            }
        }
        match self.plan.shown(key.step, &self.facts, &item) {
            Some(shown) if !shown.is_as_wanted() => {
                let reason = Reason::ours(OurCode::ContentNotTaken).naming(sid);
                self.refuse_for(key, Reason { fields: Some(shown.fields()), ..reason })
            }
            _ => {
                self.finish_proven(key, StepState::done(Some(sid), content));
                match bundle {
                    Some(bundle)
                        if self.facts.callback(bundle) == Some(Callback::ToClear)
                            && self.plan.has_stray_callback(&item) =>
                    {
                        self.leave_the_callback(key, bundle);
                    }
                    _ => self.note_callback(key, &item),
                }
                Ok(())
            }
        }
    }

    async fn send_update(&mut self, key: Key) -> Result<Reply<Item>, Stop> {
        let Some(call) = self.plan.update(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        let reply = self.repeatable(key, &call).await?;
        if let Reply::Yes(answer) = &reply {
            self.check_landing(key, &answer.value, answer.request_id.clone()).await?;
        }
        Ok(reply)
    }

    /// Goes on with a status callback that the API does not clear, and says so.
    fn leave_the_callback(&mut self, key: Key, bundle: BundleId) {
        self.facts.note_callback(bundle, Some(Callback::Stays));
        let step = key.step;
        let text =
            format!("{step}: the status callback of an earlier row stays, because the API does not clear it");
        if !self.remarks.contains(&text) {
            self.remarks.push(text);
        }
    }

    /// Taking something off can be repeated: what is not found is off, unless it is too new.
    pub(super) async fn remove(&mut self, key: Key) -> Result<(), Stop> {
        let Some(call) = self.plan.removal(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        match self.repeatable::<IgnoredAny>(key, &call).await? {
            Reply::Yes(_) | Reply::NotFound(_) => {
                self.finish(key, StepState::Removed);
                Ok(())
            }
            other => self.not_yes(key, other),
        }
    }

    /// Sends an update or a removal. A conflict (20409, 70003 "outdated entity") may be about a state
    /// that is over: what the request names is read, and where it is still there asked once more.
    async fn repeatable<T: DeserializeOwned>(&mut self, key: Key, call: &Call) -> Result<Reply<T>, Stop> {
        let first = self.call(key, call, As::Subaccount, Fresh::Perhaps).await?;
        let Reply::Conflict(_) = first else { return Ok(first) };
        match self.ask(key, &Call::get(call.host, call.path.clone()), Fresh::No).await? {
            Reply::Yes(_) => self.call(key, call, As::Subaccount, Fresh::Perhaps).await,
            Reply::No(refusal) => Ok(Reply::No(refusal)),
            Reply::NotFound(refusal) => Ok(Reply::NotFound(refusal)),
            Reply::Conflict(refusal) => Ok(Reply::Conflict(refusal)),
        }
    }

    /// What of this key is there already. Several that are ours leave the customer unsure.
    async fn find(&mut self, key: Key) -> Result<Result<Option<Item>, Reply<Page>>, Stop> {
        let Some(call) = self.plan.look(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        let items = match self.list(key, call).await? {
            Ok(items) => items,
            Err(reply) => return Ok(Err(reply)),
        };
        let mut ours: Vec<Item> = items;
        ours.retain(|item| item.sid().is_some() && self.plan.is_ours(key, &self.facts, item));
        if ours.len() > 1 {
            return Err(self.unsure(key, ours.iter().filter_map(Item::sid).collect()));
        }
        Ok(Ok(ours.pop()))
    }

    /// What was asked for is there. What it says is known from the answer that shows it.
    fn found(&mut self, key: Key, content: Content, item: &Item) {
        self.finish(key, StepState::done(item.sid(), content));
        match key.step.verb {
            Verb::Create(_) => self.hold(key, item),
            _ => self.facts.prove(key),
        }
    }
}
