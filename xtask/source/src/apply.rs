//! A series on top of a tree, on an index alone: no file is touched, and every prefix is a tree of its own.
//!
//! What came of a patch on a tree is remembered, so the next version of a series costs only its changed patches.

use std::path::PathBuf;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use host::{Cache, Process, digest, io_at, quote};
use spec::series::FILE;
use spec::{KernelVersion, Patch, Series, Symbol};

use super::git::{Git, alternates_value};
use super::{Conflict, Place, SourceError};

/// A series as it went onto a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Name of the series.
    pub series: String,
    /// Whether it was applied or already there.
    pub state: AppliedState,
    /// Only its first patches were meant.
    pub prefix: bool,
    /// Its patches with the tree after each; empty if the series was already there.
    pub patches: Vec<AppliedPatch>,
}

/// Whether a series was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppliedState {
    /// Its patches were applied.
    Applied,
    /// The kernel already has all of it: it has the symbol that says so, or every patch can be taken off again, from
    /// the last to the first.
    Contained,
}

/// A patch as it went onto a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedPatch {
    /// The patch.
    pub file: PathBuf,
    /// Id of the tree with it.
    pub tree: String,
    /// The kernel already had this one.
    pub contained: bool,
}

/// The kernel that series go onto.
pub(super) struct Target<'a> {
    pub(super) cache: &'a Cache,
    pub(super) git: &'a Git,
    pub(super) alternates: &'a [PathBuf],
    pub(super) kernel: &'a str,
    pub(super) version: &'a KernelVersion,
}

/// Trees after series.
pub(super) struct Outcome {
    pub(super) tree: String,
    pub(super) applied: Vec<Applied>,
    /// Nothing had to be worked out.
    pub(super) cached: bool,
}

/// A patch with its bytes.
struct Text<'a> {
    patch: &'a Patch,
    bytes: Vec<u8>,
}

impl Target<'_> {
    /// Applies series in order.
    pub(super) fn apply(&self, base: &str, series: &[Series]) -> Result<Outcome, SourceError> {
        let mut stage = Stage::new(self);
        let mut outcome = Outcome { tree: base.to_owned(), applied: Vec::new(), cached: true };
        for one in series {
            if let Some(missing) =
                one.requires.iter().find(|name| outcome.applied.iter().all(|a| a.series != **name))
            {
                return Err(SourceError::Requires {
                    series: one.name.clone(),
                    requires: missing.clone(),
                    kernel: self.kernel.to_owned(),
                });
            }
            let applied = self.apply_one(&mut stage, &outcome.tree, one)?;
            if let Some(last) = applied.patches.last() {
                outcome.tree.clone_from(&last.tree);
            }
            outcome.applied.push(applied);
        }
        outcome.cached = !stage.worked;
        Ok(outcome)
    }

    /// Applies one series to a tree, or finds that the tree has it.
    pub(super) fn apply_one(
        &self,
        stage: &mut Stage,
        tree: &str,
        series: &Series,
    ) -> Result<Applied, SourceError> {
        let ended = |state, patches| Applied {
            series: series.name.clone(),
            state,
            prefix: series.up_to.is_some(),
            patches,
        };
        let contained = || ended(AppliedState::Contained, Vec::new());
        if series.contained.as_ref().map_or(Ok(false), |symbol| self.has(tree, symbol))? {
            return Ok(contained());
        }
        if series.is_to_be_fetched() {
            return Err(SourceError::NotFetched { series: series.name.clone() });
        }
        let Some(patches) = series.patches_for(self.version, |symbol| self.has(tree, symbol))? else {
            // Written for older kernels, and meanwhile merged?
            let all = series.variants.iter().map(|v| v.patches.as_slice()).chain([series.patches.as_slice()]);
            for patches in all.filter(|patches| !patches.is_empty()) {
                if stage.contains(tree, &read(patches)?)? {
                    return Ok(contained());
                }
            }
            return Err(self.no_patches(series));
        };
        let texts = read(patches)?;
        let mut at = tree.to_owned();
        let mut done = Vec::new();
        for text in &texts {
            let file = text.patch.file.clone();
            match stage.forward(&at, text)? {
                Ok(next) => {
                    at.clone_from(&next);
                    done.push(AppliedPatch { file, tree: next, contained: false });
                }
                Err(_) if done.is_empty() && stage.contains(tree, &texts)? => return Ok(contained()),
                Err(_) if stage.contains(&at, std::slice::from_ref(text))? => {
                    done.push(AppliedPatch { file, tree: at.clone(), contained: true });
                }
                Err(refused) => return Err(self.conflict(series, text, &at, refused)),
            }
        }
        Ok(ended(AppliedState::Applied, done))
    }

    fn has(&self, tree: &str, symbol: &Symbol) -> Result<bool, SourceError> {
        let text = self.git.file(self.alternates, tree, &symbol.file)?;
        Ok(text.is_some_and(|text| symbol.stands_in(&text)))
    }

    fn no_patches(&self, series: &Series) -> SourceError {
        SourceError::NoPatches {
            series: series.name.clone(),
            file: series.dir.join(FILE),
            kernel: format!("{} ({})", self.kernel, self.version),
            written_for: series.written_for().join("; "),
        }
    }

    fn conflict(&self, series: &Series, text: &Text, at: &str, refused: Refused) -> SourceError {
        SourceError::from(Box::new(Conflict {
            series: series.name.clone(),
            patch: text.patch.file.clone(),
            subject: text.patch.subject.clone(),
            kernel: self.kernel.to_owned(),
            version: self.version.clone(),
            places: places(&refused.0, &String::from_utf8_lossy(&text.bytes)),
            git: refused.0,
            command: self.by_hand(at, text),
        }))
    }

    /// The refused command on an index of its own, as ours is gone by the time that somebody pastes it.
    fn by_hand(&self, tree: &str, text: &Text) -> String {
        let mut variables = format!("GIT_DIR={} GIT_INDEX_FILE=$(mktemp -u)", quote(self.git.dir()));
        if !self.alternates.is_empty() {
            let value = quote(alternates_value(self.alternates));
            variables.push_str(&format!(" GIT_ALTERNATE_OBJECT_DIRECTORIES={value}"));
        }
        let file = quote(&text.patch.file);
        format!("(cd /; export {variables}; git read-tree {tree} && git apply --cached -- {file})")
    }
}

fn read(patches: &[Patch]) -> Result<Vec<Text<'_>>, SourceError> {
    let mut texts = Vec::new();
    for patch in patches {
        let bytes = fs::read(&patch.file)?;
        texts.push(Text { patch, bytes });
    }
    Ok(texts)
}

/// Why git refused a patch, in its own words.
struct Refused(Vec<String>);

/// A temporary index, made when the first patch has to be tried.
pub(super) struct Stage<'a> {
    target: &'a Target<'a>,
    folder: Option<tempfile::TempDir>,
    at: String,
    worked: bool,
}

impl<'a> Stage<'a> {
    pub(super) fn new(target: &'a Target<'a>) -> Self {
        Self { target, folder: None, at: String::new(), worked: false }
    }

    /// The tree with a patch on it, or why not.
    fn forward(&mut self, tree: &str, text: &Text) -> Result<Result<String, Refused>, SourceError> {
        let key = digest([tree.as_bytes(), &text.bytes]);
        if let Some(known) = self.target.git.remembered("apply", &key) {
            return Ok(Ok(known));
        }
        self.go_to(tree)?;
        if let Err(refused) = self.git_apply(text, &[])? {
            return Ok(Err(refused));
        }
        let next = self.git(&["write-tree"])?.read()?;
        self.at.clone_from(&next);
        self.target.git.remember("apply", &key, &next)?;
        Ok(Ok(next))
    }

    /// Whether all these patches can be taken off a tree, the last one first.
    fn contains(&mut self, tree: &str, texts: &[Text]) -> Result<bool, SourceError> {
        let parts = [tree.as_bytes()].into_iter().chain(texts.iter().map(|text| text.bytes.as_slice()));
        let key = digest(parts);
        if let Some(known) = self.target.git.remembered("contains", &key) {
            return Ok(known == "yes");
        }
        self.go_to(tree)?;
        let mut contains = true;
        for text in texts.iter().rev() {
            if self.git_apply(text, &["--reverse"])?.is_err() {
                contains = false;
                break;
            }
            // The index is no longer that of the tree.
            self.at.clear();
        }
        self.target.git.remember("contains", &key, if contains { "yes" } else { "no" })?;
        Ok(contains)
    }

    fn go_to(&mut self, tree: &str) -> Result<(), SourceError> {
        self.worked = true;
        if self.at != tree {
            self.git(&["read-tree", tree])?.run()?;
            tree.clone_into(&mut self.at);
        }
        Ok(())
    }

    /// git refuses a patch whole, or applies it whole.
    fn git_apply(&mut self, text: &Text, options: &[&str]) -> Result<Result<(), Refused>, SourceError> {
        let process = self.git(&["apply", "--cached", "--whitespace=nowarn"])?;
        let process = options.iter().fold(process, Process::arg);
        let process = process.arg("--").arg(&text.patch.file).log(self.target.git.log());
        let output = process.output()?;
        Ok(if output.status.success() { Ok(()) } else { Err(Refused(output.tail)) })
    }

    fn git(&mut self, args: &[&str]) -> Result<Process, SourceError> {
        if self.folder.is_none() {
            let parent = self.target.cache.dir("tmp/index")?;
            let folder = tempfile::tempdir_in(&parent).map_err(io_at("making a folder in", &parent))?;
            self.folder = Some(folder);
        }
        let index = self.folder.iter().map(|folder| folder.path().join("index")).next().unwrap_or_default();
        // git apply takes paths as relative to the folder that it is called in, where that is in a work tree.
        Ok(self.target.git.with(self.target.alternates, args).env("GIT_INDEX_FILE", index).dir("/"))
    }
}

/// Where git's words say that a patch does not fit: "error: patch failed: FILE:LINE", and the like.
fn places(words: &[String], patch: &str) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for word in words {
        let Some(text) = word.strip_prefix("error: ") else { continue };
        let place = if let Some((file, line)) =
            text.strip_prefix("patch failed: ").and_then(|t| t.rsplit_once(':'))
        {
            Place { file: file.to_owned(), hunk: line.parse().ok().and_then(|line| hunk(patch, file, line)) }
        } else if let Some(file) = text
            .strip_suffix(": does not exist in index")
            .or_else(|| text.strip_suffix(": already exists in index"))
            .or_else(|| text.strip_suffix(": No such file or directory"))
        {
            Place { file: file.to_owned(), hunk: None }
        } else {
            continue;
        };
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// The hunk of a file that starts at this old line.
fn hunk(patch: &str, file: &str, line: u64) -> Option<(usize, String)> {
    let (mut here, mut number) = (false, 0);
    for text in patch.lines() {
        if let Some(name) = text.strip_prefix("--- ").or_else(|| text.strip_prefix("+++ ")) {
            // Either name counts: a new file has only the second, a deleted one only the first.
            let same = name.split_once('/').is_some_and(|(_, name)| name.trim_end() == file);
            here = if text.starts_with("--- ") { same } else { here || same };
            number = 0;
        } else if let Some(rest) = text.strip_prefix("@@ -").filter(|_| here) {
            number += 1;
            let start = rest.split([',', ' ']).next().and_then(|start| start.parse::<u64>().ok());
            if start == Some(line) {
                return Some((number, text.to_owned()));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "diff --git a/x/one.c b/x/one.c\n--- a/x/one.c\n+++ b/x/one.c\n@@ -1,3 +1,4 @@ int a\n a\n+b\n@@ -40,7 +41,7 @@ static int probe(void)\n-c\n+d\ndiff --git a/two.c b/two.c\n--- a/two.c\n+++ b/two.c\n@@ -40 +40 @@ other\n-e\n+f\n";

    #[test]
    fn a_refusal_is_traced_to_its_hunks() {
        let words = [
            "error: patch failed: x/one.c:40",
            "error: x/one.c: patch does not apply",
            "error: patch failed: two.c:40",
            "error: new.c: already exists in index",
        ]
        .map(str::to_owned);
        let shown: Vec<String> = places(&words, PATCH)
            .into_iter()
            .map(|place| format!("{} {:?}", place.file, place.hunk))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        x/one.c Some((2, "@@ -40,7 +41,7 @@ static int probe(void)"))
        two.c Some((1, "@@ -40 +40 @@ other"))
        new.c None
        "#);
    }

    proptest::proptest! {
        #[test]
        fn no_patch_panics(patch in "(?s)(--- a/x\n\\+\\+\\+ b/x\n)?(@@ -.{0,5}\n){0,3}.{0,40}", line in 0u64..9) {
            let _ = hunk(&patch, "x", line);
        }
    }
}
