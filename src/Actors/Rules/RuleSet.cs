using System.Collections.Immutable;
using System.Globalization;

namespace MailCluster.Actors.Rules;

/// <summary>
/// All rules that a node knows, tombstones included: of each key the one that overrules the others. Never changes. Merging is commutative, associative and idempotent, so it does not matter who
/// tells whom how often, and in which order.
/// </summary>
public sealed class RuleSet
{
    /// <summary>Rules and tombstones that a set takes before no new one can be made. Bounds memory, the file and what crosses: some 5 MB.</summary>
    public const int Limit = 10_000;

    /// <summary>How long a tombstone is kept. A node that has been away for as long must not bring back what was removed: see <see cref="RulesState"/>.</summary>
    public static readonly TimeSpan EndedKept = TimeSpan.FromDays(60);

    /// <summary>In so many parts a set is compared, so that two large ones that differ in one rule exchange a 64th of them.</summary>
    public const int Parts = 64;

    private readonly ImmutableDictionary<RuleKey, Rule> _rules;
    private ImmutableArray<ulong> _digest;

    private RuleSet(ImmutableDictionary<RuleKey, Rule> rules) => _rules = rules;

    /// <summary>No rules.</summary>
    public static RuleSet Empty { get; } = new(ImmutableDictionary<RuleKey, Rule>.Empty);

    /// <summary>How many rules and tombstones.</summary>
    public int Count => _rules.Count;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<Rule> Rules => _rules.Values;

    /// <summary>The rule or tombstone of a key; null where nothing is known of it.</summary>
    public Rule? Find(RuleKey key) => _rules.GetValueOrDefault(key);

    /// <summary>Takes in what is newer than what is known; returns itself where nothing is.</summary>
    public RuleSet Merge(IEnumerable<Rule> rules)
    {
        var merged = _rules;
        foreach (var rule in rules)
        {
            if (!merged.TryGetValue(rule.Key, out var known) || rule.Overrules(known))
            {
                merged = merged.SetItem(rule.Key, rule);
            }
        }

        return ReferenceEquals(merged, _rules) ? this : new(merged);
    }

    /// <summary>The version of a rule that is made now: above all that are known.</summary>
    public RuleVersion Next(string node, DateTimeOffset now)
    {
        var counter = now.ToUnixTimeMilliseconds();
        foreach (var rule in _rules.Values)
        {
            counter = Math.Max(counter, rule.Version.Counter + 1);
        }

        return new(counter, node);
    }

    /// <summary>Without what ended so long ago that nobody can know better any more.</summary>
    public RuleSet Forget(DateTimeOffset now)
    {
        var old = _rules.Values.Where(rule => IsForgotten(rule, now)).Select(rule => rule.Key).ToList();
        return old.Count == 0 ? this : new(_rules.RemoveRange(old));
    }

    /// <summary>True where a rule ended so long ago that it is not even kept to overrule others.</summary>
    public static bool IsForgotten(Rule rule, DateTimeOffset now) => rule.Ended is { } ended && ended + EndedKept <= now;

    /// <summary>A number for each part; two sets with the same numbers are the same.</summary>
    public ImmutableArray<ulong> Digest
    {
        get
        {
            if (_digest.IsDefault)
            {
                var parts = new ulong[Parts];
                foreach (var rule in _rules.Values)
                {
                    parts[PartOf(rule.Key)] ^= Hash(rule);
                }

                _digest = [.. parts];
            }

            return _digest;
        }
    }

    /// <summary>The rules of those parts in which this set differs from another one.</summary>
    public IEnumerable<Rule> Differing(ImmutableArray<ulong> other) =>
        _rules.Values.Where(rule => PartOf(rule.Key) is var part && (part >= other.Length || other[part] != Digest[part])).OrderBy(rule => rule.Key);

    private static int PartOf(RuleKey key) => (int)(Add(Add(Basis, key.Kind), key.Name) % Parts);

    private const ulong Basis = 14695981039346656037;

    private static ulong Hash(Rule rule)
    {
        var hash = Add(Add(Basis, rule.Key.Kind), rule.Key.Name);
        hash = Add(Add(hash, rule.Version.Counter.ToString(CultureInfo.InvariantCulture)), rule.Version.Node);
        hash = Add(Add(hash, rule.IsRemoved ? "-" : "+"), rule.Value);
        hash = Add(Add(hash, rule.Until?.UtcTicks.ToString(CultureInfo.InvariantCulture) ?? ""), rule.Author);
        return Add(Add(hash, rule.Reason), rule.At.UtcTicks.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>FNV-1a, with an end after each text, mixed so that combining by exclusive or is sound and every bit counts.</summary>
    private static ulong Add(ulong hash, string text)
    {
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1099511628211;
        }

        hash = (hash ^ 0x1_0000) * 1099511628211;
        hash ^= hash >> 31;
        hash *= 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 29);
    }
}
