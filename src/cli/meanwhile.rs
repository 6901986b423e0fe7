//! The results of a run that goes on: written at the end of each round of looking at reviews, and every few
//! minutes. Whoever looks at them, or has to end the run the hard way, finds how things stand.

use super::files::tell_kept;
use super::sheet::Sheet;
use super::watch::OnChange;
use crate::clock::Clock;
use crate::engine::{Ended, Run};
use crate::events::{Event, Observer};
use crate::facts::Policy;
use crate::products::FLOW;
use crate::report::{Reporter, ResultsPaths, Snapshot};
use std::sync::Arc;
use tokio::sync::Notify;

/// Results that are two minutes old are of use still, and a sheet of 100,000 rows is written in seconds.
const EVERY_MS: u64 = 2 * 60 * 1_000;

/// After the files were written they rest for so many times as long as that took, so that no run spends more
/// than a tenth of its time on them, however often it looks at reviews.
const REST: u64 = 9;

/// Tells that a round of looking is over.
#[derive(Default)]
pub struct Rounds(Notify);

impl Observer for Rounds {
    fn on(&self, event: &Event<'_>) {
        if let Event::Polls { .. } = event {
            self.0.notify_one();
        }
    }
}

/// Runs to the end and writes the results meanwhile; `told` is told of them, with what is too long a wait. A file that cannot be written is no reason to stop:
/// that is said at the end, when there is nothing else to lose.
pub async fn go(
    run: &Arc<Run>,
    sheet: &Sheet,
    policy: &Policy,
    paths: &ResultsPaths,
    rounds: &Rounds,
    clock: &dyn Clock,
    told: Option<(&OnChange, Option<u64>)>,
) -> Ended {
    let going = run.go(|| sheet.customers());
    let keeping = async {
        loop {
            tokio::select! {
                () = rounds.0.notified() => (),
                () = clock.sleep(EVERY_MS) => (),
            }
            let began = clock.now();
            // The customers are worked on by other threads meanwhile.
            tokio::task::block_in_place(|| {
                let results = Reporter::new(&FLOW, Some(run.ledger()), policy, None)
                    .of_sheet(&sheet.validation.layout)
                    .at(began);
                let mut seen = told.map(|(_, long_ms)| Snapshot::new(&FLOW, began, long_ms));
                let written = results.write_meanwhile(
                    paths,
                    || sheet.entries(),
                    |row| seen.iter_mut().for_each(|it| it.add(row.report)),
                );
                if let Ok(written) = written {
                    tell_kept(&written.kept);
                }
                // Where the disk was full in the middle, the rows behind that say nothing.
                if let (Some((on_change, _)), Some(seen)) = (told, seen)
                    && seen.rows() == sheet.validation.rows
                {
                    on_change.see(seen);
                }
            });
            clock.sleep(REST * clock.now().saturating_sub(began)).await;
        }
    };
    tokio::select! {
        ended = going => ended,
        () = keeping => Ended::default(),
    }
}
