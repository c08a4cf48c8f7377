//! Compiling, linking, modpost: what make does for stale objects of modules, and no more.

use std::path::{Path, PathBuf};

use fs_err as fs;

use host::quote;

use super::jobs::{Failed, Job, Jobs};
use super::module::Module;
use super::recorded::{Recorded, beside};
use super::{Detour, FastPath, Memory, Place, Remade, Stale};
use crate::BuildError;
use crate::headline;
use crate::links;
use crate::make::Progress;

/// kbuild's program that turns the compiler's list of inputs into a record.
const FIXDEP: &str = "scripts/basic/fixdep";
/// All symbols that are exported, in a folder where modules are made.
const SYMBOLS: &str = "Module.symvers";
/// modpost's options that change what it says, and are taken over; `-T` takes a word.
const MODPOST_FLAGS: [&str; 8] = ["-M", "-m", "-a", "-b", "-x", "-E", "-N", "-w"];

/// An end that is no error of the kernel's.
enum Stop {
    Detour(Detour),
    Error(BuildError),
}

impl From<Detour> for Stop {
    fn from(detour: Detour) -> Self {
        Self::Detour(detour)
    }
}

impl<E: Into<BuildError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl FastPath<'_> {
    /// Makes what is stale. `stamp` is a file of the time when the last entry was made. The memory of the slot says from here on what
    /// is unsettled; that all is made, the caller has it remember.
    ///
    /// # Errors
    /// [`BuildError::Make`] where the modules do not compile or link, as make would have said it.
    pub(crate) fn run(
        &self,
        memory: &Memory,
        stale: &Stale,
        stamp: &Path,
        progress: Progress,
    ) -> Result<Result<Remade, Detour>, BuildError> {
        let mut memory = memory.clone();
        memory.unsettled.extend(stale.compile.iter().map(|part| part.target.clone()));
        memory.unsettled.extend(stale.left.iter().cloned());
        memory.save(self.file)?;
        match self.remade(stale, stamp, progress) {
            Ok(remade) => Ok(Ok(remade)),
            Err(Stop::Detour(detour)) => Ok(Err(detour)),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn remade(&self, stale: &Stale, stamp: &Path, progress: Progress) -> Result<Remade, Stop> {
        let wanted_mock = self.mock.as_ref().filter(|_| !stale.leaves_mock());
        let stale = &stale.compile;
        let mut jobs = Jobs::new(self.make, progress);
        let fixdep = self.make.obj.join(FIXDEP);
        let compile: Vec<_> = stale.iter().map(|part| Job::of(part, "CC [M]", &fixdep)).collect();
        let failed = jobs.run(&compile)?;
        self.check(failed)?;

        let is_stale = |module: &&Module| stale.iter().any(|part| module.parts.contains(&part.target));
        let touched = |place: &Place| place.modules.iter().filter(is_stale).cloned().collect::<Vec<_>>();
        let production = touched(&self.production);
        let mock = wanted_mock.map(touched).unwrap_or_default();
        let linked = production.iter().chain(&mock).filter(|module| module.is_linked());
        let link: Vec<Recorded> =
            linked.map(|module| self.recorded(&module.whole)).collect::<Result<_, _>>()?;
        let link: Vec<_> = link.iter().map(|whole| Job::of(whole, "LD [M]", &fixdep)).collect();
        let failed = jobs.run(&link)?;
        self.check(failed)?;

        let list = self.production.folder.join(SYMBOLS);
        if !production.is_empty() {
            self.finish(&mut jobs, &self.production, &production, |jobs| self.modpost(&list, jobs))?;
        }
        if let Some(place) = wanted_mock {
            let own = place.folder.join(SYMBOLS);
            if !mock.is_empty() || is_older(&own, &list) {
                let recorded = self.recorded(&own)?;
                self.finish(&mut jobs, place, &mock, |jobs| {
                    let failed = jobs.run(&[Job::of(&recorded, "MODPOST", &fixdep)])?;
                    self.check(failed)
                })?;
            }
        }
        // A build that failed may have linked some that the last entry has not.
        let new = |place: &Place| {
            let modules = place.modules.iter().map(Module::ko);
            modules.filter(|ko| !is_older(ko, stamp)).collect::<Vec<_>>()
        };
        let mock = wanted_mock.map(new).unwrap_or_default();
        Ok(Remade { objects: jobs.done(), production: new(&self.production), mock })
    }

    /// From linked objects to modules: modpost, its glue where that is newer than what was compiled of it, the last link. By time, as
    /// make goes, since a build that failed may have left some of it.
    fn finish(
        &self,
        jobs: &mut Jobs,
        place: &Place,
        touched: &[Module],
        modpost: impl FnOnce(&mut Jobs) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let fixdep = self.make.obj.join(FIXDEP);
        modpost(jobs)?;
        let glue = place.modules.iter().filter(|module| is_older(&module.glue_object(), &module.glue()));
        let compile: Vec<_> = glue
            .map(|module| Ok(Job::of(&self.recorded(&module.glue_object())?, "CC [M]", &fixdep)))
            .collect::<Result<_, Detour>>()?;
        let failed = jobs.run(&compile)?;
        self.check(failed)?;
        let is_new =
            |module: &&Module| touched.contains(module) || is_older(&module.ko(), &module.glue_object());
        let new: Vec<PathBuf> = place.modules.iter().filter(is_new).map(Module::ko).collect();
        let link: Vec<_> = new
            .iter()
            .map(|ko| Ok(Job::of(&self.recorded(ko)?, "LD [M]", &fixdep)))
            .collect::<Result<_, Detour>>()?;
        let failed = jobs.run(&link)?;
        self.check(failed)
    }

    /// modpost over the kernel's modules, which takes vmlinux's symbols from the list of the last time. The list is as modpost over
    /// all would have written it: vmlinux's come first.
    fn modpost(&self, list: &Path, jobs: &mut Jobs) -> Result<(), Stop> {
        let recorded = self.recorded(list)?;
        let flags = modpost_flags(&recorded.command)
            .ok_or_else(|| Detour::new(format!("modpost was called in another way: {}", recorded.command)))?;
        let (before, after) = (beside(list, "known"), beside(list, "modules"));
        let names = || [list, &before, &after].into_iter().filter_map(|file| file.file_name());
        links::refuse(list.parent().unwrap_or(list), names())?;
        let text = fs::read_to_string(list)?;
        let known: String = text.split_inclusive('\n').filter(|line| is_of_vmlinux(line)).collect();
        fs::write(&before, &known)?;
        let script = format!("{flags} -i {} -o {}", quote(&before), quote(&after));
        let job = Job { verb: "MODPOST", target: list.to_owned(), dir: recorded.dir, script };
        let failed = jobs.run(&[job])?;
        self.check(failed)?;
        links::refuse(list.parent().unwrap_or(list), names())?;
        let fresh = known + &fs::read_to_string(&after)?;
        for scratch in [before, after] {
            fs::remove_file(scratch)?;
        }
        Ok(fs::write(list, fresh)?)
    }

    /// The error of what failed, as make words it. A mock module that fails is make's affair: a build succeeds without.
    fn check(&self, failed: Vec<Failed>) -> Result<(), Stop> {
        let Some(first) = failed.iter().find(|failed| !self.is_mock(&failed.target)) else {
            return match failed.first() {
                None => Ok(()),
                Some(mock) => {
                    Err(Detour::new(format!("{} does not compile", self.shown(&mock.target))).into())
                }
            };
        };
        let doing = "building the kernel";
        let log = self.make.log.to_owned();
        let headline = first
            .headline
            .clone()
            .unwrap_or_else(|| format!("{} could not be made: {}", self.shown(&first.target), first.status));
        let hint = headline::hint(&headline);
        Err(Stop::Error(
            if first.status.code().is_none() || hint.is_some() || headline::is_machine(&headline) {
                BuildError::Machine { doing, headline, hint, log }
            } else {
                BuildError::Make { doing, headline, log }
            },
        ))
    }
}

/// Whether a file was made before another, or is not there.
fn is_older(made: &Path, from: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    time(made) < time(from)
}

/// A line of `Module.symvers`: checksum, symbol, module, and so on, with tabs between them.
fn is_of_vmlinux(line: &str) -> bool {
    line.split('\t').nth(2) == Some("vmlinux")
}

/// The recorded call of modpost without vmlinux, and without its output; none where it has an option that is not known.
fn modpost_flags(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    let mut kept = vec![words.next().filter(|program| program.ends_with("/modpost"))?];
    let (mut has_output, mut has_list) = (false, false);
    while let Some(word) = words.next() {
        match word {
            "-o" => has_output = words.next() == Some(SYMBOLS),
            "-T" => {
                kept.extend([word, words.next()?]);
                has_list = true;
            }
            "vmlinux.o" => {}
            flag if MODPOST_FLAGS.contains(&flag) => kept.push(flag),
            _ => return None,
        }
    }
    (has_output && has_list).then(|| kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modpost_is_called_as_it_was_but_for_vmlinux() {
        let flags = |text| modpost_flags(text);
        let recorded = "scripts/mod/modpost -M     -E    -o Module.symvers -T modules.order vmlinux.o";
        assert_eq!(flags(recorded).as_deref(), Some("scripts/mod/modpost -M -E -T modules.order"));
        assert_eq!(flags("scripts/mod/modpost -M -o Module.symvers vmlinux.o"), None, "no list");
        assert_eq!(flags("scripts/mod/modpost -M -T modules.order -o modules-only.symvers"), None);
        assert_eq!(flags("scripts/mod/modpost -M -d x -o Module.symvers -T modules.order"), None);
    }
}
