//! A private apt over a repository in a folder: offline, with a package made here.

use super::*;

/// Makes a package of this name and version with these files in it, and the repository's index, under
/// `base/debian/dists/SUITE`. The index has what apt needs, and no signature.
pub(crate) fn publish(base: &Path, suite: &str, package: &str, version: &str, files: &[(&str, &[u8])]) {
    let root = base.join("build").join(format!("{package}-{version}"));
    for (name, bytes) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    fs::create_dir_all(root.join("DEBIAN")).expect("made");
    let control = format!(
        "Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@x.example>\nDescription: test\n"
    );
    fs::write(root.join("DEBIAN/control"), &control).expect("written");
    let pool = base.join("debian/pool");
    fs::create_dir_all(&pool).expect("made");
    let deb = pool.join(format!("{package}_{version}_all.deb"));
    Process::new("dpkg-deb", ["--root-owner-group", "-Znone", "--build"])
        .arg(&root)
        .arg(&deb)
        .run()
        .expect("built");

    let bytes = fs::read(&deb).expect("there");
    let hash = sha256(&bytes);
    let name = deb.file_name().expect("a name").to_string_lossy().into_owned();
    let entry = format!("{control}Filename: pool/{name}\nSize: {}\nSHA256: {hash}\n\n", bytes.len());
    let dist = base.join("debian/dists").join(suite);
    let index = dist.join("main/binary-all");
    fs::create_dir_all(&index).expect("made");
    let mut packages = fs::read_to_string(index.join("Packages")).unwrap_or_default();
    packages.push_str(&entry);
    fs::write(index.join("Packages"), &packages).expect("written");
    let hash = sha256(packages.as_bytes());
    let release = format!(
        "Suite: {suite}\nCodename: {suite}\nArchitectures: all amd64 arm64\nComponents: main\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {hash} {} main/binary-all/Packages\n",
        packages.len()
    );
    fs::write(dist.join("Release"), release).expect("written");
}

/// An `/etc/apt` whose only repository is that of [`publish`].
pub(crate) fn etc(base: &Path, suite: &str) -> PathBuf {
    let etc = base.join("etc-apt");
    fs::create_dir_all(etc.join("sources.list.d")).expect("made");
    let line = format!("deb [trusted=yes arch=all] copy:{}/debian {suite} main\n", base.display());
    fs::write(etc.join("sources.list"), line).expect("written");
    etc
}

/// Whether packages can be made and fetched here at all; these tests say nothing elsewhere.
pub(crate) fn has_apt() -> bool {
    ["apt-get", "apt-cache", "dpkg-deb"].iter().all(|tool| which::which(tool).is_ok())
}

#[test]
fn a_package_of_another_suite_comes_without_touching_the_system() {
    if !has_apt() {
        return;
    }
    let base = tempfile::tempdir().expect("a folder");
    publish(base.path(), "old", "linux-source-6.12", "6.12.1-1", &[("usr/src/a", b"old")]);
    publish(base.path(), "new-backports", "linux-source-7.3", "7.3.4-1~bpo", &[("usr/src/b", b"new")]);
    let etc = etc(base.path(), "old");
    let cache = base.path().join("cache");

    let own = PrivateApt::derived(&cache, &etc, &[], Packages::Binary).expect("a configuration");
    assert!(!own.is_fresh());
    own.update().expect("lists");
    assert!(own.is_fresh());
    assert_eq!(own.candidate("linux-source-6.12").expect("asked").as_deref(), Some("6.12.1-1"));
    assert_eq!(own.candidate("linux-source-7.3").expect("asked"), None);

    let other = PrivateApt::derived(&cache, &etc, &["new-backports".to_owned()], Packages::Binary)
        .expect("a configuration");
    assert_ne!(own.dir(), other.dir());
    other.update().expect("lists");
    let into = base.path().join("into");
    fs::create_dir(&into).expect("made");
    let deb = other.download("linux-source-7.3", &into).expect("a package");
    assert_eq!(deb.file_name().and_then(|n| n.to_str()), Some("linux-source-7.3_7.3.4-1~bpo_all.deb"));
    assert!(matches!(other.download("nothing", &into), Err(AptError::NoPackage { .. })));
}

#[test]
fn a_suite_that_does_not_exist_is_an_error_in_apts_words() {
    if !has_apt() {
        return;
    }
    let base = tempfile::tempdir().expect("a folder");
    publish(base.path(), "old", "a", "1", &[("usr/src/a", b"old")]);
    let (cache, none) = (base.path().join("cache"), ["none".to_owned()]);
    let apt = PrivateApt::derived(&cache, &etc(base.path(), "old"), &none, Packages::Binary)
        .expect("a configuration");
    let error = apt.update().expect_err("there is no such suite").to_string();
    assert!(error.contains("apt-get ended with exit status 100") && error.contains("none"), "{error}");
    assert!(!apt.is_fresh());
}

#[test]
fn a_machine_without_repositories_is_named() {
    let base = tempfile::tempdir().expect("a folder");
    let (etc, none) = (base.path().join("etc"), ["x".to_owned()]);
    let error = PrivateApt::derived(base.path(), &etc, &none, Packages::Binary).expect_err("none");
    assert!(error.to_string().ends_with("with the component main to take x from"), "{error}");
}
