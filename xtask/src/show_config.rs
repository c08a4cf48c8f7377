//! `show-config`: what counts, and from where each value comes.

mod environment;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use report::text::neutralise;
use spec::matrix::Matrix;
use spec::{Kernel, Origins, Project, Source};

use super::origin::Origin;
use super::{Context, Exit, Footer, Format};

/// Shows every value that counts, and where it comes from
///
/// One value a line, with the file and line, the environment variable or the option that it comes from.
///
/// patchbench.local.yaml overrides patchbench.yaml key by key: `kernels.NAME.series`, `defaults.kernel`, a whole matrix.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask show-config", "Everything that counts"),
    ("cargo xtask show-config --format json", "The same for programs"),
]);

/// A value that counts.
#[derive(Debug, Serialize)]
struct Entry {
    key: String,
    value: Value,
    from: Origin,
}

/// Where the origin of a value stands; of a longer one right behind it. Fixed, so that lines can be compared between machines.
const COLUMN: usize = 56;

pub fn run(ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    let entries = entries(ctx, &project, &Origins::read(&ctx.root)?);
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&entries)?),
        Format::Human => {
            for Entry { key, value, from } in &entries {
                let text = format!("{key} = {}", shown(value));
                anstream::println!("{}", neutralise(&format!("{text:COLUMN$}  # {from}")));
            }
        }
    }
    Ok(Exit::Success)
}

/// As in YAML, without quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn entry(key: impl Into<String>, value: impl Into<Value>, from: Origin) -> Entry {
    Entry { key: key.into(), value: value.into(), from }
}

fn entries(ctx: &Context, project: &Project, origins: &Origins) -> Vec<Entry> {
    let mut entries = paths(ctx, project);
    entries.extend(defaults(project, origins));
    entries.extend(project.kernels.values().flat_map(|kernel| of_kernel(kernel, origins)));
    entries.extend(sources("ndctl.source", &["ndctl", "source"], &project.ndctl, origins));
    entries.extend(project.matrices.values().flat_map(|matrix| of_matrix(matrix, origins)));
    entries.extend(environment::entries().into_iter().map(|(name, value, origin)| {
        entry(format!("environment.{name}"), value.map_or(Value::Null, Value::from), origin)
    }));
    entries
}

fn paths(ctx: &Context, project: &Project) -> Vec<Entry> {
    let fixed = |key: &str, path: std::path::PathBuf| {
        entry(format!("paths.{key}"), path.display().to_string(), Origin::BuiltIn)
    };
    vec![
        entry("paths.project", ctx.root.display().to_string(), ctx.root_from.clone()),
        entry("paths.cache", ctx.cache.path().display().to_string(), ctx.cache_from.clone()),
        fixed("results", ctx.results().dir().to_owned()),
        fixed("patches", project.patches_dir()),
        fixed("topologies", project.topologies_dir()),
        fixed("scenarios", project.scenarios_dir()),
        fixed("kconfig", project.root.join("kconfig")),
        fixed("work", ctx.cache.path().join("work")),
        fixed("builds", ctx.cache.path().join("builds")),
    ]
}

fn defaults(project: &Project, origins: &Origins) -> Vec<Entry> {
    let of = |name: &str| Origin::of(origins.of(["defaults", name]));
    let defaults = &project.defaults;
    vec![
        // With one kernel alone nobody has to say which.
        entry("defaults.kernel", defaults.kernel.clone(), of("kernel")),
        entry("defaults.flavour", defaults.flavour.clone(), of("flavour")),
        entry("defaults.topologies", defaults.topologies.clone(), of("topologies")),
        entry("defaults.suites", defaults.suites.clone(), of("suites")),
        entry("baseline", json!(project.baseline), Origin::of(origins.of(["baseline"]))),
    ]
}

fn of_kernel(kernel: &Kernel, origins: &Origins) -> Vec<Entry> {
    let name = kernel.name.as_str();
    let of = |field: &str| Origin::of(origins.of(["kernels", name, field]));
    let key = |field: &str| format!("kernels.{name}.{field}");
    let mut entries = sources(&key("source"), &["kernels", name, "source"], &kernel.sources, origins);
    entries.push(entry(key("series"), kernel.series.clone(), of("series")));
    entries.push(entry(key("kconfig"), kernel.kconfig.clone(), of("kconfig")));
    entries
}

fn sources(key: &str, field: &[&str], sources: &[Source], origins: &Origins) -> Vec<Entry> {
    let one = |(at, source): (usize, &Source)| {
        let from = Origin::of(origins.of_item(field.iter().copied(), at));
        entry(format!("{key}[{at}]"), source.to_string(), from)
    };
    sources.iter().enumerate().map(one).collect()
}

/// What a product leaves out is as in `defaults:`.
fn of_matrix(matrix: &Matrix, origins: &Origins) -> Vec<Entry> {
    let name = matrix.name.as_str();
    let mut entries = Vec::new();
    for (at, axes) in matrix.products.iter().enumerate() {
        let key = match at.checked_sub(1) {
            None => format!("matrix.{name}"),
            Some(at) => format!("matrix.{name}.include[{at}]"),
        };
        let all_or = |names: &Option<Vec<String>>| names.as_ref().map_or(json!("all"), |names| json!(names));
        let variants = if axes.variants.is_empty() { json!("all") } else { json!(axes.variants) };
        let values = [
            ("kernels", "kernel", json!(axes.kernels)),
            ("flavours", "flavour", json!(axes.flavours)),
            ("topologies", "topologies", all_or(&axes.topologies)),
            ("suites", "suites", all_or(&axes.suites)),
            ("variants", "variants", variants),
        ];
        for (axis, default, value) in values {
            let own = match at.checked_sub(1) {
                None => origins.of(["matrix", name, axis]),
                Some(at) => origins.of_item_field(["matrix", name, "include"], at, axis),
            };
            let from = Origin::of(own.or_else(|| origins.of(["defaults", default])));
            entries.push(entry(format!("{key}.{axis}"), value, from));
        }
    }
    let item = |field: &'static str, at: usize| Origin::of(origins.of_item(["matrix", name, field], at));
    for (at, out) in matrix.exclude.iter().enumerate() {
        let value = json!(out);
        entries.push(entry(format!("matrix.{name}.exclude[{at}]"), value, item("exclude", at)));
    }
    for (at, setting) in matrix.settings.iter().enumerate() {
        let mut value = json!(setting.settings);
        value["cells"] = json!(setting.cells);
        entries.push(entry(format!("matrix.{name}.settings[{at}]"), value, item("settings", at)));
    }
    entries
}
