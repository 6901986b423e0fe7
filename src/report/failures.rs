//! What went wrong, for whoever looks at the terminal after a run: the first failures, those together that need the
//! same to be done.

use super::row::RowReport;
use crate::facts::Outcome;

/// How many failures are shown. Whoever has more reads the results.
pub const SHOWN_MAX: usize = 10;

/// What kinds of failures there are, the most pressing first.
const KINDS: [Outcome; 5] =
    [Outcome::Unsure, Outcome::Refused, Outcome::Rejected, Outcome::Unfinished, Outcome::Invalid];

/// The failures of a run, gathered row by row.
#[derive(Default)]
pub struct Failures {
    /// The first of each kind, and how many there are.
    kinds: [(Vec<Failure>, u64); KINDS.len()],
}

struct Failure {
    row: u64,
    business_name: String,
    what: String,
    fix: String,
}

impl Failures {
    pub fn clear(&mut self) {
        *self = Failures::default();
    }

    /// Takes in a row, if it has failed.
    pub fn add(&mut self, row: &RowReport) {
        let Some(kind) = KINDS.iter().position(|it| *it == row.outcome) else { return };
        let (kept, count) = &mut self.kinds[kind];
        *count += 1;
        if kept.len() < SHOWN_MAX {
            kept.push(Failure {
                row: row.row,
                business_name: row.business_name.clone(),
                what: row.words(),
                fix: row.hint().to_owned(),
            });
        }
    }

    /// What is to be printed, line by line; nothing where nothing failed. `results` is where all of them are.
    pub fn lines(&self, results: &str) -> Vec<String> {
        let mut lines = vec![];
        let (mut shown, mut all) = (0, 0);
        for (kind, (kept, count)) in KINDS.iter().zip(&self.kinds) {
            all += count;
            let kept = &kept[..kept.len().min(SHOWN_MAX - shown)];
            shown += kept.len();
            for (number, group) in groups(kept).into_iter().enumerate() {
                if number == 0 {
                    lines.push(format!("{}: {count}", kind.word()));
                }
                lines.extend(group_lines(&group));
            }
        }
        let more = all - shown as u64;
        if more > 0 {
            lines.push(format!("and {more} more: see the columns error_message and hint of {results}"));
        }
        lines
    }
}

/// Those together that need the same to be done, each group where its first one stands.
fn groups(failures: &[Failure]) -> Vec<Vec<&Failure>> {
    let mut groups: Vec<Vec<&Failure>> = vec![];
    for failure in failures {
        match groups.iter_mut().find(|group| group[0].fix == failure.fix) {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    groups
}

fn group_lines(group: &[&Failure]) -> Vec<String> {
    let is_one_thing = group.iter().all(|it| it.what == group[0].what);
    let mut lines: Vec<String> = group
        .iter()
        .map(|it| match is_one_thing {
            true => format!("  row {}  {}", it.row, it.business_name),
            false => format!("  row {}  {}: {}", it.row, it.business_name, it.what),
        })
        .collect();
    if is_one_thing && !group[0].what.is_empty() {
        lines.push(format!("    What: {}", group[0].what));
    }
    if !group[0].fix.is_empty() {
        lines.push(format!("    To do: {}", group[0].fix));
    }
    lines
}
