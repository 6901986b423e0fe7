//! `--on-change`: a program of the user's own that is told what has changed while a run goes on.
//!
//! It is started by itself and not by a shell: nothing is expanded, and no cell of a sheet ever becomes a part of a
//! command. What it does, or does not, never holds up the run: it is told in a task of its own, one change after the
//! other, has a minute, and what it was not told because it failed is told with the next change.

use super::Stop;
use super::style::{self, tell};
use crate::clock::Clock;
use crate::model::shown_in_line;
use crate::report::{ChangeDocument, Snapshot};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// A message to a chat or a ticket takes seconds; what has not ended after a minute hangs.
const TIME_MAX_MS: u64 = 60_000;

/// How often it is asked whether it has ended.
const STEP_MS: u64 = 20;

/// So much of what it says on standard error is shown where it fails.
const SAID_MAX: u64 = 300;

/// What is to be started, as words: the program and its arguments.
#[derive(Clone)]
pub struct Program(Vec<String>);

impl Program {
    /// Reads a command: words with spaces between them, and quotes around what holds a space.
    ///
    /// # Errors
    /// A quote is not closed, nothing is there, or there is no such program.
    pub fn parse(command: &str) -> Result<Program, Stop> {
        // Folders of Windows are written with what would take the meaning from the next letter.
        let command = if cfg!(windows) { command.replace('\\', r"\\") } else { command.to_owned() };
        let words = shlex::split(&command).filter(|it| !it.is_empty());
        let Some(words) = words else {
            let text = "--on-change takes a program with its arguments, and each quote must be closed";
            return Err(Stop::Usage(text.to_owned()));
        };
        match is_there(&words[0]) {
            true => Ok(Program(words)),
            false => Err(Stop::Usage(format!(
                "--on-change: there is no program {}; it is started by itself, without a shell: for one, write sh -c '…'",
                words[0]
            ))),
        }
    }
}

/// Whether a program can be found, as far as that can be told before it is started.
fn is_there(program: &str) -> bool {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&folders).map(|it| it.join(path));
    // On Windows a program is found by names that are longer.
    cfg!(windows) || places.into_iter().any(|it: PathBuf| it.is_file())
}

/// Tells the program of each change.
pub struct OnChange {
    sender: Sender<Option<Arc<Snapshot>>>,
    task: JoinHandle<()>,
}

impl OnChange {
    /// `before` is how the rows stood when the run began.
    pub fn start(program: Program, before: Snapshot, clock: Arc<dyn Clock>) -> OnChange {
        let (sender, receiver) = channel(None);
        OnChange { sender, task: tokio::spawn(tell_all(program, before, receiver, clock)) }
    }

    /// How the rows stand now. What comes before the program has ended takes the place of what waits.
    pub fn see(&self, snapshot: Snapshot) {
        let _ = self.sender.send(Some(Arc::new(snapshot)));
    }

    /// Waits until the last change was told.
    pub async fn end(self) {
        drop(self.sender);
        let _ = self.task.await;
    }
}

async fn tell_all(
    program: Program,
    before: Snapshot,
    mut receiver: Receiver<Option<Arc<Snapshot>>>,
    clock: Arc<dyn Clock>,
) {
    let mut told = Arc::new(before);
    let mut has_failed = false;
    while receiver.changed().await.is_ok() {
        let Some(now) = receiver.borrow_and_update().clone() else { continue };
        let Some(change) = now.since(&told) else { continue };
        let failed = call(&program, &change, &*clock).await.err();
        drop(change);
        match failed {
            None => told = now,
            // Once: the run goes on, and a message a minute for three days helps nobody.
            Some(why) if !has_failed => {
                has_failed = true;
                tell!(
                    "{}warning:{} --on-change: {why}; the run goes on, and the program is told again with the next change",
                    style::WARNING,
                    style::OFF
                );
            }
            Some(_) => (),
        }
    }
}

/// Starts the program with the document on its standard input, and waits for its end.
async fn call(program: &Program, change: &ChangeDocument<'_>, clock: &dyn Clock) -> Result<(), String> {
    let (words, failed) = (&program.0, |error: std::io::Error| crate::report::reason(&error));
    // Files, not pipes: what is not read holds up nobody, nor does a child of the program that lives on.
    let mut input = tempfile::tempfile().map_err(failed)?;
    let mut said = tempfile::tempfile().map_err(failed)?;
    let text = serde_json::to_string(change).map_err(|error| error.to_string())?;
    writeln!(input, "{text}").and_then(|()| input.rewind()).map_err(failed)?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(input).stdout(Stdio::null());
    command.stderr(said.try_clone().map_err(failed)?);
    // It has no need of it, and may hand on what it finds.
    command.env_remove("TWILIO_AUTH_TOKEN");
    let mut child =
        command.spawn().map_err(|error| format!("{} cannot be started ({})", words[0], failed(error)))?;
    let began = clock.now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let mut words = String::new();
                let _ = said.rewind().and_then(|()| said.take(SAID_MAX).read_to_string(&mut words));
                let words = shown_in_line(words.trim()).into_owned();
                let words = if words.is_empty() { words } else { format!(": {words}") };
                return Err(format!("the program has failed ({status}){words}"));
            }
            Ok(None) if clock.now() < began + TIME_MAX_MS => clock.sleep(STEP_MS).await,
            Ok(None) => {
                end(&mut child);
                return Err(format!(
                    "the program has not ended after {} s and was ended",
                    TIME_MAX_MS / 1_000
                ));
            }
            Err(error) => {
                end(&mut child);
                return Err(failed(error));
            }
        }
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;
    use crate::products::FLOW;
    use crate::report::RowReport;

    fn words(command: &str) -> Option<Vec<String>> {
        Program::parse(command).ok().map(|it| it.0)
    }

    #[cfg(unix)]
    #[test]
    fn a_command_is_a_program_and_its_words_and_means_nothing_to_a_shell() {
        assert_eq!(words("sh -c 'a b' \"c d\""), Some(["sh", "-c", "a b", "c d"].map(str::to_owned).into()));
        assert_eq!(words("sh $HOME * ; x"), Some(["sh", "$HOME", "*", ";", "x"].map(str::to_owned).into()));
        for wrong in ["", "  ", "sh 'a", "no-such-program-anywhere", "./no-such-file x"] {
            assert!(words(wrong).is_none(), "{wrong:?}");
        }
    }

    fn changed() -> (Snapshot, Snapshot) {
        let mut now = Snapshot::new(&FLOW, 1_800_000_000_000, None);
        now.add(&row());
        (Snapshot::new(&FLOW, 0, None), now)
    }

    fn row() -> RowReport {
        crate::report::example(2, crate::facts::Outcome::Approved)
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_program_that_hangs_is_ended_after_a_minute() {
        let clock = TokioClock::start();
        let (before, now) = changed();
        let change = now.since(&before).expect("a change");
        for command in ["sleep 1000000", "sh -c 'sleep 1000000'"] {
            let began = clock.now();
            let program = Program::parse(command).unwrap_or_else(|_| panic!("{command}"));
            let why = call(&program, &change, &clock).await.expect_err("it hangs");
            assert!(why.contains("has not ended"), "{why}");
            assert!(clock.now() - began < TIME_MAX_MS + 1_000, "{command}");
        }
    }
}
