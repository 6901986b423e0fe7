//! What people and programs get to see: progress, the results files, the closing table, the log.

mod annotate;
mod book;
mod change;
mod console;
mod copy;
mod csv;
mod expected;
mod failed;
mod failures;
mod findings;
mod grouped;
mod hints;
mod history;
mod json;
mod log;
mod marking;
mod merge;
mod news;
mod next;
mod overview;
mod own;
mod page;
mod preview;
mod progress;
mod rebuild;
mod results;
mod row;
mod summary;
mod undo;
mod verdict;
mod waits;
mod words;
mod workbook;
mod write;

pub use annotate::{Annotations, Marked, annotate};
pub use book::Earlier;
pub use change::{ChangeDocument, Snapshot};
pub use csv::{number_columns, result_cells, result_columns};
pub use expected::Expected;
pub use failed::{Failure, write_failed};
pub use failures::Failures;
pub use findings::{FindingsFormat, FindingsPrinter};
pub use hints::{Hint, hint, hint_for};
pub use json::{ExitReport, LookDocument, OutcomeDocument, ResultsFiles, Rows};
pub use log::{Log, rfc3339};
pub use merge::{Merged, Side, merge};
pub use news::{Change, News, NewsDocument};
pub use next::{
    CommandLine, Flag, Group, HowItEnded, READING, RUN_ONLY, TARGET, Who, idle, next, next_action, who,
};
pub use own::{Foreign, Kept, Manner, Why};
pub use page::{Details, write_page};
pub use preview::{
    Action, Changed, Document, Does, Groups, OnApproved, PlanFormat, PlannedWrite, RowPlan, Saved, Shapes,
    Sums, is_open_ended, print_csv as print_plan_csv, spell_duration,
};
pub use progress::{Detail as ProgressDetail, Progress};
pub use results::{ResultsPaths, WrittenRow, is_workbook};
#[cfg(test)]
pub use row::example::example;
pub use row::{
    BundleReport, Cause, ColumnToCorrect, NumberOnBundle, NumberReport, NumberState, Remark, Reporter,
    ResourceReport, RowReport,
};
pub use summary::Tally;
pub use undo::{UndoDocument, foreseen_lines, undone_lines};
pub use verdict::{Verdict, verdict};
pub use waits::{Wait, Waits, lines as wait_lines, ticket, usually_long_ms};
pub use workbook::Uneditable;
pub use write::{Written, check_writable, linked, reason, write_one};

use crate::events::{Event, Observer};
use std::sync::Arc;

/// Several observers as one.
pub struct All(pub Vec<Arc<dyn Observer>>);

impl Observer for All {
    fn on(&self, event: &Event<'_>) {
        for observer in &self.0 {
            observer.on(event);
        }
    }
}
