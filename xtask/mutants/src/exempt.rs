//! Calls by what they are for.

/// Beginnings of functions that print, trace or assert: what they do is nothing that a test of behaviour looks at.
const SILENT: [&str; 26] = [
    "dev_dbg",
    "dev_err",
    "dev_warn",
    "dev_info",
    "dev_notice",
    "dev_crit",
    "dev_alert",
    "dev_emerg",
    "dev_printk",
    "dev_WARN",
    "pci_dbg",
    "pci_err",
    "pci_warn",
    "pci_info",
    "pr_",
    "printk",
    "trace_",
    "WARN",
    "BUG",
    "VM_BUG",
    "lockdep_",
    "might_sleep",
    "device_lock_assert",
    "static_assert",
    "dump_stack",
    "kasan_",
];

/// Parts of the names of functions that take or give locks, references and what belongs to a device.
const LIFETIME: [&str; 18] = [
    "lock",
    "guard",
    "get_device",
    "put_device",
    "_get",
    "_put",
    "get_",
    "put_",
    "devm_",
    "kref",
    "unregister",
    "kfree",
    "flush",
    "cancel_",
    "complete",
    "rcu",
    "remove",
    "release",
];

/// Names of variables that hold an error.
const ERRORS: [&str; 6] = ["rc", "ret", "err", "error", "status", "result"];

pub(crate) fn is_silent(function: &str) -> bool {
    SILENT.iter().any(|start| function.starts_with(start))
}

pub(crate) fn is_of_lifetime(text: &str) -> bool {
    LIFETIME.iter().any(|part| text.contains(part))
}

pub(crate) fn holds_an_error(variable: &str) -> bool {
    ERRORS.contains(&variable)
}
