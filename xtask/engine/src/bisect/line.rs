//! The search itself: a line of steps that turns from good to bad somewhere, some of which cannot be judged. Pure.
//!
//! A line is enough: a series is one, a history along its first parents is one, and so is each side branch of a merge.

use serde::{Deserialize, Serialize};

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It does not have the failure.
    Good,
    /// It has.
    Bad,
    /// It cannot be judged: it does not build, or something else is wrong with it.
    Skip,
}

/// Where a search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This step is to be judged.
    Test(usize),
    /// Between these two there is nothing left to judge: the culprit is the bad one, or a skipped one before it.
    Between {
        /// The last good step.
        good: usize,
        /// The first bad one.
        bad: usize,
    },
}

/// What to do next, where the first step is good and the last one bad.
///
/// The answer of a step counts for all on its side: a bad one makes all later ones bad, a good one before it all earlier ones good.
/// Of the unknown, the middle is tested; around skipped steps the middle of what is left on either side, since neighbours of
/// what does not build most often do not build either.
pub fn next(answers: &[Option<Answer>]) -> Next {
    let last = answers.len().saturating_sub(1);
    let bad = answers.iter().position(|answer| *answer == Some(Answer::Bad)).unwrap_or(last);
    let good = answers[..bad].iter().rposition(|answer| *answer == Some(Answer::Good)).unwrap_or(0);
    let mut best: Option<(usize, usize)> = None;
    let mut at = good + 1;
    while at < bad {
        let gap = answers[at..bad].iter().take_while(|answer| answer.is_none()).count();
        if gap > 0 {
            let middle = at + gap / 2;
            // At least so many steps an answer rules out.
            let worth = (middle - good).min(bad - middle);
            if best.is_none_or(|(before, _)| worth > before) {
                best = Some((worth, middle));
            }
        }
        at += gap.max(1);
    }
    best.map_or(Next::Between { good, bad }, |(_, step)| Next::Test(step))
}

/// The steps between the last good and the first bad one, the bad one with them: one of these is it.
pub fn suspects(answers: &[Option<Answer>]) -> std::ops::RangeInclusive<usize> {
    let last = answers.len().saturating_sub(1);
    let bad = answers.iter().position(|answer| *answer == Some(Answer::Bad)).unwrap_or(last);
    let good = answers[..bad].iter().rposition(|answer| *answer == Some(Answer::Good)).unwrap_or(0);
    good + 1..=bad
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Searches a line; what it ends with and the steps that were tested.
    fn search(steps: usize, of: impl Fn(usize) -> Answer) -> (Next, Vec<usize>) {
        let mut answers = vec![None; steps];
        let mut tested = Vec::new();
        loop {
            match next(&answers) {
                Next::Test(step) => {
                    assert!(answers[step].is_none(), "step {step} twice");
                    answers[step] = Some(of(step));
                    tested.push(step);
                }
                end @ Next::Between { .. } => return (end, tested),
            }
        }
    }

    #[test]
    fn a_line_is_halved() {
        let (end, tested) = search(65, |step| if step >= 23 { Answer::Bad } else { Answer::Good });
        assert_eq!(end, Next::Between { good: 22, bad: 23 });
        assert_eq!(tested, [32, 16, 24, 20, 22, 23]);
    }

    #[test]
    fn a_stretch_that_does_not_build_is_left_behind_after_a_few_steps() {
        let of = |step| match step {
            28..=40 => Answer::Skip,
            50.. => Answer::Bad,
            _ => Answer::Good,
        };
        let (end, tested) = search(65, of);
        assert_eq!(end, Next::Between { good: 49, bad: 50 });
        assert_eq!(tested, [32, 16, 48, 56, 52, 50, 49]);
    }

    #[test]
    fn what_hides_in_a_stretch_is_one_of_it() {
        let of = |step| match step {
            30..=35 => Answer::Skip,
            36.. => Answer::Bad,
            _ => Answer::Good,
        };
        let (end, tested) = search(65, of);
        assert_eq!(end, Next::Between { good: 29, bad: 36 });
        assert!(tested.len() <= 15, "{tested:?}");
    }

    proptest! {
        #[test]
        fn the_culprit_or_the_stretch_with_it_is_found(
            steps in 2usize..200,
            place in any::<prop::sample::Index>(),
            skips in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let first_bad = 1 + place.index(steps - 1);
            let mut skip = vec![false; steps];
            for index in skips {
                // The ends were judged before.
                let step = index.index(steps);
                skip[step] = step != 0 && step != steps - 1;
            }
            let (end, tested) = search(steps, |step| match step {
                _ if skip[step] => Answer::Skip,
                _ if step >= first_bad => Answer::Bad,
                _ => Answer::Good,
            });
            let Next::Between { good, bad } = end else { unreachable!() };
            prop_assert!(good < first_bad && first_bad <= bad);
            prop_assert!((good + 1..bad).all(|step| skip[step]));
            let skipped = tested.iter().filter(|step| skip[**step]).count();
            // Each skip costs itself and at most a few answers that rule out less than half.
            let halvings = usize::BITS as usize - steps.leading_zeros() as usize;
            prop_assert!(tested.len() <= 2 * halvings + 2 * skipped, "{} steps of {steps}: {tested:?}", tested.len());
        }

        #[test]
        fn whatever_the_answers_the_search_ends(steps in 2usize..60, answers in prop::collection::vec(0u8..3, 60)) {
            let of = |step: usize| [Answer::Good, Answer::Bad, Answer::Skip][answers[step] as usize];
            let (end, tested) = search(steps, of);
            let Next::Between { good, bad } = end else { unreachable!() };
            prop_assert!(good < bad && bad < steps && tested.len() < steps);
        }
    }
}
