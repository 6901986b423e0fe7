//! What of a row must not stand in another row, small enough to be kept for a million rows.

use crate::model::{Column, PhoneNumber, Sid};

/// Something that belongs to one row only, or to rows of one business only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The 32 hexadecimal digits of the subaccount.
    Account([u8; 16]),
    /// A column whose SIDs belong to one subaccount each, and the 32 hexadecimal digits.
    Owned(Column, [u8; 16]),
    /// The 32 hexadecimal digits of a phone number's SID.
    NumberSid([u8; 16]),
    /// The digits of a phone number; E.164 allows fifteen.
    Number(u64),
    /// The nine digits of an EIN or DUNS number, and a hash of the business name beside it.
    Registration { number: u32, name: u32 },
}

/// The keys of the rows that are read together.
#[derive(Default)]
pub(super) struct Keys {
    row: u32,
    pub keys: Vec<(u32, Key)>,
}

impl Keys {
    /// The keys that follow are those of this row.
    pub fn begin(&mut self, row: u64) {
        self.row = row as u32;
    }

    pub fn account(&mut self, sid: &Sid) {
        self.keys.push((self.row, Key::Account(hexadecimal(sid))));
    }

    /// Something that the subaccount has already: a profile, a product, an address.
    pub fn owned(&mut self, column: Column, sid: &Sid) {
        self.keys.push((self.row, Key::Owned(column, hexadecimal(sid))));
    }

    pub fn number(&mut self, number: &PhoneNumber) {
        let key = match number {
            PhoneNumber::Sid(sid) => Key::NumberSid(hexadecimal(sid)),
            PhoneNumber::E164(number) => Key::Number(decimal(number)),
        };
        self.keys.push((self.row, key));
    }

    pub fn registration(&mut self, number: &str, name: &str) {
        // FNV-1a over the letters and digits: spellings of one name are no second name.
        let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        let name = letters.fold(0x811c_9dc5_u32, |hash, c| (hash ^ c as u32).wrapping_mul(0x0100_0193));
        self.keys.push((self.row, Key::Registration { number: decimal(number) as u32, name }));
    }
}

impl Key {
    /// The value as the sheet has it, for messages.
    pub fn text(&self) -> String {
        let hex = |digits: &[u8; 16]| digits.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self {
            Key::Account(digits) => format!("AC{}", hex(digits)),
            Key::Owned(Column::AddressSid, digits) => format!("AD{}", hex(digits)),
            Key::Owned(_, digits) => format!("BU{}", hex(digits)),
            Key::NumberSid(digits) => format!("PN{}", hex(digits)),
            Key::Number(number) => format!("+{number}"),
            Key::Registration { number, .. } => format!("{number:09}"),
        }
    }
}

fn hexadecimal(sid: &Sid) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(sid.as_str().as_bytes()[2..].chunks_exact(2)) {
        *byte = hex_digit(pair[0]) << 4 | hex_digit(pair[1]);
    }
    bytes
}

fn hex_digit(digit: u8) -> u8 {
    // The letters, and only they, have the bit of 64; the lower four bits of `a` and of `A` are 1.
    (digit & 0x0f) + 9 * (digit >> 6 & 1)
}

fn decimal(text: &str) -> u64 {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |value: u64, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}
