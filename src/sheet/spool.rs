//! The bytes of the sheet as they were when it was opened, in a temporary file that has no name: nobody
//! else can read or change it, and it is gone with the process, however that ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A reader of the spooled sheet. Clones share the bytes, and each reads from its own place, so that
/// several passes can be under way at once.
#[derive(Clone)]
pub(super) struct Spool {
    file: Arc<File>,
    len: u64,
    at: u64,
}

impl Spool {
    /// Copies a stream to its end.
    pub fn of(stream: &mut impl Read) -> io::Result<Spool> {
        let mut file = tempfile::tempfile()?;
        let len = io::copy(stream, &mut file)?;
        Ok(Spool { file: Arc::new(file), len, at: 0 })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// A reader that begins at the start.
    pub fn reader(&self) -> Spool {
        Spool { at: 0, ..self.clone() }
    }
}

impl Read for Spool {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.at)?;
        // It moves the handle's own place too, which nobody uses.
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
