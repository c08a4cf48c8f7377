//! A sabotage of a series: a patch on top of it that undoes one required behaviour, and the cases that must see it.
//!
//! `patches/NAME/sabotage/*.patch`. The message says in a line each: `Undoes:` what is undone, `Of:` the subject of the patch
//! of the series that brought it, `Turns-red: SUITE/CASE` a case that has to fail, `Also-red: SUITE/CASE` one that fails as
//! well and shows nothing more. `Topology: NAME` says where it is tried, `Flavour: NAME` on which kernel.

use std::fs;
use std::path::Path;

use serde::Serialize;

use specfile::SpecError;

use super::series::{Patch, Series};

/// Where it is tried unless the patch says otherwise.
const TOPOLOGY: &str = "direct";

/// One required behaviour, undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sabotage {
    /// Name of the file, without its ending.
    pub name: String,
    /// What is undone.
    pub undoes: String,
    /// The subject of the patch of the series that is undone.
    pub of: String,
    /// The patch.
    pub patch: Patch,
    /// Name of the topology on which the cases run.
    pub topology: String,
    /// The flavour that it takes to see it; none for the one that is asked for.
    pub flavour: Option<String>,
    /// Suite and case that have to be red.
    pub red: Vec<(String, String)>,
    /// Suite and case that are red as well, and need not be run.
    pub also: Vec<(String, String)>,
}

impl Sabotage {
    /// Those of a series, by name.
    ///
    /// # Errors
    /// A patch cannot be read, or does not say what it is for.
    pub fn load_all(series: &Series) -> Result<Vec<Self>, SpecError> {
        let dir = series.dir.join("sabotage");
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let names = specfile::entries(&dir)?;
        let patches = names.iter().filter_map(|name| Some((name.strip_suffix(".patch")?, dir.join(name))));
        let written =
            series.patches.iter().chain(series.variants.iter().flat_map(|variant| &variant.patches));
        let subjects: Vec<&str> = written.map(|patch| patch.subject.as_str()).collect();
        patches.map(|(name, file)| Self::load(name, &file)?.checked(&subjects)).collect()
    }

    /// Those of the patches that none of the sabotages undoes.
    pub fn spared<'a>(all: &[Self], patches: &'a [Patch]) -> Vec<&'a Patch> {
        patches.iter().filter(|patch| all.iter().all(|sabotage| sabotage.of != patch.subject)).collect()
    }

    /// As it is, where it undoes one of the patches with these subjects.
    fn checked(self, subjects: &[&str]) -> Result<Self, SpecError> {
        if subjects.contains(&self.of.as_str()) {
            return Ok(self);
        }
        let message = format!("the series has no patch `{}`", self.of.escape_debug());
        Err(SpecError::invalid(&self.patch.file, "Of", message).with_near(&self.of, subjects.iter().copied()))
    }

    fn load(name: &str, file: &Path) -> Result<Self, SpecError> {
        specfile::check_name(name).map_err(|why| SpecError::invalid(file, "name", why))?;
        let text = fs::read_to_string(file).map_err(|source| SpecError::Read {
            file: file.to_owned(),
            source,
            hint: None,
        })?;
        let message = text.split_once("\n---\n").map_or(text.as_str(), |(message, _)| message);
        let lines = |key: &str| -> Vec<&str> {
            message.lines().filter_map(|line| line.strip_prefix(key)).map(str::trim).collect()
        };
        let only = |key: &str| lines(key).first().map(|text| (*text).to_owned());
        let missing = |field: &str| {
            SpecError::invalid(file, field, "the message has no such line").with_hint(
                "Undoes: what is undone; Of: the subject of its patch; Turns-red: SUITE/CASE, one a line",
            )
        };
        let sabotage = Self {
            name: name.to_owned(),
            undoes: only("Undoes:").ok_or_else(|| missing("Undoes"))?,
            of: only("Of:").ok_or_else(|| missing("Of"))?,
            patch: Patch {
                file: file.to_owned(),
                subject: only("Subject:").ok_or_else(|| missing("Subject"))?,
            },
            topology: only("Topology:").unwrap_or_else(|| TOPOLOGY.to_owned()),
            flavour: only("Flavour:"),
            red: cases(file, "Turns-red", &lines("Turns-red:"))?,
            also: cases(file, "Also-red", &lines("Also-red:"))?,
        };
        if sabotage.red.is_empty() { Err(missing("Turns-red")) } else { Ok(sabotage) }
    }

    /// As a series of one patch, to be put on top of all others.
    pub fn series(&self) -> Series {
        Series::of_patch(format!("sabotage-{}", self.name), self.patch.clone())
    }
}

fn cases(file: &Path, field: &str, lines: &[&str]) -> Result<Vec<(String, String)>, SpecError> {
    let one = |text: &&str| match text.split_once('/') {
        Some((suite, case)) if specfile::check_name(suite).is_ok() && specfile::check_name(case).is_ok() => {
            Ok((suite.to_owned(), case.to_owned()))
        }
        _ => {
            let message = format!("`{}` is not SUITE/CASE", text.escape_debug());
            Err(SpecError::invalid(file, field, message))
        }
    };
    lines.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Sabotage, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("no-check.patch");
        fs::write(&file, text).expect("written");
        let here = format!("{}/", dir.path().display());
        Sabotage::load("no-check", &file).map_err(|error| fault::shown(&error).replace(&here, ""))
    }

    #[test]
    fn it_names_what_it_undoes_and_who_must_see_it() {
        let text = "Subject: [PATCH] Do not\n\nUndoes: the check.\nOf: x: Check\n\nTurns-red: a/b\nAlso-red: a/c\nTurns-red: a/d\n\
                    Topology: switch\nFlavour: debug\n---\nTurns-red: not/this\n";
        let sabotage = load(text).expect("a sabotage");
        let names = |cases: &[(String, String)]| {
            cases.iter().map(|(suite, case)| format!("{suite}/{case}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((names(&sabotage.red), names(&sabotage.also)), ("a/b a/d".into(), "a/c".into()));
        assert_eq!((sabotage.undoes.as_str(), sabotage.topology.as_str()), ("the check.", "switch"));
        let patches = ["x: Check", "x: Check again"]
            .map(|subject| Patch { file: "0001-x.patch".into(), subject: subject.to_owned() });
        let spared = Sabotage::spared(std::slice::from_ref(&sabotage), &patches);
        assert_eq!(spared, [&patches[1]]);
        assert_eq!((sabotage.flavour.as_deref(), sabotage.series().patches.len()), (Some("debug"), 1));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = |text: &str| load(text).expect_err("it is wrong");
        insta::assert_snapshot!(error("Subject: x\n\nTurns-red: a/b\n"), @r"
        no-check.patch: Undoes: the message has no such line
        hint: Undoes: what is undone; Of: the subject of its patch; Turns-red: SUITE/CASE, one a line
        ");
        insta::assert_snapshot!(error("Subject: x\n\nUndoes: y\nOf: z\n"), @r"
        no-check.patch: Turns-red: the message has no such line
        hint: Undoes: what is undone; Of: the subject of its patch; Turns-red: SUITE/CASE, one a line
        ");
        insta::assert_snapshot!(error("Subject: x\n\nUndoes: y\nOf: z\nTurns-red: b\n"), @"no-check.patch: Turns-red: `b` is not SUITE/CASE");
        let of = |subjects: &[&str]| {
            let sabotage =
                load("Subject: x\n\nUndoes: y\nOf: x: Chek it\nTurns-red: a/b\n").expect("a sabotage");
            let error = sabotage.checked(subjects).expect_err("there is no such patch");
            fault::shown(&error).split_once("no-check.patch").expect("its file").1.to_owned()
        };
        insta::assert_snapshot!(of(&["x: Check it", "y: Prepare"]), @"
        : Of: the series has no patch `x: Chek it`
        hint: did you mean `x: Check it`?
        ");
    }
}
