//! The one way out for every request: a customer's, the parent account's, those of `resolve`, and those of rooms
//! above the engine.

use crate::clock::Clock;
use crate::facts::{Content, Facts, StepState, Time};
use crate::flow::{Call, Key, Method};
use crate::ledger::{Ledger, Record};
use crate::model::{Fault, Sid};
use crate::plan::TURN_MAX_MS;
use crate::twilio::{Answered, Client, Identity, Obstacle, Once, Purpose, Sent, Tries};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

/// What every request goes through.
pub struct Caller<'a> {
    pub client: &'a Client,
    pub ledger: &'a Ledger,
    pub clock: &'a dyn Clock,
    /// Once this is cancelled, no request begins.
    pub stop: &'a CancellationToken,
    /// Until when an API that is away for everyone is waited for, at least. `None`: a few tries are all.
    pub until: Option<Time>,
}

/// What a customer's request writes down. Nothing goes out before everything that is known is durable.
pub struct Writing<'a> {
    pub key: Key,
    pub subaccount: &'a Sid,
    pub facts: &'a mut Facts,
    /// Records that are not durable yet.
    pub unsaved: &'a mut Vec<Record>,
}

impl Caller<'_> {
    pub fn tries(&self) -> Tries {
        Tries::new(self.until.is_some())
    }

    /// Sends a request as often as it was surely not carried out, and reads its answer.
    ///
    /// # Errors
    /// The ledger cannot write, or is no longer in its place.
    pub async fn send<T: DeserializeOwned>(
        &self,
        call: &Call,
        identity: &Identity,
        tries: &mut Tries,
        mut writing: Option<Writing<'_>>,
    ) -> Result<Sent<T>, Fault> {
        let step = writing.as_ref().map(|it| (it.subaccount, it.key.step));
        let purpose = step.map(|(customer, step)| Purpose { customer, step });
        loop {
            let mut is_in_place = false;
            if let Some(writing) = &mut writing {
                if self.stop.is_cancelled() {
                    return Ok(Sent::Unavailable(Obstacle::Stopped));
                }
                if tries.count() > 0 {
                    writing.sent_again(call, self.clock.now());
                }
                is_in_place = writing.save(self.ledger).await?;
            }
            let turn = match self.client.turn(call, identity, self.until, self.stop).await {
                Ok(turn) => turn,
                Err(obstacle) => return Ok(Sent::Unavailable(obstacle)),
            };
            let sent_at = self.clock.now();
            if let Some(writing) = &mut writing
                && writing.has_waited_long(call, sent_at)
            {
                writing.sent_again(call, sent_at);
                is_in_place = writing.save(self.ledger).await?;
                if self.stop.is_cancelled() {
                    return Ok(Sent::Unavailable(Obstacle::Stopped));
                }
            }
            if !is_in_place {
                self.ledger.must_be_in_place()?;
            }
            let once = self.client.send_once(turn, call, identity, purpose, tries);
            let once = match &writing {
                Some(_) => once.await,
                // A look that belongs to no customer leaves nothing behind.
                None => match self.stop.run_until_cancelled(once).await {
                    Some(once) => once,
                    None => return Ok(Sent::Unavailable(Obstacle::Stopped)),
                },
            };
            match once {
                Once::Over(sent) => {
                    if let Some(writing) = &mut writing {
                        writing.heard(call, &sent, self.clock.now());
                    }
                    return Ok(sent);
                }
                Once::Again { wait_ms } => {
                    let _ = self.stop.run_until_cancelled(self.clock.sleep(wait_ms)).await;
                }
            }
        }
    }
}

impl Writing<'_> {
    /// Makes durable what is not. Gives whether anything was written, which a ledger takes only in its place.
    async fn save(&mut self, ledger: &Ledger) -> Result<bool, Fault> {
        if self.unsaved.is_empty() {
            return Ok(false);
        }
        ledger.append(self.subaccount, std::mem::take(self.unsaved)).await.map(|()| true)
    }

    /// Whether a request has waited for its turn for so long that its *started* would be too old: the wait for
    /// a lost one is counted from there.
    fn has_waited_long(&self, call: &Call, now: Time) -> bool {
        call.method == Method::Post
            && matches!(self.facts.state(self.key), Some(StepState::Started { at, .. }) if at + TURN_MAX_MS < now)
    }

    /// A request that surely was not carried out, and goes out once more: a crash from now on must
    /// find the time of this try, or the next run would not wait long enough for what it made.
    pub fn sent_again(&mut self, call: &Call, at: Time) {
        if call.method == Method::Post {
            let (key, state) = (self.key, self.facts.restart(self.key, at));
            self.unsaved.extend(state.map(|state| Record::Step { key, state, at }));
        }
    }

    fn heard<T>(&mut self, call: &Call, sent: &Sent<T>, now: Time) {
        if call.method != Method::Post {
            return;
        }
        match sent {
            // It may still be on its way, and nobody knows since when: this process may have been
            // stopped before it went out.
            Sent::Unknown { heard: Answered::Nothing | Answered::Gateway { .. } } => {
                self.facts.restart(self.key, now);
            }
            // Only the API's own answer to the request itself says that it is not.
            _ => self.facts.hear(self.key, now),
        }
    }

    /// A creation that surely never went out need not be looked for by the next run. A look for it
    /// that never went out says nothing.
    pub fn never_sent(&mut self, call: &Call, at: Time) {
        // Only the first request of a step is sure: one before it may have been carried out after all.
        let first = self.facts.times_sent(self.key) == 1;
        if call.method != Method::Post || !self.key.step.verb.creates() || !first {
            return;
        }
        let state = match self.facts.state(self.key) {
            Some(StepState::Started { sid: Some(sid), .. }) => {
                StepState::done(Some(sid.clone()), Content::Unknown)
            }
            Some(StepState::Started { sid: None, .. }) => StepState::Removed,
            _ => return,
        };
        if self.facts.apply(self.key, state.clone()).is_ok() {
            self.unsaved.push(Record::Step { key: self.key, state, at });
        }
    }
}
