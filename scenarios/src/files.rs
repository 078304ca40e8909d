//! Files that are whole or not there.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use thiserror::Error;

/// Why a file could not be written.
#[derive(Debug, Error)]
#[error("cannot write {path}: {cause}")]
pub struct WriteError {
    path: String,
    cause: io::Error,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_leaves_nothing_beside_it() {
        let dir = std::env::temp_dir().join(format!("quiesce-files-{}", std::process::id()));
        make_dir(&dir).unwrap();
        write_whole(&dir.join("a"), "one").unwrap();
        write_whole(&dir.join("a"), "two").unwrap();
        assert_eq!(fs::read_to_string(dir.join("a")).unwrap(), "two");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        assert!(write_whole(&dir.join("no/such/dir"), "x").is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
