using System.Collections.Immutable;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Rules;

/// <summary>
/// What a node decides about its rules: what it takes from others, what it tells whom. Pure: time comes in, messages go out; who carries them out stores the set before it lets them go.
/// </summary>
/// <remarks>
/// A node that was away for about as long as tombstones are kept is <i>outdated</i>: it may hold rules that were removed meanwhile, and nobody remembers the removal.
/// <code>
///   start, away long ──► Outdated ──a current node answers: its rules replace ours──► Current
///                            │                                                          ▲
///                            └──none has answered for a minute: ours hold───────────────┘
/// </code>
/// While outdated it keeps to its rules, tells them as outdated (nobody current takes them), and merges with others that are outdated too: so a cluster that was off for long keeps its rules.
/// </remarks>
internal sealed class RulesState
{
    /// <summary>Away for longer than this: outdated. Less than tombstones are kept, for clocks differ.</summary>
    public static readonly TimeSpan OutdatedAfter = RuleSet.EndedKept - TimeSpan.FromDays(2);

    /// <summary>How long an outdated node waits for one that knows better.</summary>
    public static readonly TimeSpan OutdatedFor = TimeSpan.FromMinutes(1);

    /// <summary>Rules in one message: some 30 KB of usual ones, at most 100 KB, below the frame of 128,000 octets.</summary>
    private const int RulesAtATime = 50;

    private readonly NodeId _self;
    private readonly DateTimeOffset _began;
    private readonly List<NodeId> _peers = [];
    private List<Rule>? _incoming;
    private NodeId _source;
    private int _turn;

    /// <param name="self">This node.</param>
    /// <param name="rules">What its disk holds.</param>
    /// <param name="savedAt">When that was last written; null where there was nothing.</param>
    /// <param name="now">Now.</param>
    public RulesState(NodeId self, RuleSet rules, DateTimeOffset? savedAt, DateTimeOffset now)
    {
        (_self, _began) = (self, now);
        Rules = rules.Forget(now);
        IsOutdated = rules.Count > 0 && savedAt is { } saved && now - saved >= OutdatedAfter;
    }

    /// <summary>The rules that count here.</summary>
    public RuleSet Rules { get; private set; }

    /// <summary>See above.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>The other members.</summary>
    public IReadOnlyList<NodeId> Peers => _peers;

    /// <summary>An operator wants a rule. Null where there is one that says the same.</summary>
    /// <exception cref="InvalidOperationException">There are too many; the message is for the operator.</exception>
    public Rule? Make(RulesProtocol.Put put, DateTimeOffset now)
    {
        var known = Rules.Find(put.Key);
        if (known is not null && known.IsInForce(now) && known.Value == put.Value && known.Until == put.Until && known.Reason == put.Reason)
        {
            return null;
        }

        return known is null && Rules.Count >= RuleSet.Limit
            ? throw new InvalidOperationException($"there are {Rules.Count} rules and removed ones already; a removed one is forgotten after {RuleSet.EndedKept.TotalDays:0} days")
            : new(put.Key, Rules.Next(_self.ToString(), now), IsRemoved: false, put.Value, put.Until, put.Author, put.Reason, now);
    }

    /// <summary>An operator wants a rule away: its tombstone. Null where there is none in force.</summary>
    public Rule? MakeTombstone(RulesProtocol.Remove remove, DateTimeOffset now) => Rules.Find(remove.Key) is { } known && known.IsInForce(now)
        ? new(remove.Key, Rules.Next(_self.ToString(), now), IsRemoved: true, "", null, remove.Author, remove.Reason, now)
        : null;

    /// <summary>What an operator wants is stored: it counts, and everyone is told.</summary>
    public void Take(Rule rule, List<RulesEffect> effects)
    {
        Rules = Rules.Merge([rule]);
        foreach (var peer in _peers)
        {
            // Said as current even where the rest is not: an operator has just said it.
            effects.Add(new(peer, new RulesProtocol.Told(_self, [rule], IsOutdated: false)));
        }
    }

    /// <summary>A member has come: whichever of the two knows less is to hear the rest.</summary>
    public void Joined(NodeId node, List<RulesEffect> effects)
    {
        if (node != _self && !_peers.Contains(node))
        {
            _peers.Add(node);
            effects.Add(new(node, Digest(isAnswer: false)));
        }
    }

    /// <summary>A member has gone.</summary>
    public void Left(NodeId node) => _peers.Remove(node);

    /// <summary>Another node's rules stand so.</summary>
    public void On(RulesProtocol.Digest digest, List<RulesEffect> effects)
    {
        if (IsOutdated && !digest.IsOutdated)
        {
            HearFrom(digest, effects);
            return;
        }

        if (digest.Parts.AsSpan().SequenceEqual(Rules.Digest.AsSpan()) && !digest.IsOutdated)
        {
            return;
        }

        if (IsOutdated || !digest.IsOutdated || digest.Parts.IsEmpty)
        {
            Tell(digest.Node, Rules.Differing(digest.Parts), effects);
        }

        if (!digest.IsAnswer)
        {
            effects.Add(new(digest.Node, Digest(isAnswer: true)));
        }
    }

    /// <summary>Another node tells rules.</summary>
    public void On(RulesProtocol.Told told, DateTimeOffset now)
    {
        if (told.IsOutdated && !IsOutdated)
        {
            return;     // Some of it may have been removed since, and we may have forgotten that.
        }

        if (_incoming is not null && told.Node == _source && !told.IsOutdated)
        {
            _incoming.AddRange(told.Rules);
        }

        if (!IsOutdated || told.IsOutdated || told.Rules.All(rule => rule.At >= _began))
        {
            Rules = Rules.Merge(told.Rules.Where(rule => !RuleSet.IsForgotten(rule, now)));
        }
    }

    /// <summary>Some seconds have passed: one peer after the other is shown how our rules stand.</summary>
    public void OnTick(DateTimeOffset now, List<RulesEffect> effects)
    {
        Rules = Rules.Forget(now);
        if (IsOutdated && now - _began >= OutdatedFor)
        {
            (IsOutdated, _incoming) = (false, null);
        }

        if (_peers.Count > 0)
        {
            _turn = (_turn + 1) % _peers.Count;
            effects.Add(new(_peers[_turn], Digest(isAnswer: false)));
        }
    }

    /// <summary>We are outdated, and here is one that is not: all its rules are asked for, and replace ours when its digest says that they have been told.</summary>
    private void HearFrom(RulesProtocol.Digest digest, List<RulesEffect> effects)
    {
        if (_incoming is not null && digest.Node == _source && digest.IsAnswer)
        {
            var theirs = RuleSet.Empty.Merge(_incoming);
            if (theirs.Digest.SequenceEqual(digest.Parts))
            {
                // What an operator has said here meanwhile is newer than all that.
                Rules = theirs.Merge(Rules.Rules.Where(rule => rule.At >= _began));
                (IsOutdated, _incoming) = (false, null);
                Tell(digest.Node, Rules.Differing(digest.Parts), effects);
                return;
            }
        }

        (_source, _incoming) = (digest.Node, []);
        effects.Add(new(digest.Node, new RulesProtocol.Digest(_self, [], IsAnswer: false, IsOutdated: true)));
    }

    private RulesProtocol.Digest Digest(bool isAnswer) => new(_self, Rules.Digest, isAnswer, IsOutdated);

    private void Tell(NodeId node, IEnumerable<Rule> rules, List<RulesEffect> effects)
    {
        foreach (var some in rules.Chunk(RulesAtATime))
        {
            effects.Add(new(node, new RulesProtocol.Told(_self, [.. some], IsOutdated)));
        }
    }
}
