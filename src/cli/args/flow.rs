//! The choices about the flow.

use super::values::{duration, policy, product_policy, some_time};
use super::{DONE, PACE};
use crate::facts::{Evaluate, Existing, Numbers, Policy, RefusedNumbers, Submission};
use crate::model::{Product, Sid};
use crate::products::{FLOW, PROFILE, VOICE_INTEGRITY};
use clap::{Args, ValueEnum};

/// The choices about the flow.
#[derive(Args, Clone)]
pub struct FlowArgs {
    /// Stop before every submission: all drafts
    #[arg(long, help_heading = DONE)]
    pub no_submit: bool,
    /// When the trust product is submitted: one whose profile is not approved is rejected (11005)
    #[arg(long, value_enum, default_value = "after-approval", value_name = "WHEN", help_heading = DONE)]
    pub submit_product: SubmitProductArg,
    /// What an evaluation does to a bundle that would not pass
    #[arg(long, value_enum, default_value = "refuse", value_name = "HOW", help_heading = DONE)]
    pub evaluate: EvaluateArg,
    /// What a refused phone number does: it holds back its bundle, or is left out
    #[arg(long, value_enum, default_value = "refuse", value_name = "HOW", help_heading = DONE)]
    pub refused_numbers: RefusedNumbersArg,
    /// What is done about a bundle with our tag that the ledger knows nothing of: it is taken over, as
    /// after the loss of a ledger, or its row is refused
    #[arg(long, value_enum, default_value = "adopt", value_name = "HOW", help_heading = DONE)]
    pub existing: ExistingArg,
    /// The policy of secondary business profiles
    #[arg(long, value_name = "RN…", value_parser = policy, default_value = PROFILE.policy_sid,
        help_heading = DONE)]
    pub secondary_profile_policy: Sid,
    /// The policy of Voice Integrity trust products
    #[arg(long, value_name = "RN…", value_parser = policy, default_value = VOICE_INTEGRITY.policy_sid,
        help_heading = DONE)]
    pub voice_integrity_policy: Sid,
    /// The policy of a product, such as voice_integrity=RN…; repeatable
    #[arg(long, value_name = "NAME=RN…", value_parser = product_policy, help_heading = DONE)]
    pub product_policy: Vec<(&'static Product, Sid)>,
    /// How long something that was created may stay out of the lists
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = PACE)]
    pub visibility_window: u64,
    /// How long a call may take
    #[arg(long, value_name = "DURATION", value_parser = some_time, default_value = "60s", help_heading = PACE)]
    pub timeout: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SubmitProductArg {
    AfterApproval,
    Now,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum EvaluateArg {
    Refuse,
    Warn,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RefusedNumbersArg {
    Refuse,
    Skip,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExistingArg {
    Adopt,
    Refuse,
}

/// The policy of a run that is told nothing else.
pub fn usual_policy() -> Policy {
    Policy {
        submission: Submission::ProductAfterApproval,
        evaluate: Evaluate::Refuse,
        refused_numbers: RefusedNumbers::Refuse,
        existing: Existing::Adopt,
        numbers: Numbers::default(),
        visibility_window_ms: 10_000,
        call_timeout_ms: 60_000,
        policy_sids: vec![],
    }
}

impl FlowArgs {
    pub fn policy(&self) -> Policy {
        let of = |(product, sid): &(&'static Product, Sid)| {
            let bundle = FLOW.products.iter().find(|it| it.product == Some(product))?;
            Some((*bundle, sid.clone()))
        };
        // The first that names a bundle counts.
        let own = [
            (&PROFILE, self.secondary_profile_policy.clone()),
            (&VOICE_INTEGRITY, self.voice_integrity_policy.clone()),
        ];
        Policy {
            submission: match (self.no_submit, self.submit_product) {
                (true, _) => Submission::Never,
                (false, SubmitProductArg::AfterApproval) => Submission::ProductAfterApproval,
                (false, SubmitProductArg::Now) => Submission::ProductNow,
            },
            evaluate: match self.evaluate {
                EvaluateArg::Refuse => Evaluate::Refuse,
                EvaluateArg::Warn => Evaluate::Warn,
                EvaluateArg::Off => Evaluate::Off,
            },
            refused_numbers: match self.refused_numbers {
                RefusedNumbersArg::Refuse => RefusedNumbers::Refuse,
                RefusedNumbersArg::Skip => RefusedNumbers::Skip,
            },
            existing: match self.existing {
                ExistingArg::Adopt => Existing::Adopt,
                ExistingArg::Refuse => Existing::Refuse,
            },
            numbers: Numbers::default(),
            visibility_window_ms: self.visibility_window,
            call_timeout_ms: self.timeout,
            policy_sids: self.product_policy.iter().filter_map(of).chain(own).collect(),
        }
    }
}
