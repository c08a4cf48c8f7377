//! Which mutants are tried, and in which order.

use super::Candidate;
use crate::run::Shard;

/// So many of all, chosen by a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How many that build and differ.
    pub count: usize,
    /// The same seed chooses the same ones.
    pub seed: u64,
}

/// Puts the mutants into the order in which they are tried: of a sample by the seed, else by place. A shard has those whose names
/// fall into it.
pub fn chosen(mut all: Vec<Candidate>, shard: Option<&Shard>, sample: Option<Sample>) -> Vec<Candidate> {
    if let Some(shard) = shard {
        all.retain(|one| u32::from_str_radix(&one.id, 16).unwrap_or_default() % shard.of + 1 == shard.number);
    }
    if let Some(Sample { seed, .. }) = sample {
        all.sort_by_key(|one| host::sha256(format!("{seed} {}", one.id)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Candidate> {
        let one = |number: u32| Candidate {
            id: host::sha256(number.to_string())[..8].to_owned(),
            patch: 1,
            file: "f.c".to_owned(),
            line: number,
            operator: "drop".to_owned(),
            of_lifetime: false,
            diff: String::new(),
            cases: Vec::new(),
        };
        (1..=40).map(one).collect()
    }

    #[test]
    fn shards_have_each_mutant_once() {
        let shards: Vec<Shard> =
            ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().expect("a shard")).collect();
        let mut lines: Vec<u32> =
            shards.iter().flat_map(|shard| chosen(all(), Some(shard), None)).map(|one| one.line).collect();
        assert!(shards.iter().all(|shard| (5..25).contains(&chosen(all(), Some(shard), None).len())));
        lines.sort_unstable();
        assert_eq!(lines, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn a_seed_decides_the_order() {
        let order = |seed: u64| -> Vec<u32> {
            chosen(all(), None, Some(Sample { count: 5, seed })).into_iter().map(|one| one.line).collect()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(chosen(all(), None, None), all(), "by place without a sample");
    }
}
