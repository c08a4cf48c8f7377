//! What a QEMU binary can do, by its own account, which is kept until the binary changes.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use cxl_topology::{Capabilities, QemuVersion, typename};
use host::{Process, io_at};

use super::VmError;

/// It takes 0.1 s; from a cold disk a second.
const DEADLINE: Duration = Duration::from_secs(30);
/// Changes when other questions are asked.
const FORMAT: u32 = 2;

/// The option with which it gives up what it needs for nothing.
const SANDBOX: &str = "sandbox";

/// What a QEMU reports of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QemuFacts {
    /// Its release: major, minor and micro number.
    pub version: (u32, u32, u32),
    /// The distribution's package; may be empty.
    pub package: String,
    /// Properties of each CXL device that it has.
    pub devices: BTreeMap<String, BTreeSet<String>>,
    /// Names of the machine protocol's commands on CXL.
    pub commands: BTreeSet<String>,
    /// It has `-sandbox`.
    pub sandbox: bool,
}

impl QemuFacts {
    /// Whether it has this device.
    pub fn device(&self, name: &str) -> bool {
        self.devices.contains_key(name)
    }

    /// What of it matters to topologies.
    pub fn capabilities(&self) -> Capabilities {
        let (major, minor, micro) = self.version;
        Capabilities {
            version: QemuVersion::new(major, minor, micro),
            devices: Some(self.devices.clone()),
            sandbox: self.sandbox,
            // No property shows it; the command came with the interrupts.
            event_interrupts: self.commands.contains("cxl-inject-general-media-event"),
        }
    }

    /// Whether it has this device with this property.
    pub fn property(&self, device: &str, property: &str) -> bool {
        self.devices.get(device).is_some_and(|properties| properties.contains(property))
    }
}

/// Asks a QEMU. The answer is kept in `cache` and holds as long as the binary's path, size and time.
///
/// # Errors
/// It could not be started, or does not answer as a QEMU does.
pub fn probe(qemu: &Path, cache: &Path) -> Result<QemuFacts, VmError> {
    let kept = stamp(qemu).map(|stamp| cache.join("qemu").join(format!("{stamp}.json")));
    if let Some(facts) = kept.as_deref().and_then(recall) {
        return Ok(facts);
    }
    let facts = ask(qemu)?;
    if let Some(path) = kept {
        keep(&path, &facts)?;
    }
    Ok(facts)
}

/// Names the state of a binary; nothing where it is not a file that we can look at.
fn stamp(qemu: &Path) -> Option<String> {
    let path = fs::canonicalize(which::which(qemu).ok()?).ok()?;
    let found = fs::metadata(&path).ok()?;
    let text =
        format!("{FORMAT} {} {} {}.{}", path.display(), found.size(), found.mtime(), found.mtime_nsec());
    Some(host::sha256(text)[..32].to_owned())
}

fn recall(path: &Path) -> Option<QemuFacts> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn keep(path: &Path, facts: &QemuFacts) -> Result<(), VmError> {
    let folder: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    fs::create_dir_all(&folder)?;
    let file = tempfile::NamedTempFile::new_in(&folder).map_err(io_at("writing into", &folder))?;
    serde_json::to_writer(&file, facts).map_err(|error| io_at("writing", path)(error.into()))?;
    file.persist(path).map_err(|error| io_at("writing", path)(error.error))?;
    Ok(())
}

fn ask(qemu: &Path) -> Result<QemuFacts, VmError> {
    let mut questions = vec![json!({ "execute": "qmp_capabilities" })];
    for question in ["query-version", "query-commands"] {
        questions.push(json!({ "execute": question, "id": question }));
    }
    for device in typename::ALL {
        let arguments = json!({ "typename": device });
        questions.push(json!({ "execute": "device-list-properties", "arguments": arguments, "id": device }));
    }
    let sandbox = json!({ "option": SANDBOX });
    questions.push(json!({ "execute": "query-command-line-options", "arguments": sandbox, "id": SANDBOX }));
    questions.push(json!({ "execute": "quit" }));
    let input = questions.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let arguments = ["-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio"];
    let output = Process::new(qemu, arguments).stdin(input).deadline(DEADLINE).run()?;
    let not_qemu = |why: &str| VmError::NotQemu {
        qemu: qemu.to_owned(),
        why: why.into(),
        tail: output.tail.iter().rev().take(3).rev().cloned().collect(),
    };
    facts(&String::from_utf8_lossy(&output.stdout)).map_err(|why| not_qemu(&why))
}

fn facts(answers: &str) -> Result<QemuFacts, String> {
    let mut answers: BTreeMap<String, Value> = answers
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|mut answer| {
            let id = answer["id"].as_str()?.to_owned();
            Some((id, answer.get_mut("return")?.take()))
        })
        .collect();
    let version = answers.remove("query-version").ok_or("it does not report its version")?;
    let number = |part: &str| {
        version["qemu"][part].as_u64().and_then(|number| u32::try_from(number).ok()).ok_or("odd version")
    };
    let commands = answers.remove("query-commands").ok_or("it does not report its commands")?;
    // One that was built without libseccomp has no such option, and answers with an error.
    let sandbox = answers.remove(SANDBOX).is_some_and(|options| options[0]["option"] == SANDBOX);
    Ok(QemuFacts {
        sandbox,
        version: (number("major")?, number("minor")?, number("micro")?),
        package: version["package"].as_str().unwrap_or_default().to_owned(),
        commands: names(&commands).into_iter().filter(|name| name.starts_with("cxl-")).collect(),
        devices: answers.into_iter().map(|(device, properties)| (device, names(&properties))).collect(),
    })
}

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|item| Some(item["name"].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use cxl_topology::raw::{Part, RawDevice, RawHostBridge, RawPort, RawSwitch};

    use super::*;

    const ANSWERS: &str = r#"{"QMP": {"version": {}, "capabilities": ["oob"]}}
{"return": {}}
{"return": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2"}, "id": "query-version"}
{"return": [{"name": "quit"}, {"name": "cxl-x"}], "id": "query-commands"}
{"return": [{"name": "memdev", "type": "link"}, {"name": "lsa"}], "id": "cxl-type3"}
{"id": "cxl-switch-mailbox-cci", "error": {"class": "DeviceNotFound", "desc": "not found"}}
"#;

    #[test]
    fn answers_become_facts() {
        let facts = facts(ANSWERS).expect("they make sense");
        assert_eq!((facts.version, facts.package.as_str()), ((7, 2, 22), "Debian 1:7.2"));
        assert!(facts.property("cxl-type3", "memdev") && !facts.property("cxl-type3", "volatile-memdev"));
        assert!(!facts.device("cxl-switch-mailbox-cci"));
        // The answers are shortened: this one has no pxb-cxl.
        let capabilities = facts.capabilities();
        assert_eq!(capabilities.version, QemuVersion::new(7, 2, 22));
        assert!(!capabilities.cxl() && !capabilities.event_interrupts);
        assert!(capabilities.has_device("cxl-type3", None) && !capabilities.has_device("pxb-cxl", None));
        assert!(capabilities.has_property("cxl-type3", "memdev", None));
        // What is not in the answer is not there, whatever the release.
        let old = Some(QemuVersion::new(7, 0, 0));
        assert!(!capabilities.has_property("cxl-type3", "volatile-memdev", old));
        assert!(!capabilities.has_property("pxb-cxl", "bus_nr", old));
        assert!(!capabilities.has_device("cxl-switch-mailbox-cci", old));
        assert_eq!(facts.commands.into_iter().collect::<Vec<_>>(), ["cxl-x"]);
    }

    /// The tables of the language against a real QEMU: its names, and the releases that brought them.
    #[test]
    fn the_qemu_at_hand_has_the_properties_of_its_release() {
        fn check<T: Part>(model: &str, qemu: &Capabilities) {
            for property in T::PROPERTIES {
                let expected = property.since.is_none_or(|since| qemu.version >= since);
                assert_eq!(
                    qemu.has_property(model, property.qemu, None),
                    expected,
                    "{model}.{}",
                    property.qemu
                );
            }
            // These three are of `-device` itself.
            let own = T::ASSIGNED.iter().filter(|name| !["driver", "id", "bus"].contains(name));
            own.for_each(|name| assert!(qemu.has_property(model, name, None), "{model}.{name}"));
        }
        let Ok(program) = which::which("qemu-system-x86_64") else {
            println!("not tried: there is no qemu-system-x86_64");
            return;
        };
        let cache = tempfile::tempdir().expect("a folder");
        let qemu = probe(&program, cache.path()).expect("it answers").capabilities();
        if !qemu.cxl() {
            println!("not tried: {} has no CXL", program.display());
            return;
        }
        check::<RawHostBridge>(typename::HOST_BRIDGE, &qemu);
        check::<RawPort>(typename::ROOT_PORT, &qemu);
        check::<RawPort>(typename::DOWNSTREAM_PORT, &qemu);
        check::<RawSwitch>(typename::UPSTREAM_PORT, &qemu);
        check::<RawDevice>(typename::TYPE3, &qemu);
    }

    #[test]
    fn something_else_is_not_a_qemu() {
        let cache = tempfile::tempdir().expect("a folder");
        let error = probe(Path::new("/bin/echo"), cache.path()).expect_err("it is echo");
        insta::assert_snapshot!(error, @r"
        /bin/echo is not a QEMU that can be used: it does not report its version
          | -machine none -nodefaults -display none -qmp stdio
        ");
    }

    #[test]
    fn the_answer_is_kept_until_the_binary_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let qemu = folder.path().join("the-binary");
        let install = |version: &str| {
            let answers = ANSWERS.replace("\"major\": 7", version);
            fs::write(
                &qemu,
                format!(
                    "#!/bin/sh\necho >> '{}'/asked\ncat <<'END'\n{answers}END\n",
                    folder.path().display()
                ),
            )
            .expect("a QEMU");
            Process::new("chmod", ["+x"]).arg(&qemu).run().expect("chmod");
        };
        let major = || probe(&qemu, folder.path()).expect("it answers").version.0;
        install("\"major\": 7");
        assert_eq!((major(), major()), (7, 7));
        install("\"major\": 10");
        assert_eq!(major(), 10);
        assert_eq!(fs::read_to_string(folder.path().join("asked")).expect("asked").lines().count(), 2);
    }
}
