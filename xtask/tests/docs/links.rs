//! Links between pages, and to files of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::pages::{Page, root};

/// A link or a picture, and where it stands.
struct Link {
    target: String,
    line: usize,
}

fn parser(page: &Page) -> impl Iterator<Item = (Event<'_>, std::ops::Range<usize>)> {
    Parser::new_ext(&page.text, Options::ENABLE_TABLES).into_offset_iter()
}

/// Links into the repository: nothing here can ask the network.
fn links(page: &Page) -> Vec<Link> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.into_string())
        }
        _ => None,
    };
    parser(page)
        .filter_map(|(event, range)| {
            target(event).map(|target| Link { target, line: page.line(range.start) })
        })
        .filter(|link| !link.target.contains("://") && !link.target.starts_with("mailto:"))
        .collect()
}

/// What a link leads to: a path in the repository, and the heading's anchor.
fn resolve(page: &Page, target: &str) -> (String, Option<String>) {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file {
        "" => PathBuf::from(&page.name),
        file => Path::new(&page.name).parent().unwrap_or(Path::new("")).join(file),
    };
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
        }
    }
    (parts.join("/"), anchor.map(str::to_owned))
}

/// The links of a page that lead nowhere.
pub fn broken(page: &Page, pages: &[Page]) -> Vec<String> {
    let headings: BTreeMap<_, _> = pages.iter().map(|page| (page.name.as_str(), anchors(page))).collect();
    let wrong = |link: &Link| -> Option<String> {
        let (path, anchor) = resolve(page, &link.target);
        if !root().join(&path).exists() {
            return Some("there is no such file".to_owned());
        }
        let anchor = anchor?;
        match headings.get(path.as_str()) {
            Some(known) if known.contains(&anchor) => None,
            Some(known) => Some(format!("there is no such heading among {known:?}")),
            None => Some("an anchor in what is no page".to_owned()),
        }
    };
    links(page)
        .iter()
        .filter_map(|link| {
            wrong(link).map(|why| format!("{}:{}: {}: {why}", page.name, link.line, link.target))
        })
        .collect()
}

/// The pages and files that a page links to, as paths in the repository.
pub fn targets(page: &Page) -> Vec<String> {
    links(page)
        .iter()
        .map(|link| resolve(page, &link.target).0)
        .map(|path| path.replace("docs/site/", ""))
        .collect()
}

/// The pages that a reader gets to from this one, itself among them.
pub fn reachable(from: &Page, pages: &[Page]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![from.name.clone()];
    while let Some(name) = open.pop() {
        let Some(page) = pages.iter().find(|page| page.name == name) else { continue };
        if found.insert(name) {
            open.extend(targets(page));
        }
    }
    found
}

/// The anchors of a page's headings, as GitHub and mdBook make them: lower case, spaces as hyphens, no punctuation. Those that are
/// written as HTML count too.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for (event, _) in parser(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|text| slug(&text))),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                anchors.extend(
                    html.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
                );
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
