//! Rules across rows: what may stand in one row only. A few dozen bytes are kept per row.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use super::column_map::ColumnMap;
use super::keys::Key;
use super::rule::{self, Rule};
use crate::model::{Column, Finding};

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Across {
    /// Subaccounts and numbers by a hash of 64 bits, in halves so that an entry takes 13 bytes. Among three
    /// million keys two have the same hash with a chance of one in four million; then two rows are held back
    /// that need not be.
    firsts: HashMap<[u32; 2], Seen, BuildHasherDefault<Hashed>>,
    hashes: RandomState,
    registrations: HashMap<u32, (Seen, u32)>,
}

/// Takes the halves of a hash for what they are: hashing them again would cost as much as the first time.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        // The halves come last and together; the length of the array, before them, is the same for all.
        if let Ok(halves) = bytes.try_into() {
            self.0 = u64::from_ne_bytes(halves);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The first row that had a key. The highest bit says that another row had it too and that the
/// first has been noted; row numbers end far below it.
#[derive(Clone, Copy)]
struct Seen(u32);

const NOTED: u32 = 1 << 31;

/// Two rows that must not have the same in them.
#[derive(Clone, Copy)]
pub(super) struct Clash {
    pub rule: &'static Rule,
    pub key: Key,
    /// The row that this is about.
    pub row: u32,
    /// The row that it clashes with.
    pub other: u32,
}

impl Across {
    /// Notes a key of a row. Where an earlier row has it, gives the clash of this row, and that of the
    /// earlier one unless it has been given before.
    pub fn note(&mut self, row: u32, key: Key) -> Option<(Clash, Option<Clash>)> {
        let (rule, seen) = match key {
            Key::Registration { number, name } => {
                let (seen, first_name) = self.registrations.entry(number).or_insert((Seen(row), name));
                if *first_name == name {
                    return None;
                }
                (&rule::EIN_SHARED, seen)
            }
            Key::Account(_) | Key::Owned(..) | Key::NumberSid(_) | Key::Number(_) => {
                let hash = self.hashes.hash_one(key);
                let seen = self.firsts.entry([hash as u32, (hash >> 32) as u32]).or_insert(Seen(row));
                let rule = match key {
                    Key::Account(_) => &rule::DUPLICATE_SUBACCOUNT,
                    Key::Owned(..) => &rule::DUPLICATE_SID,
                    _ => &rule::DUPLICATE_NUMBER,
                };
                (rule, seen)
            }
        };
        let first = seen.0 & !NOTED;
        if first == row {
            return None;
        }
        let is_new = seen.0 & NOTED == 0;
        seen.0 |= NOTED;
        let clash = Clash { rule, key, row, other: first };
        Some((clash, is_new.then_some(Clash { row: first, other: row, ..clash })))
    }
}

impl Clash {
    pub fn finding(&self, map: &ColumnMap) -> Finding {
        let column = match self.key {
            Key::Account(_) => Column::SubaccountSid,
            Key::Owned(column, _) => column,
            Key::NumberSid(_) | Key::Number(_) => Column::PhoneNumbers,
            Key::Registration { .. } => Column::BusinessRegistrationNumber,
        };
        let message = match self.key {
            Key::Account(_) => format!("Row {} has the same subaccount.", self.other),
            Key::Owned(column, _) => format!("Row {} has the same {}.", self.other, column.name()),
            Key::NumberSid(_) | Key::Number(_) => format!("Row {} has the same number.", self.other),
            Key::Registration { .. } => {
                format!("Row {} has the same number under another business name.", self.other)
            }
        };
        Finding {
            row: u64::from(self.row),
            cell: map.cell_name(column, u64::from(self.row)),
            column: column.name().into(),
            code: self.rule.code,
            severity: self.rule.severity,
            value: self.key.text(),
            message,
            suggestion: self.rule.fix.to_owned(),
        }
    }
}
