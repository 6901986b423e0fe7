//! `template`: the sheet to fill in, and what its columns may hold.

use super::args::TemplateArgs;
use super::style::{printed, say};
use super::{Exit, Stop};
use crate::model::Fault;
use crate::model::column;
use crate::private;
use crate::report::{check_writable, reason};
use crate::sheet::template::Template;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

pub fn template(args: &TemplateArgs) -> Result<Exit, Stop> {
    if let Some(columns) = &args.columns {
        let text = match columns.as_slice() {
            [] => column::help_text(),
            columns => columns.iter().map(|it| column::explained(*it)).collect::<Vec<_>>().join("\n"),
        };
        for line in text.trim_end().lines() {
            say!("{line}");
        }
        return Ok(Exit::Success);
    }
    let known = crate::products::known();
    let template = Template { known: &known, wanted: &args.products };
    let Some(path) = &args.output else {
        printed(std::io::stdout().write_all(&template.csv()));
        return Ok(Exit::Success);
    };
    if !path.exists() || path.is_dir() {
        check_writable(path)?;
    }
    let ends_with = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    let is_page = ends_with("md");
    let content = match () {
        () if is_page => column::page().into_bytes(),
        () if ends_with("xlsx") => template.xlsx()?,
        () => template.csv(),
    };
    let made = private::file(OpenOptions::new().write(true).create_new(true)).open(path);
    let written = made.and_then(|mut file| file.write_all(&content));
    written.map_err(|error| match error.kind() == ErrorKind::AlreadyExists {
        true => Fault::new(
            format!("{} is there already", path.display()),
            "It may be filled in, so it is left as it is. Name another file.",
        ),
        false => Fault::new(
            format!("{} cannot be written ({})", path.display(), reason(&error)),
            "Check that its folder exists and may be written to.",
        ),
    })?;
    if is_page {
        say!("Wrote {}", path.display());
        return Ok(Exit::Success);
    }
    say!("Wrote {}. Fill it in, then: trusthub-onboard validate {}", path.display(), path.display());
    Ok(Exit::Success)
}
