//! The user's own tree in a request: what it is, and which series of the project go onto it.

use std::collections::BTreeMap;
use std::fmt;

use source::{Layer, Layers, OwnTree, Sources};
use spec::{Kernel, Project, Series};

use super::promises::{Promises, UpTo};
use super::request::own_tree;
use super::{Plan, Request, RunError};

/// What is known of the user's own tree before anything is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    tree: OwnTree,
    layers: Layers,
    /// Only the first patches of a series are wanted.
    cut: Option<Cut>,
}

/// What becomes of the series where only the first patches of one are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cut {
    /// As it was asked for: `[SERIES:]N`.
    up_to: String,
    /// Patches that are taken, of those that there are, of each series that is not whole.
    short: BTreeMap<String, (usize, usize)>,
}

impl Cut {
    /// # Errors
    /// As those of [`Promises::cut`].
    fn of(up_to: &str, series: Vec<Series>) -> Result<Self, RunError> {
        let mut promises = Promises::whole(series);
        if let Some(up_to) = UpTo::parse(up_to) {
            promises.cut(&up_to)?;
        }
        Ok(Self { up_to: up_to.to_owned(), short: promises.short() })
    }
}

/// The request with the series that fit the user's own tree, and what was found; the same request where it names no tree.
///
/// The series that may go on top are those of the project's kernels, the named one's first: what else lies in `patches/` no
/// kernel has, and so no tree has to.
///
/// # Errors
/// It is no kernel tree, a series cannot be read, or git cannot be run.
pub fn settle(
    request: Request,
    project: &Project,
    sources: &Sources,
) -> Result<(Request, Option<Settled>), RunError> {
    let Some(dir) = &request.linux else { return Ok((request, None)) };
    let tree = OwnTree::find(dir)?;
    let request = Request { linux: Some(tree.path.clone()), series: None, ..request };
    let kernel = Kernel { sources: vec![own_tree(&tree.path)], ..request.kernel(project)? };
    let series = Series::load_all(&project.patches_dir(), &candidates(project, &request)?)?;
    let layers = sources.layers(&kernel, &series)?;
    let (mut fitting, mut left_out) = (Vec::new(), BTreeMap::new());
    for (name, layer) in &layers {
        match layer {
            Layer::Contained | Layer::OnTop { .. } => fitting.push(name.clone()),
            Layer::LeftOut { why } => {
                left_out.insert(name.clone(), why.clone());
            }
        }
    }
    let cut = match &request.up_to {
        Some(up_to) => Some(Cut::of(up_to, Series::load_all(&project.patches_dir(), &fitting)?)?),
        None => None,
    };
    let settled = Settled { tree, layers, cut };
    Ok((Request { series: Some(fitting), left_out, ..request }, Some(settled)))
}

/// The series of the project's kernels, each once: those of the kernel that is named, then those of the others.
fn candidates(project: &Project, request: &Request) -> Result<Vec<String>, RunError> {
    let named = project.kernel(request.kernel.as_deref().unwrap_or(&project.defaults.kernel))?;
    let mut names = named.series.clone();
    for name in project.kernels.values().flat_map(|kernel| &kernel.series) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

impl Settled {
    /// The suites that plans leave out, a line for each series that they need. Why a series does not fit stands beside it already.
    pub fn not_run(plans: &[Plan]) -> Vec<String> {
        let mut needs: Vec<(&str, Vec<&str>)> = Vec::new();
        for (cell, why) in plans.iter().flat_map(|plan| &plan.left_out) {
            let need = why.split_once(", which ").map_or(why.as_str(), |(need, _)| need);
            match needs.iter_mut().find(|(known, _)| *known == need) {
                Some((_, suites)) if suites.contains(&cell.suite.as_str()) => {}
                Some((_, suites)) => suites.push(&cell.suite),
                None => needs.push((need, vec![&cell.suite])),
            }
        }
        needs.iter().map(|(need, suites)| format!("not run: {} ({need})", suites.join(", "))).collect()
    }
}

fn patches_in_words(count: usize) -> String {
    if count == 1 { "1 patch".to_owned() } else { format!("{count} patches") }
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tree)?;
        let (mut on_top, mut none_of, mut contained) = (Vec::new(), Vec::new(), Vec::new());
        for (name, layer) in &self.layers {
            match layer {
                Layer::OnTop { patches } => match self.cut.as_ref().and_then(|cut| cut.short.get(name)) {
                    None => on_top.push(format!("{name} ({})", patches_in_words(*patches))),
                    Some((0, _)) => none_of.push(name.as_str()),
                    Some((taken, all)) => on_top.push(format!("{name} ({taken} of {all} patches)")),
                },
                Layer::Contained => contained.push(name.as_str()),
                Layer::LeftOut { .. } => {}
            }
        }
        if !contained.is_empty() {
            write!(f, "\ncontains {}", contained.join(", "))?;
        }
        match &on_top[..] {
            [] => f.write_str("\nno series on top")?,
            some => write!(f, "\non top: {}", some.join(", "))?,
        }
        if let (Some(cut), false) = (&self.cut, none_of.is_empty()) {
            write!(f, "; --up-to {} takes no patch of {}", cut.up_to, none_of.join(", "))?;
        }
        for (name, layer) in &self.layers {
            if let Layer::LeftOut { why } = layer {
                write!(f, "\nleft out: {name} {why}")?;
            }
        }
        Ok(())
    }
}
