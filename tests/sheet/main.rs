//! What comes out of files as people really have them, and out of files that are none.

#[path = "../common/mod.rs"]
mod common;
mod csv;
mod files;
mod headers;
mod workbooks;
