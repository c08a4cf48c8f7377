//! A private apt over a repository in a folder: offline, with a package made here.

use testing::{etc, has_apt, publish};

use super::*;

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
