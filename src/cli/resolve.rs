//! `resolve`: says which of several candidates is the one.

use super::args::ResolveArgs;
use super::run::CONNECT_MS;
use super::session::{self, Target};
use super::style::say;
use super::{Exit, Stop};
use crate::engine;
use crate::events::{Nobody, Observer};
use crate::ledger::Ledger;
use crate::products::FLOW;
use crate::twilio::{Client, Pace, Rate, Timeouts};
use std::sync::Arc;

/// Two requests need no more time than this.
const CALL_MS: u64 = 60_000;

pub fn resolve(args: &ResolveArgs) -> Result<Exit, Stop> {
    // A ledger that is not there is not made for this.
    drop(Ledger::open_for_reading(
        &session::ledger(&args.target),
        &FLOW,
        &session::target_name(&args.target)?,
    )?);
    session::runtime()?.block_on(async {
        let target = match args.target.sandbox {
            true => Target::in_known_sandbox(&args.target).await?,
            false => Target::open(&args.target)?,
        };
        let clock = session::clock();
        let observer: Arc<dyn Observer> = Arc::new(Nobody);
        let timeouts = Timeouts { connect_ms: CONNECT_MS, call_ms: CALL_MS };
        let pace = Pace::new(Rate::Unlimited, clock.clone());
        let client = Client::new(&target.endpoint, timeouts, pace, clock.clone(), observer.clone())?;
        let ledger = session::open_ledger(&target, &*clock, observer)?;
        engine::resolve(
            &ledger,
            &client,
            &target.parent,
            clock.as_ref(),
            &args.subaccount,
            args.step,
            &args.choice,
        )
        .await?;
        ledger.close()?;
        say!("Settled. Run the sheet again: it goes on from here.");
        Ok(Exit::Success)
    })
}
