//! What starts next. Pure: it knows neither kernels nor guests, only what they need and what is free.
//!
//! One kernel is prepared at a time, since make fills the machine by itself; cells start as soon as their kernel is there,
//! those that were red first, then the longest, as many at a time as there are slots and as fit into memory.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Make a kernel ready.
    Prepare {
        /// Which plan's.
        plan: usize,
    },
    /// Run a cell.
    Cell {
        /// Which plan's.
        plan: usize,
        /// Which of its cells.
        cell: usize,
    },
}

/// What a cell needs while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resources {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds that it is expected to take.
    pub seconds: f64,
    /// Whether it was red when it last ran.
    pub was_red: bool,
}

impl Resources {
    /// The sooner it should start, the greater: who waits for a verdict waits for what was red, and a long one that starts last is
    /// waited for alone.
    fn urgency(&self, other: &Self) -> Ordering {
        self.was_red.cmp(&other.was_red).then(self.seconds.total_cmp(&other.seconds))
    }
}

/// The place of what should start first: of those that are as urgent, the first.
pub(super) fn most_urgent<'a>(needs: impl Iterator<Item = (usize, &'a Resources)>) -> Option<usize> {
    needs.max_by(|(a, one), (b, other)| one.urgency(other).then(b.cmp(a))).map(|(at, _)| at)
}

/// What an engine can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How much may go on at the same time.
    pub slots: usize,
    /// Bytes of memory for guests.
    pub memory: u64,
}

/// What is done, what goes on, and what waits.
#[derive(Debug)]
pub(super) struct Schedule {
    limits: Limits,
    /// Plans whose kernel is not begun, the last one first.
    unprepared: Vec<usize>,
    waiting: Vec<(Task, Resources)>,
    running: BTreeMap<Task, Resources>,
    stopped: bool,
}

impl Schedule {
    pub(super) fn new(limits: Limits, plans: usize) -> Self {
        let unprepared = (0..plans).rev().collect();
        let (waiting, running) = (Vec::new(), BTreeMap::new());
        Self { limits, unprepared, waiting, running, stopped: false }
    }

    /// What is to be started now; nothing where all must wait, or nothing is left.
    pub(super) fn next(&mut self) -> Option<Task> {
        if self.stopped || self.running.len() >= self.limits.slots.max(1) {
            return None;
        }
        let prepares = self.running.keys().any(|task| matches!(task, Task::Prepare { .. }));
        if !prepares && let Some(plan) = self.unprepared.pop() {
            let task = Task::Prepare { plan };
            self.running.insert(task, Resources { memory: 0, seconds: 0.0, was_red: false });
            return Some(task);
        }
        let used: u64 = self.running.values().map(|need| need.memory).sum();
        // What is larger than the machine runs all the same, with no guest beside it.
        let fits = |need: &Resources| used == 0 || used.saturating_add(need.memory) <= self.limits.memory;
        let waiting = self.waiting.iter().map(|(_, need)| need).enumerate();
        let at = most_urgent(waiting.filter(|(_, need)| fits(need)))?;
        let (task, need) = self.waiting.remove(at);
        self.running.insert(task, need);
        Some(task)
    }

    /// A plan's kernel is there: its cells wait for their turn.
    pub(super) fn ready(&mut self, plan: usize, cells: impl IntoIterator<Item = Resources>) {
        let cells = cells.into_iter().enumerate();
        self.waiting.extend(cells.map(|(cell, need)| (Task::Cell { plan, cell }, need)));
    }

    /// A task has ended, however it did.
    pub(super) fn ended(&mut self, task: Task) {
        self.running.remove(&task);
    }

    /// Nothing more is started.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether nothing goes on and nothing will.
    pub(super) fn is_over(&self) -> bool {
        self.running.is_empty() && (self.stopped || self.unprepared.is_empty() && self.waiting.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn need(memory: u64, seconds: f64) -> Resources {
        Resources { memory, seconds, was_red: false }
    }

    #[test]
    fn what_was_red_comes_before_what_takes_longer() {
        let mut schedule = Schedule::new(Limits { slots: 1, memory: 100 }, 1);
        let prepare = schedule.next().expect("a kernel");
        let red = |seconds| Resources { was_red: true, ..need(1, seconds) };
        schedule.ready(0, [need(1, 9.0), red(1.0), need(1, 9.5), red(2.0)]);
        schedule.ended(prepare);
        let mut order = Vec::new();
        while let Some(task) = schedule.next() {
            schedule.ended(task);
            order.push(task);
        }
        assert_eq!(order, [3, 1, 2, 0].map(|cell| Task::Cell { plan: 0, cell }));
    }

    #[test]
    fn kernels_come_one_by_one_and_cells_beside_them_the_longest_first() {
        let mut schedule = Schedule::new(Limits { slots: 2, memory: 100 }, 2);
        let first = Task::Prepare { plan: 0 };
        assert_eq!(schedule.next(), Some(first));
        assert_eq!(schedule.next(), None);
        schedule.ready(0, [need(10, 1.0), need(10, 9.0), need(10, 5.0)]);
        schedule.ended(first);
        let started: Vec<_> = std::iter::from_fn(|| schedule.next()).collect();
        assert_eq!(started, [Task::Prepare { plan: 1 }, Task::Cell { plan: 0, cell: 1 }]);
        schedule.ended(started[1]);
        assert_eq!(schedule.next(), Some(Task::Cell { plan: 0, cell: 2 }));
        assert!(!schedule.is_over());
    }

    #[test]
    fn memory_holds_back_what_does_not_fit() {
        let mut schedule = Schedule::new(Limits { slots: 4, memory: 100 }, 1);
        let prepare = schedule.next().expect("a kernel");
        schedule.ready(0, [need(60, 9.0), need(60, 8.0), need(40, 1.0), need(500, 0.5)]);
        schedule.ended(prepare);
        let started: Vec<_> = std::iter::from_fn(|| schedule.next()).collect();
        assert_eq!(started, [Task::Cell { plan: 0, cell: 0 }, Task::Cell { plan: 0, cell: 2 }]);
    }

    #[test]
    fn after_a_stop_nothing_is_started() {
        let mut schedule = Schedule::new(Limits { slots: 1, memory: 0 }, 2);
        let prepare = schedule.next().expect("a kernel");
        schedule.ready(0, [need(1, 1.0)]);
        schedule.stop();
        schedule.ended(prepare);
        assert_eq!((schedule.next(), schedule.is_over()), (None, true));
    }

    proptest! {
        /// Whatever ends in whatever order, everything runs once, and never too much at a time.
        #[test]
        fn everything_runs_once_within_the_limits(
            plans in proptest::collection::vec(proptest::collection::vec((1u64..200, 0.0..100.0f64), 0..6), 1..4),
            slots in 1usize..5, memory in 1u64..300, seed in any::<u64>(),
        ) {
            let mut schedule = Schedule::new(Limits { slots, memory }, plans.len());
            let (mut running, mut ran, mut random) = (Vec::new(), Vec::new(), seed);
            loop {
                while let Some(task) = schedule.next() {
                    running.push(task);
                }
                prop_assert!(running.len() <= slots);
                let of = |task: &Task| match task { Task::Cell { plan, cell } => plans[*plan][*cell].0, Task::Prepare { .. } => 0 };
                let guests = running.iter().filter(|task| of(task) > 0).count();
                prop_assert!(guests <= 1 || running.iter().map(of).sum::<u64>() <= memory);
                if running.is_empty() { break; }
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let task = running.swap_remove((random >> 33) as usize % running.len());
                if let Task::Prepare { plan } = task {
                    schedule.ready(plan, plans[plan].iter().map(|(memory, seconds)| need(*memory, *seconds)));
                }
                ran.push(task);
                schedule.ended(task);
            }
            prop_assert!(schedule.is_over());
            let count = ran.len();
            ran.sort();
            ran.dedup();
            prop_assert_eq!((ran.len(), count), (plans.len() + plans.iter().map(Vec::len).sum::<usize>(), count));
        }
    }
}
