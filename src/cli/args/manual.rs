//! The arguments of `completions` and `man`.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Args)]
pub struct ManArgs {
    /// The folder for a page of each command; it is created if it is not there [default: the first page is
    /// printed on standard output]
    #[arg(long, short, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}
