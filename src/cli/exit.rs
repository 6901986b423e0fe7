//! Exit codes. They are public and do not change.

use crate::engine::Interrupted;
use crate::facts::Outcome;
use crate::report::Tally;
use std::process::{ExitCode, Termination};

/// How the program ends; the first that applies, in the order of the README.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Success,
    /// The machine, a file or the configuration.
    Fault,
    /// The arguments.
    Usage,
    /// Rows of the sheet are invalid.
    InvalidRows,
    /// Rows were refused or rejected; for `undo`, something that was made is left.
    RefusedRows,
    /// Rows are unsure, unfinished or ready to be submitted, or the run was interrupted: run again.
    RunAgain,
    /// `plan --exit-code`: a run would change something.
    ChangesPending,
    /// The user said no to the question before going live: nothing was sent.
    NotConfirmed,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Fault => 1,
            Exit::Usage => 2,
            Exit::InvalidRows => 3,
            Exit::RefusedRows => 4,
            Exit::RunAgain => 5,
            Exit::ChangesPending => 7,
            Exit::NotConfirmed => 6,
        }
    }

    /// What it means, in a few words.
    pub fn reason(self) -> &'static str {
        match self {
            Exit::Success => "nothing is wrong; what waits for a review is no failure",
            Exit::Fault => "the machine, a file or the configuration is at fault",
            Exit::Usage => "the arguments are wrong",
            Exit::InvalidRows => "rows of the sheet are invalid",
            Exit::RefusedRows => "rows were refused or rejected",
            Exit::RunAgain => {
                "rows are unsure or unfinished, or ready to be submitted, or the run was interrupted: run again"
            }
            Exit::ChangesPending => "a run would change something",
            Exit::NotConfirmed => "the question before going live was answered with no: nothing was sent",
        }
    }

    /// What a tally means. Waiting for an approval is a success.
    pub fn of(tally: &Tally, interrupted: Interrupted) -> Exit {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| tally.of(*outcome) > 0);
        if interrupted == Interrupted::Yes
            || any(&[Outcome::Unsure, Outcome::Unfinished])
            || tally.to_submit() > 0
        {
            Exit::RunAgain
        } else if any(&[Outcome::Refused, Outcome::Rejected]) {
            Exit::RefusedRows
        } else if any(&[Outcome::Invalid]) {
            Exit::InvalidRows
        } else {
            Exit::Success
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
