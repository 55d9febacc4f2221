//! Compares [`Shares`] with a model that keeps a plain list and searches all of it.

use proptest::prelude::*;

use super::*;

/// A holder in the model: its address, whether it is away, and what it has of each stock, with the time
/// when it came into its present rank.
#[derive(Clone, Copy, Debug)]
struct Known {
    key: HolderKey,
    person: PersonKey,
    block: Block,
    is_away: bool,
    weights: [u64; 4],
}

#[derive(Default)]
struct Model {
    holders: Vec<Known>,
}

impl Model {
    fn of(&self, block: Block) -> impl Iterator<Item = &Known> {
        self.holders.iter().filter(move |one| one.block == block)
    }

    fn weight(&self, block: Block, stock: Stock) -> u64 {
        self.of(block).map(|one| one.weights[stock as usize]).sum()
    }

    /// The rank of the heaviest address.
    fn top(&self, stock: Stock) -> Option<Rank> {
        let weights = self.holders.iter().map(|one| self.weight(one.block, stock));
        weights.filter(|&weight| weight > 0).map(Rank::of).max()
    }

    /// The rank that gives way first among some holders, and whether they are away, if that matters.
    fn first<'a>(stock: Stock, holders: impl Iterator<Item = &'a Known>) -> Option<(bool, Rank)> {
        let order = |one: &Known| {
            let weight = one.weights[stock as usize];
            let is_away = one.is_away && stock == Stock::Invitations;
            (weight > 0).then(|| (is_away, Rank::of(weight)))
        };
        holders.filter_map(order).max()
    }

    fn person(&self, person: PersonKey) -> &Known {
        self.holders.iter().find(|one| one.person == person).expect("a holder that there is")
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Open { address: u8, is_away: bool },
    Close { which: usize },
    Locate { which: usize, address: u8, is_away: bool },
    Add { which: usize, stock: usize, weight: u64 },
    Take { which: usize, stock: usize, part: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (address, which, stock) = (|| 0..4u8, any::<usize>, || 0..4usize);
    prop_oneof![
        2 => (address(), any::<bool>()).prop_map(|(address, is_away)| Step::Open { address, is_away }),
        1 => which().prop_map(|which| Step::Close { which }),
        2 => (which(), address(), any::<bool>())
            .prop_map(|(which, address, is_away)| Step::Locate { which, address, is_away }),
        6 => (which(), stock(), prop_oneof![1..4u64, 1..3_000u64])
            .prop_map(|(which, stock, weight)| Step::Add { which, stock, weight }),
        4 => (which(), stock(), 1..3u64)
            .prop_map(|(which, stock, part)| Step::Take { which, stock, part }),
    ]
}

fn block(address: u8) -> Block {
    Block::of([192, 0, 2, address].into())
}

/// Takes a step in both. It does nothing if there is no holder for it.
fn take(shares: &mut Shares, model: &mut Model, step: Step, number: u32) {
    let len = model.holders.len();
    match step {
        Step::Open { address, is_away } => {
            let (person, block) = (PersonKey(number), block(address));
            let key = shares.open(person, block, is_away);
            model.holders.push(Known { key, person, block, is_away, weights: [0; 4] });
        }
        _ if len == 0 => {}
        Step::Close { which } => {
            let known = model.holders.swap_remove(which % len);
            for stock in Stock::ALL {
                shares.take(known.key, stock, known.weights[stock as usize]);
            }
            shares.close(known.key);
        }
        Step::Locate { which, address, is_away } => {
            let known = &mut model.holders[which % len];
            (known.block, known.is_away) = (block(address), is_away);
            shares.locate(known.key, known.block, is_away);
        }
        Step::Add { which, stock, weight } => {
            let known = &mut model.holders[which % len];
            known.weights[stock] += weight;
            shares.add(known.key, Stock::ALL[stock], weight);
        }
        Step::Take { which, stock, part } => {
            let known = &mut model.holders[which % len];
            let weight = known.weights[stock].div_ceil(part);
            known.weights[stock] -= weight;
            shares.take(known.key, Stock::ALL[stock], weight);
        }
    }
}

fn agree(shares: &Shares, model: &Model, stock: Stock) {
    let total: u64 = model.holders.iter().map(|one| one.weights[stock as usize]).sum();
    assert_eq!(shares.total(stock), total);
    let heaviest = shares.heaviest(stock).map(|person| model.person(person));
    assert_eq!(heaviest.is_some(), total > 0);
    if let Some(found) = heaviest {
        let rank = Rank::of(model.weight(found.block, stock));
        assert_eq!(Some(rank), model.top(stock), "it is of a heaviest address");
        let first = Model::first(stock, model.of(found.block));
        assert_eq!(Model::first(stock, [found].into_iter()), first, "and first in it");
    }
    for known in &model.holders {
        assert_eq!(shares.weight(known.key, stock), known.weights[stock as usize]);
        assert_eq!(
            (shares.person(known.key), shares.block(known.key)),
            (known.person, known.block)
        );
        let others = || model.of(known.block).filter(|one| one.person != known.person);
        let next = shares.next(known.key, stock, GivesWay::Neighbours);
        let next = next.map(|person| model.person(person));
        assert!(next.is_none_or(|next| next.block == known.block && next.person != known.person));
        let first = next.and_then(|next| Model::first(stock, [next].into_iter()));
        assert_eq!(first, Model::first(stock, others()), "the first of its neighbours");
        for weight in [1, 700] {
            may_take(shares, model, known, stock, weight);
        }
    }
}

/// The same rule once more, without an index.
fn may_take(shares: &Shares, model: &Model, known: &Known, stock: Stock, weight: u64) {
    let (own, mine) = (model.weight(known.block, stock), known.weights[stock as usize]);
    let may = shares.may_take(known.key, stock, weight);
    let Some(top) = model.top(stock) else { return assert_eq!(may, None) };
    match may {
        Some(GivesWay::Heaviest) => {
            assert!(Rank::of(own + weight) <= top, "its address is no heavier then than another");
        }
        Some(GivesWay::Neighbours) => {
            assert!(own - mine >= weight, "they have what it asks for");
            let ranks = model.of(known.block).map(|one| Rank::of(one.weights[stock as usize]));
            let heaviest = ranks.max().expect("it is one of them");
            assert!(mine == 0 || Rank::of(mine + weight) <= heaviest, "it is no heavier than they");
        }
        None => {
            assert!(
                Rank::of(own + weight) > top || Rank::of(own) == top,
                "a light address gets in"
            );
            assert!(
                mine > 0 || own < weight,
                "a person with nothing gets in among enough neighbours"
            );
        }
    }
}

#[test]
fn a_holder_and_an_address_are_as_small_as_the_header_says() {
    assert_eq!((size_of::<Holder>(), size_of::<Address>()), (80, 176));
}

#[test]
fn among_equals_the_one_that_has_held_for_longest_is_first() {
    let mut shares = Shares::default();
    let keys: Vec<HolderKey> =
        (0..3).map(|number| shares.open(PersonKey(number), block(1), false)).collect();
    for &key in keys.iter().rev() {
        shares.add(key, Stock::ReadMarks, 1);
    }
    for expected in [2, 1, 0] {
        assert_eq!(shares.heaviest(Stock::ReadMarks), Some(PersonKey(expected)));
        shares.take(keys[expected as usize], Stock::ReadMarks, 1);
    }
    assert_eq!(shares.heaviest(Stock::ReadMarks), None);
}

#[test]
fn the_heaviest_key_is_that_of_the_greatest_sum_and_of_equals_the_first() {
    let items = [("a", 1), ("b", 2), ("c", 1), ("c", 1), ("a", 1)];
    assert_eq!(heaviest(items.into_iter()), Some(("a", 2)));
    assert_eq!(heaviest(items.into_iter().skip(1)), Some(("b", 2)));
    assert_eq!(heaviest(items.into_iter().skip(2)), Some(("c", 2)));
    assert_eq!(heaviest([("a", 1); 0].into_iter()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn shares_are_like_a_plain_list_that_is_searched(steps in prop::collection::vec(step(), 0..120)) {
        let (mut shares, mut model) = (Shares::default(), Model::default());
        for (number, &step) in steps.iter().enumerate() {
            take(&mut shares, &mut model, step, u32::try_from(number).expect("a few"));
            shares.check_invariants();
            for stock in Stock::ALL {
                agree(&shares, &model, stock);
            }
        }
        while !model.holders.is_empty() {
            take(&mut shares, &mut model, Step::Close { which: 0 }, 0);
        }
        shares.check_invariants();
        prop_assert_eq!((shares.holders.len(), shares.addresses.len()), (0, 0));
    }
}
