using System.Collections.Immutable;
using MailCluster.Actors.Sites;

namespace MailCluster.Node.Cluster;

/// <summary>
/// Whom a node joins, or whether it forms the cluster: decided from what its peers have answered. Each process joins or forms one cluster in its life. Why there are never two:
/// <c>docs/decisions/0009-forming-the-cluster.md</c>.
/// </summary>
/// <param name="self">What this node calls itself.</param>
/// <param name="founders">Who may form.</param>
/// <param name="record">The cluster it was in before it restarted, or null.</param>
/// <param name="started">When it began to ask.</param>
internal sealed class BootstrapState(Voter self, Founders founders, ClusterRecord? record, Moment started)
{
    /// <summary>How long an answer counts, from when it was asked for.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(4);

    /// <summary>How long a vote is kept, from when its candidate was last told: longer than anybody may count on it, by the time that an answer may be on its way and a little more.</summary>
    public static readonly TimeSpan PromiseFor = FreshFor + TimeSpan.FromSeconds(4);

    /// <summary>How long after the start of any of those that are there nobody forms while one of the last cluster is silent: until then it may serve without knowing that the others are gone, or hold leases.</summary>
    public static readonly TimeSpan SilenceFor = LeaseTiming.Grace + LeaseTiming.Fence;

    private readonly Dictionary<string, (BootstrapAnswer Answer, Moment Asked)> _answers = [];
    private Voter? _vote;
    private Moment _voteTold = Moment.Never;
    private ImmutableArray<Voter> _voters = [];
    private ImmutableArray<string> _members = [];
    private ImmutableArray<string> _targets = [];
    private Moment _joining;
    private Moment? _inVainSince;

    /// <summary>Where this node stands.</summary>
    public BootstrapStanding Standing { get; private set; }

    /// <summary>Whom to ask: the founders, and everybody that this node or one that seeks beside it was in a cluster with; while joining, those that it joins.</summary>
    public IEnumerable<string> Peers => Standing == BootstrapStanding.Joining ? _targets : founders.Names.Concat(record?.Members ?? [])
        .Concat(_answers.Values.SelectMany(entry => entry.Answer.Record?.Members ?? [])).Concat(_answers.Values.SelectMany(entry => entry.Answer.Members))
        .Where(name => name != self.Name).Distinct();

    /// <summary>A peer has answered; <paramref name="asked"/> is when the question was sent.</summary>
    public void Heard(BootstrapAnswer answer, Moment asked) => _answers[answer.Name] = (answer, asked);

    /// <summary>What this node says of itself now. Only a candidate counts on a vote that it is told: else a vote for one that has died would be kept as long as anybody asks.</summary>
    /// <param name="asker">Who asks, by name.</param>
    /// <param name="now">The time.</param>
    public BootstrapAnswer Answer(string asker, Moment now)
    {
        if (Standing == BootstrapStanding.Seeking && _vote?.Name == asker) _voteTold = now;
        return new()
        {
            Name = self.Name,
            Incarnation = self.Incarnation,
            Standing = Standing,
            Vote = Standing == BootstrapStanding.Seeking ? _vote : null,
            Voters = _voters,
            Members = _members,
            Record = Standing == BootstrapStanding.Seeking ? record : null,
            Waited = HasWaited(now),
        };
    }

    /// <summary>This node is in a cluster now, or not any more.</summary>
    public void Stand(BootstrapStanding standing, ImmutableArray<string> members) => (Standing, _members, _voters) = (standing, members, []);

    /// <summary>Decides; to be called again and again while it says to wait, and while this node joins.</summary>
    public BootstrapDecision Decide(Moment now)
    {
        if (Standing == BootstrapStanding.Joining && InVain(now) is { } vain) return new BootstrapDecision.GiveUp(vain);
        if (Standing != BootstrapStanding.Seeking) return new BootstrapDecision.Wait("joining");
        var fresh = _answers.Values.Where(entry => !entry.Asked.Plus(FreshFor).HasCome(now)).Select(entry => entry.Answer).OrderBy(answer => answer.Name, StringComparer.Ordinal).ToList();
        if (Cluster(fresh) is { } join)
        {
            (Standing, _vote, _targets, _joining) = (BootstrapStanding.Joining, null, join.Targets, now);
            return join;
        }

        var seeking = fresh.Where(answer => answer.Standing == BootstrapStanding.Seeking).ToList();
        Vote(seeking, fresh, now);
        if (fresh.Find(answer => answer.Standing != BootstrapStanding.Seeking) is { } busy) return new BootstrapDecision.Wait($"{busy.Name} {Words(busy.Standing)}");
        var answering = seeking.Where(answer => founders.Contains(answer.Name)).ToList();
        var heard = answering.Count + (founders.Contains(self.Name) ? 1 : 0);
        if (heard < founders.Majority) return new BootstrapDecision.Wait($"{heard} of {founders.Names.Length} nodes of cluster.nodes are there, and it takes {founders.Majority} to form the cluster; missing: {Missing(answering)}");
        if (_vote != self) return new BootstrapDecision.Wait(_vote is { } lowest ? $"{lowest.Name} is to form the cluster" : "the nodes of cluster.nodes form the cluster, this one joins it");
        ImmutableArray<Voter> voters = [self, .. answering.Where(answer => answer.Vote == self).Select(answer => new Voter(answer.Name, answer.Incarnation))];
        if (voters.Length < founders.Majority) return new BootstrapDecision.Wait($"{voters.Length} of {founders.Names.Length} nodes are for this one to form the cluster, and it takes {founders.Majority}");
        if (Predecessor(seeking, now) is { } reason) return new BootstrapDecision.Wait(reason);
        (Standing, _vote, _voters) = (BootstrapStanding.Founding, null, voters);
        return new BootstrapDecision.Found(voters);
    }

    /// <summary>Whom to join: members of the largest cluster there is, else whoever founds one with this node's vote.</summary>
    private BootstrapDecision.Join? Cluster(List<BootstrapAnswer> fresh)
    {
        if (fresh.Where(answer => answer.Standing == BootstrapStanding.Member).MaxBy(answer => answer.Members.Length) is { } member)
        {
            var others = member.Members.Remove(self.Name);
            return new([member.Name, .. others.Remove(member.Name)], others);
        }

        return fresh.Find(answer => answer.Standing == BootstrapStanding.Founding && answer.Voters.Contains(self)) is { } founder
            ? new([founder.Name], [.. founder.Voters.Select(voter => voter.Name)])
            : null;
    }

    /// <summary>
    /// Why none of those that this node joins can admit it any more, or null: they have been started again, and wait for this one as for any that joins. What they said before it joined does not
    /// count. One that is silent may only be slow to answer: it is counted out after a while.
    /// </summary>
    private string? InVain(Moment now)
    {
        var fresh = _answers.Values.Where(entry => _targets.Contains(entry.Answer.Name) && _joining.HasSurelyCome(entry.Asked) && !entry.Asked.Plus(FreshFor).HasCome(now)).Select(entry => entry.Answer).ToList();
        var isVain = fresh.Count > 0 && fresh.TrueForAll(answer => answer.Standing is BootstrapStanding.Seeking or BootstrapStanding.Joining
            || (answer.Standing == BootstrapStanding.Founding && !answer.Voters.Contains(self)));
        _inVainSince = isVain ? _inVainSince ?? now : null;
        if (!isVain || (fresh.Count < _targets.Length && !_inVainSince!.Value.Plus(FreshFor).HasSurelyCome(now))) return null;
        return $"{string.Join(", ", fresh.Select(answer => answer.Name).Order(StringComparer.Ordinal))} cannot be joined any more: in no cluster since a new start{(fresh.Count < _targets.Length ? ", and the others are silent" : "")}";
    }

    /// <summary>
    /// Votes for the lowest that answers, this node included. A vote that somebody was told of stays with its candidate until that one wants it no more, or could not count on it any longer: else
    /// two could each have a majority.
    /// </summary>
    private void Vote(List<BootstrapAnswer> seeking, List<BootstrapAnswer> fresh, Moment now)
    {
        if (_vote is { } promised && promised != self && !_voteTold.Plus(PromiseFor).HasSurelyCome(now))
        {
            // One that is silent may count on it all the while. One that votes for another cannot come back to itself before this vote is too old.
            var candidate = fresh.Find(answer => answer.Name == promised.Name);
            if (candidate is null || (candidate.Incarnation == promised.Incarnation && (candidate.Standing == BootstrapStanding.Founding || candidate.Vote is null || candidate.Vote == promised))) return;
        }

        var candidates = seeking.Where(answer => founders.Contains(answer.Name)).Select(answer => new Voter(answer.Name, answer.Incarnation));
        if (founders.Contains(self.Name)) candidates = candidates.Append(self);
        var lowest = candidates.OrderBy(candidate => candidate.Name, StringComparer.Ordinal).Select(candidate => (Voter?)candidate).FirstOrDefault();
        if (lowest != _vote) (_vote, _voteTold) = (lowest, Moment.Never);
    }

    /// <summary>
    /// Why nobody may form a cluster yet: those of the last one that are silent may still be one. Where nobody remembers a cluster, any founder that is silent may be in one with those that are here: a
    /// disk may have been lost.
    /// </summary>
    private string? Predecessor(List<BootstrapAnswer> seeking, Moment now)
    {
        var newest = seeking.Select(answer => answer.Record).Append(record).OfType<ClusterRecord>().MaxBy(known => (known.At, known.Members.Length));
        var members = newest?.Members ?? founders.Names;
        var silent = members.Where(name => name != self.Name && seeking.TrueForAll(answer => answer.Name != name)).ToList();

        // As the split brain resolver decides between parts of a cluster: the larger goes on, of two halves the one with the lowest member.
        var lowest = members.Min(StringComparer.Ordinal);
        if (newest is not null && (silent.Count * 2 > members.Length || (silent.Count * 2 == members.Length && silent.Contains(lowest!))))
        {
            return $"{string.Join(", ", silent)} were in the cluster last and may still be one; if they are gone for good, stop all nodes, delete the file {ClusterRecordFile.Name} in their data directories, and start them";
        }

        return silent.Count > 0 && (!HasWaited(now) || seeking.Exists(answer => !answer.Waited))
            ? $"{string.Join(", ", silent)} may be in a cluster and had to notice first that the others are gone; without an answer the cluster is formed {SilenceFor.TotalSeconds:0} s after the last of the others started"
            : null;
    }

    private bool HasWaited(Moment now) => started.Plus(SilenceFor).HasSurelyCome(now);

    private string Missing(List<BootstrapAnswer> answering) => string.Join(", ", founders.Names.Where(name => name != self.Name && answering.TrueForAll(answer => answer.Name != name)));

    private static string Words(BootstrapStanding standing) => standing switch
    {
        BootstrapStanding.Founding => "forms the cluster",
        BootstrapStanding.Joining => "joins a cluster",
        BootstrapStanding.CutOff => "is cut off from its cluster",
        _ => "stops",
    };
}
