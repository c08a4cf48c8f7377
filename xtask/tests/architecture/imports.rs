//! What a module imports of its own crate: in `use`, grouped or not, and by a path in its code.

use std::sync::LazyLock;

use regex::Regex;

use crate::sources::Module;

static USE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(?P<public>pub(?:\([^)]*\))? )?use (?P<tree>[^;]+);").expect("a regex")
});
static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:crate|super|self)(?:::\w+)+|\b[a-z_]\w*(?:::\w+)+").expect("a regex"));

/// Paths from the crate's root that a module uses. Those of other crates are among them as far as they look alike.
pub fn of(module: &Module) -> Vec<Vec<String>> {
    let private = USE.captures_iter(&module.code).filter(|found| found.name("public").is_none());
    let used = private.flat_map(|found| flatten(&found["tree"]));
    let body = USE.replace_all(&module.code, "");
    let inline = PATH
        .find_iter(&body)
        .filter(|found| !body[..found.start()].ends_with(':'))
        .map(|found| found.as_str().split("::").map(str::to_owned).collect());
    used.chain(inline).filter_map(|path: Vec<String>| absolute(&module.path, &path)).collect()
}

/// What a module re-exports: the name, and where it comes from.
pub fn reexports(module: &Module) -> Vec<(String, Vec<String>)> {
    let public = USE.captures_iter(&module.code).filter(|found| found.name("public").is_some());
    public
        .flat_map(|found| flatten(&found["tree"]))
        .filter_map(|path| Some((path.last()?.clone(), absolute(&module.path, &path)?)))
        .collect()
}

/// `a::{b, c::{d, self}}` as `a::b`, `a::c::d`, `a::c`.
fn flatten(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((before, inside)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        let parts = name.split("::").map(|part| part.trim().to_owned());
        return vec![parts.filter(|part| part != "self").collect()];
    };
    let before: Vec<String> =
        before.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    split(inside)
        .into_iter()
        .flat_map(flatten)
        .map(|rest| before.iter().cloned().chain(rest).collect())
        .collect()
}

/// At the commas that are in no braces.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[begin..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

/// A path as seen from the crate's root; nothing where it leads out of it.
fn absolute(from: &[String], path: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let base = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "super" => &from[..from.len().checked_sub(ups)?],
        // `self`, or the name of a module below, or of another crate.
        _ => from,
    };
    let rest = path[ups..].iter().skip_while(|part| *part == "self");
    Some(base.iter().chain(rest).cloned().collect())
}

#[test]
fn grouped_imports_are_seen() {
    let paths: Vec<_> =
        flatten("crate::{judge::{self, Judged}, run::cell::*}").iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["crate::judge", "crate::judge::Judged", "crate::run::cell::*"]);
}

#[test]
fn a_path_through_super_is_one_from_the_root() {
    let from = ["run".to_owned(), "cell".to_owned()];
    let seen = |path: &str| {
        absolute(&from, &path.split("::").map(str::to_owned).collect::<Vec<_>>()).map(|path| path.join("::"))
    };
    assert_eq!(seen("super::super::judge::Judged").as_deref(), Some("judge::Judged"));
    assert_eq!(seen("super::plan::Plan").as_deref(), Some("run::plan::Plan"));
    assert_eq!(seen("self::retries::retry").as_deref(), Some("run::cell::retries::retry"));
    assert_eq!(seen("super::super::super::x"), None);
}
