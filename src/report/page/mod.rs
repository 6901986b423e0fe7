//! The results as one page for a browser: a file that loads nothing, sends nothing, and can be passed on. It holds no
//! personal data beyond the business names unless that is asked for.

mod chart;
mod general;
mod html;

use super::history::{Gathered, Past, Stage};
use super::log::rfc3339;
use super::next::{Who, who};
use super::own::Manner;
use super::row::{Reporter, RowReport};
use super::summary::Tally;
use super::words::{
    cells, happened, longest_usual_review_days, meaning, needs_a_look, usual_reviews, who_in_words,
};
use super::write::{Written, unwritable, write_one};
use crate::check::Entry;
use crate::facts::{Outcome, Time};
use crate::model::Fault;
use crate::products::FLOW;
use chart::{bar, by_day, class, key, sampled};
use general::Said;
use html::{escaped, source};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How many rows are listed: with more, a browser takes long to open the page. Those that need somebody come first.
const ROWS_MAX: usize = 20_000;

/// How many cells are named with each reason.
const CELLS_MAX: usize = 12;

/// What the page shows of each customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// The business name, and in general words how it stands.
    Withheld,
    /// Also Twilio's own words, values that are to be corrected, and phone numbers.
    Shown,
}

/// One line of the table of customers.
struct Line {
    row: u64,
    business_name: String,
    outcome: Outcome,
    who: Who,
    happened: String,
    to_do: String,
    cells: String,
    since: String,
    url: Option<String>,
    numbers: String,
}

/// Rows that did not get through for the same reason.
#[derive(Default)]
struct Reason {
    customers: u64,
    to_do: String,
    cells: Vec<String>,
}

/// The page in the making.
struct Page {
    /// What the sheet is called.
    sheet: String,
    now: Time,
    details: Details,
    tally: Tally,
    lines: Vec<Line>,
    reasons: BTreeMap<(Outcome, String), Reason>,
    /// Reviews by how many days they last.
    ages: [u64; AGES.len()],
}

/// Writes the page about the rows of a sheet; `sheet` is what it is called, and `known` the ledger that knows our own
/// files. A file of somebody else that has the name is moved aside. Gives the tally, and the name that was taken.
///
/// # Errors
/// The sheet cannot be read again, the ledger cannot be read, or the page cannot be written.
pub fn write_page(
    reporter: &Reporter<'_>,
    sheet: &str,
    details: Details,
    path: &Path,
    known: PathBuf,
    entries: impl Iterator<Item = Result<Entry, Fault>>,
) -> Result<(Tally, Written), Fault> {
    let now = reporter.now.unwrap_or_default();
    let mut page = Page::begin(sheet, now, details);
    let mut gathered = Gathered::default();
    for entry in entries {
        let row = reporter.row(&entry?)?;
        gathered.add(&row);
        page.row(&row);
    }
    let past = gathered.past(reporter.flow, reporter.ledger, now)?;
    let tally = page.tally.clone();
    let ((), written) = write_one(path, &Manner::of_results(Some(known)), |file| {
        let mut output = BufWriter::new(file);
        let ended = page.end(&past, &mut output).and_then(|()| output.flush());
        ended.map_err(|error| unwritable(path, &error))
    })?;
    Ok((tally, written))
}

/// How reviews are put together by their age: up to so many days.
const AGES: [(u64, &str); 4] =
    [(1, "up to a day"), (3, "1 to 3 days"), (7, "3 to 7 days"), (u64::MAX, "more than 7 days")];

impl Page {
    fn begin(sheet: &str, now: Time, details: Details) -> Page {
        Page {
            sheet: sheet.to_owned(),
            now,
            details,
            tally: Tally::default(),
            lines: vec![],
            reasons: BTreeMap::new(),
            ages: [0; AGES.len()],
        }
    }

    fn row(&mut self, row: &RowReport) {
        self.tally.count(row);
        let said = match self.details {
            Details::Withheld => Said::in_general(row),
            Details::Shown => Said { happened: happened(row), to_do: row.next_action.clone() },
        };
        if needs_a_look(row.outcome) {
            self.note_reason(row);
        }
        if let Some(days) = row.days_waiting
            && let Some(age) = AGES.iter().position(|it| days < it.0)
        {
            self.ages[age] += 1;
        }
        let is_done = row.who == Who::Nobody;
        let numbers = || row.phone_numbers.iter().filter_map(|it| it.phone_number.clone().or(it.sid.clone()));
        self.lines.push(Line {
            row: row.row,
            business_name: row.business_name.clone(),
            outcome: row.outcome,
            who: row.who,
            happened: if is_done { String::new() } else { said.happened },
            to_do: if is_done { String::new() } else { said.to_do },
            cells: cells(row),
            since: row.waiting_since.map(rfc3339).map(|it| it.chars().take(10).collect()).unwrap_or_default(),
            url: row.console_url.clone(),
            numbers: match self.details {
                Details::Withheld => String::new(),
                Details::Shown => numbers().collect::<Vec<_>>().join(", "),
            },
        });
    }

    /// Reasons are put together by their code, in general words: what Twilio said differs from row to row.
    fn note_reason(&mut self, row: &RowReport) {
        let said = Said::in_general(row);
        let reason = self.reasons.entry((row.outcome, said.happened)).or_default();
        reason.customers += 1;
        reason.to_do = said.to_do;
        for column in row.columns() {
            reason.cells.push(if column.cell.is_empty() {
                column.column.to_owned()
            } else {
                column.cell.clone()
            });
        }
    }

    /// Writes the page, once all rows are there.
    ///
    /// # Errors
    /// The output takes no more.
    fn end(mut self, past: &Past, output: &mut dyn Write) -> io::Result<()> {
        let title = format!("Onboarding of {}", self.sheet);
        let title = escaped(&title);
        let (style, script) = (source(STYLE), source(SCRIPT));
        write!(
            output,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
             http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style}; script-src \
             {script}; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" \
             content=\"no-referrer\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<p class=\"soft\">As of {} (UTC).{}</p>\n",
            rfc3339(self.now).replace('T', " ").trim_end_matches('Z'),
            match past.begun_at {
                Some(time) => format!(
                    " The first customer was begun on {}.",
                    rfc3339(time).chars().take(10).collect::<String>()
                ),
                None => " No customer has been begun yet.".to_owned(),
            }
        )?;
        output.write_all(self.standing(past).as_bytes())?;
        output.write_all(days(past).as_bytes())?;
        output.write_all(self.reviews().as_bytes())?;
        output.write_all(self.wrong().as_bytes())?;
        self.customers(output)?;
        write!(output, "<script>{SCRIPT}</script>\n</body>\n</html>\n")
    }

    /// Where the customers stand.
    fn standing(&self, past: &Past) -> String {
        let sum = |party: Who| -> u64 {
            let of_it = Outcome::ALL.into_iter().filter(|it| who(*it) == party);
            of_it.map(|it| self.tally.of(it)).sum()
        };
        let mut html = String::from("<ul class=\"cards\">");
        for (count, what) in [
            (self.tally.total(), "customers"),
            (sum(Who::You), "need you"),
            (sum(Who::Twilio), "wait for Twilio"),
            (sum(Who::Nobody), "approved"),
        ] {
            let _ = write!(html, "<li><b>{count}</b>{what}</li>");
        }
        html.push_str(
            "</ul>\n<h2>Where the customers stand</h2>\n<table class=\"rows\" id=\"outcomes\"><thead><tr><th \
             scope=\"col\">Outcome</th><th scope=\"col\" class=\"count\">Customers</th><th scope=\"col\">Share</th><th \
             scope=\"col\">Who acts next</th><th scope=\"col\">What it means</th></tr></thead><tbody>\n",
        );
        for (outcome, count) in self.tally.occurring() {
            let party = who(outcome);
            let _ = writeln!(
                html,
                "<tr><td data-name=\"outcome\"><a href=\"#outcome={word}\">{}</a></td><td data-name=\"customers\" \
                 class=\"count\">{count}</td><td>{}</td><td data-name=\"who acts next\"><span class=\"tag \
                 tag-{}\">{}</span></td><td>{}</td></tr>",
                spelled(outcome),
                bar(class(Stage::of(outcome)), count, self.tally.total()),
                party.word(),
                who_in_words(party),
                meaning(outcome),
                word = outcome.word(),
            );
        }
        let _ = write!(
            html,
            "</tbody></table>\n<p class=\"soft\">Since the beginning: {} begun, {} submitted at least once, {} rejected \
             and {} refused at least once.</p>\n",
            past.begun, past.submitted, past.rejected, past.refused
        );
        html
    }

    /// Reviews by age.
    fn reviews(&self) -> String {
        let most = self.ages.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return String::new();
        }
        let mut html = format!(
            "<h2>Reviews by age</h2>\n<p>A review usually takes {}.</p>\n<table class=\"rows\" \
             id=\"reviews\"><thead><tr><th scope=\"col\">In review for</th><th scope=\"col\" \
             class=\"count\">Customers</th><th scope=\"col\">Share</th></tr></thead><tbody>\n",
            usual_reviews(&FLOW)
        );
        for ((days, words), count) in AGES.iter().zip(self.ages) {
            let class = if *days > longest_usual_review_days(&FLOW) { "you" } else { "product" };
            let _ = writeln!(
                html,
                "<tr><td data-name=\"in review for\">{words}</td><td data-name=\"customers\" \
                 class=\"count\">{count}</td><td>{}</td></tr>",
                bar(class, count, most)
            );
        }
        html + "</tbody></table>\n"
    }

    /// What went wrong, by reason.
    fn wrong(&self) -> String {
        if self.reasons.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<h2>What went wrong, by reason</h2>\n<table class=\"rows\" id=\"reasons\"><thead><tr><th \
             scope=\"col\">Outcome</th><th scope=\"col\" class=\"count\">Customers</th><th \
             scope=\"col\">Reason</th><th scope=\"col\">What to do</th><th \
             scope=\"col\">Cells</th></tr></thead><tbody>\n",
        );
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|it| std::cmp::Reverse(it.1.customers));
        for ((outcome, words), reason) in reasons {
            let mut cells = reason.cells.clone();
            let more = cells.len().saturating_sub(CELLS_MAX);
            cells.truncate(CELLS_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = writeln!(
                html,
                "<tr><td data-name=\"outcome\">{}</td><td data-name=\"customers\" class=\"count\">{}</td><td \
                 data-name=\"reason\">{}</td><td data-name=\"what to do\">{}</td><td \
                 data-name=\"cells\">{}{more}</td></tr>",
                spelled(*outcome),
                reason.customers,
                escaped(words),
                escaped(&reason.to_do),
                escaped(&cells.join(", ")),
            );
        }
        html + "</tbody></table>\n"
    }

    /// The table to filter and sort.
    fn customers(&mut self, output: &mut dyn Write) -> io::Result<()> {
        let all = self.lines.len();
        // Where not all are listed, those that need somebody are; in the sheet's order either way.
        if all > ROWS_MAX {
            self.lines.sort_by_key(|it| (!needs_a_look(it.outcome), it.who == Who::Nobody, it.row));
            self.lines.truncate(ROWS_MAX);
            self.lines.sort_by_key(|it| it.row);
        }
        output.write_all(
            b"<h2>Customers</h2>\n<p class=\"soft\">The Console shows the account that is chosen in it: before you open a \
              customer there, choose the subaccount of its row.</p>\n",
        )?;
        if all > ROWS_MAX {
            writeln!(
                output,
                "<p>{ROWS_MAX} of {all} customers are listed, those that need somebody first.</p>"
            )?;
        }
        output.write_all(
            b"<form id=\"filter\" hidden><label>Search<input name=\"q\" type=\"search\"></label>\
              <label>Outcome<select name=\"outcome\"><option value=\"\">all</option>",
        )?;
        for (outcome, _) in self.tally.occurring() {
            write!(output, "<option value=\"{}\">{}</option>", outcome.word(), spelled(outcome))?;
        }
        output.write_all(
            b"</select></label><label>Who acts next<select name=\"who\"><option value=\"\">all</option>",
        )?;
        for party in [Who::You, Who::Twilio, Who::Nobody] {
            write!(output, "<option value=\"{}\">{}</option>", party.word(), who_in_words(party))?;
        }
        output.write_all(
            b"</select></label><button type=\"reset\">Show all</button><output id=\"shown\" \
              class=\"soft\"></output></form>\n<table class=\"rows\" id=\"customers\"><thead><tr>",
        )?;
        let heads = [
            "Row",
            "Business",
            "Outcome",
            "What happened",
            "What to do",
            "Cells",
            "Waiting since",
            "Console",
        ];
        for head in heads {
            write!(output, "<th scope=\"col\">{head}</th>")?;
        }
        output.write_all(b"</tr></thead><tbody>\n")?;
        for line in &self.lines {
            let numbers = match line.numbers.as_str() {
                "" => String::new(),
                numbers => format!("<div class=\"soft\">{}</div>", escaped(numbers)),
            };
            let link = match &line.url {
                Some(url) => format!("<a href=\"{}\" rel=\"noopener\">open</a>", escaped(url)),
                None => String::new(),
            };
            writeln!(
                output,
                "<tr id=\"r{}\" data-outcome=\"{}\" data-who=\"{who}\"><td>{}</td><td>{}{numbers}</td><td><span \
                 class=\"tag tag-{who}\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{link}</td></tr>",
                line.row,
                line.outcome.word(),
                line.row,
                escaped(&line.business_name),
                spelled(line.outcome),
                escaped(&line.happened),
                escaped(&line.to_do),
                escaped(&line.cells),
                escaped(&line.since),
                who = line.who.word(),
            )?;
        }
        output.write_all(b"</tbody></table>\n")
    }
}

/// Customers by stage over the days.
fn days(past: &Past) -> String {
    let shown = sampled(&past.days);
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return String::new() };
    let mut html = format!(
        "<h2>Customers by stage, day by day</h2>\n{}{}<div class=\"axis\"><span>{}</span><span>{}</span></div>\n\
         <details><summary>The figures</summary><table class=\"rows\" id=\"days\"><thead><tr><th \
         scope=\"col\">End of</th>",
        key(),
        by_day(&shown),
        escaped(&first.0),
        if shown.len() > 1 { escaped(&last.0) } else { "".into() },
    );
    for stage in Stage::ALL {
        let _ = write!(html, "<th scope=\"col\" class=\"count\">{}</th>", stage.words());
    }
    html.push_str("</tr></thead><tbody>\n");
    for (date, counts) in &shown {
        let _ = write!(html, "<tr><td data-name=\"end of\">{}</td>", escaped(date));
        for (stage, count) in Stage::ALL.into_iter().zip(counts) {
            let _ = write!(html, "<td class=\"count\" data-name=\"{}\">{count}</td>", stage.words());
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody></table></details>\n"
}

/// The outcome's word for people.
fn spelled(outcome: Outcome) -> String {
    outcome.word().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::row::example::example;

    fn made(rows: impl Iterator<Item = RowReport>, details: Details) -> String {
        let mut page = Page::begin("customers.csv", 1_800_000_000_000, details);
        rows.for_each(|row| page.row(&row));
        let mut bytes = vec![];
        page.end(&Past::default(), &mut bytes).expect("the end");
        String::from_utf8(bytes).expect("text")
    }

    fn all(customers: u64) -> impl Iterator<Item = RowReport> {
        (2..customers + 2).zip(Outcome::ALL.into_iter().cycle()).map(|(row, outcome)| example(row, outcome))
    }

    #[test]
    fn a_page_of_5_000_customers_stays_light() {
        let page = made(all(5_000), Details::Withheld);
        assert_eq!(page.matches("<tr id=").count(), 5_000);
        // Half of what a page of a news site weighs.
        assert!(page.len() < 3_000_000, "{} bytes", page.len());
    }

    #[test]
    fn of_more_rows_than_a_browser_takes_those_that_need_somebody_are_listed_and_all_are_counted() {
        let customers = ROWS_MAX as u64 + 10;
        let rows = all(customers).map(|mut row| {
            if row.row < customers {
                row.outcome = Outcome::Approved;
                row.who = Who::Nobody;
            } else {
                row.outcome = Outcome::Refused;
            }
            row
        });
        let page = made(rows, Details::Withheld);
        assert_eq!(page.matches("<tr id=").count(), ROWS_MAX);
        assert!(page.contains(&format!("{ROWS_MAX} of {customers} customers are listed")));
        assert!(page.contains(&format!("<tr id=\"r{customers}\" data-outcome=\"refused\"")));
        assert!(page.contains(&format!("<li><b>{customers}</b>customers</li>")));
    }

    #[test]
    fn a_name_that_is_html_stays_text() {
        let mut row = example(2, Outcome::Refused);
        row.business_name = "</script><img src=x onerror=alert(1)> \" onmouseover='x' &amp;".to_owned();
        if let Some(cause) = &mut row.cause {
            cause.message = "</table><script>alert(1)</script>".to_owned();
        }
        row.next_action = "<svg onload=alert(1)>".to_owned();
        for details in [Details::Withheld, Details::Shown] {
            let page = made(std::iter::once(row.clone()), details);
            assert!(page.contains(
                "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; &quot; onmouseover=&#39;x&#39; &amp;amp;"
            ));
            assert_eq!(page.matches("<script").count(), 1, "ours");
            assert_eq!(page.matches("<img").count() + page.matches("<svg onload").count(), 0);
        }
    }

    #[test]
    fn what_others_wrote_of_a_row_is_shown_only_where_it_is_asked_for() {
        let row = example(2, Outcome::Rejected);
        let said = "what Twilio says of row 2";
        assert!(!made(std::iter::once(row.clone()), Details::Withheld).contains(said));
        assert!(made(std::iter::once(row), Details::Shown).contains(said));
    }
}
