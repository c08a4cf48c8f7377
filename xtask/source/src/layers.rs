//! Which series a tree of the user's own has, and which go onto it.

use spec::Series;

use super::apply::{Applied, AppliedState, Stage, Target};
use super::{Conflict, SourceError};

/// What becomes of each series, in order.
pub type Layers = Vec<(String, Layer)>;

/// What becomes of a series on a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// The tree has it.
    Contained,
    /// It goes on top.
    OnTop {
        /// How many of its patches the tree does not have.
        patches: usize,
    },
    /// It does not fit.
    LeftOut {
        /// The reason, as a clause without a subject: "is written for 7.3..7.4".
        why: String,
    },
}

/// What becomes of each series on a tree.
pub(super) fn layers(target: &Target, base: &str, series: &[Series]) -> Result<Layers, SourceError> {
    let mut stage = Stage::new(target);
    let (mut at, mut layers) = (base.to_owned(), Layers::new());
    for one in series {
        let layer = match left_out_with(one, &layers) {
            Some(why) => Layer::LeftOut { why },
            None => layer(target, &mut stage, (base, &mut at), one)?,
        };
        layers.push((one.name.clone(), layer));
    }
    Ok(layers)
}

/// Why a series is left out together with one that it requires.
fn left_out_with(series: &Series, before: &Layers) -> Option<String> {
    let is_left_out = |name: &&String| {
        before.iter().any(|(other, layer)| other == *name && matches!(layer, Layer::LeftOut { .. }))
    };
    series.requires.iter().find(is_left_out).map(|name| format!("requires {name}, which is left out"))
}

fn layer(
    target: &Target,
    stage: &mut Stage,
    (base, at): (&str, &mut String),
    series: &Series,
) -> Result<Layer, SourceError> {
    let applied = match target.apply_one(stage, at, series) {
        Ok(applied) => applied,
        Err(error) => return unfit(series, error).map(|why| Layer::LeftOut { why }),
    };
    if applied.state == AppliedState::Contained {
        let is_in_base = at.as_str() == base
            || matches!(
                target.apply_one(stage, base, series),
                Ok(Applied { state: AppliedState::Contained, .. })
            );
        let why = || "brings what a series on top brings already".to_owned();
        return Ok(if is_in_base { Layer::Contained } else { Layer::LeftOut { why: why() } });
    }
    if let Some(last) = applied.patches.last() {
        at.clone_from(&last.tree);
    }
    Ok(Layer::OnTop { patches: applied.patches.iter().filter(|patch| !patch.contained).count() })
}

/// Why a series does not fit.
///
/// # Errors
/// The error, where it is about something else.
fn unfit(series: &Series, error: SourceError) -> Result<String, SourceError> {
    match error {
        SourceError::Conflict(conflict) => Ok(conflict_in_words(&conflict)),
        SourceError::NoPatches { written_for, .. } => {
            let outside = series.outside.as_ref().map(|why| format!(": {why}"));
            Ok(format!("is written for {written_for}{}", outside.unwrap_or_default()))
        }
        SourceError::NotFetched { series } => {
            Ok(format!("has no patches here: cargo xtask series fetch {series}"))
        }
        other => Err(other),
    }
}

fn conflict_in_words(conflict: &Conflict) -> String {
    let patch = conflict.patch.file_name().unwrap_or_default().to_string_lossy();
    let place = conflict.places.first().map(|place| format!(": {}", place.file));
    format!("does not apply, at {patch}{}", place.unwrap_or_default())
}
