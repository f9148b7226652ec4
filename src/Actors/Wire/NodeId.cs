using System.Globalization;
using Akka.Actor;
using Akka.Cluster;

namespace MailCluster.Actors.Wire;

/// <summary>One incarnation of one node: a restarted process is another node.</summary>
/// <param name="Address">Host and port of the cluster endpoint.</param>
/// <param name="Incarnation">Akka's unique id of the actor system.</param>
public readonly record struct NodeId(string Address, int Incarnation)
{
    /// <summary>A member's.</summary>
    public static NodeId Of(UniqueAddress node) => new($"{node.Address.Host}:{node.Address.Port}", node.Uid);

    /// <summary>Where its actors are found, by the address of a fellow member.</summary>
    public Address ToAddress(Address fellow)
    {
        var colon = Address.LastIndexOf(':');
        return new Address(fellow.Protocol, fellow.System, Address[..colon], int.Parse(Address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    /// <summary>The incarnation is random already; and so sets of nodes have the same order in each process, which tests of the lease protocol repeat runs by.</summary>
    public override int GetHashCode() => Incarnation;

    /// <inheritdoc/>
    public override string ToString() => $"{Address}#{Incarnation}";
}
