//! Which patch of which series a case needs: what `run --up-to` leaves out, and what a kernel without a series lacks.

use std::collections::BTreeMap;

use spec::Series;

use super::RunError;
use super::request::unknown;

/// The series that are known, and how far each one goes onto the kernel.
#[derive(Debug, Clone)]
pub(super) struct Promises {
    series: Vec<Reach>,
    /// Series that do not fit the kernel, and why not.
    left_out: Vec<(Series, String)>,
}

#[derive(Debug, Clone)]
struct Reach {
    series: Series,
    patches: usize,
    /// The series, required by this one, that is not whole.
    without: Option<String>,
}

/// Where a prefix ends: `[SERIES:]N`; without a name it is of the first series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UpTo<'a> {
    series: Option<&'a str>,
    count: usize,
}

impl<'a> UpTo<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (series, count) = match text.split_once(':') {
            Some((series, count)) => (Some(series), count),
            None => (None, text),
        };
        Some(Self { series, count: count.parse().ok()? })
    }
}

impl Promises {
    /// All of these series.
    pub(super) fn whole(series: Vec<Series>) -> Self {
        let reach = |series: Series| Reach { patches: series.longest(), without: None, series };
        Self { series: series.into_iter().map(reach).collect(), left_out: Vec::new() }
    }

    /// Cuts one series; those that require it are left out.
    ///
    /// # Errors
    /// There is no such series on this kernel, or it has fewer patches.
    pub(super) fn cut(&mut self, up_to: &UpTo) -> Result<(), RunError> {
        let names = || self.series.iter().map(|reach| reach.series.name.as_str());
        let at = match up_to.series {
            None => 0,
            Some(name) => {
                names().position(|known| known == name).ok_or_else(|| unknown("series", name, names()))?
            }
        };
        let Some(reach) = self.series.get_mut(at) else {
            return Err(RunError::UpTo { why: "this kernel has no series".to_owned() });
        };
        let longest = reach.series.longest();
        if up_to.count > longest {
            let why = format!("series {} has {longest} patches", reach.series.name);
            return Err(RunError::UpTo { why });
        }
        reach.patches = up_to.count;
        if up_to.count < longest {
            self.leave_out(at);
        }
        Ok(())
    }

    /// Takes a series that does not fit the kernel, with the reason as a clause without a subject.
    pub(super) fn leave(&mut self, series: Series, why: &str) {
        self.left_out.push((series, why.to_owned()));
    }

    fn leave_out(&mut self, at: usize) {
        let name = self.series[at].series.name.clone();
        // A series stands behind those that it requires.
        for later in at + 1..self.series.len() {
            if self.series[later].series.requires.contains(&name) && self.series[later].without.is_none() {
                self.series[later].without = Some(name.clone());
                self.series[later].patches = 0;
                self.leave_out(later);
            }
        }
    }

    /// What goes onto the kernel, in order.
    pub(super) fn applied(&self) -> Vec<Series> {
        let applied = self.series.iter().filter(|reach| reach.patches > 0);
        applied
            .map(|reach| {
                let all = reach.patches == reach.series.longest();
                if all { reach.series.clone() } else { reach.series.clone().up_to(reach.patches) }
            })
            .collect()
    }

    /// The series that are not whole: how many patches are taken, and how many there are.
    pub(super) fn short(&self) -> BTreeMap<String, (usize, usize)> {
        let of = |reach: &Reach| (reach.series.name.clone(), (reach.patches, reach.series.longest()));
        self.series.iter().map(of).filter(|(_, (taken, all))| taken < all).collect()
    }

    /// The patch that a case needs and that is not applied; none where nothing says that it needs one.
    pub(super) fn missing(&self, suite: &str, case: &str) -> Option<String> {
        let mut missing = None;
        for reach in &self.series {
            let Some(number) = reach.series.promised_at(suite, case) else { continue };
            if number <= reach.patches {
                return None;
            }
            missing.get_or_insert_with(|| reach.lacks(number));
        }
        missing.or_else(|| self.left_out(suite, case))
    }

    /// The series that a case needs and that does not fit the kernel; none where another one brings the case, be it only by
    /// some of its patches.
    pub(super) fn left_out(&self, suite: &str, case: &str) -> Option<String> {
        if self.series.iter().any(|reach| reach.series.promised_at(suite, case).is_some()) {
            return None;
        }
        let promised = |(series, why): &(Series, String)| {
            Some((series.promised_at(suite, case)?, series.name.clone(), why.clone()))
        };
        let (number, name, why) =
            self.left_out.iter().filter_map(promised).min_by_key(|(number, ..)| *number)?;
        (number > 0).then(|| format!("needs series {name}, which {why}"))
    }
}

impl Reach {
    fn lacks(&self, number: usize) -> String {
        let name = &self.series.name;
        if let Some(without) = &self.without {
            return format!("needs series {name}, which requires all of {without}");
        }
        let all = self.series.longest();
        let subject = self.series.patches.get(number - 1).map(|patch| format!(" ({})", patch.subject));
        format!("needs patch {number} of {all} of series {name}{}", subject.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Two series of three and one patches, the second on top of the first.
    fn two() -> Vec<Series> {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, yaml: &str, count: usize| {
            let folder = dir.path().join(name);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join("series.yaml"), yaml).expect("written");
            for number in 1..=count {
                let text = format!("Subject: [PATCH] cxl: Change {number}\n\n---\n");
                fs::write(folder.join(format!("{number:04}-x.patch")), text).expect("written");
            }
        };
        write("first", "title: t\npromises: { 0: [enumerate], 2: [mock/cycle], 3: [mock] }\n", 3);
        let second = "title: t\nbase: 6.12..6.13\noutside: there is no way\nrequires: [first]\n\
                      promises: { 1: [attach, enumerate] }\n";
        write("second", second, 1);
        Series::load_all(dir.path(), &["second".to_owned()]).expect("two series")
    }

    fn shown(up_to: Option<&str>) -> String {
        let mut promises = Promises::whole(two());
        if let Some(text) = up_to {
            let cut = UpTo::parse(text).map(|up_to| promises.cut(&up_to));
            if let Some(Err(error)) = cut {
                return fault::shown(&error);
            }
        }
        let applied =
            promises.applied().iter().map(|s| format!("{}:{}", s.name, s.patches.len())).collect::<Vec<_>>();
        let cases =
            [("enumerate", "tree"), ("mock", "cycle"), ("mock", "other"), ("attach", "x"), ("own", "y")];
        let cases = cases.map(|(suite, case)| {
            format!("{suite}/{case}: {}", promises.missing(suite, case).unwrap_or_else(|| "runs".to_owned()))
        });
        format!("applied: {}\n{}", applied.join(" "), cases.join("\n"))
    }

    #[test]
    fn everything_runs_on_whole_series() {
        insta::assert_snapshot!(shown(None), @r"
        applied: first:3 second:1
        enumerate/tree: runs
        mock/cycle: runs
        mock/other: runs
        attach/x: runs
        own/y: runs
        ");
    }

    #[test]
    fn a_prefix_runs_what_it_promises_and_names_what_is_missing() {
        insta::assert_snapshot!(shown(Some("2")), @r"
        applied: first:2
        enumerate/tree: runs
        mock/cycle: runs
        mock/other: needs patch 3 of 3 of series first (cxl: Change 3)
        attach/x: needs series second, which requires all of first
        own/y: runs
        ");
        insta::assert_snapshot!(shown(Some("0")), @r"
        applied: 
        enumerate/tree: runs
        mock/cycle: needs patch 2 of 3 of series first (cxl: Change 2)
        mock/other: needs patch 3 of 3 of series first (cxl: Change 3)
        attach/x: needs series second, which requires all of first
        own/y: runs
        ");
        insta::assert_snapshot!(shown(Some("second:0")), @r"
        applied: first:3
        enumerate/tree: runs
        mock/cycle: runs
        mock/other: runs
        attach/x: needs patch 1 of 1 of series second (cxl: Change 1)
        own/y: runs
        ");
    }

    #[test]
    fn a_prefix_that_cannot_be_is_refused() {
        insta::assert_snapshot!(shown(Some("4")), @r"
        --up-to: series first has 3 patches
        hint: --up-to [SERIES:]N takes the first N patches of a series of the kernel; 0 is the kernel without it
        ");
        insta::assert_snapshot!(shown(Some("frist:1")), @r"
        there is no series 'frist'
        hint: did you mean 'first'?
        ");
        assert_eq!(UpTo::parse("two"), None);
        assert_eq!(UpTo::parse("x:-1"), None);
    }

    #[test]
    fn what_a_kernel_lacks_is_brought_by_a_series_or_cannot_be() {
        let known = two();
        let brings = |case: (&str, &str), version: &str| {
            use crate::run::provider::Provider;
            let provider = Provider::of(&known, case.0, case.1)?;
            Some(provider.about(&version.parse().expect("a version")))
        };
        let text = |case, version| brings(case, version).unwrap_or_default();
        insta::assert_snapshot!(text(("attach", "a"), "6.12.3"), @"which series second brings");
        insta::assert_snapshot!(text(("attach", "a"), "7.3"), @"which series second brings to 6.12..6.13: there is no way");
        insta::assert_snapshot!(text(("mock", "cycle"), "7.3"), @"which series first brings");
        assert_eq!(brings(("enumerate", "tree"), "7.3"), None);
    }
}
