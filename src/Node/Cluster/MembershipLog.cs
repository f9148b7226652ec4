using Akka.Actor;
using Akka.Cluster;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Cluster;

/// <summary>A line for each change in the cluster: who came, who does not answer, who went.</summary>
internal sealed partial class MembershipLog(ILogger<MembershipLog> logger)
{
    private Dictionary<UniqueAddress, (MemberStatus Status, bool Reachable)> _known = [];

    /// <summary>Compares with the last state, and says what is different. The node itself is left out.</summary>
    public void Follow(ClusterEvent.CurrentClusterState state, UniqueAddress self)
    {
        var now = state.Members.Where(member => member.UniqueAddress != self).ToDictionary(member => member.UniqueAddress, member => (member.Status, Reachable: !state.Unreachable.Contains(member)));
        foreach (var (node, (status, reachable)) in now)
        {
            var (name, before) = (NameOf(node.Address), _known.GetValueOrDefault(node, (Status: MemberStatus.Removed, Reachable: true)));
            if (status != before.Status && status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Down) Changed(name, Words(status), now.Count + 1);
            if (reachable == before.Reachable) continue;
            if (reachable) Answers(name);
            else Silent(name);
        }

        foreach (var gone in _known.Keys.Where(node => !now.ContainsKey(node))) Gone(NameOf(gone.Address), now.Count + 1);
        _known = now;
    }

    /// <summary>A member by the name that it calls itself.</summary>
    public static string NameOf(Address address) => new Names.HostPort(address.Host, address.Port ?? 0).ToString();

    /// <summary>A member's status in one word.</summary>
    public static string Words(MemberStatus status) => status switch
    {
        MemberStatus.Joining => "joining",
        MemberStatus.WeaklyUp => "weakly-up",
        MemberStatus.Up => "up",
        MemberStatus.Leaving => "leaving",
        MemberStatus.Exiting => "exiting",
        MemberStatus.Down => "down",
        _ => "removed",
    };

    [LoggerMessage(80, LogLevel.Information, "{Member} is {Status}; {Members} members")]
    private partial void Changed(string member, string status, int members);

    [LoggerMessage(81, LogLevel.Warning, "{Member} does not answer")]
    private partial void Silent(string member);

    [LoggerMessage(82, LogLevel.Information, "{Member} answers again")]
    private partial void Answers(string member);

    [LoggerMessage(83, LogLevel.Information, "{Member} is gone; {Members} members")]
    private partial void Gone(string member, int members);
}
