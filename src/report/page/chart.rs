//! The charts, drawn without text in them: on a small screen they get narrower, and text would get too small to read.

use super::html::escaped;
use crate::report::history::{Counts, Stage};
use std::fmt::Write;

/// More columns than this are not told apart on a screen; of longer times, the last day of each span is shown.
const COLUMNS_MAX: usize = 90;

/// Fewer days leave the rest of the chart empty, so that one day does not look like a whole month.
const COLUMNS_MIN: usize = 10;

/// The class of a stage in the style sheet.
pub fn class(stage: Stage) -> &'static str {
    match stage {
        Stage::Approved => "approved",
        Stage::ProductInReview => "product",
        Stage::ProfileInReview => "profile",
        Stage::InPreparation => "preparing",
        Stage::NeedsYou => "you",
        Stage::NotBegun => "none",
    }
}

/// The days that are shown: the last one always is.
pub fn sampled(days: &[(String, Counts)]) -> Vec<&(String, Counts)> {
    let span = days.len().div_ceil(COLUMNS_MAX).max(1);
    let mut shown: Vec<_> = days.iter().rev().step_by(span).collect();
    shown.reverse();
    shown
}

/// Customers by stage, one column for each day.
pub fn by_day(days: &[&(String, Counts)]) -> String {
    let total = days.iter().map(|it| it.1.iter().sum::<u64>()).max().unwrap_or(0).max(1);
    let columns = days.len().max(COLUMNS_MIN) as f64;
    let (width, height) = (1_000.0 / columns, 400.0);
    let mut svg = String::from(
        "<svg class=\"chart\" viewBox=\"0 0 1000 400\" preserveAspectRatio=\"none\" role=\"img\" ",
    );
    svg.push_str(
        "aria-label=\"Customers by stage at the end of each day; the table below has the figures\">",
    );
    for (at, (date, counts)) in days.iter().enumerate() {
        let mut top = height;
        for (stage, count) in Stage::ALL.into_iter().zip(counts).filter(|it| *it.1 > 0) {
            let part = *count as f64 / total as f64 * height;
            top -= part;
            let _ = write!(
                svg,
                "<rect class=\"{}\" x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{part:.2}\"><title>{}: {count} \
                 {}</title></rect>",
                class(stage),
                at as f64 * width + width * 0.06,
                width * 0.88,
                escaped(date),
                stage.words(),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// One bar of a table: so much of the whole.
pub fn bar(class: &str, count: u64, most: u64) -> String {
    let width = count as f64 / most.max(1) as f64 * 100.0;
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect \
         class=\"{class}\" width=\"{width:.1}\" height=\"10\"/></svg>"
    )
}

/// What the colours mean.
pub fn key() -> String {
    let one = |stage: Stage| {
        format!(
            "<li><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"{}\" width=\"1\" height=\"1\"/></svg>{}</li>",
            class(stage),
            stage.words()
        )
    };
    format!("<ul class=\"key\">{}</ul>", Stage::ALL.map(one).concat())
}
