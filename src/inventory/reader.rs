//! Reads: one answer, or a whole list. A read can be repeated at will, and nothing else is sent.

use super::resources::Found;
use crate::clock::Clock;
use crate::facts::Code;
use crate::flow::{Call, Host};
use crate::model::{Fault, Sid};
pub use crate::twilio::PAGE_SIZES;
use crate::twilio::{
    Client, Identity, Listed, Lost, NoList, Obstacle, Once, Page, Refusal, Sent, Tries, WholeList,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Sends the reads of an inventory.
pub struct Reader {
    pub client: Client,
    pub clock: Arc<dyn Clock>,
    pub parent: Identity,
    /// Once this is cancelled, no request begins.
    pub stop: CancellationToken,
}

/// How much hangs on a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// What it lacks shows elsewhere.
    Usual,
    /// What it lacks would be missed by nobody.
    Twice,
}

/// Why there is no answer.
pub enum NoAnswer {
    /// The account cannot be read, for this reason; others can. No personal data.
    Here(String),
    /// What came does not fit together, which may be better the next time. No personal data.
    NotWhole(String),
    NotFound,
    Unauthorized,
    /// Nobody's requests go out any more.
    Over(Over),
}

/// Why the reading comes to its end.
#[derive(Clone)]
pub enum Over {
    Stopped,
    /// The API did not answer anyone any more, for this reason.
    Away(String),
    Fault(Fault),
}

impl From<Fault> for NoAnswer {
    fn from(fault: Fault) -> NoAnswer {
        NoAnswer::Over(Over::Fault(fault))
    }
}

impl Reader {
    /// One read, sent again while its answer is lost.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call, identity: &Identity) -> Result<T, NoAnswer> {
        let here = |reason: String| Err(NoAnswer::Here(reason));
        let mut lost = Lost::default();
        loop {
            match self.send(call, identity).await {
                Sent::Done(answer) => return Ok(answer.value),
                Sent::NotFound(_) => return Err(NoAnswer::NotFound),
                Sent::Unauthorized(_) => return Err(NoAnswer::Unauthorized),
                Sent::Refused(refusal) | Sent::Conflict(refusal) => return here(no(&refusal)),
                Sent::Redirected { status } => return Err(crate::engine::redirected(call, status).into()),
                Sent::Unknown { .. } => match lost.another() {
                    Some(wait_ms) => self.pause(wait_ms).await,
                    None => return here("no usable answer came, several times in a row".to_owned()),
                },
                Sent::Unavailable(Obstacle::Stopped) => return Err(NoAnswer::Over(Over::Stopped)),
                Sent::Unavailable(Obstacle::Away(reason)) => return Err(NoAnswer::Over(Over::Away(reason))),
                Sent::Unavailable(Obstacle::NoConnection { reason, .. }) => {
                    return Err(NoAnswer::Over(Over::Away(reason)));
                }
                Sent::Unavailable(Obstacle::TooMany) => {
                    return here(
                        "the account is refused for load (HTTP 429) and does not recover".to_owned(),
                    );
                }
                Sent::Unavailable(Obstacle::UpdateInProgress) => {
                    return here("another request is changing it (20162), and does not end".to_owned());
                }
            }
        }
    }

    async fn send<T: DeserializeOwned>(&self, call: &Call, identity: &Identity) -> Sent<T> {
        let mut tries = Tries::new(true);
        let until = Some(self.clock.now());
        loop {
            let turn = match self.client.turn(call, identity, until, &self.stop).await {
                Ok(turn) => turn,
                Err(obstacle) => return Sent::Unavailable(obstacle),
            };
            let once = self.client.send_once(turn, call, identity, None, &mut tries);
            match self.stop.run_until_cancelled(once).await {
                None => return Sent::Unavailable(Obstacle::Stopped),
                Some(Once::Over(sent)) => return sent,
                Some(Once::Again { wait_ms }) => self.pause(wait_ms).await,
            }
        }
    }

    async fn pause(&self, wait_ms: u64) {
        let _ = self.stop.run_until_cancelled(self.clock.sleep(wait_ms)).await;
    }

    /// Everything in a list, each item once, as it was seen last.
    ///
    /// `page_size` is that of the first reading. Where `care` says so, a list of a single page is read twice as well.
    pub async fn list<T: Listed + DeserializeOwned>(
        &self,
        host: Host,
        path: &str,
        (page_size, care): (u32, Care),
        identity: &Identity,
        is_right: impl Fn(&T) -> Result<(), NoAnswer>,
    ) -> Result<Vec<T>, NoAnswer> {
        let list = WholeList::of(Call::get(host, path.to_owned()));
        let list = if page_size == PAGE_SIZES[0] { list } else { list.cut_elsewhere() };
        let mut list = if care == Care::Twice { list.twice() } else { list };
        let mut next = Some(list.first());
        while let Some(call) = next {
            let page: Page<T> = self.read(&call, identity).await?;
            page.items().try_for_each(&is_right)?;
            next = list.take(&call, page).map_err(|why| no_list(&why))?;
        }
        Ok(list.items())
    }
}

/// What the API said, without its words: they may hold what customers have entered.
fn no(refusal: &Refusal) -> String {
    match refusal.code {
        Code::Twilio(code) => format!("Twilio answered HTTP {} with code {code}", refusal.http_status),
        _ => format!("Twilio answered HTTP {}", refusal.http_status),
    }
}

fn no_list(why: &NoList) -> NoAnswer {
    let reason = why.in_words().to_owned();
    match why {
        NoList::Broken | NoList::Circle | NoList::Restless => NoAnswer::NotWhole(reason),
        NoList::Endless => NoAnswer::Here(reason),
    }
}

/// Every item of an account's list must be the account's.
pub fn must_be_of(account: &Sid) -> impl Fn(&Found) -> Result<(), NoAnswer> + '_ {
    move |found| match Found::names(&found.item.account_sid) {
        Some(of) if of == *account => Ok(()),
        Some(_) => Err(NoAnswer::NotWhole("an answer came from another account".to_owned())),
        None => Err(NoAnswer::NotWhole("an answer does not say which account it is from".to_owned())),
    }
}
