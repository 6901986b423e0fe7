//! The reseller's own profile: it must be approved before anything is linked to it.

use super::exchange::redirected;
use super::{DefaultPrimary, Run};
use crate::flow::{Call, Host, Item};
use crate::model::{Customer, Fault, Sid, SidKind};
use crate::plan::{BundleStatus, Code, OurCode, Reason};
use crate::twilio::{Listing, Obstacle, Refusal, Sent};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// The policy of primary business profiles [docs].
pub const PRIMARY_PROFILE_POLICY: &str = "RN6433641899984f951173ef1738c3bdd0";

/// A read that gets no answer is tried this often before the run gives up.
const READS_MAX: u32 = 5;

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
        if self.settings.default_primary == DefaultPrimary::NotNeeded {
            return Ok(());
        }
        let sid = match &self.settings.primary_profile {
            Some(sid) => match self.read_profile(sid).await? {
                None => return Ok(()),
                Some(Ok(())) => sid.clone(),
                Some(Err(why)) => {
                    return Err(Fault::new(
                        format!("The primary profile {sid} cannot be used: {}", why.in_words),
                        "Give the SID of your approved primary business profile with --primary-profile; \
                         you find it in the Console of the parent account under Trust Hub.",
                    ));
                }
            },
            None => match self.discover().await? {
                None => return Ok(()),
                Some(sid) => sid,
            },
        };
        let _ = self.primaries.default.set(sid);
        Ok(())
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
                let usable = usable.map_err(|why| why.reason.naming(own.clone()));
                known.insert(own.clone(), usable.clone());
                usable
            }
        };
        Ok(Some(usable.map(|()| own.clone())))
    }

    async fn read_profile(&self, sid: &Sid) -> Result<Option<Result<(), Unusable>>, Fault> {
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
            Some(BundleStatus::TwilioApproved) => Ok(()),
            Some(other) => Err(Unusable::new(format!("it is {}, not twilio-approved", other.word()), None)),
            None => Err(Unusable::new("its status cannot be read".to_owned(), None)),
        }))
    }

    /// The one approved profile under the primary policy.
    async fn discover(&self) -> Result<Option<Sid>, Fault> {
        let mut call = Call::get(
            Host::TrustHub,
            format!(
                "/v1/CustomerProfiles?PolicySid={PRIMARY_PROFILE_POLICY}&Status=twilio-approved&PageSize=1000"
            ),
        );
        let fix = "Name it with --primary-profile BU… or TRUSTHUB_PRIMARY_PROFILE_SID; you find it in the \
                   Console of the parent account under Trust Hub.";
        let mut listing = Listing::default();
        loop {
            let page = match self.read_as_parent(&call).await? {
                None => return Ok(None),
                Some(Ok(page)) => page,
                Some(Err(refusal)) => {
                    let what =
                        format!("The primary profile cannot be looked up (HTTP {})", refusal.http_status);
                    return Err(Fault::new(what, fix));
                }
            };
            match listing.take(&call, page) {
                Ok(Some(next)) => call = next,
                Ok(None) => break,
                Err(why) => {
                    let what = format!("The primary profile cannot be looked up: {}", why.in_words());
                    return Err(Fault::new(what, fix));
                }
            }
        }
        let items = listing.items();
        for item in &items {
            self.must_be_the_parents(item)?;
        }
        let approved = items.iter().filter(|item| {
            item.policy_sid.as_deref() == Some(PRIMARY_PROFILE_POLICY)
                && BundleStatus::of(item) == Some(BundleStatus::TwilioApproved)
        });
        let mut sids: Vec<Sid> =
            approved.filter_map(Item::sid).filter(|sid| sid.is(SidKind::Bundle)).collect();
        match sids.len() {
            1 => Ok(Some(sids.remove(0))),
            0 => Err(Fault::new(
                "The parent account has no approved primary business profile",
                format!("Create one in the Console and wait for its approval. {fix}"),
            )),
            _ => {
                let sids: Vec<String> = sids.iter().map(Sid::to_string).collect();
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
        let reason = Reason {
            http_status: refusal.map(|it| it.http_status),
            code: Code::Ours(OurCode::PrimaryProfile),
            sid: None,
            request_id: refusal.and_then(|it| it.request_id.clone()),
            fields: None,
        };
        Unusable { reason, in_words }
    }
}

/// The parent's credentials are refused: no customer can do better.
pub(super) fn parent_refused() -> Fault {
    Fault::new(
        "The parent account's credentials are refused (HTTP 401)",
        "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: they must be the parent account's SID (AC…) and \
         its auth token, because API keys cannot read subaccounts.",
    )
}
