//! `resolve`: says which of several candidates is the one.

use super::args::ResolveArgs;
use super::session::{self, Connection, Target};
use super::style::say;
use super::{Exit, Stop};
use crate::events::{Nobody, Observer};
use crate::ledger::Ledger;
use crate::products::FLOW;
use crate::resolve;
use crate::twilio::Rate;
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
        let Connection { client, ledger } = target.connect(Rate::Unlimited, CALL_MS, &clock, &observer)?;
        resolve::resolve(
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
