//! What comes out of files as people really have them, and out of files that are not sheets at all.

mod check;
mod choice;
#[path = "../common/mod.rs"]
mod common;
mod containers;
mod corrected;
mod csv;
mod encodings;
mod files;
mod headers;
mod hostile;
mod marked;
mod quoting;
mod real_programs;
mod samples;
mod sizes;
mod workbooks;
