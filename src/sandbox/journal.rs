//! The file that keeps a world: one change a line, written before the answer goes out. What was
//! answered survives a `kill -9`; a line that was cut short was answered to nobody and is dropped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::sid::Sid;
use super::world::{Change, JOURNAL_VERSION, World};

/// What the first line of every journal begins with.
const FIRST_BYTES: &[u8] = b"{\"World\":";

/// The first line has a name, a version and two numbers: a longer one is no first line of ours.
const FIRST_LINE_MAX: u64 = 4_096;

/// What becomes of the world that a journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Start {
    /// It goes on.
    #[default]
    GoOn,
    /// It is forgotten, and a new one begins.
    Over,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

/// Why changes cannot be kept.
#[derive(Debug)]
pub enum Unkept {
    /// The sandbox has been stopped; this request comes too late.
    Stopped,
    Broken(String),
}

#[derive(Debug)]
enum State {
    Open(File),
    Stopped,
    /// Writing failed once. A line may be half there, so nothing may follow it.
    Broken(String),
}

impl Journal {
    /// Opens or creates the file, readable for its owner only, and reads the world in it, if there is
    /// one. With `Start::Over` that world is forgotten, once it is certain that nobody works with it.
    ///
    /// # Errors
    /// The file is in use by another sandbox, is not a journal, is damaged before its last line, or
    /// was written by a newer version.
    pub fn open(path: &Path, start: Start) -> io::Result<(Journal, Option<World>)> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|e| about(path, e.kind(), &e.to_string()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(about(path, io::ErrorKind::WouldBlock, "another sandbox is using this file"));
            }
            Err(TryLockError::Error(e)) => return Err(about(path, e.kind(), &e.to_string())),
        }
        // Whatever is asked for: a file of another kind stays as it is.
        let mut begin = Vec::new();
        let looked = (&file).take(FIRST_BYTES.len() as u64).read_to_end(&mut begin);
        looked.and_then(|_| (&file).rewind()).map_err(|e| about(path, e.kind(), &e.to_string()))?;
        if !begins_like_ours(&begin) {
            return Err(about(path, io::ErrorKind::InvalidData, "it is not a sandbox's world"));
        }
        #[cfg(unix)]
        narrow(&file);
        if start == Start::Over {
            file.set_len(0).map_err(|e| about(path, e.kind(), &e.to_string()))?;
        }
        let world = read(path, &file)?;
        let journal = Journal { path: path.to_owned(), state: Mutex::new(State::Open(file)) };
        Ok((journal, world))
    }

    /// Writes what the world has put up. When this returns, everything that was committed before the
    /// call is in the file, whoever wrote it.
    pub fn write(&self, world: &Mutex<World>) -> Result<(), Unkept> {
        // The file is locked before the lines are taken, so that lines keep their order.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = {
            let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
            world.unwritten.as_mut().map(std::mem::take).unwrap_or_default()
        };
        let problem = match &mut *state {
            State::Open(_) if lines.is_empty() => return Ok(()),
            State::Open(file) => match file.write_all(&lines) {
                Ok(()) => return Ok(()),
                Err(e) => about(&self.path, e.kind(), &e.to_string()).to_string(),
            },
            State::Stopped => return Err(Unkept::Stopped),
            State::Broken(problem) => problem.clone(),
        };
        *state = State::Broken(problem.clone());
        Err(Unkept::Broken(problem))
    }

    /// Closes the file. Nothing is committed any more.
    pub fn stop(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Stopped;
    }
}

/// The name of the world that a file keeps; `None` where there is no such file, or no world in it
/// yet. Nothing is locked and nothing but the first line is read: this works beside whoever serves it.
///
/// # Errors
/// The file cannot be read, or is not a journal.
pub fn world_id(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(about(path, e.kind(), &e.to_string())),
    };
    let mut line = Vec::new();
    BufReader::new(file.take(FIRST_LINE_MAX)).read_until(b'\n', &mut line)?;
    match serde_json::from_slice::<Change>(&line) {
        Ok(Change::World { id, .. }) => Ok(Some(id)),
        // It is just being written.
        _ if !line.ends_with(b"\n") && begins_like_ours(&line) => Ok(None),
        _ => Err(about(path, io::ErrorKind::InvalidData, "it is not a sandbox's world")),
    }
}

/// Whether this may be the beginning of a journal, however little of it is there.
fn begins_like_ours(line: &[u8]) -> bool {
    line.iter().zip(FIRST_BYTES).all(|(byte, ours)| byte == ours)
}

fn read(path: &Path, file: &File) -> io::Result<Option<World>> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut world: Option<World> = None;
    let mut line = Vec::new();
    let (mut number, mut sound_bytes) = (0u64, 0u64);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(world);
        }
        number += 1;
        let change = serde_json::from_slice::<Change>(&line);
        let Ok(change) =
            change.map_err(drop).and_then(|c| if line.ends_with(b"\n") { Ok(c) } else { Err(()) })
        else {
            if !reader.fill_buf()?.is_empty() {
                let problem = format!(
                    "line {number} is damaged; with --fresh, or without this file, a new world begins"
                );
                return Err(about(path, io::ErrorKind::InvalidData, &problem));
            }
            // A file of another kind must not be taken for a torn journal and emptied.
            if world.is_none() && !begins_like_ours(&line) {
                return Err(about(path, io::ErrorKind::InvalidData, "it is not a sandbox's world"));
            }
            file.set_len(sound_bytes)?;
            return Ok(world);
        };
        sound_bytes += read;
        match (&mut world, change) {
            (None, Change::World { version, id, seed, parent }) => {
                if version > JOURNAL_VERSION {
                    let problem =
                        format!("it has version {version}, this program reads up to {JOURNAL_VERSION}");
                    return Err(about(path, io::ErrorKind::InvalidData, &problem));
                }
                world = Some(World::new(parent, id, seed));
            }
            (Some(world), change) => world.apply(change),
            (None, _) => {
                return Err(about(path, io::ErrorKind::InvalidData, "it does not begin with a world"));
            }
        }
    }
}

/// Refuses a world that belongs to another parent account.
pub fn must_fit(path: &Path, world: &World, parent: Sid) -> io::Result<()> {
    match world.parent == parent {
        true => Ok(()),
        false => {
            let problem = format!("it holds the world of parent account {}, not of {parent}", world.parent);
            Err(about(path, io::ErrorKind::InvalidInput, &problem))
        }
    }
}

/// A world that was created by others, or copied, may be readable by everybody. Where that cannot be changed, it
/// stays so: it holds a sheet's SIDs and what was sent to a sandbox.
#[cfg(unix)]
fn narrow(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(metadata) = file.metadata()
        && metadata.is_file()
        && metadata.permissions().mode() & 0o077 != 0
    {
        let mode = metadata.permissions().mode() & 0o700;
        let _ = file.set_permissions(PermissionsExt::from_mode(mode));
    }
}

fn about(path: &Path, kind: io::ErrorKind, problem: &str) -> io::Error {
    io::Error::new(kind, format!("the sandbox's world file {}: {problem}", path.display()))
}
