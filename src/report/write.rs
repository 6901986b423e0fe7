//! Files that are whole or not there.

use super::own::{self, Foreign, Kept, Manner};
use super::results::ResultsPaths;
use crate::model::Fault;
use crate::private;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How many names are tried where one is taken by something that is not to be replaced.
const NAMES_MAX: u32 = 99;

/// A file that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The name that was taken: the one that was wanted, or the next that could be had.
    pub name: PathBuf,
    /// The files of other people that were in the way.
    pub kept: Vec<Kept>,
}

impl AsRef<Path> for Written {
    fn as_ref(&self) -> &Path {
        &self.name
    }
}

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
/// its own is gone. Only the owner may read it. What is not ours is treated as `manner` says.
///
/// # Errors
/// What `fill` says, or the file could not be written.
pub fn write_one<T>(
    path: &Path,
    manner: &Manner,
    fill: impl FnOnce(&mut std::fs::File) -> Result<T, Fault>,
) -> Result<(T, Written), Fault> {
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
    let written = put(BufWriter::new(file), &spelled, &real, manner)?;
    Ok((value, written))
}

/// Writes both results files: each into a temporary file beside it, onto the disk, then under its
/// name. A reader sees the old file or the new one, never a part. Only the owner may read them.
///
/// What a run has to say must not be lost: a name that cannot be replaced (a spreadsheet program
/// holds it, it is write-protected) gives way to a second one, and a folder that cannot be written
/// (its disk is full) to a new one among the system's temporary files. Programs read the results under their
/// name, so a file of somebody else that has it is moved aside. Gives the names that were taken.
///
/// # Errors
/// What `fill` says, or nothing at all could be written.
pub fn write_pair<T>(
    paths: &ResultsPaths,
    mut fill: impl FnMut(&mut dyn Write, &mut dyn Write) -> Result<T, Fault>,
) -> Result<(T, ResultsPaths), Fault> {
    let first = match write_pair_in_place(paths, &mut fill) {
        Ok(written) => return Ok(written),
        Err(first) => first,
    };
    let Ok(folder) = elsewhere() else { return Err(first) };
    let there = |path: &Path| folder.join(path.file_name().unwrap_or_default());
    let elsewhere = ResultsPaths {
        results: there(&paths.results),
        numbers: there(&paths.numbers),
        cause: Some(first.clone()),
        ..paths.clone()
    };
    write_to(&elsewhere, &elsewhere, &mut fill).map_err(|_| {
        // There is nothing in it then; where it cannot be removed either, it does no harm.
        let _ = std::fs::remove_dir(&folder);
        first
    })
}

/// The same, in the folder where they belong and nowhere else.
pub fn write_pair_in_place<T>(
    paths: &ResultsPaths,
    mut fill: impl FnMut(&mut dyn Write, &mut dyn Write) -> Result<T, Fault>,
) -> Result<(T, ResultsPaths), Fault> {
    let here =
        ResultsPaths { results: linked(&paths.results), numbers: linked(&paths.numbers), ..paths.clone() };
    write_to(&here, paths, &mut fill)
}

/// A new folder among the system's temporary files, for its owner only: in a common one, the results of two
/// runs would replace one another.
fn elsewhere() -> std::io::Result<PathBuf> {
    Ok(private::folder("trusthub-onboard-")?.keep())
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
    let manner = Manner::of_results(paths.ledger.clone());
    let results = put(results, &spelled.results, &paths.results, &manner)?;
    let numbers = put(numbers, &spelled.numbers, &paths.numbers, &manner)?;
    let kept = [results.kept, numbers.kept].concat();
    Ok((value, ResultsPaths { results: results.name, numbers: numbers.name, kept, ..paths.clone() }))
}

/// Puts a finished file under its name, or under the next one that can be had. Gives the name that was
/// taken, as it was spelled where that is the one.
fn put(
    file: BufWriter<NamedTempFile>,
    spelled: &Path,
    path: &Path,
    manner: &Manner,
) -> Result<Written, Fault> {
    let mut file = file.into_inner().map_err(|error| unwritable(spelled, error.error()))?;
    let marked = own::mark(file.as_file_mut()).and_then(|()| file.as_file().sync_all());
    marked.map_err(|error| unwritable(spelled, &error))?;
    let mut name = path.to_owned();
    let (mut reason, mut kept) = (None, vec![]);
    for attempt in 2..=NAMES_MAX + 1 {
        let as_spelled = |name: &Path| if name == path { spelled.to_owned() } else { name.to_owned() };
        let is_free = match own::standing(&name, file.as_file_mut(), manner) {
            Ok(()) => true,
            Err(why) => {
                let moved_to = match (manner.foreign, why) {
                    (Foreign::MovesAside, own::Why::NotOurs) => move_aside(&name, &mut reason),
                    _ => None,
                };
                let is_free = moved_to.is_some();
                kept.push(Kept { name: as_spelled(&name), why, moved_to });
                is_free
            }
        };
        if is_free {
            match file.persist(&name) {
                Ok(mut file) => {
                    // A new name is durable only when its folder is.
                    if let Ok(folder) = std::fs::File::open(folder(path)) {
                        let _ = folder.sync_all();
                    }
                    own::remember(&mut file, manner);
                    return Ok(Written { name: as_spelled(&name), kept });
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

/// Moves a file to a dated name beside it, and gives that name.
fn move_aside(name: &Path, reason: &mut Option<std::io::Error>) -> Option<PathBuf> {
    let dated = own::dated(name);
    match std::fs::rename(name, &dated) {
        Ok(()) => Some(dated),
        Err(error) => {
            *reason = Some(error);
            None
        }
    }
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
