//! Reading the files of `--public DIR`; which file, and what is said of it, the server decides.
//! Law: only regular files, nothing outside DIR, also not through links, no name that begins with a dot.

use crate::server::{ConnId, FileError, Opened};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The directory, and the files that are being sent.
#[derive(Default)]
pub struct Files {
    /// Opened once: whatever is renamed later, this is the directory that was meant.
    dir: Option<Dir>,
    open: HashMap<ConnId, std::fs::File>,
}

impl Files {
    /// Serves from `dir`, or nothing at all.
    pub fn new(dir: Option<&Path>) -> io::Result<Self> {
        let dir = dir.map(|path| Dir::open_ambient_dir(path, ambient_authority())).transpose()?;
        Ok(Files { dir, open: HashMap::new() })
    }

    /// Opens the file at `path` (decoded, relative to DIR) for this connection, in place of what it had open.
    pub fn open(&mut self, id: ConnId, path: &str) -> Result<Opened, FileError> {
        let dir = self.dir.as_ref().ok_or(FileError::NotFound)?;
        let (file, opened) = open_regular(dir, path)?;
        self.open.insert(id, file.into_std());
        Ok(opened)
    }

    /// Reads at `offset` bytes from the file's start; 0 is its end.
    pub fn read(&self, id: ConnId, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        let file = self.open.get(&id).ok_or(FileError::Io)?;
        loop {
            match file.read_at(buffer, offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(|error| explain(&error)),
            }
        }
    }

    /// Closes what this connection has open, if anything.
    pub fn close(&mut self, id: ConnId) {
        self.open.remove(&id);
    }
}

fn open_regular(dir: &Dir, path: &str) -> Result<(File, Opened), FileError> {
    // `..` begins with a dot, too; an empty name would let a path begin with a slash.
    if path.split('/').any(|name| name.starts_with('.')) || path.starts_with('/') || path.contains('\0') {
        return Err(FileError::Forbidden);
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Err(FileError::Directory);
    }
    // Looked at before it is opened: opening a named pipe would wait for its writer, and the loop with it.
    regular(&dir.metadata(path).map_err(|error| explain(&error))?)?;
    let file = dir.open(path).map_err(|error| explain(&error))?;
    let metadata = file.metadata().map_err(|error| explain(&error))?;
    regular(&metadata)?;
    let modified_unix_s = u64::try_from(metadata.mtime()).unwrap_or(0);
    Ok((file, Opened { len: metadata.len(), modified_unix_s }))
}

fn regular(metadata: &Metadata) -> Result<(), FileError> {
    if metadata.is_dir() {
        return Err(FileError::Directory);
    }
    if metadata.is_file() { Ok(()) } else { Err(FileError::Forbidden) }
}

/// `ENFILE` and `EMFILE`, the same on every unix: the system, or this process, has no descriptor left.
const SHORTAGES: [i32; 2] = [23, 24];

fn explain(error: &io::Error) -> FileError {
    if error.raw_os_error().is_some_and(|code| SHORTAGES.contains(&code)) {
        return FileError::Shortage;
    }
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => FileError::NotFound,
        // This is also what a way out of DIR comes back as.
        ErrorKind::PermissionDenied => FileError::Forbidden,
        _ => FileError::Io,
    }
}
