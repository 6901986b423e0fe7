//! The order in which one row's steps are done.

use crate::facts::Facts;
use crate::facts::{Evaluate, Policy, Submission};
use crate::flow::{BundleId, Flow, StepId, Verb};
use crate::model::Customer;

/// The steps of one row: the profile, then what is made of each product, then what waits for the approval
/// of the profile.
pub(super) fn steps(
    flow: &Flow,
    bundles: &[BundleId],
    customer: &Customer,
    policy: &Policy,
    facts: &Facts,
) -> Vec<StepId> {
    if policy.numbers.alone {
        return steps_of_numbers(flow, bundles, customer, facts);
    }
    let taken = |bundle: BundleId| facts.is_taken_as_is(bundle, bundle.named_by(customer));
    let mut steps = vec![flow.account, flow.discovery];
    for &bundle in bundles {
        match taken(bundle) {
            true => steps.extend(steps_of_a_taken(bundle)),
            false => {
                let own = &bundle.steps;
                steps.extend(own.before);
                steps.push(own.creation);
                steps.extend(own.contents);
                steps.push(own.numbers);
            }
        }
        if bundle == flow.profile {
            steps.extend([bundle.steps.evaluation, bundle.steps.submission]);
        }
    }
    let judged = |bundle: &'static crate::flow::Bundle| [bundle.steps.evaluation, bundle.steps.submission];
    let products = || bundles.iter().copied().filter(|bundle| *bundle != flow.profile);
    match policy.submission {
        Submission::ProductNow => {
            steps.extend(products().flat_map(judged));
            steps.push(flow.profile.steps.review);
        }
        Submission::ProductAfterApproval | Submission::Never => {
            steps.push(flow.profile.steps.review);
            steps.extend(products().flat_map(judged));
        }
    }
    steps.extend(products().map(|bundle| bundle.steps.review));
    let mut order: Vec<StepId> = Vec::with_capacity(steps.len());
    for step in steps {
        let bundle = step.bundle;
        let off = match step.verb {
            Verb::Evaluate => policy.evaluate == Evaluate::Off || taken(bundle),
            Verb::Submit => policy.submission == Submission::Never || taken(bundle),
            // What has been submitted earlier is no draft: its review is read, also by a run that submits
            // nothing.
            Verb::Review => policy.submission == Submission::Never && facts.submitted(bundle).is_none(),
            _ => false,
        };
        // A taken profile is reviewed before its numbers; reading it once is enough.
        if (step.wanted_by)(customer) && !off && !order.contains(&step) {
            order.push(step);
        }
    }
    order
}

/// Of what was submitted only the review and the numbers.
fn steps_of_numbers(flow: &Flow, bundles: &[BundleId], customer: &Customer, facts: &Facts) -> Vec<StepId> {
    let mut steps = vec![flow.account, flow.discovery];
    for bundle in bundles.iter().filter(|it| facts.submitted(it).is_some()) {
        let own = &bundle.steps;
        let before = own.before.iter().copied();
        steps.extend(before.filter(|it| matches!(it.verb, Verb::ResolveNumbers) && (it.wanted_by)(customer)));
        steps.extend([own.review, own.numbers]);
    }
    steps
}

/// For a bundle that the row names and that was submitted before us: only missing numbers are added, which
/// is documented before and after the submission of a product, and of a profile only when it is approved.
fn steps_of_a_taken(bundle: BundleId) -> Vec<StepId> {
    let own = &bundle.steps;
    let numbers_are_looked_up =
        own.before.iter().copied().filter(|it| matches!(it.verb, Verb::ResolveNumbers));
    let mut steps: Vec<StepId> = numbers_are_looked_up.collect();
    steps.push(own.creation);
    if bundle.depends_on.is_none() {
        steps.push(own.review);
    }
    steps.push(own.numbers);
    steps
}
