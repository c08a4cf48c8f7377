//! What a case may ask of the host: `host device-del mem0`.
//!
//! The guest is not trusted (its kernel is what is under test), so a request is checked word by word: ids must
//! be ids, and of the machine protocol only what stays within the guest is let through.

mod hotplug;
mod inject;
mod schema;
#[cfg(test)]
mod tests;
mod words;

use std::sync::OnceLock;

use serde_json::{Value, json};

use self::hotplug::Devices;
use self::schema::Schema;
use self::words::{ANSWER, id, number, run};
use super::Qmp;

/// Commands that touch nothing outside of the guest. Others could write files or start programs of the host.
const ALLOWED: [&str; 3] = ["cxl-", "query-", "qom-get"];

/// Every request, as its answer to one that there is not.
const REQUESTS: &str = "\
device-del ID                                 unplugs a device, waits until the guest has let go
device-del-request ID                         the same, does not wait
device-add ID [PORT]                          puts it back, or into another slot
device-new ID LIKE PORT                       puts a new one like another into a slot, prints its serial number
can-take ID                                   whether QEMU is able to take it out
inject-poison ID START LENGTH                 bytes of device memory
inject-general-media-event ID [FIELD=VALUE…]  fields are QEMU's: log, flags, dpa, descriptor, type, …
inject-dram-event ID [FIELD=VALUE…]
inject-memory-module-event ID [FIELD=VALUE…]
inject-correctable-error ID TYPE              mem-data-ecc, cache-data-ecc, …
inject-uncorrectable-error ID TYPE…           mem-address-parity, internal, …
surprise-down ID                              of the port above a device, or of a port
aer ID ERROR                                  a PCIe error by QEMU's name
aer-correctable ID BITS                       the same by its bits
can COMMAND                                   whether this QEMU has such a command
qmp JSON                                      a command of cxl-…, query-… or qom-get";

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
    devices: Devices,
    schema: OnceLock<Schema>,
}

impl QemuRequests {
    /// For a machine with these arguments.
    pub fn new(machine_args: &[String]) -> Self {
        Self { devices: Devices::new(machine_args), schema: OnceLock::new() }
    }

    /// Asked for once, since it is long.
    fn schema(&self, qmp: &Qmp) -> Result<&Schema, String> {
        if let Some(schema) = self.schema.get() {
            return Ok(schema);
        }
        let answer =
            qmp.command("query-qmp-schema", Value::Null, ANSWER).map_err(|error| error.to_string())?;
        Ok(self.schema.get_or_init(|| Schema::new(answer)))
    }

    /// Surprise Down is what a port reports whose link was lost. A device stands for the port above it.
    fn surprise_down(&self, device: &str, qmp: &Qmp) -> Result<String, String> {
        inject::aer("", &self.devices.port_of(device)?, "SDN", qmp)
    }
}

impl HostRequests for QemuRequests {
    fn answer(&self, words: &[String], qmp: &Qmp) -> Result<String, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["device-del", device] => hotplug::delete(id(device)?, qmp),
            ["device-del-request", device] => {
                run("device_del", json!({ "id": id(device)? }), qmp).map(|_| format!("{device} asked for"))
            }
            ["can-take", device] => self.devices.can_take(id(device)?, qmp),
            ["device-new", device, like, port] => {
                self.devices.add_new(id(device)?, id(like)?, id(port)?, qmp)
            }
            ["device-add", device] => self.devices.add(id(device)?, None, qmp),
            ["device-add", device, port] => self.devices.add(id(device)?, Some(id(port)?), qmp),
            ["inject-poison", device, start, length] => inject::poison(device, start, length, qmp),
            [
                event @ ("inject-general-media-event" | "inject-dram-event" | "inject-memory-module-event"),
                device,
                ref fields @ ..,
            ] => {
                let kind = event.trim_start_matches("inject-").trim_end_matches("-event");
                inject::event(kind, device, fields, self.schema(qmp)?, qmp)
            }
            ["inject-correctable-error", device, error] => inject::correctable(device, error, qmp),
            ["inject-uncorrectable-error", device, ref errors @ ..] => {
                inject::uncorrectable(device, errors, qmp)
            }
            ["surprise-down", device] => self.surprise_down(id(device)?, qmp),
            ["aer", device, error] => inject::aer("", id(device)?, id(error)?, qmp),
            // QEMU knows correctable errors by number only.
            ["aer-correctable", device, error] => {
                inject::aer("-c ", id(device)?, &format!("{:#x}", number(error)?), qmp)
            }
            ["can", command] if self.schema(qmp)?.knows(command) => Ok(String::new()),
            ["can", command] => Err(format!("this QEMU has no {command}")),
            ["qmp", text] => free(text, qmp),
            _ => Err(format!("no such request: {}\n{REQUESTS}", words.join(" "))),
        }
    }
}

fn free(text: &str, qmp: &Qmp) -> Result<String, String> {
    let mut request: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let command = request["execute"].as_str().ok_or("no \"execute\" in the request")?.to_owned();
    if !ALLOWED.iter().any(|allowed| command.starts_with(allowed)) {
        return Err(format!("{command} is not open to guests (only {}…)", ALLOWED.join("…, ")));
    }
    run(&command, request["arguments"].take(), qmp)
}
