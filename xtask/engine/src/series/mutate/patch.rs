//! A mutant as a patch.

use mutants::Mutant;

/// Lines of context, as git has them.
const CONTEXT: usize = 3;

/// The change of a file as a diff that `git apply` takes.
pub(super) fn diff(file: &str, source: &str, mutant: &Mutant) -> String {
    let changed = mutant.apply(source);
    let (old, new): (Vec<&str>, Vec<&str>) = (source.lines().collect(), changed.lines().collect());
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same_before..], &new[same_before..]);
    let same_after = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let removed = &old_rest[..old_rest.len() - same_after];
    let added = &new_rest[..new_rest.len() - same_after];
    let start = same_before.saturating_sub(CONTEXT);
    let before = &old[start..same_before];
    let end = same_before + removed.len();
    let after = &old[end..(end + CONTEXT).min(old.len())];
    let (first, context) = (start + 1, before.len() + after.len());
    let mut text = format!(
        "--- a/{file}\n+++ b/{file}\n@@ -{first},{} +{first},{} @@\n",
        context + removed.len(),
        context + added.len()
    );
    for (mark, lines) in [(' ', before), ('-', removed), ('+', added), (' ', after)] {
        for line in lines {
            text.push(mark);
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_a_patch_that_git_takes() {
        let source = "int f(int a)\n{\n\tif (a)\n\t\treturn -EIO;\n\n\tg();\n\th();\n\treturn 0;\n}\n";
        for mutant in mutants::of_source(source, |_| true) {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("f.c");
            fs_err::write(&file, source).expect("written");
            let diff = diff("f.c", source, &mutant);
            let git = host::git::without_config(["apply", "-"]).dir(folder.path()).stdin(diff.clone());
            git.run().unwrap_or_else(|error| panic!("{error}\n{diff}"));
            assert_eq!(fs_err::read_to_string(&file).expect("read"), mutant.apply(source), "{diff}");
        }
    }
}
