//! Ledgers of earlier formats, what the ledger keeps besides the current states, and the backup that is made before
//! a ledger is carried forward.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer, policy};
use crate::watch::{Killer, Moment};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trusthub_onboard::engine::Only;
use trusthub_onboard::facts::{Evaluate, Existing, Facts, Outcome, Policy, RefusedNumbers, Submission};
use trusthub_onboard::ledger::{CustomerRun, Ledger};
use trusthub_onboard::model::{Fault, Sid};
use trusthub_onboard::products::{FLOW, PROFILE};

fn database(ledger: &Path) -> Connection {
    Connection::open(ledger).expect("a database")
}

/// Makes a ledger one of format 1, as an earlier version would have written it.
fn to_format_1(ledger: &Path) {
    let connection = database(ledger);
    connection
        .execute_batch(
            "PRAGMA journal_mode = delete;
             BEGIN;
             DROP TABLE runs;
             DROP TABLE history;
             ALTER TABLE misrouted RENAME TO strays;
             ALTER TABLE steps DROP COLUMN content;
             ALTER TABLE steps DROP COLUMN digest_version;
             ALTER TABLE customers DROP COLUMN submission;
             ALTER TABLE customers DROP COLUMN evaluate;
             ALTER TABLE customers DROP COLUMN refused_numbers;
             ALTER TABLE customers DROP COLUMN existing;
             ALTER TABLE customers DROP COLUMN policy_sids;
             PRAGMA user_version = 1;
             COMMIT;
             PRAGMA journal_mode = wal;",
        )
        .expect("an older ledger");
}

/// Makes a ledger one of format 2: before it, no run had a number.
fn to_format_2(ledger: &Path) {
    database(ledger)
        .execute_batch("BEGIN; DROP TABLE runs; PRAGMA user_version = 2; COMMIT;")
        .expect("an older ledger");
}

fn format(ledger: &Path) -> i64 {
    database(ledger).pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version")
}

/// All lines of a table, as text.
fn lines(ledger: &Path, of: &str) -> Vec<String> {
    let connection = database(ledger);
    let mut statement = connection.prepare(of).expect("a statement");
    let columns = statement.column_count();
    let line = |row: &rusqlite::Row| {
        let cells = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
        Ok(format!("{:?}", cells.collect::<rusqlite::Result<Vec<_>>>()?))
    };
    statement.query_map([], line).expect("lines").map(|it| it.expect("a line")).collect()
}

/// The files beside the ledger, without what only an open ledger has.
fn files(ledger: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = ledger.parent().expect("a folder");
    let paths = std::fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path());
    let is_left = |path: &PathBuf| {
        let name = path.to_string_lossy();
        ![".lock", "-wal", "-shm"].iter().any(|end| name.ends_with(end))
    };
    paths.filter(is_left).map(|it| (it.clone(), std::fs::read(it).expect("bytes"))).collect()
}

fn recorded(fixture: &Fixture) -> (Facts, Option<CustomerRun>) {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    ledger.customer(&fixture.customers[0].subaccount).expect("facts")
}

fn states(fixture: &Fixture) -> Vec<String> {
    recorded(fixture).0.states().map(|it| format!("{it:?}")).collect()
}

/// The clock of a fixture begins on 2027-01-15 at 08:00.
fn backup_of(fixture: &Fixture, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.format-1-2027-01-15T080000Z{end}.backup", fixture.ledger.display()))
}

#[tokio::test]
async fn a_ledger_of_format_1_is_copied_beside_it_carried_forward_and_gone_on_with() {
    let customers = vec![customer(1)];
    let expected = undisturbed(&customers).await;
    for at in [3, 9, 16, 24, 30] {
        let fixture = Fixture::with(customers.clone());
        fixture.run_watched(Killer::at(Moment::Sent, at)).await.err().expect("it was cut off");
        to_format_1(&fixture.ledger);
        let before = lines(&fixture.ledger, "SELECT * FROM steps");
        let known = states(&fixture);
        fixture.clock.set(1_800_000_000_000);
        assert_eq!(fixture.outcome().await, Outcome::Approved, "cut off at {at}");
        fixture.is_as(&expected, &format!("cut off at {at}"));
        assert_eq!(format(&fixture.ledger), 3);
        let backup = backup_of(&fixture, "");
        assert_eq!(format(&backup), 1);
        assert_eq!(lines(&backup, "SELECT * FROM steps"), before, "cut off at {at}");
        assert_eq!(
            lines(&backup, "PRAGMA integrity_check"),
            lines(&fixture.ledger, "PRAGMA integrity_check")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&backup).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // Put in the ledger's place, it is a ledger.
        let again = Fixture { ledger: backup, ..fixture };
        assert_eq!(states(&again), known);
    }
}

#[tokio::test]
async fn no_backup_takes_the_place_of_another_file_and_without_one_nothing_is_changed() {
    let fixture = Fixture::with(vec![customer(1)]);
    fixture.run_watched(Killer::at(Moment::Sent, 9)).await.err().expect("it was cut off");
    to_format_1(&fixture.ledger);
    fixture.clock.set(1_800_000_000_000);
    std::fs::write(backup_of(&fixture, ""), "precious").expect("a file");
    for n in 2..=100 {
        std::fs::write(backup_of(&fixture, &format!("-{n}")), "precious").expect("a file");
    }
    let (before, calls) = (files(&fixture.ledger), fixture.changing_calls());
    let fault: Fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("older format (1)") && fault.what().contains("no backup"), "{fault}");
    assert!(fault.fix().contains("Nothing was changed"), "{fault}");
    assert_eq!(files(&fixture.ledger), before);
    assert_eq!(fixture.changing_calls(), calls, "nothing was changed");
    std::fs::remove_file(backup_of(&fixture, "-2")).expect("a file");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(format(&backup_of(&fixture, "-2")), 1);
    let is_precious = |path: &PathBuf| std::fs::read(path).is_ok_and(|it| it == b"precious");
    assert_eq!(files(&fixture.ledger).keys().filter(|path| is_precious(path)).count(), 99);
}

#[tokio::test]
async fn who_only_reads_a_ledger_of_format_1_leaves_it_as_it_is() {
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let known = states(&fixture);
    to_format_1(&fixture.ledger);
    let before = files(&fixture.ledger);
    assert_eq!(states(&fixture), known);
    assert_eq!(recorded(&fixture).1.expect("a run").policy, None);
    assert_eq!(files(&fixture.ledger), before);
    // It is carried forward while somebody has it open for reading.
    let reader = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    fixture.run().await.expect("no fault");
    assert_eq!(format(&fixture.ledger), 3);
    let read: Vec<String> = {
        let (facts, _) = reader.customer(&fixture.customers[0].subaccount).expect("facts");
        facts.states().map(|it| format!("{it:?}")).collect()
    };
    assert_eq!(read, states(&fixture));
}

#[tokio::test]
async fn the_policy_of_the_last_run_that_went_on_with_a_customer_is_recorded() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let own = Sid::parse("RN00000000000000000000000000000abc").expect("a SID");
    let of_the_run = Policy {
        submission: Submission::Never,
        evaluate: Evaluate::Warn,
        refused_numbers: RefusedNumbers::Skip,
        existing: Existing::Refuse,
        policy_sids: vec![(&PROFILE, own)],
        ..policy()
    };
    fixture.policy = of_the_run.clone();
    fixture.run().await.expect("no fault");
    let recorded_policy = |fixture: &Fixture| recorded(fixture).1.expect("a run").policy.expect("a policy");
    assert_eq!(recorded_policy(&fixture), of_the_run);
    // A look at the reviews decides nothing.
    fixture.policy = policy();
    fixture.only = Only::ToLookAt;
    fixture.run().await.expect("no fault");
    assert_eq!(recorded_policy(&fixture), of_the_run);
    fixture.only = Only::Everyone;
    fixture.policy = Policy { submission: Submission::ProductNow, evaluate: Evaluate::Off, ..policy() };
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(recorded_policy(&fixture), fixture.policy);
    // Who is finished is not run any more.
    fixture.policy = policy();
    fixture.run().await.expect("no fault");
    assert_eq!(recorded_policy(&fixture).submission, Submission::ProductNow);
}

#[tokio::test]
async fn the_history_has_every_state_in_its_order_and_ends_with_the_current_ones() {
    let mut fixture = Fixture::with(vec![customer(1), customer(2)]);
    fixture.concurrency = 1;
    fixture.run_watched(Killer::at(Moment::Sent, 20)).await.err().expect("it was cut off");
    let columns = "subaccount, step, part, state, sid, other_sid, http_status, code, detail, request_id, at";
    let all = format!("SELECT {columns} FROM history ORDER BY id");
    let before = lines(&fixture.ledger, &all);
    fixture.run().await.expect("no fault");
    let after = lines(&fixture.ledger, &all);
    assert_eq!(after[..before.len()], before, "what stands there stays");
    let last = format!(
        "SELECT {columns} FROM history WHERE id IN (SELECT max(id) FROM history GROUP BY subaccount, step, part)
         ORDER BY subaccount, step, part"
    );
    let current = format!("SELECT {columns} FROM steps ORDER BY subaccount, step, part");
    assert_eq!(lines(&fixture.ledger, &last), lines(&fixture.ledger, &current));
    let of_the_profile = "SELECT state FROM history WHERE step = 'customer_profile' ORDER BY subaccount, id";
    let states = lines(&fixture.ledger, of_the_profile);
    assert_eq!(states, ["started", "done", "started", "done"].map(|it| format!("[Text({it:?})]")));
    let wrong = lines(&fixture.ledger, "SELECT * FROM history WHERE subaccount NOT LIKE 'AC%' OR at < 1");
    assert_eq!(wrong, [] as [String; 0]);
}

/// The runs that a ledger tells of: the number, and how many lines of the history each has.
fn runs(fixture: &Fixture) -> Vec<(i64, i64)> {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    ledger.runs().expect("runs").iter().map(|it| (it.id, it.last - it.after)).collect()
}

#[tokio::test]
async fn every_run_that_writes_has_a_number_and_the_lines_of_the_history_that_it_wrote() {
    let fixture = Fixture::with(vec![customer(1)]);
    fixture.run_watched(Killer::at(Moment::Sent, 9)).await.err().expect("it was cut off");
    let count = || lines(&fixture.ledger, "SELECT id FROM history").len() as i64;
    let of_the_first = count();
    fixture.run().await.expect("no fault");
    let of_the_second = count() - of_the_first;
    // What is finished is not taken on: a run that writes nothing uses up no number.
    fixture.run().await.expect("no fault");
    assert_eq!(runs(&fixture), [(1, of_the_first), (2, of_the_second)]);
    assert!(of_the_first > 3 && of_the_second > 10);
}

#[tokio::test]
async fn what_a_ledger_of_format_2_knows_belongs_to_no_run_and_the_next_run_is_the_first() {
    let customers = vec![customer(1)];
    let expected = undisturbed(&customers).await;
    let fixture = Fixture::with(customers);
    fixture.run_watched(Killer::at(Moment::Sent, 9)).await.err().expect("it was cut off");
    to_format_2(&fixture.ledger);
    let before = lines(&fixture.ledger, "SELECT * FROM history");
    assert_eq!(runs(&fixture), []);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "carried forward");
    let after = lines(&fixture.ledger, "SELECT * FROM history");
    assert_eq!(after[..before.len()], before, "what stands there stays");
    assert_eq!(runs(&fixture), [(1, (after.len() - before.len()) as i64)]);
}

#[tokio::test]
async fn a_step_that_would_come_to_a_state_that_it_cannot_come_to_stops_the_run_and_is_not_written_down() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.policy.submission = Submission::Never;
    assert_eq!(fixture.outcome().await, Outcome::Drafted);
    // Somebody has changed the ledger by hand: only a review is ever seen.
    let change = "UPDATE steps SET state = 'seen', code = 'twilio-approved' WHERE step = 'customer_profile'";
    assert_eq!(database(&fixture.ledger).execute(change, []).expect("written"), 1);
    let of_the_step = "SELECT state, sid FROM steps WHERE step = 'customer_profile'";
    let (before, calls) = (lines(&fixture.ledger, of_the_step), fixture.changing_calls());
    let fault = fixture.run().await.err().expect("a fault");
    assert!(fault.what().contains("customer_profile") && fault.what().contains("`seen`"), "{fault}");
    assert!(fault.fix().contains("report"), "{fault}");
    assert_eq!(lines(&fixture.ledger, of_the_step), before);
    assert_eq!(fixture.changing_calls(), calls, "nothing was sent");
}
