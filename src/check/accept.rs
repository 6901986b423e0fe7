//! `--accept`: values that are sent as they are written, although a rule calls them wrong.
//!
//! Twilio's lists and formats change, and which of them its API follows is not always documented. So the
//! user has the last word about a value; what the rules say of it stays, as warnings.

use super::cursor::{Bad, Cursor};
use super::{named_value, rule};
use crate::model::{Column, Severity};

/// What to do about a value that `--accept` names.
pub(super) const SENT_AS_WRITTEN: &str = "Sent as written, because --accept names it.";

/// Reads `our_column=value` of `--accept`.
///
/// # Errors
/// There is no such column, or what it holds is no text that could be sent as it is. The error says what is
/// wrong, for the command line.
pub fn parse_accept(text: &str) -> Result<(Column, String), String> {
    let (column, value) = named_value(text)?;
    if value.is_empty() {
        return Err(format!("say which value of {} is accepted: {}=value", column.name(), column.name()));
    }
    match column {
        Column::SubaccountSid
        | Column::PrimaryProfileSid
        | Column::CustomerProfileSid
        | Column::TrustProductSid
        | Column::AddressSid => Err(format!(
            "{} holds a SID, and a text that is not a SID cannot be sent in its place",
            column.name()
        )),
        // Numbers are looked up in the subaccount by their E.164 form.
        Column::PhoneNumbers if !is_e164(&value) => {
            Err("write one number in the international form, such as phone_numbers=+16175550150".to_owned())
        }
        _ => Ok((column, value)),
    }
}

/// A plus sign and up to 15 digits (ITU-T E.164); the shortest numbers with country code have 8.
fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    matches!(digits.len(), 8..=15) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Cursor<'_> {
    /// Whether `--accept` names this value of the column.
    pub fn is_accepted(&self, column: Column, text: &str) -> bool {
        self.accept.iter().any(|(of, value)| *of == column && value == text)
    }

    /// Reads a value with `read`; or takes it as it is written where `--accept` names it. Then every error
    /// that `read` has said is a warning, and what it would have rewritten is left as it is.
    pub fn accepting<T>(
        &mut self,
        column: Column,
        text: &str,
        as_written: impl FnOnce(&str) -> T,
        read: impl FnOnce(&mut Self) -> Result<T, Bad>,
    ) -> Result<T, Bad> {
        if !self.is_accepted(column, text) {
            return read(self);
        }
        let before = self.findings.len();
        let is_rewritten = read(self).is_ok() && self.findings[before..].iter().any(is_note);
        let mut said = self.findings.split_off(before);
        said.retain(|finding| !is_note(finding));
        for finding in said.iter_mut().filter(|finding| finding.severity == Severity::Error) {
            finding.severity = Severity::Warning;
            finding.suggestion = SENT_AS_WRITTEN.to_owned();
        }
        self.findings.extend(said);
        if is_rewritten {
            self.report_value(&rule::VALUE_ACCEPTED, column, super::cursor::cut(text)).say();
        }
        Ok(as_written(text))
    }
}

/// What is repaired without asking is said as a note.
fn is_note(finding: &crate::model::Finding) -> bool {
    finding.severity == Severity::Note
}
