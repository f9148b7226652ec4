using System.Collections.Concurrent;
using System.Security.Cryptography;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Handover;

/// <summary>
/// Which members have been given a ticket for the internal listener. The tickets go through the cluster, so that showing one proves membership as well as the cluster's own port does: with mutual TLS
/// to anybody, without it as far as nobody listens on the network between the nodes.
/// </summary>
public sealed class HandoverTickets
{
    private readonly ConcurrentDictionary<string, (NodeId Node, ulong Spool)> _given = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(NodeId Node, ulong Spool), string> _byNode = new();

    /// <summary>The ticket of a member: the same one, however often it asks.</summary>
    public string Give(NodeId node, ulong spool)
    {
        var ticket = _byNode.GetOrAdd((node, spool), static _ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        _given[ticket] = (node, spool);
        return ticket;
    }

    /// <summary>Whether a donor with that spool was given this ticket.</summary>
    public bool Has(string ticket, ulong spool) => _given.TryGetValue(ticket, out var holder) && holder.Spool == spool;

    /// <summary>A node is no member any more.</summary>
    public void Withdraw(NodeId node)
    {
        foreach (var (key, ticket) in _byNode)
        {
            if (key.Node == node && _byNode.TryRemove(key, out _))
            {
                _given.TryRemove(ticket, out _);
            }
        }
    }
}
