//! What `--linux` was given in place of a kernel tree.

use std::io;
use std::path::PathBuf;

use fault::{Fault, ToolError};
use host::ProcessError;

/// A folder that cannot be taken for a kernel tree of the user's.
#[derive(Debug, thiserror::Error)]
pub enum OwnTreeError {
    /// There is nothing.
    #[error("there is no folder {}", .path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The shell has left the tilde as it was.
    #[error("there is no folder {}: the shell has not replaced the ~", .given.display())]
    Tilde {
        /// As it was given.
        given: PathBuf,
    },
    /// It is a file.
    #[error("{} is a file, not a kernel tree", .path.display())]
    File {
        /// The file.
        path: PathBuf,
    },
    /// It is a repository without files.
    #[error("{} is a bare git repository, which has no files to build", .path.display())]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// It is a folder of a kernel tree.
    #[error("{} is a folder of the kernel tree {}, and the whole tree is built", .path.display(), .top.display())]
    Subdirectory {
        /// The folder.
        path: PathBuf,
        /// The tree.
        top: PathBuf,
    },
    /// It is something else.
    #[error("{} is not a kernel tree: {why}", .path.display())]
    NotAKernel {
        /// The folder.
        path: PathBuf,
        /// What it lacks.
        why: String,
        /// Whether it is a git tree, of which perhaps nothing is checked out.
        is_git: bool,
    },
    /// It was built where it is, and nothing says which files are products.
    #[error(
        "{} was built in place, and its .gitignore does not tell products and sources apart",
        .path.display()
    )]
    BuiltInPlace {
        /// The tree.
        path: PathBuf,
    },
    /// git.
    #[error(transparent)]
    Git(#[from] ProcessError),
    /// The current folder is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for OwnTreeError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Git(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => {
                Some("--linux takes the top folder of a kernel tree, as `git clone` makes it".to_owned())
            }
            Self::Tilde { given } => {
                let rest = given.to_string_lossy();
                let rest = rest.trim_start_matches('~');
                Some(format!(
                    "without a = before it, the shell does: --linux ~{rest}; or --linux \"$HOME{rest}\""
                ))
            }
            Self::File { path } => Some(format!(
                "an archive is a source of its own: kernels: {{ mine: {{ source: {{ tarball: {} }}, kconfig: [base, cxl, cxl-test] }} }} \
                 in patchbench.local.yaml, then --kernel mine; or unpack it",
                path.display()
            )),
            Self::Bare { path } => Some(format!(
                "git -C {0} worktree add ../linux BRANCH, then --linux that; or name the branch in patchbench.local.yaml: \
                 kernels: {{ mine: {{ source: {{ git: {0}, ref: BRANCH }}, kconfig: [base, cxl, cxl-test] }} }}",
                path.display()
            )),
            Self::Subdirectory { top, .. } => Some(format!("--linux {}", top.display())),
            Self::NotAKernel { path, is_git: true, .. } => Some(format!(
                "if nothing is checked out there: git -C {} checkout BRANCH; else --linux takes the top folder of a kernel tree",
                path.display()
            )),
            Self::NotAKernel { .. } => {
                Some("--linux takes the top folder of a kernel tree: the one with MAINTAINERS".to_owned())
            }
            Self::BuiltInPlace { path } => Some(format!("make -C {} mrproper", path.display())),
            Self::Git(_) | Self::Io(_) => None,
        }
    }
}
