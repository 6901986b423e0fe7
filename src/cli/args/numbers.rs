//! What is done about the numbers of bundles that were submitted.

use super::values::most;
use super::{DONE, OnlyArg};
use crate::facts::{Most, Numbers, Policy, Removal};
use clap::Args;

#[derive(Args)]
pub struct NumbersArgs {
    /// Take off approved bundles the phone numbers that the row does not have or the account no longer owns, and the
    /// second of two assignments of one number
    #[arg(long, help_heading = DONE)]
    pub remove_numbers: bool,
    /// How many of a customer's numbers may go at once: a number, or a share such as 50%; one always may. Where more
    /// would, none does
    #[arg(long, value_name = "N|N%", value_parser = most, default_value = "20%", requires = "remove_numbers",
        help_heading = DONE)]
    pub remove_max: Most,
    /// Also where a bundle would lose its last number
    #[arg(long, requires = "remove_numbers", help_heading = DONE)]
    pub remove_all: bool,
}

impl NumbersArgs {
    /// The policy with these choices.
    pub fn policy(&self, policy: Policy, only: Option<OnlyArg>) -> Policy {
        let removal = Removal { most: self.remove_max, last: self.remove_all };
        let numbers = Numbers {
            removal: self.remove_numbers.then_some(removal),
            alone: matches!(only, Some(OnlyArg::Numbers)),
        };
        Policy { numbers, ..policy }
    }
}
