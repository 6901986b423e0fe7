//! Which accounts there are: the parent's subaccounts, or those that were asked for.

use super::reader::{Care, NoAnswer, Over, PAGE_SIZES, Reader};
use super::resources::Account;
use crate::flow::BundleStatus;
use crate::flow::{Call, Host, account_path};
use crate::model::{Fault, Sid};
use crate::twilio::{Listed, Token};
use serde::Serialize;

/// How many subaccounts there are, by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    pub active: u64,
    pub suspended: u64,
    pub closed: u64,
    /// With a status that is none of these.
    pub other: u64,
}

/// An account to read.
pub struct Wanted {
    pub account: Sid,
    /// What the list of accounts says; `None`: it is read first.
    pub token: Option<Token>,
}

impl Census {
    /// Counts an account, and says whether it is active.
    pub fn count(&mut self, status: Option<&str>) -> bool {
        match status {
            Some("active") => self.active += 1,
            Some("suspended") => self.suspended += 1,
            Some("closed") => self.closed += 1,
            _ => self.other += 1,
        }
        status == Some("active")
    }
}

/// The parent's active subaccounts, in the order of their list, and how many others there are.
///
/// # Errors
/// The list is not whole, or the parent's credentials are refused: nothing can be said of any account.
pub async fn subaccounts(reader: &Reader) -> Result<(Vec<Wanted>, Census), Over> {
    let parent = &reader.parent.account;
    let path = "/2010-04-01/Accounts.json";
    let list =
        reader.list::<Account>(Host::Api, path, (PAGE_SIZES[0], Care::Twice), &reader.parent, |_| Ok(()));
    let listed = list.await.map_err(of_the_parent)?;
    // The account that asks is one of its own list: one that is empty lacks at least that.
    if listed.is_empty() {
        return Err(of_the_parent(NoAnswer::Here(
            "the list came back empty, without the parent itself".to_owned(),
        )));
    }
    let mut census = Census::default();
    let mut active = vec![];
    for item in listed {
        let Some(account) = item.sid() else { continue };
        if account == *parent || !item.is_owned_by(parent) {
            continue;
        }
        if census.count(item.status.as_deref()) {
            active.push(Wanted { account, token: item.auth_token });
        }
    }
    Ok((active, census))
}

/// The token of an active subaccount; `None` for one that is not active, which is counted.
pub async fn token(reader: &Reader, account: &Sid, census: &mut Census) -> Result<Option<Token>, NoAnswer> {
    let found: Account = match reader.read(&Call::get(Host::Api, account_path(account)), &reader.parent).await
    {
        Ok(found) => found,
        Err(NoAnswer::NotFound) => return Err(not_a_subaccount()),
        Err(NoAnswer::Unauthorized) => return Err(crate::engine::parent_refused().into()),
        Err(other) => return Err(other),
    };
    // The parent says of itself that it is its own owner.
    let is_parent = *account == reader.parent.account;
    if is_parent || found.sid().as_ref() != Some(account) || !found.is_owned_by(&reader.parent.account) {
        return Err(not_a_subaccount());
    }
    if !census.count(found.status.as_deref()) {
        return Ok(None);
    }
    match found.auth_token {
        Some(token) => Ok(Some(token)),
        None => Err(NoAnswer::Here("the parent does not see its auth token".to_owned())),
    }
}

fn not_a_subaccount() -> NoAnswer {
    NoAnswer::Here("it is not a subaccount of the parent".to_owned())
}

/// The one approved primary profile of the parent; `None` where there is none, or several.
pub async fn default_primary(reader: &Reader) -> Result<Option<Sid>, Over> {
    let path = format!("/v1/CustomerProfiles?PolicySid={}", crate::engine::PRIMARY_PROFILE_POLICY);
    let is_right = super::reader::must_be_of(&reader.parent.account);
    let listed =
        reader.list(Host::TrustHub, &path, (PAGE_SIZES[0], Care::Usual), &reader.parent, is_right).await;
    let listed = listed.map_err(of_the_parent)?;
    let is_approved = |it: &&super::resources::Found| {
        BundleStatus::of(&it.item) == Some(BundleStatus::TwilioApproved)
            && crate::flow::Item::is(&it.item.policy_sid, crate::engine::PRIMARY_PROFILE_POLICY)
    };
    let mut approved = listed.iter().filter(is_approved).filter_map(Listed::sid);
    let first = approved.next();
    Ok(first.filter(|_| approved.next().is_none()))
}

/// What cannot be read as the parent ends everything.
fn of_the_parent(why: NoAnswer) -> Over {
    let reason = match why {
        NoAnswer::Over(over) => return over,
        NoAnswer::Unauthorized => return Over::Fault(crate::engine::parent_refused()),
        NoAnswer::NotFound => "Twilio answered HTTP 404".to_owned(),
        NoAnswer::Here(reason) | NoAnswer::NotWhole(reason) => reason,
    };
    Over::Fault(Fault::new(
        format!("The parent account cannot be read: {reason}"),
        "Nothing was written. Try again; check --base-url if you gave one.",
    ))
}
