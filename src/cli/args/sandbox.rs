//! The arguments of `sandbox`.

use super::FAULTS;
use super::sheet::DEFAULT_PRODUCT;
use super::values::{duration, product};
use crate::cli::faults::{self, FaultArg};
use crate::model::Product;
use crate::sandbox::Undocumented;
use clap::Args;
use std::ops::RangeInclusive;
use std::path::PathBuf;

#[derive(Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 4010)]
    pub port: u16,
    /// The sheet whose subaccounts, numbers and addresses exist [default: every subaccount and PN does, and
    /// no number by its digits]
    #[arg(long, value_name = "SHEET")]
    pub for_sheet: Option<PathBuf>,
    /// What the customers of that sheet are onboarded to, as at `run`
    #[arg(long, value_name = "NAMES", value_parser = product, value_delimiter = ',',
        default_value = DEFAULT_PRODUCT)]
    pub products: Vec<&'static Product>,
    /// Keep the world in this file [default: it lasts as long as the server]
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// How long a review takes, in seconds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=604_800))]
    pub review_seconds: u64,
    /// What nobody knows of the API, decided otherwise, such as empty-parameter=is-not-given; repeatable.
    /// `--setting help` lists them all
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub setting: Vec<String>,
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// Takes a setting of the sandbox as it is written, once it is known to be one. `help` asks for the list.
fn setting(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case(faults::HELP) {
        return Ok(faults::HELP.to_owned());
    }
    Undocumented::default().set(text).map(|()| text.to_owned())
}

/// How the sandbox misbehaves.
#[derive(Args, Clone)]
pub struct FaultArgs {
    /// What goes wrong and when: by request number (lose-reply@7, fail-after-500@7-9) or by share
    /// (tear-body@3%, storm@5%); repeatable. `--fault help` lists them all. The same lines with `fault`
    /// in front are taken on standard input while the sandbox runs
    #[arg(long, value_name = "KIND@WHEN", value_parser = faults::parse, help_heading = FAULTS)]
    pub fault: Vec<FaultArg>,
    /// Misbehaviour by share follows from this number
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = FAULTS)]
    pub seed: u64,
    /// Answer 429 above this many requests a second
    #[arg(long, value_name = "N", value_parser = faults::rate, help_heading = FAULTS)]
    pub limit_per_second: Option<f64>,
    /// Answer 429 above this many requests a second of one account
    #[arg(long, value_name = "N", value_parser = faults::rate, help_heading = FAULTS)]
    pub limit_per_account_per_second: Option<f64>,
    /// Answer 429 above this many requests at once
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_concurrent: Option<u32>,
    /// Answer 429 above this many requests of one account at once
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_per_account_concurrent: Option<u32>,
    /// Say Retry-After with every 429, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = FAULTS)]
    pub retry_after: Option<u64>,
    /// Answer only after this many milliseconds: 50, or 20-80
    #[arg(long, value_name = "MS", default_value = "0", value_parser = span, help_heading = FAULTS)]
    pub latency: RangeInclusive<u64>,
    /// How long something that was created stays out of the lists
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", help_heading = FAULTS)]
    pub list_lag: u64,
    /// How long something that was created cannot be read or assigned
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", help_heading = FAULTS)]
    pub object_lag: u64,
}

pub fn span(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if low <= high => Ok(low..=high),
        _ => Err("write milliseconds, such as 50, or a span, such as 20-80".to_owned()),
    }
}
