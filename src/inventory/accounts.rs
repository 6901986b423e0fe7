//! Which accounts there are: the parent's subaccounts, or those that were asked for.

use super::reader::{Care, NoAnswer, Over, PAGE_SIZES, Reader, must_be_of};
use super::resources::Found;
use crate::engine::{PRIMARY_PROFILE_POLICY, parent_refused};
use crate::facts::OurCode;
use crate::flow::{BundleStatus, Call, Host, Item, account_path};
use crate::model::{Fault, Sid};
use crate::twilio::{Account, Listed, Token};
use serde::Serialize;
use serde::de::DeserializeOwned;

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
    let listed: Vec<Account> = list_of_the_parent(reader, Host::Api, path, |_| Ok(())).await?;
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
        if !item.is_subaccount_of(parent) {
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
        Err(NoAnswer::Unauthorized) => return Err(parent_refused().into()),
        Err(other) => return Err(other),
    };
    let status = found.status.clone();
    let token = found.usable_token(account, &reader.parent.account);
    if matches!(token, Err(OurCode::NotASubaccount)) {
        return Err(not_a_subaccount());
    }
    match census.count(status.as_deref()) {
        true => token.map(Some).map_err(|_| no_token()),
        false => Ok(None),
    }
}

/// The parent does not see an account's token.
pub fn no_token() -> NoAnswer {
    NoAnswer::Here("the parent does not see its auth token".to_owned())
}

fn not_a_subaccount() -> NoAnswer {
    NoAnswer::Here("it is not a subaccount of the parent".to_owned())
}

/// The approved primary profiles of the parent.
pub async fn primaries(reader: &Reader) -> Result<Vec<Sid>, Over> {
    let path = format!("/v1/CustomerProfiles?PolicySid={PRIMARY_PROFILE_POLICY}");
    let is_right = must_be_of(&reader.parent.account);
    let listed: Vec<Found> = list_of_the_parent(reader, Host::TrustHub, &path, is_right).await?;
    let is_approved = |it: &&Found| {
        BundleStatus::of(&it.item) == Some(BundleStatus::TwilioApproved)
            && Item::is(&it.item.policy_sid, PRIMARY_PROFILE_POLICY)
    };
    Ok(listed.iter().filter(is_approved).filter_map(Listed::sid).collect())
}

/// A list that everything hangs on: where it does not fit together, it is asked for again.
async fn list_of_the_parent<T: Listed + DeserializeOwned>(
    reader: &Reader,
    host: Host,
    path: &str,
    is_right: impl Fn(&T) -> Result<(), NoAnswer>,
) -> Result<Vec<T>, Over> {
    let how = (PAGE_SIZES[0], Care::Twice);
    let mut listed = reader.list(host, path, how, &reader.parent, &is_right).await;
    for _ in 1..super::READINGS_MAX {
        if !matches!(listed, Err(NoAnswer::NotWhole(_))) {
            break;
        }
        listed = reader.list(host, path, how, &reader.parent, &is_right).await;
    }
    listed.map_err(of_the_parent)
}

/// What cannot be read as the parent ends everything.
fn of_the_parent(why: NoAnswer) -> Over {
    let reason = match why {
        NoAnswer::Over(over) => return over,
        NoAnswer::Unauthorized => return Over::Fault(parent_refused()),
        NoAnswer::NotFound => "Twilio answered HTTP 404".to_owned(),
        NoAnswer::Here(reason) | NoAnswer::NotWhole(reason) => reason,
    };
    Over::Fault(Fault::new(
        format!("The parent account cannot be read: {reason}"),
        "Nothing was written. Try again; check --base-url if you gave one.",
    ))
}
