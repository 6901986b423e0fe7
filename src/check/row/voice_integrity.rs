//! What the calls are for, and how many.

use super::fields::{listed, text};
use crate::check::cursor::{Bad, Cursor, Field};
use crate::check::digits::{self, Count};
use crate::check::{closed, rule};
use crate::model::{Column, VoiceIntegrity};

pub(super) fn voice_integrity(cursor: &mut Cursor<'_>) -> Result<VoiceIntegrity, Bad> {
    let use_case = listed(cursor, Column::UseCase, &closed::USE_CASES);
    let employees = count(cursor, Column::BusinessEmployeeCount);
    let calls = count(cursor, Column::AverageBusinessDayCallVolume);
    let notes = text(cursor, Column::Notes);
    Ok(VoiceIntegrity {
        use_case: use_case?,
        business_employee_count: employees?,
        average_business_day_call_volume: calls?,
        notes: notes?.unwrap_or_default(),
    })
}

fn count(cursor: &mut Cursor<'_>, column: Column) -> Result<String, Bad> {
    let field = cursor.required(column)?;
    cursor.accepting(column, &field.text, str::to_owned, |cursor| read_count(cursor, &field))
}

fn read_count(cursor: &mut Cursor<'_>, field: &Field) -> Result<String, Bad> {
    let number = match digits::count(&field.text) {
        Count::Plain(number) => number,
        Count::Reformatted(number) => {
            let note = cursor.report(&rule::COUNT_REFORMATTED, field);
            note.message(format!("Taken as {number}.")).say();
            number
        }
        Count::Damaged => return cursor.report(&rule::DIGITS_LOST, field).err(),
        Count::Malformed => return cursor.report(&rule::COUNT, field).err(),
    };
    // Twilio's examples are positive whole numbers, but nothing says that it refuses a 0, so the row is sent.
    if number == 0 {
        cursor.report(&rule::COUNT_ZERO, field).message(format!("{} is 0.", field.column.name())).say();
    }
    Ok(number.to_string())
}
