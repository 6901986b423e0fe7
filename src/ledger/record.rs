//! How states are written down and read back.

use super::history::{LOOK, TOLD};
use super::policy::{self, Words};
use crate::facts::{Code, Content, Digest, Facts, Note, OurCode, Policy, Reason, StepState, Time};
use crate::flow::BundleStatus;
use crate::flow::{Flow, Key, Part, StepId, Verb};
use crate::model::Sid;
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use std::borrow::Cow;

/// One line to be written.
#[derive(Clone)]
pub enum Record {
    Step {
        key: Key,
        state: StepState,
        at: Time,
    },
    Misrouted(Misrouted),
    Customer(CustomerRun),
    /// A run has waited for the visibility window with this file.
    Watched(Vec<u8>),
    /// What the history has of these customers was told.
    Told {
        customers: Vec<Sid>,
        at: Time,
    },
}

/// Something that came to be in another account than the one that was meant.
#[derive(Clone)]
pub struct Misrouted {
    pub step: StepId,
    pub sid: Option<String>,
    pub landed_in: Option<String>,
    pub request_id: Option<String>,
    pub at: Time,
}

/// The last run that touched a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRun {
    /// Requests sent for it in that run.
    pub calls: u32,
    pub started_at: Time,
    /// `None` while the run goes on, or if it was cut off.
    pub finished_at: Option<Time>,
    /// The policy of the last run that was to take the customer further; one that only looks at reviews leaves
    /// it. `None` where that was a version which did not write it down (format 1). The visibility window and the
    /// call time-out are not recorded: what is read back has those of a run that was given none.
    pub policy: Option<Policy>,
}

/// The statements that a step takes, looked up once for all the steps of a commit.
pub struct StepStatements<'c> {
    state: CachedStatement<'c>,
    history: CachedStatement<'c>,
}

impl StepStatements<'_> {
    pub fn of(connection: &Connection) -> rusqlite::Result<StepStatements<'_>> {
        // Whole lines take the place of whole lines: the SID of an assignment that was taken off must not
        // come back with a later refusal.
        let state = connection.prepare_cached(
            "INSERT INTO steps (world, subaccount, step, part, state, sid, digest, http_status, code, detail,
                 request_id, other_sid, at, content, digest_version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO UPDATE SET state = excluded.state, sid = excluded.sid,
                 digest = excluded.digest, http_status = excluded.http_status, code = excluded.code,
                 detail = excluded.detail, request_id = excluded.request_id, other_sid = excluded.other_sid,
                 at = excluded.at, content = excluded.content, digest_version = excluded.digest_version",
        )?;
        let history = connection.prepare_cached(
            "INSERT INTO history (world, subaccount, step, part, state, sid, other_sid, http_status, code, detail,
                 request_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        Ok(StepStatements { state, history })
    }
}

/// Writes one record inside the open transaction.
pub fn write(
    connection: &Connection,
    steps: &mut StepStatements<'_>,
    world: i64,
    subaccount: &Sid,
    record: &Record,
) -> rusqlite::Result<()> {
    match record {
        Record::Step { key, state, at } => write_step(steps, world, subaccount, *key, state, *at),
        Record::Watched(file) => {
            connection.execute("INSERT OR REPLACE INTO secrets VALUES ('watched', ?1)", [file])?;
            Ok(())
        }
        Record::Told { customers, at } => {
            let mut statement = connection.prepare_cached(
                "INSERT INTO history (world, subaccount, step, part, state, at) VALUES (?1, ?2, ?3, '', ?4, ?5)",
            )?;
            for account in customers.iter().chain([subaccount]) {
                statement.execute(params![world, account.as_str(), LOOK, TOLD, at])?;
            }
            Ok(())
        }
        Record::Misrouted(misrouted) => {
            let mut statement =
                connection.prepare_cached("INSERT INTO misrouted VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            statement.execute(params![
                world,
                subaccount.as_str(),
                misrouted.step.name,
                misrouted.sid,
                misrouted.landed_in,
                misrouted.request_id,
                misrouted.at
            ])?;
            Ok(())
        }
        Record::Customer(run) => {
            let mut statement = connection.prepare_cached(
                "INSERT OR REPLACE INTO customers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            let words = run.policy.as_ref().map(Words::of);
            let words = words.as_ref();
            statement.execute(params![
                world,
                subaccount.as_str(),
                run.calls,
                run.started_at,
                run.finished_at,
                words.map(|it| it.submission),
                words.map(|it| it.evaluate),
                words.map(|it| it.refused_numbers),
                words.map(|it| it.existing),
                words.map(|it| it.policy_sids.as_str()),
            ])?;
            Ok(())
        }
    }
}

fn write_step(
    statements: &mut StepStatements<'_>,
    world: i64,
    subaccount: &Sid,
    key: Key,
    state: &StepState,
    at: Time,
) -> rusqlite::Result<()> {
    let line = Line::of(state);
    let (step, part) = (key.step.name, key.part.to_text());
    statements.state.execute(params![
        world,
        subaccount.as_str(),
        step,
        part,
        line.state,
        line.sid,
        line.digest.as_ref().map(|it| it.bytes.as_slice()),
        line.http_status,
        line.code,
        line.detail,
        line.request_id,
        line.other_sid,
        at,
        line.content,
        line.digest.map(|it| it.version),
    ])?;
    statements.history.execute(params![
        world,
        subaccount.as_str(),
        step,
        part,
        line.state,
        line.sid,
        line.other_sid,
        line.http_status,
        line.code,
        line.detail,
        line.request_id,
        at
    ])?;
    Ok(())
}

/// All that is recorded of one customer.
pub fn facts(
    connection: &Connection,
    flow: &Flow,
    format: i64,
    world: i64,
    subaccount: &Sid,
) -> rusqlite::Result<Facts> {
    let content = if format < 2 { "NULL, NULL" } else { "content, digest_version" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT step, part, state, sid, digest, http_status, code, detail, request_id, other_sid, at, {content}
         FROM steps WHERE world = ?1 AND subaccount = ?2"
    ))?;
    let rows = statement.query_map(params![world, subaccount.as_str()], |row| {
        let step: String = row.get(0)?;
        let part: String = row.get(1)?;
        let key = match (flow.step(&step), Part::parse(&part)) {
            (Some(step), Some(part)) => Key { step, part },
            _ => return Err(unreadable(0, &format!("step {step:?}, part {part:?}"))),
        };
        let content = read_content(row, key.step)?;
        Ok((key, Line::read(row)?.state(content, row.get(10)?)?))
    })?;
    Ok(Facts::recorded(rows.collect::<rusqlite::Result<Vec<_>>>()?))
}

/// When the state of a step was written.
pub fn recorded_at(
    connection: &Connection,
    world: i64,
    subaccount: &Sid,
    step: StepId,
) -> rusqlite::Result<Option<Time>> {
    let mut statement = connection.prepare_cached(
        "SELECT at FROM steps WHERE world = ?1 AND subaccount = ?2 AND step = ?3 AND part = ''",
    )?;
    statement.query_row(params![world, subaccount.as_str(), step.name], |row| row.get(0)).optional()
}

/// When each bundle that stands submitted was so.
pub fn submitted_at(
    connection: &Connection,
    flow: &Flow,
    world: i64,
    subaccount: &Sid,
) -> rusqlite::Result<Vec<(StepId, Time)>> {
    let mut statement = connection.prepare_cached(
        "SELECT step, at FROM steps WHERE world = ?1 AND subaccount = ?2 AND state = 'done' AND part = ''",
    )?;
    let rows = statement.query_map(params![world, subaccount.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Time>(1)?))
    })?;
    let is_submission = |step: &StepId| matches!(step.verb, Verb::Submit);
    let known = |(name, at): (String, Time)| Some((flow.step(&name).filter(is_submission)?, at));
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().filter_map(known).collect())
}

/// The last run that touched a customer.
pub fn customer_run(
    connection: &Connection,
    flow: &Flow,
    format: i64,
    world: i64,
    subaccount: &Sid,
) -> rusqlite::Result<Option<CustomerRun>> {
    let policy = if format < 2 { policy::NONE } else { policy::COLUMNS };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT calls, started_at, finished_at, {policy} FROM customers WHERE world = ?1 AND subaccount = ?2"
    ))?;
    statement
        .query_row(params![world, subaccount.as_str()], |row| {
            Ok(CustomerRun {
                calls: row.get(0)?,
                started_at: row.get(1)?,
                finished_at: row.get(2)?,
                policy: policy::read(row, 3, flow)?,
            })
        })
        .optional()
}

/// The words for a content of which there is no digest.
const UNKNOWN: &str = "unknown";
const BEFORE_US: &str = "before_us";

/// A state as the table holds it.
#[derive(Default)]
struct Line {
    state: Cow<'static, str>,
    sid: Option<String>,
    digest: Option<Digest>,
    /// What is known of the content where there is no digest.
    content: Option<&'static str>,
    http_status: Option<u16>,
    code: Option<String>,
    detail: Option<String>,
    request_id: Option<String>,
    other_sid: Option<String>,
}

impl Line {
    fn of(state: &StepState) -> Line {
        let line = |state: &'static str| Line { state: Cow::Borrowed(state), ..Line::default() };
        let with = |content: &Content, line: Line| match content {
            Content::Known(digest) => Line { digest: Some(*digest), ..line },
            Content::Unknown => Line { content: Some(UNKNOWN), ..line },
            Content::BeforeUs => Line { content: Some(BEFORE_US), ..line },
            Content::Nothing => line,
        };
        match state {
            StepState::Started { content, sid, .. } => {
                Line { sid: sid.as_ref().map(Sid::to_string), ..with(content, line("started")) }
            }
            StepState::Done { sid, content, note } => Line {
                sid: sid.as_ref().map(Sid::to_string),
                detail: note.map(|note| note_word(note).to_owned()),
                ..with(content, line("done"))
            },
            StepState::Seen { status, codes } => Line {
                code: Some(status.word().to_owned()),
                detail: (!codes.is_empty()).then(|| join(codes)),
                ..line("seen")
            },
            StepState::Refused { reason, kept } => Line {
                sid: kept.as_ref().map(Sid::to_string),
                other_sid: reason.sid.as_ref().map(Sid::to_string),
                http_status: reason.http_status,
                code: match reason.code {
                    Code::Twilio(code) => Some(code.to_string()),
                    Code::Ours(code) => Some(code.name().to_owned()),
                    Code::None => None,
                },
                detail: reason.fields.clone(),
                request_id: reason.request_id.clone(),
                ..line("refused")
            },
            StepState::Unsure { candidates } => Line { detail: Some(join(candidates)), ..line("unsure") },
            StepState::Removed => line("removed"),
        }
    }

    fn read(row: &Row) -> rusqlite::Result<Line> {
        Ok(Line {
            state: Cow::Owned(row.get(2)?),
            sid: row.get(3)?,
            digest: None,
            content: None,
            http_status: row.get(5)?,
            code: row.get(6)?,
            detail: row.get(7)?,
            request_id: row.get(8)?,
            other_sid: row.get(9)?,
        })
    }

    fn state(self, content: Content, at: Time) -> rusqlite::Result<StepState> {
        let sid = self.sid.as_deref().and_then(Sid::parse);
        let detail = self.detail.unwrap_or_default();
        let parts = || detail.split(',').filter(|it| !it.is_empty());
        Ok(match &*self.state {
            "started" => StepState::Started { at, content, sid },
            "done" => StepState::Done { sid, content, note: read_note(&detail) },
            "seen" => StepState::Seen {
                status: self
                    .code
                    .as_deref()
                    .and_then(BundleStatus::parse)
                    .ok_or_else(|| unreadable(6, "a bundle's status"))?,
                codes: parts().filter_map(|code| code.parse().ok()).collect(),
            },
            "refused" => StepState::Refused {
                reason: Reason {
                    http_status: self.http_status,
                    code: read_code(self.code.as_deref()),
                    sid: self.other_sid.as_deref().and_then(Sid::parse),
                    request_id: self.request_id,
                    fields: (!detail.is_empty()).then_some(detail),
                },
                // What exists outlives a refusal: an update of it was refused.
                kept: sid,
            },
            "unsure" => StepState::Unsure { candidates: parts().filter_map(Sid::parse).collect() },
            "removed" => StepState::Removed,
            other => return Err(unreadable(2, &format!("state {other:?}"))),
        })
    }
}

/// What is known of a step's content. Format 1 wrote sixteen zero bytes where it had no digest, whatever that
/// meant: it is told by the step.
fn read_content(row: &Row, step: StepId) -> rusqlite::Result<Content> {
    let (bytes, word, version): (Option<[u8; 16]>, Option<String>, Option<u8>) =
        (row.get(4)?, row.get(11)?, row.get(12)?);
    Ok(match (bytes, version, word.as_deref()) {
        (Some(bytes), Some(version @ 1..), None) => Content::Known(Digest { version, bytes }),
        (Some(bytes), None, None) if bytes == [0; 16] => Content::without_digest(step.verb),
        (Some(bytes), None, None) => Content::Known(Digest { version: 1, bytes }),
        (None, None, Some(UNKNOWN)) => Content::Unknown,
        (None, None, Some(BEFORE_US)) => Content::BeforeUs,
        (None, None, None) => Content::Nothing,
        (_, version, word) => {
            return Err(unreadable(4, &format!("content {word:?}, digest version {version:?}")));
        }
    })
}

fn read_code(code: Option<&str>) -> Code {
    match code {
        None => Code::None,
        Some(code) => match OurCode::ALL.iter().find(|it| it.name() == code) {
            Some(ours) => Code::Ours(*ours),
            None => code.parse().map_or(Code::None, Code::Twilio),
        },
    }
}

fn note_word(note: Note) -> &'static str {
    match note {
        Note::NotEvaluated => "not_evaluated",
        Note::Noncompliant => "noncompliant",
        Note::Named => "named",
    }
}

fn read_note(word: &str) -> Option<Note> {
    [Note::NotEvaluated, Note::Noncompliant, Note::Named].into_iter().find(|note| note_word(*note) == word)
}

/// Whether the detail of a line says that a row has named what is there.
pub(super) fn says_named(detail: &str) -> bool {
    read_note(detail) == Some(Note::Named)
}

fn join(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn unreadable(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, format!("unknown {what}").into())
}
