//! What is said of a row in general words: what others wrote about it may hold its data.

use crate::check::rule;
use crate::facts::{Code, OurCode, Outcome, Reason};
use crate::report::hints::hint;
use crate::report::row::RowReport;
use crate::report::words::meaning;

/// What happened to a row, and what to do about it.
pub struct Said {
    pub happened: String,
    pub to_do: String,
}

impl Said {
    /// By its code alone.
    pub fn in_general(row: &RowReport) -> Said {
        let code = row.cause.as_ref().and_then(|it| it.code.as_deref()).unwrap_or_default();
        if let (Outcome::Invalid, Some(rule)) = (row.outcome, rule::ALL.iter().find(|it| it.code == code)) {
            return Said { happened: rule.text.to_owned(), to_do: rule.fix.to_owned() };
        }
        let to_do = row.next_action.clone();
        let reason = row.cause.as_ref().map(|cause| Reason {
            http_status: cause.http_status,
            code: match OurCode::ALL.iter().find(|it| it.name() == code) {
                Some(ours) => Code::Ours(*ours),
                None => code.parse().map_or(Code::None, Code::Twilio),
            },
            sid: None,
            request_id: None,
            fields: None,
        });
        let known = reason.and_then(|it| hint(&it)).map(|it| it.meaning);
        let happened = match (known, code) {
            (Some(known), code) if code.parse::<u32>().is_ok() => format!("{code}: {known}"),
            (Some(known), _) => known.to_owned(),
            (None, "") => meaning(row.outcome).to_owned(),
            (None, code) => format!("{} ({code})", meaning(row.outcome).trim_end_matches('.')),
        };
        Said { happened, to_do }
    }
}
