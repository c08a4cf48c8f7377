//! What a run records about itself.

use engine::run::{Options, Plan, Request};
use event::Event;
use report::{Store, command_line};

/// A run's first event.
pub fn started(store: &Store, plans: &[Plan]) -> Event {
    let cells = plans.iter().flat_map(Plan::closed_cells).map(|cell| cell.id.clone()).collect();
    store.started(command_line(), cells)
}

/// What was asked for, as it was understood: part of the run's record.
pub fn resolved(plans: &[Plan], request: &Request, options: &Options) -> serde_json::Value {
    let kernel = |plan: &Plan| {
        serde_json::json!({
            "kernel": plan.kernel,
            "flavour": plan.flavour,
            "series": plan.series,
            "left-out": plan.left_out,
        })
    };
    serde_json::json!({
        "kernels": plans.iter().map(kernel).collect::<Vec<_>>(),
        "qemu": options.qemu,
        "accel": options.accel,
        "policy": options.policy,
        // Random topologies are no files that could be named again.
        "request": request.in_memory.is_empty().then_some(request),
    })
}
