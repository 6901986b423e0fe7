//! What comes out of files as people really have them, and out of files that are not sheets at all.

mod choice;
#[path = "../common/mod.rs"]
mod common;
mod csv;
mod encodings;
mod files;
mod headers;
mod quoting;
mod workbooks;
