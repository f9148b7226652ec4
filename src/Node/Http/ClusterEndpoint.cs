using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Node.Cluster;

namespace MailCluster.Node.Http;

/// <summary>
/// <c>/cluster</c>, for operators: first how this node stands, then a line for each member as this node sees it: address, status, whether it answers, and marks (<c>self</c>; <c>leader</c>, who
/// moves members through their states; <c>oldest</c>, who coordinates the sharded actors);
/// last how many messages this node has written for other nodes since it started, beside Akka's own.
/// </summary>
/// <param name="formation">Knows the cluster once there is an actor system.</param>
/// <param name="membership">The fence's view; asked for no earlier than that.</param>
/// <param name="readiness">Says what is missing.</param>
internal sealed class ClusterEndpoint(Formation formation, Func<Membership> membership, NodeReadiness readiness) : IHttpEndpoint
{
    /// <inheritdoc/>
    public string Path => "/cluster";

    /// <inheritdoc/>
    public bool ForOperators => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get];

    /// <inheritdoc/>
    public Task<HttpAnswer> AnswerAsync(HttpRequest request)
    {
        var (missing, cluster) = (readiness.ClusterMissing, formation.Cluster);
        var current = cluster is not null && membership().Now.IsCurrent(Moment.Of(cluster.System.Scheduler));
        return Task.FromResult(HttpAnswer.Lines([$"{formation.Name} {(current ? "current" : "not-current")}{(missing is null ? "" : $": {missing}")}", .. cluster is null ? [] : Members(cluster), .. cluster is null ? [] : Traffic(cluster)]));
    }

    private static IEnumerable<string> Traffic(Akka.Cluster.Cluster cluster)
    {
        var traffic = WireTraffic.Of(cluster.System);
        yield return string.Create(CultureInfo.InvariantCulture, $"told-others {traffic.Messages} messages {traffic.Octets} octets");
    }

    private static IEnumerable<string> Members(Akka.Cluster.Cluster cluster)
    {
        var state = cluster.State;
        var oldest = state.Members.Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Exiting).OrderBy(member => member, Member.AgeOrdering).FirstOrDefault();
        return state.Members.OrderBy(member => MembershipLog.NameOf(member.Address), StringComparer.Ordinal).Select(member => string.Join(' ', Words(member)));

        IEnumerable<string> Words(Member member)
        {
            yield return MembershipLog.NameOf(member.Address);
            yield return MembershipLog.Words(member.Status);
            yield return state.Unreachable.Contains(member) ? "unreachable" : "reachable";
            if (member.UniqueAddress == cluster.SelfUniqueAddress) yield return "self";
            if (member.Address == state.Leader) yield return "leader";
            if (member.Equals(oldest)) yield return "oldest";
        }
    }
}
