//! Files that are whole or not there.

use super::results::ResultsPaths;
use crate::model::Fault;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How many other names are tried where one is taken by something that cannot be replaced.
const NAMES_MAX: u32 = 9;

/// Links are followed this far, which is as far as Linux goes; a ring of them has no end.
const LINKS_MAX: u32 = 40;

/// The file that a name stands for: what it links to, at the end of all links, whether it is there yet
/// or not. It is that file which is replaced, because a link says where the results are kept.
pub fn linked(path: &Path) -> PathBuf {
    let mut real = path.to_owned();
    for _ in 0..LINKS_MAX {
        match std::fs::read_link(&real) {
            // A relative link starts where it stands; an absolute one takes the place of all.
            Ok(target) => real = folder(&real).join(target),
            Err(_) => return real,
        }
    }
    path.to_owned()
}

/// Says before a run whether its results could be written after it.
///
/// # Errors
/// The folder is not there or may not be written to, or the name is a folder's.
pub fn check_writable(path: &Path) -> Result<(), Fault> {
    if path.is_dir() {
        return Err(Fault::new(
            format!("{} cannot be written: it is a folder", path.display()),
            "Name a file.",
        ));
    }
    // A file is put in the place of what has its name, and a device or a pipe must not be lost so.
    if std::fs::metadata(path).is_ok_and(|it| !it.is_file()) || path.as_os_str() == "-" {
        return Err(Fault::new(
            format!("{} cannot be written: it is no ordinary file", path.display()),
            "Name a file; it is written as a whole, so it cannot be a device or a pipe.",
        ));
    }
    let real = linked(path);
    // A ring of links has no end, and the system says so.
    if let (true, Err(error)) = (real.is_symlink(), std::fs::metadata(path)) {
        return Err(unwritable(path, &error));
    }
    NamedTempFile::new_in(folder(&real)).map(drop).map_err(|error| unwritable(path, &error))
}

/// Writes one file: into a temporary file beside it, onto the disk, then under its name or, where that
/// cannot be replaced, under a second one, or in a folder of its own among the system's temporary files where
/// its own is gone. Only the owner may read it. Gives the name that was taken.
///
/// # Errors
/// What `fill` says, or the file could not be written.
pub fn write_one<T>(
    path: &Path,
    fill: impl FnOnce(&mut std::fs::File) -> Result<T, Fault>,
) -> Result<(T, PathBuf), Fault> {
    let real = linked(path);
    let (mut file, real, spelled) = match NamedTempFile::new_in(folder(&real)) {
        Ok(file) => (file, real, path.to_owned()),
        // Its folder is gone since it was looked at, or its disk is full.
        Err(error) => {
            let folder = elsewhere().map_err(|_| unwritable(path, &error))?;
            let file = NamedTempFile::new_in(&folder).map_err(|_| unwritable(path, &error))?;
            let there = folder.join(path.file_name().unwrap_or_default());
            (file, there.clone(), there)
        }
    };
    let value = fill(file.as_file_mut())?;
    let name = put(BufWriter::new(file), &spelled, &real)?;
    Ok((value, name))
}

/// Writes both results files: each into a temporary file beside it, onto the disk, then under its
/// name. A reader sees the old file or the new one, never a part. Only the owner may read them.
///
/// What a run has to say must not be lost: a name that cannot be replaced (a spreadsheet program
/// holds it, it is write-protected) gives way to a second one, and a folder that cannot be written
/// (its disk is full) to a new one among the system's temporary files. Gives the names that were taken.
///
/// # Errors
/// What `fill` says, or nothing at all could be written.
pub fn write_pair<T>(
    paths: &ResultsPaths,
    mut fill: impl FnMut(&mut dyn Write, &mut dyn Write) -> Result<T, Fault>,
) -> Result<(T, ResultsPaths), Fault> {
    let here = ResultsPaths { results: linked(&paths.results), numbers: linked(&paths.numbers) };
    let first = match write_to(&here, paths, &mut fill) {
        Ok(written) => return Ok(written),
        Err(first) => first,
    };
    let Ok(folder) = elsewhere() else { return Err(first) };
    let there = |path: &Path| folder.join(path.file_name().unwrap_or_default());
    let elsewhere = ResultsPaths { results: there(&paths.results), numbers: there(&paths.numbers) };
    write_to(&elsewhere, &elsewhere, &mut fill).map_err(|_| {
        // There is nothing in it then; where it cannot be removed either, it does no harm.
        let _ = std::fs::remove_dir(&folder);
        first
    })
}

/// A new folder among the system's temporary files, for its owner only: in a common one, the results of two
/// runs would replace one another.
fn elsewhere() -> std::io::Result<PathBuf> {
    Ok(tempfile::Builder::new().prefix("trusthub-onboard-").tempdir()?.keep())
}

/// Writes both to these files. `spelled` is what they are called where they are spoken of.
fn write_to<T>(
    paths: &ResultsPaths,
    spelled: &ResultsPaths,
    fill: &mut impl FnMut(&mut dyn Write, &mut dyn Write) -> Result<T, Fault>,
) -> Result<(T, ResultsPaths), Fault> {
    let temporary = |path: &Path, spelled: &Path| {
        let file = NamedTempFile::new_in(folder(path)).map_err(|error| unwritable(spelled, &error));
        file.map(BufWriter::new)
    };
    let mut results = temporary(&paths.results, &spelled.results)?;
    let mut numbers = temporary(&paths.numbers, &spelled.numbers)?;
    let value = fill(&mut results, &mut numbers)?;
    let results = put(results, &spelled.results, &paths.results)?;
    let numbers = put(numbers, &spelled.numbers, &paths.numbers)?;
    Ok((value, ResultsPaths { results, numbers }))
}

/// Puts a finished file under its name, or under the next one that can be had. Gives the name that was
/// taken, as it was spelled where that is the one.
fn put(file: BufWriter<NamedTempFile>, spelled: &Path, path: &Path) -> Result<PathBuf, Fault> {
    let mut file = file.into_inner().map_err(|error| unwritable(spelled, error.error()))?;
    file.as_file().sync_all().map_err(|error| unwritable(spelled, &error))?;
    let mut name = path.to_owned();
    let mut reason = None;
    for attempt in 2..=NAMES_MAX + 1 {
        // Renaming would replace a write-protected file without asking.
        let protected = std::fs::metadata(&name).is_ok_and(|it| it.permissions().readonly() || it.is_dir());
        if !protected {
            match file.persist(&name) {
                Ok(_) => {
                    // A new name is durable only when its folder is.
                    if let Ok(folder) = std::fs::File::open(folder(path)) {
                        let _ = folder.sync_all();
                    }
                    return Ok(if name == path { spelled.to_owned() } else { name });
                }
                Err(error) => {
                    file = error.file;
                    reason = Some(error.error);
                }
            }
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let extension = path.extension().map(|it| format!(".{}", it.to_string_lossy())).unwrap_or_default();
        name = path.with_file_name(format!("{stem}-{attempt}{extension}"));
    }
    let reason = reason.unwrap_or_else(|| std::io::ErrorKind::PermissionDenied.into());
    Err(unwritable(spelled, &reason))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Why something could not be written, in the system's words: without its number for them, and without the
/// name of the temporary file that was tried.
pub fn reason(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|outer| outer.source());
    let inner = inner.and_then(|source| source.downcast_ref::<std::io::Error>());
    let text = inner.unwrap_or(error).to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The fault of a file that cannot be written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(
        format!("{} cannot be written ({})", path.display(), reason(error)),
        "Check that its folder exists and may be written to, and that the disk has room.",
    )
}
