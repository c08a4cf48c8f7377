//! A build of modules alone, up to its entry of the cache: see [`crate::fastpath`].

use event::Stage;
use fault::{Fault, ToolError};

use super::{Builder, Outlook, Tree};
use crate::config::Configured;
use crate::entry::{Built, Draft, STAMP, Stamp, id_without_mock};
use crate::fastpath::{Detour, FastPath, Memory};
use crate::make::Progress;
use crate::slot::Slot;
use crate::{BuildError, install};

impl Builder<'_> {
    /// The fast path, as far as it leads.
    pub(super) fn on_fast_path(
        &self,
        tree: &Tree,
        slot: &Slot,
        configured: &Configured,
        id: &str,
        hears: &dyn Fn(Outlook<'_>),
    ) -> Result<Result<(Built, u64), Detour>, BuildError> {
        let (obj, log, file, builds) =
            (slot.obj(), slot.log("build.log")?, slot.memory(), self.cache.join("builds"));
        let make = self.make(tree, &obj, &log);
        let start = || {
            let memory = Memory::load(&file).ok_or(Detour::first(&obj))?;
            if !memory.is_whole {
                return Err(Detour::new("the build before failed, or was one at W=1"));
            }
            let last = Stamp::load(&builds, &memory.entry);
            let last = last.ok_or(Detour::new("the build before is gone from the cache"))?;
            let changed = tree.changed.ok_or(Detour::new("it is not known what changed"))?;
            if last.toolchain != self.toolchain.version || memory.config != configured.config {
                return Err(Detour::new("the toolchain or the configuration changed"));
            }
            if last.mock_error.is_some() {
                return Err(Detour::new("the mock modules did not compile before"));
            }
            let path = FastPath::find(&make, &file, last.has_mock);
            let path = path.ok_or(Detour::new("kbuild's lists of modules are not there"))?;
            let stale = path.plan(&memory, changed, self.mock)?;
            Ok((path, memory, last, stale))
        };
        let (path, memory, last, stale) = match start() {
            Ok(start) => start,
            Err(detour) => return Ok(Err(detour)),
        };
        if let Some(last) = Built::load(&builds, &last.id) {
            hears(Outlook::Same(&last));
        }
        let progress = Progress { stage: Stage::Build, done: 0, total: 0 };
        let other = builds.join(&last.id);
        let remade = match path.run(&memory, &stale, &other.join(STAMP), progress) {
            Ok(Ok(remade)) => remade,
            Ok(Err(detour)) => return Ok(Err(detour)),
            Err(error) => {
                // What it compiled is whole, and what it did not reach is remembered as unsettled.
                if error.fault() == Fault::Kernel {
                    slot.settle()?;
                }
                return Err(error);
            }
        };
        // All objects are whole. Until the entry is there, they stay remembered as unsettled.
        slot.settle()?;
        let left_out = stale.leaves_mock();
        let draft = Draft::new(&builds)?;
        let mock = (!left_out).then_some(remade.mock.as_slice());
        install::derived(&make, &other, draft.path(), &last.release, &remade.production, mock)?;
        let objects = remade.objects;
        let built = draft.publish(&Stamp {
            tree: tree.id.to_owned(),
            version: tree.version.to_owned(),
            objects,
            notices: configured.notices.clone(),
            ..named(last, id, left_out)
        })?;
        let after =
            if left_out { memory.after_production(tree.id, &stale) } else { memory.after(tree.id, id) };
        after.save(&file)?;
        Ok(Ok((built, objects)))
    }
}

/// The last entry's stamp as it is for a build of this name.
fn named(last: Stamp, id: &str, left_out: bool) -> Stamp {
    if left_out {
        Stamp { id: id_without_mock(id), mock_modules: Vec::new(), mock_left_out: true, ..last }
    } else {
        Stamp { id: id.to_owned(), ..last }
    }
}
