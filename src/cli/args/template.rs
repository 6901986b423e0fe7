//! The arguments of `template`.

use super::values::csv_or_xlsx;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct TemplateArgs {
    /// The file to write, FILE.xlsx or FILE.csv [default: standard output, as CSV]
    #[arg(long, short, value_name = "FILE", value_parser = csv_or_xlsx)]
    pub output: Option<PathBuf>,
    /// Explain every column instead
    #[arg(long, conflicts_with = "output")]
    pub columns: bool,
}
