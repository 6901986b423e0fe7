//! What this program makes is for its owner's eyes only, whatever the umask: files have mode 0600, folders 0700.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// Options whose files, where they are created, only their owner may read.
pub fn file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new folder among the system's temporary files, which only its owner may enter.
pub fn folder(prefix: &str) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Takes from everybody but the owner what a file of ours allows them: it came from a backup, or from a version
/// that did not care. Where that is not possible, [`is_open_to_others`] says so afterwards.
pub fn narrow(path: &Path) {
    #[cfg(unix)]
    if is_open_to_others(path)
        && let Ok(metadata) = std::fs::metadata(path)
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o700;
        let _ = std::fs::set_permissions(path, PermissionsExt::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Whether others than the owner may read or write a file. Of what is no file, such as a terminal or a pipe,
/// this says nothing.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
