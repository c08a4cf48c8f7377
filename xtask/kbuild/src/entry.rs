//! A finished build in the cache: `builds/<id>/` with the kernel, its configuration and two module trees.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use host::io_at;
use spec::ModuleSet;

use super::BuildError;
use super::gcov::NOTES;

/// Changes whenever an older entry must not be believed any more.
pub(super) const FORMAT: u32 = 1;

/// How the folder of an entry in the making begins.
const DRAFT: &str = ".draft-";

/// The kernel's image in an entry.
const KERNEL: &str = "bzImage";

/// The file that is written last; an entry without it does not exist.
pub(super) const STAMP: &str = "build.json";

/// A built kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Built {
    /// Folder of the entry.
    pub dir: PathBuf,
    /// Hash of all that went in.
    pub id: String,
    /// `uname -r`.
    pub release: String,
    /// bzImage.
    pub kernel: PathBuf,
    /// The `.config`.
    pub config: PathBuf,
    /// System.map.
    pub symbols: PathBuf,
    /// Where vmlinux and the unstripped modules lie, if the kernel has debug info.
    pub debug: PathBuf,
    /// Where the notes of the objects whose lines are counted lie (`.gcno`, by the names of their objects below `obj` or `src`); not
    /// there where none are.
    pub notes: PathBuf,
    /// Root of `lib/modules/RELEASE` with the modules as users have them.
    pub production: PathBuf,
    /// The same with the drivers of `tools/testing/cxl` in place of the CXL ones.
    pub mock: Mock,
    /// What its linker named vmlinux: its build id; none for one that was made before this was kept.
    #[serde(default)]
    pub build_id: Option<String>,
    /// Modules of the production root: canonical names (`_`, not `-`), sorted.
    pub production_modules: Vec<String>,
    /// Modules of the mock root; empty without one.
    pub mock_modules: Vec<String>,
    /// What was reported while configuring: options of other versions, contradictions.
    pub notices: Vec<String>,
}

impl Built {
    /// Root of the modules of this set.
    ///
    /// # Errors
    /// As [`Mock::root`].
    pub fn module_root(&self, modules: ModuleSet) -> Result<&Path, BuildError> {
        match modules {
            ModuleSet::Production => Ok(&self.production),
            ModuleSet::Mock => self.mock.root(),
        }
    }

    /// What a guest with these modules is given, as a hash: equal for builds that no guest could distinguish.
    /// Equal sources make equal kernels, since no time, user or count goes into them.
    ///
    /// # Errors
    /// As [`Mock::root`], or a file cannot be read.
    pub fn content(&self, modules: ModuleSet) -> Result<String, BuildError> {
        let root = self.module_root(modules)?;
        let mut files = vec![self.kernel.clone()];
        let walk = WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
        files.extend(walk.map(walkdir::DirEntry::into_path).filter(|path| is_module(path)));
        let mut fields = Vec::new();
        for file in &files {
            let name = file.strip_prefix(root).unwrap_or(file.file_name().map_or(file, Path::new));
            fields.push(name.as_os_str().as_encoded_bytes().to_vec());
            fields.push(fs::read(file)?);
        }
        Ok(host::digest(fields.iter().map(Vec::as_slice)))
    }
}

/// `NAME.ko`, packed or not.
fn is_module(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        Path::new(name).extension().is_some_and(|ending| ending == "ko") || name.contains(".ko.")
    })
}

/// Names an entry without mock modules, beside the one that has them.
pub(super) fn id_without_mock(id: &str) -> String {
    host::digest([id.as_bytes(), b"without mock"])[..40].to_owned()
}

/// The mock modules of a build, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mock {
    /// There they are.
    Root(PathBuf),
    /// This tree's `tools/testing/cxl` does not compile: the first error. The production modules do.
    DoesNotCompile(String),
    /// This tree has no `tools/testing/cxl`.
    Absent,
    /// They were not wanted, and left as they were.
    LeftOut,
}

impl Mock {
    /// The root, or the reason in one line.
    ///
    /// # Errors
    /// [`BuildError::MockDoesNotCompile`], [`BuildError::NoMock`], [`BuildError::MockLeftOut`].
    pub fn root(&self) -> Result<&Path, BuildError> {
        match self {
            Self::Root(root) => Ok(root),
            Self::DoesNotCompile(why) => {
                Err(BuildError::MockDoesNotCompile(why.lines().next().unwrap_or_default().to_owned()))
            }
            Self::Absent => Err(BuildError::NoMock),
            Self::LeftOut => Err(BuildError::MockLeftOut),
        }
    }
}

/// What `build.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Stamp {
    pub format: u32,
    pub id: String,
    pub tree: String,
    pub flavour: String,
    pub version: String,
    pub release: String,
    pub toolchain: String,
    /// Of vmlinux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Bytes of bzImage: a truncated one is not believed.
    pub kernel_size: u64,
    /// Objects that were made for it; after an incremental build fewer than there are.
    pub objects: u64,
    pub production_modules: Vec<String>,
    pub mock_modules: Vec<String>,
    /// The first error, where the mock modules did not compile.
    pub mock_error: Option<String>,
    /// Whether there is a mock root.
    pub has_mock: bool,
    /// The tree has mock modules, and those of the entry would be of another tree: they are not in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mock_left_out: bool,
    pub notices: Vec<String>,
}

impl Stamp {
    /// The stamp of this id's entry; none if there is none that can be believed.
    pub(super) fn load(builds: &Path, id: &str) -> Option<Self> {
        let dir = builds.join(id);
        let stamp: Self = serde_json::from_str(&fs::read_to_string(dir.join(STAMP)).ok()?).ok()?;
        let size = fs::metadata(dir.join(KERNEL)).ok()?.len();
        (stamp.format == FORMAT && stamp.id == id && stamp.kernel_size == size).then_some(stamp)
    }
}

impl Built {
    /// The entry of this id; none if there is none that can be believed.
    pub(super) fn load(builds: &Path, id: &str) -> Option<Self> {
        let (dir, stamp) = (builds.join(id), Stamp::load(builds, id)?);
        let mock = match stamp.mock_error {
            _ if stamp.mock_left_out => Mock::LeftOut,
            Some(why) => Mock::DoesNotCompile(why),
            None if stamp.has_mock => Mock::Root(dir.join("mock")),
            None => Mock::Absent,
        };
        Some(Self {
            config: dir.join("config"),
            symbols: dir.join("System.map"),
            debug: dir.join("debug"),
            notes: dir.join(NOTES),
            production: dir.join("production"),
            id: stamp.id,
            release: stamp.release,
            build_id: stamp.build_id,
            production_modules: stamp.production_modules,
            mock_modules: stamp.mock_modules,
            notices: stamp.notices,
            kernel: dir.join(KERNEL),
            mock,
            dir,
        })
    }
}

/// An entry in the making; removed when dropped before [`Draft::publish`].
pub(super) struct Draft {
    dir: tempfile::TempDir,
    builds: PathBuf,
}

impl Draft {
    /// Starts an entry beside the finished ones, so that a rename publishes it.
    pub(super) fn new(builds: &Path) -> Result<Self, BuildError> {
        fs::create_dir_all(builds)?;
        sweep(builds);
        let dir = tempfile::Builder::new().prefix(DRAFT).tempdir_in(builds);
        let dir = dir.map_err(io_at("making a folder in", builds))?;
        Ok(Self { dir, builds: builds.to_owned() })
    }

    /// Where to put things.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Stamps the entry and gives it its name.
    pub(super) fn publish(self, stamp: &Stamp) -> Result<Built, BuildError> {
        let path = self.path().join(STAMP);
        let json = serde_json::to_vec_pretty(stamp).map_err(std::io::Error::other);
        json.and_then(|json| fs::write(&path, json))?;
        // Builds are shared with other users of the machine no more than the cache's own folder is.
        let target = self.builds.join(&stamp.id);
        if Built::load(&self.builds, &stamp.id).is_none() {
            // What lies there is no entry, or a broken one.
            match fs::remove_dir_all(&target) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(e.into());
                }
                _ => {}
            }
            let draft = self.dir.keep();
            if let Err(e) = fs::rename(&draft, &target) {
                // Nobody else will clean it up.
                let _ = fs::remove_dir_all(&draft);
                // Somebody may have been quicker: then theirs is as good.
                if Built::load(&self.builds, &stamp.id).is_none() {
                    return Err(e.into());
                }
            }
        }
        Built::load(&self.builds, &stamp.id).ok_or_else(|| {
            io_at("reading back the entry", &target)(std::io::Error::other("it is not whole")).into()
        })
    }
}

/// Removes what killed builds have left. Nobody believes it, but it takes room.
fn sweep(builds: &Path) {
    const DEAD_AFTER: Duration = Duration::from_secs(24 * 3600);
    for entry in fs::read_dir(builds).into_iter().flatten().filter_map(Result::ok) {
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        if entry.file_name().to_string_lossy().starts_with(DRAFT) && age.is_some_and(|age| age > DEAD_AFTER) {
            // Tried again at the next build.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
