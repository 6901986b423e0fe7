//! What a column may hold, value by value: for `template --columns COLUMN` and `docs/columns.md`.

use super::{COLUMNS, Column, Spec, sentence};
use crate::model::values;

/// An allowed value, and what is to be said of it; empty where it speaks for itself.
pub type Allowed = (&'static str, &'static str);

/// What is said of a value that only newer pages have.
const NEWER: &str = "on newer pages of Twilio; sent with a warning";

/// Every allowed value of a column that has a list of them, in the order of Twilio's pages.
pub fn allowed(column: Column) -> Vec<Allowed> {
    let spec = column.spec();
    match column {
        Column::Region => values::STATES.to_vec(),
        Column::IsoCountry => vec![("US", "United States")],
        Column::BusinessRegistrationIdentifier => {
            spec.values.iter().copied().zip(values::REGISTRATION_IDENTIFIER_LABELS).collect()
        }
        _ => {
            let newer = spec.newer_values.iter().map(|value| (*value, NEWER));
            spec.values.iter().map(|value| (*value, "")).chain(newer).collect()
        }
    }
}

/// One column in plain text, with every allowed value on a line of its own.
pub fn explained(column: Column) -> String {
    let spec = column.spec();
    let mut text = format!("{} ({}): {}\n{}\n", spec.name, spec.need.words(), spec.help, sentence(spec.rule));
    let allowed = allowed(column);
    let width = allowed.iter().map(|(value, _)| value.chars().count()).max().unwrap_or(0);
    for (value, remark) in allowed {
        text.push_str(format!("  {value:width$}  {remark}").trim_end());
        text.push('\n');
    }
    text
}

/// Every column with every allowed value and every header that is known for it, as a page in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# The columns of the sheet\n\n\
         Written by `trusthub-onboard template -o columns.md`. One column alone: \
         `trusthub-onboard template --columns use_case`.\n\n\
         A value that is not in its list is an error. If Twilio takes it all the same, send it as it is written \
         with `--accept COLUMN=VALUE`; a value of a column that takes any text is accepted in the same way.\n",
    );
    let mut group = None;
    for spec in &COLUMNS {
        if group != Some(spec.group) {
            group = Some(spec.group);
            page.push_str(&format!("\n## {}\n", spec.group.title()));
        }
        page.push_str(&section(spec));
    }
    page
}

fn section(spec: &Spec) -> String {
    let mut text = format!(
        "\n### `{}`\n\n{}: {} {}",
        spec.name,
        capital(spec.need.words()),
        spec.help,
        sentence(spec.rule)
    );
    if !spec.example.is_empty() {
        text.push_str(&format!(" Example: `{}`.", spec.example));
    }
    text.push('\n');
    if !spec.synonyms.is_empty() {
        let headers: Vec<String> = spec.synonyms.iter().map(|header| format!("\"{header}\"")).collect();
        text.push_str(&format!("\nOther headers: {}.\n", headers.join(", ")));
    }
    let allowed = allowed(spec.column);
    if !allowed.is_empty() {
        text.push_str("\nAllowed values:\n\n");
    }
    for (value, remark) in allowed {
        let remark = if remark.is_empty() { String::new() } else { format!(" ({remark})") };
        text.push_str(&format!("- `{value}`{remark}\n"));
    }
    text
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), chars.as_str()))
}
