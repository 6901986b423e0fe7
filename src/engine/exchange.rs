//! One request of a customer and what is made of its answer: who asks, whose answer it is, what a no means.

use super::caller::Writing;
use super::row::{Row, Stop};
use crate::facts::{Ending, OurCode, Reason, StepState, Time};
use crate::flow::BundleStatus;
use crate::flow::{Call, Item, Key, Method, StepId};
use crate::ledger::{Misrouted, Record};
use crate::model::{Fault, Sid};
use crate::twilio::{Answer, Answered, Identity, NoList, Obstacle, Page, Refusal, Sent, WholeList};
use serde::de::DeserializeOwned;

/// How often something that was just created is asked for again while it is not found. Public
/// scripts wait one or two seconds after every creation.
pub(super) const NOT_YET_WAIT_MS: u64 = 1_000;

/// An answer that is one.
pub(super) enum Reply<T> {
    Yes(Answer<T>),
    NotFound(Refusal),
    Conflict(Refusal),
    No(Refusal),
}

/// As whom a request is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    Subaccount,
    Parent,
}

/// Whether a 404 may only mean that something is too new.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    Perhaps,
    No,
}

impl Row<'_> {
    /// Sends one request and makes of its answer what it means for the customer.
    pub(super) async fn call<T: DeserializeOwned>(
        &mut self,
        key: Key,
        call: &Call,
        as_whom: As,
        fresh: Fresh,
    ) -> Result<Reply<T>, Stop> {
        let run = self.run;
        let caller = run.caller();
        let mut tries = caller.tries();
        loop {
            if self.illegal.is_some() {
                self.save().await?;
            }
            let (identity, sent_at, before) = (self.identity(as_whom), run.clock.now(), tries.count());
            let sent = caller.send(call, &identity, &mut tries, Some(self.writing(key))).await;
            self.calls += tries.count() - before;
            let sent = sent?;
            self.is_unanswered = sent.is_no_answer();
            match sent {
                Sent::Done(answer) => {
                    self.has_shown(call);
                    return Ok(Reply::Yes(answer));
                }
                Sent::Refused(refusal) => return Ok(Reply::No(refusal)),
                Sent::Conflict(refusal) => return Ok(Reply::Conflict(refusal)),
                Sent::NotFound(refusal) => {
                    if fresh == Fresh::No || !self.names_something_new(call, sent_at) {
                        return Ok(Reply::NotFound(refusal));
                    }
                    self.wait_for_another_try(key, call, NOT_YET_WAIT_MS).await?;
                }
                Sent::Unauthorized(_) if as_whom == As::Parent => {
                    return Err(super::primary::parent_refused().into());
                }
                Sent::Unauthorized(refusal) => {
                    if std::mem::replace(&mut self.token_read_again, true) {
                        let reason = refusal.reason_of_ours(OurCode::Unauthorized);
                        // It stays started, so that the next run looks for it: neither this answer nor that
                        // to a look says that nothing was made. The account is read anew by every run.
                        let at = if self.facts.is_started(key) { self.flow().account.into() } else { key };
                        self.refuse_as(at, OurCode::Unauthorized, &refusal)?;
                        return Err(Stop::Over(Ending::Refused(vec![(key, reason)])));
                    }
                    // The token may have been changed in mid-run: it is read once more.
                    Box::pin(self.check_account(self.flow().account.into())).await?;
                    if let Some(StepState::Refused { reason, .. }) = self.facts.state(self.flow().account) {
                        let refused = vec![(self.flow().account.into(), reason.clone())];
                        return Err(Stop::Over(Ending::Refused(refused)));
                    }
                    if call.method == Method::Post {
                        // Looked for before it is asked for again: it may have been carried out all the same.
                        return Err(Stop::Lost(key));
                    }
                }
                Sent::Redirected { status } => return Err(redirected(call, status).into()),
                Sent::Unknown { heard } => {
                    if let Answered::Gateway { status: status @ 400..=499 } = heard {
                        let text = format!(
                            "HTTP {status} without an error code of Twilio's: a proxy or gateway may have said it"
                        );
                        self.messages.push((key, text));
                    }
                    return Err(Stop::Lost(key));
                }
                Sent::Unavailable(obstacle) => {
                    self.writing(key).never_sent(call, run.clock.now());
                    let text = match obstacle {
                        Obstacle::NoConnection { reason, .. } => Some(format!("no connection: {reason}")),
                        Obstacle::UpdateInProgress => Some(
                            "another request is changing the same resource (20162), and does not end"
                                .to_owned(),
                        ),
                        Obstacle::Away(reason) => {
                            let text = format!("the API did not answer anyone: {reason}");
                            run.give_up(reason);
                            Some(text)
                        }
                        Obstacle::TooMany | Obstacle::Stopped => None,
                    };
                    self.messages.extend(text.map(|text| (key, text)));
                    return Err(Stop::Over(Ending::Unfinished(key)));
                }
            }
        }
    }

    /// What a request of this step writes down.
    pub(super) fn writing(&mut self, key: Key) -> Writing<'_> {
        let Row { customer, facts, unsaved, .. } = self;
        Writing { key, subaccount: &customer.subaccount, facts, unsaved }
    }

    /// A request whose answer shows a resource: its account is compared with the one that was meant before
    /// anything else of it is believed.
    pub(super) async fn ask(&mut self, key: Key, call: &Call, fresh: Fresh) -> Result<Reply<Item>, Stop> {
        let reply = self.call(key, call, As::Subaccount, fresh).await?;
        if let Reply::Yes(answer) = &reply {
            self.check_landing(key, &answer.value, answer.request_id.clone()).await?;
        }
        Ok(reply)
    }

    /// Whether a 404 may only mean that something is too new: something of this customer's own that has
    /// not been seen by any request since. A SID of the sheet never is.
    pub(super) fn names_something_new(&self, call: &Call, sent_at: Time) -> bool {
        let is_new = |named: &[u8]| {
            self.fresh.iter().any(|(sid, until)| sent_at < *until && sid.as_str().as_bytes() == named)
        };
        named(call).any(is_new)
    }

    /// Whether a request names something that this run has made.
    pub(super) fn names_what_is_new(&self, call: &Call) -> bool {
        let made = self.facts.states().map(|it| it.0);
        let made = made.filter(|key| key.step.verb.creates() && self.facts.times_sent(*key) > 0);
        let sids: Vec<&Sid> = made.filter_map(|key| self.facts.sid(key)).collect();
        named(call).any(|named| sids.iter().any(|sid| sid.as_str().as_bytes() == named))
    }

    /// What a request with a good answer named is there.
    fn has_shown(&mut self, call: &Call) {
        for named in named(call) {
            self.fresh.retain(|(sid, _)| sid.as_str().as_bytes() != named);
        }
    }

    /// A pause before a request goes out once more. It is given up when the run comes to its end.
    pub(super) async fn wait_for_another_try(
        &mut self,
        key: Key,
        call: &Call,
        wait_ms: u64,
    ) -> Result<(), Stop> {
        self.pause(wait_ms).await;
        match self.run.drain.is_cancelled() {
            true => Err(self.stopped(key, call)),
            false => Ok(()),
        }
    }

    /// The run comes to its end, and this request does not go out any more.
    fn stopped(&mut self, key: Key, call: &Call) -> Stop {
        let now = self.run.clock.now();
        self.writing(key).never_sent(call, now);
        Stop::Over(Ending::Unfinished(key))
    }

    pub(super) fn identity(&self, as_whom: As) -> Identity {
        match (as_whom, &self.token) {
            (As::Subaccount, Some(token)) => {
                Identity { account: self.customer.subaccount.clone(), token: token.clone() }
            }
            _ => self.run.settings.parent.clone(),
        }
    }

    /// The same for the resource with that SID; an answer that shows another one is as good as lost.
    pub(super) async fn ask_for(
        &mut self,
        key: Key,
        call: &Call,
        fresh: Fresh,
        sid: Option<&Sid>,
    ) -> Result<Reply<Item>, Stop> {
        let reply = self.ask(key, call, fresh).await?;
        match &reply {
            Reply::Yes(answer) if answer.value.sid().as_ref() != sid || sid.is_none() => Err(Stop::Lost(key)),
            _ => Ok(reply),
        }
    }

    /// An answer from another account stops the run: what it created there is written down first.
    pub(super) async fn check_landing(
        &mut self,
        key: Key,
        item: &Item,
        request_id: Option<String>,
    ) -> Result<(), Stop> {
        let meant = &self.customer.subaccount;
        let Some(landed_in) = item.account_sid.as_deref() else {
            return Err(Stop::Lost(key));
        };
        if Sid::parse(landed_in).as_ref() == Some(meant) {
            return Ok(());
        }
        // Only SIDs go into the ledger and the message, whatever the answer held.
        let clean = |text: Option<&str>| text.and_then(Sid::parse).map(|sid| sid.to_string());
        let (sid, landed_in) = (clean(item.sid.as_deref()), clean(Some(landed_in)));
        let text = format!(
            "An answer came from another account: step {} of {meant} gave {} in {}",
            key.step,
            sid.as_deref().unwrap_or("no SID"),
            landed_in.as_deref().unwrap_or("an unreadable account"),
        );
        let at = self.run.clock.now();
        self.unsaved.push(Record::Misrouted(Misrouted { step: key.step, sid, landed_in, request_id, at }));
        self.save().await?;
        Err(Fault::new(
            text,
            "The run has stopped, and both are in the ledger's table `misrouted`. Check which credentials \
             the server takes before you go on.",
        )
        .into())
    }

    /// Reads how a bundle of this customer stands.
    pub(super) async fn status(
        &mut self,
        key: Key,
        call: &Call,
    ) -> Result<Result<(Item, BundleStatus), Reply<Item>>, Stop> {
        let sid = self.facts.sid(key.step.bundle.made_by()).cloned();
        match self.ask_for(key, call, Fresh::Perhaps, sid.as_ref()).await? {
            Reply::Yes(Answer { value: item, .. }) => match BundleStatus::of(&item) {
                Some(status) => Ok(Ok((item, status))),
                None => Err(Stop::Lost(key)),
            },
            other => Ok(Err(other)),
        }
    }

    /// Everything in a list, or the answer that was no list.
    pub(super) async fn list(
        &mut self,
        key: Key,
        call: Call,
    ) -> Result<Result<Vec<Item>, Reply<Page>>, Stop> {
        let mut list = WholeList::of(call);
        let mut next = Some(list.first());
        while let Some(call) = next {
            let answer = match self.call(key, &call, As::Subaccount, Fresh::Perhaps).await? {
                Reply::Yes(answer) => answer,
                other => return Ok(Err(other)),
            };
            for item in answer.value.items() {
                self.check_landing(key, item, answer.request_id.clone()).await?;
            }
            next = list.take(&call, answer.value).map_err(|why| self.no_list(key, &why))?;
        }
        Ok(Ok(list.items()))
    }

    fn no_list(&mut self, key: Key, why: &NoList) -> Stop {
        self.messages.push((key, why.in_words().to_owned()));
        match why {
            // It may be better the next time.
            NoList::Broken | NoList::Circle | NoList::Restless => Stop::Lost(key),
            // A thousand requests are enough for this run.
            NoList::Endless => Stop::Over(Ending::Unfinished(key)),
        }
    }

    pub(super) fn wrong_table(&self, step: StepId) -> Stop {
        Fault::new(
            format!("The step {step} needs a SID that no earlier step yields: a mistake in the program"),
            "Nothing was sent for it. Please report this.",
        )
        .into()
    }

    pub(super) fn not_yes<T>(&mut self, key: Key, reply: Reply<T>) -> Result<(), Stop> {
        match reply {
            Reply::No(refusal) | Reply::NotFound(refusal) | Reply::Conflict(refusal) => {
                self.refused(key, &refusal)
            }
            Reply::Yes(_) => Err(Stop::Lost(key)),
        }
    }

    /// The API said no to a look for what a started step may have made. The step stays started: the
    /// next run must look again before it asks for it again.
    pub(super) fn look_refused<T>(&mut self, key: Key, reply: Reply<T>) -> Stop {
        match reply {
            Reply::No(refusal) | Reply::NotFound(refusal) | Reply::Conflict(refusal) => {
                self.messages.push((key, refusal.message.clone()));
                // Reports find it where every run looks anew.
                let reason = refusal.reason();
                let state = StepState::Refused { reason: reason.clone(), kept: None };
                self.finish(self.flow().discovery.into(), state);
                Stop::Over(Ending::Refused(vec![(key, reason)]))
            }
            Reply::Yes(_) => Stop::Lost(key),
        }
    }

    /// The API said no.
    pub(super) fn refused(&mut self, key: Key, refusal: &Refusal) -> Result<(), Stop> {
        self.messages.push((key, refusal.message.clone()));
        self.refuse_for(key, refusal.reason())
    }

    /// We say no.
    pub(super) fn refuse(&mut self, key: Key, code: OurCode) -> Result<(), Stop> {
        self.refuse_for(key, Reason::ours(code))
    }

    pub(super) fn refuse_for(&mut self, key: Key, reason: Reason) -> Result<(), Stop> {
        let kept = self.facts.sid(key).cloned();
        self.finish(key, StepState::Refused { reason, kept });
        Ok(())
    }

    pub(super) fn refuse_as(&mut self, key: Key, code: OurCode, refusal: &Refusal) -> Result<(), Stop> {
        self.messages.push((key, refusal.message.clone()));
        self.refuse_for(key, refusal.reason_of_ours(code))
    }
}

/// The resources that a request names, in its path and in what it sends: the words with the length of a SID.
/// They are looked for in one go, because every answer of every customer asks for them.
fn named(call: &Call) -> impl Iterator<Item = &[u8]> {
    let texts =
        std::iter::once(call.path.as_bytes()).chain(call.form.iter().map(|(_, value)| value.as_bytes()));
    let words = texts.flat_map(|text| text.split(|byte| !byte.is_ascii_alphanumeric()));
    words.filter(|word| word.len() == SID_BYTES)
}

/// Two letters and 32 hexadecimal digits [docs].
const SID_BYTES: usize = 34;

/// Whoever answered is not the API.
pub fn redirected(call: &Call, status: u16) -> Fault {
    Fault::new(
        format!(
            "The server answered {} {} with a redirection (HTTP {status})",
            call.method.name(),
            call.path.split('?').next().unwrap_or_default(),
        ),
        "Twilio's API never does. Check --base-url, TWILIO_REGION, TWILIO_EDGE and the network's proxy.",
    )
}
