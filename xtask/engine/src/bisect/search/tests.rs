//! Whole bisections against an oracle that is made up.

use proptest::prelude::*;

use super::*;

const RULE: Rule = Rule { confidence: 0.95, repeat: None };

/// A line with one culprit.
struct World {
    steps: usize,
    first_bad: usize,
    /// Shares of 100 in which a bad step fails.
    percent: u64,
    skipped: Vec<usize>,
    /// Steps that come to the same as the one before.
    same: Vec<usize>,
    /// Shares of 100 of the runs that a mishap spoils.
    mishaps: u64,
    dice: u64,
}

impl World {
    fn new(steps: usize, first_bad: usize) -> Self {
        Self { steps, first_bad, percent: 100, skipped: Vec::new(), same: Vec::new(), mishaps: 0, dice: 1 }
    }

    fn roll(&mut self) -> u64 {
        // SplitMix64.
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 100
    }

    fn see(&mut self, step: usize) -> StepResult {
        if self.skipped.contains(&step) || self.roll() < self.mishaps {
            StepResult::Neither
        } else if step >= self.first_bad && self.roll() < self.percent {
            StepResult::Red
        } else {
            StepResult::Green
        }
    }

    fn content(&self, mut step: usize) -> String {
        while self.same.contains(&step) {
            step -= 1;
        }
        step.to_string()
    }

    /// To its end; with all that was seen.
    fn bisect(&mut self, rule: Rule) -> (Action, Observations) {
        let mut observations = Observations::default();
        loop {
            assert!(observations.records.len() < 5000, "it does not end");
            let search = Search { steps: self.steps, rule, observations: &observations, rate: None };
            match search.next() {
                Action::Run { step, .. } if !observations.contents.contains_key(&step) => {
                    observations.contents.insert(step, self.content(step));
                }
                Action::Run { step, purpose } => {
                    let (seen, why) = (self.see(step), String::new());
                    let run = (!self.skipped.contains(&step)).then(|| "runs/x".to_owned());
                    observations.records.push(Record { step, purpose, seen, why, run, seconds: 1.0 });
                }
                end => return (end, observations),
            }
        }
    }
}

fn shown(observations: &Observations) -> String {
    let purpose = |record: &Record| match record.purpose {
        Purpose::BadEnd => "bad-end",
        Purpose::GoodEnd => "good-end",
        Purpose::Search => "search",
        Purpose::Culprit => "culprit",
        Purpose::Parent => "parent",
    };
    let line = |record: &Record| format!("{} {} {:?}", purpose(record), record.step, record.seen);
    observations.records.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn ends_first_then_halves_then_culprit_and_parent_again() {
    let mut world = World { skipped: vec![8], ..World::new(17, 11) };
    let (end, observations) = world.bisect(RULE);
    let Action::Found(found) = end else { panic!("{end:?}") };
    assert_eq!((found.good, found.bad, found.again), (10, 11, true));
    insta::assert_snapshot!(shown(&observations), @r"
    bad-end 16 Red
    bad-end 16 Red
    bad-end 16 Red
    good-end 0 Green
    search 8 Neither
    search 4 Green
    search 12 Red
    search 6 Green
    search 10 Green
    search 11 Red
    culprit 11 Red
    parent 10 Green
    parent 10 Green
    parent 10 Green
    parent 10 Green
    ");
}

/// Each run that was not its step's first, with the reason why it was made.
fn reasons(steps: usize, rule: Rule, observations: &Observations) -> String {
    let reason = |at: usize| {
        let Record { step, purpose, .. } = observations.records[at];
        let before = Observations {
            records: observations.records[..at].to_vec(),
            contents: observations.contents.clone(),
        };
        let search = Search { steps, rule, observations: &before, rate: None };
        Some(format!("{} {step}: {}", purpose.word(false), search.again(step, purpose)?))
    };
    let mut lines: Vec<_> = (0..observations.records.len()).filter_map(reason).collect();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn a_step_that_is_run_again_says_why() {
    let (_, observations) = World::new(17, 11).bisect(RULE);
    insta::assert_snapshot!(reasons(17, RULE, &observations), @"
    bad end 16: to see how often it fails
    culprit 11: to see it fail once more
    parent 10: the answer rests on it, 1 of 4
    parent 10: the answer rests on it, 2 of 4
    parent 10: the answer rests on it, 3 of 4
    parent 10: the answer rests on it, 4 of 4
    ");
    let often = Rule { repeat: Some(2), ..RULE };
    let (_, observations) = World::new(3, 2).bisect(often);
    insta::assert_snapshot!(reasons(3, often, &observations), @"
    bad end 2: --repeat 2 asks for it
    good end 0: --repeat 2 asks for it
    search 1: --repeat 2 asks for it
    culprit 2: to see it fail once more
    parent 1: the answer rests on it, 1 of 2
    parent 1: the answer rests on it, 2 of 2
    ");
    let mut world = World { mishaps: 10, dice: 3, ..World::new(9, 5) };
    let (_, observations) = world.bisect(RULE);
    let shown = reasons(9, RULE, &observations);
    assert!(shown.contains("search 5: the run before could not be judged\n"), "{shown}");
    let passed = Record {
        step: 1,
        purpose: Purpose::Search,
        seen: StepResult::Green,
        why: String::new(),
        run: None,
        seconds: 1.0,
    };
    let observations = Observations { records: vec![passed], ..Observations::default() };
    let search = Search { steps: 3, rule: RULE, observations: &observations, rate: None };
    let why = search.again(1, Purpose::Search);
    assert_eq!(why.as_deref(), Some("what fails only sometimes may pass by luck"));
    assert_eq!(search.again(2, Purpose::BadEnd), None);
}

#[test]
fn ends_that_are_not_what_they_should_be_are_reported() {
    let end = |world: &mut World| world.bisect(RULE).0;
    assert_eq!(end(&mut World::new(9, 9)), Action::BadEndpoint(BadEndpoint::BadEndGreen));
    assert_eq!(end(&mut World::new(9, 0)), Action::BadEndpoint(BadEndpoint::GoodEndRed));
    let skipped = |step| World { skipped: vec![step], ..World::new(9, 4) };
    assert_eq!(end(&mut skipped(0)), Action::BadEndpoint(BadEndpoint::GoodEndSkipped));
    let (bad, observations) = skipped(8).bisect(RULE);
    assert_eq!((bad, observations.records.len()), (Action::BadEndpoint(BadEndpoint::BadEndSkipped), 1));
}

#[test]
fn what_comes_to_the_same_is_not_run_again() {
    let mut world = World { same: (20..60).collect(), ..World::new(65, 61) };
    let (end, observations) = world.bisect(RULE);
    let Action::Found(found) = end else { panic!("{end:?}") };
    assert_eq!((found.good, found.bad), (60, 61));
    let runs =
        observations.records.iter().filter(|r| r.purpose == Purpose::Search && (19..60).contains(&r.step));
    assert_eq!(runs.count(), 1, "{}", shown(&observations));
}

#[test]
fn a_failure_in_half_of_the_boots_is_found_with_the_promised_confidence() {
    for percent in [30, 50, 80] {
        let (mut right, mut wrong, mut none) = (0, 0, 0);
        for seed in 0..200 {
            let first_bad = 1 + usize::try_from(seed * 7 % 32).expect("small");
            let mut world = World { percent, dice: seed << 32 | percent, ..World::new(33, first_bad) };
            match world.bisect(RULE).0 {
                Action::Found(found) if found.bad == first_bad && found.good == first_bad - 1 => right += 1,
                Action::Found(_) => wrong += 1,
                _ => none += 1,
            }
        }
        // Of 200, 5 % are 10.
        assert!(wrong <= 10, "{percent} %: {right} right, {wrong} wrong, {none} without an answer");
        assert!(right >= 170, "{percent} %: {right} right, {wrong} wrong, {none} without an answer");
    }
}

#[test]
fn a_mishap_now_and_then_skips_nothing() {
    for seed in 0..50 {
        let mut world = World { percent: 50, mishaps: 3, dice: seed << 32, ..World::new(17, 9) };
        let (end, observations) = world.bisect(RULE);
        let Action::Found(found) = end else { continue };
        assert_eq!(found.bad - found.good, 1, "{}", shown(&observations));
    }
    // What shows neither every time is skipped, after the second run.
    let mut world = World { mishaps: 100, ..World::new(9, 4) };
    let (end, observations) = world.bisect(RULE);
    assert_eq!((end, observations.records.len()), (Action::BadEndpoint(BadEndpoint::BadEndSkipped), 2));
}

#[test]
fn repeat_takes_the_place_of_the_rate() {
    let mut world = World::new(9, 4);
    let (_, observations) = world.bisect(Rule { repeat: Some(2), ..RULE });
    let of = |purpose| observations.records.iter().filter(|record| record.purpose == purpose).count();
    assert_eq!(of(Purpose::BadEnd), 2);
    assert_eq!(of(Purpose::GoodEnd), 2);
    assert_eq!(of(Purpose::Parent), 2);
}

proptest! {
    #[test]
    fn every_course_ends_and_a_sure_failure_is_found(
        steps in 2usize..80,
        place in any::<prop::sample::Index>(),
        skips in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        same in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let first_bad = 1 + place.index(steps - 1);
        let inner = |index: &prop::sample::Index| index.index(steps);
        let mut world = World::new(steps, first_bad);
        world.skipped = skips.iter().map(inner).filter(|step| *step != 0 && *step != steps - 1).collect();
        // What comes to the same fails, and skips, the same.
        let same = same.iter().map(inner).filter(|step| *step > 0 && *step != first_bad);
        world.same = same.filter(|step| world.skipped.contains(step) == world.skipped.contains(&(step - 1))).collect();
        let (end, observations) = world.bisect(RULE);
        let Action::Found(found) = end else { return Err(TestCaseError::fail(format!("{end:?}"))) };
        prop_assert!(found.good < first_bad && first_bad <= found.bad, "{}", shown(&observations));
        prop_assert!((found.good + 1..found.bad).all(|step| world.skipped.contains(&step)));
        // Its records alone lead to the same end, and half of them to a search that goes on.
        let half = Observations { records: observations.records[..observations.records.len() / 2].to_vec(), ..observations.clone() };
        let search = Search { steps, rule: RULE, observations: &half, rate: None };
        let next = search.next();
        prop_assert!(matches!(next, Action::Run { .. }), "{next:?}");
    }

    #[test]
    fn a_flaky_oracle_never_keeps_a_course_from_ending(steps in 2usize..40, percent in 1u64..100, dice in any::<u64>()) {
        let mut world = World { percent, dice, ..World::new(steps, 1 + steps / 2) };
        if let (Action::Found(found), _) = world.bisect(RULE) {
            prop_assert!(found.good < found.bad);
        }
    }
}
