//! One request of a customer and what is made of its answer: who asks, whose answer it is, what a no means.

use crate::flow::{BundleId, Call, Item, Key, Method, StepId};
use crate::ledger::{Misrouted, Record};
use crate::model::{Fault, Sid};
use crate::plan::{BundleStatus, Code, Ending, OurCode, Reason, StepState, TURN_MAX_MS, Time, UNKNOWN};
use crate::twilio::{Answer, Answered, Identity, Obstacle, Once, Purpose, Refusal, Sent, Tries};
use serde::de::DeserializeOwned;

use super::row::{Row, Stop, done};

/// How often something that was just created is asked for again while it is not found. Public
/// scripts wait one or two seconds after every creation.
pub(super) const NOT_YET_WAIT_MS: u64 = 1_000;

/// An answer that is one.
pub(super) enum Reply {
    Yes(Answer),
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
    /// Sends one request. Nothing goes out before everything that is known is durable.
    pub(super) async fn call(
        &mut self,
        key: Key,
        call: &Call,
        as_whom: As,
        fresh: Fresh,
    ) -> Result<Reply, Stop> {
        let mut tries = Tries::default();
        loop {
            if tries.count() > 0 {
                self.sent_again(key, call);
            }
            if self.run.drain.is_cancelled() {
                return Err(self.stopped(key, call));
            }
            self.save().await?;
            let identity = self.identity(as_whom);
            let run = self.run;
            let turn = match run.client.turn(call, &identity, run.waits_until(), &run.drain).await {
                Ok(turn) => turn,
                Err(Obstacle::Away(reason)) => {
                    self.messages.push((key, format!("the API did not answer anyone: {reason}")));
                    run.give_up(reason);
                    return Err(self.stopped(key, call));
                }
                Err(_) => return Err(self.stopped(key, call)),
            };
            let sent_at = run.clock.now();
            if call.method == Method::Post && self.has_waited_long(key, sent_at) {
                self.sent_again(key, call);
                self.save().await?;
                if run.drain.is_cancelled() {
                    return Err(self.stopped(key, call));
                }
            }
            run.ledger.must_be_in_place()?;
            let purpose = Purpose { customer: &self.customer.subaccount, step: key.step };
            let once = run.client.send_once(turn, call, &identity, Some(purpose), &mut tries).await;
            self.calls += 1;
            let sent = match once {
                Once::Over(sent) => sent,
                Once::Again { wait_ms } => {
                    self.wait_for_another_try(key, call, wait_ms).await?;
                    continue;
                }
            };
            if call.method == Method::Post {
                let now = self.run.clock.now();
                match sent {
                    // It may still be on its way, and nobody knows since when: this process may have been
                    // stopped before it went out.
                    Sent::Unknown { heard: Answered::Nothing | Answered::Gateway { .. } } => {
                        self.facts.restart(key, now);
                    }
                    // Only the API's own answer to the request itself says that it is not.
                    _ => self.facts.hear(key, now),
                }
            }
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
                        let reason = reason_of(OurCode::Unauthorized, &refusal);
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
                Sent::Redirected(refusal) => {
                    return Err(Fault::new(
                        format!(
                            "The server answered {} {} with a redirection (HTTP {})",
                            call.method.name(),
                            call.path.split('?').next().unwrap_or_default(),
                            refusal.http_status
                        ),
                        "Twilio's API never does. Check --base-url, TWILIO_REGION, TWILIO_EDGE and the network's proxy.",
                    )
                    .into());
                }
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
                    self.never_sent(key, call);
                    match obstacle {
                        Obstacle::NoConnection(reason) => {
                            self.messages.push((key, format!("no connection: {reason}")));
                        }
                        Obstacle::UpdateInProgress => {
                            let text =
                                "another request is changing the same resource (20162), and does not end";
                            self.messages.push((key, text.to_owned()));
                        }
                        Obstacle::TooMany | Obstacle::Stopped | Obstacle::Away(_) => (),
                    }
                    return Err(Stop::Over(Ending::Unfinished(key)));
                }
            }
        }
    }

    /// Whether a 404 may only mean that something is too new: something of this customer's own that has
    /// not been seen by any request since. A SID of the sheet never is.
    pub(super) fn names_something_new(&self, call: &Call, sent_at: Time) -> bool {
        let is_new = |named: &[u8]| {
            self.fresh.iter().any(|(sid, until)| sent_at < *until && sid.as_str().as_bytes() == named)
        };
        named(call).any(is_new)
    }

    /// What a request with a good answer named is there.
    fn has_shown(&mut self, call: &Call) {
        for named in named(call) {
            self.fresh.retain(|(sid, _)| sid.as_str().as_bytes() != named);
        }
    }

    /// Whether a request has waited for its turn for so long that its *started* would be too old: the wait for
    /// a lost one is counted from there.
    fn has_waited_long(&self, key: Key, now: Time) -> bool {
        matches!(self.facts.state(key), Some(StepState::Started { at, .. }) if at + TURN_MAX_MS < now)
    }

    /// A request that surely was not carried out, and goes out once more: a crash from now on must
    /// find the time of this try, or the next run would not wait long enough for what it made.
    pub(super) fn sent_again(&mut self, key: Key, call: &Call) {
        if call.method == Method::Post {
            let at = self.run.clock.now();
            let state = self.facts.restart(key, at);
            self.unsaved.extend(state.map(|state| Record::Step { key, state, at }));
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
        self.never_sent(key, call);
        Stop::Over(Ending::Unfinished(key))
    }

    /// A creation that surely never went out need not be looked for by the next run. A look for it
    /// that never went out says nothing.
    pub(super) fn never_sent(&mut self, key: Key, call: &Call) {
        if call.method != Method::Post {
            return;
        }
        // Only the first request of a step is sure: one before it may have been carried out after all.
        let first = self.facts.times_sent(key) == 1;
        if !key.step.verb.creates() || !first {
            return;
        }
        match self.facts.state(key) {
            Some(StepState::Started { sid: Some(sid), .. }) => {
                let sid = sid.clone();
                self.record(key, done(Some(sid), UNKNOWN));
            }
            Some(StepState::Started { sid: None, .. }) => self.record(key, StepState::Removed),
            _ => (),
        }
    }

    pub(super) fn identity(&self, as_whom: As) -> Identity {
        match (as_whom, &self.token) {
            (As::Subaccount, Some(token)) => {
                Identity { account: self.customer.subaccount.clone(), token: token.clone() }
            }
            _ => self.run.settings.parent.clone(),
        }
    }

    /// Reads a resource, and compares its account with the one that was meant before anything else.
    pub(super) async fn item(&mut self, key: Key, answer: &Answer) -> Result<Item, Stop> {
        let item: Item = self.parse(key, answer)?;
        self.check_landing(key, &item, answer.request_id.clone()).await?;
        Ok(item)
    }

    /// Reads the resource with that SID; an answer that shows another one is as good as lost.
    pub(super) async fn item_of(
        &mut self,
        key: Key,
        answer: &Answer,
        sid: Option<&Sid>,
    ) -> Result<Item, Stop> {
        let item = self.item(key, answer).await?;
        if item.sid().is_some_and(|it| Some(&it) == sid) { Ok(item) } else { Err(Stop::Lost(key)) }
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

    /// How a bundle of this customer stands, by an answer that shows it.
    pub(super) async fn status(
        &mut self,
        key: Key,
        bundle: BundleId,
        answer: &Answer,
    ) -> Result<(Item, BundleStatus), Stop> {
        let sid = self.facts.sid(bundle.made_by()).cloned();
        let item = self.item_of(key, answer, sid.as_ref()).await?;
        match item.status.as_deref().and_then(BundleStatus::parse) {
            Some(status) => Ok((item, status)),
            None => Err(Stop::Lost(key)),
        }
    }

    /// An answer that does not say what we need is as good as lost.
    pub(super) fn parse<T: DeserializeOwned>(&self, key: Key, answer: &Answer) -> Result<T, Stop> {
        serde_json::from_slice(&answer.body).map_err(|_| Stop::Lost(key))
    }

    pub(super) fn wrong_table(&self, step: StepId) -> Stop {
        Fault::new(
            format!("The step {step} needs a SID that no earlier step yields: a mistake in the program"),
            "Nothing was sent for it. Please report this.",
        )
        .into()
    }

    pub(super) fn not_yes(&mut self, key: Key, reply: Reply) -> Result<(), Stop> {
        match reply {
            Reply::No(refusal) | Reply::NotFound(refusal) | Reply::Conflict(refusal) => {
                self.refused(key, &refusal)
            }
            Reply::Yes(_) => Err(Stop::Lost(key)),
        }
    }

    /// The API said no to a look for what a started step may have made. The step stays started: the
    /// next run must look again before it asks for it again.
    pub(super) fn look_refused(&mut self, key: Key, reply: Reply) -> Stop {
        match reply {
            Reply::No(refusal) | Reply::NotFound(refusal) | Reply::Conflict(refusal) => {
                self.messages.push((key, refusal.message.clone()));
                // Reports find it where every run looks anew.
                let reason = answered_no(&refusal);
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
        self.refuse_for(key, answered_no(refusal))
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
        self.refuse_for(key, reason_of(code, refusal))
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

/// The API's reason for a refusal.
pub(super) fn answered_no(refusal: &Refusal) -> Reason {
    Reason {
        http_status: Some(refusal.http_status),
        code: refusal.code,
        sid: None,
        request_id: refusal.request_id.clone(),
        fields: None,
    }
}

/// Our reason for a refusal, with what the API's answer said.
pub(super) fn reason_of(code: OurCode, refusal: &Refusal) -> Reason {
    Reason {
        http_status: Some(refusal.http_status),
        code: Code::Ours(code),
        sid: None,
        request_id: refusal.request_id.clone(),
        fields: None,
    }
}
