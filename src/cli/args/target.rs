//! Where the work is recorded, and in which target the work is sent.

use clap::Args;
use std::path::PathBuf;

/// Where the work is recorded, and in which target the work is sent.
#[derive(Args, Clone)]
pub struct TargetArgs {
    /// The ledger, the durable record of every step [default: trusthub-onboard.db; with --sandbox
    /// trusthub-onboard-sandbox.db]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Work in the built-in sandbox instead of at Twilio: no account is needed
    #[arg(long)]
    pub sandbox: bool,
    /// Send the requests for both APIs to this server instead
    #[arg(long, value_name = "URL", env = "TRUSTHUB_ONBOARD_BASE_URL")]
    pub base_url: Option<String>,
}
