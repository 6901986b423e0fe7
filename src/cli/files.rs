//! The files that a command reads and writes must not be one another.

use super::Stop;
use super::style::{self, OFF, WARNING, tell};
use crate::model::Fault;
use crate::private::is_open_to_others;
use crate::report::{Kept, ResultsPaths, is_workbook, linked};
use std::path::{Path, PathBuf};

/// The files of every command that makes results from a sheet, with what they are called in messages.
pub fn of_results<'a>(
    sheet: &'a Path,
    results: &'a ResultsPaths,
    of_the_ledger: &'a [PathBuf],
) -> Vec<(&'static str, &'a Path)> {
    let mut files = vec![
        ("the sheet", sheet),
        ("--results", results.results.as_path()),
        ("the results of the numbers", results.numbers.as_path()),
    ];
    files.extend(of_the_ledger.iter().map(|path| ("a file of the ledger", path.as_path())));
    files
}

/// Says before anything is sent that results cannot be written under the name of another format.
///
/// # Errors
/// The name of the results has an ending, and it is neither `.csv` nor `.xlsx`.
pub fn must_be_csv_or_xlsx(results: &ResultsPaths) -> Result<(), Stop> {
    match results.results.extension() {
        Some(other) if !other.eq_ignore_ascii_case("csv") && !is_workbook(&results.results) => {
            Err(Stop::Usage(format!(
                "--results {}: results are written as CSV or as a workbook, not as .{}; name a file that ends with .csv or .xlsx",
                results.results.display(),
                other.to_string_lossy()
            )))
        }
        _ => Ok(()),
    }
}

/// Says which files of other people were in the way of ours, and where they are.
pub fn tell_kept(kept: &[Kept]) {
    for kept in kept {
        tell!("{kept}");
    }
}

/// Says where the results are, where that is not where they were asked for, and what was in the way.
pub fn tell_place(asked: &ResultsPaths, written: &ResultsPaths) {
    tell_kept(&written.kept);
    if written.results == asked.results {
        return;
    }
    style::error(&format!(
        "{} could not be written; the results are in {} and {}",
        asked.results.display(),
        written.results.display(),
        written.numbers.display()
    ));
    if let Some(cause) = &written.cause {
        tell!("  {}. {}", cause.what(), cause.fix());
    }
}

/// Says before anything is written that two of the named files are one, whatever they are called: a
/// sheet that is written over is lost.
///
/// # Errors
/// Two of them are the same file.
pub fn must_differ(files: &[(&str, &Path)]) -> Result<(), Fault> {
    for (at, (what, path)) in files.iter().enumerate() {
        for (other, other_path) in &files[..at] {
            if real(path) == real(other_path) || are_one(path, other_path) {
                return Err(Fault::new(
                    format!("{what} and {other} are the same file: {}", path.display()),
                    "Nothing was written. Name another file for one of them.",
                ));
            }
        }
    }
    Ok(())
}

/// Says which of these files others may read all the same: they belong to somebody else, or lie where modes cannot
/// be changed.
pub fn tell_of_open<'a>(files: impl IntoIterator<Item = &'a Path>) {
    for path in files.into_iter().filter(|path| is_open_to_others(path)) {
        tell!(
            "{WARNING}warning:{OFF} others than you may read or write {}, and that cannot be changed; move it to a \
             place of your own",
            path.display()
        );
    }
}

/// The path without links and detours; for a file that is not there yet, its folder's and its name, at the
/// end of the links that lead to it.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let path = linked(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

/// Two names of one file on the disk.
#[cfg(unix)]
fn are_one(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place =
        |path: &Path| std::fs::metadata(path).ok().filter(|it| it.is_file()).map(|it| (it.dev(), it.ino()));
    place(one).is_some() && place(one) == place(other)
}

#[cfg(not(unix))]
fn are_one(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_under_two_names_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let sheet = folder.path().join("sheet.csv");
        std::fs::write(&sheet, "content").expect("a file");
        let detour = folder.path().join(".").join("sheet.csv");
        let hard = folder.path().join("hard.csv");
        std::fs::hard_link(&sheet, &hard).expect("a link");
        for other in [&sheet, &detour, &hard] {
            assert!(must_differ(&[("the sheet", &sheet), ("--results", other)]).is_err(), "{other:?}");
        }
        let (new, same) = (folder.path().join("new.csv"), folder.path().join("./new.csv"));
        assert!(must_differ(&[("the sheet", &sheet), ("--results", &new)]).is_ok());
        assert!(must_differ(&[("--failed", &new), ("--results", &same)]).is_err(), "neither is there yet");
    }

    #[cfg(unix)]
    #[test]
    fn one_file_behind_two_links_is_told_before_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one.csv"), folder.path().join("other.csv"));
        std::os::unix::fs::symlink("new.csv", &one).expect("a link");
        std::os::unix::fs::symlink(folder.path().join("new.csv"), &other).expect("a link");
        assert!(must_differ(&[("--results", &one), ("--failed", &other)]).is_err());
    }
}
