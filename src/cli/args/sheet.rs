//! How the sheet is read.

use super::READING;
use super::values::product;
use crate::check;
use crate::model::{Column, Product};
use crate::sheet::{Encoding, Mapping};
use clap::Args;
use std::path::{Path, PathBuf};

/// What customers are onboarded to unless the user says otherwise.
pub const DEFAULT_PRODUCT: &str = "voice_integrity";

/// How the sheet is read.
#[derive(Args, Clone)]
pub struct SheetArgs {
    /// The sheet: CSV, XLSX, XLS or ODS; `-` reads from standard input
    #[arg(value_name = "SHEET")]
    pub path: PathBuf,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// What is said about a sheet besides its name.
#[derive(Args, Clone)]
pub struct ReadingArgs {
    /// The worksheet to read, where a workbook has several
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub sheet: Option<String>,
    /// The encoding of a CSV file, such as UTF-8, windows-1252, macintosh, cp850 [default: found out]
    #[arg(long, value_name = "NAME", value_parser = encoding, help_heading = READING)]
    pub encoding: Option<Encoding>,
    /// The delimiter of a CSV file: one character, or `tab` [default: found out]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = READING)]
    pub delimiter: Option<u8>,
    /// The row of the headers, counted from 1 [default: found out]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = READING)]
    pub header_row: Option<u64>,
    /// What a header of yours means: "Their Header=our_column", or its column's letter: "H=our_column"; with nothing behind the = the column is left out; repeatable
    #[arg(long, value_name = "HEADER=COLUMN", value_parser = Mapping::parse, help_heading = READING)]
    pub map: Vec<Mapping>,
    /// What the customers are onboarded to, separated by commas; a row whose cell `products` is filled says so itself
    #[arg(long, value_name = "NAMES", value_parser = product, value_delimiter = ',',
        default_value = DEFAULT_PRODUCT, help_heading = READING)]
    pub products: Vec<&'static Product>,
    /// A value that is the same for every row: our_column=value; repeatable
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = check::parse_set, help_heading = READING)]
    pub set: Vec<(Column, String)>,
    /// A value to send as it is written although it is called wrong: our_column=value; repeatable. Its errors
    /// become warnings
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = check::parse_accept, help_heading = READING)]
    pub accept: Vec<(Column, String)>,
    /// Hold back rows with warnings too
    #[arg(long, help_heading = READING)]
    pub strict: bool,
}

impl SheetArgs {
    /// A sheet about which nothing more is said.
    pub fn of(path: &Path, products: &[&'static Product]) -> SheetArgs {
        let reading = ReadingArgs {
            sheet: None,
            encoding: None,
            delimiter: None,
            header_row: None,
            map: vec![],
            products: products.to_vec(),
            set: vec![],
            accept: vec![],
            strict: false,
        };
        SheetArgs { path: path.to_owned(), reading }
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| format!("known are {} and others", Encoding::EXAMPLES))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [one] if one.is_ascii() && !one.is_ascii_alphanumeric() && !matches!(one, b'"' | b'\r' | b'\n') => {
            Ok(*one)
        }
        _ => Err("write one character, such as ; or |, or `tab`".to_owned()),
    }
}
