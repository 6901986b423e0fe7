//! `status`: reads how every customer stands at Twilio, writes the results, and says what has changed since somebody
//! last looked.

use super::args::{ResultsArgs, StatusArgs};
use super::closing::{Closing, Look};
use super::files::{tell_of_open, tell_place};
use super::session::{self, Connection, Target};
use super::sheet::Sheet;
use super::signals::stop_on_signals;
use super::validate::DEFAULT_RATE;
use super::{Exit, Stop, results, style};
use crate::engine::{DefaultPrimary, Only, RefusalBreaker, Run, Selection, Settings, YoungLedger};
use crate::events::{Nobody, Observer};
use crate::ledger::Ledger;
use crate::products::FLOW;
use crate::report::{CommandLine, HowItEnded, Reporter};
use crate::sandbox::Start;
use crate::twilio::Rate;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The reviews of a sandbox last a second unless its run says otherwise; a look at them decides by
/// the times that the world's file holds.
const SANDBOX_REVIEW_MS: u64 = 1_000;

pub fn status(args: &StatusArgs, typed: &CommandLine) -> Result<Exit, Stop> {
    let ResultsArgs { sheet: sheet_args, target: target_args, flow, .. } = &args.results;
    let paths = results::paths(&args.results)?;
    let sheet = Sheet::validate(sheet_args, session::parent_sid(target_args), &mut |_| ())?;
    // Said before anything is asked for: a ledger that is not there has nothing to look at.
    drop(Ledger::open_for_reading(
        &session::ledger(target_args),
        &FLOW,
        &session::target_name(target_args)?,
    )?);
    session::runtime()?.block_on(async {
        let target = match target_args.sandbox {
            true => Target::in_sandbox(target_args, &sheet, SANDBOX_REVIEW_MS, Start::GoOn).await?,
            false => Target::open(target_args)?,
        };
        let clock = session::clock();
        let rate = args.pace.rate.unwrap_or(Rate::PerSecond(DEFAULT_RATE));
        let observer: Arc<dyn Observer> = Arc::new(Nobody);
        let Connection { client, ledger } = target.connect(rate, flow.timeout, &clock, &observer)?;
        tell_of_open(session::files_of_the_ledger(target_args).iter().map(PathBuf::as_path));
        let policy = flow.policy();
        let settings = Settings {
            flow: &FLOW,
            parent: target.parent.clone(),
            policy: policy.clone(),
            primary_profile: None,
            default_primary: DefaultPrimary::NotNeeded,
            concurrency: usize::from(args.pace.concurrency),
            selection: Selection { only: Only::ToLookAt, limit: None },
            refusal_breaker: RefusalBreaker::Off,
            young_ledger: YoungLedger::LooksAtOnce,
            wait_ms: 0,
            poll_ms: 0,
            previews: None,
        };
        let drain = CancellationToken::new();
        stop_on_signals(drain.clone());
        let now = clock.clone();
        let run = Run::new(settings, client, ledger, clock, observer, drain);
        let mut ended = run.go(|| sheet.customers()).await;
        // A look that went well says no more than what it left in the ledger, from which the results
        // read how a customer stands: an earlier refusal, for one, is still its answer.
        ended.customers.retain(|_, end| end.failed.is_some());
        let results = Reporter::new(&FLOW, Some(run.ledger()), &policy, Some(&ended))
            .of_sheet(&sheet.validation.layout)
            .at(now.now());
        let look = Look::read(run.ledger(), &target.parent.account, now.now(), args.watch.long)?;
        let mut closing = Closing::new(typed, args.results.format).with(look);
        let written = results.write(&paths, || sheet.entries(), |row| closing.take(&row));
        if let Ok((_, written)) = &written {
            tell_place(&paths, written);
        }
        if let Some(fault) = ended.fault {
            // A second fault, of results that cannot be written, would hide the one that came first.
            if let Ok((tally, written)) = written {
                closing.broken_off(&tally, &written)?;
            }
            return Err(fault.into());
        }
        let (tally, written) = written?;
        if let Some(reason) = &ended.away {
            style::error(&format!(
                "nobody got an answer of the API any more ({reason}), so this is how they stood when last read. \
                 Check the network and Twilio's status page, then look again"
            ));
        }
        let exit = Exit::of(&tally, ended.interrupted);
        let told = closing.told();
        let exit = closing.end(&tally, HowItEnded::default(), Some(&written), exit);
        // Last of all: a look that has not said everything leaves the news to the next one.
        if exit.is_ok() && style::was_heard() && let Some(told) = told {
            run.ledger().note_told(&target.parent.account, told, now.now()).await?;
        }
        run.close()?;
        Ok(exit?)
    })
}
