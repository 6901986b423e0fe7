//! What a run has come to, as one line that is no wider than it may be.

use super::state::Shown;
use crate::report::spell_duration;

/// As wide as a bar is shown.
const BAR: usize = 16;

/// Pieces are parted by this.
const BETWEEN: &str = " · ";

/// One piece of the line: the long way to say it, then shorter ones.
struct Piece(Vec<String>);

/// The line, of as many pieces as fit into `width` columns, the most important first. `cap` is the rate that may not
/// be exceeded, in words.
pub fn line(shown: &Shown, cap: &str, width: usize, has_bar: bool) -> String {
    // In the order of their importance.
    let pieces = pieces(shown, cap);
    let mut chosen: Vec<Option<usize>> = vec![None; pieces.len()];
    let length = |chosen: &[Option<usize>]| {
        let texts =
            pieces.iter().zip(chosen).filter_map(|(piece, at)| at.map(|at| piece.0[at].chars().count()));
        texts.map(|it| it + BETWEEN.chars().count()).sum::<usize>().saturating_sub(BETWEEN.chars().count())
    };
    let mut choose = |at: usize, variant: usize| {
        let before = chosen[at].replace(variant);
        if length(&chosen) > width {
            chosen[at] = before;
        }
    };
    // All in their shortest form first, then longer ones where there is room.
    for (at, piece) in pieces.iter().enumerate() {
        choose(at, piece.0.len() - 1);
    }
    for (at, piece) in pieces.iter().enumerate() {
        (0..piece.0.len()).rev().for_each(|variant| choose(at, variant));
    }
    let texts = pieces.iter().zip(&chosen).filter_map(|(piece, at)| Some(piece.0[(*at)?].as_str()));
    let text = texts.collect::<Vec<_>>().join(BETWEEN);
    match text.chars().count() {
        0 => pieces[0].0.last().map_or(String::new(), |it| it.chars().take(width).collect()),
        used if has_bar && shown.customers > 0 && used + BAR + 3 <= width => format!("{} {text}", bar(shown)),
        _ => text,
    }
}

fn pieces(shown: &Shown, cap: &str) -> Vec<Piece> {
    let Shown { customers, done, in_review, .. } = shown;
    let of = |forms: &[String]| Piece(forms.to_vec());
    let mut pieces = vec![match customers {
        0 => of(&[format!("{done} customers done"), format!("{done} done")]),
        _ => of(&[
            format!("{done} of {customers} customers done"),
            format!("{done}/{customers} done"),
            format!("{done}/{customers}"),
        ]),
    }];
    if shown.is_away {
        pieces.push(of(&["the API does not answer".to_owned(), "API away".to_owned()]));
    }
    if let Some(seconds) = shown.looks_again_in {
        let time = spell_duration(seconds);
        pieces.push(of(&[format!("looks again in {time}"), format!("next {time}")]));
    }
    if let Some((customers, seconds)) = shown.waiting {
        let time = spell_duration(seconds);
        let wait = if customers == 1 { "waits" } else { "wait" };
        pieces.push(of(&[
            format!("{customers} {wait} for a lost reply to be certain, {time} more"),
            format!("{customers} {wait} for a lost reply, {time}"),
            format!("{customers} {wait} {time}"),
        ]));
    }
    if let Some(seconds) = shown.seconds_left {
        pieces.push(of(&[format!("{} left", spell_duration(seconds))]));
    }
    if *in_review > 0 {
        pieces.push(of(&[format!("{in_review} in review")]));
    }
    if let Some(calls) = shown.calls_per_second {
        pieces.push(of(&[format!("{calls} calls/s of {cap}"), format!("{calls}/s")]));
    }
    if shown.too_many > 0.0 {
        pieces.push(of(&[format!("429: {:.1}%", shown.too_many)]));
    }
    pieces
}

/// What is done, and what is in review.
fn bar(shown: &Shown) -> String {
    let part = |count: u64| (count * BAR as u64 / shown.customers.max(1)) as usize;
    let done = part(shown.done).min(BAR);
    let review = part(shown.done + shown.in_review).min(BAR) - done;
    format!("[{}{}{}]", "#".repeat(done), "=".repeat(review), "-".repeat(BAR - done - review))
}
