//! What a command says at its end: how many customers stand how, where the results are, and what is to be done next;
//! as text, or as one JSON document.

use super::Exit;
use super::args::ReportFormat;
use super::style::{self, Verbosity, conclude, inform, say, tell};
use crate::facts::{Outcome, Time};
use crate::ledger::Ledger;
use crate::model::{Fault, Sid, counted};
use crate::report::{
    CommandLine, ExitReport, Failures, HowItEnded, LookDocument, News, OutcomeDocument, ResultsFiles,
    ResultsPaths, Rows, Tally, Waits, WrittenRow, idle, next, ticket, wait_lines,
};

/// What is gathered while the results are written, and said at the end.
pub struct Closing<'a> {
    typed: &'a CommandLine,
    format: ReportFormat,
    rows: Rows,
    failures: Failures,
    lost: Option<Fault>,
    look: Option<Look>,
}

/// What a look says besides: what has changed since the last one, and what waits for Twilio.
pub struct Look {
    news: News,
    waits: Waits,
}

impl Look {
    /// `long_ms`: a review that waits longer is pointed out.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn read(ledger: &Ledger, parent: &Sid, now: Time, long_ms: Option<u64>) -> Result<Look, Fault> {
        let news = News::read(ledger.flow(), ledger, parent)?;
        Ok(Look { news, waits: Waits::new(ledger.flow(), now, long_ms) })
    }
}

impl<'a> Closing<'a> {
    pub fn new(typed: &'a CommandLine, format: ReportFormat) -> Closing<'a> {
        Closing {
            typed,
            format,
            rows: Rows::default(),
            failures: Failures::default(),
            lost: None,
            look: None,
        }
    }

    /// The same, for a look.
    pub fn with(self, look: Look) -> Closing<'a> {
        Closing { look: Some(look), ..self }
    }

    /// The customers whose news is said at the end; `None` where none is said.
    pub fn told(&self) -> Option<Vec<Sid>> {
        let is_said = self.format == ReportFormat::Json || style::verbosity() > Verbosity::Quiet;
        self.look.as_ref().filter(|_| is_said).map(|it| it.news.told())
    }

    /// Takes in a row that was written.
    pub fn take(&mut self, row: &WrittenRow<'_>) {
        if row.is_first {
            self.rows.clear();
            self.failures.clear();
            if let Some(Look { news, waits }) = &mut self.look {
                news.clear();
                waits.clear();
            }
        }
        self.failures.add(row.report);
        if let Some(Look { news, waits }) = &mut self.look {
            news.add(row.report);
            waits.add(row.report);
        }
        if self.format == ReportFormat::Text || self.lost.is_some() {
            return;
        }
        self.lost = self.rows.add(row.report).err();
    }

    /// A line for people: programs read standard output, where JSON is asked for. None of it with `--quiet`.
    fn line(&self, text: std::fmt::Arguments<'_>) {
        match self.format {
            ReportFormat::Text => conclude!("{text}"),
            ReportFormat::Json => inform!("{text}"),
        }
    }

    /// The first failures. They are said whatever else is not.
    fn failed(&self, results: Option<&ResultsPaths>) {
        let file = results.map_or_else(|| "the results".to_owned(), |it| it.results.display().to_string());
        let lines = self.failures.lines(&file);
        let head = (!lines.is_empty()).then(|| "What did not succeed".to_owned());
        for line in head.into_iter().chain(lines) {
            match self.format {
                ReportFormat::Text => say!("{line}"),
                ReportFormat::Json => tell!("{line}"),
            }
        }
    }

    /// The table of the outcomes.
    pub fn tally(&self, tally: &Tally) {
        for (outcome, count) in tally.occurring() {
            let colour = match outcome {
                Outcome::Approved | Outcome::Submitted => style::GOOD,
                Outcome::Refused | Outcome::Rejected | Outcome::Invalid => style::ERROR,
                Outcome::Unsure | Outcome::Unfinished | Outcome::ProfileApproved => style::WARNING,
                Outcome::AwaitingProfileApproval | Outcome::Drafted | Outcome::NotAttempted => style::BOLD,
            };
            let (word, off) = (outcome.word(), style::OFF);
            match self.format {
                ReportFormat::Text => conclude!("{count:>8}  {colour}{word}{off}"),
                ReportFormat::Json => inform!("{count:>8}  {colour}{word}{off}"),
            }
        }
    }

    /// For a run that a fault has broken off, which is told by itself.
    pub fn broken_off(self, tally: &Tally, results: &ResultsPaths) -> Result<(), Fault> {
        match self.format {
            ReportFormat::Text => self.tally(tally),
            ReportFormat::Json => {
                let how = HowItEnded { interrupted: true, ..HowItEnded::default() };
                self.end(tally, how, Some(results), Exit::Fault)?;
            }
        }
        Ok(())
    }

    /// Everything, and the document where one is asked for. `results` where they were written.
    pub fn end(
        mut self,
        tally: &Tally,
        how: HowItEnded,
        results: Option<&ResultsPaths>,
        exit: Exit,
    ) -> Result<Exit, Fault> {
        // Whoever reads the file under its name would read an older one. What rows need is said by their own code.
        let exit = match exit {
            Exit::Success if results.is_some_and(|it| it.cause.is_some()) => Exit::Fault,
            exit => exit,
        };
        self.failed(results);
        let look = self.look.take();
        let look = look.as_ref().map(|it| (&it.news, it.waits.oldest()));
        if let Some((news, waits)) = &look {
            news.lines().into_iter().chain(wait_lines(waits)).for_each(|it| self.line(format_args!("{it}")));
            if let Some(ticket) = ticket(waits) {
                self.line(format_args!("For a ticket at Twilio's support, to be copied as it is:"));
                ticket.lines().for_each(|it| self.line(format_args!("    {it}")));
            }
        }
        match self.format {
            ReportFormat::Text => conclude!("{}Customers by outcome{}", style::BOLD, style::OFF),
            ReportFormat::Json => inform!("{}Customers by outcome{}", style::BOLD, style::OFF),
        }
        self.tally(tally);
        if tally.without_flags() > 0 {
            let (begun, is) = (counted(tally.without_flags(), "customer"), "the ledger has kept no flags");
            self.line(format_args!(
                "For {begun} {is}, because an earlier version began them: the flags of this command decide how they stand"
            ));
        }
        let (numbers, customers) = tally.numbers_left_out();
        if numbers > 0 {
            let (numbers, of) = (counted(numbers, "phone number"), counted(customers, "customer"));
            self.line(format_args!(
                "Left out: {numbers} of {of}, refused and gone on without (--refused-numbers skip)"
            ));
        }
        if let Some(paths) = results {
            let (results, numbers) = (paths.results.display(), paths.numbers.display());
            self.line(format_args!("Results: {results}, {numbers}"));
        }
        let groups = next(tally, self.typed, how);
        match idle(self.typed, how) {
            Some(text) => self.line(format_args!("Next: {text}")),
            None => groups.iter().for_each(|group| self.line(format_args!("Next: {}", group.text()))),
        }
        if self.format == ReportFormat::Json {
            let reason = ExitReport { code: exit.code(), reason: exit.reason().to_owned() };
            let mut document = OutcomeDocument::new(&self.typed.command, tally, reason, &groups);
            document.results = results.map(|paths| ResultsFiles {
                results: paths.results.display().to_string(),
                numbers: paths.numbers.display().to_string(),
            });
            document.look = look.as_ref().map(|(news, waits)| LookDocument {
                since_last_look: news.document(),
                waiting: waits,
                support_ticket: ticket(waits),
            });
            style::printed(self.rows.write(&document, &mut anstream::stdout()));
        }
        self.lost.map_or(Ok(exit), Err)
    }
}
