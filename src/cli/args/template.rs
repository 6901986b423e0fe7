//! The arguments of `template`.

use super::sheet::DEFAULT_PRODUCT;
use super::values::product;
use super::values::template_file;
use crate::model::Column;
use crate::model::Product;
use crate::sheet::names::nearest;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct TemplateArgs {
    /// The file to write: FILE.xlsx, FILE.csv, or FILE.md for a page that explains the columns [default:
    /// standard output, as CSV]
    #[arg(long, short, value_name = "FILE", value_parser = template_file)]
    pub output: Option<PathBuf>,
    /// What the customers are onboarded to: the template has the columns that are needed for it
    #[arg(long, value_name = "NAMES", value_parser = product, value_delimiter = ',',
        default_value = DEFAULT_PRODUCT)]
    pub products: Vec<&'static Product>,
    /// Explain the columns instead; of those that are named, print every allowed value
    #[arg(long, value_name = "COLUMN", num_args = 0.., value_delimiter = ',', value_parser = column,
        conflicts_with = "output")]
    pub columns: Option<Vec<Column>>,
}

fn column(text: &str) -> Result<Column, String> {
    Column::named(text).ok_or_else(|| match nearest(text) {
        Some(column) => format!("there is no such column; did you mean {}?", column.name()),
        None => "there is no such column; `template --columns` lists them all".to_owned(),
    })
}
