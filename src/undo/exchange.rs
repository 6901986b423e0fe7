//! The requests that are sent for one account, and what their answers mean. Reads and deletions can be repeated:
//! a lost reply needs no looking for, because a second deletion says that the thing is gone.

use super::{Undo, Why};
use crate::engine::{Caller, Writing, redirected};
use crate::facts::{Facts, OurCode, Reason, StepState, Time};
use crate::flow::{Call, Host, Item, Key, Method, StepId, account_path};
use crate::ledger::{Misrouted, Record};
use crate::model::{Fault, Sid};
use crate::twilio::{Account, Identity, Lost, NoList, Obstacle, Page, Refusal, Sent, Token, WholeList};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::HashSet;

/// The wait before something that was not found is asked for once more.
const ASK_AGAIN_MS: u64 = 1_000;

/// What speaks for one account.
pub(super) struct Exchange<'a> {
    pub undo: &'a Undo,
    pub account: &'a Sid,
    pub facts: Facts,
    /// Records that are not durable yet. They are before anything else is sent.
    pub unsaved: Vec<Record>,
    token: Option<Token>,
    token_read_again: bool,
    lost: Lost,
    /// Until when something may only be too new if it is not found. How long ago it was made no clock can say for
    /// sure.
    fresh_until: Time,
    /// What has been read by its SID: it is not too new. A list may show what is not found yet.
    seen: HashSet<Sid>,
}

/// An answer that is one.
pub(super) enum Reply<T> {
    Yes(T),
    /// Said twice in a row: it is not there.
    Gone,
    No(Refusal),
}

/// Why the work on an account ends.
pub(super) enum Stop {
    /// For a reason that the lists name.
    Over(Why),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl<'a> Exchange<'a> {
    pub fn new(undo: &'a Undo, account: &'a Sid, facts: Facts) -> Exchange<'a> {
        Exchange {
            undo,
            account,
            facts,
            unsaved: vec![],
            token: None,
            token_read_again: false,
            lost: Lost::default(),
            fresh_until: undo.began_at + undo.settings.visibility_window_ms,
            seen: HashSet::new(),
        }
    }

    /// Reads the account: it must be the parent's and active. Its token is kept in memory only.
    pub async fn check_account(&mut self) -> Result<(), Stop> {
        let parent = self.undo.settings.parent.clone();
        let call = Call::get(Host::Api, account_path(self.account));
        let step = self.undo.settings.flow.account;
        let refused = |code| Stop::Over(Why::Refused(Reason::ours(code), String::new()));
        let account: Account = match self.send(step, &call, &parent).await? {
            Reply::Yes(account) => account,
            Reply::Gone => return Err(refused(OurCode::NotASubaccount)),
            Reply::No(refusal) => return Err(Stop::Over(Why::refused(&refusal))),
        };
        self.token = Some(account.usable_token(self.account, &parent.account).map_err(refused)?);
        Ok(())
    }

    /// Reads one resource.
    pub async fn read(&mut self, step: StepId, host: Host, path: String) -> Result<Reply<Item>, Stop> {
        let call = Call::get(host, path);
        loop {
            match self.ask::<Item>(step, &call).await? {
                Reply::Yes(item) => match self.takes(step, &item).await? {
                    true => {
                        self.seen.extend(item.sid());
                        return Ok(Reply::Yes(item));
                    }
                    false => self.lost().await?,
                },
                other => return Ok(other),
            }
        }
    }

    /// Everything in a list; `None` where what it hangs on is not there.
    pub async fn list(&mut self, step: StepId, host: Host, path: &str) -> Result<Option<Vec<Item>>, Stop> {
        'anew: loop {
            let mut list = WholeList::of(Call::get(host, path.to_owned()));
            let mut next = Some(list.first());
            while let Some(call) = next {
                let page = match self.ask::<Page>(step, &call).await? {
                    Reply::Yes(page) => page,
                    Reply::Gone => return Ok(None),
                    Reply::No(refusal) => return Err(Stop::Over(Why::refused(&refusal))),
                };
                for item in page.items() {
                    if !self.takes(step, item).await? {
                        self.lost().await?;
                        continue 'anew;
                    }
                }
                next = match list.take(&call, page) {
                    Ok(next) => next,
                    Err(NoList::Endless) => return Err(Stop::Over(Why::NoAnswer)),
                    Err(NoList::Broken | NoList::Circle | NoList::Restless) => {
                        self.lost().await?;
                        continue 'anew;
                    }
                };
            }
            return Ok(Some(list.items()));
        }
    }

    /// Deletes one resource. A refusal counts while the resource is still there.
    pub async fn delete(&mut self, key: Key, host: Host, path: &str) -> Result<Reply<()>, Stop> {
        let call = Call { method: Method::Delete, host, path: path.to_owned(), form: vec![] };
        let refusal = match self.ask::<IgnoredAny>(key.step, &call).await? {
            Reply::Yes(_) => return Ok(Reply::Yes(())),
            Reply::Gone => return Ok(Reply::Gone),
            Reply::No(refusal) => refusal,
        };
        match self.read(key.step, host, path.to_owned()).await? {
            Reply::Gone => Ok(Reply::Yes(())),
            Reply::Yes(_) | Reply::No(_) => Ok(Reply::No(refusal)),
        }
    }

    /// As the subaccount.
    async fn ask<T: DeserializeOwned>(&mut self, step: StepId, call: &Call) -> Result<Reply<T>, Stop> {
        loop {
            let Some(token) = self.token.clone() else { return Err(Stop::Over(Why::NoAnswer)) };
            let identity = Identity { account: self.account.clone(), token };
            match self.send(step, call, &identity).await {
                Err(Stop::Over(Why::Refused(reason, _)))
                    if reason.http_status == Some(401) && !self.token_read_again =>
                {
                    // The token may have been changed meanwhile: it is read once more.
                    self.token_read_again = true;
                    Box::pin(self.check_account()).await?;
                }
                sent => return sent,
            }
        }
    }

    /// Sends a request until there is an answer that says something.
    async fn send<T: DeserializeOwned>(
        &mut self,
        step: StepId,
        call: &Call,
        identity: &Identity,
    ) -> Result<Reply<T>, Stop> {
        let undo = self.undo;
        let caller = Caller {
            client: &undo.client,
            ledger: &undo.ledger,
            clock: &*undo.clock,
            stop: &undo.stop,
            until: None,
        };
        let mut tries = caller.tries();
        let (mut not_found, mut conflicts) = (0, 0);
        loop {
            let Exchange { account, facts, unsaved, .. } = self;
            let writing = Writing { key: step.into(), subaccount: account, facts, unsaved };
            match caller.send(call, identity, &mut tries, Some(writing)).await? {
                Sent::Done(answer) => {
                    self.lost.forget();
                    return Ok(Reply::Yes(answer.value));
                }
                // What was just made may not be found for a while, and one answer may be a slip.
                Sent::NotFound(_) => {
                    not_found += 1;
                    let is_new = undo.clock.now() < self.fresh_until && !self.has_seen(&call.path);
                    if not_found > 1 && !is_new {
                        return Ok(Reply::Gone);
                    }
                    self.pause(ASK_AGAIN_MS).await;
                }
                // It may be about a state that is over.
                Sent::Conflict(refusal) => {
                    conflicts += 1;
                    if conflicts > 1 {
                        return Ok(Reply::No(refusal));
                    }
                    self.pause(ASK_AGAIN_MS).await;
                }
                Sent::Refused(refusal) => return Ok(Reply::No(refusal)),
                Sent::Unauthorized(_) if identity.account == undo.settings.parent.account => {
                    return Err(crate::engine::parent_refused().into());
                }
                Sent::Unauthorized(refusal) => {
                    let reason = refusal.reason_of_ours(OurCode::Unauthorized);
                    return Err(Stop::Over(Why::Refused(reason, refusal.message)));
                }
                Sent::Redirected { status } => return Err(redirected(call, status).into()),
                Sent::Unknown { .. } => {
                    not_found = 0;
                    self.lost().await?;
                }
                Sent::Unavailable(Obstacle::Stopped) => return Err(Stop::Over(Why::NotReached)),
                Sent::Unavailable(_) => return Err(Stop::Over(Why::NoAnswer)),
            }
        }
    }

    /// An answer says nothing: a pause, and the request is to be sent once more.
    async fn lost(&mut self) -> Result<(), Stop> {
        let wait_ms = self.lost.another().ok_or(Stop::Over(Why::NoAnswer))?;
        self.pause(wait_ms).await;
        Ok(())
    }

    /// A wait that ends early when the work is to end.
    pub async fn pause(&self, wait_ms: u64) {
        tokio::select! {
            () = self.undo.clock.sleep(wait_ms) => (),
            () = self.undo.stop.cancelled() => (),
        }
    }

    /// Whether an answer shows something of this account; `false` where it does not say whose it is. What is another
    /// account's ends everything.
    async fn takes(&mut self, step: StepId, item: &Item) -> Result<bool, Stop> {
        let Some(landed_in) = item.account_sid.as_deref() else { return Ok(false) };
        let Some(sid) = item.sid() else { return Ok(false) };
        if Sid::parse(landed_in).as_ref() == Some(self.account) {
            return Ok(true);
        }
        let landed_in = Sid::parse(landed_in).map(|it| it.to_string());
        let text = format!(
            "An answer came from another account: a look at {} showed {sid} of {}",
            self.account,
            landed_in.as_deref().unwrap_or("an unreadable account"),
        );
        let (sid, at) = (Some(sid.to_string()), self.undo.clock.now());
        self.unsaved.push(Record::Misrouted(Misrouted { step, sid, landed_in, request_id: None, at }));
        self.save().await?;
        Err(Fault::new(
            text,
            "Nothing more was taken away. Check which credentials the server takes before you go on.",
        )
        .into())
    }

    /// Whether the last SID of a path has been shown, or the path names none.
    fn has_seen(&self, path: &str) -> bool {
        let words = path.split(|it: char| !it.is_ascii_alphanumeric());
        words
            .filter_map(Sid::parse)
            .next_back()
            .is_none_or(|sid| self.seen.contains(&sid) || sid == *self.account)
    }

    /// A step has come to another state. It is written down before anything else is sent.
    ///
    /// # Errors
    /// It cannot come to that one: a mistake in the program.
    pub fn record(&mut self, key: Key, state: StepState) -> Result<(), Fault> {
        self.facts.apply(key, state.clone()).map_err(|why| why.fault(self.account, key))?;
        self.unsaved.push(Record::Step { key, state, at: self.undo.clock.now() });
        Ok(())
    }

    /// # Errors
    /// The ledger cannot write.
    pub async fn save(&mut self) -> Result<(), Fault> {
        match self.unsaved.is_empty() {
            true => Ok(()),
            false => self.undo.ledger.append(self.account, std::mem::take(&mut self.unsaved)).await,
        }
    }
}

impl Why {
    pub(super) fn refused(refusal: &Refusal) -> Why {
        Why::Refused(refusal.reason(), refusal.message.clone())
    }
}
