//! The log of calls: one JSON object a line.

use super::write::reason;
use crate::clock::Clock;
use crate::events::{Event, Observer};
use crate::facts::Code;
use crate::model::{Fault, Sid, json_shown, redacted};
use crate::private;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{LineWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// Writes every call to a file that only its owner may read. It holds SIDs, codes and times: no
/// personal data, no secret.
pub struct Log {
    file: Mutex<LineWriter<File>>,
    path: PathBuf,
    /// Why the first line that is missing could not be written.
    lost: OnceLock<String>,
    clock: Arc<dyn Clock>,
}

/// A line. The fields are public: they only ever grow in number.
#[derive(Serialize)]
struct Entry<'a> {
    /// When the answer came: RFC 3339, UTC, to the millisecond. Less `ms` it is when the call was sent.
    time: String,
    /// The account whose credentials the call bore.
    account_sid: &'a str,
    /// The row's subaccount, also where the parent's credentials are used for it. Absent for what belongs
    /// to no customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    subaccount_sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    method: &'static str,
    path: &'a str,
    /// 1 for the first try.
    attempt: u32,
    /// Absent where no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    ms: u64,
}

/// What every line of a log begins with.
const BEGIN: &[u8] = br#"{"time":""#;

/// Whether it is a device, such as a terminal: that can be written to at any time.
fn is_device(metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type());
    #[cfg(not(unix))]
    return !metadata.is_dir();
}

impl Log {
    /// Adds to the file, or creates it.
    ///
    /// # Errors
    /// It cannot be opened for writing, or it holds something else than a log.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Log, Fault> {
        // A pipe would be waited for, and a line added to another file would destroy it.
        let is_there = std::fs::metadata(path).ok();
        let is_pipe = is_there.as_ref().is_some_and(|it| !it.is_file() && !is_device(it));
        let mut begin = vec![];
        if is_there.is_some_and(|it| it.is_file()) {
            let read = File::open(path).map(|file| file.take(BEGIN.len() as u64).read_to_end(&mut begin));
            drop(read);
        }
        if is_pipe || !BEGIN.starts_with(&begin) {
            return Err(Fault::new(
                format!("{} is no log of this program", path.display()),
                "It was left as it is. Name another file with --log; it is created if it is not there.",
            ));
        }
        private::narrow(path);
        let file =
            private::file(OpenOptions::new().create(true).append(true)).open(path).map_err(|error| {
                Fault::new(
                    format!("The log {} cannot be written ({error})", path.display()),
                    "Check its folder and permissions, or name another file with --log.",
                )
            })?;
        Ok(Log {
            file: Mutex::new(LineWriter::new(file)),
            path: path.to_owned(),
            lost: OnceLock::new(),
            clock,
        })
    }
}

impl Log {
    /// What is missing in it and why, if anything is.
    pub fn loss(&self) -> Option<String> {
        let reason = self.lost.get()?;
        Some(format!(
            "the log {} lacks calls, because it could not be written ({reason})",
            self.path.display()
        ))
    }
}

impl Observer for Log {
    fn on(&self, event: &Event<'_>) {
        let Event::Sent(request, response) = event else { return };
        let code = match response.code {
            Code::Twilio(code) => Some(code),
            Code::None | Code::Ours(_) => None,
        };
        let entry = Entry {
            time: rfc3339_ms(self.clock.now()),
            account_sid: request.account.as_str(),
            subaccount_sid: request.customer.map(Sid::as_str),
            step: request.step.map(|step| step.name),
            method: request.method.name(),
            // The path of a further page is what the API says.
            path: &redacted(request.path, &[]),
            attempt: request.attempt,
            status: response.status,
            code,
            request_id: response.request_id.as_deref(),
            ms: response.elapsed_ms,
        };
        let Ok(line) = serde_json::to_string(&entry) else { return };
        let line = format!("{}\n", json_shown(&line));
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A log that cannot be written, such as on a full disk, is no reason to stop the run: the
        // ledger is what counts.
        if let Err(error) = file.write_all(line.as_bytes()) {
            self.lost.get_or_init(|| reason(&error));
        }
    }
}

/// Unix milliseconds as RFC 3339 in UTC, to the second.
pub fn rfc3339(unix_ms: u64) -> String {
    timestamp(unix_ms).map_or_else(String::new, |time| format!("{time:.0}"))
}

/// Unix milliseconds as RFC 3339 in UTC, to the millisecond.
fn rfc3339_ms(unix_ms: u64) -> String {
    timestamp(unix_ms).map_or_else(String::new, |time| format!("{time:.3}"))
}

pub(super) fn timestamp(unix_ms: u64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_as_many_digits_as_they_promise() {
        assert_eq!(rfc3339(1_700_000_000_999), "2023-11-14T22:13:20Z");
        assert_eq!(rfc3339_ms(1_700_000_000_500), "2023-11-14T22:13:20.500Z");
        assert_eq!(rfc3339_ms(1_700_000_000_000), "2023-11-14T22:13:20.000Z");
        assert_eq!(rfc3339(u64::MAX), "");
    }
}
