//! `validate`: everything that is wrong with a sheet, without the network.

use super::args::{FormatArg, ValidateArgs, usual_policy};
use super::files::{must_differ, tell_kept};
use super::sheet::Sheet;
use super::style::{conclude, inform, printed, tell};
use super::{Exit, Stop};
use crate::check::{Shape, ValidationReport};
use crate::model::counted;
use crate::products::FLOW;
use crate::report::{
    Annotations, FindingsFormat, FindingsPrinter, Manner, Shapes, Sums, annotate, check_writable,
};
use crate::twilio::Rate;
use std::sync::Arc;

/// The rate of a run that says nothing else: a fifth of what third parties report as Twilio's limit
/// of concurrent calls, and twenty times what public scripts dare.
pub const DEFAULT_RATE: f64 = 20.0;

pub fn validate(args: &ValidateArgs) -> Result<Exit, Stop> {
    let format = match args.format {
        FormatArg::Text => FindingsFormat::Text,
        FormatArg::Json => FindingsFormat::Json,
        FormatArg::Csv => FindingsFormat::Csv,
    };
    let mut printer = FindingsPrinter::new(format, anstream::AutoStream::auto(std::io::stdout()));
    let parent =
        std::env::var("TWILIO_ACCOUNT_SID").ok().and_then(|text| crate::model::Sid::parse(text.trim()));
    let mut annotations = Annotations::default();
    if let Some(path) = &args.annotate {
        must_differ(&[("the sheet", &args.sheet.path), ("--annotate", path)])?;
        check_writable(path)?;
    }
    let shapes = Arc::new(Shapes::new(&FLOW, usual_policy()));
    let shape = shapes.clone();
    let shape: Shape = Arc::new(move |customer| shape.of(customer));
    let sheet = Sheet::validate_with(&args.sheet, parent, Some(shape), &mut |finding| {
        if args.annotate.is_some() {
            annotations.add(finding.clone());
        }
        printer.take(finding);
    })?;
    printed(printer.finish(&sheet.validation));
    let validation = &sheet.validation;
    let lines = [format!("{}: {}", sheet.name(), validation.layout), in_short(validation)];
    let rate = args.rate.unwrap_or(Rate::PerSecond(DEFAULT_RATE));
    for line in lines.into_iter().chain(least(&shapes.sums(&validation.shapes())?, rate)) {
        match format {
            FindingsFormat::Text => conclude!("{line}"),
            // What programs read stays apart from what people read.
            FindingsFormat::Json | FindingsFormat::Csv => inform!("{line}"),
        }
    }
    if let Some(path) = &args.annotate {
        let manner = Manner::of_work(args.overwrite, None);
        let marked = annotate(&sheet.source, validation, &annotations, path, &manner)?;
        tell_kept(&marked.written.kept);
        if let Some(why) = &marked.rebuilt {
            tell!("The marked copy is a new workbook with the values of {}, because {why}", sheet.name());
        }
        let name = marked.written.name.display();
        match validation.invalid() {
            0 => inform!("Marked copy: {name}. No row in it is invalid"),
            _ => inform!("Marked copy: {name}. Correct the red cells there, save, and run that file"),
        }
    }
    Ok(if validation.invalid() > 0 || validation.rows == 0 { Exit::InvalidRows } else { Exit::Success })
}

/// How many rows there are and may be sent.
pub fn in_short(validation: &ValidationReport) -> String {
    format!(
        "{}: {} valid, {} invalid",
        counted(validation.rows, "row"),
        validation.valid,
        validation.invalid()
    )
}

/// What a first run over the valid rows does; nothing where no row may be sent.
fn least(sums: &Sums, rate: Rate) -> Option<String> {
    (sums.customers > 0).then(|| format!("A run makes {}", sums.sentence(rate)))
}
