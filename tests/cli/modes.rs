//! Whatever the umask: what the program makes, only its owner may read.

#![cfg(unix)]

use super::fixture::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The files and folders below a folder that others may read, write or enter, with their modes.
fn open_to_others(folder: &Path, seen: &mut Vec<String>) -> Vec<String> {
    let mut open = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Temporary files come and go.
        let Ok(metadata) = entry.metadata() else { continue };
        seen.push(entry.file_name().to_string_lossy().into_owned());
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            open.push(format!("{} {mode:o}", entry.path().display()));
        }
        if metadata.is_dir() {
            open.extend(open_to_others(&entry.path(), seen));
        }
    }
    open
}

/// A folder to work in and one for temporary files.
struct Place {
    work: Fixture,
    temporary: Fixture,
}

impl Place {
    fn new() -> Place {
        Place { work: Fixture::new(), temporary: Fixture::new() }
    }

    fn command(&self, umask: &str, arguments: &str) -> Command {
        let binary = assert_cmd::cargo::cargo_bin!("trusthub-onboard").display().to_string();
        let mut command = Command::new("sh");
        command
            .current_dir(&self.work.folder)
            .args(["-c", &format!("umask {umask}; exec '{binary}' {arguments}")])
            .env("TMPDIR", self.temporary.folder.path())
            .env_remove("TRUSTHUB_ONBOARD_BASE_URL")
            .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID")
            .stdin(Stdio::null());
        command
    }

    /// Everything that may be read by others, and the names of all there is.
    fn look(&self) -> (Vec<String>, Vec<String>) {
        let mut seen = vec![];
        let mut open = open_to_others(self.work.folder.path(), &mut seen);
        open.extend(open_to_others(self.temporary.folder.path(), &mut seen));
        (open, seen)
    }
}

#[test]
fn every_file_that_a_command_makes_is_its_owners_alone() {
    let sheet = sample("mistakes.csv");
    for umask in ["000", "022"] {
        let place = Place::new();
        for (arguments, makes) in [
            ("template -o template.xlsx".to_owned(), &["template.xlsx"][..]),
            ("template -o template.csv".to_owned(), &["template.csv"]),
            (format!("validate '{sheet}' --annotate marked.xlsx"), &["marked.xlsx"]),
            (
                format!("run '{sheet}' --sandbox --log calls.jsonl --failed failed.csv"),
                &[
                    "results.csv",
                    "results-numbers.csv",
                    "failed.csv",
                    "calls.jsonl",
                    "trusthub-onboard-sandbox.db",
                    "trusthub-onboard-sandbox.world",
                ],
            ),
            (format!("run '{sheet}' --sandbox --failed failed.xlsx"), &["failed.xlsx"]),
            (format!("results '{sheet}' --sandbox --results again.csv"), &["again.csv", "again-numbers.csv"]),
            (format!("status '{sheet}' --sandbox --results now.csv"), &["now.csv"]),
        ] {
            let output = place.command(umask, &arguments).output().expect("it runs");
            let (open, seen) = place.look();
            assert_eq!(open, [""; 0], "umask {umask}: {arguments}");
            let said = String::from_utf8_lossy(&output.stderr);
            for name in makes {
                assert!(seen.iter().any(|it| it == name), "{name}: {arguments}: {seen:?} {said}");
            }
        }
    }
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks at a running command until it has made what is waited for, and ends it.
#[expect(clippy::disallowed_methods, reason = "a deadline of the test itself")]
fn watch(place: &Place, arguments: &str, wanted: &[&str], signal: &str) {
    let mut command = place.command("000", arguments);
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs"));
    let deadline = Instant::now() + Duration::from_secs(60);
    let missing = loop {
        let (open, seen) = place.look();
        assert_eq!(open, [""; 0], "{arguments}");
        let missing: Vec<_> =
            wanted.iter().filter(|it| !seen.iter().any(|name| name.contains(**it))).collect();
        if missing.is_empty() || Instant::now() > deadline || running.0.try_wait().expect("asked").is_some() {
            break format!("{missing:?} not in {seen:?}");
        }
        std::thread::yield_now();
    };
    let sent = Command::new("kill").args([signal, &running.0.id().to_string()]).status();
    let _ = running.0.wait();
    assert!(sent.is_ok() && missing.starts_with("[]"), "{arguments}: {missing}");
}

#[test]
fn what_a_command_needs_while_it_works_is_its_owners_alone() {
    let sheet = sample("customers-500.csv");
    let place = Place::new();
    let files = ["trusthub-rehearsal-", "run.log", ".db", ".db-wal", ".db-shm", ".db.lock"];
    watch(&place, &format!("rehearse '{sheet}'"), &files, "-INT");
    let files = [".db", ".db-wal", ".db-shm", ".db.lock", ".world"];
    watch(&place, &format!("run '{sheet}' --sandbox"), &files, "-KILL");
}

#[test]
fn files_that_others_could_read_are_narrowed_when_they_are_used_again() {
    let place = Place::new();
    let run = format!("run '{}' --sandbox --log calls.jsonl", sample("customers-500.csv"));
    watch(&place, &run, &[".db-wal", ".db-shm", "calls.jsonl"], "-KILL");
    for entry in std::fs::read_dir(place.work.folder.path()).expect("a folder").flatten() {
        std::fs::set_permissions(entry.path(), PermissionsExt::from_mode(0o666)).expect("widened");
    }
    let arguments = format!("{run} --limit 1");
    let said = place.command("000", &arguments).output().expect("it runs");
    assert!(said.status.code() != Some(1), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(place.look().0, [""; 0]);
}
