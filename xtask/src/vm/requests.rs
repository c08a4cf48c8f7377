//! What a case may ask of the host: `host device-del mem0`.
//!
//! The guest is not trusted (its kernel is what is under test), so a request is checked word by word: ids must
//! be ids, and of the machine protocol only what stays within the guest is let through.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Qmp, QmpError};

/// QEMU answers at once; a busy host takes longer.
const ANSWER: Duration = Duration::from_secs(30);
/// The guest blinks for 5 s before it gives a device up (pciehp); QEMU 10 says so after some 6 s.
const UNPLUG: Duration = Duration::from_secs(60);
/// How often it is looked whether the device is gone.
const UNPLUG_TICK: Duration = Duration::from_millis(200);
/// Commands that touch nothing outside of the guest. Others could write files or start programs of the host.
const ALLOWED: [&str; 3] = ["cxl-", "query-", "qom-get"];

/// Answers the guest's requests. Called on a thread of its own for each.
pub trait HostRequests: Sync {
    /// What came of it.
    ///
    /// # Errors
    /// Why it could not be done, for the case that asked.
    fn answer(&self, words: &[String], qmp: &Qmp) -> Result<String, String>;
}

/// The requests that QEMU can fulfil.
#[derive(Debug, Default)]
pub struct QemuRequests {
    /// `-device` values by id, so that what was taken out can be put back.
    devices: BTreeMap<String, String>,
    /// `-object` values by id: the devices' memory.
    objects: BTreeMap<String, String>,
    /// How often something was put back.
    added: AtomicU32,
}

impl QemuRequests {
    /// For a machine with these arguments.
    pub fn new(machine_args: &[String]) -> Self {
        let values = |option: &str| {
            let pairs = machine_args.windows(2).filter(|pair| pair[0] == option).map(|pair| &pair[1]);
            let with_id = pairs.filter_map(|value| {
                let id = value.split(',').find_map(|option| option.strip_prefix("id="))?;
                Some((id.to_owned(), value.clone()))
            });
            with_id.collect::<BTreeMap<_, _>>()
        };
        Self { devices: values("-device"), objects: values("-object"), added: AtomicU32::new(0) }
    }

    /// Puts a device back, on new memory objects of the same description: QEMU 10.0.2 does not let go of
    /// those of a device that it has deleted. What a file holds is there again, what RAM held is not.
    fn add(&self, id: &str, qmp: &Qmp) -> Result<String, String> {
        let value = self.devices.get(id).ok_or_else(|| format!("the topology has no device {id}"))?;
        let round = self.added.fetch_add(1, Ordering::Relaxed) + 1;
        let mut options: Vec<String> = value.split(',').map(str::to_owned).collect();
        for option in &mut options {
            let Some((name, object)) = option.split_once('=').filter(|(name, _)| *name != "id") else {
                continue;
            };
            let Some(description) = self.objects.get(object) else { continue };
            let fresh = format!("{object}.{round}");
            let description = description.replace(&format!(",id={object}"), &format!(",id={fresh}"));
            add_as_text("object_add", &description, qmp)?;
            *option = format!("{name}={fresh}");
        }
        add_as_text("device_add", &options.join(","), qmp)?;
        Ok(format!("{id} added"))
    }
}

/// The human monitor takes the very text of the command line; it tells its errors as text, too.
fn add_as_text(command: &str, value: &str, qmp: &Qmp) -> Result<(), String> {
    let said = qmp.human(&format!("{command} {value}"), ANSWER).map_err(|error| error.to_string())?;
    if said.is_empty() { Ok(()) } else { Err(said) }
}

impl HostRequests for QemuRequests {
    fn answer(&self, words: &[String], qmp: &Qmp) -> Result<String, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["device-del", device] => delete(id(device)?, qmp),
            ["device-del-request", device] => {
                run("device_del", json!({ "id": id(device)? }), qmp).map(|_| format!("{device} asked for"))
            }
            ["device-add", device] => self.add(id(device)?, qmp),
            ["inject-poison", device, start, length] => {
                let arguments = json!({
                    "path": format!("/machine/peripheral/{}", id(device)?),
                    "start": number(start)?,
                    "length": number(length)?,
                });
                run("cxl-inject-poison", arguments, qmp)
            }
            ["inject-general-media-event", device] => general_media(id(device)?, qmp),
            ["aer", device, error] => aer("", id(device)?, id(error)?, qmp),
            // QEMU knows correctable errors by number only.
            ["aer-correctable", device, error] => {
                aer("-c ", id(device)?, &format!("{:#x}", number(error)?), qmp)
            }
            ["qmp", text] => free(text, qmp),
            _ => Err(format!(
                "no such request: {} (device-del ID, device-del-request ID, device-add ID, inject-poison ID START LENGTH, \
                 inject-general-media-event ID, aer ID ERROR, aer-correctable ID BITS, qmp JSON)",
                words.join(" ")
            )),
        }
    }
}

fn run(command: &str, arguments: Value, qmp: &Qmp) -> Result<String, String> {
    let answer = qmp.command(command, arguments, ANSWER).map_err(|error| error.to_string())?;
    // `{}` is how QEMU says that there is nothing to say.
    let empty = answer.as_object().is_some_and(serde_json::Map::is_empty);
    Ok(if empty { String::new() } else { answer.to_string() })
}

/// The event alone does not tell: QEMU sends it when the last reference to the device is gone, which a
/// `cxl-type3` that had its driver bound keeps for ever (10.0.2). Its place in the object tree tells sooner.
fn delete(device: &str, qmp: &Qmp) -> Result<String, String> {
    let from = qmp.next_event();
    let said = |error: QmpError| error.to_string();
    qmp.command("device_del", json!({ "id": device }), ANSWER).map_err(said)?;
    let path = format!("/machine/peripheral/{device}");
    let until = Instant::now() + UNPLUG;
    while Instant::now() < until {
        let event = qmp.wait_event(from, UNPLUG_TICK, |event| {
            let name = event["event"].as_str().unwrap_or_default();
            let ours = event["data"]["device"] == device || event["data"]["path"] == path;
            ours && matches!(name, "DEVICE_DELETED" | "DEVICE_UNPLUG_GUEST_ERROR")
        });
        match event {
            Ok(event) if event["event"] == "DEVICE_DELETED" => return Ok(format!("{device} deleted")),
            Ok(_) => return Err(format!("the guest refused to give {device} up")),
            Err(QmpError::TimedOut { .. }) => {}
            Err(error) => return Err(said(error)),
        }
        match qmp.command("qom-list", json!({ "path": path }), ANSWER) {
            Err(QmpError::Refused(_)) => return Ok(format!("{device} deleted")),
            other => other.map_err(said)?,
        };
    }
    Err(format!("the guest did not give {device} up within {} s", UNPLUG.as_secs()))
}

/// An informational event at DPA 0. QEMU 11.1 wants a `sub-type`, earlier ones refuse it.
fn general_media(device: &str, qmp: &Qmp) -> Result<String, String> {
    let mut arguments = json!({
        "path": format!("/machine/peripheral/{device}"),
        "log": "informational",
        "flags": 1,
        "dpa": 0,
        "descriptor": 0,
        "type": 0,
        "transaction-type": 0,
    });
    let command = "cxl-inject-general-media-event";
    match run(command, arguments.clone(), qmp) {
        Err(why) if why.contains("'sub-type' is missing") => {
            arguments["sub-type"] = json!(0);
            run(command, arguments, qmp)
        }
        done => done,
    }
}

/// `pcie_aer_inject_error`: exists in the human monitor only.
fn aer(option: &str, device: &str, error: &str, qmp: &Qmp) -> Result<String, String> {
    let line = format!("pcie_aer_inject_error {option}{device} {error}");
    let said = qmp.human(&line, ANSWER).map_err(|error| error.to_string())?;
    // hmp_pcie_aer_inject_error() in hw/pci/pcie_aer.c starts with "OK id: …" when it was done.
    if said.starts_with("OK") { Ok(said) } else { Err(said) }
}

fn free(text: &str, qmp: &Qmp) -> Result<String, String> {
    let mut request: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let command = request["execute"].as_str().ok_or("no \"execute\" in the request")?.to_owned();
    if !ALLOWED.iter().any(|allowed| command.starts_with(allowed)) {
        return Err(format!("{command} is not open to guests (only {}…)", ALLOWED.join("…, ")));
    }
    run(&command, request["arguments"].take(), qmp)
}

/// A word that cannot be anything but an id or a name.
fn id(word: &str) -> Result<&str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(plain) {
        Ok(word)
    } else {
        Err(format!("{word:?} is not an id"))
    }
}

/// Decimal, or hexadecimal after 0x.
fn number(word: &str) -> Result<u64, String> {
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    parsed.map_err(|error| format!("{word:?} is not a number: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Asks with a QEMU that gives the answers in turn; the result, and what QEMU was told.
    fn ask(words: &[&str], answers: &[&'static str]) -> (Result<String, String>, Vec<String>) {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let qmp = Qmp::start(&ours).expect("it starts");
        let answers = answers.to_vec();
        let qemu = std::thread::spawn(move || {
            let mut reader = BufReader::new(theirs.try_clone().expect("a clone"));
            let mut writer = theirs;
            let mut told = Vec::new();
            for answer in std::iter::once(&"{\"return\":{},\"id\":ID}").chain(&answers) {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a command");
                let message: Value = serde_json::from_str(&line).expect("JSON");
                let answer = answer.replace("ID", &message["id"].to_string());
                writeln!(writer, "{answer}").expect("an answer");
                told.push(format!("{} {}", message["execute"], message["arguments"]));
            }
            told.remove(0);
            told
        });
        let args = ["-object", "ram,id=m0,size=1", "-device", "cxl-type3,memdev=m0,id=mem0", "-device", "x"]
            .map(str::to_owned);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let result = QemuRequests::new(&args).answer(&words, &qmp);
        drop((qmp, ours));
        (result, qemu.join().unwrap_or_default())
    }

    #[test]
    fn a_device_is_deleted_once_the_guest_has_let_go() {
        let (result, told) = ask(
            &["device-del", "mem0"],
            &["{\"return\":{},\"id\":ID}\n{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/x\"}}\n\
               {\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"mem0\"}}"],
        );
        assert_eq!(result.as_deref(), Ok("mem0 deleted"));
        assert_eq!(told, ["\"device_del\" {\"id\":\"mem0\"}"]);
    }

    #[test]
    fn a_device_whose_event_never_comes_is_deleted_when_it_is_gone() {
        let gone = "{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"not found\"},\"id\":ID}";
        let there = "{\"return\":[],\"id\":ID}";
        let (result, told) = ask(&["device-del", "mem0"], &[there, there, gone]);
        assert_eq!(result.as_deref(), Ok("mem0 deleted"));
        assert_eq!(told[2], "\"qom-list\" {\"path\":\"/machine/peripheral/mem0\"}");
    }

    #[test]
    fn a_device_is_put_back_on_memory_of_its_own() {
        let done = "{\"return\":\"\",\"id\":ID}";
        let (result, told) = ask(&["device-add", "mem0"], &[done, done]);
        assert_eq!(result.as_deref(), Ok("mem0 added"));
        assert!(told[0].ends_with(r#"{"command-line":"object_add ram,id=m0.1,size=1"}"#), "{told:?}");
        assert!(
            told[1].ends_with(r#"{"command-line":"device_add cxl-type3,memdev=m0.1,id=mem0"}"#),
            "{told:?}"
        );
    }

    #[test]
    fn refusals_are_told_in_qemus_words() {
        let refusal = &["{\"error\":{\"class\":\"X\",\"desc\":\"Device 'mem9' not found\"},\"id\":ID}"];
        assert_eq!(ask(&["device-del", "mem9"], refusal).0, Err("Device 'mem9' not found".into()));
        let refusal = &["{\"return\":\"Error: no\\r\\n\",\"id\":ID}"];
        assert_eq!(ask(&["device-add", "mem0"], refusal).0, Err("Error: no".into()));
        assert_eq!(ask(&["aer", "rp0", "SDN"], refusal).0, Err("Error: no".into()));
    }

    #[test]
    fn poison_and_errors_reach_qemu_as_they_should() {
        let done = &["{\"return\":{},\"id\":ID}"];
        let (result, told) = ask(&["inject-poison", "mem0", "0x40", "64"], done);
        assert_eq!(result.as_deref(), Ok(""));
        let wanted = r#""cxl-inject-poison" {"path":"/machine/peripheral/mem0","start":64,"length":64}"#;
        assert_eq!(told, [wanted]);
        let (result, told) = ask(&["aer", "rp0", "SDN"], &["{\"return\":\"OK id: rp0\\r\\n\",\"id\":ID}"]);
        assert_eq!(result.as_deref(), Ok("OK id: rp0"));
        assert_eq!(told, [r#""human-monitor-command" {"command-line":"pcie_aer_inject_error rp0 SDN"}"#]);
    }

    #[test]
    fn a_guest_cannot_reach_the_host() {
        for words in [
            &["qmp", r#"{"execute":"migrate","arguments":{"uri":"exec:true"}}"#][..],
            &["qmp", "nonsense"],
            &["aer", "rp0 SDN\nmigrate exec:true", "x"],
            &["aer", "-x", "x"],
            &["device-add", "mem9"],
            &["inject-poison", "mem0", "-1", "64"],
            &["rm", "-rf"],
            &[],
        ] {
            assert!(ask(words, &[]).0.is_err(), "{words:?}");
        }
    }
}
