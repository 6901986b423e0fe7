//! Which files are our own, so that nobody's work is replaced.
//!
//! A workbook that we write ends in a mark: a comment of the zip archive with the digest of everything before
//! it, which no spreadsheet program shows and none keeps when it saves. A CSV file has no such place; the
//! digest of its content is in the ledger. What bears no mark, or is not what its mark says, is somebody
//! else's, and so is what cannot be read: when in doubt, a file is left to its owner.

use crate::ledger::written;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What is done with a file that is not ours, or no longer as we left it, when its name is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It stays, and the new file takes another name.
    Stays,
    /// It is moved to a dated name first.
    MovesAside,
    /// It is replaced: the user has said so.
    IsReplaced,
}

/// How files are put under their names.
#[derive(Clone, Debug)]
pub struct Manner {
    pub foreign: Foreign,
    /// The ledger that knows the CSV files of earlier runs; without one, every CSV file is somebody else's.
    pub ledger: Option<PathBuf>,
}

impl Manner {
    /// For files that people work on: `--overwrite` says that they may be replaced.
    pub fn of_work(overwrite: bool, ledger: Option<PathBuf>) -> Manner {
        Manner { foreign: if overwrite { Foreign::IsReplaced } else { Foreign::Stays }, ledger }
    }

    /// For files that programs read under their name.
    pub fn of_results(ledger: Option<PathBuf>) -> Manner {
        Manner { foreign: Foreign::MovesAside, ledger }
    }
}

/// A file that had the name that was wanted, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub name: PathBuf,
    pub why: Why,
    /// Where it is now, if it was moved.
    pub moved_to: Option<PathBuf>,
}

/// Why a file is not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// We did not write it, or it has changed since.
    NotOurs,
    /// A spreadsheet program has it open.
    Open,
    /// It is write-protected, or no file.
    Protected,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.display();
        match (&self.moved_to, self.why) {
            (Some(moved), _) => write!(
                f,
                "{name} was written by somebody else or has changed since we wrote it; it is now {}",
                moved.display()
            ),
            (None, Why::NotOurs) => write!(
                f,
                "{name} was written by somebody else or has changed since we wrote it, so it is left as it is"
            ),
            (None, Why::Open) => {
                write!(f, "{name} is open in a spreadsheet program, so it is left as it is")
            }
            (None, Why::Protected) => write!(f, "{name} cannot be replaced, so it is left as it is"),
        }
    }
}

/// Whether the file under a name may be replaced by `new`; if not, why. A name that nothing has is free.
pub(super) fn standing(path: &Path, new: &mut File, manner: &Manner) -> Result<(), Why> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    if !metadata.is_file() || metadata.permissions().readonly() {
        return Err(Why::Protected);
    }
    match manner.foreign {
        Foreign::IsReplaced => return Ok(()),
        // Somebody may have corrections there that are not saved yet.
        Foreign::Stays if is_open(path) => return Err(Why::Open),
        Foreign::Stays | Foreign::MovesAside => {}
    }
    // Nothing is lost with an empty file, or with one that is what we are about to write.
    let is_nothing = metadata.len() == 0 || is_same(path, new).unwrap_or(false);
    match is_nothing || is_ours(path, manner.ledger.as_deref()).unwrap_or(false) {
        true => Ok(()),
        false => Err(Why::NotOurs),
    }
}

/// Whether a spreadsheet program has put its own mark beside the file: LibreOffice's, or Excel's.
fn is_open(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
    // Excel leaves out the first two letters of a long name.
    let cut: String = name.chars().skip(2).collect();
    [format!(".~lock.{name}#"), format!("~${name}"), format!("~${cut}")]
        .iter()
        .any(|lock| path.with_file_name(lock).exists())
}

fn is_same(path: &Path, new: &mut File) -> io::Result<bool> {
    let mut old = File::open(path)?;
    if old.metadata()?.len() != new.metadata()?.len() {
        return Ok(false);
    }
    Ok(sha256(&mut old, u64::MAX)? == sha256(new, u64::MAX)?)
}

/// The mark of a workbook: this and the digest in hexadecimal digits.
const MARK: &str = "trusthub-onboard sha256 ";
const MARK_BYTES: u64 = MARK.len() as u64 + 64;

/// The last record of a zip archive without a comment, and where the length of the comment is in it.
const END_BYTES: u64 = 22;
const END_MAGIC: &[u8] = b"PK\x05\x06";

fn is_ours(path: &Path, ledger: Option<&Path>) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if is_archive(&mut file)? {
        let Some(content) = length.checked_sub(MARK_BYTES) else { return Ok(false) };
        let digest = sha256(&mut file, content)?;
        let mut mark = String::new();
        file.seek(SeekFrom::Start(content))?;
        // A comment that is not text was not written by us.
        Ok(file.read_to_string(&mut mark).is_ok() && mark == spelled(&digest))
    } else {
        let digest = sha256(&mut file, u64::MAX)?;
        Ok(ledger.is_some_and(|ledger| written::knows(ledger, &digest)))
    }
}

fn is_archive(file: &mut File) -> io::Result<bool> {
    let mut magic = [0; 2];
    file.rewind()?;
    Ok(file.read_exact(&mut magic).is_ok() && &magic == b"PK")
}

/// Puts our mark at the end of a workbook. Any other file stays as it is.
pub(super) fn mark(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let Some(end) = length.checked_sub(END_BYTES).filter(|_| is_archive(file).unwrap_or(false)) else {
        return Ok(());
    };
    let mut record = [0; END_BYTES as usize];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut record)?;
    if !record.starts_with(END_MAGIC) {
        return Ok(());
    }
    file.seek(SeekFrom::Start(length - 2))?;
    file.write_all(&(MARK_BYTES as u16).to_le_bytes())?;
    let digest = sha256(file, length)?;
    file.seek(SeekFrom::Start(length))?;
    file.write_all(spelled(&digest).as_bytes())
}

/// Remembers a CSV file, so that the next run may replace it.
pub(super) fn remember(file: &mut File, manner: &Manner) {
    if let Some(ledger) = &manner.ledger
        && let Ok(false) = is_archive(file)
        && let Ok(digest) = sha256(file, u64::MAX)
    {
        written::remember(ledger, &digest);
    }
}

fn spelled(digest: &[u8]) -> String {
    digest.iter().fold(MARK.to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// The digest of the first `length` bytes.
fn sha256(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut input = file.take(length);
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_vec()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Where a file goes that must make room: its name with the time at which it was last changed (UTC).
pub(super) fn dated(path: &Path) -> PathBuf {
    let changed = std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let time = changed.and_then(|time| jiff::Timestamp::try_from(time).ok()).unwrap_or_default();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = format!("{stem}-{}", time.strftime("%Y-%m-%d-%H%M%S"));
    let extension = path.extension().map(|it| format!(".{}", it.to_string_lossy())).unwrap_or_default();
    let name = |end: &str| path.with_file_name(format!("{stem}{end}{extension}"));
    let names = (2..).map(|number| name(&format!("-{number}")));
    // Also a link that leads nowhere has its name.
    let is_free = |name: &PathBuf| name.symlink_metadata().is_err();
    std::iter::once(name("")).chain(names).find(is_free).unwrap_or_else(|| name(""))
}
