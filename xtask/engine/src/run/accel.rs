//! Which accelerator runs the guests.
//!
//! That `/dev/kvm` opens proves nothing: a host whose KVM runs only its own kind of guest (kvm_pvm, some nested
//! set-ups) starts QEMU and then stands still or dies in the decompressor. So KVM counts as usable only once this kernel
//! has come up under it with this QEMU. The answer is kept for as long as the host is up, for all builds with the same image: an
//! edit of modules does not ask again.

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
    let known = super::find_qemu(qemu).ok().and_then(|path| {
        let newest = fs::read(folder(cache).join(format!("{}.json", host_and_qemu(&path)))).ok()?;
        serde_json::from_slice::<Accelerator>(&newest).ok()
    });
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
    settled(wanted).or_else(|| kept(&file_of(qemu, kernel, cache).1))
}

/// What needs no look at a kernel: it was asked for, or KVM does not open.
fn settled(wanted: AccelRequest) -> Option<Accelerator> {
    match wanted {
        AccelRequest::Kvm => Some(Accelerator::new("kvm", "asked for")),
        AccelRequest::Tcg => Some(Accelerator::new("tcg", "asked for")),
        AccelRequest::Auto => opens().err().map(|why| Accelerator::new("tcg", why)),
    }
}

/// Names the host with its QEMU, and the file in which is kept what is known of this image.
fn file_of(qemu: &Path, kernel: &Path, cache: &Cache) -> (String, PathBuf) {
    let (host, image) = (host_and_qemu(qemu), fs::read(kernel).unwrap_or_default());
    let file = folder(cache).join(format!("{host}-{}.json", &host::sha256(image)[..16]));
    (host, file)
}

fn kept(file: &Path) -> Option<Accelerator> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// What is known of this image, or what its boot shows.
fn known_or_booted(
    qemu: &Path,
    kernel: &Path,
    cache: &Cache,
    boot: impl FnOnce() -> Result<(), NoGuest>,
) -> (Accelerator, bool) {
    let (host, file) = file_of(qemu, kernel, cache);
    if let Some(choice) = kept(&file) {
        return (choice, true);
    }
    let choice = match boot() {
        Ok(()) => Accelerator::new("kvm", "this kernel comes up under KVM"),
        Err(why) => Accelerator::without_kvm(why),
    };
    // An interrupted probe says nothing; and a cache that cannot be written only costs the next run its time.
    if !host::signals::requested()
        && let Ok(text) = serde_json::to_vec(&choice)
    {
        let _ = fs::create_dir_all(folder(cache));
        let _ = write_stamp(&file, &text);
        let _ = write_stamp(&folder(cache).join(format!("{host}.json")), &text);
    }
    (choice, false)
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

    #[test]
    fn an_image_is_booted_once_whatever_modules_it_comes_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(&folder.path().join("cache")).expect("a cache");
        let image = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let (first, same, other) = (image("1", "image"), image("2", "image"), image("3", "another"));
        let choose = |kernel: &Path, came_up: Option<bool>| {
            let boot = || {
                came_up
                    .expect("it is known")
                    .then_some(())
                    .ok_or_else(|| NoGuest { why: "it stands".to_owned(), raw: None })
            };
            let (choice, cached) = known_or_booted(Path::new("/bin/true"), kernel, &cache, boot);
            (choice.accelerator, cached)
        };
        assert_eq!(choose(&first, Some(false)), ("tcg".to_owned(), false));
        assert_eq!(choose(&same, None), ("tcg".to_owned(), true));
        assert_eq!(choose(&other, Some(true)), ("kvm".to_owned(), false));
        assert_eq!(choose(&first, None), ("tcg".to_owned(), true));
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
