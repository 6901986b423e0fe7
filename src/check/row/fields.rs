//! Kinds of fields that several columns share: text, SIDs, addresses of the net, values of closed lists.

use std::borrow::Cow;

use crate::check::clean::clean;
use crate::check::closed::{Found, List};
use crate::check::column_map::CellSource;
use crate::check::cursor::{Bad, Cursor, Field, Read, cut};
use crate::check::residue::is_placeholder;
use crate::check::rule;
use crate::check::web::{self, Web};
use crate::model::{Column, ListedValue, Sid, SidKind, counted};
use crate::sheet::csv_unguarded;

pub(super) fn sid(cursor: &mut Cursor<'_>, column: Column, kind: SidKind) -> Read<Sid> {
    let Some(field) = cursor.field(column)? else { return Ok(None) };
    read_sid(cursor, column, &field.text, kind).map(Some)
}

pub(super) fn read_sid(
    cursor: &mut Cursor<'_>,
    column: Column,
    text: &str,
    kind: SidKind,
) -> Result<Sid, Bad> {
    match Sid::parse(text) {
        Some(sid) if sid.is(kind) => {
            if sid.as_str() != text {
                let note = cursor.report_value(&rule::SID_SPELLING, column, cut(text));
                note.message(format!("Taken as {sid}.")).say();
            }
            Ok(sid)
        }
        Some(sid) => {
            let noun = sid.kind().map_or("something else", SidKind::noun);
            let message = format!(
                "This is {} {} ({noun}); {} {} ({}) belongs here.",
                article(&sid.as_str()[..2]),
                &sid.as_str()[..2],
                article(kind.prefix()),
                kind.prefix(),
                kind.noun()
            );
            cursor.report_value(&rule::SID_KIND, column, cut(text)).message(message).err()
        }
        None => {
            let message = match (text.len(), text.get(..2)) {
                (length, Some(prefix))
                    if prefix.eq_ignore_ascii_case(kind.prefix()) && length != 34 && text.is_ascii() =>
                {
                    format!("The SID has {} instead of 34.", counted(length as u64, "character"))
                }
                _ => format!(
                    "This is not a SID: {} and 32 hexadecimal digits ({}) belong here.",
                    kind.prefix(),
                    kind.noun()
                ),
            };
            cursor.report_value(&rule::SID_MALFORMED, column, cut(text)).message(message).err()
        }
    }
}

fn article(prefix: &str) -> &'static str {
    // A and R are spoken with a vowel: "an AC", "an RN".
    if prefix.starts_with(['A', 'E', 'I', 'R', 'S']) { "an" } else { "a" }
}

pub(super) fn text(cursor: &mut Cursor<'_>, column: Column) -> Read<String> {
    Ok(cursor.field(column)?.map(|field| field.text.into_owned()))
}

pub(super) fn required_text(cursor: &mut Cursor<'_>, column: Column) -> Result<String, Bad> {
    cursor.required(column).map(|field| field.text.into_owned())
}

/// A web address of a column that holds one.
pub(super) fn url(cursor: &mut Cursor<'_>, field: Field) -> Result<String, Bad> {
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| {
        read_url(cursor, field.column, &field.text)?;
        Ok(field.text.to_string())
    })
}

/// Checks a web address; gives its host and whether it is encrypted.
pub(super) fn read_url<'t>(
    cursor: &mut Cursor<'_>,
    column: Column,
    text: &'t str,
) -> Result<(Cow<'t, str>, bool), Bad> {
    match web::web(text) {
        Web::Good { host, is_encrypted } => {
            if !web::has_known_suffix(&host) {
                cursor.report_value(&rule::UNKNOWN_SUFFIX, column, cut(text)).say();
            }
            Ok((host, is_encrypted))
        }
        Web::Malformed(Some(meant)) => cursor
            .report_value(&rule::URL_SYNTAX, column, cut(text))
            .message("This is no whole web address: it must begin with https:// or http://.".to_owned())
            .suggestion(format!("Did you mean {meant}?"))
            .err(),
        Web::Malformed(None) => cursor.report_value(&rule::URL_SYNTAX, column, cut(text)).err(),
        Web::NotPublic => cursor.report_value(&rule::URL_NOT_PUBLIC, column, cut(text)).err(),
    }
}

pub(super) fn email(cursor: &mut Cursor<'_>, column: Column) -> Result<String, Bad> {
    let field = cursor.required(column)?;
    cursor.accepting(column, &field.text, str::to_owned, |cursor| match web::email_domain(&field.text) {
        Some(domain) => {
            if !web::has_known_suffix(domain) {
                cursor.report(&rule::UNKNOWN_SUFFIX, &field).say();
            }
            Ok(field.text.to_string())
        }
        None if field.text.matches('@').count() > 1 => cursor
            .report(&rule::EMAIL_SYNTAX, &field)
            .message("One e-mail address belongs here, not several.".to_owned())
            .err(),
        None => cursor.report(&rule::EMAIL_SYNTAX, &field).err(),
    })
}

/// A value of a closed list.
pub(super) fn listed(
    cursor: &mut Cursor<'_>,
    column: Column,
    list: &'static List,
) -> Result<ListedValue, Bad> {
    let field = cursor.required(column)?;
    read_listed(cursor, column, &field.text, list)
}

pub(super) fn read_listed(
    cursor: &mut Cursor<'_>,
    column: Column,
    text: &str,
    list: &'static List,
) -> Result<ListedValue, Bad> {
    let as_written = |text: &str| Cow::Owned(text.to_owned());
    cursor.accepting(column, text, as_written, |cursor| {
        find_listed(cursor, column, text, list).map(Cow::Borrowed)
    })
}

fn find_listed(
    cursor: &mut Cursor<'_>,
    column: Column,
    text: &str,
    list: &'static List,
) -> Result<&'static str, Bad> {
    let value = match list.find(text) {
        Found::Exact(value) => value,
        found @ (Found::Spelling(value) | Found::Synonym(value)) => {
            let is_spelling = matches!(found, Found::Spelling(_));
            let rule = if is_spelling { &rule::VALUE_SPELLING } else { &rule::VALUE_SYNONYM };
            cursor.report_value(rule, column, cut(text)).message(format!("Taken as {value}.")).say();
            value
        }
        Found::No(likeliest) => {
            let suggestion = match likeliest.as_slice() {
                [] if list.values.len() <= 7 => format!("Choose one of: {}.", list.values.join(", ")),
                [] => format!(
                    "Choose one of the {} values that `template --columns {}` prints.",
                    list.values.len(),
                    column.name()
                ),
                likeliest => did_you_mean(likeliest),
            };
            return cursor
                .report_value(&rule::NOT_IN_LIST, column, cut(text))
                .message(format!("This is not one of the {} values of {}.", list.values.len(), column.name()))
                .suggestion(suggestion)
                .err();
        }
    };
    if list.newer.contains(&value) {
        let doubt = cursor.report_value(&rule::NEWER_VALUE, column, cut(text));
        doubt
            .message(format!("{value} is on newer pages of Twilio, not in the Voice Integrity guide."))
            .say();
    }
    Ok(value)
}

pub(super) fn did_you_mean(values: &[&str]) -> String {
    match values {
        [one] => format!("Did you mean {one}?"),
        [most @ .., last] => format!("Did you mean {} or {last}?", most.join(", ")),
        [] => String::new(),
    }
}

/// Cuts a cell at each `;`, `,` and line break.
pub(in crate::check) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

pub(super) fn has_text(cursor: &Cursor<'_>, column: Column) -> bool {
    !raw(cursor, column).is_empty()
}

/// Whether a cell holds more than a word for nothing.
pub(super) fn has_value(cursor: &Cursor<'_>, column: Column) -> bool {
    let text = raw(cursor, column);
    !text.is_empty() && (!is_placeholder(column, &text) || cursor.is_accepted(column, &text))
}

/// What a cell holds, whatever is wrong with it.
pub(super) fn raw<'a>(cursor: &Cursor<'a>, column: Column) -> Cow<'a, str> {
    match cursor.map.place(column) {
        CellSource::At(at) => {
            let cell = cursor.row.cell(usize::from(at));
            clean(cell.shown.unwrap_or_else(|| csv_unguarded(cell.text)))
        }
        CellSource::Set(index) => cursor.map.set[usize::from(index)].1.trim().into(),
        CellSource::Absent => Cow::Borrowed(""),
    }
}
