using MailCluster.Actors.Sessions;

namespace MailCluster.Node.Http;

/// <summary>What the node needs before it takes mail, and whether it is there. Written by the steps of starting and stopping, read by whoever asks <c>/readyz</c>.</summary>
/// <param name="memory">How full the process's memory is.</param>
internal sealed class NodeReadiness(ProcessMemory memory)
{
    private volatile bool _spool;
    private volatile string? _cluster = "not joined";
    private volatile bool _listeners;
    private volatile bool _stopping;
    private volatile string? _closed;

    /// <summary>The spool has been opened.</summary>
    public bool Spool { get => _spool; set => _spool = value; }

    /// <summary>Why the node is not in its cluster, or not with a majority of it; null where it is.</summary>
    public string? ClusterMissing { get => _cluster; set => _cluster = value; }

    /// <summary>The listeners are bound.</summary>
    public bool Listeners { get => _listeners; set => _listeners = value; }

    /// <summary>The node is on its way out.</summary>
    public bool Stopping { get => _stopping; set => _stopping = value; }

    /// <summary>Why the spool takes no new mail, or null.</summary>
    public string? SpoolClosed { get => _closed; set => _closed = value; }

    /// <summary>What is missing; empty where the node is ready.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            List<string> missing = [];
            if (Stopping) missing.Add("stopping");
            if (!Spool) missing.Add("spool: not open yet");
            if (SpoolClosed is { } reason) missing.Add($"spool: {reason}");
            if (memory.IsShort) missing.Add($"memory: over {ProcessMemory.Mark * 100:0} % of the limit");
            if (ClusterMissing is { } cluster) missing.Add($"cluster: {cluster}");
            if (!Listeners) missing.Add("listeners: not bound");
            return missing;
        }
    }
}
