//! The budgets of the phase *answer*.

use super::*;

#[test]
fn results_beyond_a_budget_are_taken_without_another_event() {
    let copies = Budgets { copies: 1, ..Budgets::default() };
    for budgets in [Budgets { results: 1, ..Budgets::default() }, copies] {
        let limits = Limits { budgets, ..Limits::default() };
        let mut world = World::with_accounts(limits, users());
        let members = world.members(3);
        world.say(members[0], [frame(SAY), frame(SAY)].concat());
        world.settle();
        let last = world.last_ticket();
        // Both messages are stored. All three hear each of them.
        world.done(last - 1, said(1));
        world.done(last, said(2));
        world.run();
        assert_eq!(world.take_words(members[1]).matches("hello").count(), 1, "one a turn");
        world.settle();
        assert_eq!(world.take_words(members[1]).matches("hello").count(), 1);
        assert!(world.jobs.results.is_empty());
    }
}

#[test]
fn results_queue_up_here_while_outboxes_have_a_backlog_but_never_all_of_them() {
    let budgets = Budgets { writes: 1, results_in_backlog: 2, results: 100, ..Budgets::default() };
    let mut world = World::with_accounts(Limits { budgets, ..Limits::default() }, users());
    let members = world.members(3);
    world.say(members[0], frame(SAY).repeat(6));
    world.settle();
    let last = world.last_ticket();
    world.done(last - 5, said(1));
    world.run();
    assert!(world.turn.outboxes.has_backlog());
    (0..5).for_each(|n| world.done(last - 4 + n, said(n + 2)));
    world.run();
    assert_eq!(world.jobs.results.len(), 3);
    world.settle();
    assert!(world.jobs.results.is_empty());
}
