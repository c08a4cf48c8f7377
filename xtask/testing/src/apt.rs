//! An apt repository in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use host::{Process, sha256};

/// Makes a package of this name and version with these files in it, and the repository's index, under
/// `base/debian/dists/SUITE`. The index has what apt needs, and no signature.
pub fn publish(base: &Path, suite: &str, package: &str, version: &str, files: &[(&str, &[u8])]) {
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
pub fn etc(base: &Path, suite: &str) -> PathBuf {
    let etc = base.join("etc-apt");
    fs::create_dir_all(etc.join("sources.list.d")).expect("made");
    let line = format!("deb [trusted=yes arch=all] copy:{}/debian {suite} main\n", base.display());
    fs::write(etc.join("sources.list"), line).expect("written");
    etc
}

/// Whether packages can be made and fetched here at all; these tests say nothing elsewhere.
pub fn has_apt() -> bool {
    ["apt-get", "apt-cache", "dpkg-deb"].iter().all(|tool| which::which(tool).is_ok())
}
