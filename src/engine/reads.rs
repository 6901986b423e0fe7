//! The steps that only read: the account, an address, a review; `numbers` has those of the numbers.
//!
//! A rerun reads a submitted customer in two requests: the account, for its token, and the bundle in
//! review, because an approval is final and is not read again. It takes a third only where both bundles are
//! in review at once (`--submit-product now`), or where the product is still a draft, whose account is
//! listed by both policies at the first touch of every run. Later looks of the same run need no account. Several
//! products in review are read by one list: lists are of one account, so that more than one customer never shares one.

use crate::facts::{Content, OurCode, StepState};
use crate::flow::{BundleId, BundleStatus, Call, Item, Key, Verb};
use crate::model::Address;
use crate::twilio::{Account, Page};

use super::Only;
use super::exchange::{As, Fresh, Reply};
use super::row::{Row, Stop};

impl Row<'_> {
    pub(super) async fn read(&mut self, key: Key) -> Result<(), Stop> {
        match key.step.verb {
            Verb::CheckAccount => self.check_account(key).await,
            Verb::Discover => self.discover().await,
            Verb::ResolveNumbers => self.resolve_numbers(key).await,
            Verb::CheckAddress => self.check_address(key).await,
            Verb::AssignNumbers => self.look_at_numbers(key).await,
            Verb::Review => self.review(key).await,
            _ => Err(self.wrong_table(key.step)),
        }
    }

    /// The account must be the parent's and active. Its token is kept in memory only.
    pub(super) async fn check_account(&mut self, key: Key) -> Result<(), Stop> {
        let call = Call::get(crate::flow::Host::Api, crate::flow::account_path(&self.customer.subaccount));
        let account: Account = match self.call(key, &call, As::Parent, Fresh::No).await? {
            Reply::Yes(answer) => answer.value,
            Reply::NotFound(refusal) => {
                return self.refuse_as(key, OurCode::NotASubaccount, &refusal);
            }
            other => return self.not_yes(key, other),
        };
        match account.usable_token(&self.customer.subaccount, &self.run.settings.parent.account) {
            Ok(token) => self.token = Some(token),
            Err(code) => return self.refuse(key, code),
        }
        // Every run reads the account anew; this takes the place of an earlier refusal.
        self.record(key, StepState::done(None, Content::Nothing));
        Ok(())
    }

    pub(super) async fn check_address(&mut self, key: Key) -> Result<(), Stop> {
        let (Some(call), Address::Existing(sid)) =
            (self.plan.request(key, &self.facts), &self.customer.address)
        else {
            return Err(self.wrong_table(key.step));
        };
        match self.ask_for(key, &call, Fresh::No, Some(sid)).await? {
            Reply::Yes(answer) => {
                if !answer.value.iso_country.is_some_and(|country| country.eq_ignore_ascii_case("US")) {
                    return self.refuse(key, OurCode::AddressNotUsable);
                }
                let content = self.plan.content_of(key.step, &self.facts);
                self.finish(key, StepState::done(Some(sid.clone()), content));
                Ok(())
            }
            Reply::NotFound(refusal) => self.refuse_as(key, OurCode::AddressNotUsable, &refusal),
            other => self.not_yes(key, other),
        }
    }

    pub(super) async fn review(&mut self, key: Key) -> Result<(), Stop> {
        let bundle = key.step.bundle;
        if self.list_reviews(bundle).await? && self.looked_at.contains(&bundle) {
            return Ok(());
        }
        let Some(call) = self.plan.request(key, &self.facts) else {
            return Err(self.wrong_table(key.step));
        };
        match self.status(key, &call).await? {
            Ok((item, status)) => {
                self.reviewed(bundle, &item, status);
                Ok(())
            }
            Err(other) => {
                self.looked_at.push(bundle);
                self.not_yes(key, other)
            }
        }
    }

    /// Reads the reviews of several bundles of one collection with one request: its first page. What is not on it is
    /// read by itself. Says whether there was a list.
    async fn list_reviews(&mut self, bundle: BundleId) -> Result<bool, Stop> {
        let collection = bundle.collection;
        let together: Vec<BundleId> = match self.run.settings.selection.only {
            Only::ToLookAt => self.to_look_at().filter(|it| it.collection == collection).collect(),
            Only::Everyone | Only::Failed | Only::Numbers => {
                self.plan.reviews_to_read(collection, &self.facts)
            }
        };
        if together.len() < 2 || std::mem::replace(&mut self.reviews_listed, true) {
            return Ok(false);
        }
        let (key, call) = (bundle.reviewed_by().into(), self.plan.list(collection));
        let Reply::Yes(answer) = self.call::<Page>(key, &call, As::Subaccount, Fresh::No).await? else {
            return Ok(false);
        };
        for item in answer.value.items() {
            self.check_landing(key, item, answer.request_id.clone()).await?;
            let is_it =
                |it: &BundleId| item.sid().is_some() && self.facts.sid(it.made_by()) == item.sid().as_ref();
            if let (Some(bundle), Some(status)) =
                (together.iter().copied().find(is_it), BundleStatus::of(item))
            {
                self.reviewed(bundle, item, status);
            }
        }
        Ok(true)
    }

    /// An answer has shown how a bundle stands.
    fn reviewed(&mut self, bundle: BundleId, item: &Item, status: BundleStatus) {
        self.looked_at.push(bundle);
        self.finish(bundle.reviewed_by().into(), StepState::Seen { status, codes: item.codes() });
        // Who only looks records nothing but the review.
        if self.run.settings.selection.only != Only::ToLookAt {
            self.hold_bundle(bundle, item);
        }
    }
}
