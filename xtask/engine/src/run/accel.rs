//! Which accelerator runs the guests.
//!
//! That `/dev/kvm` opens proves nothing: a host whose KVM runs only its own kind of guest (kvm_pvm, some nested
//! set-ups) starts QEMU and then stands still or dies in the decompressor. So KVM counts as usable only once this kernel
//! has come up under it with this QEMU. The answer is kept for as long as the host is up, for all builds with the same image: an
//! edit of modules does not ask again, and where no kernel came up of several, each step of a bisection is not asked for either.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use host::{Cache, Process, write_stamp};
use vm::NoGuest;

/// What the user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccelRequest {
    /// KVM where a guest comes up under it, else TCG.
    #[default]
    Auto,
    /// KVM without asking.
    Kvm,
    /// TCG.
    Tcg,
}

/// What is known before a guest is booted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Forecast {
    /// `kvm`, `tcg`, or none where only a boot shows it.
    pub accelerator: Option<String>,
    /// Why, in one line.
    pub why: String,
    /// What QEMU printed, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.accelerator.as_deref().unwrap_or("not known yet"), self.why)
    }
}

/// What was chosen, as it is kept in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Accelerator {
    /// `kvm` or `tcg`.
    pub accelerator: String,
    /// Why, in one line.
    pub why: String,
    /// What QEMU printed, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Accelerator {
    fn new(accelerator: &str, why: impl Into<String>) -> Self {
        Self { accelerator: accelerator.to_owned(), why: why.into(), raw: None }
    }

    fn is_tcg(&self) -> bool {
        self.accelerator == "tcg"
    }

    /// TCG, as KVM opens and runs no guest.
    fn without_kvm(NoGuest { why, raw }: NoGuest) -> Self {
        Self {
            raw,
            ..Self::new("tcg", format!("KVM opens but cannot run a guest here ({why}): TCG is used"))
        }
    }
}

/// What is known without booting: from the cache, or because the device does not open.
pub fn forecast(qemu: Option<&Path>, cache: &Cache) -> Forecast {
    if let Err(why) = opens() {
        return Forecast { accelerator: Some("tcg".to_owned()), why, raw: None };
    }
    let known =
        super::find_qemu(qemu).ok().and_then(|path| kept(&newest(&folder(cache), &host_and_qemu(&path))));
    match known {
        Some(choice) => Forecast { accelerator: Some(choice.accelerator), why: choice.why, raw: choice.raw },
        None => Forecast {
            accelerator: None,
            why: "/dev/kvm opens; whether a guest comes up under it shows at the first run".to_owned(),
            raw: None,
        },
    }
}

/// Chooses for a kernel, booting it under KVM when nothing is known of it yet.
///
/// `kernel` is its image; `boot` boots the kernel under KVM with a short deadline and returns whether it came up, or why not.
pub fn choose(
    wanted: AccelRequest,
    qemu: &Path,
    kernel: &Path,
    cache: &Cache,
    boot: impl FnOnce() -> Result<(), NoGuest>,
) -> (Accelerator, bool) {
    match settled(wanted) {
        Some(choice) => (choice, true),
        None => known_or_booted(qemu, kernel, cache, boot),
    }
}

/// As [`choose`], where no guest has to be booted for it.
pub(super) fn known(wanted: AccelRequest, qemu: &Path, kernel: &Path, cache: &Cache) -> Option<Accelerator> {
    settled(wanted).or_else(|| Memory::of(qemu, kernel, cache).recall())
}

/// What needs no look at a kernel: it was asked for, or KVM does not open.
fn settled(wanted: AccelRequest) -> Option<Accelerator> {
    match wanted {
        AccelRequest::Kvm => Some(Accelerator::new("kvm", "asked for")),
        AccelRequest::Tcg => Some(Accelerator::new("tcg", "asked for")),
        AccelRequest::Auto => opens().err().map(|why| Accelerator::new("tcg", why)),
    }
}

/// What is known of an image, or what its boot shows.
fn known_or_booted(
    qemu: &Path,
    kernel: &Path,
    cache: &Cache,
    boot: impl FnOnce() -> Result<(), NoGuest>,
) -> (Accelerator, bool) {
    let memory = Memory::of(qemu, kernel, cache);
    if let Some(choice) = memory.recall() {
        return (choice, true);
    }
    let choice = match boot() {
        Ok(()) => Accelerator::new("kvm", "this kernel comes up under KVM"),
        Err(why) => Accelerator::without_kvm(why),
    };
    // An interrupted probe says nothing.
    if !host::signals::requested() {
        memory.keep(&choice);
    }
    (choice, false)
}

/// So many kernels that did not come up show that it is the host, where none did: one may be broken by an edit.
const ENOUGH: usize = 2;

/// What is kept of the kernels that this host, since it started, was asked to run with this QEMU.
struct Memory {
    folder: PathBuf,
    /// Names the host and the QEMU.
    host: String,
    /// Names the image.
    image: String,
}

impl Memory {
    fn of(qemu: &Path, kernel: &Path, cache: &Cache) -> Self {
        let image = host::sha256(fs::read(kernel).unwrap_or_default())[..16].to_owned();
        Self { folder: folder(cache), host: host_and_qemu(qemu), image }
    }

    /// What was seen of this image, or is plain from what was seen of others.
    fn recall(&self) -> Option<Accelerator> {
        kept(&self.file_of_image()).or_else(|| self.of_others())
    }

    /// TCG, where enough other kernels did not come up under KVM, and none did.
    fn of_others(&self) -> Option<Accelerator> {
        let last = kept(&newest(&self.folder, &self.host)).filter(Accelerator::is_tcg)?;
        let names =
            fs::read_dir(&self.folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let of_images = names.filter(|name| name.starts_with(&format!("{}-", self.host)));
        let seen: Vec<_> = of_images.filter_map(|name| kept(&self.folder.join(name))).collect();
        (seen.len() >= ENOUGH && seen.iter().all(Accelerator::is_tcg)).then_some(last)
    }

    /// A cache that cannot be written only costs the next run its time.
    fn keep(&self, choice: &Accelerator) {
        if let Ok(text) = serde_json::to_vec(choice) {
            let _ = fs::create_dir_all(&self.folder);
            let _ = write_stamp(&self.file_of_image(), &text);
            let _ = write_stamp(&newest(&self.folder, &self.host), &text);
        }
    }

    fn file_of_image(&self) -> PathBuf {
        self.folder.join(format!("{}-{}.json", self.host, self.image))
    }
}

/// Where the answer of the latest kernel that was booted is.
fn newest(folder: &Path, host: &str) -> PathBuf {
    folder.join(format!("{host}.json"))
}

fn kept(file: &Path) -> Option<Accelerator> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn folder(cache: &Cache) -> PathBuf {
    cache.path().join("accel")
}

/// Whether `/dev/kvm` can be opened, or why not and what helps.
fn opens() -> Result<(), String> {
    match OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err("/dev/kvm may not be opened by this user (sudo usermod -aG kvm $USER, then log in again)"
                .to_owned())
        }
        Err(error) => Err(format!("/dev/kvm does not open: {error}")),
    }
}

/// Names this start of the host and this QEMU.
fn host_and_qemu(qemu: &Path) -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let version = Process::new(qemu, ["--version"]).read().unwrap_or_default();
    host::sha256(format!("{boot}{}{version}", qemu.display()))[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kernels that are asked for on one host: what was chosen, and whether a guest was booted for it.
    fn chosen(kernels: &[(&str, Option<bool>)]) -> Vec<(String, bool)> {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(&folder.path().join("cache")).expect("a cache");
        let choose = |(image, comes_up): &(&str, Option<bool>)| {
            let kernel = folder.path().join("bzImage");
            fs::write(&kernel, image).expect("written");
            let boot = || {
                comes_up
                    .expect("it is known")
                    .then_some(())
                    .ok_or_else(|| NoGuest { why: "it stands".to_owned(), raw: None })
            };
            let (choice, cached) = known_or_booted(Path::new("/bin/true"), &kernel, &cache, boot);
            (choice.accelerator, !cached)
        };
        kernels.iter().map(choose).collect()
    }

    #[test]
    fn an_image_is_booted_once_whatever_modules_it_comes_with() {
        let asked =
            [("one", Some(false)), ("one", None), ("another", Some(true)), ("one", None), ("another", None)];
        let answers = [("tcg", true), ("tcg", false), ("kvm", true), ("tcg", false), ("kvm", false)];
        assert_eq!(chosen(&asked), answers.map(|(choice, booted)| (choice.to_owned(), booted)));
    }

    #[test]
    fn where_no_kernel_came_up_of_several_it_is_the_host() {
        let never = [("one", Some(false)), ("two", Some(false)), ("three", None), ("four", None)];
        let booted: Vec<_> = chosen(&never).into_iter().map(|(_, booted)| booted).collect();
        assert_eq!(booted, [true, true, false, false]);
        // Where one came up, the others are broken.
        let once = [("good", Some(true)), ("one", Some(false)), ("two", Some(false)), ("mended", Some(true))];
        assert_eq!(chosen(&once).pop(), Some(("kvm".to_owned(), true)));
    }

    #[test]
    fn what_qemu_printed_is_kept_beside_the_reason() {
        let raw = Some("qemu: x.c:1: f: Assertion `y' failed.".to_owned());
        let choice =
            Accelerator::without_kvm(NoGuest { why: "QEMU: an assertion of its own failed".to_owned(), raw });
        insta::assert_snapshot!(serde_json::to_string(&choice).expect("JSON"), @r#"{"accelerator":"tcg","why":"KVM opens but cannot run a guest here (QEMU: an assertion of its own failed): TCG is used","raw":"qemu: x.c:1: f: Assertion `y' failed."}"#);
        // As it was kept by an earlier version.
        let earlier: Accelerator = serde_json::from_str(r#"{"accelerator":"tcg","why":"x"}"#).expect("JSON");
        assert_eq!(earlier, Accelerator::new("tcg", "x"));
    }
}
