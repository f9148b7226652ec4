using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MailCluster.Actors.Rules;

namespace MailCluster.Actors.Tests.Rules;

/// <summary>The laws that let nodes tell each other in any order, as often as they like.</summary>
public sealed class RuleSetTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Few keys, few versions: so that most of what is generated collides.</summary>
    public static class Generators
    {
        public static Arbitrary<RuleSet> Sets() =>
            (from kind in Gen.Elements("suspension", "other")
             from name in Gen.Elements("a.example", "b.example", "c.example")
             from counter in Gen.Choose(1, 3)
             from node in Gen.Elements("n1:1#1", "n2:1#1")
             from removed in Gen.Elements(true, false)
             from value in Gen.Elements("", "x")
             from until in Gen.Elements<DateTimeOffset?>(null, Start.AddDays(1))
             from author in Gen.Elements("alice", "bob")
             from hours in Gen.Choose(0, 2)
             select new Rule(new(kind, name), new(counter, node), removed, value, until, author, "", Start.AddHours(hours)))
            .ListOf().Select(rules => RuleSet.Empty.Merge(rules)).ToArbitrary();
    }

    private static bool Same(RuleSet left, RuleSet right) =>
        left.Rules.OrderBy(rule => rule.Key).SequenceEqual(right.Rules.OrderBy(rule => rule.Key)) && left.Digest.SequenceEqual(right.Digest);

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool Merging_is_commutative(RuleSet a, RuleSet b) => Same(a.Merge(b.Rules), b.Merge(a.Rules));

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool Merging_is_associative(RuleSet a, RuleSet b, RuleSet c) => Same(a.Merge(b.Rules).Merge(c.Rules), a.Merge(b.Merge(c.Rules).Rules));

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool Merging_twice_changes_nothing_more(RuleSet a, RuleSet b) => ReferenceEquals(a.Merge(b.Rules), a.Merge(b.Rules).Merge(b.Rules)) || Same(a.Merge(b.Rules), a.Merge(b.Rules).Merge(b.Rules));

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool Merging_oneself_is_being_the_same_object(RuleSet a) => ReferenceEquals(a, a.Merge(a.Rules));

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool What_differs_is_enough_to_become_the_same(RuleSet a, RuleSet b)
    {
        var told = a.Merge(b.Differing(a.Digest));
        return Same(told, b.Merge(told.Differing(b.Digest)));
    }

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 500)]
    public bool Digests_tell_apart_what_differs(RuleSet a, RuleSet b) =>
        a.Digest.SequenceEqual(b.Digest) == a.Rules.OrderBy(rule => rule.Key).SequenceEqual(b.Rules.OrderBy(rule => rule.Key));

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 200)]
    public bool A_rule_made_after_seeing_others_overrules_them_whatever_the_clock_says(RuleSet a, bool slow)
    {
        var now = slow ? DateTimeOffset.UnixEpoch : Start;
        var version = a.Next("n0:1#1", now);
        return a.Rules.All(rule => version > rule.Version);
    }

    [Fact]
    public void A_removed_rule_is_forgotten_after_its_time_and_not_before()
    {
        var set = RuleSet.Empty.Merge(
        [
            new(new("suspension", "a.example"), new(1, "n"), IsRemoved: true, "", null, "", "", Start),
            new(new("suspension", "b.example"), new(1, "n"), IsRemoved: false, "", Start, "", "", Start),
            new(new("suspension", "c.example"), new(1, "n"), IsRemoved: false, "", null, "", "", Start),
        ]);
        Assert.Same(set, set.Forget(Start + RuleSet.EndedKept - TimeSpan.FromTicks(1)));
        Assert.Equal("c.example", Assert.Single(set.Forget(Start + RuleSet.EndedKept).Rules).Key.Name);
    }
}
