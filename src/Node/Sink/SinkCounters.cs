namespace MailCluster.Node.Sink;

/// <summary>What the sink has counted. A message is counted before it is answered 250, so none is ever missing.</summary>
internal sealed class SinkCounters
{
    private long _connections;
    private long _messages;
    private long _recipients;
    private long _octets;
    private long _refusals;
    private long _hangUps;

    /// <summary>Connections taken.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Messages answered 250, or about to be.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>Their recipients.</summary>
    public long Recipients => Interlocked.Read(ref _recipients);

    /// <summary>Their octets of content.</summary>
    public long Octets => Interlocked.Read(ref _octets);

    /// <summary>Replies 4xx and 5xx.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Connections closed on request.</summary>
    public long HangUps => Interlocked.Read(ref _hangUps);

    public void Connected() => Interlocked.Increment(ref _connections);

    public void Refused() => Interlocked.Increment(ref _refusals);

    public void HungUp() => Interlocked.Increment(ref _hangUps);

    /// <summary>Counts a message and gives its number.</summary>
    public long Took(int recipients, long octets)
    {
        Interlocked.Add(ref _recipients, recipients);
        Interlocked.Add(ref _octets, octets);
        return Interlocked.Increment(ref _messages);
    }
}
