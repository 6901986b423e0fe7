//! A world that is kept in a file.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use trusthub_onboard::sandbox::{Edit, Sandbox, Seed, Settings};

use crate::fixture::*;

fn open(journal: &Path, seed: Seed) -> std::io::Result<Sandbox> {
    Sandbox::open(settings(journal), seed)
}

fn settings(journal: &Path) -> Settings {
    Settings {
        journal: Some(journal.to_owned()),
        clock: Arc::new(|| START_MS + 10_000),
        ..Settings::default()
    }
}

/// A journal after a whole customer, and what was in the world.
async fn journal_of_a_customer(folder: &Path) -> (std::path::PathBuf, Sandbox) {
    let journal = folder.join("sandbox.world");
    let path = journal.clone();
    let fixture = Fixture::with(|settings| settings.journal = Some(path)).await;
    let profile = fixture.full_profile(&Parts::default()).await;
    fixture.post(SUB, &format!("{profile}/Evaluations"), &[("PolicySid", SECONDARY_POLICY)]).await;
    let spare = fixture.make_end_user("authorized_representative_2", &serde_json::json!({})).await;
    fixture.delete(SUB, &format!("/v1/EndUsers/{spare}")).await;
    fixture.submit(&profile).await;
    fixture.advance_ms(10_000);
    (journal, fixture.sandbox)
}

#[tokio::test]
async fn a_world_read_from_its_journal_is_the_same_and_goes_on_with_new_sids() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, first) = journal_of_a_customer(folder.path()).await;
    let (before, id) = (first.resources(), first.id());
    let used_ever = fs::read_to_string(&journal).expect("a journal");
    drop(first);
    let again = open(&journal, seed()).expect("it opens again");
    assert_eq!((again.resources(), again.id()), (before, id));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = again.serve(listener).expect("it serves");
    let url = format!("{}/v1/CustomerProfiles", server.base_url());
    let made = client().post(url).basic_auth(SUB, Some("sub-token")).form(&profile_form("Next"));
    assert_eq!(made.send().await.expect("an answer").status().as_u16(), 201);
    let newest = again.resources().pop().expect("the new profile");
    assert_eq!(newest.friendly_name, "Next");
    let digits = &newest.sid[2..];
    assert!(!used_ever.contains(digits), "no SID is given twice, not even a deleted one");
}

#[tokio::test]
async fn what_was_answered_is_in_the_file_already() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("sandbox.world");
    let path = journal.clone();
    let fixture = Fixture::with(|settings| settings.journal = Some(path)).await;
    let kept = |sid: &str| fs::read_to_string(&journal).expect("a journal").contains(sid);
    let make_and_look = async || {
        let sid = fixture.make_profile().await;
        assert!(kept(&sid), "{sid} was answered before it was written");
    };
    make_and_look().await;
    tokio::join!(make_and_look(), make_and_look(), make_and_look(), make_and_look());
}

#[cfg(unix)]
#[tokio::test]
async fn the_journal_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, _sandbox) = journal_of_a_customer(folder.path()).await;
    let mode = fs::metadata(&journal).expect("a journal").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn cut_anywhere_in_its_last_lines_a_journal_keeps_the_whole_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, sandbox) = journal_of_a_customer(folder.path()).await;
    let mut whole = sandbox.resources();
    drop(sandbox);
    let bytes = fs::read(&journal).expect("a journal");
    let cut = folder.path().join("cut.world");
    let last_line = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').expect("a line") + 1;
    // The last line is the submission: without it, the profile is a draft again.
    for resource in whole.iter_mut().filter(|resource| !resource.seeded && resource.status.is_some()) {
        if resource.bundle_sid.is_none() {
            resource.status = Some("draft".to_owned());
        }
    }
    for length in [last_line, last_line + 1, (last_line + bytes.len()) / 2, bytes.len() - 1] {
        fs::write(&cut, &bytes[..length]).expect("a shorter journal");
        let sandbox = open(&cut, seed()).expect("it opens");
        assert_eq!(sandbox.resources(), whole, "cut to {length} of {}", bytes.len());
        drop(sandbox);
        assert_eq!(fs::metadata(&cut).expect("a journal").len(), last_line as u64, "the torn line is gone");
    }
}

#[tokio::test]
async fn what_is_damaged_or_foreign_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, sandbox) = journal_of_a_customer(folder.path()).await;
    let in_use = open(&journal, seed()).expect_err("it is in use");
    assert_eq!(in_use.kind(), ErrorKind::WouldBlock);
    drop(sandbox);
    let foreign = Seed { parent_sid: SIBLING.into(), ..Seed::default() };
    assert_eq!(open(&journal, foreign).expect_err("another parent").kind(), ErrorKind::InvalidInput);
    let text = fs::read_to_string(&journal).expect("a journal");
    let damaged = text.replacen("\"Account\"", "\"Acc", 1);
    fs::write(&journal, &damaged).expect("a damaged journal");
    let error = open(&journal, seed()).expect_err("it is damaged");
    assert!(error.to_string().contains("line 2 is damaged"), "{error}");
    assert_eq!(fs::read_to_string(&journal).expect("a journal"), damaged);
    fs::write(&journal, text.replacen("\"version\":1", "\"version\":2", 1)).expect("a newer journal");
    assert!(open(&journal, seed()).expect_err("it is newer").to_string().contains("version 2"));
    let other = folder.path().join("notes.txt");
    fs::write(&other, "one line of another kind").expect("a file");
    assert!(open(&other, seed()).is_err());
    assert_eq!(fs::read_to_string(&other).expect("a file"), "one line of another kind");
}

#[tokio::test]
async fn a_seed_adds_what_is_missing_and_resets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("sandbox.world");
    let sandbox = open(&journal, seed()).expect("it opens");
    let token = sandbox.edit(Edit::RotateToken { account: SUB.into() }).expect("a token");
    drop(sandbox);
    let mut wider = seed();
    let new_number = "PN000000000000000000000000000000aa";
    wider.accounts[0].phone_numbers.push((new_number.into(), "+14155550177".into()));
    let sandbox = open(&journal, wider).expect("it opens");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = sandbox.serve(listener).expect("it serves");
    let url = format!("{}/2010-04-01/Accounts/{SUB}/IncomingPhoneNumbers.json", server.base_url());
    let listed = client().get(url).basic_auth(SUB, Some(token)).send().await.expect("an answer");
    assert!(listed.text().await.expect("a body").contains(new_number));
}

#[tokio::test]
async fn a_stopped_sandbox_commits_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("sandbox.world");
    let path = journal.clone();
    let fixture = Fixture::with(|settings| settings.journal = Some(path)).await;
    fixture.make_profile().await;
    let before = fs::read(&journal).expect("a journal");
    fixture.sandbox.stop();
    assert!(fixture.try_post("/v1/CustomerProfiles", &profile_form("Late")).await.is_err());
    assert_eq!(fs::read(&journal).expect("a journal"), before);
    fs::OpenOptions::new()
        .append(true)
        .open(&journal)
        .expect("it is free")
        .write_all(b"{\"torn")
        .expect("a tear");
    let again = open(&journal, seed()).expect("another sandbox takes it");
    assert_eq!(again.resources().iter().filter(|resource| !resource.seeded).count(), 1);
}

#[test]
fn a_seed_with_something_that_is_no_sid_is_refused() {
    let mut wrong = seed();
    wrong.accounts[0].sid = "AC12".into();
    let error = Sandbox::open(Settings::default(), wrong).expect_err("no SID");
    assert!(error.to_string().contains("\"AC12\""), "{error}");
}
