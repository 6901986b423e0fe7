//! The last question before something is done that cannot be undone.

use super::Stop;
use super::style::tell;
use crate::model::{Sid, counted};
use crate::report::{OnApproved, Sums};
use std::io::{BufRead, IsTerminal, Write};

/// What is about to happen.
pub struct Undertaking<'a> {
    pub host: &'a str,
    pub parent: &'a Sid,
    /// The profile that customers are linked to: its SID and its name.
    pub primary: String,
    /// What it does over the rows that it takes on.
    pub sums: &'a Sums,
}

/// Whether the user has said yes in advance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Given,
    ToBeAsked,
}

impl Consent {
    /// # Errors
    /// There is no one to ask, and `--yes` was not given.
    pub fn must_be_possible(self) -> Result<(), Stop> {
        match self {
            Consent::ToBeAsked if !std::io::stdin().is_terminal() => Err(Stop::Usage(
                "this is not a terminal, so there is no one to ask: add --yes to go live, or --sandbox to try it"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Says what is about to happen and asks. Gives whether to go on.
pub fn ask(undertaking: &Undertaking, consent: Consent) -> bool {
    let Undertaking { host, parent, primary, sums } = undertaking;
    tell!("Going live at {host}");
    tell!("  parent account {parent}");
    tell!("  primary profile: {primary}");
    let customers = counted(sums.customers, "customer");
    tell!("  {customers}, {}; what is submitted cannot be taken back", sums.in_words());
    consent == Consent::Given || says_yes()
}

/// Says what happens to the numbers of approved bundles and asks once more: those whose numbers go are labelled again.
/// Gives whether to go on.
pub fn ask_about_approved(sum: &OnApproved, consent: Consent) -> bool {
    if sum.is_nothing() {
        return true;
    }
    tell!("  {}", sum.in_words());
    consent == Consent::Given || says_yes()
}

/// Asks whether to go on.
pub fn says_yes() -> bool {
    let _ = write!(std::io::stderr(), "Go on? [y/N] ").and_then(|()| std::io::stderr().flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
