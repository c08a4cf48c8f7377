//! Devices that come and go while the guest runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::words::ANSWER;
use crate::{Qmp, QmpError};

/// The guest blinks for 5 s before it gives a device up (pciehp); QEMU 10 reports it after some 6 s.
const UNPLUG: Duration = Duration::from_secs(60);
/// How often it is looked whether the device is gone.
const UNPLUG_TICK: Duration = Duration::from_millis(200);

/// The machine's devices, as its arguments name them: what was taken out can be put back, in its slot or another.
#[derive(Debug, Default)]
pub struct Devices {
    /// `-device` values by id; with where a device was put last.
    values: Mutex<BTreeMap<String, String>>,
    /// `-object` values by id: the devices' memory.
    objects: BTreeMap<String, String>,
    /// How often something was put back.
    added: Mutex<u32>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Devices {
    /// Of a machine with these arguments.
    pub fn new(machine_args: &[String]) -> Self {
        let values = |option: &str| {
            let pairs = machine_args.windows(2).filter(|pair| pair[0] == option).map(|pair| &pair[1]);
            let with_id = pairs.filter_map(|value| {
                let id = value.split(',').find_map(|option| option.strip_prefix("id="))?;
                Some((id.to_owned(), value.clone()))
            });
            with_id.collect::<BTreeMap<_, _>>()
        };
        Self { values: Mutex::new(values("-device")), objects: values("-object"), added: Mutex::new(0) }
    }

    fn value(&self, id: &str) -> Result<String, String> {
        lock(&self.values).get(id).cloned().ok_or_else(|| format!("the topology has no device {id}"))
    }

    /// The port on which a device hangs, or hung last. A port is its own.
    pub fn port_of(&self, id: &str) -> Result<String, String> {
        let value = self.value(id)?;
        if ["cxl-rp,", "cxl-downstream,"].iter().any(|port| value.starts_with(port)) {
            return Ok(id.to_owned());
        }
        let bus = value.split(',').find_map(|option| option.strip_prefix("bus="));
        bus.map(str::to_owned).ok_or_else(|| format!("{id} hangs on nothing"))
    }

    /// Puts a device into its slot or that of another port.
    pub fn add(&self, id: &str, port: Option<&str>, qmp: &Qmp) -> Result<String, String> {
        let mut options = self.options(id)?;
        if let Some(port) = port {
            self.value(port)?;
            options.insert("bus".to_owned(), port.to_owned());
        }
        self.plug(id, options, qmp)?;
        Ok(format!("{id} added"))
    }

    /// Puts a new device like another into the slot of a port; its serial number.
    pub fn add_new(&self, id: &str, like: &str, port: &str, qmp: &Qmp) -> Result<String, String> {
        if self.value(id).is_ok() {
            return Err(format!("the topology has a device {id}"));
        }
        self.value(port)?;
        let mut options = self.options(like)?;
        // The topology's own are made from hashes with high bits.
        let serial = format!("{:#x}", *lock(&self.added) + 1);
        for (name, value) in [("id", id), ("bus", port), ("sn", &serial)] {
            options.insert(name.to_owned(), value.to_owned());
        }
        self.plug(id, options, qmp)?;
        Ok(serial)
    }

    fn options(&self, id: &str) -> Result<Options, String> {
        let value = self.value(id)?;
        let pair = |option: &str| {
            let (name, value) = option.split_once('=').unwrap_or(("driver", option));
            (name.to_owned(), value.to_owned())
        };
        Ok(value.split(',').map(pair).collect())
    }

    /// On new memory objects of the same description: QEMU 10.0.2 does not let go of those of a device that it has
    /// deleted. What a file holds is there again, what RAM held is not.
    fn plug(&self, id: &str, options: Options, qmp: &Qmp) -> Result<(), String> {
        let round = {
            let mut added = lock(&self.added);
            *added += 1;
            *added
        };
        let driver = options.get("driver").cloned().unwrap_or_default();
        let (mut plugged, mut remembered) = (driver.clone(), driver);
        for (name, value) in options.iter().filter(|(name, _)| *name != "driver") {
            remembered += &format!(",{name}={value}");
            match self.objects.get(value).filter(|_| name != "id") {
                Some(description) => {
                    let fresh = format!("{value}.{round}");
                    let description = description.replace(&format!(",id={value}"), &format!(",id={fresh}"));
                    add_as_text("object_add", &description, qmp)?;
                    plugged += &format!(",{name}={fresh}");
                }
                None => plugged += &format!(",{name}={value}"),
            }
        }
        add_as_text("device_add", &plugged, qmp)?;
        lock(&self.values).insert(id.to_owned(), remembered);
        Ok(())
    }

    /// Whether QEMU can take a device out. It does so when the guest has switched the slot off, which needs a power
    /// controller; the downstream port of a CXL switch has none (10.0.2), and the guest lets go of the device in vain.
    pub fn can_take(&self, id: &str, qmp: &Qmp) -> Result<String, String> {
        let port = self.value(&self.port_of(id)?)?;
        let model = port.split(',').next().unwrap_or_default();
        let answer = qmp.command("device-list-properties", json!({ "typename": model }), ANSWER);
        let answer = answer.map_err(|error| error.to_string())?;
        let properties = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        if properties.iter().any(|property| property["name"] == "power_controller_present") {
            return Ok(String::new());
        }
        Err(format!("{model} of this QEMU has no power controller: it never takes {id} out"))
    }
}

/// Options of a device by name; `driver` is its model.
type Options = BTreeMap<String, String>;

/// The human monitor takes the very text of the command line; it reports its errors as text, too.
fn add_as_text(command: &str, value: &str, qmp: &Qmp) -> Result<(), String> {
    let printed = qmp.human(&format!("{command} {value}"), ANSWER).map_err(|error| error.to_string())?;
    if printed.is_empty() { Ok(()) } else { Err(printed) }
}

/// Asks the guest for a device, and waits until it has let go.
///
/// The event alone is not enough: QEMU sends it when the last reference to the device is gone, which a `cxl-type3` that
/// had its driver bound keeps for ever (10.0.2). Its place in the object tree shows it sooner.
pub fn delete(device: &str, qmp: &Qmp) -> Result<String, String> {
    let from = qmp.next_event();
    let text = |error: QmpError| error.to_string();
    qmp.command("device_del", json!({ "id": device }), ANSWER).map_err(text)?;
    let path = super::words::path(device);
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
            Err(error) => return Err(text(error)),
        }
        match qmp.command("qom-list", json!({ "path": path }), ANSWER) {
            Err(QmpError::Refused(_)) => return Ok(format!("{device} deleted")),
            other => other.map_err(text)?,
        };
    }
    Err(format!("the guest did not give {device} up within {} s", UNPLUG.as_secs()))
}
