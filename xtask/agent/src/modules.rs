//! Loading modules, as modprobe and udev would.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::system::finit_module;

use crate::index::{Index, canonical};
use crate::port::Port;

/// `MODULE_INIT_COMPRESSED_FILE` of include/uapi/linux/module.h: the kernel decompresses.
const COMPRESSED: i32 = 4;

/// Loads modules of the running kernel; used from many threads.
pub struct Loader {
    index: Index,
    folder: PathBuf,
    deny: BTreeSet<String>,
    /// The kernel's command line, which has parameters of modules too.
    cmdline: String,
    port: Port,
    /// Autoloads that have not come back. A module's init may block for as long as a probe does.
    busy: AtomicUsize,
    /// What was complained about already: a hundred devices may want the same missing module.
    noted: Mutex<BTreeSet<String>>,
}

impl Loader {
    /// Reads the index of this kernel release.
    pub fn new(release: &str, deny: &[String], port: Port) -> Self {
        let folder = Path::new("/lib/modules").join(release);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let index = Index::parse(
            &read("modules.dep"),
            &read("modules.alias"),
            &read("modules.softdep"),
            &read("modules.builtin"),
        );
        let deny = deny.iter().map(|name| canonical(name)).collect();
        let cmdline = fs::read_to_string("/proc/cmdline").unwrap_or_default();
        Self { index, folder, deny, cmdline, port, busy: AtomicUsize::new(0), noted: Mutex::default() }
    }

    /// Whether there is nothing that could be loaded.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How many autoloads have not come back.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::SeqCst)
    }

    /// Loads a module with all that it needs: its name, then its parameters, as on modprobe's command line.
    ///
    /// # Errors
    /// What went wrong with which module, for a [`wire::FromGuest::Note`].
    pub fn load(&self, request: &str) -> Result<(), String> {
        let (name, parameters) =
            request.trim().split_once(char::is_whitespace).unwrap_or((request.trim(), ""));
        let asked = canonical(name);
        for step in self.index.plan(&asked, &self.deny)? {
            if let Some(by) = &step.denied_for {
                self.note_once(format!("module {} is denied, but {by} needs it", step.name));
            }
            let mut all = from_cmdline(&self.cmdline, &step.name);
            if step.name == asked {
                all.push(parameters.trim());
            }
            self.insert(&step.name, &step.path, &all.join(" "))?;
        }
        Ok(())
    }

    /// Loads what a device's modalias asks for, each on a thread of its own: a probe that blocks must not
    /// keep the next device from its driver.
    pub fn autoload(self: &Arc<Self>, modalias: &str) {
        for name in self.index.by_alias(modalias) {
            if self.deny.contains(name) || is_live(name) {
                continue;
            }
            let (loader, name) = (Arc::clone(self), name.to_owned());
            self.busy.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || {
                if let Err(problem) = loader.load(&name) {
                    loader.note_once(problem);
                }
                loader.busy.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }

    /// Reports what belongs to no case.
    pub fn note(&self, text: String) {
        self.port.note(text);
    }

    fn note_once(&self, text: String) {
        if self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
            self.port.note(text);
        }
    }

    fn insert(&self, name: &str, path: &str, parameters: &str) -> Result<(), String> {
        if is_live(name) {
            return Ok(());
        }
        let path = self.folder.join(path);
        let fail = |error: &dyn std::fmt::Display| format!("loading {name} from {}: {error}", path.display());
        let file = File::open(&path).map_err(|error| fail(&error))?;
        let flags = if path.extension().is_some_and(|extension| extension == "ko") { 0 } else { COMPRESSED };
        let parameters = CString::new(parameters).map_err(|error| fail(&error))?;
        match finit_module(file, &parameters, flags) {
            // Another thread was quicker.
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(fail(&error)),
        }
    }
}

/// A module's parameters on the kernel's command line, without the module's name, as modprobe takes them from there.
fn from_cmdline<'a>(cmdline: &'a str, module: &str) -> Vec<&'a str> {
    let of = |word: &&'a str| {
        word.split_once('.').is_some_and(|(name, _)| !name.contains('=') && canonical(name) == module)
    };
    cmdline.split_whitespace().filter(of).filter_map(|word| Some(word.split_once('.')?.1)).collect()
}

/// Loaded and done with its init. One that is still at it is given to the kernel once more, which waits.
fn is_live(name: &str) -> bool {
    fs::read_to_string(Path::new("/sys/module").join(name).join("initstate"))
        .is_ok_and(|state| state.trim_end() == "live")
}

#[cfg(test)]
mod tests {
    use super::from_cmdline;

    #[test]
    fn parameters_come_from_the_command_line_as_well() {
        let line = "console=ttyS0 cxl-test.a=1 x=cxl_test.b=1 cxl_test.b=2 cxl_core.dyndbg=+p root=1.2\n";
        assert_eq!(from_cmdline(line, "cxl_test"), ["a=1", "b=2"]);
        assert!(from_cmdline(line, "cxl_mem").is_empty());
    }
}
