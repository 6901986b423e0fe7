//! The plan for people: rows that do the same are one line.

use super::{Action, Does, RowPlan};
use std::collections::HashMap;

/// How many stretches of rows are named for rows that do the same.
const STRETCHES_MAX: usize = 6;

/// Rows that do the same, in the order in which they come in the sheet.
#[derive(Default)]
pub struct Groups {
    groups: Vec<Group>,
    places: HashMap<String, usize>,
}

struct Group {
    action: Action,
    text: String,
    hint: Option<String>,
    since: Option<String>,
    phone_numbers: usize,
    rows: u64,
    /// Neighbouring rows as their first and last.
    stretches: Vec<(u64, u64)>,
}

impl Groups {
    pub fn add(&mut self, plan: &RowPlan) {
        if plan.action == Action::Invalid {
            // `validate` says what is wrong with each, and groups it better.
            return self.put(plan, "invalid; `validate` says what is wrong".to_owned(), None);
        }
        let hint = plan.does.iter().find_map(|it| it.hint.clone());
        let texts: Vec<String> = plan.does.iter().map(in_words).collect();
        self.put(plan, texts.join(", "), hint);
    }

    fn put(&mut self, plan: &RowPlan, text: String, hint: Option<String>) {
        let place = *self.places.entry(text.clone()).or_insert_with(|| {
            self.groups.push(Group {
                action: plan.action,
                text,
                hint,
                since: None,
                phone_numbers: 0,
                rows: 0,
                stretches: vec![],
            });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(place) else { return };
        group.rows += 1;
        group.phone_numbers += plan.does.iter().filter_map(|it| it.phone_numbers).sum::<usize>();
        for since in plan.does.iter().filter_map(|it| it.since.clone()) {
            if group.since.as_ref().is_none_or(|earliest| since < *earliest) {
                group.since = Some(since);
            }
        }
        match group.stretches.last_mut() {
            Some((_, last)) if *last + 1 == plan.row => *last = plan.row,
            _ => group.stretches.push((plan.row, plan.row)),
        }
    }

    /// A line for each group, and one for what to do about it, where there is something.
    pub fn lines(&self) -> Vec<String> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        // What changes something first; of one kind, in the order of the sheet.
        groups.sort_by_key(|it| it.action);
        let mut lines = vec![];
        for group in groups {
            let mut text = group.text.clone();
            if let Some(since) = &group.since {
                let first = if group.rows > 1 { "the first since" } else { "since" };
                text = format!("{text}, {first} {since}");
            }
            lines.push(format!("{:>8}  {text}  ({})", group.rows, rows(&group.stretches, group.rows)));
            if let Some(hint) = &group.hint {
                lines.push(format!("          {hint}"));
            }
        }
        lines
    }
}

fn rows(stretches: &[(u64, u64)], count: u64) -> String {
    let spelled = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let shown: Vec<String> = stretches.iter().take(STRETCHES_MAX).map(spelled).collect();
    let more: u64 = stretches.iter().skip(STRETCHES_MAX).map(|it| it.1 - it.0 + 1).sum();
    let word = if count == 1 { "row" } else { "rows" };
    match more {
        0 => format!("{word} {}", shown.join(", ")),
        _ => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

/// One thing that is done, without what differs from row to row.
fn in_words(does: &Does) -> String {
    let bundle = does.bundle.unwrap_or_default();
    let step = does.step.unwrap_or_default();
    let of = |columns: &[&str]| match columns {
        [] => String::new(),
        [one] => format!(" ({one})"),
        several => format!(" (changed: one or more of {})", several.join(", ")),
    };
    match does.action.unwrap_or(Action::Nothing) {
        Action::Create => "create".to_owned(),
        Action::Continue => format!("continue at {step}"),
        Action::Update => format!("update{}", of(&does.columns)),
        Action::AssignNumbers => "put numbers on".to_owned(),
        Action::RemoveNumbers => "take numbers off".to_owned(),
        Action::Submit => format!("submit {bundle}"),
        Action::SubmitAgain => format!("submit {bundle} again"),
        Action::Wait => format!("wait for the review of {bundle}"),
        Action::Blocked => {
            let columns = match does.columns.as_slice() {
                [] => String::new(),
                columns => format!("; look at {}", columns.join(", ")),
            };
            let code = does.code.as_deref().unwrap_or_default();
            let message = does.message.as_deref().unwrap_or_default();
            format!("blocked at {step}: {code}, {message}{columns}")
        }
        Action::Nothing => "nothing to do".to_owned(),
        Action::Invalid => "invalid".to_owned(),
        Action::NotSelected => "left out by --only or --limit".to_owned(),
    }
}
