//! Files that are whole or not there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use thiserror::Error;

/// Why a file could not be written.
#[derive(Debug, Error)]
#[error("cannot write {path}: {cause}")]
pub struct WriteError {
    path: String,
    cause: io::Error,
}

/// Why a file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file system says no.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the file system said.
        cause: io::Error,
    },
    /// Too large to be what it is taken for.
    #[error("{path} is larger than {most} bytes, the most that is read")]
    TooLarge {
        /// The file.
        path: String,
        /// The most.
        most: u64,
    },
}

/// Reads a file of at most `most` bytes; of a larger one no more than that is looked at.
///
/// # Errors
/// When the file system says no, or the file is larger.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes));
    let path = path.display().to_string();
    match read {
        Err(cause) => Err(ReadError::Unreadable { path, cause }),
        Ok(_) if bytes.len() as u64 > most => Err(ReadError::TooLarge { path, most }),
        Ok(_) => Ok(bytes),
    }
}

/// Writes a file beside its place and then moves it there, so that nobody ever sees half of it.
///
/// # Errors
/// When the file system says no; what was at the place before is still there.
pub fn write_whole(path: &Path, content: &str) -> Result<(), WriteError> {
    let mut beside = OsString::from(path);
    beside.push(format!(".{}.partial", std::process::id()));
    let beside = Path::new(&beside);
    let written = fs::write(beside, content).and_then(|()| fs::rename(beside, path));
    written.map_err(|cause| {
        _ = fs::remove_file(beside);
        WriteError { path: path.display().to_string(), cause }
    })
}

/// Makes a directory and those above it.
///
/// # Errors
/// When the file system says no.
pub fn make_dir(path: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(path).map_err(|cause| WriteError { path: path.display().to_string(), cause })
}

/// Makes a directory as [`make_dir`] does, and makes sure that files can be written there.
///
/// # Errors
/// When the file system says no.
pub fn make_writable_dir(path: &Path) -> Result<(), WriteError> {
    make_dir(path)?;
    let probe = path.join(format!(".{}.partial", std::process::id()));
    let written = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe));
    written.map_err(|cause| WriteError { path: path.display().to_string(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let path = std::env::temp_dir().join(format!("quiesce-files-large-{}", std::process::id()));
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_at_most(&path, 5).unwrap(), b"12345");
        assert!(matches!(read_at_most(&path, 4), Err(ReadError::TooLarge { most: 4, .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(read_at_most(&path, 4), Err(ReadError::Unreadable { .. })));
    }

    #[test]
    fn a_written_file_leaves_nothing_beside_it() {
        let dir = std::env::temp_dir().join(format!("quiesce-files-{}", std::process::id()));
        make_dir(&dir).unwrap();
        write_whole(&dir.join("a"), "one").unwrap();
        write_whole(&dir.join("a"), "two").unwrap();
        assert_eq!(fs::read_to_string(dir.join("a")).unwrap(), "two");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        assert!(write_whole(&dir.join("no/such/dir"), "x").is_err());
        make_writable_dir(&dir).unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        let refused = make_writable_dir(&dir.join("a")).unwrap_err();
        assert!(refused.to_string().contains("cannot write"), "{refused}");
        fs::remove_dir_all(&dir).unwrap();
    }
}
