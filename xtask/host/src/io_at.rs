//! Errors of files that `fs_err` does not name.

use std::io;
use std::path::Path;

/// For `map_err` of what `fs_err` does not wrap, as temporary files and pipes: the error of the same kind, with what was done
/// to which file before its text. `doing` is as in "writing".
pub fn io_at(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let what = format!("{doing} {}", path.display());
    move |error| io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_stays_and_the_file_is_named() {
        let error = io_at("writing", Path::new("/x"))(io::Error::from_raw_os_error(28));
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "writing /x: No space left on device (os error 28)");
    }
}
