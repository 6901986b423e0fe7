//! The name that calls show.

use super::fields::raw;
use crate::check::cursor::{Bad, Cursor, Field};
use crate::check::{places, rule};
use crate::model::Column;

/// As many characters as the display of a phone has [docs].
const CHARS_MAX: usize = 15;

/// Terms that the Error Dictionary names as prohibited (11008).
const PROHIBITED: [&str; 6] = ["FBI", "GOVERNMENT", "MEDICARE", "POLICE", "SOCIAL SECURITY", "SSA"];

/// Words that say nothing of which business it is.
const GENERIC: [&str; 9] = ["THE", "AND", "INC", "LLC", "LLP", "CORP", "COMPANY", "GROUP", "SERVICES"];

pub(super) fn cnam_display_name(cursor: &mut Cursor<'_>) -> Result<String, Bad> {
    let field = cursor.required(Column::CnamDisplayName)?;
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| read_name(cursor, &field))
}

fn read_name(cursor: &mut Cursor<'_>, field: &Field) -> Result<String, Bad> {
    let name = &*field.text;
    let chars = name.chars().count();
    if chars > CHARS_MAX {
        let message = format!("The name has {chars} characters; CNAM shows at most {CHARS_MAX}.");
        return cursor.report(&rule::CNAM_NAME, field).message(message).err();
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | ' ');
    if let Some(other) = name.chars().find(|c| !is_allowed(*c)) {
        let message =
            format!("The name holds \"{other}\"; CNAM shows letters, digits, full stops, commas and spaces.");
        return cursor.report(&rule::CNAM_NAME, field).message(message).err();
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let message = "The name does not begin with a letter.".to_owned();
        return cursor.report(&rule::CNAM_NAME, field).message(message).err();
    }
    let words = words(name);
    let text = format!(" {} ", words.join(" "));
    if let Some(term) = PROHIBITED.iter().find(|term| text.contains(&format!(" {term} "))) {
        let message = format!("CNAM takes no name with \"{term}\" in it (11008).");
        return cursor.report(&rule::CNAM_PROHIBITED, field).message(message).err();
    }
    let city = raw(cursor, Column::City);
    let is_city = !city.is_empty() && self::words(&city) == words;
    if is_city || places::state_of_name(name).is_some() || places::state_of_code(name).is_some() {
        return cursor.report(&rule::CNAM_PLACE, field).err();
    }
    let business = [Column::BusinessName, Column::FriendlyName].map(|column| raw(cursor, column));
    if !business.iter().any(|of| names(&words, of)) {
        cursor.report(&rule::CNAM_MISMATCH, field).say();
    }
    Ok(name.to_owned())
}

/// Its words in capitals, without what stands between them.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_uppercase).collect()
}

/// Whether the words of a short name have anything to do with that of the business: a word or its beginning, the
/// letters of the one in the other, or its initials.
fn names(short: &[String], business: &str) -> bool {
    let long = words(business);
    let telling = |word: &&String| word.len() >= 3 && !GENERIC.contains(&word.as_str());
    let shares_a_word = short.iter().filter(telling).any(|one| {
        long.iter()
            .filter(telling)
            .any(|other| one.starts_with(other.as_str()) || other.starts_with(one.as_str()))
    });
    let (one, other) = (short.concat(), long.concat());
    let initials: String = long.iter().filter_map(|word| word.chars().next()).collect();
    let is_abbreviated = one.len() >= 2 && initials.starts_with(&short[0]) && short[0].len() >= 2;
    shares_a_word || (one.len() >= 3 && other.contains(&one)) || is_abbreviated
}
