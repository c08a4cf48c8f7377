//! Small wrong versions of C code, made from its syntax tree: what a test that passes should have noticed.
//!
//! ```
//! let source = "int f(int a)\n{\n\tif (a > 2)\n\t\treturn -EINVAL;\n\treturn 0;\n}\n";
//! let all = mutants::of_source(source, |line| line == 3);
//! let shown: Vec<_> = all.iter().map(|mutant| mutant.apply(source).lines().nth(2).unwrap_or("").to_owned()).collect();
//! assert_eq!(shown, ["\tif (!(a > 2))", "\tif (1)", "\tif (0)", "\tif (a >= 2)", "\tif (a > 3)"]);
//! ```
//!
//! Logging, assertions and declarations are left alone: nobody tests what is printed. Code that the parser does not understand is left
//! alone as well, since a mutant of it would not compile.

mod exempt;
mod mutant;
#[cfg(test)]
mod tests;
mod walk;

pub use mutant::{Mutant, Operator};

/// The mutants of some lines of a C source, by place.
pub fn of_source(source: &str, wanted: impl Fn(u32) -> bool) -> Vec<Mutant> {
    let mut found = walk::mutants(source);
    found.retain(|mutant| wanted(mutant.line));
    found.sort_by_key(|mutant| (mutant.line, mutant.from, mutant.operator));
    found.dedup_by(|a, b| (a.from, a.to, &a.text) == (b.from, b.to, &b.text));
    found
}
