//! Phone numbers: one of a person, or those that are registered.

use std::borrow::Cow;

use super::fields::{parts, read_sid};
use crate::check::cursor::{Bad, Cursor, cut};
use crate::check::keys::Keys;
use crate::check::phone::{self, Of, Phone};
use crate::check::rule;
use crate::model::{Column, PhoneNumber, PhoneNumbers, Product, SidKind};

/// A phone number in E.164, and where it belongs.
pub(super) fn phone(cursor: &mut Cursor<'_>, column: Column, text: &str) -> Result<(String, Of), Bad> {
    let (e164, of) = match phone::read(text) {
        Phone::Valid { e164: Cow::Borrowed(number), of } => return Ok((number.to_owned(), of)),
        Phone::Valid { e164: Cow::Owned(number), of } => (number, of),
        Phone::NewAreaCode { e164 } => {
            let doubt = cursor.report_value(&rule::AREA_CODE_UNKNOWN, column, cut(text));
            doubt.message(format!("No area code {} is known.", &e164[2..5])).say();
            // That it is of the United States is as likely as not, and one doubt is enough.
            (e164, Of::UnitedStates)
        }
        Phone::Extension => return cursor.report_value(&rule::PHONE_EXTENSION, column, cut(text)).err(),
        Phone::Letters => return cursor.report_value(&rule::PHONE_LETTERS, column, cut(text)).err(),
        Phone::DigitsLost => return cursor.report_value(&rule::DIGITS_LOST, column, cut(text)).err(),
        Phone::Invalid => return cursor.report_value(&rule::PHONE_INVALID, column, cut(text)).err(),
    };
    if e164 != text {
        let note = cursor.report_value(&rule::PHONE_REFORMATTED, column, cut(text));
        note.message(format!("Taken as {e164}.")).say();
    }
    Ok((e164, of))
}

pub(super) fn phone_numbers(
    cursor: &mut Cursor<'_>,
    keys: &mut Keys,
    products: &[&'static Product],
) -> Result<PhoneNumbers, Bad> {
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
    products.iter().for_each(|product| left_off(cursor, product, &numbers));
    if numbers.is_empty() { Err(cursor.missing(column)) } else { Ok(PhoneNumbers::Listed(numbers)) }
}

/// Says which of the numbers a product does not take, as far as the row has their digits.
fn left_off(cursor: &mut Cursor<'_>, product: &Product, numbers: &[PhoneNumber]) {
    let Some(its) = &product.numbers else { return };
    let is_left_off = |it: &&PhoneNumber| matches!(it, PhoneNumber::E164(digits) if !(its.takes)(digits));
    let left_off: Vec<&PhoneNumber> = numbers.iter().filter(is_left_off).collect();
    if !left_off.is_empty() && left_off.len() == numbers.len() {
        let message = format!(
            "{} takes {}, and the row has none, so that this product will be refused.",
            product.title, its.words
        );
        cursor
            .report_value(&rule::NO_NUMBER_FOR_PRODUCT, Column::PhoneNumbers, String::new())
            .message(message)
            .say();
        return;
    }
    for number in left_off {
        let PhoneNumber::E164(digits) = number else { continue };
        let message = format!("{} takes {}: this number is left off it.", product.title, its.words);
        cursor.report_value(&rule::NUMBER_LEFT_OFF, Column::PhoneNumbers, cut(digits)).message(message).say();
    }
}

fn phone_number(cursor: &mut Cursor<'_>, column: Column, part: &str) -> Result<PhoneNumber, Bad> {
    if part.eq_ignore_ascii_case("all") {
        return cursor.report_value(&rule::ALL_AND_MORE, column, cut(part)).err();
    }
    // A SID begins with two letters, a number never does.
    if part.bytes().take(2).all(|byte| byte.is_ascii_alphabetic()) && part.len() > 20 {
        return read_sid(cursor, column, part, SidKind::PhoneNumber).map(PhoneNumber::Sid);
    }
    let as_written = |part: &str| PhoneNumber::E164(part.to_owned());
    cursor.accepting(column, part, as_written, |cursor| {
        let (number, of) = phone(cursor, column, part)?;
        let place = match of {
            Of::UnitedStates => return Ok(PhoneNumber::E164(number)),
            Of::CountryCodeOne(place) => place,
            Of::Elsewhere => "a country with another code than 1",
        };
        let doubt = cursor.report_value(&rule::NUMBER_NOT_US, column, cut(part));
        doubt.message(format!("Voice Integrity registers US numbers; this one is of {place}.")).say();
        Ok(PhoneNumber::E164(number))
    })
}
