//! The way out of `unsure`: a person says which of several resources is the one.

use crate::clock::Clock;
use crate::engine::Caller;
use crate::facts::{Content, Facts, StepState};
use crate::flow::{Assignments, Call, Host, Item, Key, Part, StepId, Verb, account_path};
use crate::ledger::{Ledger, Record};
use crate::model::{Fault, Sid};
use crate::twilio::{Client, Identity, Sent, Token};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

/// What the person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one is in use.
    Use(Sid),
    /// None of them is: another one is to be made.
    None,
}

/// Settles one step of one customer. The chosen resource is read first: it must be there, in the
/// customer's account. The others are noted as not ours, so that they are never in question again;
/// nothing is changed at the API.
///
/// # Errors
/// The step is not unsure, the SID is not one of its candidates, or it cannot be read.
pub async fn resolve(
    ledger: &Ledger,
    client: &Client,
    parent: &Identity,
    clock: &dyn Clock,
    subaccount: &Sid,
    step: StepId,
    choice: &Choice,
) -> Result<(), Fault> {
    let stop = CancellationToken::new();
    let caller = Caller { client, ledger, clock, stop: &stop, until: None };
    let (mut facts, _) = ledger.customer(subaccount)?;
    let unsure = facts.shares(step).find_map(|(key, state)| match state {
        StepState::Unsure { candidates } => Some((key, candidates.clone())),
        _ => None,
    });
    let Some((key, candidates)) = unsure else {
        return Err(Fault::new(
            format!("The step {step} of {subaccount} is not unsure"),
            "The results name the step and its candidates for each row whose outcome is `unsure`; run the sheet \
             again if it has changed since.",
        ));
    };
    let named: Vec<String> = candidates.iter().map(Sid::to_string).collect();
    if let Choice::Use(sid) = choice {
        if !candidates.contains(sid) {
            return Err(Fault::new(
                format!("{sid} is not one of the candidates of {step}: {}", named.join(", ")),
                "Name one of them, or `none` to have a new one made.",
            ));
        }
        let of_account = Call::get(Host::Api, account_path(subaccount));
        let account: Account =
            read(&caller, &of_account, parent, subaccount, &format!("the account {subaccount}")).await?;
        let identity = Identity { account: subaccount.clone(), token: account.auth_token };
        let call = call_for(&facts, key, subaccount, sid)?;
        let item: Item = read(&caller, &call, &identity, subaccount, &call.path).await?;
        if item.account_sid.as_deref().and_then(Sid::parse).as_ref() != Some(subaccount) {
            return Err(Fault::new(
                format!("{sid} is not in the account {subaccount}"),
                "Nothing was written down. Look at the candidates in the Console.",
            ));
        }
    }
    let at = clock.now();
    let content = Content::without_digest(step.verb);
    let mut states = vec![];
    for candidate in &candidates {
        if *choice == Choice::Use(candidate.clone()) {
            continue;
        }
        if let Some(part) = Part::disowned(candidate) {
            states.push((Key { step, part }, StepState::done(Some(candidate.clone()), content)));
        }
    }
    let chosen = match choice {
        Choice::Use(sid) => StepState::done(Some(sid.clone()), content),
        Choice::None => StepState::Removed,
    };
    states.push((key, chosen));
    for (key, state) in &states {
        facts.apply(*key, state.clone()).map_err(|why| why.fault(subaccount, *key))?;
    }
    let records = states.into_iter().map(|(key, state)| Record::Step { key, state, at });
    ledger.append(subaccount, records.collect()).await
}

fn call_for(facts: &Facts, key: Key, subaccount: &Sid, sid: &Sid) -> Result<Call, Fault> {
    let under_bundle = |list: Assignments| {
        let bundle = facts.sid(key.step.bundle.made_by())?;
        let path = key.step.bundle.collection.path(subaccount, Some(bundle));
        Some((Host::TrustHub, format!("{path}/{}/{sid}", list.path())))
    };
    let path = match key.step.verb {
        Verb::Create(resource) => {
            Some((resource.collection.host(), resource.collection.path(subaccount, Some(sid))))
        }
        Verb::Assign(_) => under_bundle(Assignments::Entities),
        Verb::AssignNumbers => under_bundle(Assignments::ChannelEndpoints),
        _ => None,
    };
    path.map(|(host, path)| Call::get(host, path)).ok_or_else(|| {
        Fault::new(format!("The step {} has no resource to resolve", key.step), "See the results.")
    })
}

#[derive(Deserialize)]
struct Account {
    auth_token: Token,
}

async fn read<T: DeserializeOwned>(
    caller: &Caller<'_>,
    call: &Call,
    identity: &Identity,
    subaccount: &Sid,
    what: &str,
) -> Result<T, Fault> {
    match caller.send(call, identity, &mut caller.tries(), None).await? {
        Sent::Done(answer) => Ok(answer.value),
        // The parent's own credentials: with them, an account is read.
        Sent::Unauthorized(_) if call.path == account_path(subaccount) => {
            Err(crate::engine::parent_refused())
        }
        _ => Err(unreadable(what)),
    }
}

fn unreadable(what: &str) -> Fault {
    Fault::new(
        format!("{what} could not be read"),
        "Nothing was written down. Look at the candidates in the Console, and try again.",
    )
}
