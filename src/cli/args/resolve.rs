//! The arguments of `resolve`.

use super::TargetArgs;
use super::values::account;
use crate::flow::StepId;
use crate::model::Sid;
use crate::products::FLOW;
use crate::resolve::Choice;
use clap::Args;

#[derive(Args)]
pub struct ResolveArgs {
    /// The customer
    #[arg(value_name = "SUBACCOUNT", value_parser = account)]
    pub subaccount: Sid,
    /// The step, as failed_step of the results names it
    #[arg(value_name = "STEP", value_parser = step)]
    pub step: StepId,
    /// The SID of the candidate that is the one, or `none` to have a new one made
    #[arg(value_name = "SID", value_parser = choice)]
    pub choice: Choice,
    #[command(flatten)]
    pub target: TargetArgs,
}

fn step(text: &str) -> Result<StepId, String> {
    FLOW.step(text).ok_or_else(|| {
        let names: Vec<&str> = FLOW.steps().map(|it| it.name).collect();
        format!("the steps are {}", names.join(", "))
    })
}

fn choice(text: &str) -> Result<Choice, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Choice::None);
    }
    Sid::parse(text).map(Choice::Use).ok_or_else(|| "write a SID, or `none`".to_owned())
}
