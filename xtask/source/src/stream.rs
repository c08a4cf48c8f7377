//! A tarball into the repository without a file on disk: decompressor → our tar reader → `git fast-import`.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::{File, OpenOptions};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode};

use host::{Output, Process, ProcessError, Running, io_at, signals};

use super::SourceError;
use super::git::Git;
use super::tar::{self, Entry, Kind};

/// The commit that git fast-import makes a tree of; only the tree is used.
const REFERENCE: &str = "refs/patchbench/import";
const BUFFER: usize = 1 << 20;

/// Puts an archive's files into a tree: of the one folder that all is in, if it is so. The caller holds the lock
/// for imports; `folder` is for the pipes.
pub(super) fn import(git: &Git, archive: &Path, folder: &Path) -> Result<String, SourceError> {
    let packed = Pipe::make(folder, "fast-import")?;
    let mut from = Input::open(git, archive, folder)?;
    let importer = git
        .plumbing(["-c", "core.compression=1", "-c", "pack.compression=1", "-c", "fastimport.unpackLimit=0"])
        .arg("fast-import")
        .arg("--quiet")
        .arg("--done")
        .arg("--force")
        .arg("--depth=0")
        .stdin_file(&packed.path)
        .log(git.log());
    let command = importer.command_line();
    let to = packed.writer()?;
    let importer = importer.start()?;
    // git has its end; with ours gone, a write fails as soon as git is.
    drop(packed);
    let converted = convert(&mut from, to);
    let imported = importer.finish();
    let unpacked = from.finish();
    if signals::requested() {
        return Err(ProcessError::Interrupted.into());
    }
    // Whoever failed first made the others fail: the decompressor, then our reader, then git.
    if let Some(output) = unpacked.filter(|output| !output.status.success() && converted.is_err()) {
        let words = [String::new()].into_iter().chain(output.tail).collect::<Vec<_>>().join("\n  | ");
        let text = format!("unpacking {} ended with {}{words}", archive.display(), output.status);
        return Err(SourceError::Other(text));
    }
    let bad = converted.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
    if bad {
        converted.map_err(io_at("reading", archive))?;
    }
    if !imported.status.success() {
        return Err(ProcessError::Failed {
            program: "git".to_owned(),
            command,
            status: imported.status,
            tail: imported.tail,
            log: Some(git.log().to_owned()),
        }
        .into());
    }
    top(git)
}

/// The tree of the one folder that everything is in, else the tree of all.
fn top(git: &Git) -> Result<String, SourceError> {
    let listing = git.plumbing(["ls-tree", REFERENCE]).read()?;
    let lines: Vec<&str> = listing.lines().collect();
    match lines.as_slice() {
        [] => Err(SourceError::NotAKernel { why: "the archive is empty".to_owned() }),
        [only] if only.contains(" tree ") => {
            Ok(only.split([' ', '\t']).nth(2).unwrap_or_default().to_owned())
        }
        _ => Ok(git.plumbing(["rev-parse", "--verify"]).arg(format!("{REFERENCE}^{{tree}}")).read()?),
    }
}

/// What unpacks an archive, by its first bytes; none if it is not packed.
fn decompressor(archive: &Path) -> Result<Option<(&'static str, &'static [&'static str])>, SourceError> {
    let mut magic = Vec::new();
    File::open(archive)?.take(6).read_to_end(&mut magic)?;
    let found: (&str, &[&str]) = match magic.as_slice() {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => ("xz", &["-dc", "-T0"]),
        [0x1f, 0x8b, ..] => ("gzip", &["-dc"]),
        [b'B', b'Z', b'h', ..] => ("bzip2", &["-dc"]),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", &["-dc"]),
        _ => return Ok(None),
    };
    if which::which(found.0).is_err() {
        let (file, program) = (archive.display(), found.0);
        return Err(SourceError::MissingProgram {
            what: format!("unpacking {file} needs {program}, which is not here"),
            hint: format!("sudo apt-get install {program}"),
        });
    }
    Ok(Some(found))
}

/// The archive as a stream for git fast-import (git-fast-import(1)).
fn convert(from: impl Read, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(BUFFER, to);
    write!(to, "commit {REFERENCE}\ncommitter patchbench <> 0 +0000\ndata 0\n")?;
    tar::read(BufReader::with_capacity(BUFFER, from), |entry, body| put(entry, body, &mut to))?;
    to.write_all(b"\ndone\n")?;
    to.flush()
}

fn put(entry: &Entry, body: &mut dyn Read, to: &mut impl Write) -> io::Result<()> {
    let path = quoted(&entry.path);
    match &entry.kind {
        Kind::File { size, executable } => {
            let mode = if *executable { "100755" } else { "100644" };
            write!(to, "M {mode} inline {path}\ndata {size}\n")?;
            if io::copy(body, to)? != *size {
                return Err(tar::cut_off(io::ErrorKind::UnexpectedEof.into()));
            }
            to.write_all(b"\n")
        }
        Kind::Symlink(target) => write!(to, "M 120000 inline {path}\ndata {}\n{target}\n", target.len()),
        Kind::Hardlink(target) => writeln!(to, "C {} {path}", quoted(target)),
    }
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A named pipe. While this lives, opening either end does not wait for the other.
struct Pipe {
    path: PathBuf,
    #[expect(dead_code, reason = "held open")]
    both: File,
}

impl Pipe {
    fn make(folder: &Path, name: &str) -> Result<Self, SourceError> {
        let path = folder.join(name);
        let (kind, mode) = (FileType::Fifo, Mode::RUSR | Mode::WUSR);
        rustix::fs::mknodat(CWD, &path, kind, mode, 0)
            .map_err(|error| io_at("making the pipe", &path)(error.into()))?;
        let both = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Self { path, both })
    }

    fn reader(&self) -> Result<File, SourceError> {
        Ok(File::open(&self.path)?)
    }

    fn writer(&self) -> Result<File, SourceError> {
        Ok(OpenOptions::new().write(true).open(&self.path)?)
    }
}

/// The plain archive: a file, or what a decompressor writes to a pipe.
struct Input {
    file: File,
    /// Held until the decompressor has opened its end, or is gone: before that the pipe has no end of file.
    pipe: Option<Pipe>,
    unpacker: Option<Running>,
}

impl Input {
    fn open(git: &Git, archive: &Path, folder: &Path) -> Result<Self, SourceError> {
        let Some((program, args)) = decompressor(archive)? else {
            let file = File::open(archive)?;
            return Ok(Self { file, pipe: None, unpacker: None });
        };
        let pipe = Pipe::make(folder, "tar")?;
        let file = pipe.reader()?;
        let script = "program=$1 from=$2 to=$3; shift 3; exec \"$program\" \"$@\" <\"$from\" >\"$to\"";
        let process = Process::new("sh", ["-c", script, "sh", program]).arg(archive).arg(&pipe.path);
        let unpacker = args.iter().fold(process, Process::arg).log(git.log()).start()?;
        Ok(Self { file, pipe: Some(pipe), unpacker: Some(unpacker) })
    }

    fn finish(self) -> Option<Output> {
        // With no reader left, a decompressor that still writes ends.
        drop((self.file, self.pipe));
        self.unpacker.map(Running::finish)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        while self.pipe.is_some() {
            let ready = poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&TICK)).unwrap_or(0) > 0;
            let gone = self.unpacker.as_mut().is_none_or(|unpacker| unpacker.wait(Duration::ZERO).is_some());
            if ready || gone {
                self.pipe = None;
            }
        }
        self.file.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use host::Cache;

    use super::*;

    fn import_of(files: &[(&str, &str)], tar: &str) -> (tempfile::TempDir, Git, Result<String, SourceError>) {
        let base = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = base.path().join("in").join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
        let cache = Cache::new(&base.path().join("cache")).expect("a cache");
        let git = Git::new(&cache);
        git.ensure(&cache).expect("a repository");
        Process::new("sh", ["-ec", tar]).dir(base.path()).run().expect("an archive");
        let result = import(&git, &base.path().join("archive"), base.path());
        (base, git, result)
    }

    fn tree_by_git(git: &Git, base: &Path, folder: &str) -> String {
        git.import(&base.join(folder), &base.join("index"), true).expect("a tree")
    }

    const LONG: &str = "a/very/long/path/that/needs/more/than/the/hundred/characters/which/the/first/format/had/for/it/and/still/goes/on/until/the/prefix/field/of/ustar/is/too/short/as/well/so/that/both/gnu/and/pax/need/a/header/of/their/own/for/the/file.c";

    #[test]
    fn every_format_gives_the_tree_that_git_would_make() {
        let files =
            [("top/b \"x\".c", "b\n"), ("top/empty", ""), ("top/.gitignore", "*.o\n"), ("top/a.o", "o")];
        let long = format!("top/{LONG}");
        let files: Vec<_> = files.into_iter().chain([(long.as_str(), "long\n")]).collect();
        let more = "cd in; chmod +x top/empty; ln -s ../b top/link; ln top/a.o top/hard; mkdir top/dir;";
        for (format, pack) in
            [("gnu", "-J"), ("pax", "-z"), ("gnu", "--bzip2"), ("pax", "--no-auto-compress")]
        {
            let (base, git, result) =
                import_of(&files, &format!("{more} tar --format={format} {pack} -cf ../archive top"));
            let tree = result.expect("a tree");
            assert_eq!(tree, tree_by_git(&git, base.path(), "in/top"), "{format} {pack}");
        }
    }

    #[test]
    fn an_archive_without_a_folder_of_its_own() {
        let (base, git, result) = import_of(&[("a", "a"), ("d/b", "b")], "tar -cf archive -C in .");
        assert_eq!(result.expect("a tree"), tree_by_git(&git, base.path(), "in"));
    }

    #[test]
    fn damage_is_reported_and_nothing_hangs() {
        let text = "x".repeat(100_000);
        let files = [("a", text.as_str())];
        let error = |tar: &str| fault::shown(&import_of(&files, tar).2.expect_err("damaged"));
        let cut = error("tar -cf a.tar in; head -c 50000 a.tar > archive");
        assert!(cut.ends_with("damaged archive: it ends too early"), "{cut}");
        let cut = error("tar -cJf a.tar in; head -c 100 a.tar > archive");
        assert!(cut.contains("ended with exit status 1") && cut.contains("| xz: "), "{cut}");
        let none = error("echo this is no archive > archive");
        assert!(none.ends_with("damaged archive: it ends too early"), "{none}");
        let empty = error("tar -cf archive -T /dev/null");
        assert!(empty.contains("the archive is empty"), "{empty}");
        let leaves = error("tar -cPf archive --transform 's,in/a,../../a,' in/a");
        assert!(leaves.contains("`../../a` leaves it"), "{leaves}");
    }
}
