//! Phone numbers: one of a person, or those that are registered.

use std::borrow::Cow;

use super::fields::{parts, read_sid};
use crate::check::cursor::{Bad, Cursor, cut};
use crate::check::keys::Keys;
use crate::check::phone::{self, Phone};
use crate::check::rule;
use crate::model::{Column, PhoneNumber, PhoneNumbers, SidKind};

/// A phone number in E.164, and whether it is of country code 1.
pub(super) fn phone(cursor: &mut Cursor<'_>, column: Column, text: &str) -> Result<(String, bool), Bad> {
    match phone::read(text) {
        Phone::Valid { e164: Cow::Borrowed(number), is_us } => Ok((number.to_owned(), is_us)),
        Phone::Valid { e164: Cow::Owned(number), is_us } => {
            let note = cursor.report_value(&rule::PHONE_REFORMATTED, column, cut(text));
            note.message(format!("Taken as {number}.")).say();
            Ok((number, is_us))
        }
        Phone::Extension => cursor.report_value(&rule::PHONE_EXTENSION, column, cut(text)).err(),
        Phone::DigitsLost => cursor.report_value(&rule::DIGITS_LOST, column, cut(text)).err(),
        Phone::Invalid => cursor.report_value(&rule::PHONE_INVALID, column, cut(text)).err(),
    }
}

pub(super) fn phone_numbers(cursor: &mut Cursor<'_>, keys: &mut Keys) -> Result<PhoneNumbers, Bad> {
    let column = Column::PhoneNumbers;
    let field = cursor.required(column)?;
    if field.text.eq_ignore_ascii_case("all") {
        return Ok(PhoneNumbers::All);
    }
    let mut numbers: Vec<PhoneNumber> = Vec::new();
    let mut whole = Ok(());
    for part in parts(&field.text) {
        match phone_number(cursor, column, part) {
            Ok(number) if numbers.contains(&number) => {
                cursor.report_value(&rule::NUMBER_REPEATED, column, cut(part)).say();
            }
            Ok(number) => {
                keys.number(&number);
                numbers.push(number);
            }
            Err(bad) => whole = Err(bad),
        }
    }
    whole?;
    if numbers.is_empty() { Err(cursor.missing(column)) } else { Ok(PhoneNumbers::Listed(numbers)) }
}

fn phone_number(cursor: &mut Cursor<'_>, column: Column, part: &str) -> Result<PhoneNumber, Bad> {
    if part.eq_ignore_ascii_case("all") {
        return cursor.report_value(&rule::ALL_AND_MORE, column, cut(part)).err();
    }
    // A SID begins with two letters, a number never does.
    if part.bytes().take(2).all(|byte| byte.is_ascii_alphabetic()) && part.len() > 20 {
        return read_sid(cursor, column, part, SidKind::PhoneNumber).map(PhoneNumber::Sid);
    }
    let (number, is_us) = phone(cursor, column, part)?;
    if !is_us {
        cursor.report_value(&rule::NUMBER_NOT_US, column, cut(part)).say();
    }
    Ok(PhoneNumber::E164(number))
}
