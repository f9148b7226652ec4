using System.Collections.Concurrent;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>The domains whose queue is full in the whole cluster, as this node has last heard. Written by <see cref="ClosedDomainsActor"/>, read by sessions at RCPT.</summary>
public sealed class ClosedDomains
{
    private readonly ConcurrentDictionary<DomainName, byte> _closed = new();

    /// <summary>True where RCPT is to be answered 452 4.3.1.</summary>
    public bool Contains(DomainName domain) => !_closed.IsEmpty && _closed.ContainsKey(domain);

    /// <summary>Closes the domain.</summary>
    public void Close(DomainName domain) => _closed[domain] = 0;

    /// <summary>Opens it again.</summary>
    public void Open(DomainName domain) => _closed.TryRemove(domain, out _);
}
