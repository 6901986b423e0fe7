//! The reseller's own profile: it must be approved before anything is linked to it.

use super::exchange::redirected;
use super::{DefaultPrimary, Run, lock};
use crate::facts::{OurCode, Reason};
use crate::flow::BundleStatus;
use crate::flow::{Call, Host, Item};
use crate::model::{Customer, Fault, Sid, SidKind, shown_in_line};
use crate::twilio::{Obstacle, Refusal, Sent, WholeList};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// The policy of primary business profiles [docs].
pub const PRIMARY_PROFILE_POLICY: &str = "RN6433641899984f951173ef1738c3bdd0";

/// A read that gets no answer is tried this often before the run gives up.
const READS_MAX: u32 = 5;

/// The profile that rows without one of their own are linked to, as a look before the run finds it.
pub enum FoundPrimary {
    /// Each row names its own.
    OfRows,
    One(Primary),
    /// The look was stopped before there was an answer.
    Stopped,
    /// Nobody gets an answer of the API, for this reason.
    Away(String),
}

/// An approved primary profile.
pub struct Primary {
    pub sid: Sid,
    /// Its friendly name as Twilio has it, in one line; empty where the answer has none.
    pub name: String,
}

impl Primary {
    fn new(sid: Sid, item: &Item) -> Primary {
        let name = shown_in_line(item.friendly_name.as_deref().unwrap_or_default().trim()).into_owned();
        Primary { sid, name }
    }
}

/// The primary profiles of this run, each read once.
#[derive(Default)]
pub(super) struct Primaries {
    default: std::sync::OnceLock<Sid>,
    of_rows: Mutex<HashMap<Sid, Result<(), Reason>>>,
}

impl Run {
    /// Before the first customer: the profile that rows without one of their own are linked to. Where the run
    /// is stopped meanwhile, there is none.
    pub(super) async fn find_default_primary(&self) -> Result<(), Fault> {
        if let FoundPrimary::One(primary) = self.look_for_primary().await? {
            let _ = self.primaries.default.set(primary.sid);
        }
        Ok(())
    }

    /// Reads that profile and does nothing else.
    ///
    /// # Errors
    /// There is none that can be used, or the parent's credentials are refused: no run would fare better.
    pub async fn look_for_primary(&self) -> Result<FoundPrimary, Fault> {
        if self.settings.default_primary == DefaultPrimary::NotNeeded {
            return Ok(FoundPrimary::OfRows);
        }
        let found = match &self.settings.primary_profile {
            Some(sid) => self.read_profile(sid).await?.transpose().map_err(|why| {
                Fault::new(
                    format!("The primary profile {sid} cannot be used: {}", why.in_words),
                    "Give the SID of your approved primary business profile with --primary-profile; \
                     you find it in the Console of the parent account under Trust Hub.",
                )
            })?,
            None => self.discover().await?,
        };
        Ok(match (found, lock(&self.away).clone()) {
            (Some(primary), _) => FoundPrimary::One(primary),
            (None, Some(reason)) => FoundPrimary::Away(reason),
            (None, None) => FoundPrimary::Stopped,
        })
    }

    /// The primary profile of a customer; a reason where its own cannot be used. `None`: the run was stopped
    /// before it was read.
    pub(super) async fn primary_of(&self, customer: &Customer) -> Result<Option<Result<Sid, Reason>>, Fault> {
        let Some(own) = &customer.primary_profile else {
            return self.primaries.default.get().cloned().map(|sid| Some(Ok(sid))).ok_or_else(|| {
                Fault::new(
                    "No primary profile was looked for, and a row needs one: a mistake in the program",
                    "Give it with --primary-profile. Please report this.",
                )
            });
        };
        // Held across the read on purpose: rows that share a profile wait for one reading of it.
        let mut known = self.primaries.of_rows.lock().await;
        let usable = match known.get(own) {
            Some(usable) => usable.clone(),
            None => {
                let Some(usable) = self.read_profile(own).await? else { return Ok(None) };
                let usable = usable.map(drop).map_err(|why| why.reason.naming(own.clone()));
                known.insert(own.clone(), usable.clone());
                usable
            }
        };
        Ok(Some(usable.map(|()| own.clone())))
    }

    async fn read_profile(&self, sid: &Sid) -> Result<Option<Result<Primary, Unusable>>, Fault> {
        let call = Call::get(Host::TrustHub, format!("/v1/CustomerProfiles/{sid}"));
        let item: Item = match self.read_as_parent(&call).await? {
            None => return Ok(None),
            Some(Ok(item)) => item,
            Some(Err(refusal)) => {
                let in_words = match refusal.http_status {
                    404 => "there is none in the parent account".to_owned(),
                    status => format!("Twilio answered HTTP {status}"),
                };
                return Ok(Some(Err(Unusable::new(in_words, Some(&refusal)))));
            }
        };
        self.must_be_the_parents(&item)?;
        Ok(Some(match BundleStatus::of(&item) {
            Some(BundleStatus::TwilioApproved) => Ok(Primary::new(sid.clone(), &item)),
            Some(other) => Err(Unusable::new(format!("it is {}, not twilio-approved", other.word()), None)),
            None => Err(Unusable::new("its status cannot be read".to_owned(), None)),
        }))
    }

    /// The one approved profile under the primary policy.
    async fn discover(&self) -> Result<Option<Primary>, Fault> {
        let path = format!("/v1/CustomerProfiles?PolicySid={PRIMARY_PROFILE_POLICY}&Status=twilio-approved");
        let fix = "Name it with --primary-profile BU… or TRUSTHUB_PRIMARY_PROFILE_SID; you find it in the \
                   Console of the parent account under Trust Hub.";
        let mut list = WholeList::of(Call::get(Host::TrustHub, path));
        let mut next = Some(list.first());
        while let Some(call) = next {
            let page = match self.read_as_parent(&call).await? {
                None => return Ok(None),
                Some(Ok(page)) => page,
                Some(Err(refusal)) => {
                    let what =
                        format!("The primary profile cannot be looked up (HTTP {})", refusal.http_status);
                    return Err(Fault::new(what, fix));
                }
            };
            next = list.take(&call, page).map_err(|why| {
                Fault::new(format!("The primary profile cannot be looked up: {}", why.in_words()), fix)
            })?;
        }
        let items = list.items();
        for item in &items {
            self.must_be_the_parents(item)?;
        }
        let approved = items.iter().filter(|item| {
            item.policy_sid.as_deref() == Some(PRIMARY_PROFILE_POLICY)
                && BundleStatus::of(item) == Some(BundleStatus::TwilioApproved)
        });
        let mut found: Vec<Primary> = approved
            .filter_map(|it| Some(Primary::new(it.sid()?, it)))
            .filter(|it| it.sid.is(SidKind::Bundle))
            .collect();
        match found.len() {
            1 => Ok(found.pop()),
            0 => Err(Fault::new(
                "The parent account has no approved primary business profile",
                format!("Create one in the Console and wait for its approval. {fix}"),
            )),
            _ => {
                let sids: Vec<String> = found.iter().map(|it| it.sid.to_string()).collect();
                let what = "The parent account has several approved primary business profiles";
                Err(Fault::new(format!("{what}: {}", sids.join(", ")), fix))
            }
        }
    }

    /// An answer from another account than the one that was asked stops the run. Nothing was created, so
    /// there is nothing to write down.
    fn must_be_the_parents(&self, item: &Item) -> Result<(), Fault> {
        if item.account_sid.as_deref().and_then(Sid::parse).as_ref() == Some(&self.settings.parent.account) {
            return Ok(());
        }
        // Only what is a SID goes into the message, whatever the answer held.
        let sid = item.sid().map_or_else(|| "without a SID".to_owned(), |sid| sid.to_string());
        Err(Fault::new(
            format!("The primary profile {sid} was answered for another account than the parent's"),
            "Check TWILIO_ACCOUNT_SID, and --base-url if you gave one.",
        ))
    }

    /// `None`: the run was stopped before there was an answer.
    async fn read_as_parent<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<Option<Result<T, Refusal>>, Fault> {
        let caller = self.caller();
        let nothing_begun = |what: String, fix: &str| Fault::new(what, format!("Nothing was begun. {fix}"));
        for _ in 0..READS_MAX {
            match caller.send(call, &self.settings.parent, &mut caller.tries(), None).await? {
                Sent::Unavailable(Obstacle::Stopped) => return Ok(None),
                Sent::Unavailable(Obstacle::Away(reason)) => {
                    self.give_up(reason);
                    return Ok(None);
                }
                Sent::Done(answer) => return Ok(Some(Ok(answer.value))),
                Sent::Unauthorized(_) => return Err(parent_refused()),
                Sent::NotFound(refusal) | Sent::Conflict(refusal) | Sent::Refused(refusal) => {
                    return Ok(Some(Err(refusal)));
                }
                Sent::Redirected { status } => return Err(redirected(call, status)),
                Sent::Unknown { .. } => {
                    let _ = self.drain.run_until_cancelled(self.clock.sleep(1_000)).await;
                }
                Sent::Unavailable(Obstacle::TooMany) => {
                    return Err(nothing_begun(
                        "The parent account is refused for load (HTTP 429) and does not recover".to_owned(),
                        "Try again later, with a lower --rate.",
                    ));
                }
                Sent::Unavailable(Obstacle::UpdateInProgress) => {
                    return Err(nothing_begun(
                        "The parent account is being changed by another request (20162), which does not end"
                            .to_owned(),
                        "Try again later.",
                    ));
                }
                Sent::Unavailable(Obstacle::NoConnection { reason, .. }) => {
                    return Err(nothing_begun(
                        format!("The API cannot be reached ({reason})"),
                        "Check the network, the proxy, and --base-url if you gave one.",
                    ));
                }
            }
        }
        Err(nothing_begun(
            format!("The API gives no usable answer, {READS_MAX} times in a row"),
            "Check Twilio's status page and the network, and --base-url if you gave one; then try again.",
        ))
    }
}

/// Why a profile cannot be used, for the ledger and for a person.
struct Unusable {
    reason: Reason,
    in_words: String,
}

impl Unusable {
    fn new(in_words: String, refusal: Option<&Refusal>) -> Unusable {
        let code = OurCode::PrimaryProfile;
        let reason = refusal.map_or_else(|| Reason::ours(code), |it| it.reason_of_ours(code));
        Unusable { reason, in_words }
    }
}

/// The parent's credentials are refused: no customer can do better.
pub fn parent_refused() -> Fault {
    Fault::new(
        "The parent account's credentials are refused (HTTP 401)",
        "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: they must be the parent account's SID (AC…) and \
         its auth token, because API keys cannot read subaccounts.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_api_is_one_line_and_does_nothing_to_a_terminal() {
        let sid = Sid::parse("BU5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a").expect("a SID");
        let name = |name: Option<&str>| {
            let item = Item { friendly_name: name.map(str::to_owned), ..Item::default() };
            Primary::new(sid.clone(), &item).name
        };
        assert_eq!(name(Some(" Reseller Ltd. ")), "Reseller Ltd.");
        assert_eq!(name(Some("a\u{1b}[2Jb\nc\u{202e}")), "a<U+001B>[2Jb c<U+202E>");
        assert_eq!(name(None), "");
    }
}
