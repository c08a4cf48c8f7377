//! A series as the files that `git send-email` takes. Pure.

mod cover;
mod diffstat;
mod options;
mod signoff;
#[cfg(test)]
mod tests;

pub use cover::has_changes;
pub use options::Options;
pub use signoff::is_nobody;

use spec::Series;
use spec::series::COVER;

use crate::series::mail::{Message, slug};

/// The files, and what is worth knowing about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Names with contents, in order.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is missing before they can be sent.
    pub notes: Vec<String>,
}

/// Makes the files: subjects with the counter and the version, a cover letter with what changed, the base. Patches that have
/// the right subject are the same byte for byte.
pub fn export(
    series: &Series,
    cover: Option<Message>,
    mut patches: Vec<Message>,
    options: &Options,
) -> Exported {
    let version = options.version.unwrap_or(series.version);
    let total = patches.len();
    let mut exported = Exported::default();
    let prefixes = options.prefix.clone();
    let tag = |message: &Message, number: usize, counted: bool| {
        let mut subject = message.subject();
        if let Some(prefix) = &prefixes {
            subject.words = prefix.split_whitespace().map(str::to_owned).collect();
        }
        subject.tag(version, counted.then_some((number, total)))
    };
    let counted = total > 1 || cover.is_some();
    let footer = cover::footer(series, options);
    if footer.is_empty() {
        exported.notes.push("nothing says on which commit it is based; --base COMMIT does".to_owned());
    }
    let described = cover::changes(series, version);
    if version > 1 && !series.posted.changes.contains_key(&version) {
        let has_changes = cover.iter().chain(&patches).any(|mail| cover::has_changes(&mail.text(), version));
        if !has_changes {
            let note = format!(
                "nothing says what changed in v{version}; `changes: {{ {version}: [...] }}` in series.yaml does"
            );
            exported.notes.push(note);
        }
    }
    if counted {
        let mut cover = cover.unwrap_or_else(|| {
            exported
                .notes
                .push(format!("the cover letter has to be written: {COVER} in its folder is taken"));
            cover::blank(series, &patches)
        });
        cover::complete(&mut cover, &described, &footer);
        if let Some(sender) = &options.signoff {
            signoff::author(&mut cover, sender);
        }
        let tag = tag(&cover, 0, true);
        cover.set_subject(&tag);
        cover.declare_utf8();
        cover.forget_thread();
        exported.files.push((COVER.to_owned(), cover.render()));
    } else if let Some(only) = patches.first_mut() {
        cover::complete_single(only, &described, &footer);
    }
    for (number, mut patch) in patches.into_iter().enumerate() {
        let tag = tag(&patch, number + 1, counted);
        patch.set_subject(&tag);
        patch.declare_utf8();
        patch.forget_thread();
        if let Some(sender) = &options.signoff {
            signoff::sign_off(&mut patch, sender);
        }
        exported
            .files
            .push((format!("{:04}-{}.patch", number + 1, slug(&patch.subject().title)), patch.render()));
    }
    exported
}
