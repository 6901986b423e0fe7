//! `completions` and `man`: what shells and manuals show, made from the arguments themselves.

use super::args::{CompletionsArgs, ManArgs};
use super::style::{conclude, printed};
use super::{Cli, Exit, Stop};
use crate::model::Fault;
use crate::report::reason;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::Path;

pub fn completions(args: &CompletionsArgs) -> Result<Exit, Stop> {
    let mut program = Cli::command();
    let name = program.get_name().to_owned();
    // Into memory first: whoever reads less than all of it has what it wants.
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    printed(io::stdout().write_all(&script));
    Ok(Exit::Success)
}

pub fn man(args: &ManArgs) -> Result<Exit, Stop> {
    let pages = pages().map_err(|error| cannot_write(Path::new("the manual"), &error))?;
    let Some(folder) = &args.output else {
        if let Some((_, page)) = pages.first() {
            printed(io::stdout().write_all(page));
        }
        return Ok(Exit::Success);
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    for (name, page) in &pages {
        let path = folder.join(name);
        // Everybody may read them: they hold nothing of a user's.
        std::fs::write(&path, page).map_err(|error| cannot_write(&path, &error))?;
    }
    let (count, folder) = (pages.len(), folder.display());
    conclude!("Wrote {count} pages to {folder}. To read the first: man {folder}/trusthub-onboard.1");
    Ok(Exit::Success)
}

/// A page of the program and one of each command, by the names of their files.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|it| !it.is_hide_set());
    std::iter::once(&program).chain(commands).map(page).collect()
}

fn page(command: &Command) -> io::Result<(String, Vec<u8>)> {
    let man = Man::new(command.clone());
    let mut page = vec![];
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(more) = command.get_after_long_help().or(command.get_after_help()) {
        page.extend_from_slice(as_it_stands(&more.to_string()).as_bytes());
    }
    Ok((man.get_filename(), page))
}

/// A section whose lines and columns stay as they are.
fn as_it_stands(text: &str) -> String {
    let mut section = ".SH MORE\n.nf\n".to_owned();
    for line in text.lines() {
        // A dot or a quote in front would be an order.
        let escaped = line.replace('\\', "\\e").replace('-', "\\-");
        let guard = if escaped.starts_with(['.', '\'']) { "\\&" } else { "" };
        section += &format!("{guard}{escaped}\n");
    }
    section + ".fi\n"
}

fn cannot_write(path: &Path, error: &io::Error) -> Fault {
    Fault::new(
        format!("{} cannot be written ({})", path.display(), reason(error)),
        "Name a folder with --output that may be written to.",
    )
}
