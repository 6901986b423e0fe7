//! The configuration file: flags that are repeated every day. What it says stands in for what the command line and
//! the variables do not say.

mod keys;
mod read;

pub use keys::KEYS;

use crate::model::Fault;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use read::Entry;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The command line with what a configuration file adds to it.
pub struct Completed {
    /// The flags of the file stand behind the command's name. They say the same to whoever reads no file.
    pub arguments: Vec<OsString>,
    /// Which file was read, and which of its settings took effect: one line.
    pub said: String,
    path: PathBuf,
    entries: Vec<Entry>,
}

/// Reads the file that is meant, if the command takes any of its flags. `matches` is what `program` made of the
/// arguments without it.
///
/// # Errors
/// The file cannot be read, or says what no file may say.
pub fn complete(
    program: &Command,
    matches: &ArgMatches,
    arguments: &[OsString],
) -> Result<Option<Completed>, Fault> {
    let Some((name, given)) = matches.subcommand() else { return Ok(None) };
    let Some(command) = program.find_subcommand(name) else { return Ok(None) };
    if given.get_flag("no_config") || !KEYS.iter().any(|key| flag(command, key).is_some()) {
        return Ok(None);
    }
    let named = given.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let Some((path, text)) = read::find(named)? else { return Ok(None) };
    let entries = read::entries(&path, &text, program)?;
    let (mut added, mut effective, mut overruled) = (vec![], vec![], vec![]);
    for entry in &entries {
        let Some(flag) = flag(command, entry.key) else { continue };
        if let Some(why) = overruling(entry.key, flag, given) {
            overruled.push(format!("; not {}, {why}", entry.key));
            continue;
        }
        let said = keys_given(entry.key, given);
        let own: Vec<&String> =
            entry.values.iter().filter(|it| !said.contains(&pair_key(entry.key, it))).collect();
        effective.push(match entry.key {
            "map" | "set" if own.len() < entry.values.len() => {
                format!("{} ({} of {})", entry.key, own.len(), entry.values.len())
            }
            "map" | "set" => format!("{} ({})", entry.key, own.len()),
            key => format!("{key} = {}", entry.values.join(", ")),
        });
        let long = flag.get_long().unwrap_or(entry.key);
        added.extend(own.into_iter().map(|value| OsString::from(format!("--{long}={value}"))));
    }
    let effective =
        if effective.is_empty() { "nothing in it took effect".to_owned() } else { effective.join(", ") };
    let said = format!("Read {}: {effective}{}", path.display(), overruled.concat());
    let (before, behind) = arguments.split_at(behind_the_command(program, arguments));
    let before = without_config(before);
    let arguments =
        before.into_iter().chain(["--no-config".into()]).chain(added).chain(without_config(behind)).collect();
    Ok(Some(Completed { arguments, said, path, entries }))
}

impl Completed {
    /// What is wrong with the file, where its flags turned out to be wrong: the command line was right without them.
    pub fn fault(&self, error: &clap::Error) -> Fault {
        let flag = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(flag)) => flag.as_str(),
            _ => "",
        };
        let name = flag.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default();
        let key = name.replace('-', "_");
        let why = error.source().map_or_else(|| error.kind().to_string(), ToString::to_string);
        let value = match error.get(ContextKind::InvalidValue) {
            Some(ContextValue::String(value)) => value.as_str(),
            _ => "",
        };
        let line = self.entries.iter().find(|it| it.key == key).map_or(1, |it| it.line_of(value));
        let value = if value.is_empty() { String::new() } else { format!(" \"{value}\"") };
        read::wrong(&self.path, line, &format!("{key}{value}: {why}"))
    }
}

/// The flag of a command that a key stands for.
fn flag<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|it| it.get_id() == key && !it.is_hide_set())
}

/// Why a key of the file has no effect.
fn overruling(key: &str, flag: &Arg, given: &ArgMatches) -> Option<String> {
    match given.value_source(key) {
        // One header or one column after the other: each is overruled by itself.
        _ if ["map", "set"].contains(&key) => None,
        Some(ValueSource::CommandLine) => Some("which the command line says".to_owned()),
        Some(ValueSource::EnvVariable) => {
            let variable = flag.get_env().map(OsStr::to_string_lossy).unwrap_or_default();
            Some(format!("which {variable} says"))
        }
        // A trial of a day's work stays a trial.
        _ if key == "primary_profile" && given.try_get_one("sandbox").ok().flatten() == Some(&true) => {
            Some("because the sandbox has one of its own".to_owned())
        }
        _ => None,
    }
}

/// The headers or columns of a repeated flag that the command line names.
fn keys_given(key: &str, given: &ArgMatches) -> Vec<String> {
    match given.value_source(key) {
        Some(ValueSource::CommandLine) => given
            .get_raw(key)
            .into_iter()
            .flatten()
            .map(|value| pair_key(key, &value.to_string_lossy()))
            .collect(),
        _ => vec![],
    }
}

/// The header of a mapping, or the column that is set: cut where the flag's own reader cuts.
fn pair_key(key: &str, value: &str) -> String {
    let left = if key == "map" { value.rsplit_once('=') } else { value.split_once('=') };
    crate::model::column::header_key(left.map_or(value, |it| it.0))
}

/// How many arguments there are up to the command's name, with it.
fn behind_the_command(program: &Command, arguments: &[OsString]) -> usize {
    let takes_value = |argument: &OsString| {
        let flags = program.get_arguments().filter(|it| it.get_action().takes_values());
        flags.filter_map(Arg::get_long).any(|long| *argument == *format!("--{long}"))
    };
    let mut at = 1;
    while let Some(argument) = arguments.get(at) {
        at += if takes_value(argument) { 2 } else { 1 };
        if program.find_subcommand(argument).is_some() {
            break;
        }
    }
    at.min(arguments.len())
}

/// The arguments without the name of a configuration file.
fn without_config(arguments: &[OsString]) -> Vec<OsString> {
    let mut kept = vec![];
    let mut arguments = arguments.iter().cloned();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            kept.push(argument);
            kept.extend(arguments.by_ref());
        } else if argument == "--config" {
            arguments.next();
        } else if !argument.to_string_lossy().starts_with("--config=") {
            kept.push(argument);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_name_of_a_file_is_taken_out_wherever_it_stands_but_not_from_behind_a_double_dash() {
        for text in ["a --config x b", "a --config=x b", "--config x a b", "a b --config x"] {
            assert_eq!(without_config(&words(text)), words("a b"), "{text}");
        }
        assert_eq!(without_config(&words("a -- --config x")), words("a -- --config x"));
    }

    #[test]
    fn the_command_is_found_behind_what_every_command_takes() {
        let program = <crate::cli::Cli as clap::CommandFactory>::command();
        for (text, at) in [
            ("p run s", 2),
            ("p --config run run s", 4),
            ("p --config=run -v run run", 4),
            ("p --color never -q settle a", 5),
        ] {
            assert_eq!(behind_the_command(&program, &words(text)), at, "{text}");
        }
    }
}
