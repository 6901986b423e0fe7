//! What the calls are for, and how many.

use super::fields::{listed, text};
use crate::check::cursor::{Bad, Cursor};
use crate::check::{closed, digits, rule};
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

fn count(cursor: &mut Cursor<'_>, column: Column) -> Result<u64, Bad> {
    let field = cursor.required(column)?;
    let count = match digits::count(&field.text) {
        Some((number, true)) => {
            let note = cursor.report(&rule::COUNT_REFORMATTED, &field);
            note.message(format!("Taken as {number}.")).say();
            number
        }
        Some((number, false)) => number,
        None => return cursor.report(&rule::COUNT, &field).err(),
    };
    // Twilio's examples are positive whole numbers, but nothing says that it refuses a 0, so the row is sent.
    if count == 0 {
        cursor.report(&rule::COUNT_ZERO, &field).message(format!("{} is 0.", column.name())).say();
    }
    Ok(count)
}
