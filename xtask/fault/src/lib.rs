//! What an error is to whoever called the tool: whose fault it is, from which the exit code follows, and the way out.
//!
//! The text of an error says what happened and nothing else. Its hint is printed once, below all causes.

use std::error::Error;
use std::io;

/// The hint of an error that nobody but us can mend.
pub const OURS: &str =
    "this is a defect of the tool, which you cannot mend: please report it with the whole output";

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The command line or a file of the user's: exit code 2.
    Usage,
    /// The kernel's: a series does not apply, or a tree does not build: exit code 3.
    Kernel,
    /// The machinery's: something is missing or broke: exit code 4.
    Machinery,
    /// Nobody's: the user interrupted: exit code 130.
    Interrupted,
}

/// An error of the tool.
///
/// Whoever implements it answers for its own variants, by `own_fault` and `own_hint`, and names in `wrapped` those that only
/// wrap another error, which then answers in their place. Whoever asks calls `fault` and `hint`.
pub trait ToolError: Error {
    /// The error that this one only wraps.
    fn wrapped(&self) -> Option<&dyn ToolError> {
        None
    }

    /// Whose fault it is, where it wraps none.
    fn own_fault(&self) -> Fault {
        Fault::Machinery
    }

    /// What to do about it, where it wraps none and that is known: without `hint:` before it.
    fn own_hint(&self) -> Option<String> {
        None
    }

    /// Whose fault it is.
    fn fault(&self) -> Fault {
        self.wrapped().map_or_else(|| self.own_fault(), ToolError::fault)
    }

    /// What to do about it, where that is known: without `hint:` before it.
    fn hint(&self) -> Option<String> {
        match self.wrapped() {
            Some(error) => error.hint(),
            None => self.own_hint(),
        }
    }
}

/// What went wrong with a file, of which the message has the path.
impl ToolError for io::Error {
    fn own_hint(&self) -> Option<String> {
        let hint = match self.kind() {
            io::ErrorKind::NotFound => "check the path; `ls -ld` shows which part of it is there",
            io::ErrorKind::PermissionDenied => {
                "`ls -ld` shows whose it is; let this user have it, or use another place"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room: `df -h` shows where; `cargo xtask results gc` removes old runs"
            }
            io::ErrorKind::ReadOnlyFilesystem => "it is mounted read-only: use another place",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// An error as the terminal shows it: what happened, each of its causes, and last the hint.
pub fn shown(error: &dyn ToolError) -> String {
    let mut text = error.to_string();
    for cause in causes(error) {
        text.push_str(&format!("\ncaused by: {cause}"));
    }
    with_hint(text, error)
}

/// An error for within another text, as a list of what was tried: as [`shown`], the causes in the first line.
pub fn inlined(error: &dyn ToolError) -> String {
    let text = error.to_string();
    let details = text.split_once('\n').map(|(_, details)| format!("\n{details}")).unwrap_or_default();
    with_hint(one_line(error) + &details, error)
}

/// What happened and why in one line, for a verdict's reason: `outer: cause: its cause`, of each its first line.
pub fn one_line(error: &(impl Error + ?Sized)) -> String {
    let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let causes = causes(error).map(|cause| first(cause.to_string()));
    [first(error.to_string())].into_iter().chain(causes).collect::<Vec<_>>().join(": ")
}

fn causes<'a>(error: &'a (impl Error + ?Sized)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn with_hint(text: String, error: &dyn ToolError) -> String {
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    impl ToolError for Layer {
        fn own_hint(&self) -> Option<String> {
            Some("start afresh".to_owned())
        }
    }

    #[test]
    fn causes_and_hint_are_shown_below_or_in_the_first_line() {
        let full = Layer("no space\nleft", None);
        let error = Layer(
            "cannot start git\n  command: git gc",
            Some(Box::new(Layer("writing x", Some(Box::new(full))))),
        );
        assert_eq!(
            shown(&error),
            "cannot start git\n  command: git gc\ncaused by: writing x\ncaused by: no space\nleft\nhint: start afresh"
        );
        assert_eq!(
            inlined(&error),
            "cannot start git: writing x: no space\n  command: git gc\nhint: start afresh"
        );
        assert_eq!(one_line(&error), "cannot start git: writing x: no space");
        assert_eq!(one_line(&Layer("", None)), "");
    }
}
